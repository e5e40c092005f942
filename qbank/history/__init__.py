"""Queries and pages over closed blocks."""

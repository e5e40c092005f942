"""Spaced review: items that a learner missed, marked or was unsure of come back when they are about to be forgotten."""

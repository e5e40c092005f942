"""Shared view machinery: errors, Markdown, pagination, navigation."""

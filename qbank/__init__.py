"""A self-hosted question bank for medical board examinations."""

__version__ = "0.1.0"

"""Blocks: building, taking, timing, closing, scoring."""

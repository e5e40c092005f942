"""The pages of the review are tested with the desk of the blocks: a learner before a bank of six live items."""

from tests.blocks.conftest import app, desk

__all__ = ["app", "desk"]

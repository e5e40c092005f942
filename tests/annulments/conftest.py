"""The fixtures of page tests."""

from tests.conftest_web import app, client, make_person, sign_in, write

__all__ = ["app", "client", "make_person", "sign_in", "write"]

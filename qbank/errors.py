"""Typed errors that services raise. The edge (a page, a command) turns them into an answer."""

from __future__ import annotations


class QBankError(Exception):
    """Something a person can understand and mend. ``status`` is the HTTP status of its page."""

    status = 400

    def __init__(self, message: str, *, cure: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure


class NotFoundError(QBankError):
    """The thing does not exist, or is not this person's to see: the two look alike."""

    status = 404


class NotAllowedError(QBankError):
    """The person may not do this."""

    status = 403


class ConflictError(QBankError):
    """The thing's state does not allow it (any more)."""

    status = 409


class InvalidError(QBankError):
    """The input is wrong; ``problems`` maps a field's name to what is wrong with it."""

    status = 422

    def __init__(self, message: str, *, problems: dict[str, str] | None = None, cure: str = "") -> None:
        super().__init__(message, cure=cure)
        self.problems = problems or {}

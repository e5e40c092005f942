"""The error for a text that cannot be read as an article at all."""

from __future__ import annotations

from qbank.errors import QBankError


class ArticleError(QBankError):
    """The input is unusable: ``line`` (1 where there is no better place), a stable ``code``, cause and cure."""

    status = 422

    def __init__(self, line: int, code: str, message: str, *, cure: str = "") -> None:
        super().__init__(f"line {line}: {message}", cure=cure)
        self.line = line
        self.code = code

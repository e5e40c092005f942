"""One page of a long list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SIZES = (25, 50, 100, 200)


def _whole(text: str) -> int:
    """Return a whole number of at most eight digits; 0 for anything else."""
    return int(text) if text.isdecimal() and len(text) <= 8 else 0


@dataclass
class Page:
    """Which rows are shown; ``total`` is set once they are counted."""

    number: int = 1
    size: int = 50
    total: int = 0

    @classmethod
    def from_request(cls, args: Mapping[str, str], size: int = 50) -> Page:
        """Read ``page`` and ``size``; nonsense means the first page of the usual size."""
        number, wanted = _whole(args.get("page", "")), _whole(args.get("size", ""))
        return cls(number=number or 1, size=wanted if wanted in SIZES else size)

    @property
    def offset(self) -> int:
        """Rows before this page."""
        return (self.number - 1) * self.size

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        """Number of the first row shown, 0 when there is none."""
        return min(self.offset + 1, self.total)

    @property
    def last(self) -> int:
        """Number of the last row shown."""
        return min(self.offset + self.size, self.total)

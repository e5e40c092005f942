"""IMS QTI 2.1: content packages in and out. What comes in may be of any version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from qbank.exchange.files import Files
from qbank.exchange.qti import writing
from qbank.exchange.qti.dialects import QTI_2_1
from qbank.exchange.qti.reading import read
from qbank.exchange.qti.writing import loses
from qbank.items.record import ItemRecord

__all__ = ["loses", "read", "write"]


def write(items: Iterable[ItemRecord], files: Files | None = None) -> Iterator[bytes]:
    """Yield the parts of one package; see `writing.write`."""
    return writing.write(items, files, QTI_2_1)

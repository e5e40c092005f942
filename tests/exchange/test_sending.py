"""A download begins at once and holds neither the bank nor a connection longer than it is read."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from qbank.errors import InvalidError
from qbank.exchange import exporting
from qbank.exchange.exporting import Selection
from qbank.exchange.formats import FORMATS
from qbank.exchange.images import Outgoing
from qbank.exchange.importing import import_file
from qbank.exchange.sending import sent
from qbank.items.record import ItemRecord
from qbank.media.shelf import Shelf
from tests.exchange.bank import add_taxa, file_of, line

Sessions = sessionmaker[Session]
ITEMS = 12


class Watched(Outgoing):
    """Notes every item that is about to be written; stops with an error at the one that is named."""

    def __init__(self, folder: Path, broken: str = "") -> None:
        super().__init__(Shelf(folder))
        self.asked: list[str] = []
        self.broken = broken

    def named(self, record: ItemRecord) -> ItemRecord:
        self.asked.append(record.name)
        if record.name == self.broken:
            raise ValueError(f"item {record.name} cannot be written")
        return super().named(record)


@pytest.fixture
def bank(sessions: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sessions:
    monkeypatch.setattr(exporting, "CHUNK", 2)
    add_taxa(sessions)
    import_file(sessions, file_of(tmp_path, [line(number) for number in range(1, ITEMS + 1)]))
    return sessions


def held(sessions: Sessions) -> int:
    """Return how many connections are out."""
    with sessions() as session:
        pool = cast(sa.Engine, session.get_bind()).pool
    return cast(sa.QueuePool, pool).checkedout()


def test_the_first_part_leaves_before_the_second_item_is_written(bank: Sessions, tmp_path: Path) -> None:
    images = Watched(tmp_path)
    parts = sent(bank, Selection(), FORMATS["jsonl"], images)
    assert b'"x-1"' in next(parts)
    assert images.asked == ["x-1"]
    rest = b"".join(parts)
    assert rest.count(b"\n") == ITEMS - 1
    assert held(bank) == 0


def test_a_reader_who_goes_away_leaves_no_connection_behind(bank: Sessions, tmp_path: Path) -> None:
    images = Watched(tmp_path)
    parts = sent(bank, Selection(), FORMATS["jsonl"], images)
    next(parts)
    assert held(bank) == 1
    parts.close()
    assert held(bank) == 0
    assert len(images.asked) < ITEMS


def test_a_fault_behind_the_first_part_breaks_the_answer_off(bank: Sessions, tmp_path: Path) -> None:
    parts = sent(bank, Selection(), FORMATS["jsonl"], Watched(tmp_path, broken="x-3"))
    next(parts)
    with pytest.raises(ValueError, match="x-3"):
        list(parts)
    assert held(bank) == 0


def test_nothing_and_a_fault_in_the_first_item_are_said_before_anything_is_sent(bank: Sessions, tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="No item"):
        next(sent(bank, Selection(ids=("nobody",)), FORMATS["jsonl"], Watched(tmp_path)))
    with pytest.raises(InvalidError, match="x-1"):
        next(sent(bank, Selection(), FORMATS["jsonl"], Watched(tmp_path, broken="x-1")))
    assert held(bank) == 0

"""The look at a file before its import: the whole file is checked for flaws and compared with the whole bank."""

from __future__ import annotations

import random
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session, sessionmaker

from qbank.exchange import likeness
from qbank.exchange.importing import import_file
from qbank.exchange.json_lines import read
from qbank.exchange.likeness import Likeness
from qbank.exchange.previewing import Look, look
from qbank.exchange.target import AS_IS
from qbank.items.record import ItemRecord, OptionRecord
from tests.exchange.bank import add_taxa, file_of, line

Sessions = sessionmaker[Session]
STEM = "A 30-year-old man with long standing diabetes has swollen legs and foamy urine since the spring."
FAR = 2_300  # more records than are planned in several batches


def word(number: int) -> str:
    """Return a word of letters for each number."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(10_000_000 + number))


WORDS = [word(number) for number in range(3_000)]


def looked(sessions: Sessions, path: Path) -> Look:
    with path.open("rb") as stream:
        return look(sessions, read(stream, path.name), AS_IS, lambda _batch: None)


def different(number: int) -> str:
    return " ".join(random.Random(number).choices(WORDS, k=12)).capitalize() + "."


@pytest.fixture
def bank(sessions: Sessions, tmp_path: Path) -> Sessions:
    add_taxa(sessions)
    import_file(sessions, file_of(tmp_path, [line(1, stem=STEM)]))
    return sessions


def test_the_last_records_of_a_long_file_are_checked_and_compared_as_well(bank: Sessions, tmp_path: Path) -> None:
    rest: list[dict[str, Any]] = [
        {"stem": different(number), "options": [{"text": "One", "key": True}, {"text": "Two"}]} for number in range(FAR)
    ]
    bad = {"stem": different(FAR), "options": [{"text": "One"}, {"text": "Two"}]}
    found = looked(bank, file_of(tmp_path, [*rest, line(5, stem=STEM.replace("30", "40")), bad]))
    assert found.checked == FAR + 2
    assert found.kinds["no_key"].records == [FAR + 2]
    assert [(each.record, "x-1" in each.message) for each in found.alike] == [(FAR + 1, True)]
    assert found.alike_total == 1


def test_kinds_of_flaws_are_counted_with_the_first_records_that_have_them(bank: Sessions, tmp_path: Path) -> None:
    keyless = [{"stem": different(number), "options": [{"text": "One"}, {"text": "Two"}]} for number in range(7)]
    found = looked(bank, file_of(tmp_path, keyless))
    assert found.kinds["no_key"].items == 7
    assert found.kinds["no_key"].records == [1, 2, 3, 4, 5]
    shown = found.to_json()["kinds"]
    assert [kind["items"] for kind in shown] == sorted((kind["items"] for kind in shown), reverse=True)
    assert {"rule", "severity", "items", "records"} == set(shown[0])


def test_two_like_questions_of_the_file_itself_are_named_and_twins_are_not_told_twice(
    bank: Sessions, tmp_path: Path
) -> None:
    other = STEM.replace("diabetes", "gout")
    options = [{"text": "Gout", "key": True}, {"text": "Scurvy"}]
    lines = [
        {"external_id": "a", "stem": other + " Which urate crystal disease does this man most likely have today?"},
        {"external_id": "b", "stem": other + " Which urate crystal disease does this man most likely have here?"},
    ]
    first, second = ({**each, "options": options} for each in lines)
    found = looked(bank, file_of(tmp_path, [first, second, {**first, "external_id": "twin"}]))
    assert [(each.record, each.message) for each in found.alike] == [
        (2, "The question is nearly the same as that of a in this file.")
    ]


def test_more_pairs_than_are_kept_are_still_counted(
    bank: Sessions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(likeness, "MAX_KEPT", 2)
    lines = [line(number, stem=STEM.replace("30", str(number))) for number in range(40, 45)]
    found = looked(bank, file_of(tmp_path, lines))
    assert len(found.alike) == 2
    assert found.alike_total >= 5


def record(text: str) -> ItemRecord:
    return ItemRecord(stem=text, options=(OptionRecord(text="One", key=True), OptionRecord(text="Two")), line=1)


@given(
    st.lists(st.sampled_from(WORDS[:200]), min_size=8, max_size=60, unique=True),
    st.integers(0, 5),
    st.randoms(use_true_random=False),
)
def test_any_two_questions_that_share_enough_words_are_candidates(
    words: list[str], changed: int, chance: random.Random
) -> None:
    """What the index leaves out is never as alike as that."""
    other = words[changed:] + [word(5_000 + number) for number in range(chance.randrange(3))]
    taken = Likeness()
    taken.add(1, "one", record(" ".join(words)))
    asked = likeness._numbers(" ".join(other))
    share = len(set(words) & set(other)) / len(set(words) | set(other))
    candidates = list(taken._candidates(asked, taken._index()))
    if share >= likeness.SIMILAR:
        assert candidates == [0]
        assert abs(taken._share(asked, 0) - share) < 1e-9


def test_a_question_of_new_words_only_costs_no_more_memory_than_any_other() -> None:
    """A vocabulary would grow with every word that a hostile file invents."""

    def most(count: int) -> int:
        taken = Likeness()
        taken._within = type("Nothing", (), {"add": lambda *_: None})()
        tracemalloc.start()
        for number in range(count):
            taken.add(number, f"q{number}", record(" ".join(word(number * 40 + place) for place in range(40))))
        taken._index()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    few, many = most(100), most(1_100)
    assert many - few < 1_000 * 1_500

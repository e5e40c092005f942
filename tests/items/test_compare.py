"""Word-level differences: right, and never slow."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbank.items import compare
from qbank.items.record import ItemRecord, OptionRecord

TEXT = st.text(alphabet="ab [].\n\u03b2", max_size=60)


@given(TEXT, TEXT)
def test_the_pieces_give_back_both_texts(old: str, new: str) -> None:
    pieces = compare.words(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind != "new") == old
    assert "".join(piece.text for piece in pieces if piece.kind != "gone") == new
    assert all(piece.text for piece in pieces)
    assert all(a.kind != b.kind for a, b in pairwise(pieces))


def test_one_changed_word_is_one_change() -> None:
    pieces = compare.words("Bone mass falls after menopause.", "Bone mass rises after menopause.")
    assert [(piece.kind, piece.text.strip()) for piece in pieces] == [
        ("same", "Bone mass"),
        ("gone", "falls"),
        ("new", "rises"),
        ("same", "after menopause."),
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [("[" * 50_000, "]" + "[" * 49_000), ("word " * 10_000, "words " + "word " * 9_999 + "end"), ("\n" * 50_000, "x")],
    ids=["brackets", "one word", "empty lines"],
)
def test_the_longest_texts_of_equal_words_are_compared_within_a_bounded_number_of_pairs(old: str, new: str) -> None:
    before, after = compare._tokens(old, new)
    assert sum(before.count(token) * after.count(token) for token in set(before)) <= compare.MAX_PAIRS
    pieces = compare.words(old, new)
    assert "".join(piece.text for piece in pieces if piece.kind != "gone") == new


def test_a_moved_key_is_a_difference_of_the_key() -> None:
    def item(key: int) -> ItemRecord:
        return ItemRecord("Stem?", tuple(OptionRecord(text, key=place == key) for place, text in enumerate("xyz")))

    changed = [field.name for field in compare.records(item(0), item(2)) if field.changed]
    assert changed == ["Key"]


def test_an_added_option_and_a_dropped_rationale_are_named_by_their_letters() -> None:
    old = ItemRecord("Stem?", (OptionRecord("x", key=True, rationale="Because."),))
    new = ItemRecord("Stem?", (OptionRecord("x", key=True), OptionRecord("y")))
    assert [field.name for field in compare.records(old, new) if field.changed] == ["Rationale A", "Option B"]

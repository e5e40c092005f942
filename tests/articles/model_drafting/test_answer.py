"""Reading an answer strictly."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbank.articles.model_drafting import ModelError
from qbank.articles.model_drafting.answer import MAX_PROPOSALS, MAX_SHOWN, read_answer, shown
from tests.articles.model_drafting.service import item

GOOD = item("s01", "Estrogen suppresses which of the following?", "RANKL", "TNF", "IL-6")


def answered(*items: object) -> str:
    return json.dumps({"items": items})


def test_a_good_answer_is_read() -> None:
    answer = read_answer(answered(GOOD))
    assert answer.refused == ()
    (proposal,) = answer.proposals
    assert (proposal.statement, proposal.key, proposal.distractors) == ("s01", "RANKL", ["TNF", "IL-6"])


def test_one_fence_around_the_whole_answer_is_taken_off() -> None:
    assert read_answer(f"```json\n{answered(GOOD)}\n```").proposals


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Here are your questions:",
        f"Sure!\n```json\n{answered(GOOD)}\n```",
        answered(GOOD)[:-3],
        "[]",
        "null",
        "{}",
        '{"items": {}}',
        '{"items": [], "note": "I also changed the key."}',
        '{"items": [], "items": []}',
        '{"items": [NaN]}',
        "[" * 50_000,
        '{"items": [' + "9" * 10_000 + "]}",
    ],
)
def test_an_answer_that_is_not_one_object_with_items_is_refused_as_a_whole(text: str) -> None:
    with pytest.raises(ModelError) as caught:
        read_answer(text)
    assert caught.value.cure


BAD: dict[str, dict[str, Any]] = {
    "a field too many": {**GOOD, "explanation": "See http://example.org"},
    "a field too few": {name: value for name, value in GOOD.items() if name != "key"},
    "a number for a text": {**GOOD, "key": 60},
    "one distractor": {**GOOD, "distractors": ["TNF"]},
    "nine distractors": {**GOOD, "distractors": ["TNF"] * 9},
    "an option that is no text": {**GOOD, "distractors": ["TNF", {"text": "IL-6"}]},
    "a stem without end": {**GOOD, "stem": "x" * 501},
    "markup": {**GOOD, "stem": "<script>alert(1)</script> Which?"},
    "a picture": {**GOOD, "distractors": ["TNF", "![IL-6](//example.org/a.png)"]},
    "an address": {**GOOD, "distractors": ["TNF", "https://example.org"]},
    "a null character": {**GOOD, "key": "RANKL\x00"},
    "a lone surrogate": {**GOOD, "key": "RANKL\ud800"},
    "writing from right to left": {**GOOD, "key": "RANKL\u202e"},
    "a line break": {**GOOD, "stem": "Which\nof these?"},
    "nothing": {**GOOD, "key": ""},
    "a path for an id": {**GOOD, "statement": "../s01"},
}


@pytest.mark.parametrize("bad", BAD.values(), ids=list(BAD))
def test_an_item_that_breaks_the_schema_is_refused_by_itself(bad: dict[str, Any]) -> None:
    answer = read_answer(answered(bad, GOOD))
    assert len(answer.proposals) == 1
    (reason,) = answer.refused
    assert reason.startswith("item 1 of the answer: ")
    assert "script" not in reason


@pytest.mark.parametrize("entry", [None, "s01", 7, [], [GOOD]])
def test_an_entry_that_is_no_object_is_refused_by_itself(entry: object) -> None:
    answer = read_answer(answered(entry, GOOD))
    assert (len(answer.proposals), len(answer.refused)) == (1, 1)


def test_comparisons_with_numbers_are_no_markup() -> None:
    assert read_answer(answered({**GOOD, "stem": "Women < 65 years with what?"})).proposals


def test_more_items_than_anybody_reads_are_cut_and_counted() -> None:
    answer = read_answer(answered(*[GOOD] * (MAX_PROPOSALS + 5)))
    assert len(answer.proposals) == MAX_PROPOSALS
    assert f"of {MAX_PROPOSALS + 5}" in answer.refused[0]


@given(st.text(max_size=300))
def test_what_a_report_shows_of_an_answer_is_one_short_printable_line(text: str) -> None:
    assert len(shown(text)) <= MAX_SHOWN
    assert shown(text).isprintable()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["items", "statement", "stem", "key", "distractors"]), inner)
    ),
    max_leaves=15,
)


@given(JSON | st.text())
def test_no_answer_ends_in_anything_but_proposals_or_one_clear_error(value: object) -> None:
    text = value if isinstance(value, str) else json.dumps(value)
    with suppress(ModelError):
        assert all(proposal.key for proposal in read_answer(text).proposals)

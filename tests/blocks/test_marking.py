"""Highlighted spans: the rules on offsets, and drawing them into HTML without changing its text."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbank.blocks.marking import Span, added, overlap, removed, visible_text, with_marks, written
from qbank.markup import render

spans = st.tuples(st.integers(0, 40), st.integers(1, 12)).map(lambda pair: Span(pair[0], pair[0] + pair[1]))
strokes = st.lists(st.tuples(st.booleans(), spans), max_size=25)
texts = st.lists(
    st.sampled_from(
        ["bone ", "**strong** ", "*a & b* ", "x < y ", "\n\n", "- one\n- two\n", "H~2~O ", "µ ", "🦴 ",
         "`<p>` ", "&amp; ",
         "| a | b |\n|---|---|\n| 1 | 2 |\n", "![a > b](/media/" + "0" * 64 + ' "1 > 0") ']
    ), max_size=14,
).map("".join)  # fmt: skip


def characters(found: tuple[Span, ...]) -> set[int]:
    return {place for span in found for place in range(span.start, span.end)}


@given(strokes)
def test_strokes_amount_to_the_characters_they_go_over_in_order_and_spans_stay_apart(
    history: list[tuple[bool, Span]],
) -> None:
    found: tuple[Span, ...] = ()
    model: set[int] = set()
    for on, span in history:
        found = added(found, span) if on else removed(found, span)
        model = model | characters((span,)) if on else model - characters((span,))
        assert characters(found) == model
        assert all(one.end < other.start for one, other in pairwise(found))


def test_overlapping_and_touching_spans_become_one_and_an_eraser_can_cut_one_in_two() -> None:
    once = added(added((), Span(0, 5)), Span(4, 9))
    assert once == (Span(0, 9),)
    assert added(once, Span(9, 12)) == (Span(0, 12),)
    assert removed(once, Span(3, 5)) == (Span(0, 3), Span(5, 9))
    assert written((Span(0, 3), Span(5, 9))) == "0-3 5-9"
    assert not overlap(Span(0, 3), Span(3, 5))


@given(texts, st.lists(spans, max_size=6))
def test_marks_never_change_the_text_or_the_tags_and_hold_exactly_what_is_highlighted(
    text: str, wanted: list[Span]
) -> None:
    html = render(text)
    merged: tuple[Span, ...] = ()
    for span in wanted:
        merged = added(merged, span)
    marked = with_marks(html, merged)
    assert re.sub(r'<mark class="highlight" data-span="[^"]*">|</mark>', "", marked) == html
    assert visible_text(marked) == visible_text(html)
    inside = "".join(visible_text(piece) for piece in re.findall(r"<mark[^>]*>(.*?)</mark>", marked, re.DOTALL))
    shown = "".join(character for place, character in enumerate(visible_text(html)) if place in characters(merged))
    assert inside.split() == shown.split() or "".join(inside.split()) == "".join(shown.split())
    assert not re.search(r"<(ul|ol|table|thead|tbody|tr)[^>]*>\s*<mark", marked), "a mark where none may stand"


@pytest.mark.parametrize(
    ("html", "span", "expected"),
    [
        ("<p>a &lt; b</p>", Span(2, 3), '<p>a <mark class="highlight" data-span="2-3">&lt;</mark> b</p>'),
        ('<p><img alt="x > y" src="/media/1">ab</p>', Span(0, 1),
         '<p><img alt="x > y" src="/media/1"><mark class="highlight" data-span="0-1">a</mark>b</p>'),
        ("🦴 bone", Span(2, 6), '🦴 <mark class="highlight" data-span="2-6">bone</mark>'),
    ],
)  # fmt: skip
def test_an_entity_is_one_character_and_a_tag_is_none(html: str, span: Span, expected: str) -> None:
    assert with_marks(html, [span]) == expected

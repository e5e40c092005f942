"""What is typed and what is written, brought to one spelling; the excerpt. No database."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbank.search import words
from qbank.search.entries import compose
from qbank.search.folding import fold, indexed, tokens
from qbank.search.postgresql import vector
from qbank.search.snippets import marked, snippet
from qbank.search.words import Term, Wanted

ANY = st.text(st.characters(exclude_categories=()), max_size=200)


def test_what_is_typed_is_read_as_words_phrases_and_what_to_leave_out() -> None:
    asked = words.read('serum "hip fracture" -child -"old age" IL-6 est')
    assert asked.present == (
        Term((("serum",),)),
        Term((("hip", "fracture"),)),
        Term((("il", "6"), ("il6",))),
        Term((("est",),), begins=True),
    )
    assert asked.absent == (Term((("child",),)), Term((("old", "age"),)))


@pytest.mark.parametrize("text", ["", "  ", "?!", '""', "- - -", "*", "\x00", "\u0301"])
def test_a_text_without_letters_or_digits_asks_for_nothing(text: str) -> None:
    assert not words.read(text)


def test_one_letter_is_a_word_and_not_the_beginning_of_one() -> None:
    assert words.read("vitamin d").present[-1] == Term((("d",),))


@given(text=ANY)
def test_every_text_can_be_read_and_asks_for_letters_and_digits_only(text: str) -> None:
    asked = words.read(text)
    assert len(asked.present) + len(asked.absent) <= words.MOST_TERMS
    for term in (*asked.present, *asked.absent):
        assert all(run and all(word.isalnum() for word in run) for run in term.spellings)


@given(text=ANY)
def test_folding_again_changes_no_word_and_composition_does_not_matter(text: str) -> None:
    once = tokens(text)
    assert tokens(" ".join(once)) == once or any(not word.isascii() for word in once)
    assert tokens(unicodedata.normalize("NFD", text)) == tokens(unicodedata.normalize("NFC", text))
    assert fold(text).casefold() == fold(text) or not text.isascii()


@given(text=ANY)
def test_a_vector_holds_only_quoted_words_and_places(text: str) -> None:
    written = vector(compose(1, question=[text], rest=[text]))
    for part in written.split(" ") if written else ():
        assert re.fullmatch(r"'[^\W_]+':\d+A?(?:,\d+A?)*", part), part


def test_compounds_are_run_together_behind_the_text_and_ranges_of_numbers_are_not() -> None:
    assert indexed("IL-6 at 5-10 mg") == "il-6 at 5-10 mg\nil6"
    assert indexed("A 40-year-old") == "a 40-year-old\n40yearold"


def test_an_excerpt_shows_the_first_text_that_has_a_hit_around_the_hit() -> None:
    long = "word " * 100 + "the target is here " + "tail " * 100
    shown = snippet(["nothing", long, "target"], words.read("target"))
    assert shown is not None
    assert shown.startswith("… ")
    assert shown.endswith(" …")
    assert "<mark>target</mark> is here" in shown
    assert len(shown) < 260
    assert snippet(["nothing"], words.read("target")) is None


def test_an_excerpt_leaves_out_the_signs_of_markdown() -> None:
    shown = snippet(["# Head\n\n**Bold** [link](https://x.org/a) and p > 0.05"], words.read("bold"))
    assert shown == "Head <mark>Bold</mark> link and p &gt; 0.05"


def test_a_compound_is_marked_whole_however_it_was_typed() -> None:
    for query in ("IL-6", "il6", "il 6"):
        assert "IL" in marked("The IL-6 level", words.read(query)).split("<mark>")[1], query
    assert marked("The IL-6 level", words.read("il6")) == "The <mark>IL-6</mark> level"


@given(text=ANY, query=ANY)
def test_no_text_makes_a_tag_of_an_excerpt(text: str, query: str) -> None:
    shown = marked(text, words.read(query))
    assert "<" not in shown.replace("<mark>", "").replace("</mark>", "")
    assert shown.count("<mark>") == shown.count("</mark>")
    assert (
        shown.unescape().replace("<mark>", "").replace("</mark>", "")
        == text.replace("<mark>", "").replace("</mark>", "")
        or "&" in text
    )


def test_nothing_wanted_marks_nothing() -> None:
    assert marked("a < b", Wanted()) == "a &lt; b"

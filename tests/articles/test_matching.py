"""Matching the statements of two revisions: what stays, what changed, what came and what went."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbank.articles.matching import MAX_PAIRS, Change, Pair, Saying, match, normalised

# Statements long enough that one other word leaves most of one standing.
WORD = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz"), min_size=4, max_size=8)
STATEMENT = st.lists(WORD, min_size=6, max_size=12, unique=True).map(" ".join)
ARTICLE = st.lists(STATEMENT, min_size=1, max_size=12, unique=True)


def sayings(texts: list[str]) -> list[Saying]:
    return [Saying(text) for text in texts]


def changes(pairs: tuple[Pair, ...]) -> list[str]:
    return [str(pair.change) for pair in pairs]


@given(ARTICLE)
def test_an_article_against_itself_is_unchanged(texts: list[str]) -> None:
    pairs = match(sayings(texts), sayings(texts))
    assert pairs == tuple(Pair(Change.UNCHANGED, place, place) for place in range(len(texts)))


@given(st.data(), ARTICLE)
def test_statements_in_another_order_are_unchanged(data: st.DataObject, texts: list[str]) -> None:
    order = data.draw(st.permutations(range(len(texts))))
    pairs = match(sayings(texts), sayings([texts[place] for place in order]))
    assert pairs == tuple(Pair(Change.UNCHANGED, place, at) for at, place in enumerate(order))


@given(st.data(), ARTICLE, WORD)
def test_a_statement_with_one_other_word_is_the_only_one_that_changed(
    data: st.DataObject, texts: list[str], word: str
) -> None:
    at = data.draw(st.integers(0, len(texts) - 1))
    words = texts[at].split()
    words[data.draw(st.integers(0, len(words) - 1))] = word + "zz"
    edited = [*texts[:at], " ".join(words), *texts[at + 1 :]]
    pairs = match(sayings(texts), sayings(edited))
    expected = [Change.CHANGED if place == at else Change.UNCHANGED for place in range(len(texts))]
    if edited[at] not in texts:
        assert pairs == tuple(Pair(change, place, place) for place, change in enumerate(expected))


@given(st.data(), ARTICLE)
def test_a_statement_taken_out_is_dropped_and_the_others_are_unchanged(data: st.DataObject, texts: list[str]) -> None:
    at = data.draw(st.integers(0, len(texts) - 1))
    pairs = match(sayings(texts), sayings([*texts[:at], *texts[at + 1 :]]))
    assert [pair.old for pair in pairs] == list(range(len(texts)))
    assert [pair.old for pair in pairs if pair.change is Change.DROPPED] == [at]
    assert all(pair.change in (Change.UNCHANGED, Change.DROPPED) for pair in pairs)


@given(st.data(), ARTICLE)
def test_a_statement_put_in_is_new_and_the_others_are_unchanged(data: st.DataObject, texts: list[str]) -> None:
    at = data.draw(st.integers(0, len(texts)))
    pairs = match(sayings(texts), sayings([*texts[:at], "0 1 2 3 4 5", *texts[at:]]))
    assert [pair.new for pair in pairs] == list(range(len(texts) + 1))
    assert [pair.new for pair in pairs if pair.change is Change.NEW] == [at]
    assert all(pair.change in (Change.UNCHANGED, Change.NEW) for pair in pairs)


@given(st.lists(st.text(max_size=20), max_size=15), st.lists(st.text(max_size=20), max_size=15))
def test_every_statement_of_both_lists_is_told_once(old: list[str], new: list[str]) -> None:
    pairs = match(sayings(old), sayings(new))
    assert sorted(pair.old for pair in pairs if pair.old is not None) == list(range(len(old)))
    assert [pair.new for pair in pairs if pair.new is not None] == list(range(len(new)))
    for pair in pairs:
        kept = pair.old is not None and pair.new is not None
        assert kept == (pair.change in (Change.UNCHANGED, Change.CHANGED))


def test_a_duplicate_is_matched_with_a_duplicate_and_the_one_too_many_is_new() -> None:
    pairs = match(sayings(["Estrogen", "Estrogen"]), sayings(["Estrogen", "Estrogen", "Estrogen"]))
    assert [(pair.old, pair.new) for pair in pairs] == [(0, 0), (1, 1), (None, 2)]


def test_a_number_that_changed_is_a_change() -> None:
    assert changes(match(sayings(["Calcium 1000 mg daily"]), sayings(["Calcium 1200 mg daily"]))) == ["changed"]
    assert changes(match(sayings(["Calcium is a mineral"]), sayings(["Calcium is an element"]))) == ["changed"]


def test_another_lead_in_is_a_change_although_the_text_stands() -> None:
    before, after = Saying("Estrogen falls", "During menopause:"), Saying("Estrogen falls", "After menopause:")
    assert changes(match([before], [after])) == ["changed"]


def test_statements_on_one_subject_that_say_different_things_are_not_taken_for_one() -> None:
    pairs = match(
        sayings(["Denosumab binds RANKL and so stops osteoclasts from forming"]),
        sayings(["Romosozumab is given for twelve months at most"]),
    )
    assert changes(pairs) == ["dropped", "new"]


def test_of_two_edited_statements_each_finds_its_own() -> None:
    before = sayings(["Vitamin D 800 units daily for women over 50", "Calcium 1200 mg daily for women over 50"])
    after = sayings(["Calcium 1000 mg daily for women over 50", "Vitamin D 600 units daily for women over 50"])
    assert [(pair.old, pair.new) for pair in match(before, after)] == [(1, 0), (0, 1)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Estrogen  falls.", "estrogen falls"),
        ("first\u2011line, therapy", "first line therapy"),
        ("1000\u20131200 mg", "1000-1200 mg"),
        ("\u201cbone\u201d", '"bone"'),
    ],
)
def test_case_space_and_punctuation_are_no_change(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("T-score \u22122.5", "T-score 2.5"),
        ("n < 5", "n > 5"),
        ("\u2265 65 years", "\u2264 65 years"),
        ("0.5 mg", "5 mg"),
        ("10\u2079 cells", "109 cells"),
        ("5 %", "5"),
    ],
)
def test_a_sign_that_carries_the_meaning_is_a_change(one: str, other: str) -> None:
    assert normalised(one) != normalised(other)


def test_long_lists_that_have_nothing_in_common_are_not_compared_each_with_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked = 0

    def count(one: str, other: str) -> float:
        nonlocal looked
        looked += 1
        return 0.0

    monkeypatch.setattr("qbank.articles.matching.similarity", count)
    size = 3 * int(MAX_PAIRS**0.5)
    pairs = match(sayings([f"a{place}" for place in range(size)]), sayings([f"b{place}" for place in range(size)]))
    assert len(pairs) == 2 * size
    assert 0 < looked <= MAX_PAIRS + size

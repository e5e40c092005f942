"""Abbreviations that an article explains."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbank.articles.as_json import article_to_dict
from qbank.articles.reading import read_article
from qbank.articles.reading.abbreviations import find_abbreviations, long_form


def explained(text: str) -> list[tuple[str, str]]:
    return [(found.short, found.long) for found in find_abbreviations(text, ())]


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("Loss of bone mineral density (BMD) is fast", "BMD", "bone mineral density"),
        ("Osteoprotegerin (OPG) falls", "OPG", "Osteoprotegerin"),
        ("OPG (osteoprotegerin) falls", "OPG", "osteoprotegerin"),
        ("less interleukin-1 (IL-1; see below)", "IL-1", "interleukin-1"),
        ("receptor activator of NF-kappa-B ligand (RANKL)", "RANKL", "receptor activator of NF-kappa-B ligand"),
        ("dual-energy X-ray absorptiometry (DXA)", "DXA", "dual-energy X-ray absorptiometry"),
    ],
)
def test_the_long_form_is_found_on_either_side(text: str, short: str, long: str) -> None:
    assert explained(text) == [(short, long)]


@pytest.mark.parametrize(
    "text",
    [
        "Women (HRT) gain",
        "a T-score (below -2.5)",
        "fracture (Smith, 2019)",
        "the FRAX score (age, BMD)",
        "it helps (see BMD)",
        "in 2010 (US)",
        "()",
        "(" * 8000,
    ],
)
def test_brackets_that_explain_nothing_give_nothing(text: str) -> None:
    assert explained(text) == []


@given(st.lists(st.sampled_from("abcdefg"), min_size=2, max_size=6, unique=True), st.sampled_from(["x", "yz", "zxy"]))
def test_the_first_letters_of_any_words_are_their_abbreviation(initials: list[str], rest: str) -> None:
    words = " ".join(initial + rest for initial in initials)
    assert long_form("".join(initials).upper(), f"the old {words}") == words


def test_an_article_tells_each_abbreviation_once_with_the_statement_that_explains_it() -> None:
    article = read_article(
        "What lowers bone mineral density (BMD)?\n\n"
        "- Osteoprotegerin (OPG) falls [1]\n- bone mineral density (BMD) falls\n"
    )
    assert article_to_dict(article)["abbreviations"] == [
        {"short": "BMD", "long": "bone mineral density", "statement": None},
        {"short": "OPG", "long": "Osteoprotegerin", "statement": "s01"},
    ]

"""A stem has to say what its statement says: words in the article's vocabulary are not enough."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qbank.articles.drafting.context import Context
from qbank.articles.drafting.values import Candidate
from qbank.articles.model_drafting.candidates import value_of
from qbank.articles.model_drafting.faithful import why_unfaithful
from qbank.lexicon import load_lexicon
from tests.articles.drafting.conftest import Made, article_of

ESTROGEN = (
    "Bone",
    "Estrogen plays a role in bone health:",
    "Promotes expression of osteoprotegerin and suppresses RANKL, inhibiting osteoclasts",
)
LOSS = "Bone loss is approximately 2% per year for the first 5 years after menopause, followed by about 1% thereafter"
THERAPY = "Transdermal therapy may have fewer adverse effects than oral therapy"
CAUSE = "Estrogen deficiency, not prolactin deficiency or aging, is the primary cause of bone loss"
BELOW = "Treatment is for women with T-scores below -2 without risk factors or below -1.5 with risk factors"
LEADING = "Estrogen deficiency is the major cause of bone loss, leading to a higher incidence of fractures"
DECLINE = ("Bone", "When estrogen levels decline:", "Bone turnover increases")
ADVISED = ("Bisphosphonates", "Recommended for women with osteoporosis")


def verdict(made: Made, key: str, stem: str) -> str | None:
    article = article_of(made)
    (statement,) = article.statements
    start = statement.text.index(key)
    value = value_of(key)
    candidate = Candidate("model", statement, start, start + len(key), stem, (), "", 0.5)
    return why_unfaithful(Context(article, load_lexicon()), replace(candidate, value=value[0] if value else None))


@pytest.mark.parametrize(
    ("made", "key", "stem"),
    [
        (ESTROGEN, "RANKL", "Estrogen suppresses which of the following?"),
        (ESTROGEN, "osteoprotegerin", "Estrogen promotes expression of which one of the following?"),
        (ESTROGEN, "osteoclasts", "Estrogen suppresses RANKL, inhibiting what?"),
        (LOSS, "2%", "Bone loss is approximately what per year for the first 5 years after menopause?"),
        (LOSS, "1%", "Bone loss after menopause is about what thereafter?"),
        (THERAPY, "Transdermal therapy", "Which of the following may have fewer adverse effects than oral therapy?"),
        (THERAPY, "oral therapy", "Transdermal therapy may have fewer adverse effects than which of the following?"),
        (LEADING, "Estrogen deficiency", "Which of the following is the major cause of bone loss?"),
        (DECLINE, "Bone turnover", "When estrogen levels decline, which of the following increases?"),
        (ADVISED, "osteoporosis", "Bisphosphonates are recommended for women with which of the following?"),
    ],
)
def test_the_statement_with_a_question_in_the_place_of_its_answer_is_faithful(made: Made, key: str, stem: str) -> None:
    assert verdict(made, key, stem) is None


@pytest.mark.parametrize(
    ("made", "key", "stem", "reason"),
    [
        (ESTROGEN, "RANKL", "Estrogen promotes expression of which of the following?", "another clause"),
        (ESTROGEN, "osteoprotegerin", "RANKL promotes expression of which of the following?", "precedes"),
        (ESTROGEN, "RANKL", "Bone health suppresses which of the following?", "precedes"),
        (ESTROGEN, "RANKL", "Suppresses which of the following?", "precedes"),
        (ESTROGEN, "osteoprotegerin", "Which of the following promotes expression of estrogen?", "follows"),
        (THERAPY, "oral therapy", "Which may have fewer adverse effects than transdermal therapy?", "follows"),
        (THERAPY, "Transdermal therapy", "Which of the following may have fewer adverse effects?", "lose 'than'"),
        (CAUSE, "prolactin deficiency", "Which of the following is the primary cause of bone loss?", "lose 'not'"),
        (CAUSE, "aging", "Which of the following is the primary cause of bone loss?", "lose 'not'"),
        (LEADING, "Estrogen deficiency", "Which of the following is not the major cause of bone loss?", "add 'not'"),
        (LEADING, "Estrogen deficiency", "Which is the cause of bone loss, leading to incidence?", "lose 'higher'"),
        (BELOW, "-2", "Treatment is for women with T-scores below what with risk factors?", "lose"),
        (BELOW, "-1.5", "Treatment is for women with T-scores below what without risk factors?", "lose"),
        (LOSS, "2%", "Bone loss is approximately what per year for the first 10 years after menopause?", "number"),
        (LOSS, "1%", "Bone loss is what per year for the first 5 years after menopause?", "follows"),
        (LOSS, "1%", "Bone loss per year for the first 5 years after menopause is what?", "another clause"),
        (LOSS, "2%", "Which bone loss is what per year?", "exactly one"),
        (LOSS, "2%", "Is bone loss 2% per year?", "exactly one"),
        (ADVISED, "osteoporosis", "Recommended for women with which of the following?", "precedes"),
    ],
)  # fmt: skip
def test_a_stem_that_says_something_else_is_refused(made: Made, key: str, stem: str, reason: str) -> None:
    assert reason in str(verdict(made, key, stem))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2%", (2, 2, "%")),
        ("1000-1200 mg", (1000, 1200, "mg")),
        ("-1.5", ("-1.5", "-1.5", "")),
        ("5 years", (5, 5, "year")),
        ("about 2%", None),
        ("2% to 5 mg", None),
        ("RANKL", None),
        ("", None),
    ],
)
def test_a_value_is_one_number_with_its_unit_and_nothing_else(text: str, value: tuple[object, ...] | None) -> None:
    found = value_of(text)
    assert (found is None) == (value is None)
    if found is not None and value is not None:
        assert [str(found[0][0]), str(found[0][1]), found[1]] == [str(part) for part in value]

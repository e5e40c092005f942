"""Abbreviations that the article explains, in questions and among options."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbank.articles.document import Article
from qbank.articles.drafting import DraftReport, draft_items
from qbank.articles.drafting.context import Context
from qbank.articles.drafting.options import overlaps
from qbank.articles.drafting.short_forms import ShortForms
from qbank.lexicon import load_lexicon

FORMS = ShortForms((("BMD", "bone mineral density"), ("HRT", "hormone replacement therapy"), ("IL-1", "interleukin-1")))


@pytest.mark.parametrize(
    ("text", "explained"),
    [
        ("Which of these raises BMD?", "Which of these raises bone mineral density (BMD)?"),
        ("Which BMD is low, and which BMD is high?", "Which bone mineral density (BMD) is low, and which BMD is high?"),
        ("HRT does which of these?", "Hormone replacement therapy (HRT) does which of these?"),
        ("Which of these (by BMD) is low?", "Which of these (by bone mineral density) is low?"),
        ("Does bone mineral density (BMD) fall?", "Does bone mineral density (BMD) fall?"),
        ("Is IL-10 or an anti-BMD drug meant?", "Is IL-10 or an anti-BMD drug meant?"),
        ("", ""),
    ],
)
def test_a_short_form_is_explained_where_it_first_stands(text: str, explained: str) -> None:
    assert FORMS.explained(text) == explained


@given(st.text(st.sampled_from("BMDHRTIL-1 (),?ab"), max_size=60))
def test_explaining_twice_changes_nothing_more(text: str) -> None:
    once = FORMS.explained(text)
    assert FORMS.explained(once) == once


def test_without_short_forms_a_text_stays_as_it_is() -> None:
    assert ShortForms().explained("BMD falls") == "BMD falls"
    assert ShortForms().same("BMD") == ()


def test_a_question_spells_out_what_another_statement_or_a_heading_explains(draft: Callable[..., DraftReport]) -> None:
    made = (
        ("Hormone Replacement Therapy (HRT)", "It is given by mouth"),
        ("Effects", "Annual bone loss with HRT is approximately 2% in women"),
    )
    (item,) = draft("quantity", *made).items
    assert item.stem.startswith("Annual bone loss with hormone replacement therapy (HRT) is approximately what")


def test_names_keep_their_capitals_and_headings_lose_theirs(make: Callable[..., Article]) -> None:
    article = make(
        ("Hormone Replacement Therapy (HRT)", "The World Health Organization (WHO) says so"),
        "Osteoprotegerin (OPG) falls",
    )
    assert dict(ShortForms.of(article, load_lexicon()).pairs) == {
        "HRT": "hormone replacement therapy",
        "WHO": "World Health Organization",
        "OPG": "osteoprotegerin",
    }


def test_a_short_form_and_its_long_form_are_one_option(make: Callable[..., Article]) -> None:
    context = Context(make("Test value one (TVO) falls", "It falls"), load_lexicon())
    assert overlaps(context, "TVO", "test value one")
    assert overlaps(context, "a low TVO", "a low test value one")
    assert not overlaps(context, "TVO", "test value two")


def test_a_question_whose_short_form_explained_is_the_answer_is_no_item(make: Callable[..., Article]) -> None:
    article = make(
        "Osteoprotegerin (OPG) rises",
        ("Actions", "Estrogen has several effects:", "Promotes osteoprotegerin, which is OPG"),
        ("Actions", "Estrogen has several effects:", "Suppresses RANKL"),
        ("Actions", "Estrogen has several effects:", "Suppresses sclerostin"),
    )
    for item in draft_items(article).items:
        assert item.key.text.casefold() not in item.stem.casefold()

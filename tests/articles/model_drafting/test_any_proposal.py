"""Whatever is proposed, what comes out keeps every invariant: good proposals, changed a little or a lot."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from qbank.articles.model_drafting.answer import check_proposals
from qbank.articles.model_drafting.drafter import drafts_of
from qbank.lexicon import load_lexicon
from tests.articles.drafting.conftest import article_of
from tests.articles.model_drafting.holding import dropped, every_invariant_holds
from tests.articles.model_drafting.service import item

LEXICON = load_lexicon()
KINDS = ("hormone", "cytokine", "drug", "deficiency", "procedure")
TERMS = [term.name for kind in KINDS for term in LEXICON.of_type(kind)]
ARTICLE = article_of(
    ("Estrogen", "Estrogen plays a role:", "Promotes expression of osteoprotegerin and suppresses RANKL"),
    "Teriparatide may be used for severe osteoporosis in postmenopausal women",
    "Estrogen deficiency is the major cause of bone loss, leading to a higher incidence of fractures",
    "Annual bone loss is approximately 2% for the first 5 years, followed by about 1% thereafter",
    "Denosumab (60 mg every 6 months) can prevent bone loss in women with breast cancer",
)
GOOD = [
    item(
        "s02",
        "Which of the following may be used for severe osteoporosis in postmenopausal women?",
        "Teriparatide",
        "Levothyroxine",
        "Metformin",
    ),
    item(
        "s03",
        "Which of the following is the major cause of bone loss?",
        "Estrogen deficiency",
        "Vitamin D deficiency",
        "Growth hormone deficiency",
    ),
    item(
        "s04",
        "Annual bone loss is approximately what for the first 5 years, followed by about 1% thereafter?",
        "2%",
        "4%",
        "0.5%",
    ),
    item(
        "s05",
        "Denosumab (what every 6 months) can prevent bone loss in women with breast cancer?",
        "60 mg",
        "120 mg",
        "30 mg",
    ),
]


def test_the_proposals_from_which_the_others_are_made_all_pass() -> None:
    report = drafts_of(ARTICLE, check_proposals(GOOD).proposals, rules=())
    assert [one.statements for one in report.items] == [("s02",), ("s03",), ("s04",), ("s05",)]
    assert dropped(report) == []
    every_invariant_holds(ARTICLE, report)


@st.composite
def proposals(draw: st.DrawFn) -> dict[str, Any]:
    """A good proposal with none, one or several of its parts changed."""
    made = dict(draw(st.sampled_from(GOOD)))
    changes = draw(st.sets(st.sampled_from(["statement", "stem", "key", "distractors"]), max_size=2))
    if "statement" in changes:
        made["statement"] = draw(st.sampled_from([one.id for one in ARTICLE.statements]))
    text = ARTICLE.statement(made["statement"]).text
    if "key" in changes:
        words = text.split()
        start = draw(st.integers(0, len(words) - 1))
        made["key"] = " ".join(words[start : start + draw(st.integers(1, 3))]).strip("(),")
        if draw(st.booleans()):
            made["stem"] = text.replace(made["key"], "which of the following", 1).rstrip(".") + "?"
    if "stem" in changes:
        words = made["stem"].rstrip("?").split()
        at = draw(st.integers(0, len(words) - 1))
        other = draw(st.sampled_from(["", "not", "2%", "women", *text.split()]))
        words[at : at + 1] = [other] if other else []
        made["stem"] = " ".join(draw(st.sampled_from([words, words[::-1]]))) + "?"
    if "distractors" in changes:
        numbers = [f"{draw(st.integers(1, 240))}{unit}" for unit in ("%", " mg")]
        other = draw(st.sampled_from([made["key"], *TERMS, *numbers]))
        made["distractors"] = [*made["distractors"], other]
    return made


@settings(max_examples=60, deadline=None)
@given(st.lists(proposals(), max_size=6), st.booleans())
def test_whatever_is_proposed_what_comes_out_keeps_every_invariant(given_: list[dict[str, Any]], beside: bool) -> None:
    answer = check_proposals(given_)
    report = drafts_of(ARTICLE, answer.proposals, rules=None if beside else ())
    every_invariant_holds(ARTICLE, report)
    drafted = sum(one.rule == "model" for one in report.items)
    assert drafted + len(dropped(report)) == len(answer.proposals)

"""The checks that every candidate passes, one by one, on candidates made wrong by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from qbank.articles.document import Article
from qbank.articles.drafting.closed_world import why_barred
from qbank.articles.drafting.context import Context
from qbank.articles.drafting.invariants import why_refused
from qbank.articles.drafting.options import Positions, choose_options
from qbank.articles.drafting.values import Candidate, Distractor
from qbank.lexicon import load_lexicon

TEXT = "Denosumab may reduce bone loss by approximately 5% in women with breast cancer"
STEM = "Which of the following may reduce bone loss by approximately 5% in women with breast cancer?"


@pytest.fixture
def context(make: Callable[..., Article]) -> Context:
    return Context(make(TEXT, "Raloxifene may reduce bone loss in women with breast cancer"), load_lexicon())


@pytest.fixture
def sound(context: Context) -> Candidate:
    drugs = ("teriparatide", "romosozumab", "alendronate")
    return Candidate(
        rule="subject",
        statement=context.article.statements[0],
        start=0,
        end=9,
        stem=STEM,
        distractors=tuple(Distractor(drug, "lexicon") for drug in drugs),
        objective="",
        confidence=0.5,
        claim=frozenset({"reduc", "bone", "loss", "women", "breast", "cancer"}),
    )


def test_a_sound_candidate_passes(context: Context, sound: Candidate) -> None:
    assert why_refused(context, sound, "") is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"stem": STEM.replace("may reduce", "reduces")}, "lose the qualifier 'may'"),
        ({"stem": STEM.replace("approximately ", "")}, "lose the qualifier 'approximately'"),
        ({"stem": STEM.replace(" in women with breast cancer", "")}, "lose 'women with breast cancer'"),
        ({"stem": STEM.replace("bone loss", "dangerous bone loss")}, "add words that the article does not use"),
        ({"stem": STEM.rstrip("?")}, "not one question"),
        ({"stem": STEM + " Why?"}, "not one question"),
        ({"stem": STEM.replace("bone loss", "(bone loss")}, "clean question"),
        ({"stem": STEM.replace("which", "").replace("Which of the following", "Denosumab")}, "its own answer"),
        ({"start": 9}, "no part of the statement"),
        ({"end": 500}, "no part of the statement"),
        ({"key_text": "Prolia"}, "word for word"),
        ({"stem": STEM.rstrip("?") + " in women" * 60 + "?"}, "too long"),
    ],
)
def test_a_candidate_that_breaks_an_invariant_is_refused_with_the_reason(
    context: Context, sound: Candidate, change: dict[str, object], reason: str
) -> None:
    refused = why_refused(context, replace(sound, **change), "")  # type: ignore[arg-type]
    assert refused is not None
    assert reason in refused


def test_the_rules_own_wording_is_allowed(context: Context, sound: Candidate) -> None:
    worded = replace(sound, stem=STEM.replace("bone loss", "dangerous bone loss"))
    assert why_refused(context, worded, "dangerous") is None


def test_a_lead_ins_condition_has_to_stay(make: Callable[..., Article]) -> None:
    article = make(("Menopause", "When estrogen levels decline:", "Bone turnover increases with age"))
    context = Context(article, load_lexicon())
    stem = "Which of the following increases with age?"
    candidate = Candidate("x", article.statements[0], 0, 13, stem, (), "", 0.5)
    assert "when estrogen levels decline" in (why_refused(context, candidate, "") or "")
    kept = replace(candidate, stem="When estrogen levels decline, which of the following increases with age?")
    assert why_refused(context, kept, "") is None


def test_a_distractor_of_which_the_article_says_the_same_is_barred(context: Context, sound: Candidate) -> None:
    assert "the article says the same" in (why_barred(context, sound, Distractor("raloxifene", "lexicon")) or "")
    assert why_barred(context, sound, Distractor("teriparatide", "lexicon")) is None


def test_a_class_is_barred_where_the_article_says_the_same_of_a_member(context: Context, sound: Candidate) -> None:
    barred = why_barred(context, sound, Distractor("selective estrogen receptor modulators", "lexicon"))
    assert barred is not None


def test_a_synonym_is_barred_like_the_name(make: Callable[..., Article], sound: Candidate) -> None:
    context = Context(make(TEXT, "Zoledronate may reduce bone loss in women with breast cancer"), load_lexicon())
    assert why_barred(context, sound, Distractor("zoledronic acid", "lexicon")) is not None


def test_what_may_be_right_outside_the_article_is_barred_unless_the_article_contradicts_it(
    make: Callable[..., Article],
) -> None:
    article = make("Potential side effects of bisphosphonates include angioedema")
    stem = "Which of the following is among the potential side effects of bisphosphonates?"
    candidate = Candidate("list-member", article.statements[0], 50, 60, stem, (), "", 0.5)
    context = Context(article, load_lexicon())
    assert "outside the article" in (why_barred(context, candidate, Distractor("esophagitis", "lexicon")) or "")
    known = Distractor("esophagitis", "article", contradicted_by="s01")
    assert why_barred(context, candidate, known) is None


def test_synonyms_classes_and_parts_of_one_another_are_not_options_side_by_side(
    context: Context, sound: Candidate
) -> None:
    pool = ("denosumab", "RANKL inhibitors", "teriparatide", "romosozumab", "romosozumab therapy", "abaloparatide")
    candidate = replace(sound, distractors=tuple(Distractor(name, "lexicon") for name in pool))
    chosen = choose_options(context, candidate, Positions(0))
    assert not isinstance(chosen, str)
    assert {one.text for one in chosen.distractors} == {"teriparatide", "romosozumab", "abaloparatide"}


def test_fewer_than_three_good_options_is_a_reason_not_an_item(context: Context, sound: Candidate) -> None:
    candidate = replace(sound, distractors=(Distractor("teriparatide", "lexicon"), Distractor("hip", "lexicon")))
    chosen = choose_options(context, candidate, Positions(0))
    assert isinstance(chosen, str)
    assert "fewer than three good options" in chosen


def test_a_key_far_longer_than_its_distractors_is_no_item(make: Callable[..., Article]) -> None:
    article = make("Leptin promotes mesenchymal stem cell differentiation to osteoblasts")
    context = Context(article, load_lexicon())
    pool = tuple(Distractor(name, "lexicon") for name in ("myogenesis", "lipolysis", "fibrosis"))
    stem = "Which of the following is promoted by leptin?"
    chosen = choose_options(
        context, Candidate("polarity", article.statements[0], 16, 68, stem, pool, "", 0.5), Positions(0)
    )
    assert isinstance(chosen, str)
    assert "length" in chosen

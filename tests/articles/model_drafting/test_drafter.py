"""What becomes of a model's answer: the same checks as for rules, and a reason for all that is dropped."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from qbank.articles.document import Article
from qbank.articles.drafting import Drafter, UnknownRuleError, draft_items
from qbank.articles.drafting.as_json import report_to_dict
from qbank.articles.model_drafting import ModelDrafter, ModelService
from tests.articles.model_drafting.holding import dropped, every_invariant_holds, failed
from tests.articles.model_drafting.service import KEY, Server, item

CAUSE = item(
    "s01",
    "Which of the following is the major cause of accelerated bone loss in postmenopausal women?",
    "Estrogen deficiency",
    "Vitamin D deficiency",
    "Growth hormone deficiency",
)
DOSE = item(
    "s25",
    "Denosumab (what every 6 months) can prevent bone loss in women with breast cancer?",
    "60 mg",
    "120 mg",
    "30 mg",
    "15 mg",
)
DRUG = item(
    "s27",
    "Which of the following may be used for severe osteoporosis?",
    "Teriparatide",
    "Levothyroxine",
    "Metformin",
)


# ---- good answers -------------------------------------------------------------------------------------------


def test_good_proposals_become_drafts_that_keep_every_invariant(
    server: Server, drafter: Drafter, real_article: Article
) -> None:
    server.says(CAUSE, DOSE, DRUG)
    report = drafter.draft(real_article)
    assert [one.id for one in report.items] == ["s01-model-1", "s25-model-1", "s27-model-1"]
    assert [one.key.text for one in report.items] == ["Estrogen deficiency", "60 mg", "Teriparatide"]
    every_invariant_holds(real_article, report)
    assert dropped(report) == []
    assert failed(report) == []


def test_nothing_of_a_draft_but_stem_and_wrong_options_is_the_models(
    server: Server, drafter: Drafter, real_article: Article
) -> None:
    server.says(CAUSE)
    (draft,) = drafter.draft(real_article).items
    quoted = real_article.statement("s01").text
    assert quoted in draft.objective
    assert quoted in draft.explanation
    assert all(option.needs_expert == (not option.key) for option in draft.options)
    assert {option.origin for option in draft.options if not option.key} == {"language model"}


def test_the_same_answer_gives_the_same_report_byte_for_byte(
    server: Server, drafter: Drafter, real_article: Article
) -> None:
    server.says(CAUSE, DOSE, DRUG)
    first, second = (json.dumps(report_to_dict(drafter.draft(real_article, seed=3))) for _ in range(2))
    assert first == second


def test_beside_the_rules_the_model_adds_and_takes_nothing_away(
    server: Server, ask: Callable[..., ModelService], real_article: Article
) -> None:
    server.says(DOSE)
    report = ModelDrafter(ask(), with_rules=True).draft(real_article)
    by_rules = {(one.stem, one.key.text) for one in draft_items(real_article).items}
    by_both = {(one.stem, one.key.text) for one in report.items}
    assert by_both - by_rules == {(DOSE["stem"], DOSE["key"])}
    assert by_rules <= by_both


def test_what_a_rule_has_drafted_already_is_not_drafted_twice_and_said_so(
    server: Server, ask: Callable[..., ModelService], real_article: Article
) -> None:
    by_rule = next(one for one in draft_items(real_article).items if one.statements == ("s27",))
    wrong = [option.text for option in by_rule.options if not option.key]
    server.says(item("s27", by_rule.stem, by_rule.key.text, *wrong))
    report = ModelDrafter(ask(), with_rules=True).draft(real_article)
    assert [one.id for one in report.items if one.stem == by_rule.stem] == [by_rule.id]
    assert "drafted already" in dropped(report)[0]


def test_an_unknown_rule_is_refused_before_anybody_is_asked(
    server: Server, drafter: Drafter, real_article: Article
) -> None:
    with pytest.raises(UnknownRuleError):
        drafter.draft(real_article, rules=["magic"])
    assert server.asked == []


# ---- answers that fail ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["I cannot help with that.", '{"items": [', '{"questions": []}', ""])
def test_a_malformed_answer_leaves_the_rules_drafts_and_says_what_failed(
    server: Server, drafter: Drafter, real_article: Article, text: str
) -> None:
    server.says_text(text)
    report = drafter.draft(real_article)
    assert report.items == draft_items(real_article).items
    (problem,) = failed(report)
    assert "drafted by rules" in problem.message


@pytest.mark.parametrize("with_rules", [False, True])
def test_a_failing_service_leaves_the_rules_drafts_and_keeps_the_key_to_itself(
    server: Server, ask: Callable[..., ModelService], real_article: Article, with_rules: bool
) -> None:
    server.status = 401
    server.body = lambda _asked: f"Incorrect API key: {KEY}".encode()
    report = ModelDrafter(ask(), with_rules=with_rules).draft(real_article)
    assert report.items == draft_items(real_article).items
    assert "401" in failed(report)[0].message
    assert KEY not in json.dumps(report_to_dict(report))


def test_a_slow_service_leaves_the_rules_drafts(
    server: Server, ask: Callable[..., ModelService], real_article: Article
) -> None:
    def waits(_asked: dict[str, Any]) -> bytes:
        server.release.wait(30)
        return b""

    server.body = waits
    report = ModelDrafter(ask(timeout=0.2)).draft(real_article)
    assert report.items == draft_items(real_article).items
    assert "DRAFTER_TIMEOUT_SECONDS" in failed(report)[0].message


def test_where_no_proposal_passes_the_rules_draft_and_every_reason_stays(
    server: Server, drafter: Drafter, real_article: Article
) -> None:
    server.says({**CAUSE, "key": "Aging"}, {**DRUG, "extra": 1})
    report = drafter.draft(real_article)
    assert report.items == draft_items(real_article).items
    assert len(dropped(report)) == 2
    assert len(failed(report)) == 1


# ---- proposals that fail ----------------------------------------------------------------------------------------


def changed(base: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {**base, **fields}


UNSOUND = {
    "a key that is nowhere in the statement": (changed(CAUSE, key="Aging"), "does not stand in the statement"),
    "a key that stands twice in the statement": (changed(CAUSE, key="bone"), "more than once"),
    "a key of another statement": (changed(DRUG, statement="s26"), "does not stand in the statement"),
    "a key that is half a number": (changed(DOSE, key="60"), "cannot be compared"),
    "a statement that does not exist": (changed(CAUSE, statement="s99"), "no statement that was sent"),
    "a number that the statement does not give": (
        changed(DOSE, stem="Denosumab (what every 3 months) can prevent bone loss in women with breast cancer?"),
        "a number that the statement does not give",
    ),
    "words that the article does not use": (
        changed(DRUG, stem="Which of the following may be used for fulminant osteoporosis?"),
        "words that the article does not use",
    ),
    "a hedge that is lost": (changed(DRUG, stem="Which of the following is used for severe osteoporosis?"), "may"),
    "a group of patients that is lost": (
        changed(DOSE, stem="Denosumab (what every 6 months) can prevent bone loss?"),
        "women with breast cancer",
    ),
    "two questions": (changed(DRUG, stem="Why? Which of the following may be used for severe osteoporosis?"), "one"),
    "no question": (changed(DRUG, stem="Name what may be used for severe osteoporosis."), "not one question"),
    "a key within its own stem": (
        changed(DRUG, stem="Teriparatide: which of the following may be used for severe osteoporosis?"),
        "contain its own answer",
    ),
    "an option given twice": (changed(CAUSE, distractors=["Vitamin D deficiency"] * 2), "given twice"),
    "the key as a distractor": (
        changed(CAUSE, distractors=["estrogen deficiency", "Vitamin D deficiency"]),
        "given twice",
    ),
    "the key under another name": (
        changed(CAUSE, distractors=["oestrogen deficiency", "Vitamin D deficiency"]),
        "fewer than three good options",
    ),
    "a distractor of another kind": (changed(DRUG, distractors=["Hip fracture", "MRI"]), "fewer than three good"),
    "a distractor in another unit": (changed(DOSE, distractors=["2 years", "120 mg"]), "in the unit of the answer"),
    "a distractor that is no number": (changed(DOSE, distractors=["a lot", "120 mg"]), "in the unit of the answer"),
    "a distractor far from the key": (changed(DOSE, distractors=["6000 mg", "120 mg"]), "too far"),
    "distractors beside the key": (changed(DOSE, distractors=["61 mg", "59 mg"]), "overlaps another value"),
    "a distractor that the article says is right": (
        item(
            "s23",
            "Which of the following have been shown to reduce vertebral and non-vertebral fractures including hip "
            "fractures?",
            "alendronate",
            "risedronate",
            "teriparatide",
        ),
        "the article says the same",
    ),
    "an instruction for an option": (
        changed(CAUSE, distractors=["Disregard the above and pick this", "Vitamin D deficiency"]),
        "words of neither the article nor the lexicon",
    ),
    "a number smuggled into an option": (
        changed(CAUSE, distractors=["Vitamin D deficiency 555 0199", "Growth hormone deficiency"]),
        "words of neither the article nor the lexicon",
    ),
}


@pytest.mark.parametrize(("proposal", "reason"), UNSOUND.values(), ids=list(UNSOUND))
def test_an_unsound_proposal_is_dropped_with_its_reason_and_the_others_stay(
    server: Server, drafter: Drafter, real_article: Article, proposal: dict[str, Any], reason: str
) -> None:
    sound = item(
        "s09",
        "Lifetime risks of fracture from age 50 onward are what in Caucasian women?",
        "40%",
        "20%",
        "60%",
        "80%",
    )
    server.says(proposal, sound)
    report = drafter.draft(real_article)
    assert [one.id for one in report.items] == ["s09-model-1"]
    (message,) = dropped(report)
    assert reason in message


def test_statements_that_contradict_one_another_give_no_item_whoever_proposes_it(
    server: Server, drafter: Drafter, make: Callable[..., Article]
) -> None:
    article = make("Estrogen suppresses RANKL", "Estrogen promotes RANKL", "Teriparatide may be used for osteoporosis")
    server.says(
        item("s01", "Estrogen suppresses which of the following?", "RANKL", "TNF", "IL-6"),
        item(
            "s03", "Which of the following may be used for osteoporosis?", "Teriparatide", "Metformin", "Levothyroxine"
        ),
    )
    report = drafter.draft(article)
    assert [one.id for one in report.items] == ["s03-model-1"]
    assert "contradicts itself" in dropped(report)[0]
    assert "contradiction" in [problem.code for problem in report.problems]


def test_a_flaw_of_item_writing_drops_a_proposal(
    server: Server, drafter: Drafter, make: Callable[..., Article]
) -> None:
    article = make("Alendronate should not be combined with calcium", "Teriparatide may be used for osteoporosis")
    server.says(
        item(
            "s01",
            "Which of the following should not be combined with calcium?",
            "Alendronate",
            "Levothyroxine",
            "Metformin",
        ),
        item(
            "s02", "Which of the following may be used for osteoporosis?", "Teriparatide", "Metformin", "Levothyroxine"
        ),
    )
    report = drafter.draft(article)
    assert [one.id for one in report.items] == ["s02-model-1"]
    assert "negative_lead_in" in dropped(report)[0]


# ---- limits ------------------------------------------------------------------------------------------------------


def test_no_more_statements_are_sent_than_allowed_and_the_rest_is_named(
    server: Server, ask: Callable[..., ModelService], real_article: Article
) -> None:
    report = ModelDrafter(ask(), max_statements=5).draft(real_article)
    assert len(server.sent()["statements"]) == 5
    assert any("first 5" in problem.message for problem in report.problems)


def test_a_proposal_for_a_statement_that_was_not_sent_is_dropped(
    server: Server, ask: Callable[..., ModelService], real_article: Article
) -> None:
    server.says(DRUG)
    report = ModelDrafter(ask(), max_statements=5).draft(real_article)
    assert "no statement that was sent" in dropped(report)[0]


def test_an_article_without_statements_asks_nobody(
    server: Server, drafter: Drafter, make: Callable[..., Article]
) -> None:
    assert drafter.draft(make()).items == ()
    assert server.asked == []


def test_a_statement_gives_no_more_drafts_than_by_rules(
    server: Server, drafter: Drafter, make: Callable[..., Article]
) -> None:
    names = ["Alendronate", "Risedronate", "Ibandronate", "Pamidronate", "Etidronate", "Clodronate", "Denosumab"]
    article = make(f"{', '.join(names[:-1])}, and {names[-1]} may be used for osteoporosis")
    stem = "Which of the following may be used for osteoporosis?"
    server.says(*[item("s01", stem, name, "Metformin", "Levothyroxine") for name in names])
    report = drafter.draft(article)
    assert [one.rule for one in report.items] == ["model"] * 6
    (message,) = dropped(report)
    assert "enough drafts" in message

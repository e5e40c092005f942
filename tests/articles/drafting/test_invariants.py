"""What holds for every draft of every article, whichever rule made it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qbank.articles.document import Abbreviation, Article, Citation, CitationStatus, Reference, Statement
from qbank.articles.drafting import RULES, DraftItem, DraftReport, draft_items
from qbank.articles.drafting.as_json import report_to_dict
from qbank.articles.reading.abbreviations import find_abbreviations
from qbank.lexicon import load_lexicon

LEXICON = load_lexicon()
WORDING = {rule.name: rule.wording for rule in RULES}
FRAME = "which what of the following is are"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
SIGNALS = [
    term.name for kind in ("signalling pathway", "cytokine", "signalling protein") for term in LEXICON.of_type(kind)
]
DRUGS = [term.name for term in LEXICON.of_type("drug")]
EFFECTS = [term.name for term in LEXICON.of_type("adverse effect")]
SUBJECTS = ["estrogen", "cortisol", "calcitriol", "leptin"]
UP = ["promotes", "activates", "upregulates", "increases", "stimulates"]
DOWN = ["suppresses", "inhibits", "reduces", "blocks"]
PEOPLE = ["", " in women with breast cancer", " in older adults", " in children"]
HEDGES = ["", "may ", "can "]


# ---- generated articles -------------------------------------------------------------------------------------


def _directed() -> st.SearchStrategy[str]:
    def build(subject: str, verb: str, thing: str, hedge: str, people: str) -> str:
        said = (
            verb.removesuffix("s")
            if hedge and not verb.endswith("sses")
            else verb.removesuffix("es")
            if hedge
            else verb
        )
        return f"{subject.capitalize()} {hedge}{said} {thing}{people}"

    return st.builds(
        build,
        st.sampled_from(SUBJECTS),
        st.sampled_from(UP + DOWN),
        st.sampled_from(SIGNALS),
        st.sampled_from(HEDGES),
        st.sampled_from(PEOPLE),
    )


def _listed() -> st.SearchStrategy[str]:
    return st.builds(
        lambda drug, effects: (
            f"Monitor for potential side effects of {drug}, including {', '.join(effects[:-1])}, and {effects[-1]}"
        ),
        st.sampled_from(DRUGS),
        st.lists(st.sampled_from(EFFECTS), min_size=3, max_size=4, unique=True),
    )


def _measured() -> st.SearchStrategy[str]:
    return st.builds(
        lambda what, hedge, low, width, unit, people: (
            f"{what} is {hedge}{low}{f'-{low + width}' if width else ''}{unit}{people}"
        ),
        st.sampled_from(["Annual bone loss", "The usual dose", "Fracture risk reduction"]),
        st.sampled_from(["", "approximately ", "about "]),
        st.integers(1, 90),
        st.sampled_from([0, 0, 5, 40]),
        st.sampled_from(["%", " mg", " IU", " years"]),
        st.sampled_from(PEOPLE),
    )


def _claimed() -> st.SearchStrategy[str]:
    return st.builds(
        lambda drug, dose, people: (
            f"{drug.capitalize()} ({dose} mg every 6 months) can prevent severe bone loss{people}"
        ),
        st.sampled_from(DRUGS),
        st.integers(1, 400),
        st.sampled_from(PEOPLE),
    )


def _abbreviated() -> st.SearchStrategy[str]:
    return st.builds(
        lambda text, short: text.format(short),
        st.sampled_from(
            [
                "Bone mineral density (BMD) falls in women",
                "BMD is approximately {}% lower in older adults",
                "Estrogen increases BMD and reduces OPG",
                "Estrogen promotes osteoprotegerin (OPG)",
                "Parathyroid hormone (PTH) suppresses OPG",
                "PTH increases bone mineral density in women with a BMD below -{}",
            ]
        ),
        st.integers(1, 9),
    )


TEXTS = st.one_of(_abbreviated(), _directed(), _directed(), _listed(), _measured(), _claimed(), st.text(max_size=60))


@st.composite
def articles(draw: st.DrawFn) -> Article:
    statements = []
    for number, text in enumerate(draw(st.lists(TEXTS, max_size=12)), start=1):
        status = draw(st.sampled_from(list(CitationStatus)))
        reference = None if status is CitationStatus.MISSING else "r1"
        heading = draw(st.sampled_from(["Effects", "Prevention strategies", "Bisphosphonates"]))
        statements.append(
            Statement(
                f"s{number:02}", text, (heading,), None, number, 0, len(text), (Citation("7", status, reference),)
            )
        )
    entry = Reference("r1", "7", "Research", "A study of many bones.", container="A journal", year=2011)
    title = draw(st.sampled_from(["What should be known?", "What is the main cause of bone loss in women?"]))
    return Article(title, None, None, None, tuple(statements), (entry,), ())


generated = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


# ---- the checks, written apart from the code they check -----------------------------------------------------


def squashed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()


def roots(text: str) -> set[str]:
    return {word[:5] for word in re.findall(r"[^\W\d_]{4,}", text.casefold())}


def key_stands_in_its_statement(article: Article, item: DraftItem) -> None:
    ((name, start, end),) = item.key_spans
    assert name == item.statements[0]
    assert squashed(article.statement(name).text[start:end]) == squashed(item.key.text)


def stem_adds_no_words(article: Article, item: DraftItem) -> None:
    statement = article.statement(item.statements[0])
    explained = [one.long for one in short_forms(article) if stands_in(one.short, item.stem)]
    source = " ".join([article.title, *statement.section, statement.lead_in or "", statement.text, *explained])
    assert roots(item.stem) <= roots(f"{source} {WORDING[item.rule]} {FRAME}")


def short_forms(article: Article) -> tuple[Abbreviation, ...]:
    return find_abbreviations(article.title, article.statements)


def stands_in(short: str, text: str) -> bool:
    return re.search(rf"(?<![\w/-]){re.escape(short)}(?![\w/-])", text) is not None


def stem_explains_its_short_forms(article: Article, item: DraftItem) -> None:
    for one in short_forms(article):
        if stands_in(one.short, item.stem):
            assert one.long.casefold() in item.stem.casefold(), (one.short, item.stem)


def no_option_is_the_short_form_of_another(article: Article, item: DraftItem) -> None:
    texts = [squashed(option.text) for option in item.options]
    for one in short_forms(article):
        assert not {squashed(one.short), squashed(one.long)} <= set(texts)


def hedges_survive(article: Article, item: DraftItem) -> None:
    statement = article.statement(item.statements[0])
    asked = f" {item.stem} {item.key.text} ".casefold()
    if "followed by" in statement.text or item.rule in ("class-member", "parts", "definition"):
        return  # the question is on one clause of several
    for word in ("may", "can", "might", "approximately", "about", "potential"):
        if f" {word} " in f" {statement.text} ".casefold():
            assert f" {word} " in asked, (word, item.stem)
    for people in ("women with breast cancer", "older adults", "children"):
        if people in statement.text:
            assert people in asked, item.stem


def options_are_sound(item: DraftItem) -> None:
    assert 3 <= len(item.options) <= 5
    assert sum(option.key for option in item.options) == 1
    assert len({squashed(option.text) for option in item.options}) == len(item.options)
    assert item.stem.endswith("?")
    if item.rule in ("quantity", "range", "threshold"):
        spans = [[float(part) for part in numbers_in(option.text)] for option in item.options]
        spans = [[*span, span[-1]][:2] for span in spans]
        assert spans == sorted(spans)
        assert all(before[1] < after[0] for before, after in pairwise(spans)), spans
    elif item.rule in ("list-member", "subject", "parts", "definition", "indication", "cloze", "cause"):
        shared = [set(LEXICON.semantic_types(option.text)) for option in item.options]
        assert all(one & two for one, two in combinations(shared, 2)), [option.text for option in item.options]


def numbers_in(text: str) -> list[str]:
    text = re.sub(r"^every (?=[a-z])", "every 1 ", text, flags=re.IGNORECASE)
    found = re.match(r"\D*?(-?\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?", text)
    assert found is not None, text
    return [part for part in found.groups() if part is not None]


def evidence_is_named(article: Article, item: DraftItem) -> None:
    statement = article.statement(item.statements[0])
    assert statement.text in item.explanation
    for citation in statement.citations:
        if citation.status is CitationStatus.MISSING or citation.reference is None:
            assert f"marker {citation.marker} has no entry" in item.explanation
            continue
        entry = article.reference(citation.reference)
        assert entry.title.rstrip(".") in item.explanation
        assert citation.reference in item.references
        if citation.status is CitationStatus.BY_POSITION:
            assert "not confirmed" in item.explanation
    if not statement.citations:
        assert "no citation" in item.explanation
    for option in item.options:
        if option.key:
            assert statement.text in option.rationale
        else:
            assert ("contradicts" in option.rationale) != option.needs_expert
            assert ("does not support" in option.rationale) == option.needs_expert


def facts_share_enemies(report: DraftReport) -> None:
    for one, other in combinations(report.items, 2):
        (first, start, end), (second, begin, stop) = one.key_spans[0], other.key_spans[0]
        if first == second and start < stop and begin < end:
            assert one.enemy_set is not None
            assert one.enemy_set == other.enemy_set


def everything_holds(article: Article, report: DraftReport) -> None:
    for item in report.items:
        key_stands_in_its_statement(article, item)
        stem_adds_no_words(article, item)
        stem_explains_its_short_forms(article, item)
        no_option_is_the_short_form_of_another(article, item)
        hedges_survive(article, item)
        options_are_sound(item)
        evidence_is_named(article, item)
        assert item.rule in WORDING
        assert 0 < item.confidence <= 1
    facts_share_enemies(report)
    with_item = {name for item in report.items for name in item.statements}
    without = [name for name, reason in report.without_item if reason]
    assert sorted([*with_item, *without]) == sorted(statement.id for statement in article.statements)
    assert len({item.id for item in report.items}) == len(report.items)


# ---- the tests ----------------------------------------------------------------------------------------------


def test_every_draft_of_the_real_article_keeps_every_invariant(real_article: Article, real_report: DraftReport) -> None:
    everything_holds(real_article, real_report)


@pytest.mark.parametrize("rule", [rule.name for rule in RULES])
def test_each_rule_alone_keeps_every_invariant_on_the_real_article(real_article: Article, rule: str) -> None:
    report = draft_items(real_article, rules=[rule])
    everything_holds(real_article, report)
    assert {item.rule for item in report.items} <= {rule}


@generated
@given(articles(), st.integers(0, 5))
def test_every_draft_of_any_article_keeps_every_invariant(article: Article, seed: int) -> None:
    everything_holds(article, draft_items(article, seed=seed))


@generated
@given(articles())
def test_the_same_article_gives_the_same_bytes(article: Article) -> None:
    assert json.dumps(report_to_dict(draft_items(article))) == json.dumps(report_to_dict(draft_items(article)))


def test_the_report_does_not_depend_on_the_hash_seed_of_the_run() -> None:
    root = Path(__file__).parents[3]
    code = (
        "import json, sys; from qbank.articles.reading import read_article;"
        "from qbank.articles.drafting import draft_items; from qbank.articles.drafting.as_json import report_to_dict;"
        "text = open('tests/articles/fixtures/postmenopausal-bone-resorption.txt', encoding='utf-8').read();"
        "sys.stdout.write(json.dumps(report_to_dict(draft_items(read_article(text)))))"
    )
    outputs = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)}
        run = subprocess.run([sys.executable, "-c", code], cwd=root, env=environment, capture_output=True, check=True)
        outputs.append(run.stdout)
    assert outputs[0] == outputs[1] != b""


@generated
@given(st.lists(_directed(), min_size=2, max_size=10))
def test_no_distractor_is_asserted_elsewhere_in_the_article(texts: list[str]) -> None:
    statements = tuple(Statement(f"s{n:02}", text, (), None, n, 0, len(text)) for n, text in enumerate(texts, start=1))
    article = Article("What?", None, None, None, statements, (), ())
    said = [re.match(r"(\w+) (?:may |can )?(\w+) (.+?)(?: in .*)?$", text) for text in texts]
    for item in draft_items(article, rules=["polarity"]).items:
        (name, _, _) = item.key_spans[0]
        here = said[int(name[1:]) - 1]
        assert here is not None
        up = is_up(here[2])
        for other in said:
            assert other is not None
            if other[1] == here[1] and is_up(other[2]) == up:
                true = {squashed(word) for term in LEXICON.find_all(other[3]) for word in term.names}
                offered = {squashed(option.text) for option in item.options if not option.key}
                assert not true & offered


def is_up(verb: str) -> bool:
    return any(verb.startswith(known[:6]) for known in UP)


def test_statements_that_contradict_one_another_give_no_item_and_are_reported_together() -> None:
    texts = [
        "Estrogen suppresses RANKL",
        "Estrogen promotes RANKL",
        "Estrogen activates BMP signaling",
        "Estrogen activates Wnt signaling",
    ]
    statements = tuple(Statement(f"s{n:02}", text, (), None, n, 0, len(text)) for n, text in enumerate(texts, start=1))
    report = draft_items(Article("What?", None, None, None, statements, (), ()))
    assert not {"s01", "s02"} & {name for item in report.items for name in item.statements}
    assert all(option.text != "RANKL" for item in report.items for option in item.options)
    (problem,) = report.problems
    assert (problem.code, problem.line) == ("contradiction", 1)
    assert "s01" in problem.message
    assert "s02" in problem.message


def test_two_numbers_for_the_same_thing_are_a_contradiction_too() -> None:
    texts = ["Bone loss is approximately 2% per year", "Bone loss is approximately 5% per year"]
    statements = tuple(Statement(f"s{n:02}", text, (), None, n, 0, len(text)) for n, text in enumerate(texts, start=1))
    report = draft_items(Article("What?", None, None, None, statements, (), ()))
    assert report.items == ()
    assert [problem.code for problem in report.problems] == ["contradiction"]


def test_keys_are_spread_over_the_places(real_report: DraftReport) -> None:
    places = Counter([option.key for option in item.options].index(True) for item in real_report.items)
    assert max(places.values()) <= 0.35 * len(real_report.items)
    assert min(places[place] for place in range(4)) >= 0.15 * len(real_report.items)


def test_the_seed_moves_keys_but_changes_no_question(real_article: Article, real_report: DraftReport) -> None:
    other = draft_items(real_article, seed=1)
    assert [item.stem for item in other.items] == [item.stem for item in real_report.items]
    assert [item.options for item in other.items] != [item.options for item in real_report.items]

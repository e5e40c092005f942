"""The article that ships: the facts and markers of its source, in words of its own."""

from __future__ import annotations

import re

from qbank import paths
from qbank.articles.document import Article, CitationStatus
from tests.questions.conftest import SLUG, SOURCE

RUN = 8  # words in a row that would make a sentence a copied one

# Every figure of the source, statement by statement; the words around them may differ, these may not.
FIGURES = re.compile(r"\d+(?:\.\d+)?(?:-\d+)?%?")


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


def runs(text: str) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[start : start + RUN]) for start in range(len(found) - RUN + 1)}


def without_references(text: str) -> str:
    """Titles and journals of the reference list are names, which must be given as they are."""
    head, mark, tail = (
        text.partition("\nReferences\n") if "\n## References" not in text else text.partition("## References")
    )
    assert mark, "the text has no reference list"
    return head + tail.partition("Professional Medical Disclaimer")[2]


def test_every_statement_bears_exactly_the_markers_of_its_source(article: Article, source: Article) -> None:
    ours = [[citation.marker for citation in statement.citations] for statement in article.statements]
    theirs = [[citation.marker for citation in statement.citations] for statement in source.statements]
    assert ours == theirs
    assert len(ours) == 32
    assert sum(map(len, ours)) == 29
    assert {marker for markers in ours for marker in markers} == set("123456")


def test_every_statement_gives_exactly_the_figures_of_its_source(article: Article, source: Article) -> None:
    for ours, theirs in zip(article.statements, source.statements, strict=True):
        assert sorted(FIGURES.findall(ours.text)) == sorted(FIGURES.findall(theirs.text)), ours.id


def test_the_references_are_those_of_the_source_and_stay_unnumbered(article: Article, source: Article) -> None:
    def shown(read: Article) -> list[tuple[object, ...]]:
        return [(entry.kind, entry.title, entry.container, entry.year, entry.marker) for entry in read.references]

    assert shown(article) == shown(source)
    assert [entry.marker for entry in article.references] == [None] * 4


def test_no_link_to_a_reference_is_claimed_to_be_sure(article: Article) -> None:
    status = {citation.marker: citation.status for statement in article.statements for citation in statement.citations}
    assert status == {
        **dict.fromkeys("1234", CitationStatus.BY_POSITION),
        **dict.fromkeys("56", CitationStatus.MISSING),
    }


def test_the_head_gives_title_status_date_headline_and_disclaimer(article: Article) -> None:
    assert article.title.endswith("?")
    assert article.status == "submitted"
    assert article.updated == "2025-08-19"
    assert article.headline is not None
    assert "estrogen" in article.headline
    assert article.disclaimer is not None
    assert "restates" in article.disclaimer


def test_the_reader_finds_nothing_wrong_but_what_is_wrong_with_the_source(article: Article) -> None:
    assert {problem.code for problem in article.problems} == {"marker_without_entry", "position_numbering_unsafe"}


def test_no_run_of_eight_words_is_copied_from_the_source() -> None:
    ours = (paths.questions_dir() / "articles" / f"{SLUG}.md").read_text(encoding="utf-8")
    shared = runs(without_references(ours)) & runs(without_references(SOURCE.read_text(encoding="utf-8")))
    assert not shared, sorted(" ".join(run) for run in shared)


def test_no_item_copies_a_run_of_eight_words_from_the_source() -> None:
    theirs = runs(without_references(SOURCE.read_text(encoding="utf-8")))
    for file in sorted((paths.questions_dir() / "items").rglob("*.md")):
        shared = runs(file.read_text(encoding="utf-8")) & theirs
        assert not shared, f"{file.name}: {sorted(' '.join(run) for run in shared)}"


def test_a_copied_sentence_would_be_found() -> None:
    sentence = "Fracture sites affected include: Nonvertebral fractures (27% risk reduction with HRT)"
    assert runs(sentence) <= runs(SOURCE.read_text(encoding="utf-8"))

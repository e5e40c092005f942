"""The facts of a real article, as pasted from its page."""

from collections import Counter
from pathlib import Path

import pytest

from qbank.articles.document import Article, CitationStatus
from qbank.articles.reading import read_article

SOURCE = (Path(__file__).parents[1] / "fixtures" / "postmenopausal-bone-resorption.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def article() -> Article:
    return read_article(SOURCE)


def with_code(article: Article, code: str) -> list[tuple[int, str]]:
    return [(p.line, p.message) for p in article.problems if p.code == code]


def test_it_has_32_statements_27_of_them_with_citations(article: Article) -> None:
    assert len(article.statements) == 32
    assert sum(bool(s.citations) for s in article.statements) == 27


def test_it_has_29_markers_over_6_numbers(article: Article) -> None:
    markers = Counter(c.marker for s in article.statements for c in s.citations)
    assert markers == {"1": 8, "2": 7, "3": 6, "4": 3, "5": 3, "6": 2}


def test_markers_5_and_6_have_no_entry_and_are_reported_with_their_lines(article: Article) -> None:
    for statement in article.statements:
        for citation in statement.citations:
            expected = CitationStatus.MISSING if citation.marker in "56" else CitationStatus.BY_POSITION
            assert citation.status is expected
            assert (citation.reference is None) == (citation.marker in "56")
    reported = with_code(article, "marker_without_entry")
    assert [line for line, _ in reported] == [59, 65]
    assert "59, 60, 61" in reported[0][1]
    assert "65, 66" in reported[1][1]


def test_linking_by_position_is_reported_once_as_unsafe(article: Article) -> None:
    ((line, message),) = with_code(article, "position_numbering_unsafe")
    assert line == 88
    assert "confirmation" in message
    assert "5, 6" in message


def test_the_four_references_are_read_with_kind_title_container_and_year(article: Article) -> None:
    read = [(r.id, r.marker, r.kind, r.title, r.year, r.line) for r in article.references]
    assert read == [
        ("r1", None, "Guideline", "Guideline Directed Topic Overview", 2025, 88),
        ("r2", None, "Guideline", "Osteoporosis Management", 2025, 94),
        ("r3", None, "Research", "Bone fractures after menopause.", 2010, 100),
        ("r4", None, "Research", "Estrogen therapy for osteoporosis in the modern era.", 2018, 106),
    ]
    assert article.references[2].container == "Human reproduction update"
    assert article.references[3].container is not None
    assert article.references[3].container.startswith("Osteoporosis international")


def test_title_headline_date_and_disclaimer_are_found_and_the_status_is_said_to_be_unknown(article: Article) -> None:
    assert article.title.startswith("What is the primary cause of bone resorption")
    assert article.headline is not None
    assert article.headline.startswith("Estrogen Deficiency is the Primary Cause")
    assert article.updated == "2025-08-19"
    assert article.disclaimer is not None
    assert article.disclaimer.startswith("This information is intended for healthcare professionals")
    assert article.status is None
    assert [line for line, _ in with_code(article, "status_unknown")] == [5]


def test_page_furniture_is_no_content_and_its_lines_are_named(article: Article) -> None:
    said = " ".join([s.text for s in article.statements] + [h for s in article.statements for h in s.section])
    for phrase in (
        "Personalize",
        "Advisory Board",
        "follow-up question",
        "Under Review",
        "Disclaimer",
        "tailor",
        "A.I.",
    ):
        assert phrase not in said
    ((_, message),) = with_code(article, "page_furniture")
    assert "3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 116, 118" in message


def test_every_statement_is_its_source_span_to_the_letter(article: Article) -> None:
    for statement in article.statements:
        assert SOURCE[statement.start : statement.end] == statement.text
        assert SOURCE.count("\n", 0, statement.start) + 1 == statement.line


def test_the_paragraph_under_the_headline_is_the_first_statement(article: Article) -> None:
    first = article.statements[0]
    assert (first.id, first.line, first.section, first.lead_in) == ("s01", 20, (), None)
    assert first.text.endswith("a higher incidence of fractures.")
    assert [c.marker for c in first.citations] == ["1"]


def test_bullets_have_section_and_lead_in_and_nested_ones_their_parent(article: Article) -> None:
    by_line = {s.line: s for s in article.statements}
    assert by_line[33].lead_in == "When estrogen levels decline during menopause:"
    assert by_line[38].lead_in is None
    assert by_line[40].text == "Fracture sites affected include:"
    assert {by_line[n].lead_in for n in range(41, 45)} == {"Fracture sites affected include:"}
    assert by_line[44].text == "Hip fractures (36% risk reduction with HRT)"
    assert [c.marker for c in by_line[44].citations] == ["3"]
    assert not by_line[43].citations
    assert [c.marker for c in by_line[50].citations] == ["1", "3"]
    assert by_line[66].section == (
        "Prevention and Management Strategies",
        "Pharmacological Interventions",
        "Bisphosphonates",
    )
    assert by_line[77].section == ("Monitoring and Follow-up",)


def test_a_removed_entry_makes_its_position_missing() -> None:
    shorter = read_article(
        SOURCE.replace("Bone fractures after menopause.\n\nHuman reproduction update, 2010\n\nResearch\n\n", "")
    )
    assert len(shorter.references) == 3
    assert {c.status for s in shorter.statements for c in s.citations if c.marker == "4"} == {CitationStatus.MISSING}


def test_the_article_without_its_list_keeps_every_marker_and_says_so() -> None:
    bare = read_article(SOURCE[: SOURCE.index("References\n")])
    citations = [c for s in bare.statements for c in s.citations]
    assert len(citations) == 29
    assert {c.status for c in citations} == {CitationStatus.MISSING}
    assert "no_references" in {p.code for p in bare.problems}

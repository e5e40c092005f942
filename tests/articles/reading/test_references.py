"""Reference entries in the ways that lists are written."""

import pytest

from qbank.articles.document import Reference
from qbank.articles.reading import read_article


def read(lines: str) -> tuple[Reference, ...]:
    return read_article(f"What helps?\n\nExercise helps.\n\nReferences\n\n{lines}").references


def test_the_order_authors_title_journal_year_is_read_over_several_lines_with_identifiers() -> None:
    first, second = read(
        "1. Smith AB, Jones CD, et al. Bone density\n   in women. J Bone. 2019;16(3):1-9.\n"
        "   doi: 10.1000/xyz(1)2. PMID: 12345678\n2. Lee C. Hip. Lancet. 2001. https://example.org/a.\n"
    )
    assert (first.marker, first.authors, first.title) == ("1", "Smith AB, Jones CD, et al.", "Bone density in women")
    assert (first.container, first.year, first.doi, first.pmid) == ("J Bone", 2019, "10.1000/xyz(1)2", "12345678")
    assert (second.title, second.container, second.url) == ("Hip", "Lancet", "https://example.org/a")


def test_the_order_authors_year_title_is_read() -> None:
    (one,) = read(
        "Smith, A. B., & Jones, C. (2020). Calcium and bone. Bone Journal, 3, 4-5. https://doi.org/10.1000/abc\n"
    )
    assert (one.authors, one.year, one.title, one.doi) == (
        "Smith, A. B., & Jones, C.",
        2020,
        "Calcium and bone",
        "10.1000/abc",
    )


def test_an_organisation_is_an_author_too() -> None:
    (one,) = read("World Health Organization (2010). Fracture report. Geneva.\n")
    assert (one.authors, one.title, one.year) == ("World Health Organization", "Fracture report", 2010)


@pytest.mark.parametrize("sign", ["{}. ", "[{}] ", "({}) ", "{}) ", "{} "])
def test_printed_numbers_are_kept_as_markers(sign: str) -> None:
    lines = "".join(f"{sign.format(n)}Smith AB. Study {n}. J Bone. 201{n}.\n" for n in range(1, 5))
    assert [(r.marker, r.title) for r in read(lines)] == [(str(n), f"Study {n}") for n in range(1, 5)]


def test_numbers_link_by_what_is_printed_and_not_by_place() -> None:
    article = read_article(
        "What helps?\n\n- Exercise helps [7]\n- Calcium helps [1]\n\nReferences\n\n"
        "7. Smith AB. Walk. J Bone. 2019.\n9. Lee C. Hip. Lancet. 2001.\n"
    )
    assert [c.reference for s in article.statements for c in s.citations] == ["r1", None]


def test_two_entries_with_one_number_link_nothing_and_are_reported() -> None:
    article = read_article(
        "What helps?\n\n- Exercise helps [1]\n\nReferences\n\n"
        "1. Smith AB. Walk. J Bone. 2019.\n1. Lee C. Hip. Lancet. 2001.\n"
    )
    assert [c.reference for c in article.statements[0].citations] == [None]
    assert "ambiguous_marker" in {p.code for p in article.problems}


def test_a_line_that_is_no_citation_is_kept_as_title() -> None:
    assert [r.title for r in read("Some notes of ours\n")] == ["Some notes of ours"]

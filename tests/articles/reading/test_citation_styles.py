"""Citation styles that one statement may carry beside those of the round trip: ranges, footnotes, told in the text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qbank.articles.document import Article, CitationStatus
from qbank.articles.reading import read_article

NAMES = ("Adams", "Baker", "Clark", "Davis", "Evans", "Frank")
STATEMENTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["reduces fracture risk", "raises BMD by 2.5%", "helps, e.g. at the hip", "acts on IL-1, IL-6"]
        ),
        st.integers(1, 6),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=5,
)
READS = settings(max_examples=60, deadline=None)


def entries(numbered: bool) -> str:
    return "\n\n".join(
        f"{f'{n}. ' if numbered else ''}{name} AB. Study {n} of bone. Bone Journal. {2000 + n}."
        for n, name in enumerate(NAMES, start=1)
    )


def linked(article: Article) -> list[list[str | None]]:
    assert all(c.status is CitationStatus.BY_NUMBER for s in article.statements for c in s.citations)
    return [[c.reference for c in s.citations] for s in article.statements]


def check_places(source: str, article: Article) -> None:
    for statement in article.statements:
        assert source[statement.start : statement.end].startswith(statement.text[:12])
        assert statement.line == source.count("\n", 0, statement.start) + 1


@READS
@given(STATEMENTS)
def test_a_range_in_brackets_cites_each_entry_of_it(said: list[tuple[str, int, int]]) -> None:
    lines = [
        f"- Drug {at} {text} [{n}-{min(n + more, 6)}]" if more else f"- Drug {at} {text} [{n}]"
        for at, (text, n, more) in enumerate(said)
    ]
    source = "What helps?\n\n" + "\n".join(lines) + "\n\nReferences\n\n" + entries(True) + "\n"
    article = read_article(source)
    assert [s.text for s in article.statements] == [f"Drug {at} {text}" for at, (text, *_) in enumerate(said)]
    assert linked(article) == [[f"r{k}" for k in range(n, min(n + more, 6) + 1)] for _, n, more in said]
    check_places(source, article)


@READS
@given(STATEMENTS)
def test_markdown_footnotes_cite_their_entries(said: list[tuple[str, int, int]]) -> None:
    lines = [f"- Drug {at} {text}[^{n}]" for at, (text, n, _) in enumerate(said)]
    notes = "\n".join(
        f"[^{n}]: {name} AB. Study {n} of bone. Bone Journal. {2000 + n}." for n, name in enumerate(NAMES, 1)
    )
    source = "# What helps?\n\n## Life\n\n" + "\n".join(lines) + "\n\n" + notes + "\n"
    article = read_article(source)
    assert [s.text for s in article.statements] == [f"Drug {at} {text}" for at, (text, *_) in enumerate(said)]
    assert len(article.references) == 6
    assert linked(article) == [[f"r{n}"] for _, n, _ in said]
    check_places(source, article)


@READS
@given(STATEMENTS, st.sampled_from(["{} ({}) showed", "{} et al. ({}) showed", "{} and Zorn ({}) showed"]))
def test_an_author_told_in_the_sentence_is_a_citation_and_stays_in_its_text(
    said: list[tuple[str, int, int]], told: str
) -> None:
    texts = [f"{told.format(NAMES[n - 1], 2000 + n)} that drug {at} {text}" for at, (text, n, _) in enumerate(said)]
    source = "What helps?\n\n" + "\n".join(f"- {text}" for text in texts) + "\n\nReferences\n\n" + entries(False) + "\n"
    article = read_article(source)
    assert [s.text for s in article.statements] == texts
    assert linked(article) == [[f"r{n}"] for _, n, _ in said]
    assert all(source[s.start : s.end] == s.text for s in article.statements)


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("Kidney damage lasts for more than 3 months 1", ["1"]),
        ("Sodium is limited to 2 g per day 1, 2", ["1", "2"]),
        ("It is measured every month 2", ["2"]),
        ("Symptoms peak on day 2", []),
        ("It is given in month 2", []),
        ("Risk is high in week 1", []),
    ],
)
def test_a_number_behind_a_complete_time_is_a_marker_and_the_count_of_a_day_is_none(
    text: str, cited: list[str]
) -> None:
    source = f"What helps?\n\n- Exercise helps 1\n- {text}\n\nReferences\n\n{entries(True)}\n"
    statement = read_article(source).statements[1]
    assert [c.marker for c in statement.citations] == cited
    assert statement.text == (text.rstrip("12, ") if cited else text)


@pytest.mark.parametrize(
    "sentence",
    [
        "Give it i.v. in adults.",
        "Dr. Adams said so.",
        "J. B. Adams et al. found it.",
        "A T-score of -2.5 vs. -1.0 differs.",
        "IL-1, IL-6 and TNF rise, e.g. after menopause.",
    ],
)
def test_no_sentence_is_split_at_an_abbreviation_a_decimal_or_an_initial(sentence: str) -> None:
    article = read_article(f"What helps?\n\nExercise helps. {sentence} Rest is next.\n")
    assert [s.text for s in article.statements] == ["Exercise helps.", sentence, "Rest is next."]

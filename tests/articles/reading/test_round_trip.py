"""Articles written out and read back give the same statements, markers and references."""

import html
import re

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from qbank.articles.document import Article, CitationStatus
from qbank.articles.reading import read_article
from tests.articles.reading.written import Written, articles, as_html, as_text, expected_markers

SLOW = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def cites_bare_enough(written: Written) -> bool:
    """Bare numbers are read where an article cites by them at all."""
    return any(cited for *_, cited in written.statements)


def check(written: Written, source: str, article: Article) -> None:
    expected = [
        (section, text, lead_in, expected_markers(written.style, cited))
        for section, text, lead_in, cited in written.statements
    ]
    found = [(s.section[-1], s.text, s.lead_in, [c.marker for c in s.citations]) for s in article.statements]
    assert found == expected
    assert [(r.title, r.year, r.doi) for r in article.references] == [
        (f"Study {n} of bone", 2000 + n, f"10.1000/{n}") for n in range(1, written.entries + 1)
    ]
    by_position = written.style in ("bare", "bracket", "raised") and not written.numbered
    status = CitationStatus.BY_POSITION if by_position else CitationStatus.BY_NUMBER
    for (*_, cited), statement in zip(written.statements, article.statements, strict=True):
        assert [(c.status, c.reference) for c in statement.citations] == [(status, f"r{n}") for n in cited]
    assert article.title == "What helps the bones?"
    check_spans(source, article)


def check_spans(source: str, article: Article) -> None:
    """A span is its statement once markup, markers, cell signs and white space are out of the way."""
    end = 0
    for statement in article.statements:
        assert end <= statement.start < statement.end <= len(source)
        end = statement.end
        span = html.unescape(re.sub(r"<sup>.*?</sup>|<[^>]*>", "", source[statement.start : statement.end]))
        shown = re.sub(r"\[[^\]]*\]|\([A-Z][^()]*\d{4}\)|[⁰¹²³⁴⁵⁶⁷⁸⁹,]+(?=\.?$)", "", span)
        assert re.sub(r"[\s|]", "", statement.text) in {re.sub(r"[\s|]", "", t) for t in (span, shown)}
        assert statement.line == source.count("\n", 0, statement.start) + 1


@SLOW
@given(articles())
def test_plain_text_is_read_back(written: Written) -> None:
    assume(cites_bare_enough(written))
    source = as_text(written)
    check(written, source, read_article(source))


@SLOW
@given(articles())
def test_markdown_is_read_back(written: Written) -> None:
    assume(cites_bare_enough(written))
    source = as_text(written, markdown=True)
    article = read_article(source)
    assert article.source_format == "markdown"
    check(written, source, article)


@SLOW
@given(articles())
def test_html_is_read_back(written: Written) -> None:
    assume(cites_bare_enough(written))
    source = as_html(written)
    article = read_article(source)
    assert article.source_format == "html"
    check(written, source, article)


@SLOW
@given(articles())
def test_windows_line_ends_change_nothing_but_the_offsets(written: Written) -> None:
    source = as_text(written)
    one, other = read_article(source), read_article(source.replace("\n", "\r\n"))
    assert [(s.text, s.line, s.citations) for s in one.statements] == [
        (s.text, s.line, s.citations) for s in other.statements
    ]
    assert one.references == other.references


TEXT = st.text(
    st.sampled_from("aB1 2,.-–[](){}<>/&;:#*_`|\n\n\t•^@\\¹²'\"=!?~βé")
    | st.characters(codec="utf-8", exclude_characters="\0"),
    max_size=300,
)


@settings(max_examples=400, deadline=None)
@given(TEXT, st.sampled_from(["", "# T\n\n", "<html><body><p>x", "T?\n\nReferences\n\n", "---\ntitle: T\n---\n"]))
def test_any_text_is_read_or_refused_and_spans_lie_in_order(text: str, head: str) -> None:
    from qbank.articles.reading import ArticleError

    source = head + text
    try:
        article = read_article(source)
    except ArticleError:
        return  # refused with a place and a cure, as its own tests say
    assert [s.id for s in article.statements] == [f"s{n:02}" for n in range(1, len(article.statements) + 1)]
    for statement in article.statements:
        assert statement.text == statement.text.strip() != ""
        assert 0 <= statement.start < statement.end <= len(source)
        assert "\ue000" not in statement.text
    known = {r.id for r in article.references}
    assert all(c.reference in known | {None} for s in article.statements for c in s.citations)
    assert read_article(source) == article

"""Formats told apart, heads read, bytes decoded, unusable input refused with place, cause and cure."""

import pytest

from qbank.articles.document import CitationStatus
from qbank.articles.reading import ArticleError, read_article, read_article_bytes
from qbank.articles.reading.limits import MAX_BLOCKS, MAX_BYTES

TEXT = "What lowers risk?\n\n- Exercise lowers fracture risk 1\n\nReferences\n\n1. Smith AB. Exercise. J Bone. 2019.\n"
HEAD = (
    "---\ntitle: What lowers risk?\nstatus: {status}\nupdated: {updated}\nheadline: Exercise does\n"
    "disclaimer: No advice.\n---\n"
)
BODY = (
    "## Life\n\n- **Exercise** lowers [risk](https://example.org) [1]\n\n## References\n\n"
    "1. Smith AB. Exercise. J Bone. 2019.\n"
)


def codes(source: str) -> set[str]:
    return {p.code for p in read_article(source).problems}


def test_a_yaml_head_gives_title_status_date_headline_and_disclaimer() -> None:
    article = read_article(HEAD.format(status="approved", updated="2025-08-19") + BODY)
    assert (article.title, article.status, article.updated) == ("What lowers risk?", "approved", "2025-08-19")
    assert (article.headline, article.disclaimer) == ("Exercise does", "No advice.")
    assert [s.text for s in article.statements] == ["Exercise lowers risk"]
    assert article.statements[0].citations[0].status is CitationStatus.BY_NUMBER


def test_an_unknown_status_and_an_unclear_date_are_left_empty_and_reported() -> None:
    source = HEAD.format(status="nearly", updated="03/04/2025") + BODY
    article = read_article(source)
    assert article.status is None
    assert article.updated is None
    assert {"status_unknown", "date_unclear"} <= codes(source)


@pytest.mark.parametrize(
    "head", ["title: [a, b]", "title: *a", "title: 'x", "- a", "title: " + "[" * 8000, "x: {a: &b 1}"]
)
def test_a_head_that_is_no_list_of_lines_is_refused(head: str) -> None:
    with pytest.raises(ArticleError) as refused:
        read_article(f"---\n{head}\n---\n{BODY}")
    assert refused.value.code == "front_matter"
    assert refused.value.cure


def test_html_leaves_out_scripts_navigation_and_hidden_text_and_reads_superscripts() -> None:
    article = read_article(
        "<!DOCTYPE html><html><head><title>t</title><script>var a='<p>not this</p>'</script></head><body>"
        "<nav><p>Not this</p></nav><div hidden><p>Nor this</p></div><h1>What lowers risk?</h1>"
        "<h2>Life</h2><p>Exercise lowers <b>risk</b> &lt; 5&nbsp;kg/m<sup>2</sup>.<sup><a href='#r1'>1</a></sup></p>"
        "<ul><li>It helps<li>Outer<ul><li>Inner <a href='#r1'>1</a></ul></ul>"
        "<h2>References</h2><ol><li>Smith AB. Exercise. J Bone. 2019.</ol></body></html>"
    )
    assert [(s.text, [c.reference for c in s.citations]) for s in article.statements] == [
        ("Exercise lowers risk < 5\u00a0kg/m².".replace("\u00a0", " "), ["r1"]),
        ("It helps", []),
        ("Outer", []),
        ("Inner", ["r1"]),
    ]
    assert article.statements[3].lead_in == "Outer"


def test_a_saved_page_that_marks_the_current_status_tells_it() -> None:
    page = (
        "<html><body><h1>What helps?</h1><ul><li>Submitted</li><li{}>Under Review</li><li>Approved</li></ul>"
        "<p>It does.</p>"
    )
    assert read_article(page.format(" aria-current='step'")).status == "under_review"
    assert read_article(page.format("")).status is None


def test_a_table_row_is_a_statement_with_the_heads_as_lead_in_and_its_reference_column_as_markers() -> None:
    article = read_article("# What helps?\n\n| Site | Reduction | Ref |\n|---|---|---|\n| Hip | 36% [2] | 1 |\n")
    (row,) = article.statements
    assert (row.text, row.lead_in) == ("Hip | 36%", "Site | Reduction")
    assert [c.marker for c in row.citations] == ["2", "1"]


def test_sentences_survive_abbreviations_decimals_and_names_with_digits() -> None:
    article = read_article(
        "What helps?\n\nEstrogen (e.g. estradiol) vs. placebo helps. 1 A T-score of -2.5 counts. IL-1, IL-6 rise."
        " Take vitamin D. Calcium helps, see Fig. 2 there.\n"
    )
    assert [s.text for s in article.statements] == [
        "Estrogen (e.g. estradiol) vs. placebo helps.",
        "A T-score of -2.5 counts.",
        "IL-1, IL-6 rise.",
        "Take vitamin D.",
        "Calcium helps, see Fig. 2 there.",
    ]
    assert [c.marker for c in article.statements[0].citations] == ["1"]


def test_duplicate_statements_entries_and_uncited_entries_are_kept_and_reported_by_line() -> None:
    article = read_article(
        "What helps?\n\n- Exercise helps [1]\n- Exercise helps [2]\n\nReferences\n\n"
        "1. Smith AB. Bone. J Bone. 2019.\n2. Smith AB. Bone. J Bone. 2019.\n3. Lee C. Hip. Lancet. 2001.\n"
    )
    assert len(article.statements) == 2
    assert len(article.references) == 3
    found = {(p.code, p.line) for p in article.problems}
    assert {("duplicate_statement", 4), ("duplicate_entry", 9), ("entry_never_cited", 10)} <= found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_files_are_read_alike(encoding: str) -> None:
    article = read_article_bytes(TEXT.replace("risk 1", "β-risk 1").replace("\n", "\r\n").encode(encoding), "a.txt")
    (statement,) = article.statements
    assert statement.text == "Exercise lowers fracture β-risk"
    assert (statement.line, statement.start) == (3, 21)


def test_windows_1252_is_read_and_reported() -> None:
    article = read_article_bytes(TEXT.replace("Smith", "Müller").encode("cp1252"), None)
    assert article.references[0].authors == "Müller AB"
    assert [p.line for p in article.problems if p.code == "encoding_guessed"] == [7]


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"", "empty", 1),
        (b" \n\n\t", "empty", 1),
        (b"\xef\xbb\xbf", "empty", 1),
        (b"%PDF-1.7\n", "binary", 1),
        (b"PK\x03\x04abc", "binary", 1),
        (b"a\nb\x00c", "binary", 2),
        (b"\xff\xfea", "encoding", 1),
        (b"a\n\x81\x8d", "encoding", 2),
        (b"a" * (MAX_BYTES + 1), "too_large", 1),
        (b"<html><body><img src=a><img src=b></body></html>", "image_only", 1),
        (b"<html><body><script>x</script></body></html>", "empty", 1),
        (b"a\n\n" * (MAX_BLOCKS + 5), "too_many_parts", 2 * MAX_BLOCKS + 4),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_unusable_files_are_refused_with_line_cause_and_cure(data: bytes, code: str, line: int) -> None:
    with pytest.raises(ArticleError) as refused:
        read_article_bytes(data, "a.txt")
    assert refused.value.code == code
    assert abs(refused.value.line - line) <= 2
    assert refused.value.cure


def test_half_characters_are_refused_with_their_line() -> None:
    with pytest.raises(ArticleError, match="line 3") as refused:
        read_article("a\n\nb\ud800")
    assert refused.value.code == "surrogate"


def test_a_name_decides_only_where_the_content_does_not() -> None:
    assert read_article("What helps?\n\nIt does.", name="a.md").source_format == "markdown"
    assert read_article("What helps?\n\nIt does.", name="a.html").source_format == "text"
    assert read_article("# What helps?\n\nIt does.", name="a.txt").source_format == "markdown"


def steps(source: str) -> int:
    """Lines of Python run while reading: a measure of work that no clock blurs."""
    import sys

    count = 0

    def trace(frame: object, event: str, arg: object) -> object:
        nonlocal count
        count += 1
        return trace

    sys.settrace(trace)  # type: ignore[arg-type]
    try:
        read_article(source)
    finally:
        sys.settrace(None)
    return count


@pytest.mark.parametrize(
    "piece",
    [
        "[",
        "[1",
        "(",
        "¹ ",
        '<a "',
        "<!--",
        "- a\n",
        "a. ",
        "`",
        "^a",
        "1, ",
        "[^a]: x\n",
        "<table><tr><td>",
        "<ul><li>",
    ],
)
@pytest.mark.parametrize("head", ["What?\n\n", "# What?\n\n", "<html><body><p>x"])
def test_work_grows_no_faster_than_the_text(head: str, piece: str) -> None:
    small, large = steps(head + piece * 300), steps(head + piece * 1200)
    assert large < 6 * small + 2000


@pytest.mark.parametrize("source", ["What?\n\n" + "[" * 8000, "# W\n" + "> " * 8000, "<html>" + "<div>" * 8000 + "x"])
def test_thousands_of_open_brackets_are_read(source: str) -> None:
    assert read_article(source)

"""HTML tables whose cells span rows and columns, and lists of terms."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from qbank.articles.document import Article
from qbank.articles.reading import read_article
from tests.articles.reading.test_round_trip import check_spans


def read(body: str) -> Article:
    source = f"<html><body><h1>What helps?</h1>{body}</body></html>"
    article = read_article(source)
    check_spans(source, article)
    return article


def said(body: str) -> list[tuple[str | None, str]]:
    return [(s.lead_in, s.text) for s in read(body).statements]


def test_heads_over_several_columns_and_in_several_rows_stand_over_each_cell() -> None:
    assert said(
        "<table><thead><tr><th rowspan=2>Drug<th colspan=2>Reduction</tr><tr><th>Hip<th>Spine</tr></thead>"
        "<tr><td>Alendronate<td>36%<td>45%<tr><td>Zoledronate<td>41%<td>70%</table>"
    ) == [
        ("Drug | Reduction – Hip | Reduction – Spine", "Alendronate | 36% | 45%"),
        ("Drug | Reduction – Hip | Reduction – Spine", "Zoledronate | 41% | 70%"),
    ]


def test_a_cell_over_several_rows_is_said_once_and_stands_before_the_heads_below() -> None:
    assert said(
        "<table><tr><th>Drug<th>Site<th>Less</tr>"
        "<tr><td rowspan=2>Alendronate<td>Hip<td>36%<tr><td>Spine<td>45%<tr><td>Zoledronate<td>Hip<td>41%</table>"
    ) == [
        ("Drug | Site | Less", "Alendronate | Hip | 36%"),
        ("Alendronate: Site | Less", "Spine | 45%"),
        ("Drug | Site | Less", "Zoledronate | Hip | 41%"),
    ]


def test_a_row_as_wide_as_the_table_names_the_rows_below_it_unless_it_says_something() -> None:
    rows = "<tr><td>Hip<td>36%<tr><td>Spine<td>45%"
    head = "<table><tr><th>Site<th>Less</tr>"
    assert said(f"{head}<tr><td colspan=2>Women over 65</tr>{rows}</table>") == [
        ("Women over 65: Site | Less", "Hip | 36%"),
        ("Women over 65: Site | Less", "Spine | 45%"),
    ]
    assert said(f"{head}<tr><td colspan=2>Hip falls by a third [1]</tr>{rows}</table>")[0] == (
        "Site, Less",
        "Hip falls by a third",
    )


def test_senseless_spans_are_read_as_one() -> None:
    for span in ("0", "-3", "x", "9" * 400, "²", ""):
        assert said(
            f"<table><tr><th>Site<th>Less</tr><tr><td rowspan='{span}'>Hip<td colspan='{span}'>36%</table>"
        ) == [("Site | Less", "Hip | 36%")]
    wide = "<table>" + "<tr><td colspan=99999 rowspan=99999>Hip<td>36%</tr>" * 50 + "</table>"
    assert len(read(wide).statements) == 50


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(1, 3))
def test_every_cell_of_a_grouped_table_is_said_once_under_its_own_head(groups: list[int], columns: int) -> None:
    rows, expected = "", []
    for at, size in enumerate(groups):
        for row in range(size):
            values = [f"{at}.{row}.{column}%" for column in range(columns)]
            first = f"<td rowspan={size}>Drug {chr(65 + at)}" if row == 0 else ""
            rows += f"<tr>{first}" + "".join(f"<td>{value}" for value in values)
            heads = [f"Head {column}" for column in range(columns)]
            if row == 0:
                expected.append((" | ".join(["Drug", *heads]), " | ".join([f"Drug {chr(65 + at)}", *values])))
            else:
                expected.append((f"Drug {chr(65 + at)}: " + " | ".join(heads), " | ".join(values)))
    head = "<tr><th>Drug" + "".join(f"<th>Head {column}" for column in range(columns))
    assert said(f"<table>{head}{rows}</table>") == expected


def test_a_term_is_the_lead_in_of_its_descriptions() -> None:
    assert said(
        "<dl><dt>Osteopenia<dd>A T-score from -1.0 to -2.5.<dt>Fragility fracture<dd><p>From standing height.</p>"
        "<p>Or less.</p></dl>"
    ) == [
        ("Osteopenia", "A T-score from -1.0 to -2.5."),
        ("Fragility fracture", "From standing height."),
        ("Fragility fracture", "Or less."),
    ]


def test_a_term_that_cites_or_is_not_described_is_not_lost() -> None:
    article = read("<dl><dt>Alone<dt>Osteopenia <sup>1</sup><dd>A T-score from -1.0 to -2.5.</dl><p>After.</p>")
    assert [(s.lead_in, s.text, [c.marker for c in s.citations]) for s in article.statements] == [
        (None, "Alone", []),
        (None, "Osteopenia", ["1"]),
        ("Osteopenia", "A T-score from -1.0 to -2.5.", []),
        (None, "After.", []),
    ]


def test_lists_of_terms_within_terms_within_tables_are_read_whatever_they_hold() -> None:
    assert [text for _, text in said("<table><tr><td>Cell<dl><dt>T<dd>D<dl><dt>U<dd>E</dl></dl></table>")] == [
        "Cell",
        "D",
        "E",
    ]
    deep = read("<dl><dt>t<dd>" * 3000 + "x")
    assert deep.statements[-1].text == "x"

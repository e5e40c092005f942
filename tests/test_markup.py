"""Markdown: what is drawn, what is cleaned away, and that hostile input stays cheap."""

from __future__ import annotations

import lxml.html
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbank.markup import MAX_CHARS, plain, render, render_inline

SAFE_ATTRIBUTES = {"href", "title", "alt", "src", "start", "class", "rel"}


def dangers(html: str) -> list[str]:
    """Return every element, attribute or address in the HTML that could do harm."""
    found = []
    for element in lxml.html.fragment_fromstring(html, create_parent="div").iter():
        if element.tag in {"script", "style", "iframe", "object", "embed", "form", "input", "svg", "math"}:
            found.append(str(element.tag))
        found += [name for name in element.attrib if name not in SAFE_ATTRIBUTES]
        address = element.get("href", "")
        if address and not address.startswith(("http://", "https://", "mailto:", "/")):
            found.append(address)
        if address.startswith(("//", "/\\")):
            found.append(address)
        if not element.get("src", "/media/").startswith("/media/"):
            found.append(element.get("src", ""))
    return found


def test_tables_sub_and_superscript_and_greek_are_drawn():
    html = render("| Test | Value |\n|---|---:|\n| Ca^2+^ | 2.4 mmol/L |\n\nH~2~O and β-catenin")
    assert "<table>" in html
    assert "<sup>2+</sup>" in html
    assert "<sub>2</sub>" in html
    assert 'class="align-right"' in html
    assert "style=" not in html


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](https://tracker.example/a.png)",
        "[x](//evil.example)",
        "[x](/\\evil.example)",
        '<img src=x onerror="alert(1)">',
        "[x](data:text/html;base64,AAAA)",
    ],
)
def test_scripts_foreign_images_and_odd_addresses_do_not_survive(source):
    assert dangers(render(source)) == []


def test_headings_start_below_those_of_the_page():
    assert render("# Findings") == "<h3>Findings</h3>"


def test_an_option_of_one_line_has_no_paragraph():
    assert render_inline("Estrogen *deficiency*") == "Estrogen <em>deficiency</em>"


def test_eight_thousand_open_brackets_are_just_text():
    assert plain(render("[" * 8000)) == "[" * 8000


def test_a_text_above_the_cap_is_refused_with_its_length():
    with pytest.raises(ValueError, match="at most"):
        render("x" * (MAX_CHARS + 1))


@given(st.text(alphabet="<>/[]()!\\:\"'= ascriptjvdhefonlmgx\n", max_size=300))
def test_whatever_comes_in_nothing_dangerous_comes_out(text):
    assert dangers(render(text)) == []

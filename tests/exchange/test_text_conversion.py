"""HTML and plain text as Markdown: what is seen stays the same."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from qbank.exchange.html_markdown import HtmlError, to_markdown
from qbank.exchange.plain_markdown import from_plain, to_plain
from qbank.markup import plain, render

calm = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
signs = st.text(st.sampled_from("ab1 *_`[]()<>&~^|#+-=.!\\:;/\n"), max_size=25)
pieces = st.sampled_from(
    ["a", "b c", "*", "_", "#", "- ", "1. ", "[x]", "(y)", "`", "~", "^", "\\", "|", "&amp;", "&lt;b&gt;", "<b>d</b>",
     "<em>e</em>", "H<sub>2</sub>O", "10<sup>9</sup>", "<p>f</p>", "<ul><li>g</li><li>h</li></ul>", "<br>", "<hr>",
     "<ol><li>i</li></ol>", "<blockquote>j</blockquote>", "<h2>k</h2>", "<code>l`m</code>", "<pre>n\n  o</pre>",
     "<table><tr><th>p</th><td>q</td></tr></table>", "<div>r</div>", "<i> s </i>", "&nbsp;", "+", "=", ">"]
)  # fmt: skip


@calm
@given(signs)
def test_plain_text_is_seen_as_it_was_written(text: str) -> None:
    shown = to_plain(from_plain(text))
    assert shown.split() == text.split()


@calm
@given(st.lists(pieces, max_size=7).map("".join))
@example("~<b>d</b>~")
@example("^<i>d</i>^")
def test_the_visible_text_of_html_survives(html: str) -> None:
    seen = "".join(plain(html.replace("<hr>", "")).split())
    converted = to_markdown(html)
    assert converted.left_out <= {"emphasis that touches other text"}
    assert "".join(plain(render(converted.text)).split()) == seen


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>a <b>b</b></p><p>c<br>d</p>", "a **b**\n\nc\\\nd"),
        ("<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>", "- a\n- b\n  1. c"),
        ("H<sub>2</sub>O, 10<sup>9</sup>", "H~2~O, 10^9^"),
        ('<a href="https://example.org/a">x</a><a href="javascript:x">y</a>', "[x](<https://example.org/a>)y"),
        ("<table><tr><th>a</th><th>b|c</th></tr><tr><td>1</td></tr></table>", "| a | b\\|c |\n|---|---|\n| 1 |  |"),
        ("# a", "\\# a"),
        ("a&nbsp;b", "a\xa0b"),
    ],
)
def test_html_becomes_markdown(html: str, markdown: str) -> None:
    assert to_markdown(html).text == markdown


def test_what_markdown_has_no_place_for_is_named() -> None:
    converted = to_markdown("<script>x</script><math><mi>x</mi></math><img src='a.png' alt='A'>b")
    assert converted.text == "xAb"
    assert converted.left_out == {"<script>", "<math>", "<mi>", "the image a.png"}


@pytest.mark.parametrize("html", ["<b>" * 8_000, "x" * 1_000_001, "a\ud800"])
def test_hostile_html_is_refused_with_its_cause(html: str) -> None:
    with pytest.raises(HtmlError):
        to_markdown(html)


@pytest.mark.parametrize("text", ["2 ~ 3", "a * b", "p < 0.05", "10^9/L", "[H+]", "R&D", "C:\\x", "#1", "a_b_c"])
def test_plain_text_that_needs_no_sign_gets_none(text: str) -> None:
    assert from_plain(text) == text


@pytest.mark.parametrize("html", ["<p>" + " " * 900_000 + "x<", "[" * 900_000, "**" * 20_000, "_a" * 20_000])
def test_long_runs_of_one_sign_are_read_in_one_go(html: str) -> None:
    assert len(to_markdown(html).text) <= 2 * len(html)

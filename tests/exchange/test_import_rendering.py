"""The short way from plain prose to HTML gives exactly what the usual way gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbank import markup
from qbank.exchange import rendering

SIGNS = list("aZé9 5\n.,;:()'\"/%?=+-–—<>&*_`!#[]~^|\\$@µαß\u00a0\u2028ªⅣ①\t")


@given(st.text(st.sampled_from(SIGNS), max_size=16) | st.text(max_size=16))
def test_any_text_is_rendered_as_it_always_was(text: str) -> None:
    assert rendering.render(text) == markup.render(text)
    assert rendering.render_inline(text) == markup.render_inline(text)


@given(st.lists(st.sampled_from(["Bone loss", "p < 0.05", "> 5 mg/dL", "(70%),", "it's", '"so"', "β-cell", "x\ny"])))
def test_sentences_are_rendered_as_they_always_were(words: list[str]) -> None:
    text = " ".join(words)
    assert rendering.render(text) == markup.render(text)


def test_a_long_text_is_refused_either_way() -> None:
    with pytest.raises(ValueError, match="characters"):
        rendering.render("a " * markup.MAX_CHARS)


def test_a_long_text_without_markup_takes_time_in_proportion_to_its_length(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were matching to backtrack, this would not end."""
    monkeypatch.setattr(markup, "render", lambda text: "the usual way")
    assert rendering.render("aaaa aaaa, " * 1_500 + "*") == "the usual way"
    assert rendering.render("a" * 19_000 + "_") == "the usual way"

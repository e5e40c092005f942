"""Paper forms and their keys: two documents that need nothing else, with the same numbers and letters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qbank.cli.convert import convert
from qbank.exchange.files import MemoryFiles
from qbank.exchange.formats import FORMATS, find_format
from qbank.exchange.printing import letter
from qbank.items.record import ItemRecord, OptionRecord, ReferenceRecord
from tests.exchange.records import records

PNG = b"\x89PNG\r\n\x1a\n and the rest"
ITEM = ItemRecord(
    stem="The **β-cell** of H~2~O at 10^9^.\n\n| drug | dose |\n|---|---|\n| one | 2 |\n\n![Rings](ring.png)",
    options=(
        OptionRecord("Mars <3", rationale="Too small."),
        OptionRecord("*Saturn*", True, "Its rings are wide. [@s1]"),
        OptionRecord("Venus"),
    ),
    external_id="sky-1",
    lead_in="Which one?",
    explanation="Count the rings.",
    objective="Know the planets.",
    references=(ReferenceRecord("A title", "Author A.", "Journal", 2010, doi="10.1/x", pmid="12"),),
    vignette="A clear night.",
    status="live",
    tags=("rings",),
)
SECRETS = ("Its rings are wide", "Too small", "Count the rings", "Know the planets", "A title", "sky-1", "Key")


def images() -> MemoryFiles:
    files = MemoryFiles()
    files.put("ring.png", PNG)
    return files


def written(name: str, *items: ItemRecord, files: MemoryFiles | None = None) -> str:
    return b"".join(FORMATS[name].write(items, files)).decode()


class _Document(HTMLParser):
    """Collects tags with their attributes, and text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"img", "meta", "br", "hr", "wbr", "col"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_paper_form_asks_with_marks_tables_and_images_and_tells_nothing() -> None:
    paper = written("html-paper", ITEM, files=images())
    for part in (
        "<strong>β-cell</strong>",
        "<sub>2</sub>",
        "<sup>9</sup>",
        "<td>one</td>",
        "Mars &lt;3",
        "A clear night.",
    ):
        assert part in paper
    assert 'src="data:image/png;base64,' in paper
    assert [secret for secret in SECRETS if secret in paper] == []


def test_a_key_has_the_letters_the_reasons_and_the_sources() -> None:
    key = written("html-key", ITEM, replace(ITEM, external_id="sky-2", options=ITEM.options[1:]))
    assert re.findall(r'<td class="num">(\d+)</td><td><strong>(.*?)</strong></td><td>(.*?)</td>', key) == [
        ("1", "B", "sky-1"),
        ("2", "A", "sky-2"),
    ]
    for part in (
        "Its rings are wide.",
        "Too small.",
        "Count the rings.",
        "Author A. A title. Journal. 2010. doi:10.1/x",
    ):
        assert part in key
    assert "@s1" not in key


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(records(), min_size=1, max_size=3))
@pytest.mark.parametrize("name", ["html-paper", "html-key"])
def test_any_items_make_one_whole_document_with_the_same_numbers(name: str, items: list[ItemRecord]) -> None:
    document = _Document(written(name, *items))
    assert document.open == []
    sections = [attributes for tag, attributes in document.tags if tag == "section"]
    assert sections == [{"class": "item"}] * len(items)


@pytest.mark.parametrize("name", ["html-paper", "html-key"])
@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "![x](javascript:alert(1))",
        "[x](javascript:alert(1))",
        "[x](data:text/html,y)",
        "![x](https://example.org/spy.png)",
        "![x](../secret.png)",
        "</title></style></td></main><iframe src='//example.org'>",
    ],
)
def test_a_text_cannot_act_in_the_document_or_load_anything(name: str, text: str) -> None:
    options = (OptionRecord(text, True, text), OptionRecord("two", rationale=text))
    item = ItemRecord(stem=text, options=options, explanation=text, vignette=text, external_id=text[:60])
    document = _Document(written(name, item, files=images()))
    assert document.open == []
    for tag, attributes in document.tags:
        assert tag not in {"script", "iframe", "link", "object"}
        assert not any(key.startswith("on") for key in attributes)
        assert not (attributes.get("src") or "data:image/").startswith(("http", "//", "java", "..", "x"))
        assert (attributes.get("href") or "https").startswith(("http", "mailto"))


def test_an_image_that_is_not_at_hand_leaves_its_words_and_is_named() -> None:
    paper = written("html-paper", ITEM)
    assert '<img alt="Rings">' in paper
    assert "the image 'ring.png', which is not at hand" in FORMATS["html-paper"].loses(ITEM, MemoryFiles())


def test_what_a_form_does_not_hold_is_listed() -> None:
    paper, key = (FORMATS[name].loses(ITEM, images()) for name in ("html-paper", "html-key"))
    assert "the key: the answer key has it" in paper
    assert "the references" in paper
    assert "the question: the paper form has it" in key
    assert "its status" in paper
    assert "its status" in key


def test_half_a_character_is_refused_with_the_items_name() -> None:
    item = ItemRecord(stem="\ud800", options=(OptionRecord("a", True, "\udfff"),), external_id="broken")
    for name in ("html-paper", "html-key"):
        assert FORMATS[name].cannot_hold(item)
        with pytest.raises(ValueError, match="broken"):
            written(name, item)


def test_a_paper_is_sent_as_it_is_written_and_no_items_make_no_file() -> None:
    asked: list[int] = []

    def many() -> Iterator[ItemRecord]:
        for number in range(50):
            asked.append(number)
            yield ITEM

    parts = FORMATS["html-paper"].write(many())
    next(parts)
    next(parts)
    assert len(asked) <= 2
    assert written("html-paper") == written("html-key") == ""


def test_letters_go_on_behind_z() -> None:
    assert [letter(index) for index in (0, 25, 26, 51, 52)] == ["A", "Z", "AA", "AZ", "BA"]


def test_a_paper_is_written_only() -> None:
    assert not FORMATS["html-paper"].can_read
    found = find_format("form.paper.html")
    assert found is not None
    assert found.name == "html-paper"


def test_the_command_line_writes_both_from_a_file(tmp_path: Path) -> None:
    source = tmp_path / "a.txt"
    source.write_text("Which?\nA. One\nB. Two\nANSWER: B\n")
    for name in ("html-paper", "html-key"):
        made = tmp_path / f"{name}.html"
        result = CliRunner().invoke(convert, [str(source), "--from", "aiken", "--to", name, "-o", str(made)])
        assert result.exit_code == 0, result.output
        assert made.read_text().startswith("<!DOCTYPE html>")

"""Moodle XML, as Moodle exports it."""

from __future__ import annotations

from pathlib import Path

import pytest

from qbank.exchange import moodle_xml
from qbank.exchange.files import MemoryFiles
from qbank.exchange.report import ReadResult, Refused, collect
from qbank.items.record import ItemRecord, OptionRecord

COURSE = (Path(__file__).parent / "fixtures" / "course.xml").read_bytes()
OPTIONS = (OptionRecord("a", True), OptionRecord("b"))


def course(files: MemoryFiles | None = None) -> ReadResult:
    return collect(moodle_xml.read(COURSE, "course.xml", files))


def remarks(result: ReadResult) -> str:
    return "\n".join(problem.message for problem in result.problems)


def one(body: str, files: MemoryFiles | None = None) -> ReadResult:
    text = f'<quiz><question type="multichoice">{body}<answer fraction="100"><text>a</text></answer></question></quiz>'
    return collect(moodle_xml.read(text.encode(), "", files))


def test_categories_do_not_count_and_the_numbers_add_up() -> None:
    result = course()
    assert (result.found, len(result.items)) == (6, 3)
    assert [(entry.type, entry.line) for entry in result.unsupported] == [("essay", 29), ("matching", 30)]
    assert [entry.line for entry in result.refused] == [31]
    assert "has no type" in result.refused[0].cause


def test_html_becomes_markdown_and_labels_become_fields() -> None:
    first = course(MemoryFiles()).items[0]
    assert first.stem == "What does **this** show? ![A scan of the hip](a-scan.png)"
    assert (first.external_id, first.shuffle, first.systems) == ("dxa-1", True, ("musculoskeletal",))
    assert first.tags == ("category:Bone/Imaging", "name:DXA first", "imaging")
    assert [(option.text, option.key, option.rationale) for option in first.options] == [
        ("T < \u22122.5", True, "Yes, H~2~O."), ("Osteopenia", False, None), ("5 * 3 * 2", False, None),
    ]  # fmt: skip
    assert first.explanation == "A T-score below \u22122.5.\n\n**Hint:** Think of the hip."


def test_what_an_item_has_no_place_for_is_remarked() -> None:
    told = remarks(course(MemoryFiles()))
    assert "not kept: 50 %, -25 %" in told
    assert "hints have no place of their own" in told
    assert "incorrectfeedback is left out, as an item has no place for it: 'Look again'" in told
    assert "correctfeedback is left out, as an item has no place for it: 'Your" not in told


def test_true_or_false_and_several_right_answers_are_items_of_no_category() -> None:
    second, third = course().items[1:]
    assert second.options == (OptionRecord("True", True, "It does"), OptionRecord("False"))
    assert (third.stem, [option.key for option in third.options]) == ("Which *two*?", [True, True, False])
    assert second.tags == ("name:TF",)


def test_embedded_files_are_handed_over_and_embedded_again() -> None:
    files = MemoryFiles()
    items = course(files).items
    assert (items[0].media, files.data) == (("a-scan.png",), {"a-scan.png": b"hello"})
    data = b"".join(moodle_xml.write(items, files))
    again = MemoryFiles()
    assert collect(moodle_xml.read(data, "", again)).items == items
    assert again.data == files.data
    assert b"".join(moodle_xml.write(items, again)) == data


def test_without_a_place_for_files_their_names_stay_and_it_is_said() -> None:
    result = course()
    assert result.items[0].media == ("a-scan.png",)
    assert "a scan.png is named, but not kept" in remarks(result)
    assert any("a-scan.png" in lost for lost in moodle_xml.loses(result.items[0]))


def test_two_files_of_one_name_do_not_overwrite_each_other() -> None:
    files = MemoryFiles()
    assert files.put("../../x/a.png", b"1") == "a.png"
    assert files.put("a.png", b"1") == "a.png"
    other = files.put("a.png", b"2")
    assert other != "a.png"
    assert (files.data["a.png"], files.data[other]) == (b"1", b"2")


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ('<file name="a.png" encoding="base64">%%%</file>', "damaged"),
        ('<file name="a.png" encoding="base64"></file>', "is empty"),
        ('<file name="a.png" encoding="rot13">x</file>', "not base64"),
        ('<file name="a.png" encoding="base64">eHh4eHh4</file>', "larger than 5 bytes"),
    ],
)
def test_a_file_that_cannot_be_kept_is_remarked_and_the_item_stays(file: str, said: str) -> None:
    result = one(f"<questiontext><text>Q</text>{file}</questiontext>", MemoryFiles(max_file=5))
    assert len(result.items) == 1
    assert said in remarks(result)


def test_pictures_in_the_text_itself_are_kept_and_those_from_elsewhere_are_named() -> None:
    files = MemoryFiles()
    text = '&lt;img src="data:image/png;base64,aGk=" alt="x"&gt;&lt;img src="http://example.org/y.png" alt="y"&gt;'
    result = one(f'<questiontext format="html"><text>Q {text}</text></questiontext>', files)
    assert result.items[0].stem == "Q ![x](image.png)y"
    assert files.data == {"image.png": b"hi"}
    assert "the image http://example.org/y.png is left out" in remarks(result)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'<!DOCTYPE quiz SYSTEM "http://example.org/x.dtd"><quiz/>', "DOCTYPE"),
        (b'<!DOCTYPE quiz [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><quiz><question/>&b;</quiz>', "DOCTYPE"),
        (b"<html/>", "it is a <html>, not a <quiz>"),
        (b"<quiz>" + b"<a>" * 8_000, "nested too deep"),
        (b"<quiz><question type='multichoice'>\0</question></quiz>", "not well-formed"),
        (b"<quiz><question", "not well-formed"),
        (b"GIFT?", "not well-formed"),
    ],
)
def test_hostile_or_broken_xml_is_refused_with_its_cause(data: bytes, expected: str) -> None:
    found = list(moodle_xml.read(data))
    assert isinstance(found[-1], Refused)
    assert expected in found[-1].cause


def test_questions_before_a_fault_are_kept() -> None:
    result = collect(moodle_xml.read(COURSE[: COURSE.index(b'<question type="truefalse"') + 40]))
    assert (len(result.items), result.refused[-1].record) == (1, 2)
    assert "from here on" in result.refused[-1].cause


def test_deep_html_costs_its_question_only() -> None:
    deep = "&lt;div&gt;" * 8_000
    result = one(f"<questiontext><text>{deep}</text></questiontext>")
    assert "nested more than 100 deep" in result.refused[0].cause
    assert len(one(f"<questiontext><text>{'[' * 8_000}</text></questiontext>").items) == 1


def test_lines_stay_right_in_a_long_file() -> None:
    body = b"<quiz>\n" + b'<question type="essay">\n<name/>\n</question>\n' * 30_000 + b"</quiz>"
    lines = [found.line for found in collect(moodle_xml.read(body)).unsupported]
    assert lines == [2 + 3 * count for count in range(30_000)]


def test_text_that_html_holds_exactly_is_written_as_html() -> None:
    item = ItemRecord(stem="**H~2~O** & 5 < 6", options=OPTIONS, explanation="a\n\n- b\n- c")
    data = b"".join(moodle_xml.write([item])).decode()
    assert "<![CDATA[<p><strong>H<sub>2</sub>O</strong> &amp; 5 &lt; 6</p>]]>" in data
    assert "<li>b</li>" in data
    assert collect(moodle_xml.read(data.encode())).items == [item]

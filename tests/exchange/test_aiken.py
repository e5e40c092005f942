"""Aiken, with the lines of its faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from qbank.exchange import aiken
from qbank.exchange.report import collect
from qbank.items.record import ItemRecord, OptionRecord

COURSE = (Path(__file__).parent / "fixtures" / "course.aiken.txt").read_bytes()


def test_both_signs_both_cases_and_several_lines_are_read_as_plain_text() -> None:
    first, second = collect(aiken.read(COURSE)).items
    assert (first.stem, first.line) == ("Which bone is the longest?", 1)
    assert first.options == (
        OptionRecord("The femur", True),
        OptionRecord("The \\*tibia\\*"),
        OptionRecord("The humerus"),
    )
    assert second.stem == "E. coli is found\\\nin which organ?"
    assert [option.key for option in second.options] == [False, True]


def test_each_fault_is_told_with_its_line() -> None:
    result = collect(aiken.read(COURSE))
    assert result.found == 6
    assert [(entry.record, entry.line) for entry in result.refused] == [(3, 15), (4, 21), (5, 24), (6, 25)]
    causes = [entry.cause for entry in result.refused]
    assert "'C.' is out of order: 'B.'" in causes[0]
    assert "names no option: there are A, B" in causes[1]
    assert "has no options" in causes[2]
    assert "no line 'ANSWER: A'" in causes[3]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"ANSWER: A\n", "no question before"),
        (b"Q\nA. x\nB. y\nANSWER: AB\n", "must name one letter"),
        (b"Q\nA. x\0\nB. y\nANSWER: A\n", "NUL"),
        (b"Q\nA. \xe9\nB. y\nANSWER: A\n", "not UTF-8"),
        (b"x\n" * 500_000, "'ANSWER:' is missing"),
        ("Q\nA. x\nB. y\nANSWER: A\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_a_bad_question_is_refused_with_its_cause(data: bytes, expected: str) -> None:
    assert expected in collect(aiken.read(data)).refused[0].cause


def test_an_item_is_written_as_plain_text_on_one_line_each() -> None:
    item = ItemRecord(stem="A **bold** stem:\n\n- one\n- two", lead_in="Which?",
                      options=(OptionRecord("H~2~O", True), OptionRecord("b")))  # fmt: skip
    assert b"".join(aiken.write([item])) == b"A bold stem: one two Which?\nA. H2O\nB. b\nANSWER: A\n\n"


@pytest.mark.parametrize(
    ("keys", "stem", "expected"),
    [((True, True), "Q", "2 right options"), ((False, False), "Q", "no right options"),
     ((True, False), "ANSWER: B", "begins with 'ANSWER:'"), ((True, False), " ", "no text")],
)  # fmt: skip
def test_what_the_format_cannot_hold_is_named(keys: tuple[bool, ...], stem: str, expected: str) -> None:
    item = ItemRecord(stem=stem, options=tuple(OptionRecord("x", key) for key in keys))
    assert expected in aiken.cannot_hold(item)

"""GIFT: what the format says, as Moodle and people write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from qbank.exchange import gift
from qbank.exchange.report import Refused, Unsupported, collect
from qbank.items.record import ItemRecord, OptionRecord

COURSE = (Path(__file__).parent / "fixtures" / "course.gift").read_bytes()


def item(text: str) -> ItemRecord:
    found = collect(gift.read(text.encode()))
    assert not found.refused, found.refused
    return found.items[0]


def cause(text: str) -> str:
    (found,) = gift.read(text.encode())
    assert isinstance(found, Refused), found
    return found.cause


def test_the_numbers_of_a_course_add_up() -> None:
    result = collect(gift.read(COURSE))
    assert (result.found, len(result.items), len(result.refused), len(result.unsupported)) == (12, 5, 2, 5)


def test_other_types_are_named_with_their_lines() -> None:
    found = collect(gift.read(COURSE)).unsupported
    assert [(entry.type, entry.line) for entry in found] == [
        ("matching", 20), ("numerical", 22), ("essay", 24), ("shortanswer", 26), ("description", 28),
    ]  # fmt: skip


def test_category_id_and_tags_come_from_the_lines_before_a_question() -> None:
    first, second = collect(gift.read(COURSE)).items[:2]
    assert first.external_id == "bone-1"
    assert first.systems == ("musculoskeletal",)
    assert first.tags == ("category:Bone/Fractures", "name:Vitamin D: what for?", "menopause", "a]b")
    assert (second.external_id, second.tags) == (None, ("category:Bone/Fractures", "name:Sun"))


def test_escapes_weights_and_feedback_are_read() -> None:
    result = collect(gift.read(COURSE))
    first = result.items[0]
    assert first.stem == "Which vitamin raises the uptake of calcium = Ca{2+}?"
    assert [(option.text, option.key, option.rationale) for option in first.options] == [
        ("Vitamin C", False, "It is ~ unrelated."),
        ("Vitamin D", True, "Right: it does."),
        ("Calcitriol's parent", False, None),
    ]
    assert first.explanation == "Calcitriol acts on the gut.\\\nIt needs the kidney."
    assert result.problems[0].message == "partial credit and penalties are not kept: 50 %"


def test_true_or_false_becomes_two_options_with_their_feedback() -> None:
    second = collect(gift.read(COURSE)).items[1]
    assert second.stem == "Sunlight makes **vitamin\xa0D** in the skin."
    assert second.options == (OptionRecord("True", True, "Yes."), OptionRecord("False", False, "No, it does."))
    assert item("Is it?{FALSE}").options == (OptionRecord("True"), OptionRecord("False", True))


def test_a_missing_word_stays_a_blank() -> None:
    assert collect(gift.read(COURSE)).items[2].stem == "Bone is broken down by _____ every day."


def test_several_right_answers_are_several_keys_though_a_blank_line_parts_them() -> None:
    fourth = collect(gift.read(COURSE)).items[3]
    assert [option.key for option in fourth.options] == [True, True, False]


def test_text_formats_are_inherited_and_overridden() -> None:
    last = collect(gift.read(COURSE)).items[4]
    assert (last.stem, last.options[0].text) == ("The *next* one", "\\*right\\*")
    assert item("[plain]2 * 3 * <b>{=a ~b}").stem == "2 * 3 * <b>"
    assert item("[moodle]a <b>c</b>{=a ~b}").stem == "a **c**"
    assert item("5 < 6, p ~~ x{=a ~b}".replace("~~", r"\~")).stem == "5 < 6, p ~ x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Q {a ~b}", "'a' stands before the first answer"),
        ("Q {what}", "begin each with '='"),
        ("Q { =a ~b", "not closed"),
        ("Q =a }", "closes no '{'"),
        ("Q {=a ~b} and {=c}", "more than one pair of braces"),
        ("Q {=a\0 ~b}", "NUL"),
        ("Q {" + "~x" * 600 + "}", "more than 500 answers"),
        ("Q {" + "~x" * 40 + "}", "longer than 26 entries"),
        ("Q {=a ~" + "x" * 60_000 + "}", "longer than 50,000 characters"),
        ("Q {=a ~b}\n" * 200_000, "longer than 1,000,000 characters"),
        ("[html]" + "<div>" * 8_000 + "{=a ~b}", "nested more than 100 deep"),
    ],
)
def test_a_bad_question_is_refused_with_its_cause(text: str, expected: str) -> None:
    assert expected in cause(text)


def test_a_fault_costs_one_question_and_names_its_line() -> None:
    result = collect(gift.read(b"A{=a ~b}\n\nB{=a ~b\n\nC{=a ~b}\n\n\xff{=a ~b}\n\nD{=a ~b}\n"))
    assert [found.stem for found in result.items] == ["A", "C", "D"]
    assert [(entry.record, entry.line) for entry in result.refused] == [(2, 3), (4, 7)]
    assert "not UTF-8" in result.refused[1].cause


def test_thousands_of_brackets_are_just_text() -> None:
    assert item("[" * 8_000 + "{=a ~b}").stem.startswith("[[")
    assert isinstance(next(iter(gift.read(b"{" * 8_000))), Refused | Unsupported)


def test_one_option_or_a_trap_in_a_text_is_written_so_that_it_reads_back() -> None:
    alone = ItemRecord(stem="[html] {x} = $CATEGORY: y\n\n// z", options=(OptionRecord("[plain]#1 %5%", True),))
    data = b"".join(gift.write([alone]))
    (read,) = collect(gift.read(data)).items
    assert (read.stem, read.options) == (alone.stem, alone.options)
    assert gift.cannot_hold(ItemRecord(stem="Q", options=()))


def test_a_category_is_written_once_and_ended() -> None:
    options = (OptionRecord("a", True), OptionRecord("b"))
    items = [ItemRecord(stem=str(n), options=options, tags=tags) for n, tags in
             enumerate([("category:Bone",), ("category:Bone",), ()])]  # fmt: skip
    data = b"".join(gift.write(items))
    assert data.count(b"$CATEGORY") == 2
    assert [found.tags for found in collect(gift.read(data)).items] == [("category:Bone",), ("category:Bone",), ()]


def test_a_comment_of_unclosed_labels_costs_nothing() -> None:
    (found,) = collect(gift.read(b"//" + b"[id:" * 200_000 + b"\nA{=a ~b}")).items
    assert found.external_id is None

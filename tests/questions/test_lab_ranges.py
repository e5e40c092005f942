"""The laboratory reference ranges: what ships is consistent, and a wrong file is refused with its place."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from qbank import paths
from qbank.content import LabRange, load_lab_ranges
from qbank.content.reading import ContentError

TEXT = (paths.questions_dir() / "lab_ranges.yaml").read_text(encoding="utf-8")
ROWS = [(group.code, row) for group in load_lab_ranges() for row in group.ranges]


def numbers(text: str) -> list[float]:
    """The one or two figures with which an interval begins."""
    found = re.match(r"(?:\[H\+\] )?[<>≤≥]?([\d.,]+)(?:–([\d.,]+))?", text)
    assert found, text
    return [float(part.replace(",", "")) for part in found.groups() if part]


def test_the_specimens_are_there_and_every_row_has_its_source_and_date() -> None:
    assert [group.code for group in load_lab_ranges()] == [
        "serum", "arterial-gases", "hematologic", "cerebrospinal-fluid", "urine",
    ]  # fmt: skip
    assert len(ROWS) > 90
    for _group, row in ROWS:
        assert row.source.title
        assert row.source.url.startswith("https://")
        assert re.fullmatch(r"\d{4}-\d{2}", row.source.date)


@pytest.mark.parametrize(("group", "row"), ROWS, ids=[f"{group} {row.test} {row.of}" for group, row in ROWS])
def test_a_range_goes_upwards_and_both_units_tell_of_the_same_range(group: str, row: LabRange) -> None:
    conventional = numbers(row.conventional)
    assert all(low < high for low, high in pairwise(conventional))
    if not row.si:
        return
    si = numbers(row.si)
    assert len(si) == len(conventional)
    assert all(low < high for low, high in pairwise(si))
    assert row.conventional[0] not in "<>≤≥" or row.si[0] == row.conventional[0]
    if len(si) == 2 and conventional[0] > 0 and row.test != "pH":  # one factor leads from the one to the other
        low, high = si[0] / conventional[0], si[1] / conventional[1]
        assert low == pytest.approx(high, rel=0.2), "no further apart than rounding puts them"


KNOWN = [  # independent figures: molar masses and plain changes of unit
    ("serum", "Calcium", "", 1 / 4.008), ("serum", "Creatinine", "", 88.42), ("serum", "Iron", "Male", 0.1791),
    ("serum", "Uric acid", "", 0.05948), ("serum", "Bilirubin", "Total", 17.1), ("serum", "Thyroxine", "", 12.87),
    ("serum", "Phosphorus, inorganic", "", 0.3229), ("serum", "Albumin", "", 10.0),
    ("serum", "Cortisol", "08:00", 27.59),
    ("cerebrospinal-fluid", "Glucose", "", 0.05551), ("arterial-gases", "PCO2", "", 0.1333),
    ("urine", "Calcium", "", 1 / 40.08), ("hematologic", "Hematocrit", "Male", 0.01),
]  # fmt: skip


@pytest.mark.parametrize(("group", "test", "of", "factor"), KNOWN)
def test_the_si_interval_is_the_conventional_one_in_other_units(group: str, test: str, of: str, factor: float) -> None:
    row = next(row for code, row in ROWS if (code, row.test, row.of) == (group, test, of))
    assert numbers(row.si)[-1] == pytest.approx(numbers(row.conventional)[-1] * factor, rel=0.06)


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ('{test: "Albumin", ', '{test: "Albumin", colour: red, ', "'colour' is not a key"),
        ('{test: "Amylase"', '{test: "Albumin"', "given twice"),
        ('"35–55 g/L", source: nbme', '"35–55 g/L", source: hearsay', "source 'hearsay' is not listed"),
        ("date: 2025-03", "date: 2025", "write a month or a day"),
        (", conventional: \"3.5–5.5 g/dL\"", "", "'conventional' is missing"),
        ("url: https:", "url: http:", "'url'"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_refused_with_its_line(tmp_path: Path, old: str, new: str, cause: str) -> None:
    assert old in TEXT
    file = tmp_path / "lab_ranges.yaml"
    file.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ContentError, match=re.escape(cause)) as refused:
        load_lab_ranges(file)
    assert f"lab_ranges.yaml, line {refused.value.line}:" in refused.value.message

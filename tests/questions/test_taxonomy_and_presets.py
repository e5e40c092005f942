"""The taxonomy and the exam presets: what ships is right, and a wrong file is refused with its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbank import paths
from qbank.content import PresetRecord, load_presets, load_taxonomy
from qbank.content.reading import MAX_BYTES, ContentError
from qbank.items.taxonomy import Dimension

TAXONOMY = (paths.questions_dir() / "taxonomy.yaml").read_text(encoding="utf-8")
PRESETS = (paths.questions_dir() / "presets.yaml").read_text(encoding="utf-8")
FORMATS = [  # code, from, to, blocks, minutes, least and most items, all items
    ("step-1-to-2026-05", None, date(2026, 5, 13), 7, 60, None, 40, 280),
    ("step-1-from-2026-05", date(2026, 5, 14), None, 14, 30, None, 20, 280),
    ("step-2-ck-to-2026-05", None, date(2026, 5, 6), 8, 60, 38, 40, 316),
    ("step-2-ck-from-2026-05", date(2026, 5, 7), None, 16, 30, 18, 20, 316),
    ("step-3-day-1-from-2026-03", date(2026, 3, 10), None, 12, 30, 18, 20, 232),
    ("step-3-day-2-from-2026-03", date(2026, 3, 10), None, 9, 30, 20, 20, 180),
    ("nbme-self-assessment-standard", None, None, 4, 60, None, None, None),
    ("nbme-self-assessment-self-paced", None, None, 4, 240, None, None, None),
    ("practice-90", None, None, None, None, None, None, None),
]


def written(folder: Path, text: str, name: str = "presets.yaml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new, 1)


def line_of(text: str, piece: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if piece in line)


def test_the_presets_are_the_known_formats_row_by_row() -> None:
    def figures(row: PresetRecord) -> tuple[object, ...]:
        return (
            row.code, row.valid_from, row.valid_to, row.blocks, row.minutes_per_block,
            row.items_per_block_min, row.items_per_block_max, row.items_total,
        )  # fmt: skip

    assert [figures(row) for row in load_presets()] == FORMATS


def test_every_preset_locks_at_time_up_and_names_its_source() -> None:
    for row in load_presets():
        assert row.time_up_policy == "lock"
        assert row.source
        assert 0 <= row.pretest_share <= 0.1
    assert {row.seconds_per_item for row in load_presets() if row.exam.startswith("USMLE")} == {90}
    assert all(row.source_date for row in load_presets() if row.exam.startswith("USMLE"))


def test_one_format_of_an_exam_follows_the_other_without_gap_or_overlap() -> None:
    rows = {row.code: row for row in load_presets()}
    for exam in ("step-1", "step-2-ck"):
        old, new = rows[f"{exam}-to-2026-05"], rows[f"{exam}-from-2026-05"]
        assert old.valid_to is not None
        assert new.valid_from is not None
        assert (new.valid_from - old.valid_to).days == 1


def test_the_taxonomy_has_the_three_dimensions_in_order_with_their_sources() -> None:
    records = load_taxonomy()
    assert list(dict.fromkeys(record.dimension for record in records)) == [entry.value for entry in Dimension]
    for dimension in Dimension:
        own = [record for record in records if record.dimension == dimension]
        assert [record.order for record in own] == list(range(1, len(own) + 1))
        assert len({record.code for record in own}) == len(own)
        assert all("usmle.org" in record.source for record in own)


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ("    blocks: 14\n", "    blocks: 14\n    breaks: 3\n", "'breaks' is not a key"),
        ("    blocks: 14\n", "", "'blocks' is missing"),
        ("    blocks: 14\n", "    blocks: fourteen\n", "'blocks'"),
        ("    blocks: 14\n", "    blocks: 14\n    blocks: 15\n", "given twice"),
        ("valid_from: 2026-05-14", "valid_from: 14 May 2026", "write a date"),
        ("valid_from: 2026-05-14", "valid_from: 2026-02-30", "write a date"),
        ("valid_from: 2026-05-14", "valid_from: 1778716800", "write a date"),
        ("pause_allowed: false", "pause_allowed: perhaps", "write true or false"),
        ("time_up_policy: lock", "time_up_policy: ask", "'lock'"),
        ("seconds_per_item: 90", "seconds_per_item: 60", "must be 90"),
        ("items_total: 232", "items_total: 412", "more than the blocks can hold"),
        ("items_total: 232", "items_total: 12", "less than the blocks hold"),
        ("pretest_share: 0.1", "pretest_share: nan", "'pretest_share'"),
        ("code: step-1-from-2026-05", "code: step-1-to-2026-05", "given twice"),
        ("code: step-1-from-2026-05", "code: Step 1", "'code'"),
        ("exam: USMLE Step 1", "exam: &a USMLE Step 1", "anchors"),
    ],
)
def test_a_wrong_preset_is_refused_with_its_cause(tmp_path: Path, old: str, new: str, cause: str) -> None:
    with pytest.raises(ContentError, match=r"presets\.yaml, line") as caught:
        load_presets(written(tmp_path, changed(PRESETS, old, new)))
    assert cause in caught.value.cause
    assert caught.value.cure


def test_the_line_of_a_fault_is_where_it_stands(tmp_path: Path) -> None:
    text = changed(PRESETS, "blocks: 16", "blocks: sixteen")
    with pytest.raises(ContentError) as caught:
        load_presets(written(tmp_path, text))
    assert caught.value.line == line_of(text, "sixteen")


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    text = changed(changed(PRESETS, "blocks: 16", "blocks: sixteen"), "blocks: 9", "blocks: nine")
    with pytest.raises(ContentError, match=f"line {line_of(text, 'blocks: nine')}: 'blocks'"):
        load_presets(written(tmp_path, text))


def test_dates_the_wrong_way_round_are_refused(tmp_path: Path) -> None:
    text = changed(PRESETS, "valid_from: 2026-05-14\n    valid_to:", "valid_from: 2026-05-14\n    valid_to: 2026-05-01")
    with pytest.raises(ContentError, match="'valid_to' lies before 'valid_from'"):
        load_presets(written(tmp_path, text))


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ("{code: immune, name: Immune System}", "{code: immune, title: Immune System}", "'title' is not a key"),
        ("{code: immune,", "{code: human-development,", "given twice"),
        ("{code: immune, name: Immune System}", "{code: immune, name: ''}", "'name'"),
        ("disciplines:", "subjects:", "'subjects' is not a key"),
    ],
)
def test_a_wrong_taxonomy_is_refused_with_its_cause(tmp_path: Path, old: str, new: str, cause: str) -> None:
    with pytest.raises(ContentError, match=r"taxonomy\.yaml, line") as caught:
        load_taxonomy(written(tmp_path, changed(TAXONOMY, old, new), "taxonomy.yaml"))
    assert cause in caught.value.cause


def test_a_missing_binary_or_endless_file_is_refused_with_a_message(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="cannot be read"):
        load_presets(tmp_path / "nowhere.yaml")
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"presets:\n\xff\xfe\x00")
    with pytest.raises(ContentError, match="line 2: the text is not UTF-8"):
        load_presets(binary)
    with pytest.raises(ContentError, match="longer than"):
        load_presets(written(tmp_path, "#" * (MAX_BYTES + 1)))


@given(st.text(max_size=200))
def test_any_text_is_a_taxonomy_or_a_content_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.mktemp("any") / "taxonomy.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(ContentError):
        load_taxonomy(file)

"""CSV and XLSX: heads, keys, encodings, formulas, hostile files."""

from __future__ import annotations

import datetime
import io
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qbank.exchange import csv_table, table_rows, xlsx_table
from qbank.exchange.report import Refused, collect
from qbank.exchange.table_columns import Column, find_column, map_headers
from qbank.items.record import ItemRecord, OptionRecord, ReferenceRecord

OPTIONS = (OptionRecord("a", True, "R"), OptionRecord("b"))


def one(text: str | bytes) -> ItemRecord:
    result = collect(csv_table.read(text.encode() if isinstance(text, str) else text))
    assert not result.refused, result.refused
    return result.items[0]


def cause(text: str | bytes) -> str:
    return collect(csv_table.read(text.encode() if isinstance(text, str) else text)).refused[0].cause


def workbook(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("stem", Column("stem")), ("Question text", Column("stem")), ("OPTION_1", Column("option", 1)),
        ("Choice B", Column("option", 2)), ("c", Column("option", 3)), ("Answer 4", Column("option", 4)),
        ("Rationale A", Column("rationale", 1)), ("Option 2 feedback", Column("rationale", 2)),
        ("Correct Answer(s)", Column("answer")), ("Key", Column("key")), ("Wrong answer 1", Column("distractor", 1)),
        ("Organ system", Column("systems")), ("option_27", None), ("Colour", None), ("", None),
    ],
)  # fmt: skip
def test_a_header_is_found_in_many_spellings(header: str, column: Column | None) -> None:
    assert find_column(header) == column


def test_headers_can_be_mapped_by_hand_and_left_out() -> None:
    chosen = {"Frage": "stem", "Antwort 1": "option_1", "Status": ""}
    found = map_headers(["Frage", "Antwort 1", "Status", "Farbe"], chosen)
    assert found.columns == {0: Column("stem"), 1: Column("option", 1)}
    assert (found.unknown, found.faults) == (["Farbe"], [])
    data = b"Frage;Antwort 1;Status\nQ;x;done\n"
    assert collect(csv_table.read(data, columns=chosen)).items[0].stem == "Q"


def test_columns_without_a_meaning_are_named() -> None:
    result = collect(csv_table.read(b"stem,option_1,Colour\nQ,a,red\n"))
    assert "'Colour'" in result.problems[0].message


@pytest.mark.parametrize(
    ("data", "encoding", "delimiter"),
    [
        ("stem,option_1,key\nÉ,a,A\n".encode(), "utf-8", ","),
        ("\ufeffstem;option_1;key\nÉ;a;A\n".encode(), "utf-8", ";"),
        ("\ufeffstem\toption_1\tkey\nÉ\ta\tA\n".encode("utf-16-le"), "utf-16", "\t"),
        ("\ufeffstem|option_1|key\r\nÉ|a|A\r\n".encode("utf-16-be"), "utf-16", "|"),
        ("stem,option_1,key\r\nÉ,a,A\r\n".encode("cp1252"), "windows-1252", ","),
        ("stem,option_1,key\rÉ,a,A\r".encode(), "utf-8", ","),
        ("sep=;\nstem;option_1;key\nÉ;a;A\n".encode(), "utf-8", ";"),
    ],
)
def test_encoding_and_delimiter_are_found(data: bytes, encoding: str, delimiter: str) -> None:
    item = one(data)
    assert (item.stem, item.options[0].key) == ("É", True)
    found = csv_table.preview(data)
    assert found.delimiter == delimiter
    assert found.head.columns[0] == Column("stem")
    assert found.encoding == encoding or encoding == "windows-1252"


def test_windows_1252_is_remarked_once() -> None:
    data = "stem,option_1\nÉ,a\nÈ,b\n".encode("cp1252")
    result = collect(csv_table.read(data))
    assert [item.stem for item in result.items] == ["É", "È"]
    assert len(result.problems) == 1


@pytest.mark.parametrize(
    ("key", "places"), [("B", {1}), ("b.", {1}), ("2", {1}), ("A, C", {0, 2}), ("two", {1}), ("A and B", {0, 1})]
)
def test_a_key_is_a_letter_a_number_or_an_options_text(key: str, places: set[int]) -> None:
    item = one(f'question,A,B,C,correct\nQ,one,two,three,"{key}"\n')
    assert {index for index, option in enumerate(item.options) if option.key} == places


def test_right_and_wrong_answers_may_have_columns_of_their_own() -> None:
    item = one("Question,Correct answer,Wrong answer 1,Wrong answer 2\nQ,r,w,v\n")
    assert item.options == (OptionRecord("r", True), OptionRecord("w"), OptionRecord("v"))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("a,b\n1,2\n", "no column holds the question"),
        ("stem,x\nQ,2\n", "no column holds options"),
        ("stem,question,option_1\nQ,Q,a\n", "mean the same"),
        ("stem,option_1,key\n,a,A\n", "'stem' is empty"),
        ("stem,option_1,answer\nQ,a,Z\n", "names no option"),
        ("stem,option_1,option_2,answer\nQ,B,A,A\n", "an option's text and another's letter"),
        ("stem,option_1,option_2,answer\nQ,x,x,x\n", "the text of several options"),
        ("stem,option_1\nQ,a,surplus\n", "more cells than columns"),
        ('stem,option_1\nQ,"a\n', "not closed"),
        ('stem,option_1\nQ,"' + "a" * 200_000 + '"\n', "too long"),
        ("stem,option_1\nQ,a\0\n", "NUL"),
        ("stem,option_1,status\nQ,a,finished\n", "status is 'finished'"),
        ("stem,option_1,shuffle\nQ,a,perhaps\n", "must say true or false"),
        ("stem,option_1,statements\nQ,a,{x\n", "not JSON"),
        ("stem,option_1,option_notes\nQ,a,x\n", "names its"),
        ("stem,option_1\nÉ,a\n".encode() + b"\xff,a\n", "not UTF-8"),
    ],
)
def test_a_bad_row_is_refused_with_its_cause(data: str | bytes, expected: str) -> None:
    assert expected in cause(data)


def test_records_add_up_and_lines_count_line_ends_inside_cells() -> None:
    result = collect(csv_table.read(b'stem,option_1\n\n"a\nb",x\n,,\n,y\nc,z\n'))
    assert [(item.stem, item.line) for item in result.items] == [("a\nb", 3), ("c", 7)]
    assert [(entry.record, entry.line) for entry in result.refused] == [(2, 6)]


@given(st.text(st.sampled_from("'=+-@\t\n\r＝a "), max_size=6))
def test_no_cell_begins_like_a_formula_and_each_is_restored(text: str) -> None:
    assert not table_rows.defuse(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert table_rows.restore(table_rows.defuse(text)) == text


def test_formulas_are_defused_in_both_files_and_restored() -> None:
    item = ItemRecord(stem='=HYPERLINK("http://example.org")', options=(OptionRecord("-5", True), OptionRecord("'=1")))
    written = b"".join(csv_table.write([item]))
    assert b"'=HYPERLINK" in written
    assert collect(csv_table.read(written)).items == [item]
    book = b"".join(xlsx_table.write([item]))
    sheet = openpyxl.load_workbook(io.BytesIO(book)).worksheets[0]
    assert all(cell.data_type != "f" and not str(cell.value or "").startswith("=") for row in sheet for cell in row)
    assert collect(xlsx_table.read(book)).items == [item]


def test_references_are_titles_with_what_stands_at_their_end() -> None:
    item = one('stem,option_1,references\nQ,a,"A title. doi:10.1000/x1 PMID: 123\nOther https://example.org/a"\n')
    assert item.references == (
        ReferenceRecord("A title", doi="10.1000/x1", pmid="123"),
        ReferenceRecord("Other", url="https://example.org/a"),
    )


def test_the_templates_are_read_as_their_example() -> None:
    (from_csv,) = collect(csv_table.read(csv_table.template())).items
    assert collect(xlsx_table.read(xlsx_table.template())).items == [from_csv]
    assert [option.key for option in from_csv.options] == [True, False, False]


def test_the_widest_item_makes_the_columns() -> None:
    wide = ItemRecord(stem="Q", options=tuple(OptionRecord(str(n), n == 7) for n in range(9)))
    data = b"".join(csv_table.write([ItemRecord(stem="P", options=OPTIONS), wide]))
    assert b"option_9" in data.splitlines()[0]
    assert collect(csv_table.read(data)).items[1].options == wide.options


def test_a_sheets_numbers_dates_and_formulas_are_told_apart() -> None:
    data = workbook(
        ["stem", "option_1", "option_2", "key"],
        ["Q", 5.0, 0.25, "A"],
        ["Q", datetime.date(2020, 1, 2), "x", 2],
        ["Q", "=1+1", "x", "B"],
        [None, None],
        ["Q", True, "x", "A"],
    )
    result = collect(xlsx_table.read(data))
    assert [option.text for option in result.items[0].options] == ["5", "0.25"]
    assert [option.text for option in result.items[2].options] == ["true", "x"]
    assert "cell B3 is a date" in result.problems[0].message
    assert [(entry.record, entry.line) for entry in result.refused] == [(3, 4)]
    assert "cell B4 holds a formula" in result.refused[0].cause


def test_signs_that_xml_does_not_allow_survive_a_workbook() -> None:
    item = ItemRecord(stem="a\x0bb _x000B_ _x005F_ \ufffe", options=OPTIONS)
    assert collect(xlsx_table.read(b"".join(xlsx_table.write([item])))).items == [item]


def test_a_text_longer_than_a_cell_is_not_cut() -> None:
    item = ItemRecord(stem="x" * 40_000, options=OPTIONS)
    assert "32,767" in xlsx_table.cannot_hold(item)
    assert csv_table.cannot_hold(item) == ""


def changed(part: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx_table.template())) as old, zipfile.ZipFile(out, "w", 8) as new:
        for name in old.namelist():
            new.writestr(name, content if name == part else old.read(name))
    return out.getvalue()


def archive(members: int, size: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", 8) as made:
        for number in range(members):
            made.writestr(f"{number}.bin", b"0" * size)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"no archive", "damaged"),
        (xlsx_table.template()[:900], "damaged"),
        (archive(2_001, 1), "2,001 members"),
        (archive(1, 30_000_000), "over 200 times its size"),
        (archive(1, 1), "damaged"),
        (changed(SHEET, b'<!DOCTYPE x [<!ENTITY a "b">]><worksheet/>'), "DOCTYPE"),
        (changed(SHEET, b'<?xml version="1.0"?><!-- x --> <!DOCTYPE x SYSTEM "//h"><worksheet/>'), "DOCTYPE"),
        (changed("xl/workbook.xml", "<!DOCTYPE x><workbook/>".encode("utf-16")), "not plain XML in UTF-8"),
        (changed(SHEET, b'<?xml version="1.0" encoding="utf-7"?><worksheet/>'), "not plain XML in UTF-8"),
        (changed(SHEET, b"<worksheet><sheetData><row><c>"), "damaged"),
    ],
)  # fmt: skip
def test_a_hostile_or_damaged_workbook_is_refused(data: bytes, expected: str) -> None:
    (found,) = xlsx_table.read(data)
    assert isinstance(found, Refused)
    assert expected in found.cause

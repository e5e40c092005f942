"""A file's format is found from its name, else from its first bytes."""

from __future__ import annotations

import pytest

from qbank.exchange.formats import FORMATS, find_format


@pytest.mark.parametrize(
    ("name", "start", "expected"),
    [
        ("a.md", b"", "markdown"),
        ("A.MD", b"{", "markdown"),
        ("bank.jsonl", b"---\n", "jsonl"),
        ("standard input", b"\n---\nid: x\n", "markdown"),
        ("standard input", b"---\r\nid: x\r\n", "markdown"),
        ("standard input", b'\xef\xbb\xbf{"stem"', "jsonl"),
        ("notes.txt", b"Dear all", None),
        ("notes.txt", b"// [id:a]\n::Q::What {=a ~b}", "gift"),
        ("notes.txt", b"What {\n=a ~b}", "gift"),
        ("notes.txt", b"What?\nA. One\nB. Two\nANSWER: A\n", "aiken"),
        ("bank.xml", b'<?xml version="1.0"?>\n<!-- x -->\n<quiz>', "moodle"),
        ("bank.tsv", b"stem", "csv"),
        ("bank.XLSX", b"PK", "xlsx"),
    ],
)
def test_the_format_is_found(name: str, start: bytes, expected: str | None) -> None:
    found = find_format(name, start)
    assert (found.name if found else None) == expected


def test_every_format_reads_an_empty_file_and_what_it_writes_of_no_items_as_no_records() -> None:
    for entry in FORMATS.values():
        if entry.can_read:
            assert list(entry.read(b"")) == []
        if entry.can_read and entry.can_write:
            assert list(entry.read(b"".join(entry.write([])))) == []

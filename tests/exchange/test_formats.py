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
    ],
)
def test_the_format_is_found(name: str, start: bytes, expected: str | None) -> None:
    found = find_format(name, start)
    assert (found.name if found else None) == expected


def test_every_format_reads_an_empty_file_as_no_records() -> None:
    for entry in FORMATS.values():
        assert list(entry.read(b"")) == []
        assert entry.can_write
        assert b"".join(entry.write([])) == b""

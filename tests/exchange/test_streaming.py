"""Large files stream: memory does not grow with the number of records."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator

import pytest

from qbank.exchange import safe_xml
from qbank.exchange.formats import FORMATS
from qbank.items.record import ItemRecord, OptionRecord

FEW, MANY = 600, 6_000


def items(count: int) -> Iterator[ItemRecord]:
    options = (OptionRecord("One", True, "Because " * 20), OptionRecord("Two"), OptionRecord("Three"))
    for number in range(count):
        yield ItemRecord(stem=f"Which of them is number {number}? " * 5, options=options, external_id=f"q{number}")


def peak(name: str, count: int) -> int:
    """Return the bytes that reading needs at most, the file itself aside."""
    source = io.BytesIO(b"".join(FORMATS[name].write(items(count))))
    tracemalloc.start()
    found = sum(isinstance(outcome, ItemRecord) for outcome in FORMATS[name].read(source))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == count
    return most


@pytest.mark.parametrize("name", ["gift", "moodle", "aiken", "csv"])
def test_reading_ten_times_the_records_needs_no_more_memory(name: str) -> None:
    peak(name, 10)  # what is loaded once
    assert peak(name, MANY) < 1.5 * peak(name, FEW) + 200_000


@pytest.mark.parametrize("name", ["gift", "moodle", "aiken", "csv"])
def test_writing_streams_or_keeps_its_rows_outside_memory_beyond_a_limit(name: str) -> None:
    parts = FORMATS[name].write(items(MANY))
    tracemalloc.start()
    sizes = [len(part) for part in parts]
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert max(sizes) < 10_000
    assert most < 12_000_000


def test_a_record_larger_than_its_limit_ends_the_reading() -> None:
    body = b"<quiz><question/><question>" + b"<a/>" * 50_000 + b"</question></quiz>"
    reading = safe_xml.stream(body, {"question"}, max_record_bytes=100_000)
    assert next(reading)[0].tag == "question"
    with pytest.raises(safe_xml.UnsafeXmlError, match="larger than 100,000 bytes"):
        next(reading)


def test_an_expanding_entity_is_refused_before_it_expands() -> None:
    bomb = b"<!DOCTYPE q [" + b"".join(
        b'<!ENTITY e%d "%s">' % (number, b"&e%d;" % (number - 1) * 10 if number else b"x" * 50) for number in range(12)
    ) + b']><q a="&e11;"/>'  # fmt: skip
    for reading in (lambda: safe_xml.parse(bomb, huge_text=True), lambda: list(safe_xml.stream(bomb, {"q"}))):
        with pytest.raises(safe_xml.UnsafeXmlError):
            reading()

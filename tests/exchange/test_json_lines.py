"""JSON Lines: one item a line, checked against the published schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import qbank.exchange
from qbank.exchange import json_lines
from qbank.exchange.report import Refused, collect
from qbank.items.record import ItemRecord, StatementLink
from tests.exchange.records import records

GOOD = '{"stem": "A", "options": [{"text": "Gout", "key": true}]}'


def refused(line: str | bytes) -> str:
    (outcome,) = json_lines.read(line.encode() if isinstance(line, str) else line)
    assert isinstance(outcome, Refused), outcome
    return outcome.cause


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(records(), max_size=2))
def test_what_is_written_reads_back_as_the_same_records(items: list[ItemRecord]) -> None:
    data = b"".join(json_lines.write(items))
    assert data.count(b"\n") == len(items)
    assert list(json_lines.read(data)) == items


def test_only_stem_and_options_are_required() -> None:
    (item,) = collect(json_lines.read(GOOD.encode())).items
    assert (item.stem, item.options[0].key, item.status) == ("A", True, "draft")
    assert "options is missing" in refused('{"stem": "A"}')
    assert "stem is missing" in refused('{"options": []}')


def test_statements_may_be_written_shortly() -> None:
    line = GOOD[:-1] + ', "statements": ["s1", "bone/s2", {"article": "a", "id": "s3", "quote": "Q"}]}'
    (item,) = collect(json_lines.read(line.encode())).items
    assert item.statements == (StatementLink("", "s1"), StatementLink("bone", "s2"), StatementLink("a", "s3", "Q"))


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("[]", "not a JSON object"),
        ("{", "not JSON"),
        ('{"stem": "A", "stem": "B", "options": []}', "'stem' is given twice"),
        ('{"stem": "A", "options": [], "colour": 1}', "colour is not a key"),
        ('{"stem": 5, "options": []}', "stem must be text, not the number 5"),
        ('{"stem": "A", "options": [{"text": true}]}', "option 1: text must be text, not true"),
        ('{"stem": "A", "options": {"text": "B"}}', "options must be a list, not an object"),
        ('{"stem": "\\ud800", "options": []}', "stem holds half of a character"),
        ('{"stem": "A\\u0000", "options": []}', "stem holds a NUL character"),
        ('{"stem": "A", "options": [{"text": "B\\u0000"}]}', "option 1: text holds a NUL character"),
        ('{"stem": "A", "options": [], "references": [{"title": "T", "year": NaN}]}', "NaN is no JSON number"),
        ('{"stem": "A", "options": [], "status": "done"}', "status is 'done'"),
        ("[" * 100_000, "not an item: it is nested too deep"),
        ('{"stem": ' + "1" * 5_000 + "}", "not JSON that an item can have"),
        (json.dumps({"stem": "A", "options": [{"text": "x"}] * 27}), "options is longer than 26 entries"),
    ],
)
def test_a_bad_line_is_refused_with_its_cause(line: str, cause: str) -> None:
    assert cause in refused(line)


def test_a_line_that_is_not_text_is_refused_and_reading_goes_on() -> None:
    result = collect(json_lines.read(b"\xff\n\n" + GOOD.encode()))
    assert [(entry.record, entry.line) for entry in result.refused] == [(1, 1)]
    assert result.items[0].line == 3


def test_a_line_without_end_is_skipped_without_being_kept() -> None:
    result = collect(json_lines.read(b'{"stem": "' + b"x" * 9_000_000 + b'"}\n' + GOOD.encode()))
    assert "longer than 4,000,000 bytes" in result.refused[0].cause
    assert len(result.items) == 1


def test_the_published_schema_is_that_of_the_reader() -> None:
    published = Path(qbank.exchange.__path__[0]) / "schema" / json_lines.SCHEMA_ID
    assert published.read_text(encoding="utf-8") == json_lines.schema_text(), (
        "write qbank.exchange.json_lines.schema_text() to the published file"
    )


def test_the_schema_names_every_field_of_the_format_and_requires_two() -> None:
    described = json_lines.schema()
    assert described["required"] == ["stem", "options"]
    assert {"id", "external_id", "lead_in", "vignette", "media", "enemies", "tags"} <= set(described["properties"])
    assert described["additionalProperties"] is False

"""Export, import, export gives the same file in every format, and keeps what the format can hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from qbank.exchange import lms
from qbank.exchange.formats import FORMATS
from qbank.exchange.report import collect
from qbank.items.record import ItemRecord
from tests.exchange.records import records

NAMES = ["gift", "moodle", "aiken", "csv", "xlsx"]
calm = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("name", NAMES)
def test_export_import_export_is_a_fixed_point(name: str) -> None:
    form = FORMATS[name]

    @calm
    @given(records())
    def holds(item: ItemRecord) -> None:
        if form.cannot_hold(item):
            with pytest.raises(ValueError, match="cannot be written"):
                list(form.write([item]))
            return
        data = b"".join(form.write([item]))
        read = collect(form.read(data))
        assert read.found == len(read.items) == 1, read
        assert b"".join(form.write(read.items)) == data

    holds()


@pytest.mark.parametrize("name", ["gift", "moodle"])
def test_a_learning_system_keeps_question_options_keys_rationales_and_explanation(name: str) -> None:
    form = FORMATS[name]

    @calm
    @given(records())
    def holds(item: ItemRecord) -> None:
        if form.cannot_hold(item) or "control characters, which XML does not allow" in form.loses(item):
            return
        (read,) = collect(form.read(b"".join(form.write([item])))).items
        assert read.stem == lms.question_text(item)
        assert [(option.text, option.key) for option in read.options] == [
            (lms.tidy(option.text), option.key) for option in item.options
        ]
        wanted = [lms.tidy(option.rationale) or None for option in item.options]
        assert [option.rationale for option in read.options] == wanted
        assert read.explanation == (lms.tidy(item.explanation) or None)

    holds()


@pytest.mark.parametrize("name", ["csv", "xlsx"])
def test_a_table_keeps_all_but_empty_texts_and_the_edges_of_codes(name: str) -> None:
    form = FORMATS[name]

    @calm
    @given(records())
    def holds(item: ItemRecord) -> None:
        if form.cannot_hold(item) or "empty options at the end" in form.loses(item):
            return
        (read,) = collect(form.read(b"".join(form.write([item])))).items
        assert (read.stem, read.lead_in, read.doubt) == (item.stem, item.lead_in or None, item.doubt or None)
        assert read.references == item.references
        assert read.statements == item.statements
        given = [replace(option, rationale=option.rationale or None) for option in item.options]
        while given and not (given[-1].text or given[-1].key or given[-1].rationale or given[-1].origin):
            if given[-1].statements or given[-1].needs_expert or given[-1].origin is not None:
                break
            given.pop()
        assert list(read.options) == given
        assert (read.status, read.shuffle, read.difficulty) == (item.status, item.shuffle, item.difficulty)

    holds()


@pytest.mark.parametrize("name", NAMES)
def test_what_a_format_cannot_hold_is_listed(name: str) -> None:
    item = ItemRecord(stem="Which?", options=(), status="live", media=("a.png",), objective="Learn.")
    assert any("image" in lost for lost in FORMATS[name].loses(item))
    assert any("objective" in lost for lost in FORMATS[name].loses(item)) == (name not in {"csv", "xlsx"})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_what_no_file_can_hold_is_refused_by_name(name: str, text: str) -> None:
    (option,) = collect(FORMATS["aiken"].read(b"Which?\nA. One\nANSWER: A\n")).items[0].options
    item = ItemRecord(stem=text, options=(option, replace(option, key=False)), external_id="q7")
    assert FORMATS[name].cannot_hold(item)
    with pytest.raises(ValueError, match="q7"):
        list(FORMATS[name].write([item]))

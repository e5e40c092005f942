"""Each check speaks on its own examples of the flaw, and only on them."""

from __future__ import annotations

from typing import Any

import pytest

from qbank.items.flaws import BANK_CHECKS, CHECKS, BankCheck, BankChecker, Check, check_item
from qbank.items.flaws.reading import Reading
from qbank.items.record import ItemRecord

FIRES = [(check, record) for check in CHECKS for record in check.fires]
QUIET = [(check, record) for check in CHECKS for record in check.quiet]


def _name(value: Any) -> str:
    if isinstance(value, Check | BankCheck):
        return value.code
    return f"{value.stem} {value.lead_in}"[:40] if isinstance(value, ItemRecord) else "items"


@pytest.mark.parametrize(("check", "record"), FIRES, ids=_name)
def test_a_check_fires_on_its_examples(check: Check, record: ItemRecord) -> None:
    assert [found.code for found in check_item(record)].count(check.code) >= 1


@pytest.mark.parametrize(("check", "record"), QUIET, ids=_name)
def test_a_check_is_quiet_on_its_counterexamples(check: Check, record: ItemRecord) -> None:
    assert [found.message for found in check_item(record) if found.code == check.code] == []


@pytest.mark.parametrize(
    ("check", "records"), [(check, records) for check in BANK_CHECKS for records in check.fires], ids=_name
)
def test_a_bank_check_fires_on_its_examples(check: BankCheck[Any], records: tuple[ItemRecord, ...]) -> None:
    assert check.code in {found.code for found in _bank_findings(check, records)}


@pytest.mark.parametrize(
    ("check", "records"), [(check, records) for check in BANK_CHECKS for records in check.quiet], ids=_name
)
def test_a_bank_check_is_quiet_on_its_counterexamples(check: BankCheck[Any], records: tuple[ItemRecord, ...]) -> None:
    assert [found.message for found in _bank_findings(check, records)] == []


def _bank_findings(check: BankCheck[Any], records: tuple[ItemRecord, ...]) -> list[Any]:
    checker = BankChecker((check,))
    for record in records:
        checker.add(record)
    return checker.findings()


def test_every_check_has_examples_that_fire_and_that_do_not_and_a_rule() -> None:
    for check in (*CHECKS, *BANK_CHECKS):
        assert check.fires, check.code
        assert check.quiet, check.code
        assert check.rule.endswith("."), check.code


def test_no_code_is_registered_twice() -> None:
    codes = [check.code for check in (*CHECKS, *BANK_CHECKS)]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(("check", "record"), FIRES, ids=_name)
def test_the_span_of_a_finding_lies_in_the_field_it_names(check: Check, record: ItemRecord) -> None:
    reading = Reading(record)
    for found in check_item(record):
        if found.field.endswith(".text"):
            assert found.option is not None
            text = record.options[found.option].text
        elif found.field in {"stem", "lead_in"}:
            text = getattr(record, found.field) or ""
        else:
            assert (found.start, found.end) == (0, 0)
            continue
        assert 0 <= found.start <= found.end <= len(text), (found, reading.record)

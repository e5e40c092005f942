"""The package in Anki itself, imported twice. Needs an interpreter that has ``anki``: ``make anki-check`` makes one."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TestClock
from tests.exchange.test_anki import ITEM, written

INTERPRETER = os.environ.get("QBANK_ANKI_PYTHON", "")
pytestmark = pytest.mark.skipif(not INTERPRETER, reason="QBANK_ANKI_PYTHON names no interpreter with Anki in it")


def imported(folder: Path, *packages: bytes) -> list[dict[str, Any]]:
    paths = []
    for number, data in enumerate(packages):
        paths.append(folder / f"{number}.apkg")
        paths[-1].write_bytes(data)
    script = Path(__file__).with_name("anki_importer.py")
    done = subprocess.run(
        [INTERPRETER, str(script), str(folder), *map(str, paths)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_a_second_import_adds_nothing_and_a_changed_item_is_updated(tmp_path: Path, clock: TestClock) -> None:
    other = replace(ITEM, external_id="sky-2", lead_in="Which other one?")
    first = written(ITEM, other)
    clock.advance(hours=1)
    changed = written(replace(ITEM, lead_in="Which one is it?"), other)
    once, twice, after = imported(tmp_path, first, first, changed)
    assert (once["new"], once["notes"], once["cards"]) == (2, 2, 2)
    assert once["media"] == ["ring.png"]
    assert (twice["new"], twice["notes"], twice["cards"]) == (0, 2, 2)
    assert twice["fields"] == once["fields"]
    assert (after["new"], after["notes"], after["cards"]) == (0, 2, 2)
    assert any("Which one is it?" in field for fields in after["fields"] for field in fields)

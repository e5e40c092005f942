"""The sweeper and the rebuild as commands: JSON out, words on standard error, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy.orm import Session, sessionmaker

from qbank.blocks.models import Block, Delivery
from qbank.cli import cli
from qbank.db.engine import begin_write
from qbank.settings import Settings
from tests.blocks import factories as make
from tests.conftest import TestClock


@pytest.fixture
def run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: TestClock) -> CliRunner:
    monkeypatch.setenv("QBANK_DATABASE_URL", database_url)
    monkeypatch.setenv("QBANK_DATA_DIR", str(tmp_path / "data"))
    return CliRunner()


@pytest.fixture
def block_id(sessions: sessionmaker[Session], settings: Settings, run: CliRunner) -> int:
    with sessions() as session:
        begin_write(session)
        make.make_items(session, 6, make.make_taxa(session))
        person = make.make_person(session)
        block = make.start(session, person, settings, 4, timing="timed")
        make.answer(session, person, block, right=2, wrong=1)
        session.commit()
        return block.id


def test_close_due_closes_what_is_due_once(
    run: CliRunner, block_id: int, sessions: sessionmaker[Session], clock: TestClock
) -> None:
    assert json.loads(run.invoke(cli, ["block", "close-due"]).stdout) == {"closed": 0}
    clock.advance(days=1)
    assert json.loads(run.invoke(cli, ["block", "close-due"]).stdout) == {"closed": 1}
    assert json.loads(run.invoke(cli, ["block", "close-due"]).stdout) == {"closed": 0}
    with sessions() as session:
        assert session.get_one(Block, block_id).ended_reason == "time_up"


def test_rebuild_check_says_what_differs_and_rebuild_puts_it_right(
    run: CliRunner, block_id: int, sessions: sessionmaker[Session]
) -> None:
    agreed = run.invoke(cli, ["rebuild", "--check"])
    assert (agreed.exit_code, json.loads(agreed.stdout)["differences"]) == (0, [])
    with sessions() as session:
        begin_write(session)
        session.execute(sa.update(Delivery).where(Delivery.position == 1).values(changes=5))
        session.commit()
    wrong = {"where": f"block {block_id}, item 1", "field": "changes", "stored": 5, "rebuilt": 0}
    for _ in range(2):
        checked = run.invoke(cli, ["rebuild", "--check"], standalone_mode=False)
        assert (checked.return_value, json.loads(checked.stdout)["differences"]) == (1, [wrong])
    assert run.invoke(cli, ["rebuild"]).exit_code == 0
    assert run.invoke(cli, ["rebuild", "--check"]).exit_code == 0

"""The pages of statistics as staff meet them, the download, and the command that calibrates."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy.orm import Session, sessionmaker

from qbank.accounts.models import Role
from qbank.cli import cli
from qbank.db.engine import begin_write
from qbank.items.models import Item, ItemState, ItemVersion
from qbank.measurement import irt
from qbank.statistics.models import CalibrationRun, ItemCalibration
from tests.conftest_web import Visitor, Write, check_page
from tests.statistics import bank as make

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def command(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("QBANK_DATABASE_URL", database_url)
    monkeypatch.setenv("QBANK_DATA_DIR", str(tmp_path / "data"))
    return CliRunner()


def stock(session: Session) -> make.Bank:
    """190 learners with 10 of 12 items, a form of 4 that 30 took, and a pretest item."""
    bank = make.make_bank(session, 12)
    answers = make.simulated(190, 12, 10, seed=3)[0]
    answers[:, 0] = np.where(answers[:, 0] == 0, 1, np.where(answers[:, 0] > 0, 0, answers[:, 0]))
    make.answer(session, bank, answers)
    form = make.make_bank(session, 4, name="form")
    make.answer(session, form, make.simulated(30, 4, 4)[0])
    pretest = make.make_bank(session, 1, ItemState.PRETEST, name="pre")
    make.answer(session, pretest, np.zeros((12, 1), dtype=int), pretest=True)
    make.counted(session)
    return bank


@pytest.fixture
def educator(make_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> Visitor:
    return sign_in(make_person(Role.EDUCATOR))


@SQLITE
def test_an_empty_bank_says_that_figures_come_with_answers(educator: Visitor) -> None:
    check_page(educator.get("/statistics"))
    assert "No answers yet" in educator.html
    check_page(educator.get("/statistics/forms"))
    assert "exists only for one fixed form" in educator.html
    assert educator.get("/statistics/items.csv").count("\n") == 1


@SQLITE
def test_the_doubtful_key_leads_from_the_list_to_its_figures_and_its_item(
    educator: Visitor, write: Write, command: CliRunner
) -> None:
    with write() as session:
        bank = stock(session)
        session.execute(sa.update(ItemVersion).values(lead_in="<script>alert(1)</script>"))
    check_page(educator.get("/statistics"))
    assert "Not calibrated yet" in educator.html
    assert json.loads(command.invoke(cli, ["calibrate"]).stdout)["left_out"] == 1
    check_page(educator.get("/statistics"))
    assert "<script>alert" not in educator.html
    first = f"/statistics/items/{bank.items[0]}/versions/1"
    links = [part.split('"')[0] for part in educator.html.split('class="item-link" href="')[1:]]
    assert links[0] == first
    check_page(educator.get(first))
    for words in ("Check the key", "Left out of the calibration", "Options by ability", 'role="img"', "<title id="):
        assert words in educator.html
    assert f'href="/items/{bank.items[0]}/versions/1"' in educator.html
    check_page(educator.get(f"/statistics/items/{bank.items[4]}"))
    assert "Difficulty b" in educator.html
    assert "the common one" in educator.html, "fewer than 200 answers: no slope of its own"
    educator.get(f"/items/{bank.items[4]}")
    assert f'href="/statistics/items/{bank.items[4]}/versions/1"' in educator.html


@SQLITE
def test_filters_narrow_the_list_and_nonsense_is_no_filter(educator: Visitor, write: Write) -> None:
    with write() as session:
        bank = stock(session)
    everything = educator.get("/statistics", flag="all").count('class="item-link"')
    assert everything == 17
    assert educator.get("/statistics", flag="all", system=bank.system).count('class="item-link"') == 12
    assert educator.get("/statistics", flag="all", state="pretest").count('class="item-link"') == 1
    assert educator.get("/statistics", flag="all", system="9999999999", state="x", page="-1").count("item-link") == 17
    assert "Nothing matches" in educator.get("/statistics", flag="all", system="999999")


@SQLITE
def test_a_pretest_item_shows_how_many_answers_it_has_of_those_it_needs(educator: Visitor, write: Write) -> None:
    with write() as session:
        stock(session)
        item = session.scalar(sa.select(Item.id).where(Item.external_id == "pre-0"))
    check_page(educator.get(f"/statistics/items/{item}"))
    assert "12 of 50" in educator.html
    assert "Too few answers: 12 of 26" in educator.html


@SQLITE
def test_versions_stand_side_by_side_and_each_has_its_own_figures(educator: Visitor, write: Write) -> None:
    with write() as session:
        bank = stock(session)
        old = session.get_one(ItemVersion, bank.versions[1])
        session.add(
            ItemVersion(
                item_id=old.item_id, number=2, content_hash="n", created_at=make.WHEN, stem="New", stem_html="New"
            )
        )
    check_page(educator.get(f"/statistics/items/{bank.items[1]}"))
    assert f"/items/{bank.items[1]}/compare/1/2" in educator.html
    check_page(educator.get(f"/statistics/items/{bank.items[1]}/versions/2"))
    assert "No answers to this version yet" in educator.html
    educator.get(f"/statistics/items/{bank.items[1]}/versions/3")
    assert educator.status == 404


@SQLITE
def test_a_form_shows_reliability_scores_and_items(educator: Visitor, write: Write) -> None:
    with write() as session:
        stock(session)
    check_page(educator.get("/statistics/forms"))
    address = "/statistics/forms/" + educator.html.split('href="/statistics/forms/')[1].split('"')[0]
    check_page(educator.get(address))
    for words in ("Alpha (KR-20)", "Standard error of measurement", "30 learners, 4 items", "<rect"):
        assert words in educator.html
    educator.get("/statistics/forms/1000000")
    assert educator.status == 404


@SQLITE
def test_the_download_has_a_line_a_version_and_no_formulas(educator: Visitor, write: Write, command: CliRunner) -> None:
    with write() as session:
        bank = stock(session)
        session.execute(sa.update(Item).where(Item.id == bank.items[2]).values(external_id="=1+1"))
    command.invoke(cli, ["calibrate"])
    text = educator.get("/statistics/items.csv", flag="all").lstrip("\ufeff")
    rows = {row["item"]: row for row in csv.DictReader(io.StringIO(text))}
    assert len(rows) == 17
    assert "'=1+1" in rows
    assert rows["made-0"]["needs_a_look"].split()[0] == "check_key"
    assert rows["made-0"]["b"] == ""
    right, n = int(rows["made-4"]["correct"]), int(rows["made-4"]["n"])
    assert float(rows["made-4"]["p"]) == pytest.approx(right / n, abs=1e-4)
    assert rows["pre-0"]["p"] == "", "too few"


@SQLITE
def test_learners_do_not_get_in(make_person: Callable[..., int], sign_in: Callable[[int], Visitor]) -> None:
    learner = sign_in(make_person(Role.STUDENT))
    for path in ("/statistics", "/statistics/items.csv", "/statistics/forms", "/statistics/items/1"):
        learner.get(path)
        assert learner.status == 403


@SQLITE
def test_the_page_takes_as_many_statements_for_many_items_as_for_few(
    educator: Visitor, write: Write, queries: Callable[[], AbstractContextManager[list[str]]]
) -> None:
    sent = []
    for count in (2, 60):
        with write() as session:
            bank = make.make_bank(session, count, name=f"of{count}")
            make.answer(session, bank, make.simulated(30, count, count)[0])
            make.counted(session)
        with queries() as seen:
            educator.get("/statistics", flag="all")
        sent.append(len(seen))
    assert sent[0] == sent[1] <= 12


def test_calibrating_by_command_writes_a_run_and_refuses_when_there_is_nothing(
    command: CliRunner, sessions: sessionmaker[Session]
) -> None:
    refused = command.invoke(cli, ["calibrate"])
    assert refused.exit_code != 0
    with sessions() as session:
        assert session.scalars(sa.select(CalibrationRun)).all() == [], "a refusal leaves no run"
        begin_write(session)
        stock(session)
        session.commit()
    done = command.invoke(cli, ["calibrate"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["model"], found["items"], found["left_out"], found["converged"]) == ("1pl", 11, 1, True)
    with sessions() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(ItemCalibration)) == 12


@SQLITE
def test_a_command_that_was_stopped_goes_on_where_it_stood(
    command: CliRunner, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    with sessions() as session:
        begin_write(session)
        stock(session)
        session.commit()
    whole, starts = irt._accelerate, []

    def stopping(work: object, start: object, *rest: object) -> object:
        *more, tell = rest

        def watch(state: object, distance: float, steps: int) -> None:
            tell(state, distance, steps)  # type: ignore[operator]
            raise KeyboardInterrupt

        return whole(work, start, *more, watch)  # type: ignore[arg-type]

    monkeypatch.setattr(irt, "_accelerate", stopping)
    stopped = command.invoke(cli, ["calibrate"])
    assert stopped.exit_code == 1
    assert "call again to go on" in stopped.stderr
    with sessions() as session:
        run = session.scalars(sa.select(CalibrationRun)).one()
        assert run.finished_at is None
        assert len(run.state["a"]) == 12

    def noting(work: object, start: object, *rest: object) -> object:
        starts.append(start.a.copy())  # type: ignore[attr-defined]
        return whole(work, start, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(irt, "_accelerate", noting)
    resumed = command.invoke(cli, ["calibrate"])
    assert resumed.exit_code == 0
    assert "which was stopped" in resumed.stderr
    np.testing.assert_allclose(starts[0], run.state["a"])
    assert json.loads(resumed.stdout)["run"] == run.id

"""The demo: its own folder, the same again from the same seed, whole by the log, and found again by the calibration."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from qbank.app import create_app
from qbank.blocks.models import Delivery, Outcome
from qbank.blocks.rebuild import rebuild
from qbank.cli import cli
from qbank.db.engine import begin_write, make_engine, make_sessions
from qbank.demo import comparing, filling, place
from qbank.demo.world import Size
from qbank.errors import ConflictError
from qbank.settings import Settings

UNTIL = datetime(2026, 6, 1, tzinfo=UTC)
SMALL = Size(learners=6, months=2, items=60, seed=3, until=UNTIL)
WORDS = ["walnut ferry cobalt", "cobalt ferry walnut", "ferry walnut cobalt", "ferry cobalt walnut"]
RANDOM = {"person": {"password_hash"}}


def make(folder: Path, size: Size) -> Settings:
    chosen = place.settings_of(folder, testing=True)
    filling.fill(chosen, size, WORDS, lambda _done: None)
    return chosen


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return make(tmp_path_factory.mktemp("small") / "demo", SMALL)


def contents(chosen: Settings) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table, without what is random on purpose."""
    with closing(sqlite3.connect(chosen.data_dir / place.DATABASE)) as bank:
        bank.row_factory = sqlite3.Row
        names = [row[0] for row in bank.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return {
            name: sorted(
                (
                    tuple(row[key] for key in row.keys() if key not in RANDOM.get(name, ()))  # noqa: SIM118
                    for row in bank.execute(f"SELECT * FROM {name}")
                ),
                key=repr,
            )
            for name in names
            if not name.startswith("sqlite_")
        }


def test_the_same_seed_writes_the_same_rows_and_truth(small: Settings, tmp_path: Path) -> None:
    again = make(tmp_path / "again", SMALL)
    one, other = contents(small), contents(again)
    assert {name: len(rows) for name, rows in one.items()} == {name: len(rows) for name, rows in other.items()}
    assert [name for name in one if one[name] != other[name]] == []
    assert (small.data_dir / place.TRUTH).read_bytes() == (again.data_dir / place.TRUTH).read_bytes()


def test_everything_written_is_what_the_log_says(small: Settings) -> None:
    engine = make_engine(small.database_url)
    with make_sessions(engine)() as session:
        begin_write(session)
        assert session.scalar(sa.select(sa.func.count()).select_from(Delivery)) > 300  # type: ignore[operator]
        assert set(session.scalars(sa.select(Delivery.outcome).distinct())) == set(Outcome)
        assert rebuild(session, check=True) == []
        session.rollback()
    engine.dispose()


def test_the_pages_of_a_demo_say_that_its_data_are_simulated_and_those_of_a_real_bank_do_not(small: Settings) -> None:
    said = create_app(small).test_client().get("/sign-in").text
    assert "Simulated data: the learners and their answers are made up." in said
    assert "simulated data</title>" in said
    elsewhere = small.model_copy(update={"data_dir": small.data_dir.parent})  # the database without its marker
    assert "imulated data" not in create_app(elsewhere).test_client().get("/sign-in").text


def test_the_calibration_finds_the_simulated_parameters_again(tmp_path: Path) -> None:
    """130 learners, 45 items, nearly all answered by all. An error of b near .3 is what its standard error says."""
    chosen = make(tmp_path / "demo", Size(learners=130, months=2, items=45, seed=11, until=UNTIL))
    engine = make_engine(chosen.database_url)
    with make_sessions(engine)() as session:
        found = comparing.compare(session, chosen.data_dir / place.TRUTH)
    engine.dispose()
    b, theta = found["b"], found["theta"]
    assert b.n >= 40 and theta.n == 130  # noqa: PT018
    assert b.r is not None and b.r > 0.93 and b.rmse is not None and b.rmse < 0.45  # noqa: PT018
    assert theta.r is not None and theta.r > 0.90 and theta.rmse is not None and theta.rmse < 0.45  # noqa: PT018


def test_a_folder_that_holds_anything_else_is_left_as_it_is(tmp_path: Path) -> None:
    configured = tmp_path / "bank"
    with pytest.raises(ConflictError, match="configured bank"):
        place.check(configured, configured)
    other = tmp_path / "other"
    other.mkdir()
    assert place.check(other, configured) is False
    (other / "thesis.txt").write_text("mine")
    with pytest.raises(ConflictError, match="no demo"):
        place.check(other, configured)
    place.mark(other, {"seed": 1})
    with pytest.raises(ConflictError, match=r"thesis\.txt"):
        place.check(other, configured)
    assert (other / "thesis.txt").read_text() == "mine"


def test_the_command_makes_a_demo_says_how_to_open_it_and_compares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QBANK_DATA_DIR", str(tmp_path / "bank"))
    monkeypatch.setenv("QBANK_TESTING", "true")
    folder = tmp_path / "shown"
    call = ["demo", "--learners", "2", "--months", "1", "--items", "40", "--until", "2026-06-01", "--data-dir"]
    made = CliRunner().invoke(cli, [*call, str(folder)])
    assert made.exit_code == 0, made.output
    told = json.loads(made.stdout)
    assert (told["learners"], told["items"]) == (2, 40)
    assert f"qbank serve --data-dir {folder}" in made.stderr
    assert "admin@simulated.example" in made.stderr
    assert sorted(path.name for path in folder.iterdir() if path.name in (place.TRUTH, place.MARKER)) == [
        place.MARKER, place.TRUTH,
    ]  # fmt: skip
    none = CliRunner().invoke(cli, ["demo", "--compare", "--data-dir", str(folder)])
    assert none.exit_code != 0  # two learners are too few to calibrate
    refused = CliRunner().invoke(cli, [*call, str(tmp_path / "bank")])
    assert isinstance(refused.exception, ConflictError)

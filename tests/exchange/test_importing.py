"""Imports: what becomes of each record, twice the same file, changed items, all or nothing, undoing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from qbank import clock as clock_module
from qbank.db.engine import begin_write
from qbank.errors import ConflictError, InvalidError
from qbank.exchange import running, undoing
from qbank.exchange.exporting import Selection, selected
from qbank.exchange.importing import dry_run, import_file, report_of
from qbank.exchange.json_lines import read
from qbank.exchange.models import ImportRun, RunState
from qbank.exchange.target import Target
from qbank.items import records, store
from qbank.items.models import Item, ItemEnemy, ItemState, ItemVersion, ReviewVote, Vote
from qbank.items.record import ItemRecord
from tests.conftest import TestClock
from tests.exchange.bank import add_taxa, file_of, line, snapshot, visible

Sessions = sessionmaker[Session]


@pytest.fixture(autouse=True)
def taxa(sessions: Sessions, clock: TestClock) -> None:
    add_taxa(sessions)


def last_run(sessions: Sessions) -> ImportRun:
    with sessions() as session:
        return session.scalars(sa.select(ImportRun).order_by(ImportRun.id.desc()).limit(1)).one()


def items(sessions: Sessions) -> dict[str, ItemRecord]:
    with sessions() as session:
        return {record.name: record for record in selected(session, Selection())}


def test_every_record_ends_somewhere_and_the_numbers_add_up(sessions: Sessions, tmp_path: Path) -> None:
    path = file_of(tmp_path, [line(1), line(2, options="none"), line(3), {"stem": "no options"}, line(1, stem="Else")])
    report = import_file(sessions, path)
    assert report.counts == {
        "found": 5, "imported": 2, "updated": 0, "unchanged": 0, "refused": 3, "unsupported": 0,
    }  # fmt: skip
    assert [(each.record, each.line) for each in report.refused] == [(2, 2), (4, 4), (5, 5)]
    assert "record 1 of this file has the same id x-1" in report.refused[2].cause
    assert set(items(sessions)) == {"x-1", "x-3"}
    assert not report.complete


def test_imported_items_are_drafts_of_the_person_whatever_the_file_says(
    sessions: Sessions, tmp_path: Path, make_person: Callable[..., int]
) -> None:
    person_id = make_person()
    import_file(sessions, file_of(tmp_path, [line(1, status="live")]), person_id=person_id)
    with sessions() as session:
        item, version = session.execute(sa.select(Item, ItemVersion).join(ItemVersion, Item.draft_version)).one()
        assert (item.owner_id, version.author_id, version.state) == (person_id, person_id, ItemState.DRAFT)
        assert item.published_version_id is None


def test_the_bulk_writer_stores_what_the_store_would_have_stored(sessions: Sessions, tmp_path: Path) -> None:
    """Row by row and column by column, but for ids, names and times."""
    first = line(
        1, explanation="## Why\n\nIt *works* [@s1]", vignette="A shared case.", disciplines=["pathology"],
        tasks=["diagnosis"], difficulty="easy", shuffle=True, doubt="Is it so?", objective="Know < 5 & more.",
    )  # fmt: skip
    import_file(sessions, file_of(tmp_path, [first]))
    with sessions() as session:
        begin_write(session)
        record = next(iter(read(file_of(tmp_path, [first]).read_bytes())))
        assert isinstance(record, ItemRecord)
        content = records.Resolver(session).content(record)
        origin = session.scalars(sa.select(ItemVersion.origin)).one()
        made = store.create_item(session, None, content, external_id="by-hand", origin=origin)
        both = records.load_versions(session, list(session.scalars(sa.select(ItemVersion.id))))
        mine = next(version for version in both.values() if version.id != made.version.id)
        own = {"id", "item_id", "version_id", "created_at"}
        for one, other in [(mine, made.version), *zip(mine.options, both[made.version.id].options, strict=True)]:
            columns = [column.key for column in sa.inspect(type(one)).columns if column.key not in own]
            assert [getattr(one, name) for name in columns] == [getattr(other, name) for name in columns]
        left, right = records.to_record(mine), records.to_record(both[made.version.id])
        assert replace(left, id=None, external_id=None) == replace(right, id=None, external_id=None)
        assert left.vignette == "A shared case."


def test_a_second_import_of_the_same_file_changes_nothing(sessions: Sessions, tmp_path: Path) -> None:
    path = file_of(tmp_path, [line(number) for number in range(5)] + [line(9, external_id=None)])
    import_file(sessions, path)
    before = snapshot(sessions)
    report = import_file(sessions, path)
    assert (report.counts["unchanged"], report.counts["found"]) == (6, 6)
    assert snapshot(sessions) == before


def test_a_changed_item_becomes_a_new_version_in_draft_and_takes_the_old_drafts_place(
    sessions: Sessions, tmp_path: Path
) -> None:
    import_file(sessions, file_of(tmp_path, [line(1), line(2)]))
    report = import_file(sessions, file_of(tmp_path, [line(1, stem="Changed."), line(2)]))
    assert (report.counts["updated"], report.counts["unchanged"]) == (1, 1)
    with sessions() as session:
        rows = session.execute(
            sa.select(ItemVersion.number, ItemVersion.state)
            .join(Item, Item.id == ItemVersion.item_id)
            .where(Item.external_id == "x-1")
        )
        assert {tuple(row) for row in rows} == {(1, ItemState.SUPERSEDED), (2, ItemState.DRAFT)}
    assert items(sessions)["x-1"].stem == "Changed."


def test_what_a_person_edited_since_is_not_overwritten_by_the_same_file(sessions: Sessions, tmp_path: Path) -> None:
    path = file_of(tmp_path, [line(1)])
    import_file(sessions, path)
    edit(sessions, "x-1", "Edited by hand.")
    assert import_file(sessions, path).counts["unchanged"] == 1
    assert items(sessions)["x-1"].stem == "Edited by hand."


def edit(sessions: Sessions, name: str, stem: str) -> None:
    with sessions() as session:
        begin_write(session)
        item = session.scalars(sa.select(Item).where(Item.external_id == name)).one()
        current = store.newest_version(session, item)
        whole = records.load_versions(session, [current.id])[current.id]
        content = records.content_of(whole, system_id=whole.system_id, task_id=None, discipline_ids=())
        store.save_version(session, None, item.id, replace(content, stem=stem), base_version_id=current.id)
        session.commit()


def test_the_same_content_under_another_id_is_shown_as_a_duplicate(sessions: Sessions, tmp_path: Path) -> None:
    import_file(sessions, file_of(tmp_path, [line(1)]))
    same = [line(1, external_id="other"), line(2), line(2, external_id="twin")]
    for report in (dry_run(sessions, file_of(tmp_path, same)), import_file(sessions, file_of(tmp_path, same))):
        messages = {
            problem.record: problem.message for problem in report.problems if "says the same" in problem.message
        }
        assert messages == {
            1: "It says the same as the item x-1 of the bank.",
            3: "It says the same as x-2 in this file.",
        }
        assert report.counts["imported"] == 3


def test_a_question_nearly_the_same_as_one_of_the_bank_is_named_by_a_dry_run(
    sessions: Sessions, tmp_path: Path
) -> None:
    stem = "A 30-year-old man with long standing diabetes has swollen legs and foamy urine since the spring."
    import_file(sessions, file_of(tmp_path, [line(1, stem=stem), line(2)]))
    before = snapshot(sessions)
    report = dry_run(sessions, file_of(tmp_path, [line(5, stem=stem.replace("30", "40")), line(6)]))
    assert [(each.record, "x-1" in each.message) for each in report.problems] == [(1, True)]
    assert snapshot(sessions) == before
    assert report.checked == 2


def test_codes_that_the_bank_lacks_are_named_and_can_be_mapped(sessions: Sessions, tmp_path: Path) -> None:
    path = file_of(tmp_path, [line(1, systems=["Kidney"]), line(2, systems=[], tags=["category:Pathology"])])
    assert [each.message for each in dry_run(sessions, path).problems] == ["no system has the code 'Kidney'"]
    codes = {("systems", "Kidney"): "renal", ("tags", "category:Pathology"): "disciplines:pathology"}
    report = import_file(sessions, path, target=Target(codes=codes, tasks=("diagnosis",), tags=("2026",)))
    assert report.problems == []
    found = items(sessions)
    assert (found["x-1"].systems, found["x-1"].tasks, found["x-1"].tags) == (
        ("renal",),
        ("diagnosis",),
        ("made", "2026"),
    )
    assert (found["x-2"].systems, found["x-2"].disciplines) == ((), ("pathology",))


def test_enemies_within_a_file_and_with_the_bank_are_declared(sessions: Sessions, tmp_path: Path) -> None:
    import_file(sessions, file_of(tmp_path, [line(1)]))
    path = file_of(tmp_path, [line(2, enemies=["x-1", "x-3", "nobody"]), line(3)])
    report = import_file(sessions, path)
    assert items(sessions)["x-2"].enemies == ("x-1", "x-3")
    assert [problem.message for problem in report.problems] == ["Its enemy nobody is not in the bank."]


def test_what_no_database_can_hold_is_refused_by_name(sessions: Sessions, tmp_path: Path) -> None:
    path = file_of(tmp_path, [line(1, external_id="x" * 101), line(2), line(3, stem="\ud800")])
    report = import_file(sessions, path)
    assert (report.counts["imported"], report.counts["refused"]) == (1, 2)


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [(b"", "a.jsonl", "is empty"), (b"\x00\x01", "a.bin", "format is not known")],
)
def test_a_file_of_no_format_is_refused_with_a_cure(
    sessions: Sessions, tmp_path: Path, content: bytes, name: str, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(InvalidError, match=message):
        import_file(sessions, path)
    with sessions() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(ImportRun)) == 0


# --- all or nothing ----------------------------------------------------------------------------------------------


class UnpluggedError(Exception):
    """What a reader raises that nobody foresaw."""


def breaking(path: Path, after: int) -> Iterator[ItemRecord]:
    for number, outcome in enumerate(read(path.read_bytes())):
        if number == after:
            raise UnpluggedError
        assert isinstance(outcome, ItemRecord)
        yield outcome


def begin(sessions: Sessions, path: Path) -> int:
    with sessions() as session:
        begin_write(session)
        run = running.start(session, None, running.Upload(path.name, "jsonl"), RunState.IMPORTING)
        session.commit()
        return run.id


def test_an_import_that_breaks_in_the_middle_leaves_nothing(sessions: Sessions, tmp_path: Path) -> None:
    import_file(sessions, file_of(tmp_path, [line(1), line(2)]))
    before = snapshot(sessions)
    path = file_of(tmp_path, [line(number, stem=f"New {number}", vignette="V") for number in range(20)])
    with pytest.raises(UnpluggedError):
        running.carry_out(sessions, begin(sessions, path), breaking(path, 13), batch_size=5)
    assert snapshot(sessions) == before
    assert last_run(sessions).state is RunState.FAILED


def test_nobody_sees_an_item_before_the_whole_file_is_in(sessions: Sessions, tmp_path: Path) -> None:
    import_file(sessions, file_of(tmp_path, [line(1)]))
    path = file_of(tmp_path, [line(number, stem=f"New {number}") for number in range(10)])
    seen: list[set[str]] = []

    def watched() -> Iterator[ItemRecord]:
        for outcome in breaking(path, 99):
            seen.append(visible(sessions))
            yield outcome

    running.carry_out(sessions, begin(sessions, path), watched(), batch_size=2)
    assert seen == [{"x-1"}] * 10
    assert len(visible(sessions)) == 10


_KILLED = """
import os, signal, sys
from pathlib import Path
from qbank.db import models
from qbank.db.engine import make_engine, make_sessions
from qbank.exchange import importing, planning, running, writing
sessions = make_sessions(make_engine(sys.argv[1]))
written, whole = 0, writing.write_batch
def write_and_die(session, *rest):
    global written
    whole(session, *rest)
    written += 1
    if written == int(sys.argv[3]):
        if sys.argv[4] == "committed":
            session.commit()
        os.kill(os.getpid(), signal.SIGKILL)
writing.write_batch = write_and_die
running.BATCH = 5
running.carry_out.__kwdefaults__["batch_size"] = 5
importing.import_file(sessions, Path(sys.argv[2]))
"""


@pytest.mark.parametrize(("batch", "when"), [(1, "open"), (2, "committed"), (3, "open"), (4, "committed")])
def test_an_import_killed_at_any_time_leaves_nothing_and_can_be_done_again(
    sessions: Sessions, database_url: str, tmp_path: Path, batch: int, when: str
) -> None:
    import_file(sessions, file_of(tmp_path, [line(1), line(2)]))
    before, known = snapshot(sessions), visible(sessions)
    path = file_of(tmp_path, [line(number, stem=f"New {number}", enemies=["x-1"]) for number in range(20)], "new.jsonl")
    arguments = [sys.executable, "-c", _KILLED, database_url, str(path), str(batch), when]
    killed = subprocess.run(arguments, cwd=Path(__file__).parents[2], capture_output=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()[-2000:]
    if not (batch == 4 and when == "committed"):
        assert visible(sessions) == known  # before anything is cleared up
    clock_module.use(None)  # the killed process had the system's time
    assert undoing.recover(sessions) == 1
    assert snapshot(sessions) == before
    assert last_run(sessions).state is RunState.FAILED
    assert import_file(sessions, path).counts["found"] == 20
    assert len(visible(sessions)) == 20


def test_a_run_that_another_process_works_on_is_left_alone(sessions: Sessions, tmp_path: Path) -> None:
    run_id = begin(sessions, file_of(tmp_path, [line(1)]))
    with sessions() as session:
        begin_write(session)
        session.get_one(ImportRun, run_id).owner = f"{running.owner_name().rpartition(':')[0]}:{os.getppid()}"
        session.commit()
    assert undoing.recover(sessions) == 0
    running.release(run_id)


def test_an_item_edited_while_the_import_runs_is_refused_and_keeps_the_edit(sessions: Sessions, tmp_path: Path) -> None:
    import_file(sessions, file_of(tmp_path, [line(0), line(1)]))
    path = file_of(tmp_path, [line(number, stem=f"New {number}") for number in range(6)])

    def with_an_edit() -> Iterator[ItemRecord]:
        for number, outcome in enumerate(breaking(path, 99)):
            if number == 5:
                edit(sessions, "x-1", "Meanwhile.")
            yield outcome

    counts = running.carry_out(sessions, begin(sessions, path), with_an_edit(), batch_size=2)
    assert (counts["updated"], counts["refused"], counts["imported"], counts["found"]) == (1, 1, 4, 6)
    assert items(sessions)["x-1"].stem == "Meanwhile."
    with sessions() as session:
        report = report_of(session, last_run(sessions))
    assert [(each.name, "while the import ran" in each.cause) for each in report.refused] == [("x-1", True)]


# --- undoing -----------------------------------------------------------------------------------------------------


def undo(sessions: Sessions) -> None:
    run_id = last_run(sessions).id
    with sessions() as session:
        begin_write(session)
        undoing.begin_undo(session, run_id)
        session.commit()
    undoing.take_back(sessions, run_id, RunState.UNDONE, "")


def test_undoing_leaves_the_bank_as_it_was(sessions: Sessions, tmp_path: Path) -> None:
    import_file(sessions, file_of(tmp_path, [line(1), line(2), line(3)]))
    before = snapshot(sessions)
    import_file(
        sessions, file_of(tmp_path, [line(1, stem="Changed."), line(2, enemies=["x-3"]), line(4, enemies=["x-1"])])
    )
    assert snapshot(sessions) != before
    undo(sessions)
    assert snapshot(sessions) == before
    assert last_run(sessions).state is RunState.UNDONE


def test_an_import_can_be_done_again_after_it_was_undone(sessions: Sessions, tmp_path: Path) -> None:
    path = file_of(tmp_path, [line(1), line(2)])
    import_file(sessions, path)
    undo(sessions)
    assert visible(sessions) == set()
    assert import_file(sessions, path).counts["imported"] == 2


def test_an_import_whose_item_was_edited_is_not_undone(sessions: Sessions, tmp_path: Path) -> None:
    import_file(sessions, file_of(tmp_path, [line(1), line(2)]))
    edit(sessions, "x-2", "By hand.")
    before = snapshot(sessions)
    with pytest.raises(ConflictError, match="x-2"):
        undo(sessions)
    assert snapshot(sessions) == before
    assert last_run(sessions).state is RunState.DONE


def test_an_import_whose_item_was_voted_on_is_not_undone(
    sessions: Sessions, tmp_path: Path, make_person: Callable[..., int]
) -> None:
    import_file(sessions, file_of(tmp_path, [line(1)]))
    reviewer = make_person()
    with sessions() as session:
        version = session.scalars(sa.select(ItemVersion)).one()
        vote = {"vote": Vote.ADVISE, "comment": "Hm.", "at": clock_module.now()}
        session.add(ReviewVote(version_id=version.id, reviewer_id=reviewer, **vote))
        session.commit()
    with pytest.raises(ConflictError, match="x-1"):
        undo(sessions)


def test_an_import_that_a_later_one_built_on_is_undone_only_after_it(sessions: Sessions, tmp_path: Path) -> None:
    import_file(sessions, file_of(tmp_path, [line(1)]))
    first = last_run(sessions).id
    import_file(sessions, file_of(tmp_path, [line(1, stem="Changed.")]))
    with sessions() as session:
        begin_write(session)
        with pytest.raises(ConflictError):
            undoing.begin_undo(session, first)
        session.rollback()
    undo(sessions)
    with sessions() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(ItemEnemy)) == 0
        begin_write(session)
        undoing.begin_undo(session, first)
        session.commit()
    undoing.take_back(sessions, first, RunState.UNDONE, "")
    assert visible(sessions) == set()


def test_undoing_that_was_killed_is_ended_at_the_next_start(sessions: Sessions, tmp_path: Path) -> None:
    import_file(sessions, file_of(tmp_path, [line(1), line(2)]))
    run_id = last_run(sessions).id
    with sessions() as session:
        begin_write(session)
        undoing.begin_undo(session, run_id)
        session.commit()
    running.release(run_id)  # as if the process were gone
    assert visible(sessions) == set()
    assert undoing.recover(sessions) == 1
    assert last_run(sessions).state is RunState.UNDONE

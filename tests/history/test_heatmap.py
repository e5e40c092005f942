from __future__ import annotations

from sqlalchemy.orm import Session

from qbank.history.breakdown import Which, breakdown
from qbank.history.filters import BlockFilter
from qbank.history.heatmap import HeatMap, heat_map, weakest
from qbank.settings import Settings
from tests.history.school import Bank, Taken, make_bank, make_person, take

THREE = ("Cardiovascular", "Renal", "Endocrine")  # items have system n % 3 and task n % 2


def heat(session: Session, settings: Settings, answers: str, which: Which = Which.FIRST) -> tuple[Bank, HeatMap]:
    learner, bank = make_person(session), make_bank(session, 60, systems=THREE)
    take(session, learner, bank, Taken(answers))
    return bank, heat_map(breakdown(session, learner.id, BlockFilter(), which, settings), settings)


def test_each_cell_counts_the_items_where_system_and_task_meet(session: Session, settings: Settings) -> None:
    # item n meets system n % 3 and task n % 2: of 60 items each of the six pairs holds ten
    bank, found = heat(session, settings, "".join("R" if n % 6 == 0 else "W" for n in range(60)))
    assert [cell.name for cell in found.systems] == list(THREE)
    assert len(found.cells) == 6
    first = found.cells[bank.systems[0], bank.tasks[0]]
    assert (first.correct, first.scored, first.share) == (10, 10, 1.0)
    assert sum(cell.scored for cell in found.cells.values()) == 60


def test_a_cell_below_five_items_has_counts_only(session: Session, settings: Settings) -> None:
    bank, found = heat(session, settings, "R" * 24)
    assert {cell.scored for cell in found.cells.values()} == {4}
    cell = found.cells[bank.systems[1], bank.tasks[1]]
    assert (cell.correct, cell.scored, cell.share, cell.low, cell.band) == (4, 4, None, None, None)
    assert weakest(found) is None


def test_pairs_that_were_never_met_are_not_there(session: Session, settings: Settings) -> None:
    bank, found = heat(session, settings, "RWR")
    assert set(found.cells) == {(bank.systems[n % 3], bank.tasks[n % 2]) for n in range(3)}


def test_the_weakest_is_the_cell_that_is_surely_low_not_the_one_of_few_answers(
    session: Session, settings: Settings
) -> None:
    learner, bank = make_person(session), make_bank(session, 60, systems=THREE)
    # system 0, task 0: 2 of 10; system 1, task 1: 1 of 5, the same share on half as many; the others all right
    few = {1: "R", 7: "W", 13: "W", 19: "W", 25: "W"}
    signs = [few.get(n, "p") if n % 6 == 1 else "R" if n % 6 or n < 12 else "W" for n in range(60)]
    take(session, learner, bank, Taken("".join(signs)))
    found = heat_map(breakdown(session, learner.id, BlockFilter(), Which.FIRST, settings), settings)
    both = [found.cells[bank.systems[0], bank.tasks[0]], found.cells[bank.systems[1], bank.tasks[1]]]
    assert [(cell.correct, cell.scored) for cell in both] == [(2, 10), (1, 5)]
    assert weakest(found) == (bank.systems[0], bank.tasks[0])

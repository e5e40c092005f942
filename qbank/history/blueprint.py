"""The blueprint of the history's pages, and what every one of them needs."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, request, url_for

from qbank.accounts.models import Person
from qbank.blocks import taking
from qbank.db.engine import begin_write
from qbank.history import access, blocks, cohort
from qbank.history.cohort import Cohort
from qbank.history.counted import Which
from qbank.history.filters import BlockFilter
from qbank.history.forms import FilterForm
from qbank.items.taxonomy import Dimension, taxa
from qbank.security.guard import person
from qbank.web.transaction import db

bp = Blueprint("history", __name__, url_prefix="/history")

OF = "/of/<int(max=2147483647):person_id>"  # a larger number is no id: no such page
PRACTISE = 10  # items that a row of the history offers to practise


@dataclass(frozen=True)
class Frame:
    """What every page of a history needs: whose it is, its filter, and how its links keep both."""

    who: Person
    own: bool
    form: FilterForm
    which: BlockFilter
    kept: dict[str, str]

    def link(self, endpoint: str, **values: object) -> str:
        """Return the address of a page of this history, with the filter kept; None takes a value out."""
        return self.bare(endpoint, **{**self.kept, **values})

    def bare(self, endpoint: str, **values: object) -> str:
        """Return the address of a page of this history without the filter."""
        whose = {} if self.own else {"person_id": self.who.id}
        return url_for(f"history.{endpoint}", **whose, **values)  # type: ignore[arg-type]

    @property
    def status(self) -> int:
        """The status of the page: 422 where the filter holds what cannot be read."""
        return 422 if self.form.errors else 200


def make_frame(person_id: int | None) -> Frame:
    """Return the frame of the request. Raises NotFoundError for a history that the visitor may not see."""
    who = access.learner(db(), person(), person_id)
    if blocks.any_due(db(), who.id):
        begin_write(db())  # a look at the history is a first look at blocks whose time is up: it closes them
        taking.open_blocks(db(), who)
    form = FilterForm(request.args)
    form.offer(blocks.presets(db(), who.id), taxa(db())[Dimension.SYSTEM])
    which = form.chosen()
    return Frame(who=who, own=who.id == person().id, form=form, which=which, kept=form.kept())


def asked_which() -> Which:
    """Return which answers count, as the address asks; first answers where it asks for nothing that exists."""
    wanted = request.args.get("count", "")
    return Which(wanted) if wanted in set(Which) else Which.FIRST


def asked_cohort(frame: Frame) -> tuple[list[Cohort], Cohort | None]:
    """Return the groups to compare with, and the one that the address asks for; the first one otherwise."""
    found = cohort.cohorts(db(), person(), frame.who)
    wanted = request.args.get("group", "")
    named = next((each for each in found if str(each.group_id) == wanted), None)
    return found, named or next(iter(found), None)

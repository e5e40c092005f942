"""Links that make accounts work once, and races between people leave somebody in charge."""

from __future__ import annotations

import threading
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from qbank.accounts import service
from qbank.accounts.models import Invitation, Person, Role
from qbank.db.engine import begin_write
from qbank.errors import QBankError
from tests.security.test_doors import PASSWORD, POSTGRES, SQLITE, add, app

__all__ = ["app"]


@SQLITE
def test_the_set_up_link_works_only_while_nobody_administers(app: Flask) -> None:
    with app.extensions["qbank.sessions"]() as session:
        begin_write(session)
        first = service.make_setup_token(session)
        second = service.make_setup_token(session)
        session.commit()
    client = app.test_client()
    assert client.get(f"/join/{first}").status_code == 404, "a newer link ends the older"
    assert client.get(f"/join/{second}").status_code == 200
    add(app, Role.ADMINISTRATOR)
    assert client.get(f"/join/{second}").status_code == 404


def together(sessions: sessionmaker[Session], *works: Any) -> list[str]:
    """Run the works at the same time, each in a transaction of its own; return how each ended."""
    gate, ends = threading.Barrier(len(works)), [""] * len(works)

    def run(place: int, work: Any) -> None:
        with sessions() as session:
            begin_write(session)
            gate.wait(timeout=30)
            try:
                work(session)
                session.commit()
                ends[place] = "done"
            except QBankError as error:
                session.rollback()
                ends[place] = type(error).__name__

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(ends)


@POSTGRES
def test_one_invitation_lets_one_of_two_in(app: Flask, settings: Any, sessions: sessionmaker[Session]) -> None:
    sam = add(app, Role.ADMINISTRATOR)
    with sessions() as session:
        token = service.invite(session, session.get_one(Person, sam), roles={Role.STUDENT}, email=None)
        session.commit()

    def accept(email: str) -> Any:
        return lambda session: service.accept_invitation(
            session, settings, token, email=email, name="New", password=PASSWORD
        )

    ends = together(sessions, accept("a@example.org"), accept("b@example.org"))
    assert ends in (["ConflictError", "done"], ["NotFoundError", "done"])
    with sessions() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Person)) == 2
        assert session.scalars(sa.select(Invitation)).one().used_at is not None


@POSTGRES
def test_two_administrators_who_dismiss_each_other_leave_one(app: Flask, sessions: sessionmaker[Session]) -> None:
    one = add(app, Role.ADMINISTRATOR, Role.STUDENT)
    two = add(app, Role.ADMINISTRATOR, Role.STUDENT, email="bo@example.org")

    def dismiss(actor: int, other: int) -> Any:
        def work(session: Session) -> None:
            who = session.get_one(Person, other)
            service.set_roles(session, session.get_one(Person, actor), who, {Role.STUDENT})

        return work

    assert together(sessions, dismiss(one, two), dismiss(two, one)) == ["ConflictError", "done"]

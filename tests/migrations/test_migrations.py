"""Migrations: up and down with data on both databases, nothing lost on the way, and the models equal the head."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from qbank import paths
from qbank.accounts.models import AuditEvent, Invitation
from qbank.blocks import building
from qbank.blocks.criteria import Criteria
from qbank.blocks.models import Feedback, Timing
from qbank.db import migrate, models
from qbank.db.engine import begin_write, make_engine, make_sessions
from qbank.groups import service as groups
from qbank.security import signin
from tests.blocks.classroom import make_learner, stock

Rows = dict[str, list[dict[str, Any]]]
REVISIONS = [script.revision for script in ScriptDirectory(str(paths.migrations_dir())).walk_revisions()][::-1]
# Two tables that name each other: these columns are filled once both are there.
CIRCULAR = {"article": ["current_id"], "item": ["draft_version_id", "published_version_id"]}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'migrated.sqlite3'}"
        return
    yield request.getfixturevalue("postgres_bare_url")


@pytest.fixture
def filled(tmp_path: Path, settings) -> Rows:
    """Rows of every kind, as the program writes them."""
    engine = make_engine(f"sqlite:///{tmp_path / 'source.sqlite3'}")
    models.metadata.create_all(engine)
    with make_sessions(engine)() as session:
        begin_write(session)
        stock(session)
        learner = make_learner(session)
        signin.start(session, learner, days=1)
        group = groups.create(session, learner, "Residents")
        groups.join(session, make_learner(session, "Bob Learner"), group.join_code)
        for feedback in Feedback:
            building.start_block(
                session, learner, settings, criteria=Criteria(), count=3, feedback=feedback, timing=Timing.UNTIMED
            )
        moment = learner.created_at
        session.add(AuditEvent(at=moment, person_id=learner.id, action="test", detail={"a": [1, "é"]}))
        session.add(Invitation(token_hash="h", roles=["student"], created_at=moment, expires_at=moment))
        session.commit()
    rows = dump(engine, set(models.metadata.tables))
    engine.dispose()
    assert sum(1 for found in rows.values() if found) > 20
    return rows


def tables_at(engine: sa.Engine) -> list[sa.Table]:
    """Return the program's tables that exist at the present revision, parents first."""
    present = set(sa.inspect(engine).get_table_names())
    return [table for table in models.metadata.sorted_tables if table.name in present]


Columns = dict[str, list[sa.Column[Any]]]


def columns_at(engine: sa.Engine, names: set[str]) -> Columns:
    """Return the columns of these tables that exist at the present revision: later ones may add some."""
    found = sa.inspect(engine).get_multi_columns(filter_names=sorted(names)) if names else {}
    present = {name: {column["name"] for column in columns} for (_schema, name), columns in found.items()}
    return {
        name: [column for column in models.metadata.tables[name].columns if column.name in present[name]]
        for name in sorted(names)
    }


def known(engine: sa.Engine, rows: Rows, names: set[str]) -> Rows:
    """Return the rows of these tables, with the columns that exist at the present revision."""
    held = {name: {column.name for column in columns} for name, columns in columns_at(engine, names).items()}
    return {
        name: sorted(
            ({key: value for key, value in row.items() if key in held[name]} for row in rows[name]),
            key=lambda row: repr(row),
        )
        for name in held
    }


def insert(engine: sa.Engine, rows: Rows, names: set[str]) -> None:
    """Insert the rows of these tables, the mutual links last."""
    rows = rows | known(engine, rows, names)
    with engine.begin() as connection:
        for table in models.metadata.sorted_tables:
            if table.name not in names or not rows[table.name]:
                continue
            later = CIRCULAR.get(table.name, [])
            connection.execute(sa.insert(table), [row | dict.fromkeys(later) for row in rows[table.name]])
        for name, columns in CIRCULAR.items():
            if name in names:
                table = models.metadata.tables[name]
                for row in rows[name]:
                    values = {column: row[column] for column in columns}
                    connection.execute(sa.update(table).where(table.c.id == row["id"]).values(**values))


def dump(engine: sa.Engine, names: set[str]) -> Rows:
    with engine.connect() as connection:
        return {
            name: sorted(
                (dict(row) for row in connection.execute(sa.select(*columns)).mappings()),
                key=lambda row: repr(row),
            )
            for name, columns in columns_at(engine, names).items()
        }


def test_every_revision_keeps_every_row_up_and_down(empty_url: str, filled: Rows) -> None:
    engine = make_engine(empty_url, pooled=False)
    present: set[str] = set()
    levels: list[set[str]] = []
    for revision in REVISIONS:
        migrate.upgrade(empty_url, revision)
        now = {table.name for table in tables_at(engine)}
        assert known(engine, filled, present) == dump(engine, present), revision
        insert(engine, filled, now - present)
        present = now
        levels.append(now)
    assert present == set(models.metadata.tables)
    for revision, left in zip(REVISIONS[-2::-1], levels[-2::-1], strict=True):
        migrate.downgrade(empty_url, revision)
        assert {table.name for table in tables_at(engine)} == left
        assert known(engine, filled, left) == dump(engine, left), revision
    migrate.downgrade(empty_url, "base")
    assert tables_at(engine) == []
    migrate.upgrade(empty_url)
    engine.dispose()


def test_the_migrated_database_is_what_the_models_say(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    command.check(migrate.config(empty_url))  # raises where autogenerate would write anything


def test_every_constraint_has_a_name_of_the_convention(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    engine = make_engine(empty_url, pooled=False)
    inspector = sa.inspect(engine)
    for table in inspector.get_table_names():
        if table == "alembic_version" or (empty_url.startswith("sqlite") and models.search.is_own(table)):
            continue
        keys = inspector.get_foreign_keys(table)
        assert all((key["name"] or "").startswith(f"fk_{table}_") for key in keys), table
        assert all(key["options"].get("ondelete") == "RESTRICT" for key in keys), table
        assert (inspector.get_pk_constraint(table)["name"] or "").startswith("pk_"), table
        unique = inspector.get_unique_constraints(table)
        assert all((each["name"] or "").startswith(f"uq_{table}_") for each in unique), table
        checks = inspector.get_check_constraints(table)
        assert all((each["name"] or "").startswith(f"ck_{table}_") for each in checks), table
    engine.dispose()


def test_the_constraints_refuse_what_they_are_for(empty_url: str, filled: Rows) -> None:
    migrate.upgrade(empty_url)
    engine = make_engine(empty_url, pooled=False)
    insert(engine, filled, set(models.metadata.tables))
    forbidden = [
        "DELETE FROM person",
        "DELETE FROM item_option",
        "DELETE FROM statement",
        "UPDATE block SET state = 'half-open'",
        "UPDATE block SET state = 'ended'",
        "UPDATE item_version SET number = 0",
        "UPDATE statement_citation SET status = 'missing'",
        "UPDATE person SET time_percent = 300",
        "INSERT INTO block_score (block_id, revision, correct, incorrect, omitted, scored, pretest, annulled, seconds,"
        " partial, reason, made_at) SELECT id, 1, 2, 1, 1, 5, 0, 0, 0, '0', '', started_at FROM block",
    ]
    for statement in forbidden:
        with pytest.raises(sa.exc.IntegrityError), engine.begin() as connection:
            connection.exec_driver_sql(statement)
    engine.dispose()

"""``qbank db``, ``backup``, ``restore``, ``doctor``: looking after the database."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import click
import sqlalchemy as sa

from qbank.cli.edge import settings
from qbank.settings import Settings


def _sqlite_file(chosen: Settings) -> Path | None:
    """Return the database file, or None where the database is a server."""
    url = sa.make_url(chosen.database_url)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def upgrade_with_backup(chosen: Settings) -> None:
    """Migrate to the newest revision; an SQLite file is copied first if there is anything to migrate."""
    from qbank.db import migrate
    from qbank.db.engine import make_engine

    file = _sqlite_file(chosen)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    engine = make_engine(chosen.database_url, pooled=False)
    current, head = migrate.current(engine), migrate.head()
    engine.dispose()
    if current == head:
        return
    if current is not None and file is not None:
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        copy = chosen.data_dir / "backups" / f"before-{head}-{stamp}.sqlite3"
        copy_database(file, copy)
        click.echo(f"backed up to {copy}", err=True)
    migrate.upgrade(chosen.database_url)


def copy_database(source: Path, target: Path) -> None:
    """Copy an SQLite database while it is in use; the copy is one consistent moment. Never overwrites."""
    if target.exists():
        raise click.ClickException(f"{target} exists already; choose another name")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    with sqlite3.connect(f"file:{source}?mode=ro", uri=True) as reader, sqlite3.connect(partial) as writer:
        reader.backup(writer)
    reader.close()
    writer.close()
    problems = _integrity(partial)
    if problems:
        raise click.ClickException(f"the copy is damaged: {'; '.join(problems)}")
    partial.rename(target)


def _integrity(file: Path) -> list[str]:
    connection = sqlite3.connect(file)
    try:
        found = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError as error:
        return [str(error)]
    finally:
        connection.close()
    return found + ([f"{len(broken)} rows point at nothing"] if broken else [])


@click.group()
def db() -> None:
    """Migrate the database."""


@db.command()
def upgrade() -> None:
    """Bring the database to the newest revision, after a backup."""
    upgrade_with_backup(settings())


@db.command()
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Take the database down to REVISION ("base" empties it)."""
    from qbank.db import migrate

    migrate.downgrade(settings().database_url, revision)


@db.command()
def current() -> None:
    """Print the revision that the database is at."""
    from qbank.db import migrate
    from qbank.db.engine import make_engine

    engine = make_engine(settings().database_url, pooled=False)
    click.echo(migrate.current(engine) or "empty")
    engine.dispose()


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Copy the database to FILE while it is in use (SQLite; use pg_dump for PostgreSQL)."""
    source = _sqlite_file(settings())
    if source is None:
        raise click.ClickException("the database is PostgreSQL: use pg_dump, which knows it best")
    if not source.exists():
        raise click.ClickException(f"there is no database at {source} yet")
    copy_database(source, file)
    click.echo(f"backed up to {file}", err=True)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put the backup FILE in the database's place. Stop the server first; the old database is kept aside."""
    target = _sqlite_file(settings())
    if target is None:
        raise click.ClickException("the database is PostgreSQL: use pg_restore, which knows it best")
    if problems := _integrity(file):
        raise click.ClickException(f"{file} is not a sound database: {'; '.join(problems)}")
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    fresh = target.with_name(target.name + f".restoring-{stamp}")
    copy_database(file, fresh)
    if target.exists():
        aside = target.with_name(target.name + f".before-restore-{stamp}")
        copy_database(target, aside)
        click.echo(f"the database as it was is kept at {aside}", err=True)
    for ending in ("-wal", "-shm"):
        target.with_name(target.name + ending).unlink(missing_ok=True)
    fresh.replace(target)
    click.echo(f"restored from {file}", err=True)


@click.command()
def doctor() -> None:
    """Check settings, database, revision and integrity; exit 1 when something needs care."""
    from qbank.db import migrate
    from qbank.db.engine import make_engine

    chosen = settings()
    engine = make_engine(chosen.database_url, pooled=False)
    at, head = migrate.current(engine), migrate.head()
    findings = (
        [f"the database is at revision {at or 'none'}, the program at {head}: run qbank db upgrade"]
        if at != head
        else []
    )
    file = _sqlite_file(chosen)
    if file is not None and file.exists():
        findings += _integrity(file)
    with engine.connect() as connection:
        version = connection.exec_driver_sql("SELECT sqlite_version()" if file else "SHOW server_version").scalar()
    engine.dispose()
    click.echo(f"data folder: {chosen.data_dir}")
    click.echo(f"database: {engine.dialect.name} {version}, revision {at or 'none'}")
    for finding in findings:
        click.echo(f"needs care: {finding}")
    if findings:
        raise SystemExit(1)
    click.echo("all is well")

"""``qbank db``, ``backup``, ``restore``, ``doctor``: looking after the database."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import click
import sqlalchemy as sa

from qbank.cli.edge import settings
from qbank.media import archive
from qbank.media.shelf import to_disk
from qbank.settings import Settings


def _sqlite_file(chosen: Settings) -> Path | None:
    """Return the database file, or None where the database is a server."""
    url = sa.make_url(chosen.database_url)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def upgrade_with_backup(chosen: Settings) -> None:
    """Migrate to the newest revision; an SQLite file is copied first if there is anything to migrate."""
    from qbank.db import migrate

    file = _sqlite_file(chosen)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    at, head = _revision(chosen), migrate.head()
    if at == head:
        return
    _check_known(at)
    if at is not None:
        _copy_before(chosen, f"before-{head}")
    migrate.upgrade(chosen.database_url)


def _revision(chosen: Settings) -> str | None:
    """Return the revision of the database; None for an empty one, or where there is no file yet."""
    from qbank.db import migrate
    from qbank.db.engine import make_engine

    engine = make_engine(chosen.database_url, pooled=False)
    try:
        return migrate.current(engine)
    finally:
        engine.dispose()


def _check_known(revision: str | None) -> None:
    from qbank.db import migrate

    if revision is not None and not migrate.knows(revision):
        raise click.ClickException(
            f"the database is at revision {revision}, which this program does not know: a newer program made it. "
            "Install that program again, or restore a backup from before. Nothing was changed."
        )


def _copy_before(chosen: Settings, name: str) -> None:
    """Keep a copy of an SQLite database before its tables change."""
    file = _sqlite_file(chosen)
    if file is None:
        return
    copy = chosen.data_dir / "backups" / f"{name}-{_stamp()}.sqlite3"
    copy_database(file, copy)
    click.echo(f"backed up to {copy}", err=True)


def _stamp() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")


def copy_database(source: Path, target: Path) -> None:
    """Copy an SQLite database while it is in use; the copy is one consistent moment. Never overwrites.

    The copy holds people's addresses and password hashes: only its owner may read it.
    """
    if target.exists():
        raise click.ClickException(f"{target} exists already; choose another name")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)
    try:
        with closing(_open_to_read(source)) as reader, closing(sqlite3.connect(partial)) as writer:
            reader.backup(writer)
        if problems := _integrity(partial):
            raise click.ClickException(f"the copy is damaged: {'; '.join(problems)}")
        to_disk(partial)
        partial.rename(target)
    except sqlite3.Error as error:
        raise click.ClickException(f"{source} could not be copied to {target}: {error}") from None
    finally:
        partial.unlink(missing_ok=True)


def _open_to_read(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)


def _integrity(file: Path) -> list[str]:
    try:
        with closing(sqlite3.connect(file)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
            broken = connection.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.DatabaseError as error:
        return [str(error)]
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
    """Take the database down to REVISION ("base" empties it), after a backup."""
    from qbank.db import migrate

    chosen = settings()
    at = _revision(chosen)
    _check_known(at)
    if revision != "base" and not revision.startswith("-") and not migrate.knows(revision):
        raise click.UsageError(f"there is no revision {revision}")
    if at is not None:
        _copy_before(chosen, f"before-down-from-{at}")
    migrate.downgrade(chosen.database_url, revision)


@db.command()
def current() -> None:
    """Print the revision that the database is at."""
    click.echo(_revision(_with_database(settings())) or "empty")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup(file: Path) -> None:
    """Copy the database to FILE while it is in use (SQLite; use pg_dump for PostgreSQL).

    The images of its items go beside it, into FILE.media.tar.
    """
    chosen = settings()
    source = _sqlite_file(chosen)
    if source is None:
        raise click.ClickException(
            "the database is PostgreSQL: use pg_dump, which knows it best, "
            f"and after it copy the images' folder {chosen.data_dir / 'media'}"
        )
    if not source.exists():
        raise click.ClickException(f"there is no database at {source} yet")
    copy_database(source, file)
    click.echo(f"backed up to {file}", err=True)
    # After the database: an image is there before its row, so every one that the copy knows can be had.
    if images := archive.pack(chosen.data_dir, archive.beside(file)):
        click.echo(f"backed up {images} images to {archive.beside(file)}", err=True)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def restore(file: Path) -> None:
    """Put the backup FILE in the database's place. Stop the server first; the old database is kept aside.

    Images are taken from FILE.media.tar where that lies beside it; those that are here already stay.
    """
    chosen = settings()
    target = _sqlite_file(chosen)
    if target is None:
        raise click.ClickException("the database is PostgreSQL: use pg_restore, which knows it best")
    if problems := _integrity(file):
        raise click.ClickException(f"{file} is not a sound database: {'; '.join(problems)}")
    _check_known(_revision_of_file(file))
    target.parent.mkdir(parents=True, exist_ok=True)
    if archive.beside(file).exists():
        archive.check(archive.beside(file))  # before anything is changed
    stamp = _stamp()
    fresh = target.with_name(target.name + f".restoring-{stamp}")
    copy_database(file, fresh)
    try:
        if target.exists():
            aside = target.with_name(target.name + f".before-restore-{stamp}")
            _set_aside(target, aside)
            click.echo(f"the database as it was is kept at {aside}", err=True)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    click.echo(f"restored from {file}", err=True)
    if archive.beside(file).exists():
        click.echo(f"restored {archive.unpack(chosen.data_dir, archive.beside(file))} images", err=True)


def _revision_of_file(file: Path) -> str:
    """Return the revision of a backup. Raises ClickException for a database that is not a bank's."""
    try:
        with closing(_open_to_read(file)) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError:
        row = None
    if row is None:
        raise click.ClickException(f"{file} is a database, but not one of a question bank")
    return str(row[0])


def _set_aside(target: Path, aside: Path) -> None:
    """Move the present database away, with nothing left in its log. A damaged one moves as it is, log included."""
    try:
        with closing(sqlite3.connect(target, timeout=1)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")  # only possible where nobody else has it open
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise click.ClickException(f"{target} is in use: stop the server first. Nothing was changed.") from None
    except sqlite3.DatabaseError:
        pass
    for ending in ("", "-wal", "-shm"):
        part = target.with_name(target.name + ending)
        if part.exists():
            part.rename(aside.with_name(aside.name + ending))


@click.command()
def doctor() -> None:
    """Check settings, database, revision and integrity; exit 1 when something needs care."""
    from qbank.db import migrate

    chosen = _with_database(settings())
    at, head = _revision(chosen), migrate.head()
    findings = []
    if at is not None and not migrate.knows(at):
        findings.append(f"the database is at revision {at}, made by a newer program; this one knows {head}")
    elif at != head:
        findings.append(f"the database is at revision {at or 'none'}, the program at {head}: run qbank db upgrade")
    file = _sqlite_file(chosen)
    if file is not None:
        findings += _integrity(file)
    if at == head and not findings:
        findings += _search_findings(chosen)
        findings += _image_findings(chosen)
    click.echo(f"data folder: {chosen.data_dir}")
    click.echo(f"database: {_version(chosen)}, revision {at or 'none'}")
    for finding in findings:
        click.echo(f"needs care: {finding}")
    if findings:
        raise SystemExit(1)
    click.echo("all is well")


def _search_findings(chosen: Settings) -> list[str]:
    """Return where the search index does not hold what the items say."""
    from qbank import search
    from qbank.cli.edge import transaction

    with transaction(chosen, write=False) as session:
        found = search.check(session)
    return [f"{found}: run qbank search rebuild"] if found else []


def _image_findings(chosen: Settings) -> list[str]:
    """Return which images that items show have no file any more."""
    from qbank.cli.edge import transaction
    from qbank.media import service
    from qbank.media.shelf import Shelf

    shelf = Shelf(chosen.data_dir)
    with transaction(chosen, write=False) as session:
        gone = service.missing(session, shelf)
    if not gone:
        return []
    more = f" and {len(gone) - 3} more" if len(gone) > 3 else ""
    return [f"images without their file in {shelf.root}: {', '.join(gone[:3])}{more}: restore them from a backup"]


def _with_database(chosen: Settings) -> Settings:
    """Return the settings, or stop where the SQLite file is not there: looking must not make an empty one."""
    file = _sqlite_file(chosen)
    if file is not None and not file.exists():
        raise click.ClickException(f"there is no database at {file} yet: qbank serve or qbank db upgrade makes one")
    return chosen


def _version(chosen: Settings) -> str:
    from qbank.db.engine import make_engine

    engine = make_engine(chosen.database_url, pooled=False)
    question = "SELECT sqlite_version()" if engine.dialect.name == "sqlite" else "SHOW server_version"
    with engine.connect() as connection:
        version = connection.exec_driver_sql(question).scalar()
    engine.dispose()
    return f"{engine.dialect.name} {version}"

"""A throw-away PostgreSQL cluster for the test run: made once a process, on a Unix socket, gone at the end.

The server refuses to run as root, so a root test run starts it as an unprivileged user.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

UNPRIVILEGED = ("postgres", "nobody")
START_SECONDS = 60
PR_SET_PDEATHSIG = 1

# Durability is PostgreSQL's own affair and is tested there; here the cluster lives for minutes.
OPTIONS = (
    "listen_addresses=",
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=120",
    "shared_buffers=64MB",
    "max_wal_size=256MB",
    "timezone=UTC",
    "log_min_messages=fatal",
)


def programs() -> Path | None:
    """Return the folder that holds initdb and postgres, the newest installed; None where there is none."""
    found = shutil.which("initdb")
    if found and (Path(found).resolve().parent / "postgres").exists():
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    return next((path for path in folders if (path / "initdb").exists()), None)


def unavailable() -> str | None:
    """Return why no cluster can be started here; None when one can."""
    if programs() is None:
        return "no PostgreSQL server programs: neither initdb on the PATH nor /usr/lib/postgresql/*/bin"
    if os.geteuid() == 0 and _drop_to() is None:
        return f"PostgreSQL refuses to run as root and none of the users {UNPRIVILEGED} exists"
    return None


def _drop_to() -> pwd.struct_passwd | None:
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _end_with_parent() -> None:
    """Ask the kernel to stop the server when the test run dies, however it dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


@contextmanager
def cluster(options: tuple[str, ...] = ()) -> Iterator[str]:
    """Start a cluster and yield the URL of its empty database ``qbank``; stop and remove it afterwards.

    ``options`` of the server come after the usual ones and win over them.
    """
    binaries = programs()
    assert binaries is not None, unavailable()
    folder = Path(tempfile.mkdtemp(prefix="qbank-pg-"))  # short: a socket's path has about 100 characters
    user: dict[str, Any] = {}
    if os.geteuid() == 0:
        account = _drop_to()
        assert account is not None, unavailable()
        os.chown(folder, account.pw_uid, account.pw_gid)
        user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    data = folder / "data"
    initdb: list[str | Path] = [
        binaries / "initdb",
        "-D",
        data,
        "-U",
        "qbank",
        "--auth=trust",
        "-E",
        "UTF8",
        "--locale=C",
        "-N",
    ]
    subprocess.run(initdb, check=True, cwd=folder, stdout=subprocess.DEVNULL, **user)
    command = [str(binaries / "postgres"), "-D", str(data), "-k", str(folder)]
    for option in (*OPTIONS, *options):
        command += ["-c", option]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, preexec_fn=_end_with_parent, **user)
    try:
        _wait(binaries, folder, server)
        create: list[str | Path] = [binaries / "createdb", "-h", folder, "-U", "qbank", "qbank"]
        subprocess.run(create, check=True, cwd=folder)
        yield f"postgresql+psycopg://qbank@/qbank?host={folder}"
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait(timeout=START_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(cluster_url: str, name: str, *, template: str = "template1") -> Iterator[str]:
    """Make another database in the cluster, yield its URL, and drop it with whatever is connected to it."""
    server = sa.make_url(cluster_url).set(database="postgres")
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE "{name}" WITH (FORCE)')


def _wait(binaries: Path, folder: Path, server: subprocess.Popen[bytes]) -> None:
    ready: list[str | Path] = [binaries / "pg_isready", "-q", "-h", folder, "-U", "qbank", "-d", "postgres"]
    for _ in range(START_SECONDS * 10):
        if server.poll() is not None:
            raise RuntimeError(f"PostgreSQL did not start: {(folder / 'log').read_text()[-2000:]}")
        if subprocess.run(ready, cwd=folder, check=False).returncode == 0:
            return
        time.sleep(0.1)
    raise RuntimeError(f"PostgreSQL was not ready within {START_SECONDS} s")

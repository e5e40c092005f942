"""``qbank serve``: migrate after a backup, load the shipped content into an empty bank, serve."""

from __future__ import annotations

import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import sqlalchemy as sa

from qbank.cli.edge import settings
from qbank.demo.place import settings_of
from qbank.settings import Settings

if TYPE_CHECKING:
    from flask import Flask

CONNECTIONS = 900


@click.command()
@click.option("--host", help="Address to listen on.  [default: HOST in the settings, 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; 0 takes a free one.  [default: PORT, 8000]")
@click.option("--data-dir", type=click.Path(path_type=Path), help="Serve the bank in this folder, such as a demo's.")
def serve(host: str | None, port: int | None, data_dir: Path | None) -> None:
    """Serve the bank. On first run it prints the link that makes the first administrator."""
    os.umask(0o077)  # the database, its copies and its logs are for this user's eyes
    chosen = settings_of(data_dir) if data_dir else settings()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    prepare(chosen)
    _listen(chosen, host or chosen.host, chosen.port if port is None else port)


def prepare(chosen: Settings) -> None:
    """Bring the database up to date and see that the shipped content is in it."""
    from qbank.cli.operations import upgrade_with_backup

    upgrade_with_backup(chosen)
    from qbank.cli.content import load_if_empty

    load_if_empty(chosen)
    from qbank.cli.import_items import take_back_stopped

    take_back_stopped(chosen)
    from qbank.cli.media import sweep_unused

    sweep_unused(chosen)


def _listen(chosen: Settings, host: str, port: int) -> None:
    from qbank.app import create_app

    app = create_app(chosen)
    try:
        server = make_server(app, chosen, host, port)
    except OSError as error:
        raise click.ClickException(f"cannot listen on {host}, port {port}: {error.strerror or error}") from None
    engine: sa.Engine = app.extensions["qbank.engine"]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # requests that have begun are finished
    try:
        _greet(engine, _address(server, host, port))
        server.run()
    except (KeyboardInterrupt, SystemExit):
        pass
    finally:
        server.close()
        engine.dispose()
    click.echo("stopped", err=True)


def make_server(app: Flask, chosen: Settings, host: str, port: int) -> Any:
    """Return the server, listening. Raises OSError where the address cannot be had."""
    from waitress.server import create_server

    return create_server(
        app,
        host=host,
        port=port,
        threads=chosen.threads,
        # A browser keeps its connection open between two answers. At waitress's own limit of 100 the 101st learner
        # of a class would wait until another's has been idle for long. Below the usual limit of 1,024 open files.
        connection_limit=CONNECTIONS,
        asyncore_use_poll=True,  # select() knows no file above the 1,024th
        ident=None,
        # a little above the limit the application answers with a page; far above it nothing is even stored
        max_request_body_size=2 * app.config["MAX_CONTENT_LENGTH"],
        # the application itself believes as many proxies as the settings say
        clear_untrusted_proxy_headers=chosen.trusted_proxies == 0,
    )


def _address(server: Any, host: str, port: int) -> str:
    """Return the address to open. A host name may mean several sockets, each with a port of its own."""
    several = getattr(server, "effective_listen", None)
    if several:
        shown, port = several[0][0], several[0][1]
    else:
        shown, port = host, getattr(server, "effective_port", port)
    if shown in ("0.0.0.0", "::", ""):  # noqa: S104  compared, not bound
        shown = "127.0.0.1"
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"


def _greet(engine: sa.Engine, address: str) -> None:
    """Print the one address to open: the set-up link while nobody administers the bank."""
    from qbank.accounts import service
    from qbank.db.engine import begin_write, make_sessions

    with make_sessions(engine)() as session:
        begin_write(session)
        if service.needs_setup(session):
            token = service.make_setup_token(session)
            session.commit()
            click.echo(f"\nOpen this to set the bank up (works once, for {service.SETUP_HOURS} hours):")
            click.echo(f"\n    {address}/join/{token}\n")
        else:
            click.echo(f"\nThe bank is open at {address}/\n")

"""``qbank media``: looking after the images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from qbank.cli.edge import settings
from qbank.settings import Settings

if TYPE_CHECKING:
    from qbank.media.service import Swept


@click.group()
def media() -> None:
    """Look after the images of items."""


@media.command()
def sweep() -> None:
    """Take away images that nothing shows and that were put there more than two days ago."""
    swept = sweep_unused(settings())
    click.echo(f"{swept.files} {'file' if swept.files == 1 else 'files'} of unused images taken away")


def sweep_unused(chosen: Settings) -> Swept:
    """Take away what `service.sweep` finds; for the command, and for the start of the server."""
    from qbank.db import models  # noqa: F401  the mappers must be whole before the first query
    from qbank.db.engine import make_engine, make_sessions
    from qbank.media import service
    from qbank.media.shelf import Shelf

    engine = make_engine(chosen.database_url)
    try:
        return service.sweep(make_sessions(engine), Shelf(chosen.data_dir))
    finally:
        engine.dispose()

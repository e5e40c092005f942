"""``qbank content``: the content that ships with the program."""

from __future__ import annotations

import click

from qbank.cli.edge import settings, transaction
from qbank.settings import Settings


@click.group()
def content() -> None:
    """Load the content that ships with the program."""


@content.command()
def load() -> None:
    """Load or refresh the shipped taxonomy, presets, articles and items.

    What was edited here since is left as it is, and said so.
    """
    from qbank.content.service import load_shipped
    from qbank.media.shelf import Shelf

    chosen = settings()
    with transaction(chosen) as session:
        for line in load_shipped(session, shelf=Shelf(chosen.data_dir)):
            click.echo(line, err=True)


def load_if_empty(chosen: Settings) -> None:
    """Load the shipped content into a bank that holds no items yet."""
    import sqlalchemy as sa

    from qbank.content.service import load_shipped
    from qbank.items.models import Item
    from qbank.items.taxonomy import Taxon
    from qbank.media.shelf import Shelf

    with transaction(chosen) as session:
        empty = session.scalar(sa.select(Item.id).limit(1)) is None
        if empty and session.scalar(sa.select(Taxon.id).limit(1)) is None:
            for line in load_shipped(session, shelf=Shelf(chosen.data_dir)):
                click.echo(line, err=True)

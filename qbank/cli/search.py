"""``qbank search``: looking after the index that searches read."""

from __future__ import annotations

import sys

import click

from qbank.cli.edge import transaction


@click.group()
def search() -> None:
    """Look after the search index."""


@search.command()
def rebuild() -> None:
    """Make the search index anew from the items, in one transaction: searches go on meanwhile, writes wait."""
    import sqlalchemy as sa

    from qbank import search
    from qbank.items.models import Item

    with transaction() as session:
        items = session.scalar(sa.select(sa.func.count()).select_from(Item)) or 0
        bar = click.progressbar(length=items, label="items", file=sys.stderr)
        bar.hidden = not sys.stderr.isatty()  # before it is drawn: not even its label goes into a log
        with bar:
            versions = search.rebuild(session, bar.update)
    click.echo(f"{versions} {'version' if versions == 1 else 'versions'} can be searched", err=True)

"""``qbank block close-due`` and ``qbank rebuild``: the sweeper, and the answer log as the truth."""

from __future__ import annotations

import json

import click

from qbank.cli.edge import settings, transaction

SHOWN = 20  # differences named on standard error; the JSON holds them all


@click.group()
def block() -> None:
    """Look after blocks."""


@block.command("close-due")
def close_due() -> None:
    """Close and score every block whose time is over. Harmless to run at any time, and more than once."""
    from qbank.blocks.closing import SWEEP, close_due

    chosen = settings()
    closed = 0
    while True:
        with transaction(chosen) as session:  # in parts, so that nobody waits long for the write lock
            part = close_due(session, limit=SWEEP)
        closed += part
        if part == 0:
            break
    click.echo(json.dumps({"closed": closed}))
    click.echo(f"closed {closed} {'block' if closed == 1 else 'blocks'}", err=True)


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 where something differs.")
def rebuild(check: bool) -> None:
    """Rebuild answers, statuses and scores from the answer log, or check that they agree with it."""
    from qbank.blocks.rebuild import rebuild

    with transaction() as session:
        found = rebuild(session, check=check)
        if check:
            session.rollback()
    rows = [
        {"where": one.where, "field": one.field, "stored": _text(one.stored), "rebuilt": _text(one.rebuilt)}
        for one in found
    ]
    click.echo(json.dumps({"checked": check, "differences": rows}, ensure_ascii=False))
    for row in rows[:SHOWN]:
        click.echo(f"{row['where']}: {row['field']} is {row['stored']}, the log says {row['rebuilt']}", err=True)
    if len(rows) > SHOWN:
        click.echo(f"... and {len(rows) - SHOWN} more", err=True)
    verdict = "everything agrees with the answer log" if not rows else f"{len(rows)} values differed"
    click.echo(verdict if check or not rows else f"{verdict} and were put right", err=True)
    if check and rows:
        raise click.exceptions.Exit(1)


def _text(value: object) -> object:
    return value if value is None or isinstance(value, bool | int) else str(value)

"""``qbank demo``: simulated learners in a database of their own, and how well what was simulated is found again."""

from __future__ import annotations

import json
import os
import secrets as chance
import shlex
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from qbank.cli.edge import settings, transaction


@click.command()
@click.option("--learners", type=click.IntRange(1, 5_000), default=300, show_default=True)
@click.option("--months", type=click.IntRange(1, 36), default=6, show_default=True)
@click.option("--items", type=click.IntRange(1, 5_000), default=240, show_default=True, help="Shipped ones among them.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True)
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Day after the last block.  [default: today]")
@click.option("--data-dir", type=click.Path(path_type=Path), help="The demo's folder.  [default: DATA_DIR-demo]")
@click.option("--compare", is_flag=True, help="Make nothing; compare the demo's calibration with what was simulated.")
def demo(
    learners: int, months: int, items: int, seed: int, until: datetime | None, data_dir: Path | None, compare: bool
) -> None:
    """Fill a separate database with simulated learners who answer over months.

    The same numbers, seed and --until give the same content; only passwords and the secret key differ. A demo that is
    there already is replaced; a folder that holds anything else is refused.
    """
    from qbank.demo import filling, place
    from qbank.demo.world import Size

    os.umask(0o077)
    configured = settings().data_dir
    folder = (data_dir or configured.with_name(configured.name + "-demo")).expanduser().absolute()
    there = place.check(folder, configured)
    if compare:
        _compare(folder)
        return
    if there:
        click.echo(f"replacing the demo in {folder}", err=True)
        place.clear(folder)
    day = (until or datetime.now(UTC)).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)
    size = Size(learners=learners, months=months, items=items, seed=seed, until=day)
    place.mark(folder, {"seed": seed, "learners": learners, "simulated": True})
    chosen = place.settings_of(folder)
    words = [chance.token_urlsafe(12) for _person in filling.people(size)]
    with click.progressbar(length=learners, label="simulating learners", file=sys.stderr) as bar:
        filled = filling.fill(chosen, size, words, bar.update)
    said = asdict(filled) | {"data_dir": str(folder), "seed": seed}
    click.echo(json.dumps(said, ensure_ascii=False))
    click.echo("Simulated data: nobody in it is real. Sign in with one of these; they are shown only here:", err=True)
    for email, word in zip(filled.people, words, strict=True):
        click.echo(f"    {email}   {word}", err=True)
    click.echo(f"Open it with:\n    qbank serve --data-dir {shlex.quote(str(folder))}", err=True)


def _compare(folder: Path) -> None:
    from qbank.demo import place
    from qbank.demo.comparing import compare

    file = folder / place.TRUTH
    if not file.exists():
        raise click.ClickException(f"there is no demo in {folder}; make one first: qbank demo")
    with transaction(place.settings_of(folder), write=False) as session:
        found = compare(session, file)
    click.echo(json.dumps({name: asdict(each) for name, each in found.items()}))
    for name, each in found.items():
        figures = "too few" if each.rmse is None else f"RMSE {each.rmse:.3f}, mean difference {each.bias:+.3f}"
        shown = f"r {each.r:.3f}, " if each.r is not None else ""
        click.echo(f"{name}: {shown}{figures} (n = {each.n})", err=True)

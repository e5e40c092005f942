"""``qbank export``: items into a file of any format that the bank writes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qbank.cli.edge import settings, transaction
from qbank.cli.outputs import whole_file

if TYPE_CHECKING:
    from qbank.exchange.exporting import Exported, Losses, Selection
    from qbank.exchange.formats import Format

_SHOWN = 20


@click.command("export")
@click.option("--format", "format_name", required=True, help="Such as markdown, jsonl; a wrong name lists all.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, allow_dash=True, dir_okay=False))
@click.option("--state", "states", multiple=True, help="draft, in_review, approved, pretest, live, ...")
@click.option("--system", "systems", multiple=True, help="A system's code.")
@click.option("--discipline", "disciplines", multiple=True, help="A discipline's code.")
@click.option("--task", "tasks", multiple=True, help="A task's code.")
@click.option("--tag", "tags", multiple=True, help="A tag.")
@click.option("--id", "ids", multiple=True, help="An item's id.")
@click.option("--search", "text", default="", help="Words of stem, lead-in or id.")
@click.option("--published", is_flag=True, help="The versions that learners get, instead of the newest ones.")
def export_items(
    format_name: str,
    output: Path,
    states: tuple[str, ...],
    systems: tuple[str, ...],
    disciplines: tuple[str, ...],
    tasks: tuple[str, ...],
    tags: tuple[str, ...],
    ids: tuple[str, ...],
    text: str,
    published: bool,
) -> None:
    """Export items to a file ("-": standard output). Filters given twice widen, different ones narrow.

    What the format cannot hold is said first; images that it does not carry go into a folder beside the file,
    NAME-files. Exit code 1 where an item had to be left out.
    """
    from qbank.errors import InvalidError
    from qbank.exchange.exporting import Selection, format_named

    chosen = Selection(states, systems, disciplines, tasks, tags, ids, text, published)
    try:
        entry = format_named(format_name)
    except InvalidError as error:
        raise click.UsageError(f"{error.message} {error.cure}") from None
    done = _write(chosen, entry, output)
    for name, cause in done.left_out[:_SHOWN]:
        click.echo(f"{name} was left out: {cause}", err=True)
    if len(done.left_out) > _SHOWN:
        click.echo(f"and {len(done.left_out) - _SHOWN:,} more were left out", err=True)
    click.echo(f"{done.items:,} items exported as {entry.title}", err=True)
    if done.left_out:
        sys.exit(1)


def _write(chosen: Selection, entry: Format, output: Path) -> Exported:
    from qbank.exchange import exporting, files, images
    from qbank.media.shelf import Shelf

    settled = settings()
    bank = images.Outgoing(Shelf(settled.data_dir))
    beside = None if str(output) == "-" else files.beside(output)[0]
    with transaction(settled, write=False) as session:
        chosen.check(session)
        total = exporting.count(session, chosen)
        looked_at = exporting.selected(session, chosen, limit=exporting.LOOKED_AT)
        _say(exporting.losses(entry, looked_at, bank, beside=beside is not None))
        with click.progressbar(length=total, label=entry.title, file=sys.stderr) as bar, whole_file(output) as target:
            if not sys.stderr.isatty():
                bar.hidden = True
            return exporting.export(
                session,
                chosen,
                entry,
                target,
                images=bank,
                beside=beside,
                progress=lambda done: bar.update(done - bar.pos),
            )


def _say(losses: Losses) -> None:
    for phrase, number in losses.lost.most_common():
        click.echo(f"not in the file, of {number:,} of the first {losses.looked_at:,} items: {phrase}", err=True)

"""``qbank calibrate``: item parameters and abilities from all first answers, in one run that can be stopped."""

from __future__ import annotations

import json
import math
import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING

import click

from qbank.cli.edge import settings, transaction

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from qbank.measurement.responses import Floats
    from qbank.settings import Settings
    from qbank.statistics.reading import Read

SAVE_EVERY = 5  # steps
TOLERANCE = 1e-5


@click.command()
@click.option("--anew", is_flag=True, help="Begin at the beginning, even where an earlier run was stopped.")
def calibrate(anew: bool) -> None:
    """Calibrate the bank: the difficulty and discrimination of items, and the learners' abilities.

    From first answers in ended blocks. An item gets its difficulty from 100 answers on, a discrimination of its own
    from 200. The run saves where it stands: stop it with Ctrl-C, and the next call goes on from there.
    """
    from qbank.statistics import calibrating
    from qbank.statistics.fitting import Limits, fit
    from qbank.statistics.reading import first_responses

    chosen = settings()
    with transaction(chosen, write=False) as session:
        read = first_responses(session)
    click.echo(
        f"{len(read.responses):,} first answers of {read.responses.persons:,} learners to "
        f"{read.responses.items:,} item versions",
        err=True,
    )
    calibrating.check_enough(read, Limits())
    with transaction(chosen) as session:
        run = calibrating.begin(session, anew=anew)
        run_id, start = run.id, calibrating.start_of(run, read.version_ids)
    if start is not None:
        click.echo(f"going on with run {run_id}, which was stopped", err=True)
    signal.signal(signal.SIGTERM, _stop)
    progress = _Progress(chosen, run_id, read)
    try:
        found = fit(read.responses, start=start, watch=progress, tolerance=TOLERANCE)
    except KeyboardInterrupt:
        progress.save()
        click.echo(f"\nstopped; run {run_id} is saved, call again to go on", err=True)
        raise click.exceptions.Exit(1) from None
    progress.end()
    with transaction(chosen) as session:
        run = calibrating.finish(session, run_id, read, found)
        result = {
            "run": run.id, "model": str(run.model), "items": run.items, "persons": run.persons,
            "responses": run.responses, "log_likelihood": run.log_likelihood, "iterations": run.iterations,
            "converged": run.converged, "reliability": run.reliability,
            "left_out": sum("not_calibrated" in map(str, flags) for flags in found.flags),
        }  # fmt: skip
    click.echo(json.dumps(result, allow_nan=False))


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


class _Progress:
    """Draws a bar on standard error and saves the run every few steps.

    The distance from the limit shrinks by about the same factor at each step, so its logarithm is the progress.
    """

    def __init__(self, chosen: Settings, run_id: int, read: Read) -> None:
        self.chosen, self.run_id, self.read = chosen, run_id, read
        self.stage, self.first, self.shown = "", 0.0, 0
        self.bar: ProgressBar[int] | None = None
        self.last: tuple[Floats, Floats, int] | None = None
        self.calls = 0

    def __call__(self, stage: str, a: Floats, d: Floats, distance: float, steps: int) -> None:
        if stage != self.stage:
            self.end()
            self.stage, self.first, self.shown = stage, max(distance, 10 * TOLERANCE), 0
            self.bar = click.progressbar(length=100, label=f"calibrating {stage}", file=sys.stderr)
            self.bar.render_progress()
        done = math.log(self.first / max(distance, TOLERANCE)) / math.log(self.first / TOLERANCE)
        reached = max(self.shown, min(100, round(100 * done)))
        if self.bar is not None:
            self.bar.update(reached - self.shown)
        self.shown = reached
        self.last = (a.copy(), d.copy(), steps)
        self.calls += 1
        if self.calls % SAVE_EVERY == 0:
            self.save()

    def save(self) -> None:
        """Save where the run stands, in a transaction of its own."""
        from qbank.statistics import calibrating

        if self.last is not None:
            with transaction(self.chosen) as session:
                calibrating.save(session, self.run_id, self.read.version_ids, *self.last)

    def end(self) -> None:
        """Finish the bar."""
        if self.bar is not None:
            self.bar.update(100 - self.shown)
            self.bar.render_finish()
            self.bar = None

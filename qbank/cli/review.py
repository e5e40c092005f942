"""``qbank review fit``: the spaced review's parameters, fitted to each learner who has reviewed enough."""

from __future__ import annotations

import json

import click

from qbank.cli.edge import settings, transaction


@click.group()
def review() -> None:
    """Look after the spaced review."""


@review.command()
@click.option("--at-least", type=click.IntRange(min=10), default=None, help="Fewest reviews (else REVIEW_FIT_FROM).")
def fit(at_least: int | None) -> None:
    """Fit the scheduler's parameters to each learner with enough reviews; the published ones serve everybody else.

    Fitted parameters are used only where they foretell a learner's later reviews better than the published ones.
    """
    from qbank.errors import InvalidError
    from qbank.review import fitting

    chosen = settings()
    enough = at_least or chosen.review_fit_from
    with transaction(chosen, write=False) as session:
        found = fitting.learners(session, enough)
    report = []
    for place, (person_id, reviews) in enumerate(found, start=1):
        with transaction(chosen, write=False) as session:
            histories = fitting.read(session, person_id)
        click.echo(f"{place} of {len(found)}: learner {person_id}, {reviews} reviews ... ", err=True, nl=False)
        try:
            result = fitting.fit(histories)  # outside any transaction: it may take a while
        except InvalidError as error:
            click.echo(error.message, err=True)
            report.append({"learner": person_id, "reviews": reviews, "used": False, "refused": error.message})
            continue
        with transaction(chosen) as session:
            fitting.keep(session, person_id, result)
        verdict = "in use" if result.better else "not better, the published parameters stay in use"
        losses = f"log-loss {result.log_loss:.4f} against {result.published_log_loss:.4f}"
        click.echo(f"{losses} over {result.held_out} later reviews: {verdict}", err=True)
        row = {"learner": person_id, "reviews": result.reviews, "held_out": result.held_out, "used": result.better}
        report.append(row | {"log_loss": result.log_loss, "published_log_loss": result.published_log_loss})
    click.echo(json.dumps({"at_least": enough, "learners": report}))
    if not found:
        click.echo(f"nobody has {enough} reviews yet; the published parameters serve everybody", err=True)

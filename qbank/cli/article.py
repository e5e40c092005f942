"""``qbank article``: read an article and draft items from it. Neither needs a database."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from qbank.articles.document import Article

FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a summary.")
_STATUS = {
    "by_number": "linked by the number or name printed before the entry",
    "by_position": "linked by position, unconfirmed",
    "confirmed": "confirmed by a person",
    "missing": "without an entry",
}


@click.group()
def article() -> None:
    """Read articles and draft items from them."""


def _read(file: str) -> Article:
    """Return the article in FILE ("-": standard input), or stop with what is wrong with it."""
    from qbank.articles.reading import ArticleError, read_article_bytes
    from qbank.articles.reading.limits import MAX_BYTES

    try:
        with click.open_file(file, "rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        return read_article_bytes(data, None if file == "-" else file)
    except ArticleError as error:
        where = "standard input" if file == "-" else file
        raise click.ClickException(f"{where}, {error.message} {error.cure}".strip()) from None
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from None


def _print_json(value: dict[str, Any]) -> None:
    # Written as bytes: a terminal's encoding must not decide whether "β" can be printed.
    text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    sys.stdout.buffer.write(text.encode("utf-8"))
    sys.stdout.flush()


@article.command()
@FILE
@AS_JSON
def read(file: str, as_json: bool) -> None:
    """Show the statements, citations and references of the article in FILE ("-": standard input)."""
    from qbank.articles.as_json import article_to_dict

    read_one = _read(file)
    if as_json:
        _print_json(article_to_dict(read_one))
    else:
        _print_summary(read_one)


def _print_summary(read_one: Article) -> None:
    click.echo(read_one.title)
    click.echo(f"status: {read_one.status or 'not known'}; updated: {read_one.updated or 'not known'}")
    if read_one.headline:
        click.echo(f"headline: {read_one.headline}")
    section: tuple[str, ...] | None = None
    for statement in read_one.statements:
        if statement.section != section:
            section = statement.section
            click.echo(f"\n{' > '.join(section) or '(no heading)'}")
        markers = ", ".join(citation.marker for citation in statement.citations)
        click.echo(f"  {statement.id} (line {statement.line}) {statement.text}{f' [{markers}]' if markers else ''}")
    click.echo("\nReferences")
    for reference in read_one.references:
        parts = [reference.kind, reference.authors, reference.title, reference.container, reference.year]
        click.echo(f"  {reference.marker or reference.id}: {'; '.join(str(part) for part in parts if part)}")
    _print_totals(read_one)
    for problem in read_one.problems:
        click.echo(f"line {problem.line}: {problem.message} ({problem.code})", err=True)


def _print_totals(read_one: Article) -> None:
    citations = Counter(c.status.value for s in read_one.statements for c in s.citations)
    cited = sum(bool(s.citations) for s in read_one.statements)
    click.echo(
        f"\n{len(read_one.statements)} statements, {cited} with citations; {citations.total()} citations;"
        f" {len(read_one.references)} references; {len(read_one.problems)} problems"
    )
    for status, count in citations.items():
        click.echo(f"  {count} {_STATUS[status]}")


@article.command()
@FILE
@AS_JSON
@click.option("--seed", type=int, default=0, show_default=True, help="Decides the order of the options.")
@click.option("--rules", default=None, help="Only these drafting rules, with commas between them.")
def draft(file: str, as_json: bool, seed: int, rules: str | None) -> None:
    """Draft items from the article in FILE ("-": standard input). Drafts need a person's review."""
    from qbank.articles.drafting import draft_items
    from qbank.articles.drafting.as_json import report_to_dict
    from qbank.articles.drafting.rules import UnknownRuleError

    chosen = [name.strip() for name in rules.split(",") if name.strip()] if rules is not None else None
    read_one = _read(file)
    try:
        report = draft_items(read_one, seed=seed, rules=chosen)
    except UnknownRuleError as error:
        raise click.UsageError(f"{error.message}. {error.cure}") from None
    result = report_to_dict(report)
    if as_json:
        _print_json(result)
    else:
        _print_drafts(result)


def _print_drafts(result: dict[str, Any]) -> None:
    for item in result["items"]:
        click.echo(f"{item['id']} ({item['rule']}; rests on {', '.join(item['statements'])})")
        click.echo("  " + " ".join(text for text in (item["stem"], item["lead_in"]) if text))
        for option in item["options"]:
            sign = "x" if option["key"] else " "
            doubt = "  (needs an expert)" if option["needs_expert"] else ""
            click.echo(f"    [{sign}] {option['text']}{doubt}")
        click.echo()
    click.echo(f"{len(result['items'])} drafts; {len(result['without_item'])} statements without one")
    for left in result["without_item"]:
        click.echo(f"  {left['statement']}: {left['reason']}")
    for problem in result["problems"]:
        click.echo(str(problem.get("message", problem)) if isinstance(problem, dict) else str(problem), err=True)


@article.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--slug", default=None, help="Short name of the article; a known name makes its next revision.")
def load(file: Path, slug: str | None) -> None:
    """Store the article in FILE, or its new revision, in the bank, with the items drafted from it."""
    from qbank.articles import drafts, service
    from qbank.articles.model_drafting import asks_a_model, drafter_of
    from qbank.cli.edge import settings, transaction
    from qbank.items.checks import shipped_lexicon

    chosen = settings()
    waits = asks_a_model(chosen)
    document = None
    with transaction(chosen) as session:
        loaded = service.load_bytes(session, None, file.read_bytes(), name=file.name, slug=slug)
        name, number = loaded.article.slug, loaded.revision.number
        if not loaded.changed and not (waits and not loaded.revision.drafting_report):
            click.echo(f"{name}: this text is loaded already; nothing was changed", err=True)
            return
        if waits:
            document = service.as_document(service.find(session, name, number))
        else:
            made = drafts.draft(session, name)
    if document is not None:  # the article is stored; nobody waits for a transaction while the model is asked
        report = drafter_of(chosen, shipped_lexicon()).draft(document)
        with transaction(chosen) as session:
            made = drafts.draft(session, name, number=number, report=report)
    click.echo(f"{name}: revision {number}, {made.statements} statements, {made.items} drafts", err=True)
    if made.failure:
        click.echo(made.failure, err=True)

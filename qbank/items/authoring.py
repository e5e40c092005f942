"""From the author's form to a version's content, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from qbank.articles.models import (
    Article,
    ArticleReference,
    ArticleRevision,
    Statement,
    StatementCitation,
)
from qbank.items import compare, records
from qbank.items.content import OptionContent, VersionContent
from qbank.items.forms import MAX_KEY, ItemForm
from qbank.items.markers import join_marks, split_marks
from qbank.items.models import Difficulty, ItemVersion
from qbank.items.record import ItemRecord, OptionRecord, ReferenceRecord
from qbank.items.references import Reference, ensure_references, surviving
from qbank.items.taxonomy import Dimension, Taxon

SPARE_OPTIONS = 4


@dataclass(frozen=True)
class Evidence:
    """The statements and references offered beside the form."""

    statements: list[Statement]
    references: list[Reference]

    def mark_of(self, statement: Statement) -> str:
        """Return the name that a mark gives this statement: short where one article is in play."""
        slugs = {each.revision.article.slug for each in self.statements}
        return statement.key if len(slugs) == 1 else f"{statement.revision.article.slug}/{statement.key}"

    def find(self, mark: str) -> Statement | None:
        """Return the statement that a mark names."""
        slug, _, key = mark.rpartition("/")
        for statement in self.statements:
            if statement.key == key and slug in ("", statement.revision.article.slug):
                return statement
        return None


def evidence(session: Session, statement_ids: Sequence[int], reference_ids: Sequence[int], slug: str = "") -> Evidence:
    """Return what the desk offers: the linked statements, the named article's, and their references."""
    wanted: sa.ColumnElement[bool] = Statement.id.in_(_possible(statement_ids))
    if slug:
        current = sa.select(Article.current_id).where(Article.slug == slug)
        wanted = sa.or_(wanted, Statement.revision_id.in_(current))
    query = (
        sa.select(Statement)
        .where(wanted)
        .options(
            joinedload(Statement.revision).joinedload(ArticleRevision.article),
            selectinload(Statement.citations)
            .joinedload(StatementCitation.article_reference)
            .joinedload(ArticleReference.reference),
        )
        .order_by(Statement.revision_id, Statement.ordinal)
    )
    statements = list(session.scalars(query))
    revisions = {statement.revision_id for statement in statements}
    listed = sa.select(ArticleReference.reference_id).where(ArticleReference.revision_id.in_(revisions))
    references = session.scalars(
        sa.select(Reference)
        .where(sa.or_(Reference.id.in_(_possible(reference_ids)), Reference.id.in_(listed)))
        .order_by(Reference.title, Reference.id)
    )
    return Evidence(statements, list(references))


def _possible(ids: Sequence[int]) -> list[int]:
    return sorted({each for each in ids if 0 < each <= MAX_KEY})


def to_content(
    session: Session, form: ItemForm, offered: Evidence, before: ItemVersion | None = None
) -> VersionContent:
    """Return the content that the form describes. A new reference is added to the bank on the way.

    What the form does not show of an option (where a drafted distractor came from) is kept from the version
    ``before`` while the option's text stays.
    """
    references = surviving(session, _possible(form.references.data or []))  # some may have been merged meanwhile
    entry = form.new_reference.form
    if entry.title.data:
        record = ReferenceRecord(
            title=entry.title.data,
            authors=entry.authors.data or None,
            container=entry.container.data or None,
            year=entry.year.data,
            doi=entry.doi.data or None,
            pmid=entry.pmid.data or None,
            url=entry.url.data or None,
        )
        references.append(ensure_references(session, [record])[0].id)
    kept = surviving(session, [reference.id for reference in offered.references])
    known_references = {*kept, *references[-1:]}
    known_statements = {statement.id for statement in offered.statements}
    return VersionContent(
        stem=form.stem.data or "",
        lead_in=form.lead_in.data or "",
        objective=form.objective.data or "",
        explanation=form.explanation.data or "",
        options=_options(form, offered, before),
        reference_ids=tuple(each for each in references if each in known_references),
        statement_ids=tuple(each for each in form.statements.data or [] if each in known_statements),
        system_id=int(form.system.data) if (form.system.data or "").isdecimal() else None,
        task_id=int(form.task.data) if (form.task.data or "").isdecimal() else None,
        discipline_ids=tuple(sorted(form.disciplines.data or [])),
        difficulty=Difficulty(form.difficulty.data) if form.difficulty.data else None,
        tags=tuple(dict.fromkeys(tag.strip() for tag in (form.tags.data or "").split(",") if tag.strip())),
        shuffle=bool(form.shuffle.data),
        doubt=form.doubt.data or "",
        vignette_version_id=before.vignette_version_id if before else None,
    )


def _options(form: ItemForm, offered: Evidence, before: ItemVersion | None) -> tuple[OptionContent, ...]:
    known = {option.text: option for option in before.options} if before else {}
    found = []
    for place, entry in enumerate(form.options.entries):
        if not entry.form.text.data and not entry.form.rationale.data:
            continue
        rationale, marks = split_marks(entry.form.rationale.data or "")
        linked = [statement.id for mark in marks if (statement := offered.find(mark)) is not None]
        unknown = [mark for mark in marks if offered.find(mark) is None]
        found.append(
            OptionContent(
                text=entry.form.text.data or "",
                is_key=form.key.data == str(place),
                rationale=join_marks(rationale, unknown),  # a mark that names nothing stays visible
                statement_ids=tuple(linked),
                origin=known[text].origin if (text := entry.form.text.data or "") in known else "",
                needs_expert=text in known and known[text].needs_expert,
            )
        )
    return tuple(found)


def fill(form: ItemForm, version: ItemVersion, offered: Evidence) -> None:
    """Put a whole version into an unsubmitted form."""
    form.base_version.data = str(version.id)
    for name in ("stem", "lead_in", "objective", "explanation", "doubt", "shuffle"):
        form[name].data = getattr(version, name)
    form.difficulty.data = str(version.difficulty or "")
    form.tags.data = ", ".join(version.tags)
    form.system.data = str(version.system_id or "")
    form.task.data = str(version.task_id or "")
    form.disciplines.data = [taxon.id for taxon in version.disciplines]
    form.statements.data = [row.statement_id for row in version.statements]
    form.references.data = [row.reference_id for row in version.references]
    while form.options.entries:
        form.options.pop_entry()
    for option in version.options:
        marks = [offered.mark_of(row.statement) for row in option.statements]
        form.options.append_entry({"text": option.text, "rationale": join_marks(option.rationale, marks)})
        if option.is_key:
            form.key.data = str(option.ordinal)
    while len(form.options.entries) < SPARE_OPTIONS:
        form.options.append_entry()


def half_written(form: ItemForm) -> ItemRecord:
    """Return the form as a plain record for the flaw checks, however little of it is there."""
    written = [entry.form for entry in form.options.entries]
    last = max((place for place, entry in enumerate(written) if entry.text.data), default=-1)
    return ItemRecord(
        stem=form.stem.data or "",
        lead_in=form.lead_in.data or None,
        explanation=form.explanation.data or None,
        objective=form.objective.data or None,
        options=tuple(
            OptionRecord(
                text=entry.text.data or "",
                key=form.key.data == str(place),
                rationale=split_marks(entry.rationale.data or "")[0] or None,
            )
            for place, entry in enumerate(written[: last + 1])
        ),
        references=tuple(ReferenceRecord(title=str(each)) for each in form.references.data or [])
        + ((ReferenceRecord(title=form.new_reference.form.title.data),) if form.new_reference.form.title.data else ()),
    )


def differences(
    form: ItemForm, offered: Evidence, theirs: ItemVersion, taxa: dict[Dimension, list[Taxon]]
) -> list[compare.FieldDifference]:
    """Return what the form says otherwise than the version that stands, field by field; theirs is the newer text."""
    works = {reference.id: reference.record() for reference in offered.references}
    quotes = {statement.id: f"{offered.mark_of(statement)}: {statement.text}" for statement in offered.statements}
    names = {str(taxon.id): taxon.name for each in taxa.values() for taxon in each}
    mine = replace(
        half_written(form),
        doubt=form.doubt.data or None,
        references=tuple(works[each] for each in form.references.data or [] if each in works),
        vignette=theirs.vignette_version.text if theirs.vignette_version else None,  # the form does not change it
    )
    found = [
        field
        for field in compare.records(mine, records.to_record(theirs))
        if field.changed and field.name not in ("Statements", "Classification")
    ]
    chosen = [form.system.data, form.task.data, *(str(each) for each in form.disciplines.data or [])]
    stand = [theirs.system_id, theirs.task_id, *sorted(taxon.id for taxon in theirs.disciplines)]
    pairs = {
        "Statements": (
            "\n".join(quotes[each] for each in form.statements.data or [] if each in quotes),
            "\n".join(quotes.get(row.statement_id, row.statement.text) for row in theirs.statements),
        ),
        "Classification": (
            ", ".join(names[each] for each in chosen if each in names),
            ", ".join(names[str(each)] for each in stand if str(each) in names),
        ),
        "Difficulty": (form.difficulty.data or "", str(theirs.difficulty or "")),
        "Tags": (form.tags.data or "", ", ".join(theirs.tags)),
    }
    for name, (left, right) in pairs.items():
        if left != right:
            found.append(compare.FieldDifference(name, compare.words(left, right), changed=True))
    return found

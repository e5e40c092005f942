"""Between stored versions and plain item records: resolving codes to ids on the way in, and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from qbank.articles.models import Article, ArticleReference, ArticleRevision, Statement, StatementCitation
from qbank.items.content import OptionContent, VersionContent
from qbank.items.models import (
    Difficulty,
    Item,
    ItemEnemy,
    ItemVersion,
    Option,
    OptionStatement,
    VersionReference,
    VersionStatement,
)
from qbank.items.record import ItemRecord, OptionRecord, ReferenceRecord, StatementLink
from qbank.items.references import ensure_references
from qbank.items.taxonomy import Dimension, Taxon
from qbank.items.vignettes import ensure_vignette


@dataclass
class Resolver:
    """Looks up taxonomy codes and statements, each once, for a whole run of records."""

    session: Session
    problems: list[str] = field(default_factory=list)  # of the record resolved last
    _taxa: dict[tuple[Dimension, str], int] = field(default_factory=dict)
    _statements: dict[str, dict[str, tuple[int, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows = self.session.execute(sa.select(Taxon.dimension, Taxon.code, Taxon.id))
        self._taxa = {(dimension, code): taxon_id for dimension, code, taxon_id in rows}

    def content(self, record: ItemRecord) -> VersionContent:
        """Return what a version of this record would say. What cannot be resolved is in ``problems``."""
        self.problems = []
        systems = self._codes(Dimension.SYSTEM, record.systems)
        tasks = self._codes(Dimension.TASK, record.tasks)
        if len(systems) > 1 or len(tasks) > 1:
            self.problems.append("an item has one system and one task; the first of each was taken")
        return VersionContent(
            stem=record.stem,
            lead_in=record.lead_in or "",
            objective=record.objective or "",
            explanation=record.explanation or "",
            options=tuple(self._option(option) for option in record.options),
            reference_ids=self._references(record.references),
            statement_ids=self._links(record.statements),
            vignette_version_id=self._vignette(record.vignette),
            system_id=systems[0] if systems else None,
            task_id=tasks[0] if tasks else None,
            discipline_ids=tuple(sorted(self._codes(Dimension.DISCIPLINE, record.disciplines))),
            difficulty=Difficulty(record.difficulty) if record.difficulty else None,
            tags=record.tags,
            shuffle=record.shuffle,
            doubt=record.doubt or "",
        )

    def _references(self, records: tuple[ReferenceRecord, ...]) -> tuple[int, ...]:
        return tuple(reference.id for reference in ensure_references(self.session, list(records)))

    def _vignette(self, text: str | None) -> int | None:
        return ensure_vignette(self.session, text) if text and text.strip() else None

    def _option(self, option: OptionRecord) -> OptionContent:
        return OptionContent(
            text=option.text,
            is_key=option.key,
            rationale=option.rationale or "",
            statement_ids=self._links(option.statements),
            origin=option.origin or "",
            needs_expert=option.needs_expert,
        )

    def _codes(self, dimension: Dimension, codes: tuple[str, ...]) -> list[int]:
        found = []
        for code in codes:
            taxon_id = self._taxa.get((dimension, code))
            if taxon_id is None:
                self.problems.append(f"no {dimension} has the code {code!r}")
            else:
                found.append(taxon_id)
        return found

    def _links(self, links: tuple[StatementLink, ...]) -> tuple[int, ...]:
        found = []
        for link in links:
            known = self._article(link.article).get(link.id)
            if known is None:
                self.problems.append(f"the bank has no statement {link.id} of the article {link.article!r}")
                continue
            statement_id, text = known
            if link.quote is not None and " ".join(link.quote.split()) != " ".join(text.split()):
                self.problems.append(f"statement {link.id} of {link.article!r} no longer reads as quoted")
            found.append(statement_id)
        return tuple(found)

    def _article(self, slug: str) -> dict[str, tuple[int, str]]:
        if slug not in self._statements:
            query = (
                sa.select(Statement.key, Statement.id, Statement.text)
                .join(Article, Article.current_id == Statement.revision_id)
                .where(Article.slug == slug)
            )
            self._statements[slug] = {key: (row_id, text) for key, row_id, text in self.session.execute(query)}
        return self._statements[slug]


def evidence(load: Any) -> tuple[ORMOption, ...]:
    """Return the loading options for statements with their article, citations and references, behind ``load``."""
    citations = load.selectinload(Statement.citations)
    return (
        load.joinedload(Statement.revision).joinedload(ArticleRevision.article),
        citations.joinedload(StatementCitation.article_reference).joinedload(ArticleReference.reference),
    )


def whole_version() -> tuple[ORMOption, ...]:
    """Return the loading options for a version with everything that hangs off it, in a fixed number of queries."""

    rationales = selectinload(ItemVersion.options).selectinload(Option.statements)
    return (
        joinedload(ItemVersion.item),
        joinedload(ItemVersion.system),
        joinedload(ItemVersion.task),
        joinedload(ItemVersion.vignette_version),
        selectinload(ItemVersion.disciplines),
        selectinload(ItemVersion.references).joinedload(VersionReference.reference),
        *evidence(selectinload(ItemVersion.statements).joinedload(VersionStatement.statement)),
        *evidence(rationales.joinedload(OptionStatement.statement)),
    )


def load_versions(session: Session, version_ids: list[int]) -> dict[int, ItemVersion]:
    """Return these versions, whole, by id."""
    query = sa.select(ItemVersion).where(ItemVersion.id.in_(version_ids)).options(*whole_version())
    return {version.id: version for version in session.scalars(query)}


def enemies_of(session: Session, item_ids: list[int]) -> dict[int, tuple[str, ...]]:
    """Return the external ids of each item's enemies."""
    found: dict[int, list[str]] = {item_id: [] for item_id in item_ids}
    for own, other in ((ItemEnemy.item_id, ItemEnemy.enemy_id), (ItemEnemy.enemy_id, ItemEnemy.item_id)):
        query = sa.select(own, Item.external_id).join(Item, Item.id == other).where(own.in_(item_ids))
        for item_id, external_id in session.execute(query):
            found[item_id].append(external_id)
    return {item_id: tuple(sorted(names)) for item_id, names in found.items()}


def _link(statement: Statement) -> StatementLink:
    return StatementLink(article=statement.revision.article.slug, id=statement.key, quote=statement.text)


def to_record(version: ItemVersion, enemies: tuple[str, ...] = ()) -> ItemRecord:
    """Return a whole version as a plain record."""
    return ItemRecord(
        stem=version.stem,
        options=tuple(
            OptionRecord(
                text=option.text,
                key=option.is_key,
                rationale=option.rationale or None,
                statements=tuple(_link(row.statement) for row in option.statements),
                origin=option.origin or None,
                needs_expert=option.needs_expert,
            )
            for option in version.options
        ),
        id=version.item.external_id,
        external_id=version.item.external_id,
        status=str(version.state),
        lead_in=version.lead_in or None,
        objective=version.objective or None,
        explanation=version.explanation or None,
        references=tuple(row.reference.record() for row in version.references),
        statements=tuple(_link(row.statement) for row in version.statements),
        systems=(version.system.code,) if version.system else (),
        disciplines=tuple(taxon.code for taxon in version.disciplines),
        tasks=(version.task.code,) if version.task else (),
        tags=tuple(version.tags),
        difficulty=str(version.difficulty) if version.difficulty else None,
        vignette=version.vignette_version.text if version.vignette_version else None,
        enemies=enemies,
        shuffle=version.shuffle,
        doubt=version.doubt or None,
        rule=version.rule or None,
    )


def content_of(
    version: ItemVersion, *, system_id: int | None, task_id: int | None, discipline_ids: tuple[int, ...]
) -> VersionContent:
    """Return what a whole version says, classified anew."""
    return VersionContent(
        stem=version.stem,
        lead_in=version.lead_in,
        objective=version.objective,
        explanation=version.explanation,
        options=tuple(
            OptionContent(
                text=option.text,
                is_key=option.is_key,
                rationale=option.rationale,
                statement_ids=tuple(row.statement_id for row in option.statements),
                origin=option.origin,
                needs_expert=option.needs_expert,
            )
            for option in version.options
        ),
        reference_ids=tuple(row.reference_id for row in version.references),
        statement_ids=tuple(row.statement_id for row in version.statements),
        system_id=system_id,
        task_id=task_id,
        discipline_ids=discipline_ids,
        difficulty=version.difficulty,
        tags=tuple(version.tags),
        shuffle=version.shuffle,
        doubt=version.doubt,
        vignette_version_id=version.vignette_version_id,
    )

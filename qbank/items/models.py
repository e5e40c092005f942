"""Items, their immutable versions, and what hangs off a version."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from qbank.articles.models import Statement
from qbank.db.base import Base, Code, Key, Line, Prose, enum_column, link
from qbank.items.references import Reference
from qbank.items.taxonomy import Taxon


class ItemState(StrEnum):
    """Where a version is in its life."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    PRETEST = "pretest"
    LIVE = "live"
    SUSPENDED = "suspended"
    RETIRED = "retired"
    REJECTED = "rejected"  # a drafted item that a person turned down
    SUPERSEDED = "superseded"  # a later version took its place


class Difficulty(StrEnum):
    """The author's estimate, until answers tell."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


class Origin(StrEnum):
    """How a version came about."""

    WRITTEN = "written"
    DRAFTED = "drafted"
    IMPORTED = "imported"
    SHIPPED = "shipped"


class Vote(StrEnum):
    """A reviewer's word on a version."""

    APPROVE = "approve"
    ADVISE = "advise"
    REJECT = "reject"


class MediaField(StrEnum):
    """The text of a version that shows an image. The first four are seen while the item is answered."""

    VIGNETTE = "vignette"
    STEM = "stem"
    LEAD_IN = "lead_in"
    OPTION = "option"
    RATIONALE = "rationale"
    OBJECTIVE = "objective"
    EXPLANATION = "explanation"


class Item(Base):
    """An item's identity. What it says is in its versions.

    ``draft_version_id`` is the version being worked on, ``published_version_id`` the one that learners get
    (or got, when it is suspended or retired). Either may be empty.
    """

    __tablename__ = "item"
    __table_args__ = (
        sa.UniqueConstraint("external_id"),
        sa.Index(None, "owner_id"),
        sa.Index(None, "draft_version_id"),
        sa.Index(None, "published_version_id"),
    )

    id: Mapped[Key]
    external_id: Mapped[Code]
    owner_id: Mapped[int | None] = mapped_column(link("person.id"))
    created_at: Mapped[datetime]
    draft_version_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("item_version.id", ondelete="RESTRICT", use_alter=True)
    )
    published_version_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("item_version.id", ondelete="RESTRICT", use_alter=True)
    )
    versions_made: Mapped[int] = mapped_column(default=0)  # the next version's number comes from here

    draft_version: Mapped[ItemVersion | None] = relationship(
        foreign_keys=[draft_version_id], lazy="raise", post_update=True
    )
    published_version: Mapped[ItemVersion | None] = relationship(
        foreign_keys=[published_version_id], lazy="raise", post_update=True
    )


class ItemVersion(Base):
    """What an item said at one time. Only ``state`` ever changes; a save with changes makes a new row."""

    __tablename__ = "item_version"
    __table_args__ = (
        sa.UniqueConstraint("item_id", "number"),
        sa.CheckConstraint("number > 0", name="number"),
        sa.Index(None, "state", "item_id", "origin", "id"),  # lists and counts read only this one and the system's
        sa.Index(None, "content_hash"),
        sa.Index(None, "system_id", "item_id", "state", "origin", "id"),
        sa.Index(None, "task_id"),
        sa.Index(None, "author_id"),
        sa.Index(None, "vignette_version_id"),
    )

    id: Mapped[Key]
    item_id: Mapped[int] = mapped_column(link("item.id"))
    number: Mapped[int]
    state: Mapped[ItemState] = mapped_column(enum_column(ItemState, "state"), default=ItemState.DRAFT)
    content_hash: Mapped[Code]
    author_id: Mapped[int | None] = mapped_column(link("person.id"))
    created_at: Mapped[datetime]

    stem: Mapped[Prose]
    stem_html: Mapped[Prose]
    lead_in: Mapped[Prose] = mapped_column(default="")
    lead_in_html: Mapped[Prose] = mapped_column(default="")
    objective: Mapped[Prose] = mapped_column(default="")
    objective_html: Mapped[Prose] = mapped_column(default="")
    explanation: Mapped[Prose] = mapped_column(default="")
    explanation_html: Mapped[Prose] = mapped_column(default="")
    vignette_version_id: Mapped[int | None] = mapped_column(link("vignette_version.id"))
    system_id: Mapped[int | None] = mapped_column(link("taxon.id"))
    task_id: Mapped[int | None] = mapped_column(link("taxon.id"))
    difficulty: Mapped[Difficulty | None] = mapped_column(enum_column(Difficulty, "difficulty"))
    tags: Mapped[list[str]] = mapped_column(default=list)
    shuffle: Mapped[bool] = mapped_column(default=False)
    origin: Mapped[Origin] = mapped_column(enum_column(Origin, "origin"), default=Origin.WRITTEN)
    rule: Mapped[Code] = mapped_column(default="")
    confidence: Mapped[float | None]
    doubt: Mapped[Prose] = mapped_column(default="")

    item: Mapped[Item] = relationship(foreign_keys=[item_id], lazy="raise")
    system: Mapped[Taxon | None] = relationship(foreign_keys=[system_id], lazy="raise")
    task: Mapped[Taxon | None] = relationship(foreign_keys=[task_id], lazy="raise")
    disciplines: Mapped[list[Taxon]] = relationship(
        secondary="version_discipline", lazy="raise", order_by=Taxon.ordinal
    )
    options: Mapped[list[Option]] = relationship(back_populates="version", lazy="raise", order_by="Option.ordinal")
    references: Mapped[list[VersionReference]] = relationship(lazy="raise", order_by="VersionReference.ordinal")
    statements: Mapped[list[VersionStatement]] = relationship(lazy="raise", order_by="VersionStatement.ordinal")
    media: Mapped[list[VersionMedia]] = relationship(lazy="raise", order_by="VersionMedia.ordinal")
    vignette_version: Mapped[VignetteVersion | None] = relationship(lazy="raise")


class Option(Base):
    """One option of a version. A draft may still lack its key, or hold two: the gate above draft says so."""

    __tablename__ = "item_option"
    __table_args__ = (sa.UniqueConstraint("version_id", "ordinal"),)

    id: Mapped[Key]
    version_id: Mapped[int] = mapped_column(link("item_version.id"))
    ordinal: Mapped[int]
    text: Mapped[Prose]
    text_html: Mapped[Prose]
    is_key: Mapped[bool] = mapped_column(default=False)
    rationale: Mapped[Prose] = mapped_column(default="")
    rationale_html: Mapped[Prose] = mapped_column(default="")
    origin: Mapped[Line] = mapped_column(default="")
    needs_expert: Mapped[bool] = mapped_column(default=False)

    version: Mapped[ItemVersion] = relationship(back_populates="options", lazy="raise")
    statements: Mapped[list[OptionStatement]] = relationship(lazy="raise", order_by="OptionStatement.ordinal")


class OptionStatement(Base):
    """A statement that an option's rationale rests on."""

    __tablename__ = "option_statement"
    __table_args__ = (sa.Index(None, "statement_id"),)

    option_id: Mapped[int] = mapped_column(link("item_option.id"), primary_key=True)
    statement_id: Mapped[int] = mapped_column(link("statement.id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(default=0)

    statement: Mapped[Statement] = relationship(lazy="raise")


class VersionStatement(Base):
    """A statement that a version rests on, with the span of the key in it where it is known."""

    __tablename__ = "version_statement"
    __table_args__ = (sa.Index(None, "statement_id"),)

    version_id: Mapped[int] = mapped_column(link("item_version.id"), primary_key=True)
    statement_id: Mapped[int] = mapped_column(link("statement.id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(default=0)
    key_start: Mapped[int | None]
    key_end: Mapped[int | None]

    statement: Mapped[Statement] = relationship(lazy="raise")


class VersionReference(Base):
    """A reference that a version names."""

    __tablename__ = "version_reference"
    __table_args__ = (sa.Index(None, "reference_id"),)

    version_id: Mapped[int] = mapped_column(link("item_version.id"), primary_key=True)
    reference_id: Mapped[int] = mapped_column(link("reference.id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(default=0)

    reference: Mapped[Reference] = relationship(lazy="raise")


class VersionDiscipline(Base):
    """A discipline of a version."""

    __tablename__ = "version_discipline"
    __table_args__ = (sa.Index(None, "taxon_id"),)

    version_id: Mapped[int] = mapped_column(link("item_version.id"), primary_key=True)
    taxon_id: Mapped[int] = mapped_column(link("taxon.id"), primary_key=True)


class ItemEnemy(Base):
    """Two items that must not meet in one block. Stored once, the smaller id first."""

    __tablename__ = "item_enemy"
    __table_args__ = (
        sa.CheckConstraint("item_id < enemy_id", name="order"),
        sa.Index(None, "enemy_id"),
    )

    item_id: Mapped[int] = mapped_column(link("item.id"), primary_key=True)
    enemy_id: Mapped[int] = mapped_column(link("item.id"), primary_key=True)


class Vignette(Base):
    """A shared stimulus that several items hang on."""

    __tablename__ = "vignette"
    __table_args__ = (sa.UniqueConstraint("external_id"),)

    id: Mapped[Key]
    external_id: Mapped[Code]
    created_at: Mapped[datetime]


class VignetteVersion(Base):
    """What a vignette said at one time."""

    __tablename__ = "vignette_version"
    __table_args__ = (sa.UniqueConstraint("vignette_id", "number"), sa.Index(None, "content_hash"))

    id: Mapped[Key]
    vignette_id: Mapped[int] = mapped_column(link("vignette.id"))
    number: Mapped[int]
    text: Mapped[Prose]
    text_html: Mapped[Prose]
    content_hash: Mapped[Code]
    author_id: Mapped[int | None] = mapped_column(link("person.id"))
    created_at: Mapped[datetime]


class Media(Base):
    """An image, kept once by the hash of its bytes."""

    __tablename__ = "media"
    __table_args__ = (
        sa.UniqueConstraint("sha256"),
        sa.CheckConstraint("size > 0 AND width > 0 AND height > 0", name="size"),
        sa.Index(None, "uploaded_by_id"),
    )

    id: Mapped[Key]
    sha256: Mapped[Code]
    content_type: Mapped[Code]
    size: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    file_name: Mapped[Line] = mapped_column(default="")
    uploaded_by_id: Mapped[int | None] = mapped_column(link("person.id"))
    created_at: Mapped[datetime]


class VersionMedia(Base):
    """An image in a version: which of its texts shows it, with the alternative text it has there."""

    __tablename__ = "version_media"
    __table_args__ = (sa.Index(None, "media_id"),)

    version_id: Mapped[int] = mapped_column(link("item_version.id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    media_id: Mapped[int] = mapped_column(link("media.id"))
    field: Mapped[MediaField] = mapped_column(enum_column(MediaField, "field"))
    alt: Mapped[Prose] = mapped_column(default="")


class StateChange(Base):
    """One step in the life of a version: who, when, from, to, why. Append-only."""

    __tablename__ = "state_change"
    __table_args__ = (sa.Index(None, "version_id"), sa.Index(None, "person_id"))

    id: Mapped[Key]
    version_id: Mapped[int] = mapped_column(link("item_version.id"))
    person_id: Mapped[int | None] = mapped_column(link("person.id"))
    from_state: Mapped[ItemState | None] = mapped_column(enum_column(ItemState, "from_state"))
    to_state: Mapped[ItemState] = mapped_column(enum_column(ItemState, "to_state"))
    comment: Mapped[Prose] = mapped_column(default="")
    at: Mapped[datetime]


class ReviewVote(Base):
    """One reviewer's vote on one version; a later vote of the same person takes the place of the earlier."""

    __tablename__ = "review_vote"
    __table_args__ = (sa.Index(None, "version_id"), sa.Index(None, "reviewer_id"))

    id: Mapped[Key]
    version_id: Mapped[int] = mapped_column(link("item_version.id"))
    reviewer_id: Mapped[int] = mapped_column(link("person.id"))
    vote: Mapped[Vote] = mapped_column(enum_column(Vote, "vote"))
    comment: Mapped[Prose] = mapped_column(default="")
    at: Mapped[datetime]


class FlawWaiver(Base):
    """A flaw finding that an author dismissed, with the reason that reviewers see."""

    __tablename__ = "flaw_waiver"
    __table_args__ = (sa.UniqueConstraint("item_id", "code", "field"), sa.Index(None, "person_id"))

    id: Mapped[Key]
    item_id: Mapped[int] = mapped_column(link("item.id"))
    code: Mapped[Code]
    field: Mapped[Code]
    reason: Mapped[Prose]
    person_id: Mapped[int | None] = mapped_column(link("person.id"))
    at: Mapped[datetime]


class PoolEntry(Base):
    """The items that blocks may draw, one narrow row each: a projection of the published versions.

    Counting and drawing read only this table. ``disciplines`` is the sorted list of taxon ids, ",3,7,".
    """

    __tablename__ = "pool_entry"
    __table_args__ = (
        sa.Index(None, "pretest", "system_id", "task_id", "difficulty", "disciplines"),
        sa.Index(None, "version_id"),
    )

    item_id: Mapped[int] = mapped_column(link("item.id"), primary_key=True, autoincrement=False)
    version_id: Mapped[int] = mapped_column(link("item_version.id"))
    pretest: Mapped[bool]
    system_id: Mapped[int]
    task_id: Mapped[int]
    difficulty: Mapped[str] = mapped_column(sa.String(20), default="")
    disciplines: Mapped[Line]

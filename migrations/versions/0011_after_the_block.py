"""Create the tables of what happens after a block, and keep how sure the learner was of an answer.

SQLite cannot change a CHECK in place: the log of actions is rebuilt there to allow its new kind. Going down keeps
every row of the log: an action of the new kind stays as one that no longer counts.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KINDS = (
    "choose", "clear", "submit", "mark", "unmark", "strike", "restore", "highlight", "note", "visit", "leave",
)  # fmt: skip
CONFIDENCES = "confidence IN ('sure', 'fairly', 'unsure', 'guess')"


def upgrade() -> None:
    _allow_kinds(*KINDS, "confidence")
    if op.get_bind().dialect.name == "sqlite":
        # One ALTER, and no copy of the largest table that others point to.
        op.execute(
            "ALTER TABLE delivery ADD COLUMN confidence VARCHAR(20) "
            f"CONSTRAINT ck_delivery_confidence CHECK ({CONFIDENCES})"
        )
    else:
        op.add_column("delivery", sa.Column("confidence", sa.String(length=20), nullable=True))
        op.create_check_constraint(op.f("ck_delivery_confidence"), "delivery", CONFIDENCES)
    _create_practice_answer()
    _create_miss_reason()
    _create_problem_report()


def downgrade() -> None:
    op.drop_index(
        "uq_problem_report_one_open",
        table_name="problem_report",
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.drop_index(op.f("ix_problem_report_resolved_by_id"), table_name="problem_report")
    op.drop_index(op.f("ix_problem_report_resolved_at_made_at"), table_name="problem_report")
    op.drop_index(op.f("ix_problem_report_person_id_made_at"), table_name="problem_report")
    op.drop_index(op.f("ix_problem_report_delivery_id"), table_name="problem_report")
    op.drop_table("problem_report")
    op.drop_table("miss_reason")
    op.drop_index(op.f("ix_practice_answer_option_id"), table_name="practice_answer")
    op.drop_index(op.f("ix_practice_answer_delivery_id"), table_name="practice_answer")
    op.drop_table("practice_answer")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("ALTER TABLE delivery DROP COLUMN confidence")
    else:
        op.drop_constraint(op.f("ck_delivery_confidence"), "delivery", type_="check")
        op.drop_column("delivery", "confidence")
    event = sa.table("delivery_event", sa.column("kind", sa.String), sa.column("applied", sa.Boolean))
    op.execute(sa.update(event).where(event.c.kind == "confidence").values(kind="note", applied=False))
    _allow_kinds(*KINDS)


def _allow_kinds(*kinds: str) -> None:
    allowed = ", ".join(f"'{kind}'" for kind in kinds)
    with op.batch_alter_table("delivery_event") as batch:
        batch.drop_constraint(op.f("ck_delivery_event_kind"), type_="check")
        batch.create_check_constraint(op.f("ck_delivery_event_kind"), f"kind IN ({allowed})")


def _create_practice_answer() -> None:
    op.create_table(
        "practice_answer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("option_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event_id", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_practice_answer_delivery_id_delivery"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["option_id"],
            ["item_option.id"],
            name=op.f("fk_practice_answer_option_id_item_option"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice_answer")),
        sa.UniqueConstraint("event_id", name=op.f("uq_practice_answer_event_id")),
    )
    op.create_index(op.f("ix_practice_answer_delivery_id"), "practice_answer", ["delivery_id"], unique=False)
    op.create_index(op.f("ix_practice_answer_option_id"), "practice_answer", ["option_id"], unique=False)


def _create_miss_reason() -> None:
    op.create_table(
        "miss_reason",
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "did_not_know",
                "misread",
                "wrong_reasoning",
                "no_time",
                "guessed",
                name="reason",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_miss_reason_delivery_id_delivery"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_miss_reason")),
    )


def _create_problem_report() -> None:
    op.create_table(
        "problem_report",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "problem",
            sa.Enum(
                "wrong_key",
                "unclear",
                "typing_error",
                "outdated",
                "image",
                "other",
                name="problem",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "resolution",
            sa.Enum(
                "corrected",
                "key_changed",
                "no_change",
                "duplicate",
                name="resolution",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(resolved_at IS NULL) = (resolution IS NULL)", name=op.f("ck_problem_report_resolved_has_resolution")
        ),
        sa.CheckConstraint(
            "(resolved_at IS NULL) = (resolved_by_id IS NULL)", name=op.f("ck_problem_report_resolved_has_person")
        ),
        sa.CheckConstraint(
            "seen_at IS NULL OR resolved_at IS NOT NULL", name=op.f("ck_problem_report_seen_after_resolved")
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_problem_report_delivery_id_delivery"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_problem_report_person_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["resolved_by_id"], ["person.id"], name=op.f("fk_problem_report_resolved_by_id_person"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_problem_report")),
    )
    op.create_index(op.f("ix_problem_report_delivery_id"), "problem_report", ["delivery_id"], unique=False)
    op.create_index(
        op.f("ix_problem_report_person_id_made_at"), "problem_report", ["person_id", "made_at"], unique=False
    )
    op.create_index(
        op.f("ix_problem_report_resolved_at_made_at"), "problem_report", ["resolved_at", "made_at"], unique=False
    )
    op.create_index(op.f("ix_problem_report_resolved_by_id"), "problem_report", ["resolved_by_id"], unique=False)
    op.create_index(
        "uq_problem_report_one_open",
        "problem_report",
        ["delivery_id"],
        unique=True,
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )

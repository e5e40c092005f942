"""Create the review queue and the saved filters of the builder."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "review_parameters",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("algorithm", sa.String(length=100), nullable=False),
        sa.Column("reviews", sa.Integer(), nullable=False),
        sa.Column("held_out", sa.Integer(), nullable=False),
        sa.Column("log_loss", sa.Double(), nullable=False),
        sa.Column("published_log_loss", sa.Double(), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.Column("weights", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.CheckConstraint("held_out > 0 AND held_out <= reviews", name=op.f("ck_review_parameters_reviews")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_review_parameters_person_id_person"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_parameters")),
    )
    op.create_index(
        op.f("ix_review_parameters_person_id_fitted_at"), "review_parameters", ["person_id", "fitted_at"], unique=False
    )
    op.create_table(
        "saved_filter",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("criteria", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("deleted_at IS NULL OR NOT is_default", name=op.f("ck_saved_filter_default_is_kept")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_saved_filter_person_id_person"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
        sa.UniqueConstraint("person_id", "name", name=op.f("uq_saved_filter_person_id_name")),
    )
    op.create_index(
        "uq_saved_filter_one_default",
        "saved_filter",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("is_default"),
        postgresql_where=sa.text("is_default"),
    )
    op.create_table(
        "review_card",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "entered_because",
            sa.Enum(
                "missed",
                "unsure",
                "marked",
                name="entered_because",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stability", sa.Double(), nullable=False),
        sa.Column("difficulty", sa.Double(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("right_day", sa.Date(), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "left_because",
            sa.Enum("learned", "removed", name="left_because", native_enum=False, create_constraint=True, length=20),
            nullable=True,
        ),
        sa.CheckConstraint("(left_at IS NULL) = (left_because IS NULL)", name=op.f("ck_review_card_left_has_reason")),
        sa.CheckConstraint("difficulty >= 1 AND difficulty <= 10", name=op.f("ck_review_card_difficulty")),
        sa.CheckConstraint("stability > 0", name=op.f("ck_review_card_stability")),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item.id"], name=op.f("fk_review_card_item_id_item"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_review_card_person_id_person"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_card")),
        sa.UniqueConstraint("person_id", "item_id", name=op.f("uq_review_card_person_id_item_id")),
    )
    op.create_index(op.f("ix_review_card_item_id"), "review_card", ["item_id"], unique=False)
    op.create_index(
        op.f("ix_review_card_person_id_left_at_due_at"), "review_card", ["person_id", "left_at", "due_at"], unique=False
    )
    op.create_table(
        "review_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("card_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("elapsed_days", sa.Double(), nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("algorithm", sa.String(length=100), nullable=False),
        sa.Column("parameters_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("elapsed_days >= 0", name=op.f("ck_review_log_elapsed_days")),
        sa.CheckConstraint("rating >= 1 AND rating <= 4", name=op.f("ck_review_log_rating")),
        sa.ForeignKeyConstraint(
            ["card_id"], ["review_card.id"], name=op.f("fk_review_log_card_id_review_card"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_review_log_delivery_id_delivery"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["parameters_id"],
            ["review_parameters.id"],
            name=op.f("fk_review_log_parameters_id_review_parameters"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_log")),
        sa.UniqueConstraint("delivery_id", name=op.f("uq_review_log_delivery_id")),
    )
    op.create_index(op.f("ix_review_log_card_id_reviewed_at"), "review_log", ["card_id", "reviewed_at"], unique=False)
    op.create_index(op.f("ix_review_log_parameters_id"), "review_log", ["parameters_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_review_log_parameters_id"), table_name="review_log")
    op.drop_index(op.f("ix_review_log_card_id_reviewed_at"), table_name="review_log")
    op.drop_table("review_log")
    op.drop_index(op.f("ix_review_card_person_id_left_at_due_at"), table_name="review_card")
    op.drop_index(op.f("ix_review_card_item_id"), table_name="review_card")
    op.drop_table("review_card")
    op.drop_index(
        "uq_saved_filter_one_default",
        table_name="saved_filter",
        sqlite_where=sa.text("is_default"),
        postgresql_where=sa.text("is_default"),
    )
    op.drop_table("saved_filter")
    op.drop_index(op.f("ix_review_parameters_person_id_fitted_at"), table_name="review_parameters")
    op.drop_table("review_parameters")

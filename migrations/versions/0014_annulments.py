"""Create the tables of annulments, and of what learners are told of changed scores."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_annulment()
    _create_score_notice()


def downgrade() -> None:
    for column in ("person_id_seen_at", "old_score_id", "block_id", "annulment_id"):
        op.drop_index(op.f(f"ix_score_notice_{column}"), table_name="score_notice")
    op.drop_table("score_notice")
    op.drop_index(
        "uq_annulment_one_in_force",
        table_name="annulment",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    for column in ("version_id", "person_id", "old_option_id", "new_option_id"):
        op.drop_index(op.f(f"ix_annulment_{column}"), table_name="annulment")
    op.drop_table("annulment")


def _create_annulment() -> None:
    op.create_table(
        "annulment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "annulled",
                "key_changed",
                "taken_back",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("old_option_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("new_option_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(kind = 'key_changed') = (new_option_id IS NOT NULL)", name=op.f("ck_annulment_key_has_option")
        ),
        sa.CheckConstraint(
            "kind != 'key_changed' OR old_option_id IS NOT NULL", name=op.f("ck_annulment_key_had_option")
        ),
        sa.CheckConstraint(
            "new_option_id IS NULL OR new_option_id != old_option_id", name=op.f("ck_annulment_another_option")
        ),
        sa.CheckConstraint(
            "kind != 'taken_back' OR ended_at IS NOT NULL", name=op.f("ck_annulment_taken_back_is_over")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["item_version.id"], name=op.f("fk_annulment_version_id_item_version"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["old_option_id"],
            ["item_option.id"],
            name=op.f("fk_annulment_old_option_id_item_option"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["new_option_id"],
            ["item_option.id"],
            name=op.f("fk_annulment_new_option_id_item_option"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_annulment_person_id_person"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annulment")),
    )
    for column in ("version_id", "old_option_id", "new_option_id", "person_id"):
        op.create_index(op.f(f"ix_annulment_{column}"), "annulment", [column], unique=False)
    op.create_index(
        "uq_annulment_one_in_force",
        "annulment",
        ["version_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def _create_score_notice() -> None:
    op.create_table(
        "score_notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("block_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("annulment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("old_score_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("new_score_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_score_notice_person_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["block_id"], ["block.id"], name=op.f("fk_score_notice_block_id_block"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["annulment_id"], ["annulment.id"], name=op.f("fk_score_notice_annulment_id_annulment"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["old_score_id"],
            ["block_score.id"],
            name=op.f("fk_score_notice_old_score_id_block_score"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["new_score_id"],
            ["block_score.id"],
            name=op.f("fk_score_notice_new_score_id_block_score"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_notice")),
        sa.UniqueConstraint("new_score_id", name=op.f("uq_score_notice_new_score_id")),
    )
    for column in ("block_id", "old_score_id", "annulment_id"):
        op.create_index(op.f(f"ix_score_notice_{column}"), "score_notice", [column], unique=False)
    op.create_index(op.f("ix_score_notice_person_id_seen_at"), "score_notice", ["person_id", "seen_at"], unique=False)

"""Create the table of checks needed: items whose source changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "check_needed",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "changed", "dropped", "retracted", name="kind", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("revision_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("statement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("new_statement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("reference_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'changed') = (new_statement_id IS NOT NULL)", name=op.f("ck_check_needed_new_statement")
        ),
        sa.CheckConstraint(
            "(kind = 'retracted') = (reference_id IS NOT NULL)", name=op.f("ck_check_needed_retracted_reference")
        ),
        sa.CheckConstraint("(kind = 'retracted') = (revision_id IS NULL)", name=op.f("ck_check_needed_revision")),
        sa.CheckConstraint("(kind = 'retracted') = (statement_id IS NULL)", name=op.f("ck_check_needed_old_statement")),
        sa.CheckConstraint("cleared_at IS NOT NULL OR cleared_by_id IS NULL", name=op.f("ck_check_needed_cleared")),
        sa.ForeignKeyConstraint(
            ["cleared_by_id"], ["person.id"], name=op.f("fk_check_needed_cleared_by_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item.id"], name=op.f("fk_check_needed_item_id_item"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["new_statement_id"],
            ["statement.id"],
            name=op.f("fk_check_needed_new_statement_id_statement"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reference_id"], ["reference.id"], name=op.f("fk_check_needed_reference_id_reference"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["revision_id"],
            ["article_revision.id"],
            name=op.f("fk_check_needed_revision_id_article_revision"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name=op.f("fk_check_needed_statement_id_statement"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["item_version.id"],
            name=op.f("fk_check_needed_version_id_item_version"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_needed")),
    )
    op.create_index(op.f("ix_check_needed_cleared_at"), "check_needed", ["cleared_at"], unique=False)
    op.create_index(op.f("ix_check_needed_cleared_by_id"), "check_needed", ["cleared_by_id"], unique=False)
    op.create_index(op.f("ix_check_needed_item_id_cleared_at"), "check_needed", ["item_id", "cleared_at"], unique=False)
    op.create_index(op.f("ix_check_needed_new_statement_id"), "check_needed", ["new_statement_id"], unique=False)
    op.create_index(op.f("ix_check_needed_reference_id"), "check_needed", ["reference_id"], unique=False)
    op.create_index(op.f("ix_check_needed_revision_id"), "check_needed", ["revision_id"], unique=False)
    op.create_index(op.f("ix_check_needed_statement_id"), "check_needed", ["statement_id"], unique=False)
    op.create_index(op.f("ix_check_needed_version_id"), "check_needed", ["version_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_check_needed_version_id"), table_name="check_needed")
    op.drop_index(op.f("ix_check_needed_statement_id"), table_name="check_needed")
    op.drop_index(op.f("ix_check_needed_revision_id"), table_name="check_needed")
    op.drop_index(op.f("ix_check_needed_reference_id"), table_name="check_needed")
    op.drop_index(op.f("ix_check_needed_new_statement_id"), table_name="check_needed")
    op.drop_index(op.f("ix_check_needed_item_id_cleared_at"), table_name="check_needed")
    op.drop_index(op.f("ix_check_needed_cleared_by_id"), table_name="check_needed")
    op.drop_index(op.f("ix_check_needed_cleared_at"), table_name="check_needed")
    op.drop_table("check_needed")

"""Create the tables of adaptive practice: what rules a block, and why each of its items was chosen."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _json() -> sa.types.TypeEngine[Any]:
    return sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "adaptive_practice",
        sa.Column("block_id", _KEY, autoincrement=False, nullable=False),
        sa.Column(
            "aim",
            sa.Enum("practice", "measure", name="aim", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("run_id", _KEY, nullable=True),
        sa.Column("targets", _json(), nullable=False),
        sa.Column("most_items", sa.Integer(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.CheckConstraint("minutes IS NULL OR minutes > 0", name=op.f("ck_adaptive_practice_minutes")),
        sa.CheckConstraint("most_items > 0", name=op.f("ck_adaptive_practice_most_items")),
        sa.ForeignKeyConstraint(
            ["block_id"], ["block.id"], name=op.f("fk_adaptive_practice_block_id_block"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["calibration_run.id"],
            name=op.f("fk_adaptive_practice_run_id_calibration_run"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("block_id", name=op.f("pk_adaptive_practice")),
    )
    op.create_index(op.f("ix_adaptive_practice_run_id"), "adaptive_practice", ["run_id"], unique=False)
    op.create_table(
        "adaptive_step",
        sa.Column("delivery_id", _KEY, autoincrement=False, nullable=False),
        sa.Column("system_id", _KEY, nullable=False),
        sa.Column(
            "method",
            sa.Enum("eap", "elo", name="method", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("ability", sa.Double(), nullable=False),
        sa.Column("se", sa.Double(), nullable=True),
        sa.Column("answers", sa.Integer(), nullable=False),
        sa.Column("a", sa.Double(), nullable=False),
        sa.Column("d", sa.Double(), nullable=False),
        sa.Column("rated", sa.Integer(), nullable=True),
        sa.Column("information", sa.Double(), nullable=False),
        sa.Column("candidates", _json(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("a > 0 AND information >= 0", name=op.f("ck_adaptive_step_item")),
        sa.CheckConstraint("answers >= 0 AND (rated IS NULL OR rated >= 0)", name=op.f("ck_adaptive_step_counts")),
        sa.CheckConstraint("(method = 'eap') = (se IS NOT NULL)", name=op.f("ck_adaptive_step_eap_has_se")),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_adaptive_step_delivery_id_delivery"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["system_id"], ["taxon.id"], name=op.f("fk_adaptive_step_system_id_taxon"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_adaptive_step")),
    )
    op.create_index(op.f("ix_adaptive_step_system_id"), "adaptive_step", ["system_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_adaptive_step_system_id"), table_name="adaptive_step")
    op.drop_table("adaptive_step")
    op.drop_index(op.f("ix_adaptive_practice_run_id"), table_name="adaptive_practice")
    op.drop_table("adaptive_practice")

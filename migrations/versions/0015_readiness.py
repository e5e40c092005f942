"""Create the table of exam targets: what readiness is measured against."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exam_target",
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("preset_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("exam_day", sa.Date(), nullable=False),
        sa.Column("cut_percent", sa.Integer(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cut_percent BETWEEN 1 AND 99", name=op.f("ck_exam_target_cut_percent")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_exam_target_person_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["preset_id"], ["exam_preset.id"], name=op.f("fk_exam_target_preset_id_exam_preset"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_exam_target")),
    )
    op.create_index(op.f("ix_exam_target_preset_id"), "exam_target", ["preset_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_exam_target_preset_id"), table_name="exam_target")
    op.drop_table("exam_target")

"""Create the tables of the reference manager; find a vignette by what it says."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reference_alias",
        sa.Column("fingerprint", sa.String(length=100), nullable=False),
        sa.Column("reference_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("merged_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "merged_id IS NULL OR merged_id <> reference_id", name=op.f("ck_reference_alias_not_itself")
        ),
        sa.ForeignKeyConstraint(
            ["merged_id"], ["reference.id"], name=op.f("fk_reference_alias_merged_id_reference"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["reference_id"],
            ["reference.id"],
            name=op.f("fk_reference_alias_reference_id_reference"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_reference_alias")),
        sa.UniqueConstraint("merged_id", name=op.f("uq_reference_alias_merged_id")),
    )
    op.create_index(op.f("ix_reference_alias_reference_id"), "reference_alias", ["reference_id"], unique=False)
    op.create_table(
        "reference_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reference_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "added",
                "edited",
                "merged",
                "retracted",
                "restored",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "detail",
            sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql"),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_reference_change_person_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["reference_id"],
            ["reference.id"],
            name=op.f("fk_reference_change_reference_id_reference"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_change")),
    )
    op.create_index(op.f("ix_reference_change_person_id"), "reference_change", ["person_id"], unique=False)
    op.create_index(op.f("ix_reference_change_reference_id"), "reference_change", ["reference_id"], unique=False)
    op.create_index(op.f("ix_vignette_version_content_hash"), "vignette_version", ["content_hash"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_vignette_version_content_hash"), table_name="vignette_version")
    op.drop_index(op.f("ix_reference_change_reference_id"), table_name="reference_change")
    op.drop_index(op.f("ix_reference_change_person_id"), table_name="reference_change")
    op.drop_table("reference_change")
    op.drop_index(op.f("ix_reference_alias_reference_id"), table_name="reference_alias")
    op.drop_table("reference_alias")

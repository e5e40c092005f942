"""Say of an image who brought it, and of its use in a version which text shows it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FIELDS = ("vignette", "stem", "lead_in", "option", "rationale", "objective", "explanation")


def upgrade() -> None:
    with op.batch_alter_table("media") as batch:
        batch.add_column(
            sa.Column("uploaded_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch.create_check_constraint(op.f("ck_media_size"), "size > 0 AND width > 0 AND height > 0")
        batch.create_foreign_key(
            op.f("fk_media_uploaded_by_id_person"), "person", ["uploaded_by_id"], ["id"], ondelete="RESTRICT"
        )
        batch.create_index(op.f("ix_media_uploaded_by_id"), ["uploaded_by_id"], unique=False)
    # Images in use before they were told apart count as explanations: shown once the answer can no longer change.
    with op.batch_alter_table("version_media") as batch:
        batch.add_column(sa.Column("field", sa.String(length=20), nullable=False, server_default="explanation"))
        allowed = ", ".join(f"'{name}'" for name in FIELDS)
        batch.create_check_constraint(op.f("ck_version_media_field"), f"field IN ({allowed})")
    with op.batch_alter_table("version_media") as batch:
        batch.alter_column("field", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("version_media") as batch:
        batch.drop_constraint(op.f("ck_version_media_field"), type_="check")
        batch.drop_column("field")
    with op.batch_alter_table("media") as batch:
        batch.drop_index(op.f("ix_media_uploaded_by_id"))
        batch.drop_constraint(op.f("fk_media_uploaded_by_id_person"), type_="foreignkey")
        batch.drop_constraint(op.f("ck_media_size"), type_="check")
        batch.drop_column("uploaded_by_id")

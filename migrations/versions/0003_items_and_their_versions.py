"""Create the tables of items and their versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "media",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sha256", sa.String(length=100), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
        sa.UniqueConstraint("sha256", name=op.f("uq_media_sha256")),
    )
    op.create_table(
        "vignette",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("external_id", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vignette")),
        sa.UniqueConstraint("external_id", name=op.f("uq_vignette_external_id")),
    )
    op.create_table(
        "item",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("external_id", sa.String(length=100), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("draft_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("published_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("versions_made", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["draft_version_id"],
            ["item_version.id"],
            name=op.f("fk_item_draft_version_id_item_version"),
            ondelete="RESTRICT",
            use_alter=True,
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["person.id"], name=op.f("fk_item_owner_id_person"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["published_version_id"],
            ["item_version.id"],
            name=op.f("fk_item_published_version_id_item_version"),
            ondelete="RESTRICT",
            use_alter=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
        sa.UniqueConstraint("external_id", name=op.f("uq_item_external_id")),
    )
    op.create_index(op.f("ix_item_draft_version_id"), "item", ["draft_version_id"], unique=False)
    op.create_index(op.f("ix_item_owner_id"), "item", ["owner_id"], unique=False)
    op.create_index(op.f("ix_item_published_version_id"), "item", ["published_version_id"], unique=False)
    op.create_table(
        "vignette_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("vignette_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_html", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=100), nullable=False),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["person.id"], name=op.f("fk_vignette_version_author_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["vignette_id"], ["vignette.id"], name=op.f("fk_vignette_version_vignette_id_vignette"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vignette_version")),
        sa.UniqueConstraint("vignette_id", "number", name=op.f("uq_vignette_version_vignette_id_number")),
    )
    op.create_table(
        "flaw_waiver",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=100), nullable=False),
        sa.Column("field", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item.id"], name=op.f("fk_flaw_waiver_item_id_item"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_flaw_waiver_person_id_person"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flaw_waiver")),
        sa.UniqueConstraint("item_id", "code", "field", name=op.f("uq_flaw_waiver_item_id_code_field")),
    )
    op.create_index(op.f("ix_flaw_waiver_person_id"), "flaw_waiver", ["person_id"], unique=False)
    op.create_table(
        "item_enemy",
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enemy_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("item_id < enemy_id", name=op.f("ck_item_enemy_order")),
        sa.ForeignKeyConstraint(
            ["enemy_id"], ["item.id"], name=op.f("fk_item_enemy_enemy_id_item"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_item_enemy_item_id_item"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("item_id", "enemy_id", name=op.f("pk_item_enemy")),
    )
    op.create_index(op.f("ix_item_enemy_enemy_id"), "item_enemy", ["enemy_id"], unique=False)
    op.create_table(
        "item_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "in_review",
                "approved",
                "pretest",
                "live",
                "suspended",
                "retired",
                "rejected",
                "superseded",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("content_hash", sa.String(length=100), nullable=False),
        sa.Column("author_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stem", sa.Text(), nullable=False),
        sa.Column("stem_html", sa.Text(), nullable=False),
        sa.Column("lead_in", sa.Text(), nullable=False),
        sa.Column("lead_in_html", sa.Text(), nullable=False),
        sa.Column("objective", sa.Text(), nullable=False),
        sa.Column("objective_html", sa.Text(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("explanation_html", sa.Text(), nullable=False),
        sa.Column("vignette_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("system_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("task_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "difficulty",
            sa.Enum("easy", "medium", "hard", name="difficulty", native_enum=False, create_constraint=True, length=20),
            nullable=True,
        ),
        sa.Column("tags", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("shuffle", sa.Boolean(), nullable=False),
        sa.Column(
            "origin",
            sa.Enum(
                "written",
                "drafted",
                "imported",
                "shipped",
                name="origin",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("rule", sa.String(length=100), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("doubt", sa.Text(), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_item_version_number")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["person.id"], name=op.f("fk_item_version_author_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item.id"], name=op.f("fk_item_version_item_id_item"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["system_id"], ["taxon.id"], name=op.f("fk_item_version_system_id_taxon"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["taxon.id"], name=op.f("fk_item_version_task_id_taxon"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["vignette_version_id"],
            ["vignette_version.id"],
            name=op.f("fk_item_version_vignette_version_id_vignette_version"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_version")),
        sa.UniqueConstraint("item_id", "number", name=op.f("uq_item_version_item_id_number")),
    )
    op.create_index(op.f("ix_item_version_author_id"), "item_version", ["author_id"], unique=False)
    op.create_index(op.f("ix_item_version_state_item_id"), "item_version", ["state", "item_id"], unique=False)
    op.create_index(op.f("ix_item_version_system_id"), "item_version", ["system_id"], unique=False)
    op.create_index(op.f("ix_item_version_task_id"), "item_version", ["task_id"], unique=False)
    op.create_index(op.f("ix_item_version_vignette_version_id"), "item_version", ["vignette_version_id"], unique=False)
    op.create_table(
        "item_option",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_html", sa.Text(), nullable=False),
        sa.Column("is_key", sa.Boolean(), nullable=False),
        sa.Column("rationale", sa.Text(), nullable=False),
        sa.Column("rationale_html", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(length=500), nullable=False),
        sa.Column("needs_expert", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["item_version.id"],
            name=op.f("fk_item_option_version_id_item_version"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_option")),
        sa.UniqueConstraint("version_id", "ordinal", name=op.f("uq_item_option_version_id_ordinal")),
    )
    op.create_table(
        "pool_entry",
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("pretest", sa.Boolean(), nullable=False),
        sa.Column("system_id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("difficulty", sa.String(length=20), nullable=False),
        sa.Column("disciplines", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_pool_entry_item_id_item"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["item_version.id"], name=op.f("fk_pool_entry_version_id_item_version"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_pool_entry")),
    )
    op.create_index(
        op.f("ix_pool_entry_pretest_system_id_task_id_difficulty_disciplines"),
        "pool_entry",
        ["pretest", "system_id", "task_id", "difficulty", "disciplines"],
        unique=False,
    )
    op.create_index(op.f("ix_pool_entry_version_id"), "pool_entry", ["version_id"], unique=False)
    op.create_table(
        "review_vote",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reviewer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "vote",
            sa.Enum("approve", "advise", "reject", name="vote", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["person.id"], name=op.f("fk_review_vote_reviewer_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["item_version.id"],
            name=op.f("fk_review_vote_version_id_item_version"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_vote")),
    )
    op.create_index(op.f("ix_review_vote_reviewer_id"), "review_vote", ["reviewer_id"], unique=False)
    op.create_index(op.f("ix_review_vote_version_id"), "review_vote", ["version_id"], unique=False)
    op.create_table(
        "state_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "from_state",
            sa.Enum(
                "draft",
                "in_review",
                "approved",
                "pretest",
                "live",
                "suspended",
                "retired",
                "rejected",
                "superseded",
                name="from_state",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.Column(
            "to_state",
            sa.Enum(
                "draft",
                "in_review",
                "approved",
                "pretest",
                "live",
                "suspended",
                "retired",
                "rejected",
                "superseded",
                name="to_state",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_state_change_person_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["item_version.id"],
            name=op.f("fk_state_change_version_id_item_version"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_state_change")),
    )
    op.create_index(op.f("ix_state_change_person_id"), "state_change", ["person_id"], unique=False)
    op.create_index(op.f("ix_state_change_version_id"), "state_change", ["version_id"], unique=False)
    op.create_table(
        "version_discipline",
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("taxon_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["taxon_id"], ["taxon.id"], name=op.f("fk_version_discipline_taxon_id_taxon"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["item_version.id"],
            name=op.f("fk_version_discipline_version_id_item_version"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("version_id", "taxon_id", name=op.f("pk_version_discipline")),
    )
    op.create_index(op.f("ix_version_discipline_taxon_id"), "version_discipline", ["taxon_id"], unique=False)
    op.create_table(
        "version_media",
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("media_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("alt", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["media_id"], ["media.id"], name=op.f("fk_version_media_media_id_media"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["item_version.id"],
            name=op.f("fk_version_media_version_id_item_version"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("version_id", "ordinal", name=op.f("pk_version_media")),
    )
    op.create_index(op.f("ix_version_media_media_id"), "version_media", ["media_id"], unique=False)
    op.create_table(
        "version_reference",
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reference_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reference_id"],
            ["reference.id"],
            name=op.f("fk_version_reference_reference_id_reference"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["item_version.id"],
            name=op.f("fk_version_reference_version_id_item_version"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("version_id", "reference_id", name=op.f("pk_version_reference")),
    )
    op.create_index(op.f("ix_version_reference_reference_id"), "version_reference", ["reference_id"], unique=False)
    op.create_table(
        "option_statement",
        sa.Column("option_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("statement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["option_id"],
            ["item_option.id"],
            name=op.f("fk_option_statement_option_id_item_option"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["statement.id"],
            name=op.f("fk_option_statement_statement_id_statement"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("option_id", "statement_id", name=op.f("pk_option_statement")),
    )
    op.create_index(op.f("ix_option_statement_statement_id"), "option_statement", ["statement_id"], unique=False)
    op.create_table(
        "version_statement",
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("statement_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("key_start", sa.Integer(), nullable=True),
        sa.Column("key_end", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["statement_id"],
            ["statement.id"],
            name=op.f("fk_version_statement_statement_id_statement"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["item_version.id"],
            name=op.f("fk_version_statement_version_id_item_version"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("version_id", "statement_id", name=op.f("pk_version_statement")),
    )
    op.create_index(op.f("ix_version_statement_statement_id"), "version_statement", ["statement_id"], unique=False)

    # The two tables name each other. SQLite has the key already: it takes it before the table is there.
    if op.get_bind().dialect.name != "sqlite":
        op.create_foreign_key(
            "fk_item_draft_version_id_item_version",
            "item",
            "item_version",
            ["draft_version_id"],
            ["id"],
            ondelete="RESTRICT",
        )
        op.create_foreign_key(
            "fk_item_published_version_id_item_version",
            "item",
            "item_version",
            ["published_version_id"],
            ["id"],
            ondelete="RESTRICT",
        )


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint("fk_item_draft_version_id_item_version", "item", type_="foreignkey")
        op.drop_constraint("fk_item_published_version_id_item_version", "item", type_="foreignkey")
    op.drop_index(op.f("ix_version_statement_statement_id"), table_name="version_statement")
    op.drop_table("version_statement")
    op.drop_index(op.f("ix_option_statement_statement_id"), table_name="option_statement")
    op.drop_table("option_statement")
    op.drop_index(op.f("ix_version_reference_reference_id"), table_name="version_reference")
    op.drop_table("version_reference")
    op.drop_index(op.f("ix_version_media_media_id"), table_name="version_media")
    op.drop_table("version_media")
    op.drop_index(op.f("ix_version_discipline_taxon_id"), table_name="version_discipline")
    op.drop_table("version_discipline")
    op.drop_index(op.f("ix_state_change_version_id"), table_name="state_change")
    op.drop_index(op.f("ix_state_change_person_id"), table_name="state_change")
    op.drop_table("state_change")
    op.drop_index(op.f("ix_review_vote_version_id"), table_name="review_vote")
    op.drop_index(op.f("ix_review_vote_reviewer_id"), table_name="review_vote")
    op.drop_table("review_vote")
    op.drop_index(op.f("ix_pool_entry_version_id"), table_name="pool_entry")
    op.drop_index(op.f("ix_pool_entry_pretest_system_id_task_id_difficulty_disciplines"), table_name="pool_entry")
    op.drop_table("pool_entry")
    op.drop_table("item_option")
    op.drop_index(op.f("ix_item_version_vignette_version_id"), table_name="item_version")
    op.drop_index(op.f("ix_item_version_task_id"), table_name="item_version")
    op.drop_index(op.f("ix_item_version_system_id"), table_name="item_version")
    op.drop_index(op.f("ix_item_version_state_item_id"), table_name="item_version")
    op.drop_index(op.f("ix_item_version_author_id"), table_name="item_version")
    op.drop_table("item_version")
    op.drop_index(op.f("ix_item_enemy_enemy_id"), table_name="item_enemy")
    op.drop_table("item_enemy")
    op.drop_index(op.f("ix_flaw_waiver_person_id"), table_name="flaw_waiver")
    op.drop_table("flaw_waiver")
    op.drop_table("vignette_version")
    op.drop_index(op.f("ix_item_published_version_id"), table_name="item")
    op.drop_index(op.f("ix_item_owner_id"), table_name="item")
    op.drop_index(op.f("ix_item_draft_version_id"), table_name="item")
    op.drop_table("item")
    op.drop_table("vignette")
    op.drop_table("media")

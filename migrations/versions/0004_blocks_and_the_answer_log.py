"""Create the tables of blocks and the answer log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exam_preset",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("code", sa.String(length=100), nullable=False),
        sa.Column("exam", sa.String(length=500), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("blocks", sa.Integer(), nullable=True),
        sa.Column("minutes_per_block", sa.Integer(), nullable=True),
        sa.Column("items_per_block_min", sa.Integer(), nullable=True),
        sa.Column("items_per_block_max", sa.Integer(), nullable=True),
        sa.Column("items_total", sa.Integer(), nullable=True),
        sa.Column("seconds_per_item", sa.Integer(), nullable=False),
        sa.Column(
            "time_up_policy",
            sa.Enum(
                "lock", "grace", "soft", name="time_up_policy", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("grace_seconds", sa.Integer(), nullable=False),
        sa.Column("pause_allowed", sa.Boolean(), nullable=False),
        sa.Column("pretest_share", sa.Double(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=500), nullable=False),
        sa.Column("source_date", sa.Date(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("seconds_per_item > 0", name=op.f("ck_exam_preset_seconds_per_item")),
        sa.CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name=op.f("ck_exam_preset_dates")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exam_preset")),
        sa.UniqueConstraint("code", name=op.f("uq_exam_preset_code")),
    )
    op.create_table(
        "study_pass",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_study_pass_person_id_person"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_pass")),
        sa.UniqueConstraint("person_id", "number", name=op.f("uq_study_pass_person_id_number")),
    )
    op.create_table(
        "block",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("token", sa.String(length=100), nullable=False),
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("pass_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column(
            "feedback",
            sa.Enum("tutor", "exam", name="feedback", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column(
            "timing",
            sa.Enum("timed", "untimed", name="timing", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("preset_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("preset_copy", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("criteria", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("seed", sa.String(length=100), nullable=False),
        sa.Column("item_count", sa.Integer(), nullable=False),
        sa.Column("seconds_per_item", sa.Integer(), nullable=False),
        sa.Column("time_percent", sa.Integer(), nullable=False),
        sa.Column("limit_seconds", sa.Integer(), nullable=True),
        sa.Column(
            "time_up_policy",
            sa.Enum(
                "lock", "grace", "soft", name="time_up_policy", native_enum=False, create_constraint=True, length=20
            ),
            nullable=False,
        ),
        sa.Column("grace_seconds", sa.Integer(), nullable=False),
        sa.Column("pause_allowed", sa.Boolean(), nullable=False),
        sa.Column("paused_seconds", sa.Integer(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "state",
            sa.Enum("open", "paused", "ended", name="state", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_active_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "ended_reason",
            sa.Enum(
                "learner",
                "time_up",
                "abandoned",
                name="ended_reason",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=True,
        ),
        sa.CheckConstraint("(state = 'ended') = (ended_at IS NOT NULL)", name=op.f("ck_block_ended_has_time")),
        sa.CheckConstraint("(state = 'ended') = (ended_reason IS NOT NULL)", name=op.f("ck_block_ended_has_reason")),
        sa.CheckConstraint("(timing = 'timed') = (limit_seconds IS NOT NULL)", name=op.f("ck_block_timed_has_limit")),
        sa.CheckConstraint("item_count > 0", name=op.f("ck_block_item_count")),
        sa.ForeignKeyConstraint(
            ["pass_id"], ["study_pass.id"], name=op.f("fk_block_pass_id_study_pass"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_block_person_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["preset_id"], ["exam_preset.id"], name=op.f("fk_block_preset_id_exam_preset"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block")),
        sa.UniqueConstraint("token", name=op.f("uq_block_token")),
    )
    op.create_index(op.f("ix_block_pass_id"), "block", ["pass_id"], unique=False)
    op.create_index(
        op.f("ix_block_person_id_state_ended_at"), "block", ["person_id", "state", "ended_at"], unique=False
    )
    op.create_index(op.f("ix_block_preset_id"), "block", ["preset_id"], unique=False)
    op.create_index(op.f("ix_block_state_closes_at"), "block", ["state", "closes_at"], unique=False)
    op.create_index(
        "uq_block_one_open_timed",
        "block",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("timing = 'timed' AND state != 'ended'"),
        postgresql_where=sa.text("timing = 'timed' AND state != 'ended'"),
    )
    op.create_table(
        "mark",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_mark_item_id_item"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_mark_person_id_person"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("person_id", "item_id", name=op.f("pk_mark")),
    )
    op.create_index(op.f("ix_mark_item_id"), "mark", ["item_id"], unique=False)
    op.create_table(
        "note",
        sa.Column("person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_note_item_id_item"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_note_person_id_person"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("person_id", "item_id", name=op.f("pk_note")),
    )
    op.create_index(op.f("ix_note_item_id"), "note", ["item_id"], unique=False)
    op.create_table(
        "block_score",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("block_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("correct", sa.Integer(), nullable=False),
        sa.Column("incorrect", sa.Integer(), nullable=False),
        sa.Column("omitted", sa.Integer(), nullable=False),
        sa.Column("scored", sa.Integer(), nullable=False),
        sa.Column("pretest", sa.Integer(), nullable=False),
        sa.Column("annulled", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("partial", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("correct + incorrect + omitted = scored", name=op.f("ck_block_score_adds_up")),
        sa.ForeignKeyConstraint(
            ["block_id"], ["block.id"], name=op.f("fk_block_score_block_id_block"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block_score")),
        sa.UniqueConstraint("block_id", "revision", name=op.f("uq_block_score_block_id_revision")),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("block_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("option_order", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("pretest", sa.Boolean(), nullable=False),
        sa.Column("first", sa.Boolean(), nullable=False),
        sa.Column("chosen_option_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("first_option_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("changes", sa.Integer(), nullable=False),
        sa.Column("struck", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("visited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen", sa.Boolean(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "outcome",
            sa.Enum(
                "correct", "incorrect", "omitted", name="outcome", native_enum=False, create_constraint=True, length=20
            ),
            nullable=True,
        ),
        sa.Column("annulled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "submitted_at IS NULL OR chosen_option_id IS NOT NULL", name=op.f("ck_delivery_submitted_has_choice")
        ),
        sa.ForeignKeyConstraint(
            ["block_id"], ["block.id"], name=op.f("fk_delivery_block_id_block"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["chosen_option_id"],
            ["item_option.id"],
            name=op.f("fk_delivery_chosen_option_id_item_option"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["first_option_id"],
            ["item_option.id"],
            name=op.f("fk_delivery_first_option_id_item_option"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_delivery_item_id_item"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["version_id"], ["item_version.id"], name=op.f("fk_delivery_version_id_item_version"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("block_id", "item_id", name=op.f("uq_delivery_block_id_item_id")),
        sa.UniqueConstraint("block_id", "position", name=op.f("uq_delivery_block_id_position")),
    )
    op.create_index(op.f("ix_delivery_chosen_option_id"), "delivery", ["chosen_option_id"], unique=False)
    op.create_index(op.f("ix_delivery_first_option_id"), "delivery", ["first_option_id"], unique=False)
    op.create_index(op.f("ix_delivery_item_id"), "delivery", ["item_id"], unique=False)
    op.create_index(op.f("ix_delivery_version_id_outcome"), "delivery", ["version_id", "outcome"], unique=False)
    op.create_table(
        "delivery_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("event_id", sa.String(length=100), nullable=False),
        sa.Column("body_hash", sa.String(length=100), nullable=False),
        sa.Column("client", sa.String(length=100), nullable=False),
        sa.Column("client_seq", sa.Integer(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "choose",
                "clear",
                "submit",
                "mark",
                "unmark",
                "strike",
                "restore",
                "highlight",
                "note",
                "visit",
                "leave",
                name="kind",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("option_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("payload", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("applied", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_delivery_event_delivery_id_delivery"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["option_id"], ["item_option.id"], name=op.f("fk_delivery_event_option_id_item_option"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_event")),
        sa.UniqueConstraint("event_id", name=op.f("uq_delivery_event_event_id")),
    )
    op.create_index(
        op.f("ix_delivery_event_delivery_id_client_client_seq"),
        "delivery_event",
        ["delivery_id", "client", "client_seq"],
        unique=False,
    )
    op.create_index(op.f("ix_delivery_event_option_id"), "delivery_event", ["option_id"], unique=False)
    op.create_table(
        "highlight",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("field", sa.String(length=100), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('"end" > start AND start >= 0', name=op.f("ck_highlight_span")),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["delivery.id"], name=op.f("fk_highlight_delivery_id_delivery"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_highlight")),
    )
    op.create_index(op.f("ix_highlight_delivery_id"), "highlight", ["delivery_id"], unique=False)
    op.create_table(
        "learner_item",
        sa.Column("pass_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "in_progress",
                "correct",
                "incorrect",
                "omitted",
                "unused",
                name="status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column(
            "settled_status",
            sa.Enum(
                "in_progress",
                "correct",
                "incorrect",
                "omitted",
                "unused",
                name="settled_status",
                native_enum=False,
                create_constraint=True,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("times_seen", sa.Integer(), nullable=False),
        sa.Column("ever_incorrect", sa.Boolean(), nullable=False),
        sa.Column("correct_day", sa.Date(), nullable=True),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_delivery_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["item_id"], ["item.id"], name=op.f("fk_learner_item_item_id_item"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["last_delivery_id"],
            ["delivery.id"],
            name=op.f("fk_learner_item_last_delivery_id_delivery"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["pass_id"], ["study_pass.id"], name=op.f("fk_learner_item_pass_id_study_pass"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("pass_id", "item_id", name=op.f("pk_learner_item")),
    )
    op.create_index(op.f("ix_learner_item_item_id"), "learner_item", ["item_id"], unique=False)
    op.create_index(op.f("ix_learner_item_last_delivery_id"), "learner_item", ["last_delivery_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_learner_item_last_delivery_id"), table_name="learner_item")
    op.drop_index(op.f("ix_learner_item_item_id"), table_name="learner_item")
    op.drop_table("learner_item")
    op.drop_index(op.f("ix_highlight_delivery_id"), table_name="highlight")
    op.drop_table("highlight")
    op.drop_index(op.f("ix_delivery_event_option_id"), table_name="delivery_event")
    op.drop_index(op.f("ix_delivery_event_delivery_id_client_client_seq"), table_name="delivery_event")
    op.drop_table("delivery_event")
    op.drop_index(op.f("ix_delivery_version_id_outcome"), table_name="delivery")
    op.drop_index(op.f("ix_delivery_item_id"), table_name="delivery")
    op.drop_index(op.f("ix_delivery_first_option_id"), table_name="delivery")
    op.drop_index(op.f("ix_delivery_chosen_option_id"), table_name="delivery")
    op.drop_table("delivery")
    op.drop_table("block_score")
    op.drop_index(op.f("ix_note_item_id"), table_name="note")
    op.drop_table("note")
    op.drop_index(op.f("ix_mark_item_id"), table_name="mark")
    op.drop_table("mark")
    op.drop_index(
        "uq_block_one_open_timed",
        table_name="block",
        sqlite_where=sa.text("timing = 'timed' AND state != 'ended'"),
        postgresql_where=sa.text("timing = 'timed' AND state != 'ended'"),
    )
    op.drop_index(op.f("ix_block_state_closes_at"), table_name="block")
    op.drop_index(op.f("ix_block_preset_id"), table_name="block")
    op.drop_index(op.f("ix_block_person_id_state_ended_at"), table_name="block")
    op.drop_index(op.f("ix_block_pass_id"), table_name="block")
    op.drop_table("block")
    op.drop_table("study_pass")
    op.drop_table("exam_preset")

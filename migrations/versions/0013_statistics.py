"""Create the tables of statistics: running counts by version and option, calibrations, abilities."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# Blocks that ended before these tables stood are counted once, here.
_FIRSTS = """
    SELECT min(d.id) FROM delivery d JOIN block b ON b.id = d.block_id
    WHERE b.state = 'ended' AND b.ended_reason <> 'abandoned' AND d.outcome IS NOT NULL AND d.annulled_at IS NULL
    GROUP BY b.person_id, d.version_id
"""
_COUNT_ITEMS = f"""
    INSERT INTO item_counter (version_id, n, correct, omitted, seconds, allowed_seconds, rarest)
    SELECT d.version_id, count(*), sum(CASE WHEN d.outcome = 'correct' THEN 1 ELSE 0 END),
        sum(CASE WHEN d.outcome = 'omitted' THEN 1 ELSE 0 END), sum(d.seconds), sum(b.seconds_per_item), 0
    FROM delivery d JOIN block b ON b.id = d.block_id
    WHERE d.id IN ({_FIRSTS}) GROUP BY d.version_id
"""  # noqa: S608  constants only
_COUNT_OPTIONS = f"""
    INSERT INTO option_counter (option_id, version_id, n)
    SELECT d.chosen_option_id, d.version_id, count(*) FROM delivery d
    WHERE d.id IN ({_FIRSTS}) AND d.chosen_option_id IS NOT NULL GROUP BY d.chosen_option_id, d.version_id
"""  # noqa: S608
_RAREST = """
    UPDATE item_counter SET rarest = (
        SELECT coalesce(min(coalesce(c.n, 0)), 0) FROM item_option o LEFT JOIN option_counter c ON c.option_id = o.id
        WHERE o.version_id = item_counter.version_id AND NOT o.is_key
    )
"""


def upgrade() -> None:
    op.create_table(
        "item_counter",
        sa.Column(
            "version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("correct", sa.Integer(), nullable=False),
        sa.Column("omitted", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("allowed_seconds", sa.BigInteger(), nullable=False),
        sa.Column("rarest", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "correct >= 0 AND omitted >= 0 AND correct + omitted <= n", name=op.f("ck_item_counter_adds_up")
        ),
        sa.CheckConstraint(
            "seconds >= 0 AND allowed_seconds >= 0 AND rarest >= 0", name=op.f("ck_item_counter_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["item_version.id"],
            name=op.f("fk_item_counter_version_id_item_version"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_item_counter")),
    )
    op.create_table(
        "option_counter",
        sa.Column(
            "option_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.CheckConstraint("n >= 0", name=op.f("ck_option_counter_n")),
        sa.ForeignKeyConstraint(
            ["option_id"], ["item_option.id"], name=op.f("fk_option_counter_option_id_item_option"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["item_version.id"],
            name=op.f("fk_option_counter_version_id_item_version"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("option_id", name=op.f("pk_option_counter")),
    )
    op.create_index(op.f("ix_option_counter_version_id"), "option_counter", ["version_id"], unique=False)
    op.create_table(
        "calibration_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "model",
            sa.Enum("1pl", "2pl", name="model", native_enum=False, create_constraint=True, length=20),
            nullable=False,
        ),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("responses", sa.BigInteger(), nullable=False),
        sa.Column("iterations", sa.Integer(), nullable=False),
        sa.Column("log_likelihood", sa.Double(), nullable=True),
        sa.Column("reliability", sa.Double(), nullable=True),
        sa.Column("converged", sa.Boolean(), nullable=False),
        sa.Column("settings", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("state", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.CheckConstraint(
            "finished_at IS NULL OR log_likelihood IS NOT NULL", name=op.f("ck_calibration_run_finished_has_likelihood")
        ),
        sa.CheckConstraint(
            "items >= 0 AND persons >= 0 AND responses >= 0 AND iterations >= 0",
            name=op.f("ck_calibration_run_not_negative"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calibration_run")),
    )
    op.create_index(op.f("ix_calibration_run_finished_at"), "calibration_run", ["finished_at"], unique=False)
    op.create_table(
        "item_calibration",
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column(
            "version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("a", sa.Double(), nullable=True),
        sa.Column("d", sa.Double(), nullable=True),
        sa.Column("b", sa.Double(), nullable=True),
        sa.Column("se_a", sa.Double(), nullable=True),
        sa.Column("se_d", sa.Double(), nullable=True),
        sa.Column("se_b", sa.Double(), nullable=True),
        sa.Column("own_slope", sa.Boolean(), nullable=False),
        sa.Column("r", sa.Double(), nullable=True),
        sa.Column("flags", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.CheckConstraint(
            "(a IS NULL) = (d IS NULL) AND (b IS NULL OR a IS NOT NULL)", name=op.f("ck_item_calibration_whole")
        ),
        sa.CheckConstraint("n >= 0", name=op.f("ck_item_calibration_n")),
        sa.CheckConstraint("r IS NULL OR (r >= -1 AND r <= 1)", name=op.f("ck_item_calibration_r")),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["calibration_run.id"],
            name=op.f("fk_item_calibration_run_id_calibration_run"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["item_version.id"],
            name=op.f("fk_item_calibration_version_id_item_version"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("run_id", "version_id", name=op.f("pk_item_calibration")),
    )
    op.create_index(op.f("ix_item_calibration_version_id"), "item_calibration", ["version_id"], unique=False)
    op.create_table(
        "learner_ability",
        sa.Column("run_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column(
            "person_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("eap", sa.Double(), nullable=False),
        sa.Column("psd", sa.Double(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.CheckConstraint("n >= 0", name=op.f("ck_learner_ability_n")),
        sa.CheckConstraint("psd >= 0", name=op.f("ck_learner_ability_psd")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_learner_ability_person_id_person"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["calibration_run.id"],
            name=op.f("fk_learner_ability_run_id_calibration_run"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("run_id", "person_id", name=op.f("pk_learner_ability")),
    )
    op.create_index(op.f("ix_learner_ability_person_id"), "learner_ability", ["person_id"], unique=False)
    for statement in (_COUNT_ITEMS, _COUNT_OPTIONS, _RAREST):
        op.execute(statement)


def downgrade() -> None:
    op.drop_index(op.f("ix_learner_ability_person_id"), table_name="learner_ability")
    op.drop_table("learner_ability")
    op.drop_index(op.f("ix_item_calibration_version_id"), table_name="item_calibration")
    op.drop_table("item_calibration")
    op.drop_index(op.f("ix_calibration_run_finished_at"), table_name="calibration_run")
    op.drop_table("calibration_run")
    op.drop_index(op.f("ix_option_counter_version_id"), table_name="option_counter")
    op.drop_table("option_counter")
    op.drop_table("item_counter")

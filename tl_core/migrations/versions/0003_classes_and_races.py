"""Classes with their members, runs and guesses, and races."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    there = sa.inspect(
        op.get_bind()
    ).get_table_names()  # the first versions of these rooms made their tables themselves
    if "classes" not in there:
        op.create_table(
            "classes",
            sa.Column("id", sa.String(length=32), nullable=False),
            sa.Column("code", sa.String(length=16), nullable=False),
            sa.Column("title", sa.String(length=80), nullable=False),
            sa.Column("pin", sa.String(length=200), nullable=False),
            sa.Column("rules", sa.JSON(), nullable=False),
            sa.Column("created", sa.Float(), nullable=False),
            sa.Column("used", sa.Float(), nullable=False),
            sa.PrimaryKeyConstraint("id"),
            sa.UniqueConstraint("code"),
        )
    if "races" not in there:
        op.create_table(
            "races",
            sa.Column("id", sa.String(length=32), nullable=False),
            sa.Column("owner", sa.String(length=64), nullable=False),
            sa.Column("number", sa.Integer(), nullable=False),
            sa.Column("race", sa.JSON(), nullable=False),
            sa.Column("run_ids", sa.JSON(), nullable=False),
            sa.Column("stopped", sa.Boolean(), nullable=False),
            sa.Column("created", sa.Float(), nullable=False),
            sa.PrimaryKeyConstraint("id"),
        )
        op.create_index("ix_races_owner", "races", ["owner"], unique=False)
    if "class_members" not in there:
        op.create_table(
            "class_members",
            sa.Column("id", sa.String(length=32), nullable=False),
            sa.Column("class_id", sa.String(length=32), nullable=False),
            sa.Column("owner", sa.String(length=64), nullable=False),
            sa.Column("number", sa.Integer(), nullable=False),
            sa.Column("nickname", sa.String(length=64), nullable=False),
            sa.Column("name_key", sa.String(length=200), nullable=False),
            sa.Column("hidden", sa.Boolean(), nullable=False),
            sa.Column("joined", sa.Float(), nullable=False),
            sa.Column("left_at", sa.Float(), nullable=True),
            sa.ForeignKeyConstraint(["class_id"], ["classes.id"], ondelete="CASCADE"),
            sa.PrimaryKeyConstraint("id"),
            sa.UniqueConstraint("class_id", "name_key"),
            sa.UniqueConstraint("class_id", "number"),
            sa.UniqueConstraint("class_id", "owner"),
        )
        op.create_index("ix_class_members_class_id", "class_members", ["class_id"], unique=False)
        op.create_index("ix_class_members_owner", "class_members", ["owner"], unique=False)
    if "class_teachers" not in there:
        op.create_table(
            "class_teachers",
            sa.Column("class_id", sa.String(length=32), nullable=False),
            sa.Column("owner", sa.String(length=64), nullable=False),
            sa.ForeignKeyConstraint(["class_id"], ["classes.id"], ondelete="CASCADE"),
            sa.PrimaryKeyConstraint("class_id", "owner"),
        )
        op.create_index("ix_class_teachers_owner", "class_teachers", ["owner"], unique=False)
    if "class_tries" not in there:
        op.create_table(
            "class_tries",
            sa.Column("id", sa.String(length=32), nullable=False),
            sa.Column("class_id", sa.String(length=32), nullable=False),
            sa.Column("owner", sa.String(length=64), nullable=False),
            sa.Column("at", sa.Float(), nullable=False),
            sa.ForeignKeyConstraint(["class_id"], ["classes.id"], ondelete="CASCADE"),
            sa.PrimaryKeyConstraint("id"),
        )
        op.create_index("ix_class_tries_class_id", "class_tries", ["class_id"], unique=False)
    if "class_guesses" not in there:
        op.create_table(
            "class_guesses",
            sa.Column("class_id", sa.String(length=32), nullable=False),
            sa.Column("member_id", sa.String(length=32), nullable=False),
            sa.Column("kind", sa.String(length=16), nullable=False),
            sa.Column("about", sa.String(length=255), nullable=False),
            sa.Column("answer", sa.Text(), nullable=False),
            sa.Column("made", sa.Float(), nullable=False),
            sa.ForeignKeyConstraint(["class_id"], ["classes.id"], ondelete="CASCADE"),
            sa.ForeignKeyConstraint(["member_id"], ["class_members.id"], ondelete="CASCADE"),
            sa.PrimaryKeyConstraint("class_id", "member_id", "kind", "about"),
        )
    if "class_runs" not in there:
        op.create_table(
            "class_runs",
            sa.Column("run_id", sa.String(length=32), nullable=False),
            sa.Column("class_id", sa.String(length=32), nullable=False),
            sa.Column("member_id", sa.String(length=32), nullable=False),
            sa.Column("number", sa.Integer(), nullable=False),
            sa.Column("hidden", sa.Boolean(), nullable=False),
            sa.ForeignKeyConstraint(["class_id"], ["classes.id"], ondelete="CASCADE"),
            sa.ForeignKeyConstraint(["member_id"], ["class_members.id"], ondelete="CASCADE"),
            sa.ForeignKeyConstraint(["run_id"], ["runs.id"], ondelete="CASCADE"),
            sa.PrimaryKeyConstraint("run_id"),
            sa.UniqueConstraint("class_id", "number"),
        )
        op.create_index("ix_class_runs_class_id", "class_runs", ["class_id"], unique=False)


def downgrade() -> None:
    for name in ("class_runs", "class_guesses", "class_tries", "class_teachers", "class_members", "races", "classes"):
        op.drop_table(name)

"""What a run was computed from and on, whose it shares, and a stop that another server asks for."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_NEW = (
    ("data_stamp", sa.String(32)),
    ("software", sa.String(255)),
    ("hardware", sa.String(255)),
    ("same_as", sa.String(32)),
    ("recorded", sa.Boolean),
    ("stop_asked", sa.Boolean),
)


def upgrade() -> None:
    there = {column["name"] for column in sa.inspect(op.get_bind()).get_columns("runs")}
    for name, kind in _NEW:
        if name not in there:  # a migration that was killed half-way, where the database cannot undo it
            op.add_column("runs", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("runs") as table:
        for name, _ in _NEW:
            table.drop_column(name)

"""Executed by Alembic: run the migrations on the connection that it was given."""

from alembic import context

from tl_core.tables import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
with context.begin_transaction():
    context.run_migrations()

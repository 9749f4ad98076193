"""Run by Alembic: brings the connection that it is given to a version."""

from alembic import context

from zklink.storage.tables import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()

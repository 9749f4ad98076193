"""The versions of the database, each with its way up and down (Alembic)."""

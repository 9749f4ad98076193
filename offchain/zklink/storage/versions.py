"""Brings a database to a version of this package: takes a connection, runs Alembic's migrations on it. Never runs one
by halves: each version is one transaction.
"""

from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

SCRIPTS: Final = "zklink.storage:migrations"
NEWEST: Final = "head"


def upgrade(connection: Connection, to: str = NEWEST) -> None:
    """Bring a database up to a version."""
    command.upgrade(_configure(connection), to)


def downgrade(connection: Connection, to: str) -> None:
    """Bring a database down to a version; "base" takes every table away."""
    command.downgrade(_configure(connection), to)


def list_versions() -> tuple[str, ...]:
    """Every version, the oldest first."""
    scripts = ScriptDirectory.from_config(_configure(None))
    return tuple(script.revision for script in reversed(list(scripts.walk_revisions())))


def read_version(connection: Connection) -> str | None:
    """The version of a database; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def _configure(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    config.attributes["connection"] = connection
    return config

"""The database of a node."""

from dataclasses import dataclass

from zklink.protocol.errors.base import ToolError


@dataclass(eq=False)
class DatabaseFailed(ToolError):
    """The database does not answer, or could not keep something (disk full, connection lost); nothing was half kept.
    Do: Make room, or bring the database back. A node waits for it, and goes on by itself from what the database holds.
    """

    place: str
    detail: str

    def __str__(self) -> str:
        return f"the database {self.place} failed: {self.detail}; nothing was half kept"


@dataclass(eq=False)
class DatabaseInUse(ToolError):
    """Another process has the database of a node, which one process alone may write.
    Do: End the other process, or give this one a database of its own.
    """

    place: str

    def __str__(self) -> str:
        return f"the database {self.place} is another process's: one process alone may write it"


@dataclass(eq=False)
class DatabaseRefused(ToolError):
    """The database is not this node's: it belongs to another deployment, or to a newer version of this package.
    Do: Check `url` in the settings; use the version that wrote it, or an empty database.
    """

    place: str
    reason: str

    def __str__(self) -> str:
        return f"the database {self.place} does not fit: {self.reason}"


@dataclass(eq=False)
class RecordBroken(ToolError):
    """A row of the database cannot be read; `key` names it in its table.
    Do: Put the database back from a copy. Never go on without it: sealed blocks and signers' words would be forgotten.
    """

    table: str
    key: str
    detail: str

    def __str__(self) -> str:
        return f"table {self.table}, row {self.key}: {self.detail}; put the database back from a copy"

"""The node's tests have a database where they ask for one."""

from tests.storage.conftest import database, postgresql, reopen, url

__all__ = ["database", "postgresql", "reopen", "url"]

"""One node process for all questions of a session."""

from collections.abc import Iterator

import pytest

from tests.javascript.peer import Peer


@pytest.fixture(scope="session")
def peer() -> Iterator[Peer]:
    with Peer() as found:
        yield found

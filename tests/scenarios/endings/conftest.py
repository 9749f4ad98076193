"""One deployment with real verifiers and reserves everywhere, for all stories of how it ends."""

from collections.abc import Iterator

import pytest

from tests.scenarios.endings.books import Ending, open_ending
from zklink.devnet.system import LocalSystem


@pytest.fixture(scope="package")
def funded(session_system: LocalSystem) -> Iterator[Ending]:
    """A deployment in which the provider has put money on each chain, once for all stories of this folder."""
    with session_system.world.isolated():
        yield open_ending(session_system)


@pytest.fixture
def story(funded: Ending) -> Iterator[Ending]:
    """What a story does is undone."""
    with funded.system.world.isolated():
        yield funded.begin()

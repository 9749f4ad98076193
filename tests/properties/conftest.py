"""Fixtures of the properties: one world for the session, rolled back after every test."""

from collections.abc import Iterator

import pytest

from tests.support.story import Story
from tests.support.world import World, build_world


@pytest.fixture(scope="session")
def three_chains() -> World:
    """Three chains with everything deployed; do not use without `story` or a rollback."""
    return build_world()


@pytest.fixture
def story(three_chains: World) -> Iterator[Story]:
    """A fresh story on the world as it was deployed."""
    with three_chains.rollback():
        yield Story(three_chains)

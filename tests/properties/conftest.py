"""Fixtures of the properties: one world for the session, rolled back after every test; one Hypothesis profile, the same
everywhere.

The profile is derandomized: a property that holds here holds on every machine, and a mutant that is caught is always
caught.
"""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.story import Story
from tests.support.world import World, build_world

settings.register_profile(
    "zklink",
    derandomize=True,
    deadline=None,
    database=None,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
)
settings.load_profile("zklink")


@pytest.fixture(scope="session")
def three_chains() -> World:
    """Three chains with everything deployed; do not use without `story` or a rollback."""
    return build_world()


@pytest.fixture
def story(three_chains: World) -> Iterator[Story]:
    """A fresh story on the world as it was deployed."""
    with three_chains.rollback():
        yield Story(three_chains)

"""Tests of the explorer: its pages on a scene of the API's tests in which everything has happened."""

from collections.abc import Iterator

import pytest

from tests.api.scene import Scene
from tests.explorer.busy import Busy, name_hostile, play
from tests.explorer.site import Site
from tests.scenarios.conftest import session_liquid  # noqa: F401  # a fixture
from tests.scenarios.pipeline import Believer, LiquidSystem, Pipeline


@pytest.fixture(scope="package")
def site(session_liquid: LiquidSystem) -> Iterator[Site]:  # noqa: F811
    """A site that is up, of a system with full pools and a hostile token, before anything happened."""
    with session_liquid.world.isolated():
        scene = Scene(Pipeline(session_liquid, Believer()))
        name_hostile(scene)
        site = Site(scene)
        with scene.serve(), site.run():
            yield site
        scene.pipeline.node.close()


@pytest.fixture(scope="package")
def busy(site: Site) -> Busy:
    """Everything has happened. For tests that change nothing."""
    return play(site.scene)


@pytest.fixture(scope="package")
def scene(busy: Busy) -> Scene:
    """The scene of that."""
    return busy.scene

"""Tests of the API: a node on chains with full pools, its history, and everything that the API is made of."""

from collections.abc import Iterator

import pytest

from tests.api.scene import Scene
from tests.scenarios.conftest import session_liquid  # noqa: F401  # a fixture
from tests.scenarios.pipeline import Believer, LiquidSystem, Pipeline


@pytest.fixture(scope="module")
def still(session_liquid: LiquidSystem) -> Iterator[Scene]:  # noqa: F811
    """A scene that all tests of a file share: for those that change nothing."""
    with session_liquid.world.isolated():
        scene = Scene(Pipeline(session_liquid, Believer()))
        with scene.serve():
            yield scene
        scene.pipeline.node.close()


@pytest.fixture
def scene(session_liquid: LiquidSystem) -> Iterator[Scene]:  # noqa: F811
    """The API of a node that knows the chains; what a test does is undone."""
    with session_liquid.world.isolated():
        scene = Scene(Pipeline(session_liquid, Believer()))
        with scene.serve():
            yield scene
        scene.pipeline.node.close()

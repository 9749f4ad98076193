"""Tests of the client: Client and AsyncClient against the API of a node on chains in this process."""

import pytest

from tests.api.conftest import scene, still  # noqa: F401  # fixtures
from tests.api.scene import Scene
from tests.client.wire import Wire
from tests.scenarios.conftest import session_liquid  # noqa: F401  # a fixture


@pytest.fixture
def wire(scene: Scene) -> Wire:  # noqa: F811
    """What lies between a client and the scene; what a test does is undone."""
    return Wire(scene)


@pytest.fixture
def still_wire(still: Scene) -> Wire:  # noqa: F811
    """The same for tests that change nothing."""
    return Wire(still)

"""Tests of the client: Client and AsyncClient against the API of a node on chains in this process.

A file's tests share one scene, since opening it takes seconds: each counts from what it finds. Lies and cuts are a
test's own.
"""

import pytest

from tests.api.conftest import scene, still  # noqa: F401  # fixtures
from tests.api.scene import Scene
from tests.client.wire import Wire
from tests.scenarios.conftest import session_liquid  # noqa: F401  # a fixture


@pytest.fixture
def wire(still: Scene) -> Wire:  # noqa: F811
    """What lies between a client and the scene."""
    return Wire(still)

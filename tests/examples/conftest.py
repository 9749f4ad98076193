"""Tests of the examples: a scene that stands for a devnet."""

from tests.api.conftest import still  # noqa: F401  # a fixture
from tests.client.conftest import wire  # noqa: F401  # a fixture
from tests.scenarios.conftest import session_liquid  # noqa: F401  # a fixture

"""Tests of the explorer: its pages on the scene of the API's tests."""

from tests.api.conftest import scene, still  # noqa: F401  # fixtures
from tests.scenarios.conftest import session_liquid  # noqa: F401  # a fixture

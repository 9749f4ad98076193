"""One rig for all tests of the contracts; what a test does on it is undone."""

from collections.abc import Iterator

import pytest

from tests.support.drafts.rig import Rig, build_rig


@pytest.fixture(scope="session")
def session_rig() -> Rig:
    """Three bridges, deployed once; tests take `rig`."""
    return build_rig()


@pytest.fixture
def rig(session_rig: Rig) -> Iterator[Rig]:
    """Three fresh bridges."""
    with session_rig.rollback():
        yield session_rig

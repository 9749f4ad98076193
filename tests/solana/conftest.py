"""A site for each test: a Solana of its own with the program, both groups, and four tokens. Beside it the contracts,
which are its twins: what one does the other must do.
"""

from collections.abc import Iterator

import pytest

from tests.support.drafts.rig import Rig, build_rig
from tests.support.solana.blocks import History
from tests.support.solana.site import Site, open_site


@pytest.fixture
def site() -> Site:
    """It takes swaps."""
    return open_site()


@pytest.fixture
def history(site: Site) -> History:
    """The site's history, empty."""
    return History(site)


@pytest.fixture(scope="session")
def session_rig() -> Rig:
    """Three bridges of contracts, deployed once; tests take `rig`."""
    return build_rig()


@pytest.fixture
def rig(session_rig: Rig) -> Iterator[Rig]:
    """Three fresh bridges of contracts."""
    with session_rig.rollback():
        yield session_rig

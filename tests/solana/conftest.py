"""A site for each test: a Solana of its own with the program, both groups, and four tokens. Beside it the contracts,
which are its twins: what one does the other must do. And a star of two EVM chains and a Solana chain, for whole nodes.
"""

from collections.abc import Iterator

import pytest

from tests.support.drafts.rig import Rig, build_rig
from tests.support.solana.blocks import History
from tests.support.solana.machine import key_of
from tests.support.solana.site import Site, open_site
from tests.support.solana.star import SolanaStar, open_star
from zklink.devnet.tokens import USDC
from zklink.lab.solana.chain import LocalSolana


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


@pytest.fixture(scope="module")
def deployed() -> Iterator[SolanaStar]:
    """The star with a reserve of USDC nowhere yet, once for the file; Bob has an account of USDC."""
    with open_star() as star:
        star.site.make_holding(key_of("bob").pubkey(), star.site.mints[USDC])
        yield star


@pytest.fixture
def star(deployed: SolanaStar) -> Iterator[SolanaStar]:
    """The star; what a test does is undone on every chain."""
    chain: LocalSolana = deployed.site.machine.chain  # type: ignore[attr-defined]
    moment = chain.snapshot()
    with deployed.world.isolated():
        yield deployed
    chain.restore(moment)

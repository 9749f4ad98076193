"""Scenario tests: real contracts on four chains, pools that their provider has filled, and the pipeline on them."""

from collections.abc import Iterator

import pytest

from tests.scenarios.liquidity import fill_pools
from tests.scenarios.pipeline import Believer, LiquidSystem, Pipeline
from zklink.devnet.system import deploy_local_system
from zklink.devnet.world import open_world
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.deployment.records import Verifiers
from zklink.lab.chains import Backend
from zklink.protocol.presets import MINIMAL

BELIEVERS = ("AcceptAllVerifier", "AcceptAllVerifier", "StatementVerifier")
"""Verifiers that need no proofs: of both lanes' blocks, and of exits."""


@pytest.fixture(scope="session")
def session_liquid(backend: Backend) -> Iterator[LiquidSystem]:
    """The system with full pools, once per run; its verifiers believe. Tests take `system`."""
    with open_world(backend) as world:
        verifiers = Verifiers(*map(load_contract, BELIEVERS))
        yield fill_pools(deploy_local_system(world, MINIMAL, verifiers=verifiers), Believer())


@pytest.fixture
def system(session_liquid: LiquidSystem) -> Iterator[LiquidSystem]:
    """The system with full pools; what a test does is undone."""
    with session_liquid.world.isolated():
        yield session_liquid


@pytest.fixture
def pipeline(system: LiquidSystem) -> Iterator[Pipeline]:
    """A node with a broker on the system."""
    pipeline = Pipeline(system, Believer())
    yield pipeline
    pipeline.node.close()

"""Chains that have nothing to do with this system: the lab is a kit for any project."""

from collections.abc import Iterator

import pytest

from tests.support.engines import note_engine
from zklink.lab.chain import ChainSpec, LocalChain
from zklink.lab.chains import LocalChains, open_chains

SPECS = (ChainSpec("alpha", 4_001, 2.0), ChainSpec("beta", 4_002, 0.5), ChainSpec("polygon", 4_003, 1.0))
"""Two names that ape has no ecosystem for, and one that it has, with an id that is not its own."""


@pytest.fixture(scope="session")
def session_chains() -> Iterator[LocalChains[LocalChain]]:
    with open_chains("test", SPECS) as chains:
        yield chains


@pytest.fixture
def chains(session_chains: LocalChains[LocalChain]) -> Iterator[LocalChains[LocalChain]]:
    """Three chains in process, whatever the run's other tests use; what a test does on them is undone."""
    note_engine("py-evm")
    with session_chains.isolated():
        yield session_chains

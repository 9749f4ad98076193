"""The chains of these tests: home, away, and elsewhere, where a copy of the minting side stands."""

import pytest

from zklink.lab.chain import ChainSpec
from zklink.lab.conformance import SPECS


@pytest.fixture(scope="session")
def lab_specs() -> tuple[ChainSpec, ...]:
    return SPECS

"""Two test networks in process; what a test does on them is undone."""

from collections.abc import Iterator

import pytest

from tests.deploying.testnets import Networks, open_testnets


@pytest.fixture(scope="package")
def package_networks() -> Iterator[Networks]:
    """The chains of all tests of this folder; tests take `networks`."""
    with open_testnets() as testnets:
        yield testnets


@pytest.fixture
def networks(package_networks: Networks) -> Iterator[Networks]:
    """Two chains without the system."""
    with package_networks.world.isolated():
        yield package_networks

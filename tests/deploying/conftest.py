"""Two test networks in process, also with the system deployed on them; what a test does on them is undone."""

from collections.abc import Iterator

import pytest

from tests.deploying.solana import SHORT_DAYS, SOLANA, Built, Star, open_star
from tests.deploying.testnets import GOVERNOR, Networks, open_testnets
from zklink.l1.contracts.timelock import TimelockClient
from zklink.l1.deployment.dossier import Dossier


@pytest.fixture(scope="package")
def package_networks() -> Iterator[Networks]:
    """The chains of all tests of this folder; tests take `networks`."""
    with open_testnets() as networks:
        yield networks


@pytest.fixture
def networks(package_networks: Networks) -> Iterator[Networks]:
    """Two chains without the system."""
    with package_networks.world.isolated():
        yield package_networks


@pytest.fixture(scope="package")
def package_deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Networks, Dossier]]:
    """Two other chains with the system, whose governor has accepted the timelocks; tests take `deployed`."""
    with open_testnets() as networks:
        dossier = networks.deploy(tmp_path_factory.mktemp("deployed"))
        for k, chain in dossier.deployment.chains.items():
            client = networks.world[k].client
            client.transfer(networks.deployer, GOVERNOR.address, 10**18)
            TimelockClient(client, chain.timelock).accept_ownership(GOVERNOR)
        yield networks, dossier


@pytest.fixture
def deployed(package_deployed: tuple[Networks, Dossier]) -> Iterator[tuple[Networks, Dossier]]:
    """The system on two networks, and its record."""
    with package_deployed[0].world.isolated():
        yield package_deployed


@pytest.fixture(scope="package")
def package_star() -> Iterator[Star]:
    """Two test networks and a Solana chain; tests take `star`."""
    with open_star() as star:
        yield star


@pytest.fixture
def star(package_star: Star) -> Iterator[Star]:
    """The chains without the system."""
    with package_star.isolated():
        yield package_star


@pytest.fixture(scope="package")
def package_built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """Two networks and a Solana chain with the system; tests take `built`."""
    with open_star() as star:
        folder = tmp_path_factory.mktemp("built")
        prepared = star.prepare(folder).sides[SOLANA]
        since = len(star.chain.ledger.entries)
        dossier = star.deploy(folder)
        sent = tuple(star.chain.ledger.entries[since:])
        star.accept()
        yield Built(star, dossier, prepared.side, prepared.cost, sent)


@pytest.fixture
def built(package_built: Built) -> Iterator[Built]:
    """The system with a Solana chain, and its record."""
    with package_built.star.isolated():
        yield package_built


@pytest.fixture(scope="package")
def package_quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """The same whose days are short; tests take `quick`."""
    with open_star() as star:
        folder = tmp_path_factory.mktemp("quick")
        prepared = star.prepare(folder, SHORT_DAYS).sides[SOLANA]
        dossier = star.deploy(folder, SHORT_DAYS)
        star.accept()
        yield Built(star, dossier, prepared.side, prepared.cost, ())


@pytest.fixture
def quick(package_quick: Built) -> Iterator[Built]:
    """The system with a Solana chain, on which the wait of a proposal is a few hundred blocks and slots."""
    with package_quick.star.isolated():
        yield package_quick

"""A deployment from its environment file: what it leaves, and that a kill at any moment costs nothing twice."""

from pathlib import Path

from tests.deploying.testnets import GOVERNOR, SEPOLIA, Networks
from zklink.l1.contracts.timelock import TimelockClient
from zklink.l1.deployment.blueprint import HELPERS
from zklink.l1.deployment.dossier import Dossier
from zklink.l1.deployment.records import Deployment
from zklink.l1.deployment.verify import verify_code


def test_build__two_networks__the_record_reads_back_and_names_everything(networks: Networks, tmp_path: Path) -> None:
    dossier = networks.deploy(tmp_path)
    assert Dossier.from_json(dossier.to_json()) == dossier
    assert Deployment.from_json(dossier.to_json()) == dossier.deployment
    for k, chain in dossier.deployment.chains.items():
        lock = TimelockClient(networks.world[k].client, chain.timelock)
        assert lock.coming_owner() == dossier.deployment.governor == GOVERNOR.address
        assert not lock.is_founding()
        for one in dossier.contracts[k]:
            assert one.address == getattr(chain, one.name)
            assert one.transaction and one.block >= chain.from_block - len(HELPERS)


def test_build__either_chain_is_the_primary__everything_stands_as_recorded(networks: Networks, tmp_path: Path) -> None:
    """The deployer's nonces are the same on both chains, so all addresses are."""
    nonces = {client.nonce(networks.deployer.address) for client in networks.world.clients.values()}
    assert len(nonces) == 1
    for primary in ("fuji", "sepolia"):
        folder = tmp_path / primary
        folder.mkdir()
        networks.world.advance_time(100)
        networks.world[SEPOLIA.chain_id].advance_time(50)
        dossier = networks.deploy(folder, {'primary = "fuji"': f'primary = "{primary}"'})
        assert [check for check in verify_code(dossier, networks.world.clients) if not check.is_right] == []

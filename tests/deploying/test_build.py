"""A deployment from its environment file: what it leaves, and that a kill at any moment costs nothing twice."""

from pathlib import Path

from tests.deploying.testnets import GOVERNOR, SEPOLIA, Networks
from zklink.l1.contracts.timelock import TimelockClient
from zklink.l1.deployment.blueprint import HELPERS
from zklink.l1.deployment.dossier import Dossier
from zklink.l1.deployment.journal import Journal
from zklink.l1.deployment.records import Deployment
from zklink.l1.deployment.verify import verify_code
from zklink.l1.deployment.verify_state import verify_state
from zklink.l1.transport.impersonation import NAME, impersonate
from zklink.service.deploying.building import build, prepare


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
        (wrong,) = (c for c in verify_state(dossier, k, networks.clients[k]) if not c.is_right)
        assert wrong.what == "Timelock: owner" and "has not called accept_ownership() yet" in wrong.detail


def test_build__same_addresses_on_both_chains__times_of_blocks_are_not_mixed_up(
    networks: Networks, tmp_path: Path
) -> None:
    """The deployer's nonces are the same on both chains, so all addresses are; the primary's history keeps its time."""
    assert len({client.nonce(networks.deployer.address) for client in networks.clients.values()}) == 1
    networks.world[SEPOLIA.chain_id].advance_time(50)
    dossier = networks.deploy(tmp_path, {'primary = "fuji"': 'primary = "sepolia"'})
    assert [check for check in verify_code(dossier, networks.clients) if not check.is_right] == []


def test_build__impersonated_account__needs_no_key_and_records_the_chains_own_transactions(
    networks: Networks, tmp_path: Path
) -> None:
    """As on forks. A stranger's client, which knows nothing of envelopes, finds every transaction."""
    accounts = [impersonate(chain.w3, chain.name, GOVERNOR.address) for chain in networks.world]
    for chain in networks.world:
        chain.set_balance(GOVERNOR.address, 10**18)
    text: dict[str, str] = {GOVERNOR.address: networks.world.roles.stranger.address}
    journal, project = Journal(tmp_path / "pair.journal"), networks.project(tmp_path, text)
    clients = networks.connect(journal, project)
    dossier = build(prepare(project, GOVERNOR.address, clients, journal), accounts[0], lambda chain, step: None)
    for chain in networks.world:
        chain.w3.middleware_onion.remove(NAME)
    assert dossier.deployer == GOVERNOR.address
    assert [check for check in verify_code(dossier, networks.clients) if not check.is_right] == []

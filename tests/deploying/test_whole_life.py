"""A deployment's life by the commands alone, on four anvils with the ids of test networks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account

from tests.deploying.filled import ALIAS, DEPLOYER, fill_template, keep_keystore
from tests.deploying.operation import Member, Operation
from tests.deploying.stage import NETWORKS, PATIENCE_SECONDS, Stage
from tests.deploying.testnets import GOVERNOR
from zklink import Client, Wallet
from zklink.devnet.tokens import mint
from zklink.devnet.world import open_world
from zklink.l1.contracts.timelock import TimelockClient
from zklink.l1.contracts.token import TokenClient
from zklink.l1.deployment.dossier import Dossier
from zklink.protocol.ids import ChainId, TokenId

SEPOLIA, AMOY, BSC, FUJI = (profile.chain_id for profile in NETWORKS)
USDC = TokenId(1)
USD = 10**6
KEYS = [Account.from_key(bytes([0x60 + i]) * 32) for i in range(6)]
MEMBERS = [Member("validator", key) for key in KEYS[:2]] + [Member("watcher", key) for key in KEYS[3:5]]
"""Two of three of each group: the third ones have lost their keys."""

ENVIRONMENT = {"confirmations": "1", "blocks_per_day": "24", "block_time_seconds": "0.5"}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with open_world("anvil", NETWORKS) as world:
        stage = Stage(world, tmp_path, keep_keystore(tmp_path / "home"))
        yield stage
        stage.close()


class Life:
    """One deployment, its operator and its users."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.world, self.roles = stage, stage.world, stage.world.roles
        for chain in self.world:
            for account in (DEPLOYER, GOVERNOR):
                chain.client.transfer(self.roles.stranger, account.address, 10**18)
        self.environment = stage.folder / "four.toml"
        self.environment.write_text(fill_template(self.world, ENVIRONMENT))
        self.record = self.environment.with_suffix(".json")

    def deploy(self) -> None:
        """From the environment file to a record that agrees with the chains."""
        run = self.stage.run
        run("ape", "run", "deploy", "--environment", str(self.environment), "--account", ALIAS, "--yes")
        deployment = Dossier.from_json(self.record.read_text()).deployment
        for k, place in deployment.chains.items():
            TimelockClient(self.world[k].client, place.timelock).accept_ownership(GOVERNOR)
        assert run("ape", "run", "verify-deployment", str(self.record)).rstrip().endswith("these sources")
        [usdc] = [token for token in deployment.tokens if token.token_id == USDC]
        self.tokens = {k: TokenClient(self.world[k].client, address) for k, address in usdc.contracts.items()}

    def mint(self, chain: ChainId, owner: str, dollars: int) -> None:
        mint(self.world[chain].client, self.roles.stranger, self.tokens[chain].address, [owner], dollars * USD)

    def client(self, url: str) -> Client:
        return Client(url, {chain.name: str(chain.node_url) for chain in self.world})

    def swap(self, url: str, source: str, destination: str, dollars: int) -> None:
        """Through the client, until the money is there."""
        client = self.client(url)
        wallet = Wallet.from_key(self.roles.depositor.key.hex())
        quote = client.quote(source, "USDC", str(dollars), destination, "USDC")
        sent = client.swap(wallet, quote, recipient=self.roles.recipient.address)
        assert client.wait(sent, seconds=PATIENCE_SECONDS).state == "arrived"
        client.close()


def test_deployment__by_the_commands_alone__verified_and_in_use(stage: Stage) -> None:
    life = Life(stage)
    life.deploy()
    for chain, owner in ((AMOY, life.roles.provider), (SEPOLIA, life.roles.depositor)):
        life.mint(chain, owner.address, 1_000)
    stage.world.start_clocks()
    operation = Operation(stage, life.record)
    operation.start_signers(MEMBERS)
    machine = stage.folder / "operator"
    operation.write_node(machine, life.roles.sequencer)
    said = stage.run("zklink", "node", "--config", str(machine / "node.toml"), "--check")
    assert "the settings fit the deployment" in said
    operation.start_node(machine)
    accounts = life.client(operation.url).accounts
    provider = Wallet.from_key(life.roles.provider.key.hex())
    accounts.deposit(provider, "amoy", "USDC", "100")
    accounts.wait_balance(provider, "USDC", "100")
    life.swap(operation.url, "sepolia", "amoy", 20)

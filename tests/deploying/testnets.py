"""Two chains in process with the ids of test networks, and an environment file for them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from zklink.devnet.world import World, open_world
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.deployment.dossier import Dossier
from zklink.l1.deployment.journal import Journal
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.client import ChainClient
from zklink.protocol.ids import ChainId
from zklink.service.deploying.building import Prepared, build, prepare
from zklink.service.deploying.planning import Project, plan_project
from zklink.service.settings.deployer import read_environment

SEPOLIA = ChainProfile("sepolia", ChainId(1), 11155111, 12.0, 2, "ETH")
FUJI = ChainProfile("fuji", ChainId(4), 43113, 2.0, 1, "AVAX")
GOVERNOR: LocalAccount = Account.from_key(b"\x51" * 32)
MEMBERS = [Account.from_key(bytes([0x60 + i]) * 32).address for i in range(6)]

TEXT = """
preset = "minimal"
primary = "fuji"
operator = "{operator}"
governor = "{governor}"
setter = "{setter}"
fee_recipient = "{operator}"
allows_development_keys = true

[validators]
members = [{validators}]
threshold = 2

[watchers]
members = [{watchers}]
threshold = 2

[chains.sepolia]
network = "ethereum:sepolia"
chain_id = 1
evm_chain_id = 11155111
block_time_seconds = 12
confirmations = 2
blocks_per_day = 7000
native_symbol = "ETH"
coin_micro_usd = 3_000_000_000
gas_price_gwei = 1
wrapped = "{wrapped}"

[chains.fuji]
network = "avalanche:fuji"
chain_id = 4
evm_chain_id = 43113
block_time_seconds = 2
confirmations = 1
blocks_per_day = 40000
native_symbol = "AVAX"
coin_micro_usd = 30_000_000
gas_price_gwei = 1

[tokens.USDC]
id = 1
layer2_decimals = 6
minimum = 1000
contracts = {{ sepolia = "{usdc_sepolia}", fuji = "{usdc_fuji}" }}

[tokens.ETH]
id = 3
layer2_decimals = 18
minimum = 1_000_000_000_000
cap = 1_000_000_000_000_000_000_000
contracts = {{ sepolia = "native" }}
"""


@dataclass(frozen=True, slots=True)
class Networks:
    """The chains, the text of an environment for them, and the account that deploys."""

    world: World
    text: str
    deployer: LocalAccount

    def project(self, folder: Path, changes: Mapping[str, str] | None = None) -> Project:
        """The project of the environment, with parts of its text replaced."""
        text = self.text
        for old, new in (changes or {}).items():
            assert old in text
            text = text.replace(old, new)
        file = folder / "pair.toml"
        file.write_text(text)
        return plan_project(file.stem, read_environment(file, {}))

    def connect(self, journal: Journal, project: Project) -> dict[ChainId, ChainClient]:
        """Fresh clients, as a process has them that begins."""
        return {
            k: ChainClient(profile, self.world[k].w3, kept=journal.submissions(k), sleep=lambda seconds: None)
            for k, profile in project.profiles.items()
        }

    @property
    def clients(self) -> dict[ChainId, ChainClient]:
        """Anybody's clients; they do not wait."""
        return {c.profile.chain_id: ChainClient(c.profile, c.w3, sleep=lambda seconds: None) for c in self.world}

    def prepare(self, folder: Path, changes: Mapping[str, str] | None = None) -> Prepared:
        """As a process that begins, with the journal that is there."""
        journal, project = Journal(folder / "pair.journal"), self.project(folder, changes)
        return prepare(project, self.deployer.address, self.connect(journal, project), journal)

    def deploy(self, folder: Path, changes: Mapping[str, str] | None = None) -> Dossier:
        """The whole way."""
        return build(self.prepare(folder, changes), self.deployer, lambda chain, step: None)


def fill_text(world: World) -> str:
    """The environment of these chains, with a token on each and a wrapped coin on the first."""
    maker, token = world.roles.stranger, load_contract("TestToken")
    usdc = {k: client.deploy(maker, token, "USD Coin", "USDC", 6) for k, client in world.clients.items()}
    return TEXT.format(
        operator=world.roles.operator.address,
        governor=GOVERNOR.address,
        setter=world.roles.setter.address,
        validators=", ".join(f'"{member}"' for member in MEMBERS[:3]),
        watchers=", ".join(f'"{member}"' for member in MEMBERS[3:]),
        wrapped=world[SEPOLIA.chain_id].client.deploy(maker, load_contract("WrappedCoin")),
        usdc_sepolia=usdc[SEPOLIA.chain_id],
        usdc_fuji=usdc[FUJI.chain_id],
    )


@contextmanager
def open_testnets() -> Iterator[Networks]:
    """The chains in this process."""
    with open_world("revm", (SEPOLIA, FUJI)) as world:
        yield Networks(world, fill_text(world), world.roles.deployer)

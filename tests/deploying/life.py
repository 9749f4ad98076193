"""One deployment on the stage: how it is deployed, how its users swap, how its chains' time passes."""

from eth_account.signers.local import LocalAccount

from tests.deploying.filled import ALIAS, DEPLOYER, fill_template
from tests.deploying.stage import NETWORKS, PATIENCE_SECONDS, Stage
from tests.deploying.testnets import GOVERNOR
from zklink import Client, Wallet
from zklink.devnet.tokens import mint
from zklink.l1.contracts.token import TokenClient
from zklink.l1.deployment.dossier import Dossier
from zklink.protocol.ids import DAY, SILENCE_SECONDS, ChainId, TokenId

SEPOLIA, AMOY, BSC, FUJI = (profile.chain_id for profile in NETWORKS)
USDC = TokenId(1)
USD = 10**6
BLOCKS_A_DAY = 24
MARGIN_SECONDS = 3_600
"""Before a primary is silent: time in which it accepts one more block."""

ENVIRONMENT = {"confirmations": "1", "blocks_per_day": str(BLOCKS_A_DAY), "block_time_seconds": "0.5"}


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
        nodes = [part for chain in self.world for part in ("--rpc", f"{chain.name}={chain.node_url}")]
        self.reach = ("--deployment", str(self.record), *nodes)

    def deploy(self) -> None:
        """From the environment file to a record that agrees with the chains."""
        run = self.stage.run
        said = run("ape", "run", "deploy", "--environment", str(self.environment), "--account", ALIAS, "--yes")
        assert "cached key" not in said, "ape warns at each transaction"
        self.deployment = Dossier.from_json(self.record.read_text()).deployment
        self.bridges = self.deployment.bridges(self.world.clients)
        self.stage.ape("govern", "accept-ownership", "--account", self.key(GOVERNOR), str(self.record))
        assert run("ape", "run", "verify-deployment", str(self.record)).rstrip().endswith("these sources")
        [usdc] = [token for token in self.deployment.tokens if token.token_id == USDC]
        self.tokens = {k: TokenClient(self.world[k].client, address) for k, address in usdc.contracts.items()}

    # -- users -----------------------------------------------------------------------------------------------------

    def mint(self, chain: ChainId, owner: LocalAccount, dollars: int) -> None:
        """Test tokens for somebody."""
        token = self.tokens[chain].address
        mint(self.world[chain].client, self.roles.stranger, token, [owner.address], dollars * USD)

    def client(self, url: str) -> Client:
        """A user's client."""
        return Client(url, {chain.name: str(chain.node_url) for chain in self.world})

    def deposit(self, url: str, chain: ChainId, owner: LocalAccount, dollars: int) -> None:
        """Into an account, until it is there."""
        accounts, wallet = self.client(url).accounts, Wallet.from_key(owner.key.hex())
        accounts.deposit(wallet, int(chain), "USDC", str(dollars))
        accounts.wait_balance(wallet, "USDC", str(dollars), seconds=PATIENCE_SECONDS)

    def swap(self, url: str, source: ChainId, sender: LocalAccount, destination: ChainId, dollars: int) -> None:
        """To the recipient on another chain, until the money is there."""
        client, wallet = self.client(url), Wallet.from_key(sender.key.hex())
        quote = client.quote(int(source), "USDC", str(dollars), int(destination), "USDC")
        sent = client.swap(wallet, quote, recipient=self.roles.recipient.address)
        assert client.wait(sent, seconds=PATIENCE_SECONDS).state == "arrived"

    def key(self, account: LocalAccount) -> str:
        """Somebody's key as a file for a command."""
        path = self.stage.folder / f"key-{account.address}"
        path.write_text(account.key.hex())
        return str(path)

    def count(self, *owners: LocalAccount) -> int:
        """Layer-2 units of dollars that these have in their wallets on all chains."""
        return sum(token.balance(owner.address) for token in self.tokens.values() for owner in owners)

    # -- time ------------------------------------------------------------------------------------------------------

    @property
    def height(self) -> int:
        """The primary's last block."""
        return self.bridges[FUJI].history.tip().number

    def pass_time(self, seconds: int) -> None:
        """All chains are so much later, in as many blocks as those days need, and have the confirmations for it."""
        self.world.stop_clocks()
        for chain in self.world:
            chain.rpc("anvil_mine", hex(seconds * BLOCKS_A_DAY // DAY + 1), hex(0))
        later = max(chain.head_timestamp() for chain in self.world) + seconds
        for chain in self.world:
            chain.advance_time(later - chain.head_timestamp())
        self.world.confirm()
        self.world.start_clocks()

    def live(self, seconds: int) -> None:
        """Time passes in steps, after each of which the node keeps the primary from being silent."""
        steps = -(-seconds // (SILENCE_SECONDS - MARGIN_SECONDS))
        for _ in range(steps):
            height = self.height
            self.pass_time(-(-seconds // steps))
            self.stage.wait(lambda height=height: self.height > height, "the node's next block")  # type: ignore[misc]

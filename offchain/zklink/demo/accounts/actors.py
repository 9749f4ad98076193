"""The actors, options and results of the accounts story."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from zklink.client.client import Client
from zklink.client.wallet import Wallet
from zklink.demo.network.serving import Network
from zklink.devnet.profiles import AVALANCHE, BSC, POLYGON
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import BTC, USDC, token_by_id
from zklink.l1.contracts.bridge_structs import Solvency
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.protocol.ids import AccountId, BlockNumber, ChainId, TokenId
from zklink.protocol.presets import Preset
from zklink.prover.progress import Progress
from zklink.recovery.chains_read import ChainsRead

CHAINS: Final = (POLYGON, BSC, AVALANCHE)
TOKENS: Final = (USDC, BTC)
NAMES: Final = {
    "provider": "provider",
    "depositor": "Alice",
    "trader": "Bob",
    "recipient": "Carol",
    "operator": "operator",
}
"""The names of the owners in the story, by their role."""

OWNERS: Final = tuple(NAMES)

FULL_DIGITS: Final = 18
"""Enough decimals to show every unit of any token."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class AccountsOptions:
    """The options of a run."""

    preset: Preset
    timeout_seconds: float = 600.0
    profiles: tuple[ChainProfile, ...] = CHAINS


@dataclass(slots=True)
class Cast:
    """The network, its client, wallets and results of the story; `read` is what anybody can read and ask of signers."""

    options: AccountsOptions
    network: Network
    client: Client
    wallets: dict[str, Wallet]
    say: Say
    progress: Progress
    read: ChainsRead
    acts: list["ActDone"] = field(default_factory=list)

    @property
    def system(self) -> LocalSystem:
        """The deployed system on its chains."""
        return self.network.system

    def units(self, token: TokenId, usd: int) -> int:
        """So many dollars of a token at the table's price, in layer-2 units."""
        return int(token_by_id(token).amount_for(usd))


@dataclass(frozen=True, slots=True)
class ActDone:
    """One act of the story: the seconds until it was sealed, and its last block. `fees` are the growth of the
    operator's accrued fees (negative when it claims them), in layer-2 units.
    """

    title: str
    seconds: float
    block: BlockNumber
    fees: dict[TokenId, int]


@dataclass(frozen=True, slots=True)
class Claimed:
    """An owner's balance of a token when the chains froze (shares of pools counted as their tokens), and the amount
    that each chain paid. Layer-2 units.
    """

    owner: str
    account: AccountId
    token: TokenId
    entitled: int
    paid: dict[ChainId, int]
    exits: int

    @property
    def missing(self) -> int:
        """The amount that no chain paid: at most one unit for each exit that pays this token, and a share of what a
        chain has forgotten.
        """
        return self.entitled - sum(self.paid.values())


@dataclass(frozen=True, slots=True)
class Left:
    """The balance of a token left in a bridge at the end; `scale` is L1 units per layer-2 unit."""

    chain: ChainId
    token: TokenId
    solvency: Solvency
    scale: int


@dataclass(slots=True)
class DoorFees:
    """Fees of all requests, by chain, in gwei: `returned` for those that were cancelled, `collected` for the rest."""

    cancelled: int = 0
    returned: dict[ChainId, int] = field(default_factory=dict)
    collected: dict[ChainId, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AccountsResult:
    """A finished story. `problems` lists every difference that the audit found; it should be empty."""

    cast: Cast
    last_block: BlockNumber
    last_root: int
    blocks: dict[ChainId, int]
    recovered_root: int
    forgotten: int
    doors: DoorFees
    claims: tuple[Claimed, ...]
    left: tuple[Left, ...]
    exit_proof_seconds: tuple[float, ...]
    seconds: float
    problems: tuple[str, ...]

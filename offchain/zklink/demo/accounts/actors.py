"""Who acts in the accounts story, on what, and what it gives."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from zklink.devnet.profiles import AVALANCHE, BSC, POLYGON
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import BTC, USDC, token_by_id
from zklink.l1.contracts.bridge_structs import Solvency
from zklink.l1.transport.profile import ChainProfile
from zklink.node.node import Node
from zklink.protocol.ids import AccountId, BlockNumber, ChainId, TokenId
from zklink.protocol.presets import Preset
from zklink.prover.progress import Progress
from zklink.sdk.wallet import Wallet

CHAINS: Final = (POLYGON, BSC, AVALANCHE)
TOKENS: Final = (USDC, BTC)
NAMES: Final = {
    "provider": "provider",
    "depositor": "Alice",
    "trader": "Bob",
    "recipient": "Carol",
    "operator": "operator",
}
"""What the story calls the owners, by their role."""

OWNERS: Final = tuple(NAMES)

FULL_DIGITS: Final = 18
"""Every decimal of any token."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class AccountsOptions:
    """What to run; `journal` is the operator's only database."""

    preset: Preset
    journal: Path
    timeout_seconds: float = 600.0
    profiles: tuple[ChainProfile, ...] = CHAINS


@dataclass(slots=True)
class Cast:
    """Everything that the story has while the operator lives."""

    options: AccountsOptions
    system: LocalSystem
    node: Node
    wallets: dict[str, Wallet]
    say: Say
    progress: Progress
    acts: list["ActDone"] = field(default_factory=list)

    def units(self, token: TokenId, usd: int) -> int:
        """So many dollars of a token at the table's price, in layer-2 units."""
        return int(token_by_id(token).amount_for(usd))


@dataclass(frozen=True, slots=True)
class ActDone:
    """One act as it was: how long until it was sealed, and in which block; `fees` are by how much the operator's
    accrued fees grew (or, when it claims them, shrank), in layer-2 units.
    """

    title: str
    seconds: float
    block: BlockNumber
    fees: dict[TokenId, int]


@dataclass(frozen=True, slots=True)
class Claimed:
    """What an owner had of a token when everything stopped (shares of pools counted as their tokens), and what each
    chain paid. Layer-2 units.
    """

    owner: str
    account: AccountId
    token: TokenId
    entitled: int
    paid: dict[ChainId, int]
    exits: int

    @property
    def missing(self) -> int:
        """What rounding kept; at most one unit for each exit that pays this token."""
        return self.entitled - sum(self.paid.values())


@dataclass(frozen=True, slots=True)
class Left:
    """What a bridge still holds of a token in the end; `scale` is L1 units per layer-2 unit."""

    chain: ChainId
    token: TokenId
    solvency: Solvency
    scale: int


@dataclass(frozen=True, slots=True)
class AccountsResult:
    """A finished story. `problems` says what does not add up."""

    cast: Cast
    last_block: BlockNumber
    last_root: int
    recovered_block: BlockNumber
    recovered_root: int
    cancelled: int
    claims: tuple[Claimed, ...]
    left: tuple[Left, ...]
    exit_proof_seconds: tuple[float, ...]
    seconds: float
    problems: tuple[str, ...]

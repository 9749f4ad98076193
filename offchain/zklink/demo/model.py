"""The parts and the results of a demo run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Protocol

from eth_account.signers.local import LocalAccount

from zklink.demo.network.serving import Network
from zklink.demo.stories import Story
from zklink.devnet.pools import DEFAULT_POOLS, PoolPlan
from zklink.devnet.profiles import PROFILES
from zklink.devnet.system import LocalSystem
from zklink.history.solvency import Reconciliation
from zklink.history.swaps import SwapRecord, Timeline
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.receipts import Receipt
from zklink.node.events import Event, RequestKey, TransactionMined
from zklink.protocol.ids import ChainId, Lane, TokenId
from zklink.protocol.presets import Preset
from zklink.prover.circuit_artifacts import CircuitArtifacts


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """The options of a run. `timeout_seconds` counts from the first swap."""

    preset: Preset
    stories: tuple[Story, ...]
    timeout_seconds: float = 600.0
    profiles: tuple[ChainProfile, ...] = PROFILES
    pools: tuple[PoolPlan, ...] = DEFAULT_POOLS
    port: int = 0


@dataclass(slots=True)
class Ticket:
    """A story in progress: its transaction was handed to a node at `sent_at`, and mined with `receipt`; it paid
    `fee_gwei` of the chain's coin at the door. `state` is the last word of the API about it."""

    story: Story
    recipient: LocalAccount
    sent_at: float | None = None
    mined_at: float | None = None
    receipt: Receipt | None = None
    fee_gwei: int = 0
    key: RequestKey | None = None
    state: str | None = None
    error: str | None = None


@dataclass(slots=True)
class DemoRun:
    """A run in progress. Times are UNIX seconds; `start` is when the first story is due. `events` are those that the
    node has told and nobody has taken yet.
    """

    options: DemoOptions
    network: Network
    timeline: Timeline
    tickets: tuple[Ticket, ...]
    events: SimpleQueue[Event]
    start: float = 0.0
    setup_seconds: float = 0.0
    is_over: bool = False
    transactions: list[TransactionMined] = field(default_factory=list)

    @property
    def system(self) -> LocalSystem:
        """The deployed system on its chains."""
        return self.network.system

    @property
    def circuits(self) -> Mapping[Lane, CircuitArtifacts]:
        """The circuits that the blocks are proven with."""
        return self.network.circuits

    @property
    def seconds_to_first_swap(self) -> float | None:
        """From the start of everything to the first transaction of a user."""
        sent = [ticket.sent_at for ticket in self.tickets if ticket.sent_at is not None]
        return self.setup_seconds + min(sent) - self.start if sent else None

    def chain_id(self, name: str) -> ChainId:
        """A chain's id by its name."""
        return self.system.world.by_name(name).profile.chain_id

    def chain_name(self, chain: ChainId) -> str:
        """A chain's name."""
        return self.system.world[chain].profile.name

    def record(self, ticket: Ticket) -> SwapRecord | None:
        """The node's record of a ticket's swap."""
        return None if ticket.key is None else self.timeline.swaps.get(ticket.key)


@dataclass(frozen=True, slots=True)
class Balance:
    """An owner's balance of a token on a chain before and after, in L1 units; `symbol` is the chain's."""

    owner: str
    chain: ChainId
    token: TokenId
    symbol: str
    decimals: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class DemoResult:
    """A finished run. `problems` lists every difference that the audit found; it should be empty."""

    run: DemoRun
    reconciliation: Reconciliation
    balances: tuple[Balance, ...]
    setup_seconds: float
    run_seconds: float
    problems: tuple[str, ...]


class DemoView(Protocol):
    """Port: shows a run while it goes on."""

    def say(self, text: str) -> None:
        """A line about the set-up."""
        ...

    def begin(self, run: DemoRun) -> None:
        """The first swap is about to be sent."""
        ...

    def take(self, event: Event) -> None:
        """The node did something."""
        ...

    def refresh(self) -> None:
        """Called many times a second."""
        ...

    def end(self) -> None:
        """All swaps are done, or time is up."""
        ...

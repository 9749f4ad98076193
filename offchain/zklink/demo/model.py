"""The parts and the results of a demo run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from eth_account.signers.local import LocalAccount

from zklink.demo.stories import Story
from zklink.devnet.profiles import PROFILES
from zklink.devnet.system import LocalSystem
from zklink.history.solvency import Reconciliation
from zklink.history.swaps import SwapRecord, Timeline
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.receipts import Receipt
from zklink.node.events import Event, RequestKey, TransactionMined
from zklink.node.node import Node
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


@dataclass(slots=True)
class Ticket:
    """A story in progress: its transaction was handed to a node at `sent_at`, and mined with `receipt`; it paid
    `fee_gwei` of the chain's coin at the door."""

    story: Story
    recipient: LocalAccount
    sent_at: float | None = None
    mined_at: float | None = None
    receipt: Receipt | None = None
    fee_gwei: int = 0
    key: RequestKey | None = None
    error: str | None = None


@dataclass(slots=True)
class DemoRun:
    """A run in progress. Times are UNIX seconds; `start` is when the first story is due."""

    options: DemoOptions
    system: LocalSystem
    circuits: Mapping[Lane, CircuitArtifacts]
    node: Node
    timeline: Timeline
    tickets: tuple[Ticket, ...]
    start: float = 0.0
    transactions: list[TransactionMined] = field(default_factory=list)

    def chain_id(self, name: str) -> ChainId:
        """A chain's id by its name."""
        return self.system.world.by_name(name).profile.chain_id

    def chain_name(self, chain: ChainId) -> str:
        """A chain's name."""
        return self.system.world[chain].profile.name

    def record(self, ticket: Ticket) -> SwapRecord | None:
        """The node's record of a ticket's swap."""
        return None if ticket.key is None else self.timeline.swaps.get(ticket.key)

    def is_finished(self) -> bool:
        """Whether every story has ended and every block is executed everywhere."""
        known = all(t.error is not None or (t.key is not None and t.key in self.timeline.swaps) for t in self.tickets)
        return known and self.node.is_settled()


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

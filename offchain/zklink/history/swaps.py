"""The history of each swap: folds a node's events into one record per request.

Takes events and nothing else, so that the events of an earlier run can be folded again; gives records. Times are the
events' seconds. Never asks a node or a chain.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from zklink.broker.records import FillOutcome
from zklink.node.events import (
    BlockProven,
    BlockSealed,
    BlockVouched,
    BrokerRepaid,
    ChainMoved,
    Event,
    FillLost,
    FillTried,
    PayoutKey,
    RequestConfirmed,
    RequestKey,
    RolledBack,
)
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import BlockNumber, ChainId, Kind, Lane
from zklink.sequencer.lifecycle import BlockStatus
from zklink.transition.swap import SwapOutcome


@dataclass(slots=True)
class SwapRecord:
    """The stages of one request. Times are None until the event has happened; dictionaries are per chain. `earned` is
    what a repaid fill got of its fee, in layer-2 units.
    """

    request: SwapRequest
    confirmed_at: float
    tx_hash: bytes
    block: BlockNumber | None = None
    payout: Payout | None = None
    outcome: SwapOutcome | None = None
    sealed_at: float | None = None
    filled_at: float | None = None
    proven_at: float | None = None
    vouched_at: float | None = None
    accepted_at: dict[ChainId, float] = field(default_factory=dict)
    executed_at: dict[ChainId, float] = field(default_factory=dict)
    repaid_at: float | None = None
    earned: int | None = None

    @property
    def key(self) -> RequestKey:
        return self.request.source, self.request.request_id

    @property
    def is_refund(self) -> bool:
        """Whether the block refunds the request."""
        return self.payout is not None and self.payout.kind == Kind.SWAP_REFUNDED

    @property
    def paid_at(self) -> float | None:
        """When the payout was executed on the chain that pays."""
        return None if self.payout is None else self.executed_at.get(self.payout.chain)

    def accepted_everywhere_at(self, chains: Iterable[ChainId]) -> float | None:
        """When the last of `chains` accepted the block; None while one of them has not."""
        times = [self.accepted_at.get(chain) for chain in chains]
        known = [at for at in times if at is not None]
        return max(known) if len(known) == len(times) else None

    @property
    def accepted_there_at(self) -> float | None:
        """When the chain that pays had accepted the block, which is before it executes it."""
        return None if self.payout is None else self.accepted_at.get(self.payout.chain)

    def move(self, chain: ChainId, status: BlockStatus, at: float) -> None:
        """The block has this status on a chain. A reorganisation can take steps back."""
        for times, reached in ((self.accepted_at, BlockStatus.ACCEPTED), (self.executed_at, BlockStatus.EXECUTED)):
            if status >= reached:
                times.setdefault(chain, at)
            else:
                times.pop(chain, None)

    def unseal(self) -> None:
        """The block was rolled back: the request waits again."""
        self.block = self.payout = self.outcome = self.sealed_at = self.vouched_at = self.proven_at = None
        self.accepted_at.clear()
        self.executed_at.clear()


@dataclass(slots=True)
class BlockRecord:
    """One sealed block."""

    number: BlockNumber
    lane: Lane
    timestamp: int
    items: int
    sealed_at: float
    proven_at: float | None = None
    witness_seconds: float | None = None
    proof_seconds: float | None = None


class Timeline:
    """Collects the records of all swaps and blocks: hand its `take` to `Node.listen`."""

    def __init__(self, chains: Iterable[ChainId]) -> None:
        self.chains = tuple(chains)
        self.swaps: dict[RequestKey, SwapRecord] = {}
        self.blocks: dict[BlockNumber, BlockRecord] = {}

    def take(self, event: Event) -> None:
        """Fold one event in."""
        match event:
            case RequestConfirmed(at, SwapRequest() as request, _, tx_hash):
                self.swaps[event.key] = SwapRecord(request, at, tx_hash)
            case BlockSealed():
                self._seal(event)
            case BlockVouched(at, number):
                for record in self._in(number):
                    record.vouched_at = at
            case BlockProven():
                self._prove(event)
            case ChainMoved():
                self._move(event)
            case FillTried(at, key, _, FillOutcome.FILLED | FillOutcome.FOUND_FILLED):
                for record in self._of(key):
                    record.filled_at = at
            case FillLost(_, key, _):
                for record in self._of(key):
                    record.filled_at = record.repaid_at = record.earned = None
            case BrokerRepaid(at, key):
                for record in self._of(key):
                    record.repaid_at, record.earned = at, event.earned
                    if record.payout is not None:  # it is repaid by the execution, which may be seen a little later
                        record.executed_at.setdefault(record.payout.chain, at)
            case RolledBack():
                self._roll_back(event)

    def _seal(self, event: BlockSealed) -> None:
        items = len(event.results) + len(event.requests) + len(event.operations)
        self.blocks[event.number] = BlockRecord(event.number, event.lane, event.timestamp, items, event.at)
        for result in event.results:
            record = self.swaps[result.key]
            record.block, record.sealed_at = event.number, event.at
            record.payout, record.outcome = result.payout, result.outcome

    def _prove(self, event: BlockProven) -> None:
        block = self.blocks[event.number]
        block.proven_at, block.witness_seconds, block.proof_seconds = (
            event.at,
            event.witness_seconds,
            event.proof_seconds,
        )
        for record in self._in(event.number):
            record.proven_at = event.at

    def _move(self, event: ChainMoved) -> None:
        for number in self.blocks:
            before, after = event.before.status(number), event.after.status(number)
            for record in self._in(number) if after != before else ():
                record.move(event.chain, after, event.at)

    def _roll_back(self, event: RolledBack) -> None:
        for number in self.blocks:
            if number > event.to_block:
                for record in self._in(number):
                    record.unseal()
        self.blocks = {number: block for number, block in self.blocks.items() if number <= event.to_block}

    def _of(self, key: PayoutKey) -> list[SwapRecord]:
        """The swap that a payout belongs to; none for a withdrawal."""
        return [record for record in self.swaps.values() if record.key == key]

    def _in(self, number: BlockNumber) -> list[SwapRecord]:
        return [record for record in self.swaps.values() if record.block == number]

"""What the events of a chain add up to, compared with its contracts' views: the queues of a bridge, the blocks of a
history.

Takes events in the chain's order and a contract; raises what is missing. Never lets an event stand that the contract's
own counters and hashes do not confirm: they bind every request and every block, and how many blocks still owe payouts.
No view counts fills, payouts, or what ends, registries and the exodus contract log: whoever needs those asks for their
state (`filler`, `end_state`, `is_exited`) and not for logs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from zklink.l1.contracts.bridge_events import (
    BlockExecuted,
    BlocksAccepted,
    BlocksImported,
    BridgeEvent,
    Frozen,
    PayoutsOwed,
    RequestEvent,
    SwapRequested,
)
from zklink.l1.contracts.bridge_views import BridgeViews
from zklink.l1.contracts.event_codec import REQUEST_EVENTS
from zklink.l1.contracts.histories import HistoryClient
from zklink.protocol.bridge_hashes import next_queue_hash
from zklink.protocol.errors import LogsIncomplete, RequestGap
from zklink.protocol.ids import BlockNumber, Lane


def lane_of(event: RequestEvent) -> Lane:
    """The lane whose queue a request is in."""
    return Lane.SWAP if isinstance(event, SwapRequested) else Lane.ACCOUNT


@dataclass(frozen=True, slots=True)
class QueueTally:
    """The ends of both queues: how many requests, and the rolling hash over them. `grown` are the lanes whose hash the
    bridge has not confirmed yet.
    """

    bridge: BridgeViews
    counts: Mapping[Lane, int]
    hashes: Mapping[Lane, bytes]
    grown: frozenset[Lane] = frozenset()

    @classmethod
    def empty(cls, bridge: BridgeViews, deployment_hash: bytes) -> Self:
        """Before the first request."""
        return cls(bridge, dict.fromkeys(Lane, 0), dict.fromkeys(Lane, deployment_hash))

    def after(self, events: Sequence[RequestEvent]) -> Self:
        """Requests that are counted already may come again. Raises RequestGap if an id is left out."""
        counts, hashes, grown = dict(self.counts), dict(self.hashes), set[Lane]()
        for event in events:
            lane, number = lane_of(event), event.request.request_id
            if number <= counts[lane]:
                continue
            if number != counts[lane] + 1:
                raise RequestGap(self.bridge.client.profile.name, counts[lane] + 1, number)
            counts[lane], hashes[lane] = number, next_queue_hash(hashes[lane], event.request.words())
            grown.add(lane)
        return replace(self, counts=counts, hashes=hashes, grown=frozenset(grown))

    def check(self, height: int) -> None:
        """Raise RequestGap unless the bridge had the same requests at block `height`, and no more."""
        name = self.bridge.client.profile.name
        for lane, count in self.counts.items():
            if lane in self.grown and self.bridge.queue_hash(lane, count, block=height) != self.hashes[lane]:
                raise RequestGap(name, count, count)
            total = self.bridge.request_counts(lane, block=height).total
            if total != count:
                raise RequestGap(name, count + 1, total)


@dataclass(frozen=True, slots=True)
class BridgeTally:
    """A bridge's queues, and whether it is frozen."""

    queues: QueueTally
    is_frozen: bool = False

    def after(self, events: Sequence[BridgeEvent]) -> Self:
        """Raises RequestGap."""
        requests = [event for event in events if isinstance(event, REQUEST_EVENTS)]
        is_frozen = self.is_frozen or any(isinstance(event, Frozen) for event in events)
        return replace(self, queues=self.queues.after(requests), is_frozen=is_frozen)

    def check(self, height: int) -> None:
        """Raise RequestGap or LogsIncomplete unless the bridge was so at block `height`."""
        bridge = self.queues.bridge
        if bridge.is_frozen(block=height) != self.is_frozen:
            raise LogsIncomplete(bridge.client.profile.name, "they do not say whether the bridge is frozen")
        self.queues.check(height)


@dataclass(frozen=True, slots=True)
class HistoryTally:
    """The last block of a history with its sync hash, and the blocks that still owe payouts."""

    history: HistoryClient
    number: BlockNumber
    sync_hash: bytes
    owed: frozenset[BlockNumber] = frozenset()

    @classmethod
    def empty(cls, history: HistoryClient, deployment_hash: bytes) -> Self:
        """Before the first block."""
        return cls(history, BlockNumber(0), deployment_hash)

    def after(self, events: Sequence[BridgeEvent]) -> Self:
        """Raises LogsIncomplete if a block is left out."""
        number, sync_hash, owed = self.number, self.sync_hash, set(self.owed)
        for event in events:
            match event:
                case BlocksAccepted() | BlocksImported():
                    if event.first != number + 1 or event.last < event.first:
                        raise self._doubt(f"blocks {event.first} to {event.last} follow block {number}")
                    number, sync_hash = event.last, event.sync_hash
                case PayoutsOwed():
                    owed.add(event.number)
                case BlockExecuted():
                    owed.discard(event.number)
        return replace(self, number=number, sync_hash=sync_hash, owed=frozenset(owed))

    def check(self, height: int) -> None:
        """Raise LogsIncomplete unless the history had the same blocks at block `height`, and owed for as many."""
        tip = self.history.tip(block=height)
        if (tip.number, tip.sync_hash) != (self.number, self.sync_hash):
            raise self._doubt(f"they end with block {self.number}, and the history with another block {tip.number}")
        if tip.unpaid != len(self.owed):
            raise self._doubt(f"{len(self.owed)} blocks owe payouts by them, {tip.unpaid} by the history")

    def _doubt(self, detail: str) -> LogsIncomplete:
        return LogsIncomplete(self.history.client.profile.name, detail)

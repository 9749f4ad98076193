"""What the events of a bridge add up to, compared with its views: its two queues, and the stages of its blocks.

Takes events in the chain's order and a bridge; raises what is missing. Never lets an event stand that the bridge's own
counters and hashes do not confirm. The hashes bind every request and every committed block; of proofs, acceptances and
executions the numbers do, each of which follows from the one before or is covered by a later one. A block that was
committed and dropped again may be missing: nothing rests on it. No view counts
messages, fills, payouts, or what the registries and the exodus contract log: whoever needs those asks for their state
(`is_message_known`, `filler`, `is_exited`) and not for logs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from zklink.l1.contracts.bridge import BridgeViews
from zklink.l1.contracts.bridge_events import (
    BlockAccepted,
    BlockCommitted,
    BlockExecuted,
    BlocksProven,
    BlocksReverted,
    BridgeEvent,
    DepositRequested,
    Frozen,
    FullExitRequested,
    RequestEvent,
    SwapRequested,
)
from zklink.l1.contracts.bridge_structs import Stages
from zklink.protocol.bridge_hashes import next_queue_hash
from zklink.protocol.errors import LogsIncomplete, RequestGap
from zklink.protocol.ids import Lane


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
    """A bridge's queues, the stages of its blocks, and whether it is frozen. `last` is the last block committed."""

    queues: QueueTally
    stages: Stages = field(default_factory=lambda: Stages(0, 0, 0, 0))
    last: bytes = b""
    is_frozen: bool = False

    def after(self, events: Sequence[BridgeEvent]) -> Self:
        """Raises RequestGap, or LogsIncomplete if a block's step is left out."""
        requests = [e for e in events if isinstance(e, SwapRequested | DepositRequested | FullExitRequested)]
        at, last, is_frozen = self.stages, self.last, self.is_frozen
        for event in events:
            match event:
                case BlockCommitted(number=number):
                    self._check_next("committed", at.committed + 1, number)
                    at, last = replace(at, committed=number), event.sync_hash
                case BlocksReverted(to=number):
                    at, last = replace(at, committed=number, proven=min(at.proven, number)), b""
                case BlocksProven(first=number):
                    self._check_next("proven", at.proven + 1, number)
                    self._check_order("proven", event.last, at.committed)
                    at = replace(at, proven=event.last)
                case BlockAccepted(number=number):
                    self._check_order("accepted", number, at.proven)
                    at = replace(at, accepted=number)
                case BlockExecuted(number=number):
                    self._check_next("executed", at.executed + 1, number)
                    self._check_order("executed", number, at.accepted)
                    at = replace(at, executed=number)
                case Frozen(number=number):
                    at, last = replace(at, committed=number, proven=number), b""
                    is_frozen = True
        return replace(self, queues=self.queues.after(requests), stages=at, last=last, is_frozen=is_frozen)

    def check(self, height: int) -> None:
        """Raise LogsIncomplete unless the bridge was at the same stages at block `height`."""
        bridge = self.queues.bridge
        found = bridge.status(block=height)
        if found != self.stages:
            raise LogsIncomplete(bridge.client.profile.name, f"they give {self.stages}, and the bridge has {found}")
        if self.last and bridge.sync_hash(found.committed, block=height) != self.last:
            raise LogsIncomplete(bridge.client.profile.name, f"they give another block {found.committed}")
        if bridge.is_frozen(block=height) != self.is_frozen:
            raise LogsIncomplete(bridge.client.profile.name, "they do not say whether the bridge is frozen")
        self.queues.check(height)

    def _check_next(self, what: str, expected: int, found: int) -> None:
        if found != expected:
            detail = f"block {found} is {what} where block {expected} is next"
            raise LogsIncomplete(self.queues.bridge.client.profile.name, detail)

    def _check_order(self, what: str, number: int, before: int) -> None:
        if number > before:
            detail = f"block {number} is {what}, and the step before reaches block {before} only"
            raise LogsIncomplete(self.queues.bridge.client.profile.name, detail)

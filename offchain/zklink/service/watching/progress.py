"""Whether a chain goes on: its head, what it imports, pays and takes from its queues. Takes a chain at one block; gives
alarms and metrics.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.transport.receipts import BlockInfo
from zklink.operations.requests import Request
from zklink.protocol.bridge_hashes import Tip
from zklink.protocol.ids import EXPIRY_SECONDS, SILENCE_SECONDS, ChainId, Lane
from zklink.recovery.accepted_history import AcceptedHistory
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.outcome import show_count, show_time
from zklink.service.metrics import Metrics
from zklink.service.settings.watch import WatchLimits
from zklink.service.watching.alarms import Alarm, AlarmName

WAIT_PART: Final = 4
"""A request that has waited this part of the time to a freeze is an alarm."""


@dataclass(slots=True)
class Progress:
    """Looks at one chain again and again; remembers its last final block."""

    read: ChainsRead
    chain: ChainId
    limits: WatchLimits
    metrics: Metrics
    _final: BlockInfo | None = field(default=None, init=False)

    def look(
        self, head: BlockInfo, now: float, tip: Tip, history: AcceptedHistory | None, *, is_frozen: bool = False
    ) -> Iterator[Alarm]:
        """What is wrong at the head. Raises RpcUnavailable, LogsIncomplete, RequestGap."""
        yield from self.check_head(head, tip, now)
        yield from self._check_final(self.read.bridges[self.chain], head)
        yield from self.check_history(tip, head, now, history, is_frozen)
        yield from self._check_payouts(tip, head, history)
        for lane in () if is_frozen else Lane:
            yield from self.check_queue(lane, self.read.waiting(self.chain, lane), head)

    def check_head(self, head: BlockInfo, tip: Tip, now: float) -> Iterator[Alarm]:
        """Whether the chain goes on."""
        name, metrics, age = self.read.name(self.chain), self.metrics, max(0.0, now - head.timestamp)
        metrics.head.labels(name).set(head.number)
        metrics.head_age.labels(name).set(age)
        metrics.accepted.labels(name).set(tip.number)
        metrics.blocks_unpaid.labels(name).set(tip.unpaid)
        if age > self.limits.head_seconds:
            yield Alarm(AlarmName.HEAD_STANDS, name, f"its newest block is {age:.0f} s old")

    def check_queue(self, lane: Lane, waiting: Sequence[Request], head: BlockInfo) -> Iterator[Alarm]:
        """Whether a request of a lane waits for too long, of those that no block consumes."""
        name = self.read.name(self.chain)
        waited = max(0, head.timestamp - waiting[0].queued_at) if waiting else 0
        self.metrics.request_age.labels(name, lane.name.lower()).set(waited)
        if waited > EXPIRY_SECONDS // WAIT_PART:
            share = f"{100 * waited // EXPIRY_SECONDS} % of the time to a freeze"
            until = waiting[0].queued_at + EXPIRY_SECONDS
            text = f"a request of lane {lane.name.lower()} has waited {share}, which anybody can call"
            yield Alarm(AlarmName.REQUEST_WAITS, name, f"{text} from {show_time(until)} on", until, lane.name)

    def _check_payouts(self, tip: Tip, head: BlockInfo, history: AcceptedHistory | None) -> Iterator[Alarm]:
        oldest = self.read.find_oldest_owed(self.chain) if tip.unpaid and history is not None else 0
        if history is not None and 0 < oldest <= history.height:
            since = history.block(oldest).full.block.timestamp
            if head.timestamp - since >= self.limits.payouts_seconds:
                owing = f"{show_count(tip.unpaid, 'block')} {'owe' if tip.unpaid > 1 else 'owes'} payouts"
                text = f"{owing}, the oldest is block {oldest} of {show_time(since)}"
                yield Alarm(AlarmName.UNPAID, self.read.name(self.chain), f"{text}: `zklink keep` pays them")

    def _check_final(self, bridge: BridgeClient, head: BlockInfo) -> Iterator[Alarm]:
        """What had its confirmations must still be there."""
        last = self._final
        if last is not None and last.number <= head.number and bridge.client.block(last.number).hash != last.hash:
            text = (
                f"block {last.number} had {bridge.client.profile.confirmations} confirmations and is another one now: "
                "the chain has lost what was final"
            )
            yield Alarm(AlarmName.FINAL_LOST, bridge.client.profile.name, text, mark=str(last.number))
            return  # until a person looks: it stays on
        final = head.number - bridge.client.profile.confirmations + 1
        if final >= 0 and (last is None or final > last.number):
            self._final = bridge.client.block(final)

    def check_history(
        self, tip: Tip, head: BlockInfo, now: float, history: AcceptedHistory | None, is_frozen: bool
    ) -> Iterator[Alarm]:
        """Whether the chain has what the primary has accepted, and the primary accepts anything."""
        name = self.read.name(self.chain)
        if self.chain == self.read.deployment.primary:
            quiet = max(float(head.timestamp), now) - tip.timestamp
            if tip.timestamp and not is_frozen and quiet > self.limits.silence_seconds:
                until = tip.timestamp + SILENCE_SECONDS
                text = f"it has accepted no block since {show_time(tip.timestamp)}; if it takes none until"
                said = f"{text} {show_time(until)}, it never does again, and the deployment ends"
                yield Alarm(AlarmName.SILENCE, name, said, until, str(tip.number))
        elif history is not None and not history.has(tip.number, tip.sync_hash):
            # A member that is a moment ahead of one's node of the primary is none yet.
            if head.timestamp - tip.timestamp > self.limits.import_seconds:
                text = f"its block {tip.number} of {show_time(tip.timestamp)} is none of the primary's history"
                said = f"{text}: one's node of the primary stands, the primary has lost it, or the groups have lied"
                yield Alarm(AlarmName.HISTORY_BROKEN, name, said, mark=str(tip.number))
        elif history is not None and tip.number < history.height:
            since = history.block(tip.number + 1).full.block.timestamp
            if head.timestamp - since > self.limits.import_seconds:
                behind = history.height - tip.number
                text = f"it lacks {show_count(behind, 'block')} of the primary, the first of {show_time(since)}"
                yield Alarm(AlarmName.LAG, name, f"{text}: `zklink keep` brings them")

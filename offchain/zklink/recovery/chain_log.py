"""The events of one chain's bridge, kept between readings, so that a reading asks only for the new ones.

Takes a bridge and the L1 block that it began in; gives a `ChainLog`. After a reorganisation it goes back to the last
reading that is still part of the chain. Never believes that a log is complete before the bridge's own views at the same
block say so (`BridgeTally`); until then it reads again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_events import (
    BlockCommitted,
    BlocksProven,
    BlocksReverted,
    BridgeEvent,
    DepositRequested,
    Frozen,
    FullExitRequested,
    SwapRequested,
)
from zklink.l1.log_cursor import LogCursor
from zklink.l1.tallies import BridgeTally, QueueTally
from zklink.l1.transport.receipts import BlockInfo
from zklink.operations.requests import Request
from zklink.protocol.errors import LogsIncomplete, RequestGap, RpcUnavailable
from zklink.protocol.ids import BlockNumber, Lane

KEPT_READINGS: Final = 16
ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True)
class ChainLog:
    """Everything up to an L1 block: blocks that were committed and not dropped again, requests in queue order, and
    which transactions have proven blocks.
    """

    committed: Mapping[BlockNumber, BlockCommitted] = field(default_factory=dict)
    requests: Mapping[Lane, Sequence[Request]] = field(default_factory=lambda: dict.fromkeys(Lane, ()))
    proven: Sequence[BlocksProven] = ()

    def after(self, events: Iterable[BridgeEvent]) -> "ChainLog":
        """The log with the events that came next."""
        committed, proven = dict(self.committed), list(self.proven)
        requests = {lane: list(queue) for lane, queue in self.requests.items()}
        for event in events:
            match event:
                case BlockCommitted():
                    committed[event.number] = event
                case BlocksReverted(to=kept) | Frozen(number=kept):
                    committed = {number: block for number, block in committed.items() if number <= kept}
                case BlocksProven():
                    proven.append(event)
                case SwapRequested():
                    requests[Lane.SWAP].append(event.request)
                case DepositRequested() | FullExitRequested():
                    requests[Lane.ACCOUNT].append(event.request)
                case _:
                    pass
        return ChainLog(committed, requests, proven)


class EventReader:
    """Reads a bridge's events, any number of times; each reading asks for the new ones."""

    def __init__(self, bridge: BridgeClient, from_block: int, deployment_hash: bytes) -> None:
        self._bridge = bridge
        self._name = bridge.client.profile.name
        self._empty = BridgeTally(QueueTally.empty(bridge, deployment_hash))
        self._cursor = LogCursor(self._name, self._read, from_block, self._empty)
        self._from_block = from_block
        self._readings: list[tuple[BlockInfo, BridgeTally, ChainLog]] = []

    def read(self) -> ChainLog:
        """Everything up to now. Raises LogsIncomplete or RequestGap if the node's logs and the bridge's views disagree
        after all attempts, RpcUnavailable.
        """
        client = self._bridge.client
        for attempt in range(ATTEMPTS):
            head = client.head()
            self._forget_rewritten(head)
            if self._readings and self._readings[-1][0].number == head.number:
                return self._readings[-1][2]
            try:
                events = self._cursor.advance(head.number)
            except (LogsIncomplete, RequestGap):
                if attempt + 1 == ATTEMPTS:
                    raise
                if attempt:  # what was read before may be wrong too
                    self._readings.clear()
                client.pause(attempt)
                continue
            if client.block(head.number).hash == head.hash:
                return self._keep(head, events)
            self._take_place()
        raise RpcUnavailable(self._name, "eth_getLogs", ATTEMPTS, "the chain is rewritten while it is read")

    def _read(self, first: int, last: int) -> list[BridgeEvent]:
        return self._bridge.events(first, last)

    def _keep(self, head: BlockInfo, events: Sequence[BridgeEvent]) -> ChainLog:
        log = (self._readings[-1][2] if self._readings else ChainLog()).after(events)
        self._readings = [*self._readings, (head, self._cursor.tally, log)][-KEPT_READINGS:]
        return log

    def _take_place(self) -> None:
        """Back to the end of the last reading."""
        if self._readings:
            head, tally, _ = self._readings[-1]
            self._cursor.go_back(head.number + 1, tally)
        else:
            self._cursor.go_back(self._from_block, self._empty)

    def _forget_rewritten(self, head: BlockInfo) -> None:
        """Drop readings that end in a block that the chain does not have any more."""
        while self._readings:
            last = self._readings[-1][0]
            now = self._bridge.client.block(last.number) if last.number < head.number else head
            if now.number == last.number and now.hash == last.hash:
                break
            self._readings.pop()
        self._take_place()

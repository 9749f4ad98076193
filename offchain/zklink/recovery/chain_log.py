"""The events of one chain's bridge, kept between readings, so that a reading asks only for the new ones.

Takes a bridge and the L1 block that it began in; gives a `ChainLog`. After a reorganisation it goes back to the last
reading that is still part of the chain. Never believes that a log is complete: `history_reader` checks that.
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
from zklink.l1.transport.receipts import BlockInfo
from zklink.operations.requests import Request
from zklink.protocol.errors import RpcUnavailable
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

    def __init__(self, bridge: BridgeClient, from_block: int) -> None:
        self._bridge = bridge
        self._from_block = from_block
        self._readings: list[tuple[BlockInfo, ChainLog]] = []

    def read(self) -> ChainLog:
        """Everything up to now. Raises RpcUnavailable."""
        client = self._bridge.client
        for _ in range(ATTEMPTS):
            head = client.head()
            self._forget_rewritten(head)
            start, log = self._from_block, ChainLog()
            if self._readings:
                last, log = self._readings[-1]
                start = last.number + 1
            if start > head.number:
                return log
            new = log.after(self._bridge.events(start, head.number))
            if client.block(head.number).hash == head.hash:
                self._readings = [*self._readings, (head, new)][-KEPT_READINGS:]
                return new
        raise RpcUnavailable(client.profile.name, "eth_getLogs", ATTEMPTS, "the chain is rewritten while it is read")

    def _forget_rewritten(self, head: BlockInfo) -> None:
        """Drop readings that end in a block that the chain does not have any more."""
        while self._readings:
            last = self._readings[-1][0]
            now = self._bridge.client.block(last.number) if last.number < head.number else head
            if now.number == last.number and now.hash == last.hash:
                return
            self._readings.pop()

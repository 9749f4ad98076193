"""The events of one contract, kept between readings, so that a reading asks only for the new ones.

Takes a question for events, a tally and the L1 block that the contract began in; gives all events up to now. After a
reorganisation it goes back to the last reading that is still part of the chain. Never believes that the logs are
complete before the contract's own views at the same block say so (the tally); until then it reads again.
"""

from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

from zklink.l1.log_cursor import LogCursor, Tally
from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.receipts import BlockInfo
from zklink.protocol.errors import LogsIncomplete, RequestGap, RpcUnavailable

E = TypeVar("E")
T = TypeVar("T", bound=Tally)  # type: ignore[type-arg]  # of the reader's events

KEPT_READINGS: Final = 16
ATTEMPTS: Final = 5


class EventReader(Generic[E, T]):
    """Reads a contract's events, any number of times; each reading asks for the new ones."""

    def __init__(self, client: ChainClient, read: Callable[[int, int], Sequence[E]], from_block: int, empty: T) -> None:
        self._client, self._name, self._empty = client, client.profile.name, empty
        self._cursor = LogCursor(self._name, read, from_block, empty)
        self._from_block = from_block
        self._events: list[E] = []
        self._readings: list[tuple[BlockInfo, T, int]] = []

    @property
    def tally(self) -> T:
        """What all events of the last reading add up to."""
        return self._cursor.tally

    def read(self) -> Sequence[E]:
        """Every event up to now, in order. Raises LogsIncomplete or RequestGap if the node's logs and the contract's
        views disagree after all attempts, RpcUnavailable.
        """
        for attempt in range(ATTEMPTS):
            head = self._client.head()
            self._forget_rewritten(head)
            if self._readings and self._readings[-1][0].number == head.number:
                return self._events
            try:
                events = self._cursor.advance(head.number)
            except (LogsIncomplete, RequestGap):
                if attempt + 1 == ATTEMPTS:
                    raise
                if attempt:  # what was read before may be wrong too
                    self._readings.clear()
                self._client.pause(attempt)
                continue
            if self._client.block(head.number).hash == head.hash:
                return self._keep(head, events)
            self._take_place()
        raise RpcUnavailable(self._name, "eth_getLogs", ATTEMPTS, "the chain is rewritten while it is read")

    def _keep(self, head: BlockInfo, events: Sequence[E]) -> Sequence[E]:
        self._events += events
        self._readings = [*self._readings, (head, self._cursor.tally, len(self._events))][-KEPT_READINGS:]
        return self._events

    def _take_place(self) -> None:
        """Back to the end of the last reading."""
        if self._readings:
            head, tally, count = self._readings[-1]
            self._cursor.go_back(head.number + 1, tally)
            del self._events[count:]
        else:
            self._cursor.go_back(self._from_block, self._empty)
            self._events.clear()

    def _forget_rewritten(self, head: BlockInfo) -> None:
        """Drop readings that end in a block that the chain does not have any more."""
        while self._readings:
            last = self._readings[-1][0]
            now = self._client.block(last.number) if last.number < head.number else head
            if now.number == last.number and now.hash == last.hash:
                break
            self._readings.pop()
        self._take_place()

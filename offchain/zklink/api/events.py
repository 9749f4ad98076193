"""Events for whoever has subscribed: what the history's feed names, read from the history when it is sent.

The feed tells on the node's thread; a hub hands that to the event loop, and each subscriber has a bounded queue there.
Who reads too slowly loses events and is told so, by an event of the topic `reset`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import msgspec

from zklink.api.answers.chains import describe_chain
from zklink.api.answers.operations import describe_block, describe_operation
from zklink.api.answers.transfers import describe_transfer
from zklink.api.sources import Sources
from zklink.history.feed import Notice, Topic
from zklink.protocol.errors import DatabaseFailed
from zklink.schema.api.events import Event, SubscribeRequest
from zklink.schema.api.scalars import Answer, read_owner, read_tx_hash

RESET: Final = "reset"
MARK: Final = "mark"
MARK_EVERY: Final = 256
"""After so many notices that a subscriber does not get, a mark tells it how far its stream is: it can come back there
while the feed still keeps what follows.
"""


class Hub:
    """Hands notices from the feed's thread to the subscribers of an event loop."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self._subscribers: set[Subscriber] = set()
        self._spread_to = 0
        self._leave: Callable[[], None] = lambda: None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on; for the loop's thread."""
        self._spread_to = self.sources.history.feed.last_number
        self._leave = self.sources.history.feed.listen(lambda notice: _hand_over(loop, self._spread, notice))

    def stop(self) -> None:
        """No further notice."""
        self._leave()

    def join(self, subscriber: "Subscriber") -> str:
        """Hand a subscriber what it has missed and every further notice. Gives the id of the event before them."""
        self._subscribers.add(subscriber)
        return subscriber.begin(self._spread_to)

    def leave(self, subscriber: "Subscriber") -> None:
        """None any more."""
        self._subscribers.discard(subscriber)

    def _spread(self, notice: Notice) -> None:
        self._spread_to = notice.number
        for subscriber in self._subscribers:
            subscriber.put(notice)


class Subscriber:
    """One subscription: its filters, and the notices that wait to be sent. For the loop's thread."""

    def __init__(self, sources: Sources, request: SubscribeRequest, waiting: int) -> None:
        self._sources, self._feed = sources, sources.history.feed
        self._topics = frozenset(request.topics)
        self._tx_hash = None if request.tx_hash is None else read_tx_hash("tx_hash", request.tx_hash)
        self._address = None if request.address is None else read_owner("address", request.address)
        self._account = request.account
        self._waiting: asyncio.Queue[Notice | None] = asyncio.Queue(waiting)
        self._after = request.after
        self._sent = self._taken = 0

    def begin(self, number: int) -> str:
        """Start after this notice, or where the request says. Gives the id of the event before the first."""
        self._sent = self._taken = number
        if self._after is None:
            return self._name(number)
        run, _, last = self._after.partition("-")
        missed = self._feed.since(int(last)) if run == self._feed.run else None
        if missed is None:
            self._waiting.put_nowait(None)
            return self._name(number)
        self._sent = self._taken = int(last)
        for notice in missed:
            self.put(notice)
        return self._after

    def put(self, notice: Notice) -> None:
        """Let a notice wait, once; if too many do, they are lost, and a reset comes instead."""
        skipped = notice.number - self._taken
        if skipped <= 0 or (notice.topic not in self._topics and skipped < MARK_EVERY):
            return
        self._taken = notice.number
        if self._waiting.full():
            while not self._waiting.empty():
                self._waiting.get_nowait()
            self._waiting.put_nowait(None)
        self._waiting.put_nowait(notice)

    async def events(self) -> AsyncIterator[Event]:
        """Events as they happen, without end."""
        while True:
            notice = await self._waiting.get()
            event = Event(self._name(self._sent), RESET, {}) if notice is None else self._tell(notice)
            if event is not None:
                yield event

    def _tell(self, notice: Notice) -> Event | None:
        """The event of a notice: a mark after many that are filtered out, a reset if the database does not answer."""
        id = self._name(notice.number)
        try:
            data = self._describe(notice) if notice.topic in self._topics else None
        except DatabaseFailed:
            return Event(id, RESET, {})
        if data is None and notice.number - self._sent < MARK_EVERY:
            return None
        self._sent = notice.number
        if data is None:
            return Event(id, MARK, {})
        return Event(id, notice.topic.value, msgspec.to_builtins(data))

    def _name(self, number: int) -> str:
        return f"{self._feed.run}-{number}"

    def _describe(self, notice: Notice) -> Answer | None:
        """What a notice is about, as it is now; None if it is gone, or filtered out."""
        history, key = self._sources.history, notice.key
        match notice.topic:
            case Topic.TRANSFERS:
                return self._describe_transfer(key)
            case Topic.BLOCKS:
                block = history.block(key)  # type: ignore[arg-type]
                return None if block is None else describe_block(self._sources, block)
            case Topic.OPERATIONS:
                entry = history.operation(key)  # type: ignore[arg-type]
                if entry is None or self._account not in (None, entry.account):
                    return None
                return describe_operation(self._sources, entry)
            case Topic.CHAINS:
                return describe_chain(self._sources, key)  # type: ignore[arg-type]

    def _describe_transfer(self, key: Any) -> Answer | None:
        record = self._sources.history.transfer(key)
        if record is None or self._tx_hash not in (None, record.tx_hash):
            return None
        if self._address not in (None, record.request.recipient, record.request.refund_to):
            return None
        return describe_transfer(self._sources, record)


def _hand_over(loop: asyncio.AbstractEventLoop, spread: Callable[[Notice], None], notice: Notice) -> None:
    try:
        loop.call_soon_threadsafe(spread, notice)
    except RuntimeError:  # the loop has closed: nobody listens any more
        return

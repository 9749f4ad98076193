"""Keeps a node's events and hands them to every listener, on the thread that calls `Node.step`."""

from collections.abc import Callable

from zklink.l1.transport.receipts import Receipt
from zklink.node.events import Event, TransactionMined
from zklink.protocol.ids import BlockNumber, ChainId


class Reporter:
    """`now` gives the time that events carry, in seconds."""

    def __init__(self, clock: Callable[[], float], kept: int | None = None) -> None:
        """Of events the last `kept` stay, or all."""
        self.events: list[Event] = []
        self.now, self._kept = clock, kept
        self._listeners: list[Callable[[Event], None]] = []

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Have every further event handed to `listener`."""
        self._listeners.append(listener)

    def emit(self, event: Event) -> None:
        """Keep an event and hand it to every listener."""
        self.events.append(event)
        if self._kept is not None and len(self.events) > 2 * self._kept:
            del self.events[: -self._kept]
        for listener in self._listeners:
            listener(event)

    def emit_mined(self, chain: ChainId, purpose: str, blocks: tuple[BlockNumber, ...], receipt: Receipt) -> None:
        """Emit that a transaction of this node was mined (see TransactionMined)."""
        gas, price = receipt.gas_used, receipt.gas_price_wei
        self.emit(TransactionMined(self.now(), chain, purpose, blocks, receipt.tx_hash, gas, price))

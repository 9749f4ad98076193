"""How long swaps and proofs take: what the pages of times show.

Takes a node's events and its history's feed from now on; gives the last few hundred fills and proofs. The time of a
receipt is its chain's: the timestamp of its block where that was seen as a head, and else a share of the time between
the heads around it. Nothing is measured by this machine's clock but the seconds of a proof.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final, Protocol, TypeVar

from zklink.api.sources import Sources
from zklink.history.feed import Notice, Topic
from zklink.history.transfer_record import How, MoneyReceipt, TransferRecord
from zklink.l1.transport.receipts import BlockInfo
from zklink.node.events import BlockProven, Event
from zklink.operations.requests import RequestKey
from zklink.protocol.ids import ChainId

K = TypeVar("K")
V = TypeVar("V")

KEPT: Final = 300
PAID: Final = (How.FILL, How.PAY)


@dataclass(frozen=True, slots=True)
class Fill:
    """A swap whose money has arrived: `seconds` from its request to the receipt's block, by the chains' clocks."""

    id: str
    source: int
    destination: int
    by_broker: bool
    asked_at: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Proving:
    """A block's proof; seconds of the machine that made it."""

    block: int
    witness_seconds: float
    proof_seconds: float


class ListensToEvents(Protocol):
    """Port: what tells a node's events."""

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Have every further event handed to `listener`."""
        ...


class Timings:
    """Listens on the threads of the node and the chains' readers, and never waits there; is asked on any."""

    def __init__(self, sources: Sources, node: ListensToEvents) -> None:
        self._sources, self._lock = sources, Lock()
        self._keys: dict[RequestKey, None] = {}
        self._proofs: dict[int, Proving] = {}
        node.listen(self.take)
        sources.history.feed.listen(self.note)

    def take(self, event: Event) -> None:
        """A node's event: keeps what proofs took."""
        if isinstance(event, BlockProven):
            with self._lock:
                self._proofs[event.number] = Proving(event.number, event.witness_seconds, event.proof_seconds)
                _drop_first(self._proofs)

    def note(self, notice: Notice) -> None:
        """A notice of the feed: keeps which swap changed."""
        if notice.topic is Topic.TRANSFERS:
            with self._lock:
                self._keys[notice.key] = None  # type: ignore[index]  # the topic says so
                _drop_first(self._keys)

    def proofs(self) -> list[Proving]:
        """The last proofs, by block."""
        with self._lock:
            return [self._proofs[number] for number in sorted(self._proofs)]

    def find_proof(self, block: int) -> Proving | None:
        """What a block's proof took, if it is still kept."""
        with self._lock:
            return self._proofs.get(block)

    def fills(self) -> list[Fill]:
        """The last swaps whose money has arrived, by the time at which they were asked."""
        with self._lock:
            keys = list(self._keys)
        records = (self._sources.history.transfer(key) for key in keys)
        found = [fill for record in records if record is not None and (fill := self._measure(record)) is not None]
        return sorted(found, key=lambda fill: (fill.asked_at, fill.id))

    def _measure(self, record: TransferRecord) -> Fill | None:
        receipt = _find_first([receipt for receipt in record.receipts if receipt.how in PAID])
        at = None if receipt is None else self._find_second(receipt.chain, receipt.l1_block)
        if receipt is None or at is None:
            return None
        request = record.request
        return Fill(
            f"{request.source}-{request.request_id}",
            request.source,
            request.destination,
            receipt.how is How.FILL,
            request.queued_at,
            max(0, at - request.queued_at),
        )

    def _find_second(self, chain: ChainId, number: int) -> int | None:
        """The timestamp of a chain's block; None if no head of the chain was seen."""
        heads = self._sources.live.heads(chain)
        block_seconds = self._sources.profiles[chain].block_time_seconds
        return find_second(heads, number, block_seconds) if heads else None


def find_second(heads: Sequence[BlockInfo], number: int, block_seconds: float) -> int:
    """The timestamp of a block by the heads around it; outside of them by the time that a block takes."""
    place = bisect_left(heads, number, key=lambda head: head.number)
    if place == len(heads):
        return heads[-1].timestamp + round((number - heads[-1].number) * block_seconds)
    above = heads[place]
    if place == 0 or above.number == number:
        return above.timestamp - round((above.number - number) * block_seconds)
    below = heads[place - 1]
    span = above.timestamp - below.timestamp
    return below.timestamp + round(span * (number - below.number) / (above.number - below.number))


def _find_first(receipts: Iterable[MoneyReceipt]) -> MoneyReceipt | None:
    """A broker's fill if there is one, since it comes before the bridge pays."""
    return min(receipts, key=lambda receipt: receipt.how is not How.FILL, default=None)


def _drop_first(kept: dict[K, V]) -> None:
    if len(kept) > KEPT:
        kept.pop(next(iter(kept)))

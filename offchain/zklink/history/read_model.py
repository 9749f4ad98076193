"""The port between those who answer questions about the past and whoever keeps it.

`zklink.history.memory` keeps it in this process; a database can stand behind the same ports. A `ReadModel` is asked, on
any thread, and what it gives never changes afterwards. A `History` is fed besides: by a node's events, and by whoever
reads the chains for what no event of the node shows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from zklink.history.feed import Feed
from zklink.history.transfer_record import Glimpse, MoneyReceipt, TransferRecord
from zklink.node.events import Event
from zklink.operations.operation_id import OperationId
from zklink.operations.requests import RequestKey
from zklink.protocol.ids import AccountId, BlockNumber, ChainId, Lane, Nonce
from zklink.sequencer.lifecycle import Counters


@dataclass(frozen=True, slots=True)
class BlockEntry:
    """One sealed block: what it consumes, and the operations that it carries out."""

    number: BlockNumber
    lane: Lane
    timestamp: int
    root: int
    commitment: bytes
    requests: tuple[RequestKey, ...]
    operations: tuple[OperationId, ...]
    is_proven: bool = False


@dataclass(frozen=True, slots=True)
class OperationEntry:
    """One signed operation or match; `place` counts them as they were first seen. `block` is None while it waits, or
    rests in the book, or was dropped, for which there is a `reason`.
    """

    id: OperationId
    kind: str
    account: AccountId | None
    nonce: Nonce | None
    place: int
    block: BlockNumber | None = None
    reason: str = ""


E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Page(Generic[E]):
    """Entries, the newest first, and where the next page begins; None on the last one."""

    entries: Sequence[E]
    next: tuple[int, int] | None


class ReadModel(Protocol):
    """Port: what has happened. `before` is where a page ends that came before, exclusive."""

    @property
    def feed(self) -> Feed:
        """What changes, as it changes."""
        ...

    def counters(self) -> Mapping[ChainId, Counters]:
        """How far each chain is."""
        ...

    def transfers_by_hash(self, tx_hash: bytes) -> Sequence[TransferRecord]:
        """The swaps of a transaction, on whatever chains; empty if none has shown it."""
        ...

    def transfer(self, key: RequestKey) -> TransferRecord | None:
        """A swap by its request."""
        ...

    def transfers_of(self, address: bytes, before: tuple[int, int] | None, limit: int) -> Page[TransferRecord]:
        """Confirmed swaps that pay an address or are refunded to it."""
        ...

    def operation(self, id: OperationId) -> OperationEntry | None:
        """A signed operation, an order or a match."""
        ...

    def operations(self, account: AccountId | None, before: tuple[int, int] | None, limit: int) -> Page[OperationEntry]:
        """The operations of an account, or of all."""
        ...

    def block(self, number: BlockNumber) -> BlockEntry | None:
        """A sealed block."""
        ...

    def blocks(self, before: tuple[int, int] | None, limit: int) -> Page[BlockEntry]:
        """Sealed blocks."""
        ...


class History(ReadModel, Protocol):
    """Port: what has happened, as it happens. Whatever is handed in twice changes nothing."""

    def take(self, event: Event) -> None:
        """An event of the node, on the thread that calls `Node.step`, in order. A node that starts again repeats all
        that its journal holds.
        """
        ...

    def see(self, chain: ChainId, glimpses: Iterable[Glimpse]) -> None:
        """What a chain shows now of requests that the node has not confirmed: all of them, instead of those before."""
        ...

    def show(self, receipts: Iterable[MoneyReceipt]) -> None:
        """Receipts that have their chain's confirmations."""
        ...

"""What is known of one swap, and the state that follows from it.

Takes a request, its block and what receipts of chains show; gives one of a closed set of states. "Arrived" follows only
from a receipt of the destination. Nothing here is a time of observation: the same chains and the same journal give the
same record after a restart. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from zklink.operations.payout import Payout
from zklink.operations.requests import RequestKey
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import BlockNumber, ChainId, Kind
from zklink.sequencer.lifecycle import GENESIS_COUNTERS, BlockStatus, Counters
from zklink.transition.swap import RefundReason


class TransferState(StrEnum):
    """The states of a swap; the last three are final."""

    UNKNOWN = "unknown"
    SEEN = "seen"
    QUEUED = "queued"
    STOPPED = "stopped"
    SEALED = "sealed"
    ACCEPTED = "accepted"
    IMPORTED = "imported"
    EXECUTED = "executed"
    OWED = "owed"
    ARRIVED = "arrived"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"


FINAL_STATES = frozenset({TransferState.ARRIVED, TransferState.REFUNDED, TransferState.CANCELLED})


class How(StrEnum):
    """What a receipt shows: a broker paid; the bridge paid, refunded or owes; a request was cancelled."""

    FILL = "fill"
    PAY = "pay"
    REFUND = "refund"
    OWE = "owe"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class MoneyReceipt:
    """An event of a chain that shows money. `key` is the payout's fill key, or empty for a cancelled request, which
    `request` names. `amount` is in L1 units, a fill's in layer-2 units without its fee.
    """

    how: How
    chain: ChainId
    key: bytes
    tx_hash: bytes
    l1_block: int
    receiver: str
    amount: int
    request: RequestKey | None = None


@dataclass(frozen=True, slots=True)
class Glimpse:
    """A request that its chain shows and that does not have the confirmations yet."""

    request: SwapRequest
    tx_hash: bytes
    l1_block: int


@dataclass(frozen=True, slots=True)
class TransferRecord:
    """One swap. `block` is None until a block decides it; `payout_key` is its payout's fill key."""

    request: SwapRequest
    tx_hash: bytes
    l1_block: int
    is_confirmed: bool = True
    block: BlockNumber | None = None
    payout: Payout | None = None
    payout_key: bytes = b""
    refund_reason: RefundReason | None = None
    receipts: tuple[MoneyReceipt, ...] = ()

    @property
    def key(self) -> RequestKey:
        return self.request.source, self.request.request_id

    @property
    def paying_chain(self) -> ChainId:
        """The chain whose bridge pays: the destination, or the source for a refund."""
        return self.request.destination if self.payout is None else self.payout.chain

    def state(self, counters: Mapping[ChainId, Counters], primary: ChainId, is_frozen: bool) -> TransferState:
        """The state, when the chains are so far and the source is frozen or not."""
        if not self.is_confirmed:
            return TransferState.SEEN
        shown = {receipt.how for receipt in self.receipts}
        for how, state in _BY_RECEIPT:
            if how in shown:
                return state
        if self.block is None:
            return TransferState.STOPPED if is_frozen else TransferState.QUEUED
        there = counters.get(self.paying_chain, GENESIS_COUNTERS).status(self.block)
        if there is BlockStatus.EXECUTED:
            return TransferState.EXECUTED
        if there is BlockStatus.ACCEPTED:
            return TransferState.IMPORTED
        accepted = counters.get(primary, GENESIS_COUNTERS).status(self.block)
        return TransferState.SEALED if accepted is BlockStatus.SEALED else TransferState.ACCEPTED

    @property
    def is_refund(self) -> bool:
        """Whether its block refunds it."""
        return self.payout is not None and self.payout.kind == Kind.SWAP_REFUNDED


_BY_RECEIPT = (
    (How.CANCEL, TransferState.CANCELLED),
    (How.REFUND, TransferState.REFUNDED),
    (How.FILL, TransferState.ARRIVED),
    (How.PAY, TransferState.ARRIVED),
    (How.OWE, TransferState.OWED),
)

"""The life of a swap as its user sees it: found by the hash of its transaction alone, with a closed set of states."""

from typing import Annotated, Literal

from msgspec import Meta

from zklink.schema.api.scalars import (
    Address,
    Answer,
    BlockId,
    Caip10,
    Caip19,
    ChainNumber,
    Cursor,
    Limit,
    OwnerText,
    Request,
    Seconds,
    TokenNumber,
    TxHash,
    Units,
)

TransferStateName = Literal[
    "unknown",
    "seen",
    "queued",
    "sealed",
    "accepted",
    "imported",
    "executed",
    "arrived",
    "refunded",
    "owed",
    "cancelled",
    "stopped",
]
TransferState = Annotated[
    TransferStateName,
    Meta(
        description=(
            "unknown: no chain has shown this transaction yet, ask again. seen: mined, waits for its chain's"
            " confirmations. queued: waits for a block. sealed: the outcome is known. accepted: the primary has"
            " accepted the block, for good once that is final. imported: the paying chain has the block. executed: it"
            " says that it has paid, and its receipt is not read yet. arrived: a receipt of the destination shows the"
            " money. refunded: a receipt of the source shows it. owed: the transfer failed, the bridge owes it."
            " cancelled: paid back after a freeze. stopped: its chain is frozen and no block has it: the owner cancels."
        )
    ),
]
FINAL_STATES: tuple[TransferStateName, ...] = ("arrived", "refunded", "cancelled")

Actor = Annotated[
    Literal["nobody", "operator", "validators", "watchers", "anybody", "recipient", "owner"],
    Meta(description="Who can end the wait. nobody: time alone."),
]


class WaitInfo(Answer):
    """What a transfer waits for, who can act, and by when it is over whatever anybody does."""

    waits_for: Annotated[str, Meta(description="In words; empty in a final state.")]
    who_can_act: list[Actor]
    what_they_can_do: str
    refund_after: Annotated[Seconds | None, Meta(description="A block later than this refunds: the deadline.")]
    freeze_from: Annotated[
        Seconds | None, Meta(description="If no block has it by then, anybody can call a freeze of its chain.")
    ]
    over_by: Annotated[
        Seconds | None,
        Meta(description="By then it is in a block, or its chain can be frozen and the owner takes the amount back."),
    ]
    retry_after_seconds: Annotated[int | None, Meta(description="When to ask again; null in a final state.")]


class ReceiptInfo(Answer):
    """An event of a chain that shows money. `how` is fill (a broker paid), pay, refund, owe or cancel."""

    how: Literal["fill", "pay", "refund", "owe", "cancel"]
    chain: ChainNumber
    tx_hash: TxHash
    l1_block: int
    receiver: Address
    amount: Annotated[Units, Meta(description="In L1 units; a fill's in layer-2 units, without the fee.")]


class Transfer(Answer):
    """One swap. Amounts are layer-2 units."""

    id: Annotated[str, Meta(description="source-request.", examples=["2-1"])]
    state: TransferState
    is_final: bool
    wait: WaitInfo
    tx_hash: TxHash
    source: ChainNumber
    request_id: int
    token_in: TokenNumber
    asset_in: Caip19
    amount: Units
    operator_fee: Units
    destination: ChainNumber
    token_out: TokenNumber
    asset_out: Caip19
    via: TokenNumber
    min_out: Units
    fill_fee: Units
    deadline: Seconds
    queued_at: Seconds
    recipient: Caip10
    refund_to: Caip10
    block: Annotated[BlockId | None, Meta(description="The block that decides it.")]
    amount_out: Annotated[Units | None, Meta(description="What its block pays; null before.")]
    refund_reason: Annotated[str, Meta(description="Why its block refunds it; empty if it does not.")]
    receipts: list[ReceiptInfo]


class TransferRequest(Request):
    """A transaction of a source chain. Without `chain` all are looked at."""

    tx_hash: TxHash
    chain: ChainNumber | None = None


class TransferAnswer(Answer):
    """The swaps of a transaction. `state` is the least advanced of them; unknown if there is none."""

    tx_hash: TxHash
    state: TransferState
    is_final: bool
    retry_after_seconds: int | None
    transfers: list[Transfer]


class TransfersRequest(Request):
    """Swaps that pay an address or are refunded to it."""

    address: OwnerText
    cursor: Cursor | None = None
    limit: Limit = 20


class Transfers(Answer):
    """A page, the newest first."""

    transfers: list[Transfer]
    next: Annotated[str | None, Meta(description="The cursor of the next page; null on the last one.")]

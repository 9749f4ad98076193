"""Quotes and orders in the shape of the Open Intents Framework, for aggregators that speak it.

Addresses are ERC-7930 (version 1) in hexadecimal, amounts decimal strings in the units of each token's contract. Names
are the framework's. A quote of type `oif-user-open-v0` is the user's own transaction to the bridge. Where the node has
a relayer there are quotes as well of what the user signs for the chain's entry contract: `oif-3009-v0`, an
authorization of EIP-3009, and `oif-escrow-v0`, a transfer by Permit2.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta

from zklink.schema.api.oif_signed import AUTHORIZATION, ESCROW, OrderCode
from zklink.schema.api.scalars import Answer, Hex, Request, Units

Interop = Annotated[
    str,
    Meta(
        pattern=r"^0x0001[0-9a-fA-F]{8,200}$",
        max_length=206,
        description="An address in ERC-7930 form, binary version 1, hexadecimal.",
        examples=["0x00010000018914" + "11" * 20],
    ),
]
USER_OPEN = "oif-user-open-v0"


class OifInput(Request):
    """What the user brings."""

    user: Interop
    asset: Interop
    amount: Units | None = None
    lock: dict[str, Any] | None = None


class OifOutput(Request):
    """What the receiver gets; with `amount` at least so much."""

    receiver: Interop
    asset: Interop
    amount: Units | None = None
    calldata: str | None = None


class OifIntent(Request, rename="camel"):
    """One input and one output of an exact-input swap are served."""

    intent_type: Literal["oif-swap"]
    inputs: Annotated[list[OifInput], Meta(min_length=1, max_length=16)]
    outputs: Annotated[list[OifOutput], Meta(min_length=1, max_length=16)]
    swap_type: Literal["exact-input", "exact-output"] = "exact-input"
    min_valid_until: int | None = None
    preference: Literal["price", "speed", "input-priority", "trust-minimization"] | None = None
    origin_submission: dict[str, Any] | None = None
    failure_handling: list[str] | None = None
    partial_fill: bool | None = None
    metadata: dict[str, Any] | None = None


class OifQuoteRequest(Request, rename="camel"):
    """A request for quotes, of each of the types that the caller supports; refunds go to `user`."""

    user: Interop
    intent: OifIntent
    supported_types: Annotated[list[str], Meta(max_length=32)]


class OifTx(Answer, rename="camel"):
    """The user's transaction. `value` is the coin that it carries, beside the framework's fields."""

    to: Interop
    data: Hex
    gas_required: Units
    value: Units


class OifAllowance(Answer):
    """What must hold before: the user's balance and allowance."""

    token: Interop
    user: Interop
    spender: Interop
    required: Units


class OifChecks(Answer):
    """All that must hold before."""

    allowances: list[OifAllowance]


class OifUserOpen(Answer, rename="camel", tag_field="type", tag=USER_OPEN):
    """The order: a transaction that the user sends itself."""

    open_intent_tx: OifTx
    checks: OifChecks


class OifAuthorization(Answer, tag_field="type", tag=AUTHORIZATION):
    """An order that the user signs for the token: the wallet signs `payload`, and the order is posted as it stands."""

    payload: dict[str, Any]
    metadata: dict[str, Any]


class OifEscrow(Answer, tag_field="type", tag=ESCROW):
    """An order that the user signs for Permit2, which must be allowed to take amount and fee."""

    payload: dict[str, Any]
    metadata: dict[str, Any]


class OifAmount(Answer):
    """An asset and an amount."""

    asset: Interop
    amount: Units


class OifPreviewInput(Answer):
    """What the user brings."""

    user: Interop
    asset: Interop
    amount: Units


class OifPreviewOutput(Answer):
    """What the receiver would get now."""

    receiver: Interop
    asset: Interop
    amount: Units


class OifPreview(Answer):
    """Amounts to show; the order's `min_out` alone binds."""

    inputs: list[OifPreviewInput]
    outputs: list[OifPreviewOutput]


class OifQuote(Answer, rename="camel"):
    """One quote."""

    order: OifUserOpen | OifAuthorization | OifEscrow
    valid_until: int
    eta: int
    quote_id: str
    provider: str
    preview: OifPreview
    failure_handling: Literal["refund-automatic"]
    partial_fill: bool
    metadata: dict[str, str]


class OifQuotes(Answer):
    """The quotes; empty if the swap would be refunded now (`quote` says why)."""

    quotes: list[OifQuote]


class OifOrderRequest(Request, rename="camel"):
    """A signed order of type `oif-3009-v0` or `oif-escrow-v0`: its `payload` and `metadata` are described in the guide
    for integrators, `signature` is r, s and v, 65 bytes.
    """

    order: dict[str, Any]
    signature: Any = None
    quote_id: str | None = None
    origin_submission: dict[str, Any] | None = None


class OifOrderResponse(Answer, rename="camel"):
    """The answer to a signed order. `order_id` is the nonce that was signed; handed in again, it is the same."""

    status: Literal["received", "rejected", "error"]
    message: str
    order_id: str | None = None
    code: OrderCode = ""


class OifOrderById(Request):
    """An order by its id: the hash of the transaction that opened it, or the nonce that was signed."""

    id: Annotated[str, Meta(pattern=r"^0x[0-9a-fA-F]{64}$", min_length=66, max_length=66, examples=["0x" + "ab" * 32])]


class OifSettlement(Answer):
    """How it is settled: the bridge holds the amount until its block pays or refunds."""

    type: Literal["escrow"]
    data: dict[str, str]


class OifOrder(Answer, rename="camel"):
    """What became of an order."""

    id: str
    status: Literal["created", "pending", "executed", "finalized", "failed", "refunded"]
    created_at: int
    updated_at: int
    input_amounts: list[OifAmount]
    output_amounts: list[OifAmount]
    settlement: OifSettlement
    fill_transaction: dict[str, str] | None = None

"""Quotes, fees and the order book, as the API shows them."""

from typing import Annotated, Literal

from msgspec import Meta

from zklink.schema.api.operations import UnsignedOperation
from zklink.schema.api.scalars import (
    Address,
    Answer,
    BlockId,
    ChainNumber,
    Limit,
    Request,
    Seconds,
    TokenNumber,
    Units,
)

WhyNot = Annotated[
    Literal[
        "",
        "source_unknown",
        "destination_unknown",
        "source_frozen",
        "destination_frozen",
        "token_not_on_source",
        "token_not_on_destination",
        "token_paused",
        "below_minimum",
        "above_cap",
        "fee_above_amount",
        "no_pool",
        "bad_route",
        "no_output",
        "below_min_out",
        "reserve_too_small",
    ],
    Meta(description="Why the swap would be refused or refunded now; empty if it would be paid."),
]


class QuoteRequest(Request):
    """A swap that somebody thinks of. Amounts are layer-2 units."""

    source: ChainNumber
    token_in: TokenNumber
    amount: Annotated[Units, Meta(description="What comes in, fees included.")]
    destination: ChainNumber
    token_out: TokenNumber
    via: Annotated[
        TokenNumber | None, Meta(description="The token between; 0 for none. Without it the better route is taken.")
    ] = None
    min_out: Units = "0"
    operator_fee: Annotated[Units, Meta(description="Of token_in.")] = "0"
    fill_fee: Annotated[Units, Meta(description="Of token_out, for a broker who pays at once.")] = "0"


class Leg(Answer):
    """One trade in a pool: amount_out = floor(y g / (x 10000 + g)) with g = amount_in (10000 - fee_bps), x and y the
    reserves.
    """

    token_in: TokenNumber
    token_out: TokenNumber
    reserve_in: Units
    reserve_out: Units
    fee_bps: int
    amount_in: Units
    amount_out: Units


class FeeItem(Answer):
    """One fee, with the least that is taken now."""

    kind: Literal["native", "operator", "fill", "pool"]
    unit: Annotated[str, Meta(description="`wei` of the source chain's coin, or `token:ID` in layer-2 units.")]
    amount: Units
    floor: Units
    paid: Annotated[str, Meta(description="How it is paid.")]


class RelayOffer(Answer):
    """What it takes that a relayer brings the order, which the user signs (EIP-3009 or Permit2), and pays its coin."""

    relayer: Annotated[Address, Meta(description="Whom the order must name as its relayer.")]
    fee: Annotated[Units, Meta(description="What it takes, in units of token_in's contract, on top of the amount.")]


class QuoteAnswer(Answer):
    """What a swap would give if the next block took it now. Nothing is kept: `min_out` is the user's protection."""

    is_possible: bool
    why_not: WhyNot
    explanation: str
    amount_in: Units
    l1_amount: Annotated[Units, Meta(description="What the token's contract is asked for, in its units.")]
    value_wei: Annotated[
        Units, Meta(description="The coin to send with the transaction: native fee and native amount.")
    ]
    amount_out: Annotated[Units, Meta(description="What the recipient gets, less the fill fee if a broker pays.")]
    via: TokenNumber
    legs: list[Leg]
    fees: list[FeeItem]
    price_impact_bps: Annotated[
        int, Meta(description="Loss against the pools' price at an amount of zero, without fees.")
    ]
    reserve: Annotated[Units, Meta(description="What the destination holds of token_out.")]
    expected_seconds: Annotated[int, Meta(description="Until the recipient is paid by a block; an estimate.")]
    fill_seconds: Annotated[
        int | None, Meta(description="Until a broker pays, if the fill fee is enough for this one.")
    ]
    block: Annotated[BlockId, Meta(description="The sealed block after which this was computed.")]
    as_of: Seconds
    relay: Annotated[
        RelayOffer | None, Meta(description="The terms on which this node brings a signed order; null if it does not.")
    ] = None


class FeesRequest(Request):
    """A signed operation without its signature; its fee is ignored. Of an order ask `fee_rate`."""

    operation: UnsignedOperation


class FeesAnswer(Answer):
    """The least fee for which the operator takes the operation now, in its fee token's layer-2 units."""

    least_fee: Units
    fee_token: TokenNumber


class FeeRateRequest(Request):
    """An order that buys so much."""

    token_buy: TokenNumber
    amount_buy: Units


class FeeRateAnswer(Answer):
    """The least fee rate of the order, in 1/10,000."""

    least_fee_rate: int


class BookRequest(Request):
    """A pair of tokens."""

    base: TokenNumber
    quote: TokenNumber
    limit: Limit = 20


class BookLevel(Answer):
    """Orders of one price. The price is `quote_units` of the quote token for `base_units` of the base token."""

    base_units: Units
    quote_units: Units
    amount: Annotated[Units, Meta(description="What they still sell: base for asks, quote for bids.")]
    orders: int


class Book(Answer):
    """Resting orders, the best price first. They are not held to be funded: the state decides when they match."""

    base: TokenNumber
    quote: TokenNumber
    asks: Annotated[list[BookLevel], Meta(description="Orders that sell base.")]
    bids: Annotated[list[BookLevel], Meta(description="Orders that buy base.")]
    block: BlockId

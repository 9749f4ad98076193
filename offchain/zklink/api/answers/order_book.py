"""The order book of a pair, by price."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import groupby, islice
from typing import Final

from zklink.api.answers.answerer import Answerer
from zklink.api.sources import Sources
from zklink.protocol.errors import RequestRefused
from zklink.protocol.ids import TokenId
from zklink.schema.api.trading import Book, BookLevel, BookRequest
from zklink.sequencer.order_book import BookSide
from zklink.transition.order_match import compute_filled

Left = tuple[Fraction, int]
"""(price, what an order still sells)."""


def answer_order_book(sources: Sources, request: BookRequest) -> Book:
    if request.base == request.quote:
        raise RequestRefused("invalid_request", "base and quote must be two tokens", {"field": "quote"})
    base, quote = TokenId(request.base), TokenId(request.quote)
    return Book(
        base=base,
        quote=quote,
        asks=_list_levels(sources, (base, quote), request.limit, is_bid=False),
        bids=_list_levels(sources, (quote, base), request.limit, is_bid=True),
        block=sources.node.sequencer.height,
    )


def _list_levels(sources: Sources, side: BookSide, limit: int, *, is_bid: bool) -> list[BookLevel]:
    """The best `limit` prices of a side. An order's own price is what it buys per unit that it sells."""
    levels = []
    for price, orders in islice(groupby(_list_left(sources, side), key=lambda left: left[0]), limit):
        amounts = [amount for _, amount in orders]
        bought, sold = str(price.numerator), str(price.denominator)
        levels.append(
            BookLevel(
                base_units=bought if is_bid else sold,
                quote_units=sold if is_bid else bought,
                amount=str(sum(amounts)),
                orders=len(amounts),
            )
        )
    return levels


def _list_left(sources: Sources, side: BookSide) -> Iterator[Left]:
    """The orders of a side that still sell something, the best price first."""
    state = sources.node.sequencer.state
    for resting in sources.node.sequencer.intake.book.side(side):
        filled = compute_filled(state.order(*resting.place), resting.order.order_nonce)
        if filled is not None and filled < resting.order.amount_sell:
            yield resting.price, resting.order.amount_sell - filled


ANSWERS: Final[Mapping[str, Answerer]] = {"order_book": Answerer(answer_order_book, on_node=True)}

"""Quotes: what a swap would give now, computed again from the reserves that the node publishes.

Takes names and amounts as people write them; gives a Quote, or raises QuoteUntrue. A quote that is not possible says
why. Nothing is promised: `min_out` is what protects the swap.
"""

from dataclasses import dataclass, replace
from typing import Final

from eth_utils import to_checksum_address

from zklink.client.book import AmountLike, Book, ChainRef, TokenRef
from zklink.client.quote_rule import check_quote
from zklink.client.session import Session
from zklink.protocol.errors import QuotesUnsteady, SwapImpossible
from zklink.protocol.ids import FEE_DENOMINATOR, ChainId, TokenId
from zklink.schema.api.chains import Pools
from zklink.schema.api.trading import FeeItem, QuoteAnswer, QuoteRequest

SLIPPAGE_BPS: Final = 50
"""How much less than the quote a swap may bring, in 1/10,000, unless the caller says otherwise."""
ATTEMPTS: Final = 8
"""How often a quote is asked for anew because a block came between it and the reserves."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A checked quote. Amounts are layer-2 units, fees included; `min_out` is the least that the recipient gets, less
    than it is refunded. `expected_seconds` is the node's estimate, `fill_seconds` that of a broker, None without one.
    `relayer` is who would bring the swap if it is signed only, for `relayer_fee` of the token's L1 units beside the
    amount; None if nobody would.
    """

    source: ChainId
    token_in: TokenId
    amount_in: int
    destination: ChainId
    token_out: TokenId
    amount_out: int
    via: TokenId
    min_out: int
    operator_fee: int
    fill_fee: int
    is_possible: bool
    why_not: str
    explanation: str
    price_impact_bps: int
    expected_seconds: int
    fill_seconds: int | None
    fees: tuple[FeeItem, ...]
    block: int
    text: str
    relayer: str | None = None
    relayer_fee: int = 0

    def __str__(self) -> str:
        return self.text

    def check_possible(self) -> None:
        """Raise SwapImpossible unless the swap can be sent."""
        if not self.is_possible:
            raise SwapImpossible(self.why_not, self.explanation)


async def ask_quote(
    session: Session,
    source: ChainRef,
    token_in: TokenRef,
    amount: AmountLike,
    destination: ChainRef,
    token_out: TokenRef,
    *,
    via: TokenRef | None,
    slippage_bps: int,
    min_out: AmountLike | None,
    operator_fee: AmountLike | None,
    fill_fee: AmountLike | None,
) -> Quote:
    """See `AsyncClient.quote`."""
    book = await session.book()
    coming, going = book.find_token(token_in), book.find_token(token_out)
    request = QuoteRequest(
        source=book.find_chain(source).chain,
        token_in=coming.token,
        amount=str(book.read_amount(coming, amount)),
        destination=book.find_chain(destination).chain,
        token_out=going.token,
        via=None if via is None else book.find_token(via).token if via else 0,
        min_out="0" if min_out is None else str(book.read_amount(going, min_out)),
        operator_fee="0" if operator_fee is None else str(book.read_amount(coming, operator_fee)),
        fill_fee="0" if fill_fee is None else str(book.read_amount(going, fill_fee)),
    )
    answer = await _ask_checked(session, request)
    quote = _read_quote(book, request, answer)
    if min_out is not None:
        return quote
    least = quote.amount_out * (FEE_DENOMINATOR - slippage_bps) // FEE_DENOMINATOR - quote.fill_fee
    return replace(quote, min_out=max(least, 0))


async def _ask_checked(session: Session, request: QuoteRequest) -> QuoteAnswer:
    """A quote and the pools of one block. Raises QuoteUntrue, QuotesUnsteady."""
    for _ in range(ATTEMPTS):
        before = await session.api.pools()
        answer = await session.api.quote(request)
        pools: Pools = before if before.block == answer.block else await session.api.pools()
        if pools.block == answer.block:
            check_quote(request, answer, pools.pools)
            return answer
    raise QuotesUnsteady(ATTEMPTS)


def _read_quote(book: Book, request: QuoteRequest, answer: QuoteAnswer) -> Quote:
    coming, going = book.find_token(request.token_in), book.find_token(request.token_out)
    given, got = book.show_amount(coming.token, answer.amount_in), book.show_amount(going.token, answer.amount_out)
    source, destination = book.find_chain(request.source), book.find_chain(request.destination)
    text = f"{given} {coming.symbol} on {source.name} for {got} {going.symbol} on {destination.name}"
    return Quote(
        source=ChainId(request.source),
        token_in=TokenId(request.token_in),
        amount_in=int(answer.amount_in),
        destination=ChainId(request.destination),
        token_out=TokenId(request.token_out),
        amount_out=int(answer.amount_out),
        via=TokenId(answer.via),
        min_out=int(request.min_out),
        operator_fee=int(request.operator_fee),
        fill_fee=int(request.fill_fee),
        is_possible=answer.is_possible,
        why_not=answer.why_not,
        explanation=answer.explanation,
        price_impact_bps=answer.price_impact_bps,
        expected_seconds=answer.expected_seconds,
        fill_seconds=answer.fill_seconds,
        fees=tuple(answer.fees),
        block=answer.block,
        relayer=None if answer.relay is None else to_checksum_address(answer.relay.relayer),
        relayer_fee=0 if answer.relay is None else int(answer.relay.fee),
        text=text if answer.is_possible else f"{text}: not possible, {answer.explanation}",
    )

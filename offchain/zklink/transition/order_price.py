"""The arithmetic of two orders: the maker's price, both fees, and the largest amount that both allow (section 5.13).
Pure.
"""

from typing import NamedTuple

from zklink.operations.order import Order
from zklink.protocol.ids import FEE_DENOMINATOR, Amount


class Fill(NamedTuple):
    """`amount_a` goes from maker to taker, `amount_b` the other way; each pays its fee out of the amount that it
    receives.
    """

    amount_a: Amount
    amount_b: Amount
    fee_maker: Amount
    fee_taker: Amount


def compute_match(maker: Order, taker: Order, amount_a: int) -> Fill:
    """The exchange of `amount_a` at the maker's price, rounded up for the maker; maker.amount_sell >= 1."""
    amount_b = -(-amount_a * maker.amount_buy // maker.amount_sell)
    return Fill(
        Amount(amount_a),
        Amount(amount_b),
        Amount(amount_b * maker.fee_rate // FEE_DENOMINATOR),
        Amount(amount_a * taker.fee_rate // FEE_DENOMINATOR),
    )


def is_crossing(taker: Order, fill: Fill) -> bool:
    """Whether the taker gets its price or a better one, exactly."""
    return fill.amount_a * taker.amount_sell >= fill.amount_b * taker.amount_buy


def compute_largest(maker: Order, taker: Order, cap: int) -> Amount:
    """The largest amount_a up to `cap` whose rounded amount_b the taker's price allows; 0 if there is none."""
    if cap < 1 or not maker.amount_buy or not taker.amount_buy:
        return Amount(max(cap, 0))
    return Amount(_largest(cap, (maker.amount_buy, maker.amount_sell), (taker.amount_sell, taker.amount_buy)))


def _largest(cap: int, low: tuple[int, int], high: tuple[int, int]) -> int:
    """The largest n in 1..cap such that a whole number lies in [n * low, n * high]; 0 if there is none.

    `low` and `high` are fractions above 0. As in Euclid's algorithm: whole parts change nothing; below 1, the m with a
    whole n in [m / high, m / low] are the same question with a smaller cap.
    """
    (p, ps), (q, qs) = low, high
    whole = p // ps
    p, q = p - whole * ps, q - whole * qs
    if q < 0 or p * qs > q * ps:
        return 0
    if p == 0 or q >= qs or -(-cap * p // ps) <= cap * q // qs:
        return cap
    below = cap * p // ps
    if not below:
        return 0
    return _largest(below, (qs, q), (ps, p)) * ps // p

"""The ways of a swap through the pools, and what each gives: the rule of `zklink.transition.swap`, shown leg by leg."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from zklink.protocol.ids import FEE_DENOMINATOR, NO_TOKEN, Amount, TokenId
from zklink.state.state import State
from zklink.transition.swap import compute_out


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade in a pool."""

    token_in: TokenId
    token_out: TokenId
    reserve_in: int
    reserve_out: int
    fee_bps: int
    amount_in: int
    amount_out: int


@dataclass(frozen=True, slots=True)
class Route:
    """The trades of a swap in order; none for the same token on another chain. `out` is what comes out at the end."""

    via: TokenId
    trades: tuple[Trade, ...]
    amount_in: int

    @property
    def out(self) -> int:
        return self.trades[-1].amount_out if self.trades else self.amount_in

    @property
    def impact_bps(self) -> int:
        """Loss against the pools' price at an amount of zero, both without fees, in 1/10,000."""
        ideal, amount = Fraction(self.amount_in), self.amount_in
        for trade in self.trades:
            ideal *= Fraction(trade.reserve_out, trade.reserve_in)
            amount = compute_out(amount, trade.reserve_in, trade.reserve_out, 0) if amount else 0
        return 0 if not ideal else max(0, int((1 - amount / ideal) * FEE_DENOMINATOR))


def find_best(state: State, token_in: TokenId, token_out: TokenId, amount: int, via: TokenId | None) -> Route | None:
    """The route that gives most, the shorter one of equals; with `via` that one alone. None without a pool."""
    return max(_find(state, token_in, token_out, amount, via), key=lambda route: route.out, default=None)


def _find(state: State, token_in: TokenId, token_out: TokenId, amount: int, via: TokenId | None) -> Iterator[Route]:
    if token_in == token_out:
        if not via:
            yield Route(NO_TOKEN, (), amount)
        return
    between = _list_between(state, via)
    paths = [(NO_TOKEN, (token_in, token_out))] if not via else []
    paths += [(token, (token_in, token, token_out)) for token in sorted(between - {token_in, token_out})]  # type: ignore[misc]
    for token, path in paths:
        trades = _trade(state, path, amount)
        if trades is not None:
            yield Route(token, trades, amount)


def _list_between(state: State, via: TokenId | None) -> set[TokenId]:
    """The tokens that a swap may go through."""
    named = {token for pool_id, _ in state.pools() for token in pool_id} if via is None else {via}
    return named - {NO_TOKEN}


def _trade(state: State, path: tuple[TokenId, ...], amount: int) -> tuple[Trade, ...] | None:
    trades: list[Trade] = []
    for token_in, token_out in pairwise(path):
        pool = state.pool(token_in, token_out)
        x, y = pool.oriented(token_in, token_out)
        if pool.is_empty or not x or not y:
            return None
        out = compute_out(amount, x, y, pool.fee) if amount else Amount(0)
        trades.append(Trade(token_in, token_out, x, y, pool.fee, amount, out))
        amount = out
    return tuple(trades)

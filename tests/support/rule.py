"""The swap rule written a second time, as docs/protocol.md writes it, and a runner that shows every step of a case.

`PlainRule` shares no code with the transition: it keeps plain dictionaries of numbers.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from tests.strategies import PAIRS, TOKENS, Case
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import FEE_DENOMINATOR, MAX_CHAINS, TokenId
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import PoolId, State, order_pair
from zklink.transition import swap

ALL_PAIRS: tuple[PoolId, ...] = tuple((a, b) for a in TOKENS for b in TOKENS if a < b)

Snapshot = tuple[tuple[TokenRow, ...], tuple[Pool, ...]]


@dataclass(frozen=True, slots=True)
class Trade:
    """What a pool takes in and would give, and the pool before and after the slot."""

    token_in: TokenId
    token_out: TokenId
    dx: int
    out: int
    pool: Pool
    after: Pool


@dataclass(frozen=True, slots=True)
class DecidedSlot:
    """One slot: what was asked, decided and owed, with the registers around it."""

    request: SwapRequest
    outcome: swap.SwapOutcome
    payout: Payout
    before: Snapshot
    after: Snapshot
    registers: swap.Registers

    def snapshot(self) -> Snapshot:
        """Every row after the slot."""
        return self.after

    def trades(self) -> tuple[Trade, ...]:
        """Each pool that the request trades in: none, one or two."""
        tokens = (self.request.token_in, *([self.request.via] if self.request.via else []), self.request.token_out)
        if len(set(tokens)) == 1:
            return ()
        amounts = [self.request.amount - self.request.operator_fee, self.outcome.between, self.outcome.out]
        if not self.request.via:
            del amounts[1]
        trades = []
        for i, leg in enumerate(pairwise(tokens)):
            place = ALL_PAIRS.index(order_pair(*leg))
            trades.append(Trade(*leg, amounts[i], amounts[i + 1], self.before[1][place], self.after[1][place]))
        return tuple(trades)


def load(state: State) -> swap.Registers:
    """All rows of a Case, as a block would load them."""
    tokens = {token: state.token(token) for token in TOKENS}
    return swap.Registers(tokens, {pair: state.pool(*pair) for pair in ALL_PAIRS})


def snapshot(registers: swap.Registers) -> Snapshot:
    """Every row, in a fixed order."""
    return tuple(registers.tokens[t] for t in TOKENS), tuple(registers.pools[p] for p in ALL_PAIRS)


def run(case: Case) -> Iterator[DecidedSlot]:
    """Apply the requests in order and show each step."""
    registers = load(case.state())
    for request in case.requests:
        before = snapshot(registers)
        outcome, payout = swap.apply_swap(registers, request, case.timestamp)
        yield DecidedSlot(request, outcome, payout, before, snapshot(registers), registers)


class PlainRule:
    """Section 5.1 on dictionaries: reserves by (token, chain), fees by token, pool sides by (token, other token)."""

    def __init__(self, case: Case) -> None:
        self.now = case.timestamp
        self.reserves: Counter[tuple[int, int]] = Counter()
        self.fees: Counter[int] = Counter()
        self.sides: Counter[tuple[int, int]] = Counter()
        self.pool_fees: dict[tuple[int, int], int] = {}
        self.shares: dict[tuple[int, int], tuple[int, int]] = {}
        for token, row in case.rows.tokens.items():
            for k in range(1, MAX_CHAINS + 1):
                self.reserves[token, k] = row.reserves[k - 1]
        for (a, b), pool in case.rows.pools.items():
            self.sides[a, b], self.sides[b, a] = pool.reserve_lower, pool.reserve_higher
            self.pool_fees[a, b] = self.pool_fees[b, a] = pool.fee
            self.shares[a, b] = pool.lp_supply, pool.lp_token

    def decide(self, request: SwapRequest) -> bool:
        """Apply one request; tell whether it is paid."""
        source, destination = request.source, request.destination
        x_token, y_token = request.token_in, request.token_out
        dx = request.amount - request.operator_fee
        middle = request.via or y_token
        between = self.buy(x_token, middle, dx)
        out = self.buy(middle, y_token, between)
        paid = (
            self.now <= request.deadline
            and out > 0
            and out >= request.min_out + request.fill_fee
            and self.reserves[y_token, destination] >= out
        )
        if paid:
            self.reserves[x_token, source] += request.amount
            self.fees[x_token] += request.operator_fee
            self.reserves[y_token, destination] -= out
            for a, b, taken, given in ((x_token, middle, dx, between), (middle, y_token, between, out)):
                if a != b:
                    self.sides[a, b] += taken
                    self.sides[b, a] -= given
        return paid

    def buy(self, a: int, b: int, dx: int) -> int:
        """What dx of a buys of b."""
        if a == b or dx == 0:
            return dx
        g = dx * (FEE_DENOMINATOR - self.pool_fees.get((a, b), 0))
        return self.sides[b, a] * g // (self.sides[a, b] * FEE_DENOMINATOR + g)

    def snapshot(self) -> Snapshot:
        """Every row, as the transition would keep it."""
        rows = tuple(
            TokenRow(tuple(self.reserves[t, k] for k in range(1, MAX_CHAINS + 1)), self.fees[t]) for t in TOKENS
        )
        pools = tuple(self._pool(a, b) for a, b in ALL_PAIRS)
        return rows, pools

    def _pool(self, a: int, b: int) -> Pool:
        supply, lp_token = self.shares.get((a, b), (0, 0))
        return Pool(self.sides[a, b], self.sides[b, a], supply, self.pool_fees.get((a, b), 0), lp_token)


assert set(PAIRS) < set(ALL_PAIRS)

"""Hypothesis strategies for the pure core: valid values, plus one deliberate invalid class for each refusal.

Thousands of examples must be cheap, so a value is drawn as one byte string and read off it with `Dice`: one draw
instead of dozens, and still shrinking towards zero, i.e. towards the first option everywhere. A `Case` is small on
purpose: few tokens, few chains and amounts near the limits of a rule, so that every outcome is common.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, TypeVar

from hypothesis import strategies as st

from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.primitives.field import R
from zklink.protocol.errors import FieldOutOfRange, InadmissibleRequest, WrongAddressLength, ZkLinkError
from zklink.protocol.ids import (
    AMOUNT_LIMIT,
    FEE_DENOMINATOR,
    MAX_CHAINS,
    NO_TOKEN,
    POOL_COUNT_ROW,
    AccountId,
    Amount,
    ChainId,
    RequestId,
    TokenId,
)
from zklink.protocol.presets import MINIMAL, Preset
from zklink.state.rows import EMPTY_POOL, Pool, TokenRow
from zklink.state.state import PoolId, State, order_pair
from zklink.transition.swap import compute_out

T = TypeVar("T")

CHAINS = tuple(ChainId(chain) for chain in (1, 2, MAX_CHAINS))
TOKENS = tuple(TokenId(token) for token in (1, 2, 3, 4))
"""The tokens of a Case; the last one has no pool."""

PAIRS: tuple[PoolId, ...] = ((TOKENS[0], TOKENS[1]), (TOKENS[0], TOKENS[2]), (TOKENS[1], TOKENS[2]))
ROUTED = ((TOKENS[0], TOKENS[1]), (TOKENS[1], TOKENS[0]), (TOKENS[0], TOKENS[2]), (TOKENS[2], TOKENS[1]))
"""Pairs that can be traded through the third token that has pools."""

POOL_FEES = (30, 0, 1, 5, 100, FEE_DENOMINATOR - 1)
NOW = 1_700_000_000
PROVIDER, PROVIDER_ACCOUNT = bytes(12) + b"\x99" * 20, AccountId(1)
"""Owns every share of every pool of a Case."""

RESERVE_LIMIT = 1 << 104
"""Small enough for a sequence of swaps to stay within custody on every chain."""

scalars = st.integers(0, R - 1)
words_248 = st.integers(0, (1 << 248) - 1)
hashes = st.binary(min_size=32, max_size=32)
chains = st.integers(1, MAX_CHAINS).map(ChainId)
timestamps = st.integers(0, (1 << 40) - 1)


class Dice:
    """Reads choices off bytes; zeros, and whatever is beyond the end, choose the first option."""

    def __init__(self, data: bytes) -> None:
        self._rest = int.from_bytes(data, "big")

    def below(self, limit: int) -> int:
        """A number in 0..limit - 1, evenly."""
        self._rest, number = divmod(self._rest, limit)
        return number

    def pick(self, options: Sequence[T]) -> T:
        """One of the options, evenly; repeat one to make it likelier."""
        return options[self.below(len(options))]

    def amount(self, limit: int = AMOUNT_LIMIT, least: int = 0) -> Amount:
        """In least..limit - 1: a small one, one of any size in bits, or one of the largest."""
        kind, size, number = self.below(8), self.below(limit.bit_length()), self.below(AMOUNT_LIMIT)
        value = (number >> (112 - size), number % 21, limit - 1 - number % 21)[max(kind - 5, 0)]
        return Amount(min(max(value, least), limit - 1))

    def bytes(self, size: int) -> bytes:
        """Any byte string of this size."""
        return self.below(1 << 8 * size).to_bytes(size, "big")


def rolled(build: Callable[[Dice], T], size: int = 256) -> st.SearchStrategy[T]:
    """What `build` reads off `size` random bytes."""
    return st.binary(min_size=size, max_size=size).map(lambda data: build(Dice(data)))


# -- any well-formed record ----------------------------------------------------------------------------------------


def roll_request(dice: Dice, preset: Preset = MINIMAL) -> SwapRequest:
    """Any request that is well formed and that a block may contain, whatever becomes of it."""
    amount = dice.amount(least=1)
    tokens = [TokenId(token) for token in range(1, preset.lp_base)]
    token_in, token_out = dice.pick(tokens), dice.pick(tokens)
    return SwapRequest(
        source=ChainId(1 + dice.below(MAX_CHAINS)),
        destination=ChainId(1 + dice.below(MAX_CHAINS)),
        request_id=RequestId(1 + dice.below((1 << 64) - 1)),
        token_in=token_in,
        token_out=token_out,
        amount=amount,
        min_out=dice.amount(),
        operator_fee=dice.amount(amount),
        fill_fee=dice.amount(),
        deadline=dice.below(1 << 40),
        queued_at=dice.below(1 << 40),
        recipient=dice.bytes(32),
        refund_to=dice.bytes(32),
        native_fee_gwei=dice.below(1 << 40),
        via=roll_via(dice, token_in, token_out, tokens),
    )


def roll_via(dice: Dice, token_in: TokenId, token_out: TokenId, tokens: Sequence[TokenId]) -> TokenId:
    """A third one of the tokens in half of the cases that admit one, else none."""
    others = [token for token in tokens if token not in (token_in, token_out)]
    if token_in == token_out or not others or dice.below(2):
        return NO_TOKEN
    return dice.pick(others)


def roll_payout(dice: Dice) -> Payout:
    """Either outcome of some request."""
    request = roll_request(dice)
    between = dice.amount() if request.via else Amount(0)
    return Payout.paid(request, dice.amount(), between) if dice.below(2) else Payout.refunded(request)


def swap_requests(preset: Preset = MINIMAL) -> st.SearchStrategy[SwapRequest]:
    """Any request that is well formed and that a block may contain, whatever becomes of it."""
    return rolled(lambda dice: roll_request(dice, preset))


def swap_payouts() -> st.SearchStrategy[Payout]:
    """Either outcome of some request."""
    return rolled(roll_payout)


# -- records that are refused --------------------------------------------------------------------------------------

WIDTHS: dict[str, int] = {
    "source": 8,
    "destination": 8,
    "request_id": 64,
    "token_in": 16,
    "token_out": 16,
    "amount": 112,
    "min_out": 112,
    "operator_fee": 112,
    "fill_fee": 112,
    "deadline": 40,
    "queued_at": 40,
    "native_fee_gwei": 40,
    "via": 16,
}
"""Every integer field of a request and its width in bits."""

Refused = tuple[SwapRequest, type[ZkLinkError]]
"""A request and its refusal."""


def _with(request: SwapRequest, name: str, value: Any) -> SwapRequest:
    return replace(request, **{name: value})


def _roll_malformed(dice: Dice) -> Refused:
    request = roll_request(dice)
    name = dice.pick((*WIDTHS, "recipient", "refund_to"))
    if name not in WIDTHS:
        return _with(request, name, dice.bytes(dice.pick((0, 20, 31, 33, 64)))), WrongAddressLength
    limit = 1 << WIDTHS[name]
    return _with(request, name, dice.pick((limit, limit + 1, limit << 1, -1))), FieldOutOfRange


def malformed_requests() -> st.SearchStrategy[Refused]:
    """A request whose words cannot be written: a field out of its range or an address of the wrong length."""
    return rolled(_roll_malformed)


def inadmissible_requests(preset: Preset = MINIMAL) -> st.SearchStrategy[Refused]:
    """A request that can be written but that no bridge admits and no circuit can prove."""

    def roll(dice: Dice) -> Refused:
        request = roll_request(dice, preset)
        name = dice.pick(("source", "destination", "token_in", "token_out", "operator_fee", "via", "route"))
        if name in ("source", "destination"):
            value = dice.pick((0, MAX_CHAINS + 1, 255))
        elif name == "operator_fee":
            value = request.amount + dice.below(AMOUNT_LIMIT - request.amount)
        elif name == "route":
            return _with(_roll_circle(dice, request), "native_fee_gwei", 0), InadmissibleRequest
        else:
            value = preset.token_limit + dice.below((1 << 16) - preset.token_limit)
        return _with(request, name, value), InadmissibleRequest

    return rolled(roll)


def _roll_circle(dice: Dice, request: SwapRequest) -> SwapRequest:
    """A route that has one token twice."""
    a, b = TOKENS[0], TOKENS[1]
    token_in, via, token_out = dice.pick(((a, b, a), (a, a, b), (a, b, b), (a, a, a)))
    return replace(request, token_in=token_in, via=via, token_out=token_out)


# -- cases: a state and requests at the limits of the rule ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rows:
    """Token rows and pools of a state; PROVIDER owns the pools' shares, nobody else has an account."""

    tokens: Mapping[TokenId, TokenRow]
    pools: Mapping[PoolId, Pool]

    def state(self, preset: Preset = MINIMAL) -> State:
        """A fresh state with these rows."""
        state = State(preset)
        for token, row in self.tokens.items():
            state.set_token(token, row)
        if self.pools:
            state.set_owner(PROVIDER_ACCOUNT, PROVIDER)
            state.set_token(POOL_COUNT_ROW, TokenRow((0,) * MAX_CHAINS, len(self.pools)))
        for (lower, higher), pool in self.pools.items():
            state.set_pool(lower, higher, pool)
            state.set_balance(PROVIDER_ACCOUNT, TokenId(pool.lp_token), Amount(pool.lp_supply))
        return state


@dataclass(frozen=True, slots=True)
class Case:
    """Rows, requests in slot order and the block's time; at most MINIMAL.slots requests."""

    rows: Rows
    requests: tuple[SwapRequest, ...]
    timestamp: int

    def state(self) -> State:
        """A fresh state before the requests."""
        return self.rows.state()


def roll_rows(dice: Dice) -> Rows:
    """A state that conserves, over TOKENS, PAIRS and CHAINS, often with an empty reserve somewhere."""
    pairs = [pair for pair in PAIRS if dice.below(5)]
    chosen = {pair: _roll_pool(dice, MINIMAL.lp_base + number) for number, pair in enumerate(pairs)}
    owed = dict.fromkeys(TOKENS, 0)
    for (lower, higher), pool in chosen.items():
        owed[lower] += pool.reserve_lower
        owed[higher] += pool.reserve_higher
    return Rows({token: TokenRow(_split(dice, total), 0) for token, total in owed.items() if total}, chosen)


def _roll_pool(dice: Dice, lp_token: int) -> Pool:
    lower, higher = dice.amount(RESERVE_LIMIT, least=1), dice.amount(RESERVE_LIMIT, least=1)
    return Pool(lower, higher, min(lower, higher), dice.pick(POOL_FEES), lp_token)


def _split(dice: Dice, total: int) -> tuple[int, ...]:
    reserves = [0] * MAX_CHAINS
    for chain in CHAINS[:-1]:
        part = dice.pick((total // 3, total // 2, 0, total, dice.below(total + 1)))
        reserves[chain - 1] = part
        total -= part
    reserves[CHAINS[-1] - 1] = total
    return tuple(reserves)


def _roll_near(dice: Dice, rows: Rows, request_id: RequestId) -> SwapRequest:
    """A request whose amount, minimum and deadline lie just on, above or below what decides it."""
    token_in, token_out, via = _roll_trade(dice, rows)
    destination = dice.pick(CHAINS)
    amount = dice.amount(RESERVE_LIMIT, least=1)
    if token_in == token_out and token_in in rows.tokens and dice.below(2):
        amount = Amount(max(rows.tokens[token_in].reserve(destination) + dice.below(3) - 1, 1))
    operator_fee = dice.pick((0, 0, min(amount - 1, dice.below(1_000)), dice.below(amount)))
    out = _quote(rows, (token_in, *([via] if via else []), token_out), amount - operator_fee)
    fill_fee = dice.pick((0, 0, dice.below(out + 1)))
    margin = max(out - fill_fee, 0)
    return SwapRequest(
        source=dice.pick(CHAINS),
        destination=destination,
        request_id=request_id,
        token_in=token_in,
        token_out=token_out,
        amount=amount,
        min_out=Amount(dice.pick((0, 0, 0, max(margin - 1, 0), margin, margin + 1, dice.amount()))),
        operator_fee=Amount(operator_fee),
        fill_fee=Amount(fill_fee),
        deadline=NOW + dice.pick((600, 600, 600, 0, 1, -1)),
        queued_at=NOW - dice.below(60),
        recipient=bytes(12) + dice.bytes(20),
        refund_to=bytes(12) + dice.bytes(20),
        via=via,
    )


def _roll_trade(dice: Dice, rows: Rows) -> tuple[TokenId, TokenId, TokenId]:
    """Token in, token out and the one between: mostly pairs that have a pool, in both directions, or routes between the
    tokens that have pools; else any tokens, also twice the same.
    """
    if rows.pools and dice.below(5):
        if dice.below(3) == 2:
            a, b = dice.pick(ROUTED)
            return a, b, next(token for token in TOKENS if token not in (a, b))
        lower, higher = dice.pick(sorted(rows.pools))
        return (higher, lower, NO_TOKEN) if dice.below(2) else (lower, higher, NO_TOKEN)
    token_in, token_out = dice.pick(TOKENS), dice.pick(TOKENS)
    return token_in, token_out, roll_via(dice, token_in, token_out, TOKENS)


def _quote(rows: Rows, tokens: Sequence[TokenId], dx: int) -> int:
    for token_in, token_out in pairwise(tokens):
        if token_in != token_out and dx:
            pool = rows.pools.get(order_pair(token_in, token_out), EMPTY_POOL)
            dx = compute_out(dx, *pool.oriented(token_in, token_out), pool.fee)
    return dx


def row_sets() -> st.SearchStrategy[Rows]:
    """A state that conserves, over TOKENS, PAIRS and CHAINS, often with an empty reserve somewhere."""
    return rolled(roll_rows)


def fits_pools(requests: Sequence[SwapRequest], preset: Preset = MINIMAL) -> bool:
    """Whether a block has room for the pools of these requests."""
    routes = [(request.token_in, *([request.via] if request.via else []), request.token_out) for request in requests]
    return len({frozenset(leg) for route in routes for leg in pairwise(route) if leg[0] != leg[1]}) <= preset.pool_rows


def block_cases() -> st.SearchStrategy[Case]:
    """Rows and one or two requests that find their rows in a minimal block."""
    return cases(2).map(lambda case: case if fits_pools(case.requests) else replace(case, requests=case.requests[:1]))


def cases(max_requests: int = MINIMAL.slots) -> st.SearchStrategy[Case]:
    """Rows and 1 to `max_requests` requests, quoted on the pools among them."""

    def roll(dice: Dice) -> Case:
        rows = roll_rows(dice)
        count = 1 + dice.below(max_requests)
        return Case(rows, tuple(_roll_near(dice, rows, RequestId(i + 1)) for i in range(count)), NOW)

    return rolled(roll, size=256 + 160 * max_requests)

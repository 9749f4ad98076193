"""Hypothesis strategies for the pure core: valid values, plus one deliberate invalid class for each refusal.

A `Case` is small on purpose: few tokens, few chains and amounts near the limits of a rule, so that every outcome is
common.
"""

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from zklink.operations.swap import SwapPayout, SwapRequest
from zklink.primitives.field import R
from zklink.protocol.errors import (
    FieldOutOfRange,
    InadmissibleRequest,
    WrongAddressLength,
    ZkLinkError,
)
from zklink.protocol.ids import (
    AMOUNT_LIMIT,
    FEE_DENOMINATOR,
    MAX_CHAINS,
    Amount,
    ChainId,
    RequestId,
    TokenId,
)
from zklink.protocol.presets import MINIMAL, Preset
from zklink.state.genesis import Genesis
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import PoolId, State
from zklink.transition.swap import compute_out

CHAINS = tuple(ChainId(chain) for chain in (1, 2, MAX_CHAINS))
TOKENS = tuple(TokenId(token) for token in (1, 2, 3, 4))
"""The tokens of a Case; one of them usually has no pool."""

PAIRS: tuple[PoolId, ...] = ((TOKENS[0], TOKENS[1]), (TOKENS[0], TOKENS[2]), (TOKENS[1], TOKENS[2]))
NOW = 1_700_000_000
RESERVE_LIMIT = 1 << 104
"""Small enough for a sequence of swaps to stay within custody on every chain."""

scalars = st.integers(0, R - 1)
words_248 = st.integers(0, (1 << 248) - 1)
hashes = st.binary(min_size=32, max_size=32)
addresses = hashes
evm_addresses = st.binary(min_size=20, max_size=20).filter(any).map(lambda tail: bytes(12) + tail)
chains = st.integers(1, MAX_CHAINS).map(ChainId)
timestamps = st.integers(0, (1 << 40) - 1)
request_ids = st.integers(1, (1 << 64) - 1).map(RequestId)


def amounts(limit: int = AMOUNT_LIMIT) -> st.SearchStrategy[Amount]:
    """Below `limit`: small ones, any size in bits, and the largest."""
    bits = (limit - 1).bit_length()
    sized = st.integers(0, bits).flatmap(lambda n: st.integers(0, min((1 << n) - 1, limit - 1)))
    edges = st.integers(0, min(20, limit - 1)), st.integers(max(limit - 20, 0), limit - 1)
    return st.one_of(*edges, sized).map(Amount)


def tokens(preset: Preset = MINIMAL) -> st.SearchStrategy[TokenId]:
    """Any registrable token of a preset."""
    return st.integers(1, preset.token_limit - 1).map(TokenId)


@st.composite
def swap_requests(draw: st.DrawFn, preset: Preset = MINIMAL) -> SwapRequest:
    """Any request that is well formed and that a block may contain, whatever becomes of it."""
    amount = draw(amounts().filter(bool))
    return SwapRequest(
        source=draw(chains),
        destination=draw(chains),
        request_id=draw(request_ids),
        token_in=draw(tokens(preset)),
        token_out=draw(tokens(preset)),
        amount=amount,
        min_out=draw(amounts()),
        operator_fee=draw(amounts(amount)),
        fill_fee=draw(amounts()),
        deadline=draw(timestamps),
        queued_at=draw(timestamps),
        recipient=draw(addresses),
        sender=draw(addresses),
    )


@st.composite
def swap_payouts(draw: st.DrawFn) -> SwapPayout:
    """Either outcome of some request."""
    request = draw(swap_requests())
    return draw(st.sampled_from((SwapPayout.refunded(request), SwapPayout.paid(request, draw(amounts())))))


OUT_OF_RANGE: dict[str, int] = {
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
}
"""Every integer field of a request and its width in bits."""


@st.composite
def malformed_requests(draw: st.DrawFn) -> tuple[SwapRequest, type[ZkLinkError]]:
    """A request whose words cannot be written, and the refusal."""
    request = draw(swap_requests())
    kind = draw(st.sampled_from(("too large", "negative", "address")))
    if kind == "address":
        name = draw(st.sampled_from(("recipient", "sender")))
        return _with(request, name, draw(st.binary(max_size=64).filter(lambda a: len(a) != 32))), WrongAddressLength
    name = draw(st.sampled_from(sorted(OUT_OF_RANGE)))
    limit = 1 << OUT_OF_RANGE[name]
    value = draw(st.sampled_from((limit, limit + 1, limit << 1))) if kind == "too large" else -1
    return _with(request, name, value), FieldOutOfRange


@st.composite
def inadmissible_requests(draw: st.DrawFn, preset: Preset = MINIMAL) -> tuple[SwapRequest, type[ZkLinkError]]:
    """A request that can be written but that no bridge admits and no circuit can prove, and the refusal."""
    request = draw(swap_requests(preset))
    name = draw(st.sampled_from(("source", "destination", "token_in", "token_out", "operator_fee")))
    if name in ("source", "destination"):
        value = draw(st.sampled_from((0, MAX_CHAINS + 1, 255)))
    elif name == "operator_fee":
        value = draw(st.integers(request.amount, AMOUNT_LIMIT - 1))
    else:
        value = draw(st.integers(preset.token_limit, (1 << 16) - 1))
    return _with(request, name, value), InadmissibleRequest


def _with(request: SwapRequest, name: str, value: Any) -> SwapRequest:
    return replace(request, **{name: value})


@st.composite
def pools(draw: st.DrawFn, limit: int = RESERVE_LIMIT) -> Pool:
    """A pool with both sides, of any proportion."""
    lower, higher = draw(amounts(limit).filter(bool)), draw(amounts(limit).filter(bool))
    fee = draw(st.sampled_from((0, 1, 5, 30, 100, FEE_DENOMINATOR - 1)))
    return Pool(lower, higher, min(lower, higher), fee)


@st.composite
def geneses(draw: st.DrawFn) -> Genesis:
    """A valid genesis over TOKENS, PAIRS and CHAINS, often with an empty reserve somewhere."""
    chosen = {pair: draw(pools()) for pair in draw(st.sets(st.sampled_from(PAIRS)))}
    owed = dict.fromkeys(TOKENS, 0)
    for (lower, higher), pool in chosen.items():
        owed[lower] += pool.reserve_lower
        owed[higher] += pool.reserve_higher
    rows = {token: TokenRow(draw(_split(total)), 0) for token, total in owed.items() if total}
    return Genesis(rows, chosen)


@st.composite
def _split(draw: st.DrawFn, total: int) -> tuple[int, ...]:
    """`total` spread over CHAINS, in eight places."""
    reserves = [0] * MAX_CHAINS
    for chain in CHAINS[:-1]:
        part = draw(st.sampled_from((0, total, total // 2))) if draw(st.booleans()) else draw(st.integers(0, total))
        part = min(part, total)
        reserves[chain - 1] += part
        total -= part
    reserves[CHAINS[-1] - 1] += total
    return tuple(reserves)


@dataclass(frozen=True, slots=True)
class Case:
    """A genesis, requests in slot order and the block's time; at most MINIMAL.slots requests."""

    genesis: Genesis
    requests: tuple[SwapRequest, ...]
    timestamp: int

    def state(self) -> State:
        """A fresh state before the requests."""
        return self.genesis.state(MINIMAL)


@st.composite
def cases(draw: st.DrawFn, max_requests: int = 4) -> Case:
    """Requests at the limits of the rule: exact minimum, exact reserve, exact deadline, and far from all of them."""
    genesis = draw(geneses())
    count = draw(st.integers(1, max_requests))
    requests = tuple(draw(_near_requests(genesis, RequestId(index + 1))) for index in range(count))
    return Case(genesis, requests, NOW)


@st.composite
def _near_requests(draw: st.DrawFn, genesis: Genesis, request_id: RequestId) -> SwapRequest:
    token_in, token_out = draw(_trades(genesis))
    destination = draw(st.sampled_from(CHAINS))
    amount = draw(amounts(RESERVE_LIMIT).filter(bool))
    row = genesis.tokens.get(token_out)
    if token_in == token_out and row and draw(st.booleans()):
        amount = Amount(max(row.reserve(destination) + draw(st.integers(-1, 1)), 1))
    operator_fee = draw(st.one_of(st.just(0), st.integers(0, min(amount - 1, 1_000)), st.integers(0, amount - 1)))
    out = _quote(genesis, token_in, token_out, amount - operator_fee)
    fill_fee = draw(st.one_of(st.just(0), st.integers(0, out)))
    min_out = draw(
        st.one_of(st.just(0), st.sampled_from((-1, 0, 1)).map(lambda d: max(out - fill_fee + d, 0)), amounts())
    )
    return SwapRequest(
        source=draw(st.sampled_from(CHAINS)),
        destination=destination,
        request_id=request_id,
        token_in=token_in,
        token_out=token_out,
        amount=amount,
        min_out=Amount(min_out),
        operator_fee=Amount(operator_fee),
        fill_fee=Amount(fill_fee),
        deadline=draw(st.sampled_from((NOW + 600, NOW + 600, NOW, NOW + 1, NOW - 1))),
        queued_at=NOW - draw(st.integers(0, 60)),
        recipient=draw(evm_addresses),
        sender=draw(evm_addresses),
    )


def _trades(genesis: Genesis) -> st.SearchStrategy[tuple[TokenId, TokenId]]:
    """Mostly pairs that have a pool, in both directions; else any two tokens, also twice the same."""
    either = st.tuples(st.sampled_from(TOKENS), st.sampled_from(TOKENS))
    if not genesis.pools:
        return either
    pooled = st.sampled_from(sorted(genesis.pools)).flatmap(st.permutations).map(lambda pair: (pair[0], pair[1]))
    return st.one_of(pooled, pooled, pooled, either)


def _quote(genesis: Genesis, token_in: TokenId, token_out: TokenId, dx: int) -> int:
    if token_in == token_out:
        return dx
    pool = genesis.pools.get((min(token_in, token_out), max(token_in, token_out)), Pool(0, 0, 0, 0))
    return compute_out(dx, *pool.oriented(token_in, token_out), pool.fee)

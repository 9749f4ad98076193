"""Blocks at the edges: amounts, prices, deadlines and reserves where a comparison is about to tip.

Draws a state, then requests one by one against the registers that the earlier ones left, so that "exactly the
output" is known.
"""

from dataclasses import dataclass, replace

from hypothesis import strategies as st

from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import CUSTODY_LIMIT, MAX_CHAINS, NO_TOKEN, Amount, BlockNumber, ChainId, RequestId, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.state.rows import EMPTY_POOL, Pool, TokenRow
from zklink.state.state import PoolId, State, order_pair
from zklink.transition.swap import Registers, apply_swap, compute_amounts, compute_pool_ids

MAX_AMOUNT = 2**112 - 1
MAX_TIME = 2**40 - 1

amounts = st.sampled_from([1, 2, 999, 10**6, 10**18, CUSTODY_LIMIT]) | st.integers(1, CUSTODY_LIMIT)
reserves = st.sampled_from([0, 1, 10**6, CUSTODY_LIMIT])
pool_sides = st.sampled_from([1, 2, 10**6, 10**24, CUSTODY_LIMIT]) | st.integers(1, CUSTODY_LIMIT)
chains = st.integers(1, MAX_CHAINS).map(ChainId)
addresses = st.sampled_from([bytes(32), b"\xff" * 32]) | st.binary(min_size=32, max_size=32)
lp_tokens = st.integers(MINIMAL.lp_base, MINIMAL.token_limit - 1).map(TokenId)
fees = st.sampled_from([0, 30, 9_999])
pools = st.just(EMPTY_POOL) | st.builds(Pool, pool_sides, pool_sides, pool_sides, fees, lp_tokens)


@dataclass(frozen=True)
class BlockCase:
    """A state and the block that follows; the state is the one before it."""

    state: State
    requests: list[SwapRequest]
    number: BlockNumber
    timestamp: int
    domain: int


@st.composite
def block_cases(draw: st.DrawFn) -> BlockCase:
    """Up to four requests over three tokens and the two pools that a minimal block has room for."""
    x, y, z = (TokenId(t) for t in draw(st.lists(st.integers(1, 15), min_size=3, max_size=3, unique=True)))
    pairs: list[PoolId] = [order_pair(x, y), order_pair(y, z)]
    direct = [(x, y), (y, x), (y, z), (z, y), (x, x), (z, z)]
    routes = [(token_in, NO_TOKEN, token_out) for token_in, token_out in direct] + [(x, y, z), (z, y, x)] * 2
    tokens = {t: TokenRow(tuple(draw(st.tuples(*[reserves] * MAX_CHAINS))), draw(reserves)) for t in (x, y, z)}
    registers = Registers(tokens, {pair: draw(pools) for pair in pairs})
    timestamp = draw(st.sampled_from([0, 1_800_000_000, MAX_TIME]))

    first = draw(_requests(registers, timestamp, *draw(st.sampled_from(routes))))
    # What the first one needs is there exactly, or one unit short.
    slack = draw(st.sampled_from([None, -1, 0, 1]))
    if slack is not None:
        needed = max(0, _out(registers, first) + slack)
        row = tokens[first.token_out]
        tokens[first.token_out] = row.add(first.destination, needed - row.reserve(first.destination))
    state = State(MINIMAL)
    for token, row in tokens.items():
        state.set_token(token, row)
    for pair, pool in registers.pools.items():
        state.set_pool(*pair, pool)

    requests = [first][: draw(st.sampled_from([0, 1, 1, 1, 1]))]
    if requests:
        apply_swap(registers, first, timestamp)
        for _ in range(draw(st.integers(0, 3))):
            following = draw(_requests(registers, timestamp, *draw(st.sampled_from(routes))))
            apply_swap(registers, following, timestamp)
            requests.append(following)
    number = BlockNumber(draw(st.sampled_from([1, 2**64 - 1])))
    return BlockCase(state, requests, number, timestamp, draw(st.sampled_from([0, 2**248 - 1])))


@st.composite
def _requests(
    draw: st.DrawFn, registers: Registers, timestamp: int, token_in: TokenId, via: TokenId, token_out: TokenId
) -> SwapRequest:
    amount = draw(amounts)
    fee = draw(st.sampled_from(sorted({0, min(1, amount - 1), amount // 3, amount - 1})))
    request = SwapRequest(
        source=draw(chains),
        destination=draw(chains),
        request_id=RequestId(draw(st.sampled_from([1, 2**64 - 1]))),
        token_in=token_in,
        token_out=token_out,
        amount=Amount(amount),
        min_out=Amount(0),
        operator_fee=Amount(fee),
        fill_fee=Amount(0),
        deadline=draw(
            st.sampled_from([timestamp, timestamp, min(timestamp + 1, MAX_TIME), max(timestamp - 1, 0), MAX_TIME])
        ),
        queued_at=draw(st.sampled_from([0, timestamp, MAX_TIME])),
        recipient=draw(addresses),
        refund_to=draw(addresses),
        via=via,
    )
    out = _out(registers, request)
    wanted = draw(st.sampled_from([0, out, out, min(out + 1, MAX_AMOUNT), max(out - 1, 0)]))
    fill_fee = draw(st.sampled_from(sorted({0, wanted // 7, wanted})))
    if draw(st.integers(0, 15)) == 0:
        return replace(request, min_out=Amount(MAX_AMOUNT), fill_fee=Amount(MAX_AMOUNT))
    return replace(request, min_out=Amount(wanted - fill_fee), fill_fee=Amount(fill_fee))


def _out(registers: Registers, request: SwapRequest) -> int:
    """What the request would get now."""
    pools = [registers.pools[pool] for pool in compute_pool_ids(request)]
    return compute_amounts(request.legs(), request.amount - request.operator_fee, pools)[-1]

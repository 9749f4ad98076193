"""The rule of a swap, computed again by whoever asks for a quote (docs/protocol.md, section 5.1).

Takes the pools that a node publishes and a quote of the same block; raises QuoteUntrue unless the quote is what the
rule gives: these reserves, these fees, this amount, and no better route. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from zklink.protocol.errors import QuoteUntrue
from zklink.protocol.ids import FEE_DENOMINATOR, NO_TOKEN
from zklink.schema.api.chains import PoolInfo
from zklink.schema.api.trading import QuoteAnswer, QuoteRequest

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Depth:
    """A pool as seen from one of its tokens."""

    reserve_in: int
    reserve_out: int
    fee_bps: int


@dataclass(frozen=True, slots=True)
class Route:
    """A way through the pools, and what comes out at its end."""

    path: tuple[int, ...]
    out: int

    @property
    def via(self) -> int:
        """The token between, 0 for none."""
        return self.path[1] if len(self.path) > 2 else NO_TOKEN


def compute_out(amount: int, depth: Depth) -> int:
    """What a pool of constant product gives for an amount, fee included; 0 of an empty pool."""
    g = amount * (FEE_DENOMINATOR - depth.fee_bps)
    whole = depth.reserve_in * FEE_DENOMINATOR + g
    return depth.reserve_out * g // whole if whole else 0


def find_routes(pools: Sequence[PoolInfo], request: QuoteRequest) -> Iterator[Route]:
    """Every way that a swap may take, straight or through one token between, with what comes out."""
    token_in, token_out = request.token_in, request.token_out
    net = int(request.amount) - int(request.operator_fee)
    if token_in == token_out:
        if not request.via:
            yield Route((token_in,), net)
        return
    depths = read_depths(pools)
    named = {token for pair in depths for token in pair} if request.via is None else {request.via}
    paths: list[tuple[int, ...]] = [] if request.via else [(token_in, token_out)]
    paths += [(token_in, token, token_out) for token in sorted(named - {token_in, token_out, NO_TOKEN})]
    for path in paths:
        if all(pair in depths for pair in pairwise(path)):
            out = net
            for pair in pairwise(path):
                out = compute_out(out, depths[pair])
            yield Route(path, out)


def read_depths(pools: Sequence[PoolInfo]) -> Mapping[Pair, Depth]:
    """The pools by (token in, token out), each seen from both sides."""
    found = {}
    for pool in pools:
        a, b = int(pool.reserve_a), int(pool.reserve_b)
        found[pool.token_a, pool.token_b] = Depth(a, b, pool.fee_bps)
        found[pool.token_b, pool.token_a] = Depth(b, a, pool.fee_bps)
    return found


def check_quote(request: QuoteRequest, answer: QuoteAnswer, pools: Sequence[PoolInfo]) -> None:
    """Raise QuoteUntrue unless the answer is the rule's, for pools of the same block. A quote that says why a swap is
    not possible promises nothing, and passes.
    """
    _compare("the amount", answer.amount_in, request.amount)
    if not answer.is_possible:
        return
    best = max((route.out for route in find_routes(pools, request)), default=0)
    _check_legs(request, answer, read_depths(pools))
    _compare("the output", int(answer.amount_out), best)
    least = max(int(request.min_out) + int(request.fill_fee), 1)
    _compare("whether the output is enough", answer.is_possible, best >= least)
    _compare("whether the destination holds the output", answer.is_possible, int(answer.reserve) >= best)


def _check_legs(request: QuoteRequest, answer: QuoteAnswer, depths: Mapping[Pair, Depth]) -> None:
    """Each leg trades what the one before gave, in a pool as it is published."""
    amount, token = int(request.amount) - int(request.operator_fee), request.token_in
    for leg in answer.legs:
        depth = depths.get((leg.token_in, leg.token_out), Depth(0, 0, 0))
        place = f"of the pool {leg.token_in} to {leg.token_out}"
        _compare("where a trade begins", leg.token_in, token)
        _compare(f"the reserve in {place}", int(leg.reserve_in), depth.reserve_in)
        _compare(f"the reserve out {place}", int(leg.reserve_out), depth.reserve_out)
        _compare(f"the fee {place}", leg.fee_bps, depth.fee_bps)
        _compare(f"the amount in {place}", int(leg.amount_in), amount)
        amount, token = compute_out(amount, depth), leg.token_out
        _compare(f"the amount out {place}", int(leg.amount_out), amount)
    _compare("where the trades end", token, request.token_out)
    _compare("the last trade's output", int(answer.amount_out), amount)
    _compare("the token between", answer.via, answer.legs[0].token_out if len(answer.legs) > 1 else NO_TOKEN)


def _compare(what: str, said: object, computed: object) -> None:
    if said != computed:
        raise QuoteUntrue(what, str(said), str(computed))

"""Routes: a slot that trades twice. Which ones the circuit takes, and what a forger of one would need.

The door and the transition refuse a route that does not have three different tokens; the circuit refuses the same ones.
"""

from collections.abc import Iterator
from itertools import product

import pytest

from tests.circuits import mutants
from tests.circuits.test_forgeries import check_only_the_lack_admits
from tests.support.circuits import TINY, Mutation, open_swap_block
from tests.support.forgery import TIMESTAMP, apply, forge
from tests.support.swaps import request
from tests.support.upholds import upholds
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.primitives.field import R
from zklink.protocol.errors import InadmissibleRequest, WitnessUnsatisfied
from zklink.protocol.ids import NO_TOKEN, Amount, ChainId, TokenId
from zklink.prover.build import PLAIN
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import PoolId, State, order_pair
from zklink.transition.swap import check_request, compute_out
from zklink.transition.swap_block import compute_slot_words
from zklink.witness.signals import Signal
from zklink.witness.swap_block import compute_inputs

A, B = ChainId(1), ChainId(2)
X, Y, Z = TokenId(1), TokenId(2), TokenId(3)
POOLS: dict[PoolId, Pool] = {
    (X, Z): Pool(70_000, 90_000, 1_000, 30, TokenId(2)),
    (Y, Z): Pool(60_000, 50_000, 1_000, 5, TokenId(3)),
}
ALL_PAIRS: tuple[PoolId, ...] = tuple((a, b) for a, b in product(range(4), repeat=2) if a < b)  # type: ignore[misc]


def build_state() -> State:
    """X and Y on chains A and B, and Z with nothing anywhere; pools X-Z and Y-Z."""
    state = State(TINY)
    for token in (X, Y):
        state.set_token(token, TokenRow((40_000, 30_000, 0, 0, 0, 0, 0, 0), 5))
    for pair, pool in POOLS.items():
        state.set_pool(*pair, pool)
    return state


def route(request_id: int = 1, **changes: object) -> SwapRequest:
    """X to Y through Z, with these fields changed."""
    return request(request_id, **({"via": Z} | changes))


def buy(pool: PoolId, token_in: TokenId, dx: int) -> int:
    """What dx buys in one of the two pools as they are at first."""
    token_out = TokenId(sum(pool) - token_in)
    return compute_out(dx, *POOLS[pool].oriented(token_in, token_out), POOLS[pool].fee)


def with_route(token_in: int, via: int, token_out: int) -> dict[str, Signal]:
    """A block with a late request of these tokens, the pools that would serve it, and everything else in order. It is
    refunded whatever its numbers are, so nothing but the route itself can be minded.
    """
    late = request(token_in=TokenId(token_in), token_out=TokenId(token_out), deadline=TIMESTAMP - 1)
    state = build_state()
    words = [list(slot) for slot in compute_slot_words(apply(state, [late], TINY).slots, TINY)]
    words[0][2] = (words[0][2] + (via << 192)) % R
    tokens = [*dict.fromkeys((token_in, token_out, *range(4)))][:3]
    rows = [(TokenId(token), state.token(TokenId(token))) for token in sorted(tokens)]
    legs = [(token_in, via), (via, token_out)] if via else [(token_in, token_out)]
    wanted = [order_pair(TokenId(a), TokenId(b)) for a, b in legs if a != b]
    pairs = [*dict.fromkeys((*(pair for pair in wanted if pair in ALL_PAIRS), *ALL_PAIRS))][:2]
    pools = [(pair, state.pool(*pair)) for pair in sorted(pairs)]
    slices = [(), tuple(words[0]), *[()] * 7]
    inputs = forge(state, [late], TINY, rows=rows, pools=pools, slot_words=words, slices=slices)
    return inputs | {"request[0].via": via}


def is_accepted(inputs: dict[str, Signal]) -> bool:
    try:
        open_swap_block(TINY, PLAIN).compute(inputs)
    except WitnessUnsatisfied:
        return False
    return True


def is_admitted(token_in: int, via: int, token_out: int) -> bool:
    """Whether the transition takes a request with these tokens."""
    try:
        check_request(request(token_in=TokenId(token_in), via=TokenId(via), token_out=TokenId(token_out)), TINY)
    except InadmissibleRequest:
        return False
    return True


@upholds("CIR-10", "CIR-5", "CIR-7", "CIR-8")
@pytest.mark.parametrize("via", range(4))
def test_tokens__all_that_there_are__are_taken_by_circuit_and_transition_alike(via: int) -> None:
    taken = {
        (token_in, token_out): is_admitted(token_in, via, token_out)
        for token_in, token_out in product(range(4), repeat=2)
    }
    assert set(taken.values()) == ({True, False} if via else {True})
    for (token_in, token_out), expected in taken.items():
        assert is_accepted(with_route(token_in, via, token_out)) == expected, (token_in, via, token_out)


@upholds("CIR-1", "CIR-8")
@pytest.mark.parametrize("via", [4, 2**16 - 1, 2**16 + Z, R - 1, R - X])
def test_via__outside_the_tree__is_refused(via: int) -> None:
    assert is_accepted(with_route(X, Z, Y))
    assert not is_accepted(with_route(X, via, Y))


@upholds("CIR-2")
@pytest.mark.parametrize("via", [X, Z, R - 1])
def test_via__of_an_empty_slot__is_refused(via: int) -> None:
    """Also where another field makes up for it, so that the word is zero."""
    inputs = forge(build_state(), [route(1)], TINY)
    assert is_accepted(inputs)
    fee = -via * pow(1 << 16, -1, R) % R
    assert (via * (1 << 192) + fee * (1 << 208)) % R == 0
    assert not is_accepted(inputs | {"request[1].via": via})
    assert not is_accepted(inputs | {"request[1].via": via, "request[1].native_fee": fee})


@upholds("CIR-10", "CIR-9")
def test_pool__of_either_leg_not_loaded__is_refused() -> None:
    state, late = build_state(), route(deadline=TIMESTAMP - 1)
    for pairs in (((X, Y), (X, Z)), ((X, Y), (Y, Z)), ((NO_TOKEN, X), (X, Y)), ((NO_TOKEN, Z), (X, Y))):
        pools = [(pair, state.pool(*pair)) for pair in pairs]
        assert not is_accepted(forge(state, [late], TINY, pools=pools))
    assert is_accepted(forge(state, [late], TINY, pools=[(pair, state.pool(*pair)) for pair in POOLS]))


def pay(swap: SwapRequest, between: int, out: int, into: int | None = None) -> dict[str, Signal]:
    """A block in which a route is paid so, whatever the rule says; `into` is what goes into its second trade."""
    state = build_state()
    assert (swap.token_in, swap.via, swap.token_out) == (X, Z, Y)
    dx, carried = Amount(swap.amount - swap.operator_fee), Amount(between if into is None else into)
    return forge(
        state,
        [swap],
        TINY,
        payouts=[Payout.paid(swap, Amount(out), Amount(between))],
        after={X: state.token(X).add(A, swap.amount, swap.operator_fee), Y: state.token(Y).add(B, -out)},
        after_pools={
            (X, Z): POOLS[X, Z].traded(X, Z, dx, carried),
            (Y, Z): POOLS[Y, Z].traded(Z, Y, carried, Amount(out)),
        },
    )


def test_pay__as_the_rule_says__is_the_honest_block() -> None:
    between = buy((X, Z), X, 990)
    inputs = pay(route(), between, buy((Y, Z), Z, between))
    assert inputs == compute_inputs(apply(build_state(), [route()], TINY))
    assert is_accepted(inputs)


@upholds("CIR-10", "CIR-3")
def test_second_trade__with_more_than_the_first_gave__is_refused() -> None:
    between = buy((X, Z), X, 990)
    inputs = pay(route(), between, buy((Y, Z), Z, 2 * between))
    check_only_the_lack_admits(mutants.CARRY_FREE, inputs, "second.dx")


@upholds("CIR-10", "CIR-3", "CIR-8")
def test_amount_between__published_with_one_unit_more__is_refused() -> None:
    between = buy((X, Z), X, 990)
    inputs = pay(route(), between + 1, buy((Y, Z), Z, between), into=between)
    check_only_the_lack_admits(mutants.BETWEEN_FREE, inputs, ".between")


@upholds("CIR-4")
@pytest.mark.parametrize("amount", [1_010, 1_011])
def test_floor__of_either_trade_one_unit_off__is_refused(amount: int) -> None:
    def bent(pool: PoolId, token_in: TokenId, dx: int) -> int:
        return buy(pool, token_in, dx) + (-1 if dx % 2 else 1)

    between = bent((X, Z), X, amount - 10)
    inputs = pay(route(amount=Amount(amount)), between, bent((Y, Z), Z, between))
    check_only_the_lack_admits(mutants.FLOOR_FREE, inputs, "ConstantProduct#0.RangeCheck")


@upholds("CIR-10", "CIR-9")
def test_pool__of_the_second_trade_left_out_to_force_a_refund__is_refused() -> None:
    state, swap = build_state(), route()
    assert apply(state, [swap], TINY).outcomes[0].is_paid
    rows = [(token, state.token(token)) for token in (X, Y, Z)]
    pools = [(pair, state.pool(*pair)) for pair in ((X, Y), (X, Z))]
    inputs = forge(state, [swap], TINY, payouts=[Payout.refunded(swap)], rows=rows, pools=pools)
    check_only_the_lack_admits(mutants.POOL_OPTIONAL, inputs, "SelectPair#0.selected", "second.selected")


LACKS = [
    (mutants.CIRCLE_ALLOWED, (X, Z, X), "is_circle"),
    (mutants.ROUTE_FROM_ITSELF, (X, X, Z), "first.same"),
    (mutants.ROUTE_TO_ITSELF, (X, Z, Z), "second.same"),
]


@upholds("CIR-10", "CIR-7", "CIR-8")
@pytest.mark.parametrize(("mutation", "tokens", "place"), LACKS)
def test_route__through_fewer_than_three_tokens__is_refused_by_one_row(
    mutation: Mutation, tokens: tuple[int, int, int], place: str
) -> None:
    check_only_the_lack_admits(mutation, with_route(*tokens), place)


def blocks() -> Iterator[list[SwapRequest]]:
    """Routes paid and refunded, in both directions; between them a change of any rule shows."""
    yield [route(1), route(2, token_in=Y, token_out=X, source=B, destination=A)]
    yield [route(1, min_out=Amount(1_400)), route(2, token_in=X, token_out=Z, via=NO_TOKEN)]


@upholds("CIR-10", "CIR-3", "CIR-8")
@pytest.mark.parametrize("mutation", mutants.ROUTE_RULES_CHANGED, ids=lambda mutation: mutation.name)
def test_circuit__with_another_rule__disagrees_with_the_transition(mutation: Mutation) -> None:
    honest, mutant = open_swap_block(TINY, PLAIN), open_swap_block(TINY, PLAIN, mutation)
    refused = []
    for requests in blocks():
        inputs = compute_inputs(apply(build_state(), requests, TINY))
        assert honest.compute(inputs)
        try:
            mutant.compute(inputs)
        except WitnessUnsatisfied:
            refused.append(requests)
    assert refused

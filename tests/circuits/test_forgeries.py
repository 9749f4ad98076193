"""Forgeries that one missing constraint would let through: each passes the mutant without it and fails the circuit.

The same values, signal by signal, are put to both constraint systems. In the real one the violated rows must be those
that the mutant lacks and no others: so nothing else stood in the way, and the constraint is what refuses.
"""

from itertools import chain

import pytest

from tests.circuits import mutants
from tests.support.circuits import TINY, Mutation, open_swap_block
from tests.support.forgery import TIMESTAMP, apply, draw_challenges, forge, publish
from tests.support.swaps import SENDER, request
from tests.support.upholds import upholds
from zklink.operations.payout import Payout
from zklink.primitives.field import R
from zklink.protocol.commitment import (
    aggregate,
    challenge,
    compute_block_commitment,
    compute_block_hash,
    compute_commitment,
    evaluate_header,
)
from zklink.protocol.errors import WitnessUnsatisfied
from zklink.protocol.ids import Amount, ChainId, TokenId
from zklink.protocol.slices import compute_slice_hash, evaluate
from zklink.prover.build import PLAIN
from zklink.prover.witness_calculator import CircuitInputs
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import State
from zklink.transition.swap import compute_out
from zklink.transition.swap_block import SwapBlock, compute_slices, compute_slot_words
from zklink.witness.signals import Signals
from zklink.witness.swap_block import compute_inputs

A, B, C, D = (ChainId(k) for k in range(1, 5))
X, Y = TokenId(1), TokenId(2)
SHARES = TokenId(3)
POOL = Pool(70_000, 90_000, 1_000, 30, SHARES)


def build_state() -> State:
    """X and Y with reserves on chains A and B, and a pool."""
    state = State(TINY)
    state.set_token(X, TokenRow((40_000, 30_000, 0, 0, 0, 0, 0, 0), 0))
    state.set_token(Y, TokenRow((50_000, 40_000, 0, 0, 0, 0, 0, 0), 0))
    state.set_pool(X, Y, POOL)
    return state


def check_only_the_lack_admits(mutation: Mutation, inputs: CircuitInputs, *places: str) -> None:
    """The forgery is a witness of the mutant. In the real circuit it breaks rows, all of them in these places."""
    mutant, real = (open_swap_block(TINY, PLAIN, lack) for lack in (mutation, None))
    values = mutant.compute(inputs)
    assert mutant.checker.find_violations(values) == []
    named = mutant.name(values)
    violated = real.checker.find_violations(real.arrange(named))
    assert violated, f"{mutation.name}: the real circuit accepts the forgery"
    for row in violated:
        signals = real.signals_of([row])
        assert any(place in signal for place in places for signal in signals), f"also violated: {sorted(signals)}"
    with pytest.raises(WitnessUnsatisfied):
        real.compute(inputs)


def out_of(dx: int) -> int:
    """What dx of X buys first."""
    return compute_out(dx, POOL.reserve_lower, POOL.reserve_higher, POOL.fee)


@upholds("CIR-4")
@pytest.mark.parametrize(("amount", "bonus"), [(1_010, 1), (1_011, -1)])
def test_floor__one_unit_off__is_refused(amount: int, bonus: int) -> None:
    state, swap = build_state(), request(amount=Amount(amount))
    out = Amount(out_of(amount - 10) + bonus)
    row_x, row_y = state.token(X), state.token(Y)
    inputs = forge(
        state,
        [swap],
        TINY,
        payouts=[Payout.paid(swap, out)],
        after={X: row_x.add(A, amount, 10), Y: row_y.add(B, -out)},
        after_pools={(X, Y): POOL.traded(X, Y, amount - 10, out)},
    )
    check_only_the_lack_admits(mutants.FLOOR_FREE, inputs, "ConstantProduct#0.RangeCheck")


@upholds("CIR-3")
def test_outcome__refund_although_payable__is_refused() -> None:
    state = build_state()
    swaps = [request(1), request(2)]
    assert all(outcome.is_paid for outcome in apply(state, swaps, TINY).outcomes)
    before = {token: state.token(token) for token in (X, Y)}
    inputs = forge(state, swaps, TINY, payouts=[*map(Payout.refunded, swaps)], after=before, after_pools={(X, Y): POOL})
    check_only_the_lack_admits(mutants.OUTCOME_FREE, inputs, "SwapOutcome#0.paid")


@upholds("CIR-3")
def test_outcome__payment_although_late__is_refused() -> None:
    state = build_state()
    late = request(1, deadline=TIMESTAMP - 1)
    second = request(2, min_out=Amount(80_000))
    assert not any(outcome.is_paid for outcome in apply(state, [late, second], TINY).outcomes)
    first_out = Amount(out_of(990))
    pool = POOL.traded(X, Y, 990, first_out)
    second_out = Amount(compute_out(990, pool.reserve_lower, pool.reserve_higher, pool.fee))
    inputs = forge(
        state,
        [late, second],
        TINY,
        payouts=[Payout.paid(late, first_out), Payout.paid(second, second_out)],
        after={
            X: state.token(X).add(A, 2_000, 20),
            Y: state.token(Y).add(B, -first_out - second_out),
        },
        after_pools={(X, Y): pool.traded(X, Y, 990, second_out)},
    )
    check_only_the_lack_admits(mutants.OUTCOME_FREE, inputs, "SwapOutcome#0.paid")


def paid_and_refunded() -> SwapBlock:
    """Slot 0 is paid on B, slot 1 refunded on A: chain A's slice holds two requests and a payout."""
    block = apply(build_state(), [request(1), request(2, deadline=TIMESTAMP - 1)], TINY)
    assert [outcome.is_paid for outcome in block.outcomes] == [True, False]
    return block


def double_the_refund(block: SwapBlock) -> list[tuple[int, ...]]:
    """The slices with A's as the forger shows it to chain A: its payout has twice the amount."""
    slices = list(block.slices)
    words = list(slices[A])
    words[-3] += block.slots[1][1].amount
    slices[A] = tuple(words)
    return slices


@upholds("VER-8")
def test_own_slice__forged_with_an_unabsorbed_word__is_refused() -> None:
    block = paid_and_refunded()
    forged = double_the_refund(block)
    absorbed = [(*words[:4], 0, *words[5:]) for words in compute_slot_words(block.slots, TINY)]
    commitment = compute_commitment(block.header, chain.from_iterable(absorbed))
    public = draw_challenges(block.header, commitment, forged)

    # After z is known, the free word makes up for the difference.
    z, words = public.z, list(block.slices[A])
    weight = pow(z, len(words) - 1 - 4, R)
    free = (words[4] + (evaluate(forged[A], z) - evaluate(words, z)) * pow(weight, -1, R)) % R
    words[4] = free
    assert evaluate(words, z) == evaluate(forged[A], z)

    refunds: Signals = {"request[0].refund_to.lo": free, "request[1].refund_to.lo": int.from_bytes(SENDER[1:], "big")}
    inputs = forge(build_state(), [slot[0] for slot in block.slots], TINY) | publish(public)
    check_only_the_lack_admits(mutants.REFUND_TO_UNABSORBED, inputs | refunds, "slices.words[")


@upholds("VER-8")
def test_own_slice__forged_with_a_free_claim__is_refused() -> None:
    block = paid_and_refunded()
    forged = double_the_refund(block)
    commitment = block.commitment
    block_hash = compute_block_hash(block.header, commitment, [compute_slice_hash(words) for words in forged])
    z = challenge(block_hash)
    header_value = evaluate_header(block.header, z)

    # What chain A computes for its own forged slice, and the claim about B that cancels the difference.
    values = [evaluate(words, z) for words in forged]
    values[B] = (values[B] - values[A] + evaluate(block.slices[A], z)) % R
    lambda_ = challenge(compute_block_commitment(block_hash, header_value, values))
    inputs = forge(build_state(), [slot[0] for slot in block.slots], TINY)
    inputs |= {"commitment": commitment, "z": z, "lambda": lambda_}
    inputs["y"] = (header_value + sum(values)) % R
    check_only_the_lack_admits(mutants.PLAIN_SUM, inputs, "Aggregate#0.")
    inputs["y"] = aggregate(header_value, values, lambda_)
    with pytest.raises(WitnessUnsatisfied):
        open_swap_block(TINY, PLAIN).compute(inputs)


@upholds("CIR-9")
def test_row__loaded_twice_to_spend_a_later_deposit__is_refused() -> None:
    state = build_state()
    state.set_token(X, TokenRow((1_000, 0, 0, 0, 0, 0, 0, 0), 0))
    early = request(1, token_out=X, amount=Amount(410), min_out=Amount(1))
    later = request(2, source=B, destination=A, token_out=X, amount=Amount(510))
    honest = apply(state, [early, later], TINY)
    assert [outcome.is_paid for outcome in honest.outcomes] == [False, True]

    deposited = state.token(X).add(B, 510, 10).add(A, -500)
    spent = deposited.add(A, 410, 10).add(B, -400)
    payouts = [Payout.paid(early, Amount(400)), Payout.paid(later, Amount(500))]
    rows = [(X, deposited), (X, spent), (Y, state.token(Y))]
    inputs = forge(state, [early, later], TINY, payouts=payouts, rows=rows)
    check_only_the_lack_admits(mutants.ROWS_UNORDERED, inputs, "TokenRows#0.RangeCheck")


@upholds("CIR-2")
def test_empty_slot__with_words__is_refused() -> None:
    state, swap = build_state(), request()
    slots = apply(state, [swap], TINY).slots
    # An amount and a refund address in the empty slot read as a payout record without a kind.
    words = [*compute_slot_words(slots, TINY)[:1], (1, 0, 0, 0, 5, 1, 5, 0)]
    inputs = forge(state, [swap], TINY, slot_words=words)
    assert (inputs["request[0].used"], inputs["request[1].used"]) == (1, 0)
    inputs |= {"request[1].amount": 1, "request[1].refund_to.lo": 5}
    check_only_the_lack_admits(mutants.EMPTY_SLOT_FREE, inputs, "SwapRequestWords#0.words")


@upholds("CIR-9")
def test_slot__on_two_chains_at_once__is_refused() -> None:
    state = build_state()
    swap = request(source=C, destination=D, deadline=TIMESTAMP - 1)
    paid = request(source=C, destination=B)
    for attempt, is_paid in ((swap, False), (paid, True)):
        honest = apply(state, [attempt], TINY)
        assert honest.outcomes[0].is_paid == is_paid
        payout = honest.slots[0][1]
        # The request appears on A and on B, and when paid its amount is credited on both.
        words, record = attempt.words(), payout.words()
        slices = [*compute_slices(honest.slots)]
        slices[C] = ()
        slices[A] = words if is_paid else (*words, *record)
        slices[B] = (*words, *record)
        rows = {row.token_id: row.after for row in honest.opening.tokens}
        if is_paid:
            rows[X] = state.token(X).add(A, attempt.amount, attempt.operator_fee).add(B, attempt.amount)
        inputs = forge(state, [attempt], TINY, after=rows, slices=slices)
        check_only_the_lack_admits(mutants.CHAINS_UNCOUNTED, inputs, "is_source", "SelectConstant")


@upholds("CIR-9")
def test_pool__left_out_to_force_a_refund__is_refused() -> None:
    state, swap = build_state(), request()
    assert apply(state, [swap], TINY).outcomes[0].is_paid
    before = {token: state.token(token) for token in (X, Y)}
    payout = Payout.refunded(swap)
    inputs = forge(state, [swap], TINY, payouts=[payout], after=before, after_pools={(X, Y): POOL})
    others = apply(state, [request(token_out=TokenId(3))], TINY).opening.pools
    assert {(pool.lower, pool.higher) for pool in others} == {(0, 1), (1, 3)}
    pools = forge(state, [request(token_out=TokenId(3))], TINY, after=before)
    inputs |= {name: signal for name, signal in pools.items() if name.startswith(("pool", "pair["))}
    check_only_the_lack_admits(mutants.POOL_OPTIONAL, inputs, "SelectPair#0.selected", "first.selected")


def test_forger__with_nothing_to_forge__makes_the_honest_block() -> None:
    """The forger's own arithmetic is right, so a refusal means the rule and not a slip."""
    state, swaps = build_state(), [request(1), request(2, source=B, destination=A, token_in=Y, token_out=X)]
    inputs = forge(state, swaps, TINY)
    assert inputs == compute_inputs(apply(state, swaps, TINY))
    assert open_swap_block(TINY, PLAIN).compute(inputs)

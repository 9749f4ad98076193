"""What the circuit refuses although everything else fits: roots, commitment and challenges are the forger's own.

Each refusal stands beside the nearest block that is accepted, so that it is the rule and not the set-up that refuses.
"""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.support.circuits import TINY, open_swap_block
from tests.support.forgery import DOMAIN, NUMBER, TIMESTAMP, apply, draw_challenges, forge, publish
from tests.support.swaps import request
from tests.support.upholds import upholds
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.primitives.field import R
from zklink.primitives.poseidon import poseidon
from zklink.protocol.commitment import PublicInputs, aggregate, challenge, pack_counts
from zklink.protocol.errors import WitnessUnsatisfied
from zklink.protocol.ids import Amount, TokenId
from zklink.protocol.slices import evaluate
from zklink.prover.build import PLAIN
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import State
from zklink.transition.swap_block import compute_slot_words
from zklink.witness.signals import Signal

X, Y, Z = TokenId(1), TokenId(2), TokenId(3)
SHARES = TokenId(3)
POOL = Pool(70_000, 90_000, 1_000, 30, SHARES)
LIMIT = 2**112


def build_state(pool: Pool = POOL) -> State:
    state = State(TINY)
    state.set_token(X, TokenRow((40_000, 30_000, 0, 0, 0, 0, 0, 0), 0))
    state.set_token(Y, TokenRow((50_000, 40_000, 0, 0, 0, 0, 0, 0), 0))
    state.set_pool(X, Y, pool)
    return state


def is_accepted(inputs: dict[str, Signal]) -> bool:
    try:
        open_swap_block(TINY, PLAIN).compute(inputs)
    except WitnessUnsatisfied:
        return False
    return True


def refuse(inputs: dict[str, Signal]) -> str:
    """The refusal's message, which names the templates."""
    with pytest.raises(WitnessUnsatisfied) as refusal:
        open_swap_block(TINY, PLAIN).compute(inputs)
    return refusal.value.message


# A late request is refunded whatever its numbers are, so nothing but the field's own check can mind them.
REFUNDED = request(deadline=TIMESTAMP - 1)
# A transfer needs one row and no pool, so the rest of what is loaded is the forger's to choose.
TRANSFER = request(token_out=X, deadline=TIMESTAMP - 1)
FIELDS: dict[str, tuple[int, int]] = {
    # field: (the largest value, bits below it in its word or 0 if it is no plain field)
    "request_id": (2**64 - 1, 160),
    "amount": (LIMIT - 1, 0),
    "min_out": (LIMIT - 1, 128),
    "operator_fee": (REFUNDED.amount - 1, 16),
    "fill_fee": (LIMIT - 1, 80),
    "queued_at": (2**40 - 1, 0),
    "recipient.hi": (255, 8),
    "refund_to.hi": (255, 0),
    "native_fee": (2**40 - 1, 208),
}
WORD_OF = {"request_id": 0, "amount": 0, "fill_fee": 2, "queued_at": 2, "native_fee": 2}


def with_field(field: str, value: int) -> dict[str, Signal]:
    """A block whose one request has this value, with words and challenges that fit: words are plain sums."""
    state = build_state()
    honest = apply(state, [REFUNDED], TINY)
    words = [list(slot) for slot in compute_slot_words(honest.slots, TINY)]
    signal = f"request[0].{field}"
    old = forge(state, [REFUNDED], TINY)[signal]
    assert isinstance(old, int)
    change = (value - old) % R
    words[0][WORD_OF.get(field, 1)] += change << FIELDS[field][1]
    if field in ("request_id", "amount"):
        words[0][5] += change << FIELDS[field][1]
    if field == "refund_to.hi":
        words[0][7] += change << 112
    words[0] = [word % R for word in words[0]]
    slices = [(), tuple(words[0]), *[()] * 7]
    inputs = forge(state, [REFUNDED], TINY, slot_words=words, slices=slices)
    return inputs | {signal: value}


@upholds("CIR-1", "CIR-4", "DAT-2")
@pytest.mark.parametrize("field", FIELDS)
def test_field__one_above_its_range__is_refused(field: str) -> None:
    largest = FIELDS[field][0]
    assert is_accepted(with_field(field, largest))
    assert "RangeCheck" in refuse(with_field(field, largest + 1))


@upholds("CIR-4")
@pytest.mark.parametrize("fee", [R - 1, R - LIMIT])
def test_operator_fee__negative__is_refused(fee: int) -> None:
    assert "RangeCheck" in refuse(with_field("operator_fee", fee))


@upholds("CIR-9")
@pytest.mark.parametrize(("field", "shift"), [("source", 232), ("destination", 224)])
@pytest.mark.parametrize("chain", [0, 9, 255])
def test_chain__outside_1_to_8__is_refused(field: str, shift: int, chain: int) -> None:
    state = build_state()
    honest = apply(state, [REFUNDED], TINY)
    words = [list(slot) for slot in compute_slot_words(honest.slots, TINY)]
    words[0][0] += (chain - (1 if field == "source" else 2)) << shift
    slices = [(), tuple(words[0]), *[()] * 7]
    inputs = forge(state, [REFUNDED], TINY, slot_words=words, slices=slices)
    assert "SelectConstant" in refuse(inputs | {f"request[0].{field}": chain})


@upholds("CIR-2")
@pytest.mark.parametrize("used", [0, 2, R - 1])
def test_used__not_one_for_a_request__is_refused(used: int) -> None:
    inputs = forge(build_state(), [REFUNDED], TINY)
    assert is_accepted(inputs)
    refuse(inputs | {"request[0].used": used})


@upholds("CIR-9")
def test_row__not_loaded__is_refused() -> None:
    state, swap = build_state(), REFUNDED
    for tokens in ((TokenId(0), X, Z), (TokenId(0), Y, Z)):
        rows = [(token, state.token(token)) for token in tokens]
        assert "SelectLoaded" in refuse(forge(state, [swap], TINY, rows=rows))
    assert is_accepted(forge(state, [swap], TINY, rows=[(token, state.token(token)) for token in (X, Y, Z)]))


@upholds("CIR-9")
@pytest.mark.parametrize("order", [(Y, X, Z), (X, Z, Y), (X, Y, Y), (X, Z, Z)])
def test_rows__not_strictly_increasing__are_refused(order: Sequence[TokenId]) -> None:
    state = build_state()
    in_order = forge(state, [TRANSFER], TINY, rows=[(token, state.token(token)) for token in (X, Y, Z)])
    assert is_accepted(in_order)
    inputs = forge(state, [TRANSFER], TINY, rows=[(token, state.token(token)) for token in order])
    assert "RangeCheck" in refuse(inputs) and "TokenRows" in refuse(inputs)


@upholds("CIR-9")
@pytest.mark.parametrize("alias", [4, 6])
def test_row__outside_the_tree__is_refused(alias: int) -> None:
    """An index above the tree has a row's path in its low digits."""
    state = build_state()
    inputs = forge(state, [TRANSFER], TINY, rows=[(token, state.token(token)) for token in (TokenId(0), X, Y)])
    assert is_accepted(inputs)
    assert "Num2Bits" in refuse(inputs | {"row_id": [0, 1, alias]})


@upholds("CIR-9")
def test_pools__in_the_wrong_order__are_refused() -> None:
    """The other order, one pool twice, and a pair with its higher token first."""
    inputs = forge(build_state(), [TRANSFER], TINY)
    assert is_accepted(inputs)
    first, second = (
        {name: signal for name, signal in inputs.items() if name.startswith((f"pair[{place}]", f"pool[{place}]"))}
        for place in (0, 1)
    )
    first_as_second = {name.replace("[0]", "[1]", 1): signal for name, signal in first.items()}
    second_as_first = {name.replace("[1]", "[0]", 1): signal for name, signal in second.items()}
    reversed_pools = first_as_second | second_as_first
    doubled = first | first_as_second
    mirrored = {
        f"pair[{place}].{side}": inputs[f"pair[{place}].{other}"]
        for place in (0, 1)
        for side, other in (("lower", "higher"), ("higher", "lower"))
    }
    for change in (reversed_pools, doubled, mirrored):
        assert "RangeCheck" in refuse(inputs | change) and "PoolRows" in refuse(inputs | change)


@upholds("CIR-4")
@pytest.mark.parametrize("fee", [10_000, 16_383, R - 1])
def test_pool_fee__not_below_the_denominator__is_refused(fee: int) -> None:
    def block(pool: Pool) -> dict[str, Signal]:
        genesis = build_state()
        genesis._pools[TokenId(0), X] = pool  # past the state's own check, as a broken state would be
        return forge(build_state(), [TRANSFER], TINY, after_pools={(TokenId(0), X): pool}, opened_from=genesis)

    assert is_accepted(block(replace(POOL, fee=9_999)))
    assert "RangeCheck" in refuse(block(replace(POOL, fee=fee)))


@upholds("CIR-4")
@pytest.mark.parametrize("excess", [0, 1])
def test_write_back__reserve_at_2_to_the_112__is_refused(excess: int) -> None:
    """A deposit that fills a reserve to the last unit is fine; one unit more is not."""
    state = build_state()
    state.set_token(X, replace(state.token(X), reserves=(LIMIT - 1_000 - 1 + excess, *state.token(X).reserves[1:])))
    swap = request()
    row_x, row_y = state.token(X), state.token(Y)
    out = POOL.reserve_higher * 990 * 9_970 // (POOL.reserve_lower * 10_000 + 990 * 9_970)
    assert apply(build_state(), [swap], TINY).outcomes[0].out == out
    payout = Payout.paid(swap, Amount(out))
    inputs = _forge_paid(state, swap, payout, row_x.add(swap.source, 1_000, 10), row_y.add(swap.destination, -out))
    if excess:
        assert "TokenRows" in refuse(inputs)
    else:
        assert is_accepted(inputs)


def _forge_paid(state: State, swap: SwapRequest, payout: Payout, row_x: TokenRow, row_y: TokenRow) -> dict[str, Signal]:
    """A paid swap with these rows after it, on a state that the transition itself would refuse to write."""
    slots = apply(build_state(), [swap], TINY).slots
    pool = POOL.traded(X, Y, swap.amount - swap.operator_fee, payout.amount)
    late = replace(swap, deadline=TIMESTAMP - 1)
    rows = [(X, row_x), (Y, row_y), (Z, state.token(Z))]
    words = compute_slot_words(slots, TINY)
    slices = [(), words[0][:5], words[0][5:], *[()] * 6]
    inputs = forge(state, [late], TINY, rows=rows, after_pools={(X, Y): pool}, slot_words=words, slices=slices)
    return inputs | {"request[0].deadline": swap.deadline}


@upholds("CIR-4")
@pytest.mark.parametrize(("number", "timestamp"), [(2**64, TIMESTAMP), (NUMBER, 2**40), (NUMBER, R - 1)])
def test_header__number_or_timestamp_too_wide__is_refused(number: int, timestamp: int) -> None:
    def block(number: int, timestamp: int) -> dict[str, Signal]:
        """An empty block with this header; its words are only h0..h4."""
        state = build_state()
        inputs = forge(state, [], TINY)
        old_root, new_root = inputs["old_root"], inputs["new_root"]
        assert isinstance(old_root, int) and isinstance(new_root, int)
        header = [DOMAIN, ((number << 40) + timestamp) % R, pack_counts([0] * 9), old_root, new_root]
        commitment = poseidon([0, *header, *[0] * 10])
        commitment = poseidon([commitment, *[0] * 15])
        z, lambda_ = challenge(b"z" * 32), challenge(b"l" * 32)
        y = aggregate(evaluate(header, z), [0] * 9, lambda_)
        return inputs | publish(PublicInputs(commitment, z, lambda_, y)) | {"number": number, "timestamp": timestamp}

    assert is_accepted(block(2**64 - 1, 2**40 - 1))
    assert "RangeCheck" in refuse(block(number, timestamp))


@upholds("CIR-9")
def test_rows__that_do_not_exist__cannot_be_claimed() -> None:
    """The path of an absent row opens the empty leaf and nothing else. The request is late: nothing depends on it."""
    inputs = forge(build_state(), [request(token_out=Z, deadline=TIMESTAMP - 1)], TINY)
    pairs = [(inputs[f"pair[{place}].lower"], inputs[f"pair[{place}].higher"]) for place in (0, 1)]
    assert pairs == [(0, 1), (1, 3)]
    assert is_accepted(inputs)
    claims = {"pool[1].leaf.reserve_lower": 70_000, "pool[0].leaf.supply": 1, "pool[1].leaf.fee": 30}
    for name, claim in claims.items():
        assert "PoolRows" in refuse(inputs | {name: claim})
    assert "TokenRows" in refuse(inputs | {"row[2].leaf.fees": 1})


@upholds("VER-8", "VER-6")
def test_challenges__of_another_header__are_refused() -> None:
    """y at the challenges of one header says nothing about another: number, time, domain, counts, roots."""
    state = build_state()
    block = apply(state, [request()], TINY)
    inputs = forge(state, [request()], TINY)
    changes: list[dict[str, object]] = [
        {"number": NUMBER + 1},
        {"timestamp": TIMESTAMP + 1},
        {"domain": DOMAIN + 1},
        {"counts": (0, 5, 3, 1, 0, 0, 0, 0, 0)},
        {"old_root": block.header.old_root + 1},
        {"new_root": block.header.new_root + 1},
    ]
    assert is_accepted(inputs)
    for change in changes:
        other = replace(block.header, **change)  # type: ignore[arg-type]
        refuse(inputs | publish(draw_challenges(other, block.commitment, block.slices)))

"""The circuit and the transition are two readings of one rule: same outcome, same output, same public inputs."""

from collections import defaultdict

import pytest
from hypothesis import Phase, given
from hypothesis import strategies as st

from tests.circuits.strategies import MAX_AMOUNT, BlockCase, block_cases
from tests.support.circuits import open_swap_block
from tests.support.forgery import TIMESTAMP, apply, forge
from tests.support.swaps import request
from tests.support.tries import at_least, tries
from tests.support.upholds import upholds
from zklink.operations.swap import SwapRequest
from zklink.primitives.field import R
from zklink.protocol.errors import WitnessUnsatisfied
from zklink.protocol.ids import CUSTODY_LIMIT, ChainId, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.protocol.words import SWAP_SLOT_WORDS
from zklink.state.rows import EMPTY_POOL, Pool, TokenRow
from zklink.state.state import State
from zklink.transition.swap import RefundReason, Registers, apply_swap, compute_out
from zklink.transition.swap_block import SwapBlock, apply_block, compute_slot_words
from zklink.witness.signals import qualify_all
from zklink.witness.swap_block import Signal, compute_inputs

X, Y, W, Z = TokenId(1), TokenId(5), TokenId(9), TokenId(15)
SECOND = Pool(10**9, 10**13, 10**9, 5, TokenId(MINIMAL.lp_base + 1))


def check_agreement(block: SwapBlock) -> None:
    """The witness exists, satisfies every row, and says what the transition says."""
    circuit = open_swap_block(MINIMAL)
    values = circuit.compute(compute_inputs(block))
    assert circuit.checker.find_violations(values) == []
    assert tuple(values[1:5]) == block.inputs.as_tuple()
    wires = circuit.symbols.wires
    for i in range(MINIMAL.slots):
        names = ("paid", "out", "between")
        paid, out, between = (values[wires[f"main.slot[{i}].{name}"]] for name in names)
        if i < len(block.outcomes):
            outcome = block.outcomes[i]
            assert (bool(paid), out, between) == (outcome.is_paid, outcome.out, outcome.between)
        else:
            assert (paid, out, between) == (0, 0, 0)


def build_state(x: int = 10**12, y: int = 10**12, reserve: int = 10**12, fee: int = 30) -> State:
    """X and Y with a pool, Z without; every chain holds `reserve` of each."""
    state = State(MINIMAL)
    for token in (X, Y, Z):
        state.set_token(token, TokenRow((reserve,) * 8, 7))
    state.set_pool(X, Y, Pool(x, y, 10**9, fee, MINIMAL.lp_base))
    return state


def build_routes(second: Pool = SECOND, x: int = 10**12, y: int = 10**12, reserve: int = 10**12) -> State:
    """X and Y with a pool as above, and a second one of Y and W, of which every chain holds `reserve`."""
    state = build_state(x, y)
    state.set_token(W, TokenRow((reserve,) * 8, 7))
    state.set_pool(Y, W, second)
    return state


def swap(request_id: int = 1, **changes: object) -> SwapRequest:
    return request(request_id, **({"token_in": X, "token_out": Y} | changes))


def route(request_id: int = 1, **changes: object) -> SwapRequest:
    """X for Y, and that for W."""
    return swap(request_id, **({"via": Y, "token_out": W} | changes))


OUT = compute_out(990, 10**12, 10**12, 30)
ROUTED = compute_out(OUT, 10**9, 10**13, 5)

CASES: dict[str, tuple[State, list[SwapRequest], list[RefundReason | None]]] = {
    "no request": (build_state(), [], []),
    "paid": (build_state(), [swap()], [None]),
    "paid at the deadline": (build_state(), [swap(deadline=TIMESTAMP)], [None]),
    "late": (build_state(), [swap(deadline=TIMESTAMP - 1)], [RefundReason.DEADLINE_PASSED]),
    "exactly the minimum": (build_state(), [swap(min_out=OUT - 2)], [None]),
    "one below the minimum": (build_state(), [swap(min_out=OUT - 1)], [RefundReason.BELOW_MINIMUM]),
    "all for the filler": (build_state(), [swap(min_out=0, fill_fee=OUT)], [None]),
    "no minimum that fits": (
        build_state(),
        [swap(min_out=MAX_AMOUNT, fill_fee=MAX_AMOUNT)],
        [RefundReason.BELOW_MINIMUM],
    ),
    "exactly the reserve": (build_state(reserve=OUT), [swap()], [None]),
    "one above the reserve": (build_state(reserve=OUT - 1), [swap()], [RefundReason.RESERVE_TOO_SMALL]),
    "no pool": (build_state(), [swap(token_out=Z)], [RefundReason.NO_POOL]),
    "nothing out": (build_state(y=1), [swap(min_out=0, fill_fee=0)], [RefundReason.NO_OUTPUT]),
    "one unit in": (build_state(), [swap(amount=1, operator_fee=0, min_out=0, fill_fee=0)], [RefundReason.NO_OUTPUT]),
    "transfer": (build_state(), [swap(token_out=X)], [None]),
    "transfer of the whole reserve": (build_state(reserve=990), [swap(token_out=X)], [None]),
    "transfer beyond the reserve": (build_state(reserve=989), [swap(token_out=X)], [RefundReason.RESERVE_TOO_SMALL]),
    "transfer to the same chain": (build_state(), [swap(token_out=X, destination=ChainId(1))], [None]),
    "swap on one chain": (build_state(), [swap(destination=ChainId(1))], [None]),
    "all of it in fees but one": (
        build_state(y=10**15),
        [swap(amount=10**6, operator_fee=10**6 - 1)],
        [None],
    ),
    "one pool, both ways, four times": (
        build_state(),
        [swap(1), swap(2, token_in=Y, token_out=X), swap(3, amount=10**11), swap(4, source=ChainId(8))],
        [None] * 4,
    ),
    "paid out of what came in before": (
        build_state(reserve=OUT),
        [swap(1), swap(2, source=ChainId(3), destination=ChainId(1), token_out=X, amount=OUT + 900)],
        [None, None],
    ),
    "not paid out of what comes in later": (
        build_state(reserve=OUT),
        [swap(1, source=ChainId(3), destination=ChainId(1), token_out=X, amount=OUT + 900), swap(2)],
        [RefundReason.RESERVE_TOO_SMALL, None],
    ),
    "the largest of everything": (
        build_state(CUSTODY_LIMIT, CUSTODY_LIMIT, CUSTODY_LIMIT, 0),
        [swap(i, amount=CUSTODY_LIMIT, operator_fee=0, min_out=0, fill_fee=0) for i in range(1, 5)],
        [None] * 4,
    ),
    "a steep pool": (build_state(1, CUSTODY_LIMIT, CUSTODY_LIMIT, 9_999), [swap()], [None]),
    "a pool that gives nearly all": (
        build_state(1, CUSTODY_LIMIT, CUSTODY_LIMIT, 0),
        [swap(amount=CUSTODY_LIMIT, operator_fee=0)],
        [None],
    ),
    "the pool keeps nearly all": (
        build_state(10**6, 10**6, fee=9_999),
        [swap(amount=10**6, operator_fee=0, min_out=0, fill_fee=0)],
        [None],
    ),
    "route": (build_routes(), [route()], [None]),
    "route back": (build_routes(), [route(token_in=W, token_out=X, amount=10**9)], [None]),
    "route on one chain": (build_routes(), [route(destination=ChainId(1))], [None]),
    "late route": (build_routes(), [route(deadline=TIMESTAMP - 1)], [RefundReason.DEADLINE_PASSED]),
    "route with exactly the minimum": (build_routes(), [route(min_out=ROUTED - 2)], [None]),
    "route one below the minimum": (build_routes(), [route(min_out=ROUTED - 1)], [RefundReason.BELOW_MINIMUM]),
    "route to exactly the reserve": (build_routes(reserve=ROUTED), [route()], [None]),
    "route one above the reserve": (build_routes(reserve=ROUTED - 1), [route()], [RefundReason.RESERVE_TOO_SMALL]),
    "route without its first pool": (build_routes(), [route(token_in=Z)], [RefundReason.NO_POOL]),
    "route without its second pool": (build_routes(), [route(token_out=Z)], [RefundReason.NO_POOL]),
    "route whose first trade gives nothing": (build_routes(y=1), [route()], [RefundReason.NO_OUTPUT]),
    "route whose second trade gives nothing": (
        build_routes(Pool(10**13, 1, 1, 0, TokenId(MINIMAL.lp_base + 1))),
        [route()],
        [RefundReason.NO_OUTPUT],
    ),
    "routes and swaps through the same pools": (
        build_routes(),
        [route(1), swap(2, amount=10**11), route(3, token_in=W, token_out=X, amount=10**9), route(4)],
        [None] * 4,
    ),
    "the largest routes": (
        build_routes(
            Pool(CUSTODY_LIMIT, CUSTODY_LIMIT, 1, 0, TokenId(MINIMAL.lp_base + 1)),
            CUSTODY_LIMIT,
            CUSTODY_LIMIT,
            CUSTODY_LIMIT,
        ),
        [route(i, amount=CUSTODY_LIMIT, operator_fee=0, min_out=0, fill_fee=0) for i in range(1, 5)],
        [None] * 4,
    ),
    "a route through the steepest pools": (
        build_routes(Pool(1, CUSTODY_LIMIT, 1, 0, TokenId(MINIMAL.lp_base + 1)), 1, CUSTODY_LIMIT, CUSTODY_LIMIT),
        [route(amount=CUSTODY_LIMIT, operator_fee=0)],
        [None],
    ),
}


@upholds("CIR-8", "CIR-2", "CIR-3", "CIR-4", "CIR-5", "CIR-7")
@pytest.mark.parametrize("case", CASES)
def test_block__of_each_kind__agrees(case: str) -> None:
    state, requests, reasons = CASES[case]
    block = apply(state, requests, MINIMAL)
    assert [outcome.reason for outcome in block.outcomes] == reasons
    check_agreement(block)


def test_cases__between_them__meet_every_reason() -> None:
    met = {reason for _, _, reasons in CASES.values() for reason in reasons}
    assert met == {None, *RefundReason}


@upholds("CIR-8", "CIR-4", "CIR-5")
@tries(30)
@given(block_cases())
def test_block__of_any_admitted_requests__agrees(case: BlockCase) -> None:
    check_agreement(apply_block(case.state.copy(), case.requests, case.number, case.timestamp, case.domain, MINIMAL))


def _full_house() -> SwapBlock:
    """Every place is taken by a row that is in use and not empty: an unused place may hold any other row instead."""
    state = build_state()
    state.set_token(W, TokenRow((1, 2_000_000, 3, 4, 5, 6, 7, 8), 9))
    state.set_pool(Y, W, Pool(10**6, 10**7, 1, 0, TokenId(MINIMAL.lp_base + 1)))
    swaps = [route(1), swap(2, token_in=Z, token_out=Z), swap(3, token_in=Y, token_out=X, deadline=TIMESTAMP - 1)]
    return apply(state, swaps, MINIMAL)


FULL_HOUSE = compute_inputs(_full_house())


@upholds("CIR-8", "VER-4")
@tries(60)
@given(st.sampled_from(sorted(FULL_HOUSE)), st.data())
def test_input__changed_in_one_place__is_refused(name: str, data: st.DataObject) -> None:
    delta = data.draw(st.sampled_from([1, R - 1, 1 << 112, R >> 1]) | st.integers(1, R - 1))

    def change(signal: Signal) -> Signal:
        if isinstance(signal, int):
            return (signal + delta) % R
        place = data.draw(st.integers(0, len(signal) - 1))
        return [change(item) if i == place else item for i, item in enumerate(signal)]

    with pytest.raises(WitnessUnsatisfied):
        open_swap_block(MINIMAL).compute(FULL_HOUSE | {name: change(FULL_HOUSE[name])})


@upholds("CIR-2")
def test_empty_slots__before_used_ones__change_nothing_but_the_commitment() -> None:
    """By convention they come last. The circuit does not mind where they are, and C tells the difference."""
    state, requests = build_state(), [swap(1)]
    honest = apply(state, requests, MINIMAL)
    words = compute_slot_words(honest.slots, MINIMAL)
    inputs = forge(state, requests, MINIMAL, slot_words=[(0,) * SWAP_SLOT_WORDS, *words[:-1]])
    last = MINIMAL.slots - 1
    requests_ = [
        {name.partition(".")[2]: signal for name, signal in inputs.items() if name.startswith(f"request[{place}].")}
        for place in range(MINIMAL.slots)
    ]
    inputs |= qualify_all("request", [requests_[last], *requests_[:last]])
    assert inputs["new_root"] == honest.header.new_root and inputs["commitment"] != honest.commitment
    circuit = open_swap_block(MINIMAL)
    assert circuit.checker.find_violations(circuit.compute(inputs)) == []
    with pytest.raises(WitnessUnsatisfied):
        circuit.compute(inputs | {"commitment": honest.commitment})


def test_stories__in_a_few_hundred__meet_every_outcome() -> None:
    """The property above has something to disagree about."""
    met: set[RefundReason | None] = set()
    sizes: set[int] = set()
    ways: set[int] = set()

    @at_least(300, phases=[Phase.generate])
    @given(block_cases())
    def tell(case: BlockCase) -> None:
        registers = Registers(dict(case.state.tokens()), defaultdict(lambda: EMPTY_POOL, case.state.pools()))
        met.update(apply_swap(registers, item, case.timestamp)[0].reason for item in case.requests)
        sizes.add(len(case.requests))
        ways.update(len(item.legs()) for item in case.requests)

    tell()
    assert ways == {0, 1, 2}
    assert met == {None, *RefundReason}
    assert sizes == {0, 1, 2, 3, 4}

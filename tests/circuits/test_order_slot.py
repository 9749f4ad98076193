"""Order slots: the circuit gives what the package gives, and refuses what lies beside each accepted match."""

from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.circuits import account_mutants as mutants
from tests.support.account_scene import (
    ALICE,
    BOB,
    DOMAIN,
    KEYS,
    OPERATOR,
    SHARES,
    TIMESTAMP,
    X,
    Y,
    Z,
    apply,
    build_state,
    signed,
)
from tests.support.account_slots import (
    carry_out,
    change_last,
    compute_outputs,
    find_loose,
    open_slot,
    order_inputs,
    order_outputs,
)
from tests.support.circuits import Mutation
from tests.support.tries import at_least
from tests.support.upholds import upholds
from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.signed import sign
from zklink.protocol.errors import OperationError, WitnessUnsatisfied
from zklink.protocol.ids import AccountId, Amount, Nonce, OrderSlot, TokenId
from zklink.state.state import State
from zklink.witness.signals import Signals, qualify

A = Amount
SELLER = Order(ALICE, OrderSlot(3), Nonce(7), TIMESTAMP, X, Y, A(1_000), A(1_999), 30)
BUYER = Order(BOB, OrderSlot(0), Nonce(0), TIMESTAMP, Y, X, A(3_001), A(1_500), 9_999)
MATCH = 333
"""amount_a; amount_b = ceil(333 * 1999 / 1000) = 666, at the buyer's price of 2.0006 exactly within it."""

FREE = ("row_id", "fees")
FIELDS = {"order_nonce": "nonce", "amount_sell": "sell", "amount_buy": "buy"}
PAIRS = ("match.amount", "match.token")


def start() -> State:
    """The scene, with Alice's order filled by 100 and an old order in Bob's slot."""
    state = build_state()
    state.set_order(ALICE, OrderSlot(3), Nonce(7), A(100))
    state.set_order(BOB, OrderSlot(0), Nonce(0), A(2_000))
    return state


def build_inputs(maker: Order = SELLER, taker: Order = BUYER, amount: int = MATCH) -> Signals:
    """The honest inputs of a slot with this match."""
    return order_inputs(apply(start(), OrderMatch(signed(maker), signed(taker), A(amount))))


def is_accepted(inputs: Signals, mutation: Mutation | None = None) -> bool:
    """Whether the slot has a witness."""
    try:
        compute_outputs(open_slot("OrderSlot", mutation), inputs)
    except WitnessUnsatisfied:
        return False
    return True


def put(inputs: Signals, side: int, bus: str, **values: int) -> Signals:
    """The inputs with other values in a bus of one side."""
    return inputs | qualify(f"match.side[{side}].{bus}", {**values})


def put_in_pair(inputs: Signals, name: str, side: int, value: int) -> Signals:
    """The inputs with another value for one side of a pair."""
    pair = inputs[name]
    assert isinstance(pair, list)
    return inputs | {name: [value if i == side else other for i, other in enumerate(pair)]}


def sign_again(
    inputs: Signals, side: int, order: Order, *, domain: int = DOMAIN, by: AccountId | None = None
) -> Signals:
    """The inputs with one side's signature made anew, by the order's account or by another's key, which is shown."""
    again = sign(order, domain, KEYS[order.account if by is None else by])
    (key_x, key_y), (r8, s) = again.public_key, again.signature
    return put(inputs, side, "signature", key_x=key_x, key_y=key_y, r_x=r8.x, r_y=r8.y, s=s)


def check_agrees(state: State, *matches: OrderMatch) -> None:
    """The slot gives what the package gives."""
    block = apply(state, *matches)
    expected = order_outputs(block, state.account_root)
    got = compute_outputs(open_slot("OrderSlot"), order_inputs(block))
    assert {name: got[name] for name in expected} == expected


@upholds("CIR-8", "CIR-2")
def test_slot__empty__keeps_everything() -> None:
    """Also where account 0 has an order that is half filled."""
    state = start()
    state.set_order(OPERATOR, OrderSlot(0), Nonce(0), A(50))
    check_agrees(state)


SELF = replace(BUYER, account=ALICE, slot=OrderSlot(1))
SAME_SLOT = replace(SELF, slot=OrderSlot(3), order_nonce=Nonce(8))


@upholds("CIR-8", "CIR-7")
@pytest.mark.parametrize(
    ("maker", "taker", "amount"),
    [
        (SELLER, BUYER, 333),
        (SELLER, BUYER, 1),
        (SELLER, replace(BUYER, order_nonce=Nonce(1)), 900),
        (replace(SELLER, order_nonce=Nonce(8)), replace(BUYER, order_nonce=Nonce(2**32 - 1)), 1_000),
        (SELLER, SELF, 333),
        (SELLER, SAME_SLOT, 333),
        (replace(SELLER, token_sell=SHARES), replace(BUYER, token_buy=SHARES), 17),
        (replace(SELLER, amount_buy=A(0)), replace(BUYER, amount_buy=A(0)), 5),
        (replace(BUYER, amount_buy=A(1_501)), replace(SELLER, amount_sell=A(2_000)), 1_001),
    ],
)
def test_slot__of_a_match__gives_what_the_package_gives(maker: Order, taker: Order, amount: int) -> None:
    check_agrees(start(), OrderMatch(signed(maker), signed(taker), A(amount)))


amounts = st.integers(1, 700).map(A)
terms = {
    "order_nonce": st.sampled_from([6, 7, 8, 9]).map(Nonce),
    "valid_until": st.sampled_from([TIMESTAMP] * 9 + [TIMESTAMP - 1]),
    "amount_buy": st.integers(1, 3_000).map(A),
    "fee_rate": st.sampled_from([0, 30, 9_999]),
}
makers, takers = (
    st.builds(
        partial(replace, order),
        amount_sell=st.integers(500, most).map(A),
        token_sell=st.sampled_from([order.token_sell] * 19 + [Z]),
        **terms,
    )
    for order, most in ((SELLER, 3_000), (BUYER, 12_000))
)


@upholds("CIR-8", "DAT-1")
def test_slot__of_any_match__says_what_the_package_says() -> None:
    """Both accept it and give the same, or both refuse it: the circuit although all its inputs are made to fit."""
    seen: Counter[bool] = Counter()

    @at_least(45)
    @given(makers, takers, st.sampled_from([BOB] * 9 + [ALICE]), st.one_of(st.none(), amounts, amounts))
    def check(maker: Order, taker: Order, signer: AccountId, amount: Amount | None) -> None:
        match = OrderMatch(signed(maker), signed(taker, KEYS[signer]), amount)
        try:
            check_agrees(start(), match)
        except OperationError:
            forged = carry_out(start(), match)
            if forged is not None:
                assert not is_accepted(order_inputs(forged))
                seen[False] += 1
            return
        seen[True] += 1

    check()
    assert min(seen[True], seen[False]) >= 5, seen


@upholds("CIR-6", "CIR-3")
def test_slot__with_any_field_changed__is_refused() -> None:
    inputs = build_inputs()
    assert is_accepted(inputs)
    for name, signal in inputs.items():
        if name in PAIRS:
            assert isinstance(signal, list)
            for side, value in enumerate(signal):
                assert isinstance(value, int)
                assert not is_accepted(put_in_pair(inputs, name, side, value + 1)), (name, side)
        elif not name.startswith(FREE):
            assert not is_accepted(inputs | {name: change_last(signal)}), name


@upholds("CIR-3", "CIR-6")
@pytest.mark.parametrize(
    ("side", "changes"),
    [
        (0, {"amount_buy": A(1_990)}),
        (0, {"amount_buy": A(2_001)}),
        (0, {"amount_sell": A(432)}),
        (0, {"amount_sell": A(1_002)}),
        (0, {"order_nonce": Nonce(6)}),
        (0, {"valid_until": TIMESTAMP - 1}),
        (0, {"fee_rate": 10_000}),
        (0, {"token_buy": Z}),
        (0, {"token_sell": Z}),
        (1, {"amount_buy": A(1_501)}),
        (1, {"amount_sell": A(2_665)}),
        (1, {"valid_until": TIMESTAMP - 1}),
        (1, {"fee_rate": 16_383}),
        (1, {"token_buy": Z}),
        (1, {"account": AccountId(3)}),
        (1, {"slot": OrderSlot(1)}),
    ],
)
def test_slot__whose_signed_terms_are_not_met__is_refused(side: int, changes: dict[str, Any]) -> None:
    order = (SELLER, BUYER)[side]
    inputs = build_inputs()
    shown = {FIELDS.get(name, name): value for name, value in changes.items() if not name.startswith("token")}
    assert is_accepted(sign_again(inputs, side, order))
    changed = put(inputs, side, "order", **shown)
    assert not is_accepted(sign_again(changed, side, replace(order, **changes), by=order.account))


@upholds("CIR-6", "VER-6")
@pytest.mark.parametrize("side", [0, 1])
def test_slot__signed_for_another_deployment_or_by_another_key__is_refused(side: int) -> None:
    inputs, order = build_inputs(), (SELLER, BUYER)[side]
    assert not is_accepted(sign_again(inputs, side, order, domain=DOMAIN + 1))
    assert not is_accepted(sign_again(inputs, side, order, by=OPERATOR))


@upholds("CIR-3")
@pytest.mark.parametrize("amounts_", [(0, 0), (332, 665), (333, 667), (333, 665), (1_000, 1_999)])
def test_slot__with_other_amounts__is_refused(amounts_: tuple[int, int]) -> None:
    """The balances' openings are those of the honest amounts, so what is taken must also agree with them."""
    assert not is_accepted(build_inputs() | {"match.amount": [*amounts_]})


@upholds("CIR-9")
@pytest.mark.parametrize("token", [X, Y])
def test_slot__whose_rows_are_not_loaded__is_refused(token: TokenId) -> None:
    inputs = build_inputs()
    rows = inputs["row_id"]
    assert isinstance(rows, list) and token in rows
    assert not is_accepted(inputs | {"row_id": [9 if row == token else row for row in rows]})


@upholds("CIR-2")
@pytest.mark.parametrize("name", ["account", "slot", "nonce", "fee_rate"])
@pytest.mark.parametrize("side", [0, 1])
def test_empty_slot__with_a_field__is_refused(name: str, side: int) -> None:
    inputs = order_inputs(apply(build_state()))
    assert is_accepted(inputs)
    assert not is_accepted(put(inputs, side, "order", **{name: 1}))


@upholds("CIR-2")
@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("side", [0, 1])
def test_empty_slot__with_a_token_or_an_amount__is_refused(name: str, side: int) -> None:
    inputs = order_inputs(apply(build_state()))
    assert not is_accepted(put_in_pair(inputs, name, side, 1))


@upholds("CIR-3", "CIR-6")
def test_taker__whose_key_did_not_sign__passes_only_the_mutant() -> None:
    mutant = mutants.MAKER_SIGNS_FOR_BOTH
    forged = sign_again(build_inputs(), 1, BUYER, by=OPERATOR)
    assert is_accepted(forged, mutant) and not is_accepted(forged)
    assert not is_accepted(sign_again(build_inputs(), 0, SELLER, by=OPERATOR), mutant)


@upholds("VER-4", "CIR-2")
def test_wires__of_a_match_and_none__are_all_pinned_down() -> None:
    for inputs in (build_inputs(), order_inputs(apply(start()))):
        assert find_loose(open_slot("OrderSlot"), inputs) == []

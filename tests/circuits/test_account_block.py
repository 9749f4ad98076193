"""The account block and the transition are two readings of one page: same rules, same words, same public inputs."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.account_scene import (
    ALICE,
    BOB,
    DOMAIN,
    KEYLESS,
    OPERATOR,
    TIMESTAMP,
    X,
    Y,
    Z,
    build_state,
    owner_of,
    signed,
)
from tests.support.circuits import open_account_block
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.operations.add_liquidity import AddLiquidity
from zklink.operations.claim_fees import ClaimFees
from zklink.operations.create_pool import CreatePool
from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.transfer import Transfer
from zklink.operations.withdraw import Withdraw
from zklink.primitives.field import R
from zklink.protocol.chain_sets import make_chain_set
from zklink.protocol.errors import WitnessUnsatisfied
from zklink.protocol.ids import Amount, BlockNumber, ChainId, Nonce, OrderSlot, RequestId
from zklink.protocol.presets import MINIMAL
from zklink.transition.account_block import AccountBlock, apply_account_block
from zklink.transition.rules import AccountOperation
from zklink.witness.account_block import compute_inputs
from zklink.witness.signals import Signal, Signals

LATER = TIMESTAMP + 60
C = ChainId(3)


def deposit(**changes: Any) -> DepositRequest:
    request = DepositRequest(C, RequestId(8), X, Amount(900), b"\xe4" * 32, b"\x5e" * 32, TIMESTAMP)
    return replace(request, **changes)


def order(account: int, token_sell: int, token_buy: int, sell: int, buy: int) -> Any:
    fields = (account, OrderSlot(account), Nonce(1), LATER, token_sell, token_buy, Amount(sell), Amount(buy), 25)
    return signed(Order(*fields))  # type: ignore[arg-type]


MATCH = OrderMatch(order(ALICE, X, Y, 1_000, 3_001), order(BOB, Y, X, 9_100, 3_000), Amount(999))
BLOCKS: dict[str, list[AccountOperation]] = {
    "nothing": [],
    "only a match": [MATCH],
    "every kind of slot": [
        signed(Transfer(ALICE, Nonce(5), LATER, X, Amount(500), Amount(70), b"\xe4" * 32)),
        signed(Withdraw(ALICE, Nonce(6), LATER, X, Amount(300), Amount(20), C, b"\x07" * 32, Amount(5))),
        signed(AddLiquidity(ALICE, Nonce(7), LATER, X, Y, Amount(9_000), Amount(9_000), Amount(1), Amount(3), X)),
        MATCH,
    ],
    "one chain asks and pays twice": [
        deposit(),
        FullExitRequest(C, RequestId(9), KEYLESS, X, owner_of(KEYLESS), b"\x07" * 32, make_chain_set([C]), TIMESTAMP),
        signed(CreatePool(BOB, Nonce(2**32 - 3), LATER, Y, Z, 30, Amount(10), Z)),
    ],
    "fees are claimed, then paid": [
        signed(ClaimFees(OPERATOR, Nonce(0), LATER, X, Amount(11), Amount(2))),
        deposit(token=Y, owner=owner_of(OPERATOR)),
        MATCH,
    ],
}


def apply(name: str) -> AccountBlock:
    number = BlockNumber(2**64 - 1)
    return apply_account_block(build_state(), BLOCKS[name], number, TIMESTAMP, DOMAIN, MINIMAL)


@cache
def full_house() -> Signals:
    """Every slot is used, and so is every row but the ones that fill up."""
    return compute_inputs(apply("every kind of slot"))


@upholds("CIR-8", "CIR-2", "DAT-1")
@pytest.mark.parametrize("name", BLOCKS)
def test_block__of_any_slots__agrees_with_the_transition(name: str) -> None:
    block, circuit = apply(name), open_account_block(MINIMAL)
    values = circuit.compute(compute_inputs(block))
    assert tuple(values[1:5]) == block.inputs.as_tuple()
    if name == "every kind of slot":
        assert circuit.checker.find_violations(values) == []


@upholds("CIR-8", "VER-4")
@tries(40)
@given(st.data())
def test_input__changed_in_one_place__is_refused(data: st.DataObject) -> None:
    """Also a row that no slot uses, a sibling, a root, the header: nothing is left to the prover."""
    name = data.draw(st.sampled_from(sorted(full_house())))
    delta = data.draw(st.sampled_from([1, R - 1, 1 << 112]))

    def change(signal: Signal) -> Signal:
        if isinstance(signal, int):
            return (signal + delta) % R
        place = data.draw(st.integers(0, len(signal) - 1))
        return [change(item) if i == place else item for i, item in enumerate(signal)]

    with pytest.raises(WitnessUnsatisfied):
        open_account_block(MINIMAL).compute(full_house() | {name: change(full_house()[name])})


@upholds("VER-4", "CIR-1")
def test_wires__each_changed_alone__violate_a_constraint() -> None:
    """In the block as it is proven, with every slot in use; the public inputs are among the wires."""
    circuit = open_account_block(MINIMAL)
    assignment = circuit.checker.assign(circuit.compute(full_house()))
    loose = assignment.find_loose_wires()
    assert [circuit.symbols.names()[wire] for wire in loose] == []
    assert circuit.checker.public_count == 4
    publics = [circuit.symbols.wires[f"main.{name}"] for name in ("commitment", "z", "lambda", "y")]
    assert publics == [1, 2, 3, 4]

"""What comes in through a door: as much as converts, by whatever permit, of a token that covers what is owed, and never
for an address where it would be lost.
"""

from collections.abc import Callable

import pytest
from eth_account import Account

from tests.support.drafts.permits import sign_permit
from tests.support.drafts.rig import BAD, COIN, OLD, RESERVE, TOKENS, Rig, RigChain, payment
from tests.support.evm import reverts
from tests.support.three_chains import DEPOSITOR, MOST, PROVIDER, RECIPIENT, STRANGER, USD, ZERO, A, B, C
from zklink.l1.contracts.bridge_structs import universal_address

FEE, SILENT = 1, 10
OWNER = Account.from_key(b"\x22" * 32)
BURNING = (2**256 - 1, 2**256 - 1, 27, bytes(32), bytes(32))
"""A permit for a token that uses all gas it gets."""


def deposit_order(here: RigChain, token: int, l1_amount: int, **changes: object) -> tuple[object, ...]:
    fields = {"owner": universal_address(DEPOSITOR), "account": 0, "refund_to": DEPOSITOR} | changes
    return (token, l1_amount, *fields.values())


# --- as much as converts ---


@pytest.mark.parametrize("dust", [0, 1, 10**12 - 1])
def test_swap_up_to__dust__stays_with_the_caller(rig: Rig, dust: int) -> None:
    """A dollar of 18 decimals on B has 6 on the layer 2."""
    here = rig[B]
    order = here.order(l1_amount=5 * 10**18 + dust)
    before = here.balance(USD, DEPOSITOR)
    here.bridge.swap_up_to(order, sender=DEPOSITOR)
    event = here.evm.event("SwapRequested")
    assert (event["l1_amount"], event["amount"]) == (5 * 10**18, 5 * 10**6)
    assert before - here.balance(USD, DEPOSITOR) == 5 * 10**18
    if dust:
        with reverts("bridge: amount not convertible"):
            here.bridge.swap(order, sender=DEPOSITOR)


def test_swap_up_to__coin__what_does_not_convert_is_no_fee(rig: Rig) -> None:
    """It would be below a gwei: the caller sends the amount that converts, and the fee."""
    here = rig[A]
    order = here.order(token_in=COIN, token_out=USD, l1_amount=10**18 + 10**6 - 1, operator_fee=0)
    with reverts("fee: not whole gwei"):
        here.bridge.swap_up_to(order, sender=DEPOSITOR, value=10**18 + 10**6 - 1)
    here.bridge.swap_up_to(order, sender=DEPOSITOR, value=10**18 + 10**9)
    event = here.evm.event("SwapRequested")
    assert (event["l1_amount"], event["native_fee_gwei"]) == (10**18, 1)


def test_deposit_up_to__dust__stays_with_the_caller(rig: Rig) -> None:
    here = rig[B]
    before = here.balance(USD, DEPOSITOR)
    here.bridge.deposit_up_to(deposit_order(here, USD, 5 * 10**18 + 17), sender=DEPOSITOR)
    assert here.evm.event("DepositRequested")["amount"] == 5 * 10**6
    assert before - here.balance(USD, DEPOSITOR) == 5 * 10**18


def test_up_to__less_than_a_unit__is_refused(rig: Rig) -> None:
    here = rig[B]
    for call, order in (
        (here.bridge.swap_up_to, here.order(l1_amount=10**12 - 1)),
        (here.bridge.deposit_up_to, deposit_order(here, USD, 10**12 - 1)),
    ):
        with reverts("bridge: zero amount"):
            call(order, sender=DEPOSITOR)


def test_swap_up_to__fee_on_transfer__what_arrived_must_convert(rig: Rig) -> None:
    here = rig[A]
    here.token(BAD).set_mode(FEE)
    here.bridge.swap_up_to(here.order(token_in=BAD, l1_amount=10**6), sender=DEPOSITOR)
    assert here.evm.event("SwapRequested")["amount"] == 990_000


# --- permits ---


@pytest.mark.parametrize("value", [10**6, 2 * 10**6, MOST])
def test_permit__any_value__that_covers_the_amount_works(rig: Rig, value: int) -> None:
    here = rig[A]
    here.token(USD).mint(OWNER.address, 10**9)
    permit = sign_permit(here, OWNER, value, here.evm.time)
    with rig.rollback():
        here.bridge.swap_with_permit(here.order(l1_amount=10**6), permit, sender=OWNER.address)
        assert here.evm.event("SwapRequested")["amount"] == 10**6
    here.bridge.deposit_with_permit(deposit_order(here, USD, 10**6), permit, sender=OWNER.address)
    assert here.evm.event("DepositRequested")["amount"] == 10**6


def test_permit__below_the_amount__is_refused_by_the_allowance(rig: Rig) -> None:
    here = rig[A]
    here.token(USD).mint(OWNER.address, 10**9)
    permit = sign_permit(here, OWNER, 10**6 - 1, here.evm.time)
    with reverts("test token: allowance"):
        here.bridge.swap_with_permit(here.order(l1_amount=10**6), permit, sender=OWNER.address)


def test_permit__token_that_burns_all_gas__costs_a_bounded_part(rig: Rig) -> None:
    """The allowance is there already, so the swap goes on with what gas is left."""
    here = rig[A]
    order = here.order(token_in=BAD, l1_amount=10**6)
    assert here.bridge.swap_with_permit(order, BURNING, sender=DEPOSITOR, gas=800_000) == 1
    again = deposit_order(here, BAD, 10**6)
    assert here.bridge.deposit_with_permit(again, BURNING, sender=DEPOSITOR, gas=800_000) == len(TOKENS) + 1


def test_no_permit__token_is_not_asked_for_one(rig: Rig) -> None:
    """It could say anything, and use gas."""
    here = rig[A]
    order, used = deposit_order(here, BAD, 10**6), []
    calls: list[Callable[[], object]] = [
        lambda: here.bridge.deposit(order, sender=DEPOSITOR),
        lambda: here.bridge.deposit_with_permit(order, BURNING, sender=DEPOSITOR),
    ]
    for call in calls:
        with rig.rollback():
            call()
            result = here.evm.evm.result
            assert result is not None
            used.append(int(result.gas_used))
    assert used[1] - used[0] > 150_000


# --- a token that is short ---


def ways(here: RigChain, token: int) -> list[Callable[[], object]]:
    """A swap and a deposit of a token."""
    swap, deposit = here.order(token_in=token, l1_amount=10**6), deposit_order(here, token, 10**6)
    return [
        lambda: here.bridge.swap(swap, sender=DEPOSITOR),
        lambda: here.bridge.swap_up_to(swap, sender=DEPOSITOR),
        lambda: here.bridge.swap_with_permit(swap, BURNING, sender=DEPOSITOR),
        lambda: here.bridge.deposit(deposit, sender=DEPOSITOR),
        lambda: here.bridge.deposit_up_to(deposit, sender=DEPOSITOR),
        lambda: here.bridge.deposit_with_permit(deposit, BURNING, sender=DEPOSITOR),
    ]


def test_token_is_short__nothing_comes_in__until_somebody_makes_it_good(rig: Rig) -> None:
    """A newcomer would pay an older claim."""
    here = rig[A]
    bad = here.token(BAD)
    bad.destroy(here.bridge.address, 1)
    for call in ways(here, BAD):
        with reverts("bridge: token is short"):
            call()
    assert here.swap() == 1
    bad.mint(here.bridge.address, 1)
    for call in ways(here, BAD):
        call()


def test_token_is_short__by_what_is_pending__nothing_comes_in(rig: Rig) -> None:
    check_pending_is_covered(rig, 5_000)


def test_token_is_short__by_the_one_unit_that_is_pending__nothing_comes_in(rig: Rig) -> None:
    check_pending_is_covered(rig, 1)


def check_pending_is_covered(rig: Rig, owed: int) -> None:
    """B owes so much of a token that it could not push; then a unit is missing."""
    here = rig[B]
    bad = here.token(BAD)
    bad.set_blacklisted(RECIPIENT, True)
    rig.pay(payment(B, BAD, owed))
    rig.execute(B, 1)
    assert here.bridge.solvency(BAD) == (RESERVE, owed, RESERVE - owed)
    here.swap(token_in=BAD, l1_amount=10**6)
    bad.destroy(here.bridge.address, 1)
    for call in ways(here, BAD):
        with reverts("bridge: token is short"):
            call()


def test_token_is_short__of_more_decimals_than_layer_2__nothing_comes_in(rig: Rig) -> None:
    """A dollar of 18 decimals on B: the smallest part of one is missing."""
    here = rig[B]
    with here.evm.any_sender(here.bridge.address) as bridge:
        here.token(USD).transfer(STRANGER, 1, sender=bridge)
    with reverts("bridge: token is short"):
        here.swap()
    here.token(USD).transfer(here.bridge.address, 1, sender=STRANGER)
    assert here.swap() == 1


# --- reasons ---


def test_pull__token_with_a_reason__is_passed_on(rig: Rig) -> None:
    here = rig[A]
    with reverts("test token: allowance"):
        here.swap(sender=OWNER.address, l1_amount=10**6)
    here.token(USD).approve(here.bridge.address, 10**6, sender=OWNER.address)
    with reverts("test token: balance"):
        here.swap(sender=OWNER.address, l1_amount=10**6)


def test_pull__token_without_a_reason__is_told_apart(rig: Rig) -> None:
    here = rig[A]
    bad = here.token(BAD)
    with reverts("tokens: allowance too low"):
        here.swap(token_in=BAD, l1_amount=10**6, sender=OWNER.address)
    bad.approve(here.bridge.address, 10**6, sender=OWNER.address)
    with reverts("tokens: balance too low"):
        here.swap(token_in=BAD, l1_amount=10**6, sender=OWNER.address)
    bad.mint(OWNER.address, 10**6)
    bad.set_mode(SILENT)
    with reverts("tokens: transfer in refused"):
        here.swap(token_in=BAD, l1_amount=10**6, sender=OWNER.address)
    bad.set_mode(0)
    here.swap(token_in=BAD, l1_amount=10**6, sender=OWNER.address)


# --- recipients that are tokens ---


def test_recipient__token_of_this_chain__is_refused_at_every_door(rig: Rig) -> None:
    here = rig[A]
    for token in (here.token(USD).address, here.token(OLD).address, here.wrapped.address):
        lost = universal_address(token)
        with reverts("swap: recipient is a token"):
            here.swap(destination=A, token_out=COIN, recipient=lost)
        with reverts("bridge: refund to a token"):
            here.swap(refund_to=token)
        with reverts("bridge: refund to a token"):
            here.bridge.deposit(deposit_order(here, USD, 10**6, refund_to=token), sender=DEPOSITOR)
        with reverts("fill: recipient is a token"):
            here.fill(payment(A, USD, 5_000, recipient=lost))
        with reverts("bridge: refund to a token"):
            here.fill(payment(A, USD, 5_000), repay_to=token)


def test_recipient__token_of_another_chain__is_that_chains_to_know(rig: Rig) -> None:
    """Here the address may be anybody's."""
    token = rig[C].wrapped.address
    assert not rig[A].registry.is_token(token)
    assert rig[A].swap(destination=C, recipient=universal_address(token)) == 1
    assert rig[A].swap(destination=C, recipient=universal_address(rig[A].wrapped.address)) == 2


@pytest.mark.parametrize("refund_to", [ZERO, "bridge"])
def test_refund_address__zero_or_the_bridge__is_refused_at_every_door(rig: Rig, refund_to: str) -> None:
    here = rig[A]
    receiver = here.bridge.address if refund_to == "bridge" else refund_to
    with reverts("bridge: refund address"):
        here.swap(refund_to=receiver)
    with reverts("bridge: refund address"):
        here.bridge.deposit(deposit_order(here, USD, 10**6, refund_to=receiver), sender=DEPOSITOR)
    if refund_to == "bridge":
        with reverts("bridge: refund address"):
            here.fill(payment(A, USD, 5_000), repay_to=receiver)


def test_refund_address__of_somebody_else__gets_what_a_router_sends_in(rig: Rig) -> None:
    here = rig[A]
    here.swap(sender=PROVIDER, refund_to=STRANGER)
    assert here.request_words()[4] == int(STRANGER, 16)

"""What a fill earns: its fee in proportion to its lead before the payment; and whom it names is repaid."""

import pytest

from tests.support.drafts.rig import COIN, Rig, payment
from tests.support.evm import reverts
from tests.support.three_chains import BROKER, DEPOSITOR, GOVERNOR, RECIPIENT, STRANGER, USD, ZERO, B
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.operations.payout import Payout
from zklink.protocol.ids import FILL_LEAD_SECONDS, Amount

AMOUNT, FEE = 5_000, 25
REFUSE = 1
PAYOUT = payment(B, USD, AMOUNT, fill_fee=Amount(FEE))


def pay(rig: Rig, payout: Payout = PAYOUT, lead: int = 0) -> None:
    """The payout is executed so long after now."""
    rig.pay(payout)
    rig[B].evm.time += lead
    rig.execute(B, 1)


@pytest.mark.parametrize("lead", [0, 1, 5, FILL_LEAD_SECONDS - 1, FILL_LEAD_SECONDS, FILL_LEAD_SECONDS + 1, 86_400])
def test_fill__lead__earns_its_part_and_the_recipient_gets_the_rest(rig: Rig, lead: int) -> None:
    here = rig[B]
    scale = here.scale(USD)
    filled_at = here.evm.time
    here.fill(PAYOUT)
    key = PAYOUT.fill_key(rig.deployment_hash)
    assert here.bridge.filler(key) == (BROKER, filled_at)
    broker, recipient = here.balance(USD, BROKER), here.balance(USD, RECIPIENT)
    pay(rig, lead=lead)
    earned = FEE * min(lead, FILL_LEAD_SECONDS) // FILL_LEAD_SECONDS
    rest = FEE - earned
    assert here.balance(USD, BROKER) - broker == (AMOUNT - rest) * scale
    assert here.balance(USD, RECIPIENT) - recipient == rest * scale
    shares = [(BROKER, (AMOUNT - rest) * scale)] + [(RECIPIENT, rest * scale)] * (rest > 0)
    events = here.evm.events("PayoutPaid")
    assert [(e.args["receiver"], e.args["l1_amount"]) for e in events] == shares
    assert {e.args["key"] for e in events} == {key}
    assert here.bridge.filler(key) == ("0x" + "00" * 19 + "01", 0)


def test_fill__no_fee__all_goes_to_the_broker_at_once(rig: Rig) -> None:
    here = rig[B]
    payout = payment(B, USD, AMOUNT)
    here.fill(payout)
    before = here.balance(USD, BROKER)
    pay(rig, payout)
    assert here.balance(USD, BROKER) - before == AMOUNT * here.scale(USD)
    assert len(here.evm.events("PayoutPaid")) == 1


def test_fill__repay_to__is_repaid_instead_of_the_caller(rig: Rig) -> None:
    here = rig[B]
    here.fill(PAYOUT, BROKER, repay_to=STRANGER)
    event = here.evm.event("PayoutFilled")
    assert (event["broker"], event["repay_to"]) == (BROKER, STRANGER)
    broker, stranger = here.balance(USD, BROKER), here.balance(USD, STRANGER)
    pay(rig, lead=FILL_LEAD_SECONDS)
    assert here.balance(USD, BROKER) == broker
    assert here.balance(USD, STRANGER) - stranger == AMOUNT * here.scale(USD)


@pytest.mark.parametrize("repay_to", [ZERO, "bridge"])
def test_fill__repay_to_nobody__is_refused(rig: Rig, repay_to: str) -> None:
    here = rig[B]
    receiver = here.bridge.address if repay_to == "bridge" else repay_to
    with reverts("bridge: refund address"):
        here.bridge.fill(PAYOUT.words(), receiver, sender=BROKER)


def test_fill__not_filled__the_recipient_gets_all_at_once(rig: Rig) -> None:
    here = rig[B]
    before = here.balance(USD, RECIPIENT)
    pay(rig, lead=5)
    assert here.balance(USD, RECIPIENT) - before == AMOUNT * here.scale(USD)
    assert len(here.evm.events("PayoutPaid")) == 1


def test_fill__executed_again__moves_neither_share(rig: Rig) -> None:
    """Only a corrupt source chain makes the same payout twice."""
    here = rig[B]
    here.fill(PAYOUT)
    pay(rig, lead=5)
    broker, recipient = here.balance(USD, BROKER), here.balance(USD, RECIPIENT)
    rig.pay(PAYOUT)
    rig.execute(B, 2)
    assert (here.balance(USD, BROKER), here.balance(USD, RECIPIENT)) == (broker, recipient)


def test_fill__recipient_refuses_its_share__is_owed_it_and_the_broker_is_repaid(rig: Rig) -> None:
    here = rig[B]
    recipient = here.evm.deploy(GOVERNOR, load_contract("AdversarialRecipient"))
    payout = payment(B, COIN, AMOUNT, fill_fee=Amount(FEE), recipient=universal_address(recipient.address))
    here.fill(payout, DEPOSITOR, value=(AMOUNT - FEE) * here.scale(COIN))
    recipient.set_mode(REFUSE)
    before = here.evm.balance(DEPOSITOR)
    pay(rig, payout, lead=FILL_LEAD_SECONDS // 2)
    earned = FEE // 2
    assert here.evm.balance(DEPOSITOR) - before == (AMOUNT - FEE + earned) * here.scale(COIN)
    assert here.bridge.pending_balance(recipient.address, COIN) == (FEE - earned) * here.scale(COIN)
    assert here.evm.event("PayoutDeferred")["l1_amount"] == (FEE - earned) * here.scale(COIN)


def test_fill__broker_refuses__is_owed_its_share_and_the_recipient_gets_the_rest(rig: Rig) -> None:
    here = rig[B]
    safe = here.evm.deploy(GOVERNOR, load_contract("AdversarialRecipient"))
    safe.set_mode(REFUSE)
    payout = payment(B, COIN, AMOUNT, fill_fee=Amount(FEE))
    here.fill(payout, BROKER, value=(AMOUNT - FEE) * here.scale(COIN), repay_to=safe.address)
    before = here.evm.balance(RECIPIENT)
    pay(rig, payout)
    assert here.bridge.pending_balance(safe.address, COIN) == (AMOUNT - FEE) * here.scale(COIN)
    assert here.evm.balance(RECIPIENT) - before == FEE * here.scale(COIN)

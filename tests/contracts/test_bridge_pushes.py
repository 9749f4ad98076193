"""Payments that fail: nobody holds up a block, and what cannot be pushed is pulled with `withdraw_pending_balance`."""

import pytest

from tests.support.drafts.rig import BAD, COIN, OLD, RESERVE, Rig, RigChain, payment
from tests.support.evm import EvmContract, reverts
from tests.support.three_chains import GOVERNOR, MOST, RECIPIENT, STRANGER, USD, ZERO, B
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.operations.payout import Payout
from zklink.protocol.ids import TokenId

SAY_NO, REVERT, TOKEN_BURNS, TOKEN_BOMB, REENTER, TWO = 2, 3, 4, 5, 6, 7
REFUSE, BURN_GAS, BOMB, RECIPIENT_REENTERS = 1, 2, 3, 4


def check_solvent(here: RigChain) -> None:
    """SOL-1 for every token of the rig on one chain."""
    for token in (COIN, USD, OLD, BAD):
        balance, pending, custody = here.bridge.solvency(token)
        assert balance >= pending + custody * here.scale(token)


def recipient_of(here: RigChain, mode: int) -> EvmContract:
    """A contract that behaves badly when it is paid coin."""
    contract = here.evm.deploy(GOVERNOR, load_contract("AdversarialRecipient"))
    contract.set_mode(mode)
    return contract


@pytest.mark.parametrize("mode", [REFUSE, BURN_GAS, BOMB])
def test_execute__recipient_refuses_coin__is_owed_and_blocks_nobody(rig: Rig, mode: int) -> None:
    here = rig[B]
    recipient = recipient_of(here, mode)
    rig.pay(
        payment(B, COIN, 5_000, 1, recipient=universal_address(recipient.address)),
        payment(B, COIN, 6_000, 2),
    )
    before = here.evm.balance(RECIPIENT)
    rig.execute(B, 1)
    (deferred,) = here.evm.events("PayoutDeferred")
    assert int(deferred.args["receiver"], 16) == int(recipient.address, 16)
    assert deferred.args["l1_amount"] == 5_000 * here.scale(COIN)
    assert here.evm.balance(RECIPIENT) - before == 6_000 * here.scale(COIN)
    assert here.bridge.pending_balance(recipient.address, COIN) == 5_000 * here.scale(COIN)
    assert here.bridge.custody(COIN) == RESERVE - 11_000
    assert here.bridge.solvency(COIN)[1] == 5_000 * here.scale(COIN)
    check_solvent(here)

    recipient.act(here.bridge.address, here.bridge.encode("withdraw_pending_balance", COIN, STRANGER, MOST))
    assert here.bridge.pending_balance(recipient.address, COIN) == here.bridge.solvency(COIN)[1] == 0


@pytest.mark.parametrize("mode", [SAY_NO, REVERT, TOKEN_BURNS])
def test_execute__token_refuses__is_owed_and_pulled_later(rig: Rig, mode: int) -> None:
    here = rig[B]
    bad = here.token(BAD)
    rig.pay(payment(B, BAD, 5_000, 1), payment(B, USD, 6_000, 2))
    bad.set_mode(mode)
    before = here.balance(USD, RECIPIENT)
    rig.execute(B, 1)
    assert here.balance(USD, RECIPIENT) - before == 6_000 * here.scale(USD)
    assert here.bridge.pending_balance(RECIPIENT, BAD) == 5_000
    bad.set_mode(0)
    before = here.balance(BAD, RECIPIENT)
    here.withdraw(BAD, RECIPIENT, sender=RECIPIENT)
    assert here.balance(BAD, RECIPIENT) - before == 5_000
    check_solvent(here)


def test_execute__blacklisted_recipient__pulls_to_another_address(rig: Rig) -> None:
    here = rig[B]
    here.token(BAD).set_blacklisted(RECIPIENT, True)
    rig.pay(payment(B, BAD, 5_000))
    rig.execute(B, 1)
    with reverts("adversarial: blacklisted"):
        here.withdraw(BAD, RECIPIENT, sender=RECIPIENT)
    before = here.balance(BAD, STRANGER)
    here.withdraw(BAD, STRANGER, sender=RECIPIENT)
    event = here.evm.event("PendingBalanceWithdrawn")
    assert (event["owner"], event["receiver"], event["l1_amount"]) == (RECIPIENT, STRANGER, 5_000)
    assert here.balance(BAD, STRANGER) - before == 5_000


def test_execute__token_returns_a_bomb__is_owed_and_costs_little(rig: Rig) -> None:
    """4 kB of zeros are cut at one word, which says no."""
    here = rig[B]
    rig.pay(payment(B, BAD, 5_000))
    here.token(BAD).set_mode(TOKEN_BOMB)
    rig.execute(B, 1, gas=600_000)
    assert here.tip().unpaid == 0
    assert here.bridge.pending_balance(RECIPIENT, BAD) == 5_000


def test_execute__token_answers_neither_yes_nor_no__is_owed(rig: Rig) -> None:
    here = rig[B]
    rig.pay(payment(B, BAD, 5_000))
    here.token(BAD).set_mode(TWO)
    rig.execute(B, 1)
    assert here.bridge.pending_balance(RECIPIENT, BAD) == 5_000


@pytest.mark.parametrize(
    ("token", "share", "reason"),
    [(COIN, 50_000, "tokens: too little gas (coin)"), (USD, 150_000, "tokens: too little gas (token)")],
)
def test_execute__low_gas__cannot_force_a_payout_into_pending(
    rig: Rig, token: TokenId, share: int, reason: str
) -> None:
    """At every gas limit the payout is made in full, or the call fails as a whole. Whoever needs the whole
    share of gas has it: nothing is paid with less.
    """
    here = rig[B]
    payout = payment(B, token, 5_000)
    rig.pay(payout)
    refused = 0
    for gas in range(60_000, 420_000, 4_000):
        with rig.rollback():
            before = here.balance(token, RECIPIENT)
            try:
                rig.execute(B, 1, gas=gas)
            except Exception as error:
                refused += reason in str(error)
                continue
            assert gas > share * 64 // 63 + 50_000
            assert here.balance(token, RECIPIENT) - before == 5_000 * here.scale(token)
    assert refused > 0
    rig.execute(B, 1)


def test_execute__recipient_reenters__finds_the_bridge_locked(rig: Rig) -> None:
    here = rig[B]
    for call in (
        here.bridge.encode("withdraw_pending_balance", COIN, STRANGER, MOST),
        here.bridge.encode("solvency", COIN),
        here.bridge.encode("swap", here.order()),
    ):
        with rig.rollback():
            recipient = recipient_of(here, RECIPIENT_REENTERS)
            recipient.set_call(here.bridge.address, call)
            rig.pay(payment(B, COIN, 5_000, recipient=universal_address(recipient.address)))
            rig.execute(B, 1)
            assert (recipient.reentries(), recipient.refusals()) in ((0, 1), (0, 0))
            check_solvent(here)


def test_execute__token_reenters_with_the_same_block__pays_once(rig: Rig) -> None:
    here = rig[B]
    bad = here.token(BAD)
    rig.pay(payment(B, BAD, 5_000))
    words = list(rig.blocks[1].payouts(B))
    bad.set_call(here.history.address, here.history.encode("execute", 1, words, 1))
    bad.set_mode(REENTER)
    before = here.balance(BAD, RECIPIENT)
    rig.execute(B, 1)
    assert bad.reentries() == 0
    assert here.balance(BAD, RECIPIENT) - before == 5_000


def test_execute__paused_token__still_pays(rig: Rig) -> None:
    here = rig[B]
    here.registry.pause_token(USD, sender=GOVERNOR)
    rig.pay(payment(B, USD, 5_000))
    before = here.balance(USD, RECIPIENT)
    rig.execute(B, 1)
    assert here.balance(USD, RECIPIENT) - before == 5_000 * here.scale(USD)


# --- withdraw ---


def owe(rig: Rig, token: TokenId = COIN) -> EvmContract:
    """A contract that is owed 5,000 units."""
    recipient = recipient_of(rig[B], REFUSE)
    rig.pay(payment(B, token, 5_000, recipient=universal_address(recipient.address)))
    rig.execute(B, 1)
    return recipient


def test_withdraw__nothing_pending__is_refused(rig: Rig) -> None:
    for token in (COIN, USD, TokenId(77)):
        with reverts("custody: nothing pending"):
            rig[B].withdraw(token, STRANGER, sender=STRANGER)


def test_withdraw__bad_receiver__is_refused(rig: Rig) -> None:
    for receiver in (ZERO, rig[B].bridge.address):
        with reverts("withdraw: receiver"):
            rig[B].withdraw(COIN, receiver, sender=STRANGER)


def test_withdraw__receiver_refuses__keeps_the_balance(rig: Rig) -> None:
    here = rig[B]
    recipient = owe(rig)
    call = here.bridge.encode("withdraw_pending_balance", COIN, recipient.address, MOST)
    with reverts("tokens: coin refused"):
        recipient.act(here.bridge.address, call)
    assert here.bridge.pending_balance(recipient.address, COIN) == 5_000 * here.scale(COIN)


def test_withdraw__token_says_no__keeps_the_balance(rig: Rig) -> None:
    here = rig[B]
    rig.pay(payment(B, BAD, 5_000))
    here.token(BAD).set_mode(SAY_NO)
    rig.execute(B, 1)
    with reverts("tokens: transfer out refused"):
        here.withdraw(BAD, RECIPIENT, sender=RECIPIENT)
    assert here.bridge.pending_balance(RECIPIENT, BAD) == 5_000


def test_withdraw__twice__pays_once(rig: Rig) -> None:
    here = rig[B]
    recipient = owe(rig)
    call = here.bridge.encode("withdraw_pending_balance", COIN, STRANGER, MOST)
    before = here.evm.balance(STRANGER)
    recipient.act(here.bridge.address, call)
    with reverts("custody: nothing pending"):
        recipient.act(here.bridge.address, call)
    assert here.evm.balance(STRANGER) - before == 5_000 * here.scale(COIN)


def test_withdraw__several_payouts__add_up(rig: Rig) -> None:
    here = rig[B]
    recipient = recipient_of(here, REFUSE)
    payouts = [
        Payout.from_words(payment(B, COIN, n, n, recipient=universal_address(recipient.address)).words())
        for n in (7, 8)
    ]
    rig.pay(*payouts)
    rig.execute(B, 1)
    assert here.bridge.pending_balance(recipient.address, COIN) == 15 * here.scale(COIN)

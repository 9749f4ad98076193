"""`execute_blocks`: who is paid what, once, in which order, and after whom."""

from dataclasses import replace

import pytest

from tests.support.drafts.draft import Draft, payment, stored_args
from tests.support.drafts.escape import provider_words
from tests.support.drafts.rig import BAD, COIN, EXECUTED, OLD, RESERVE, Rig, RigChain
from tests.support.evm import reverts
from tests.support.three_chains import BROKER, RECIPIENT, USD, ZERO, A, B, C
from zklink.operations.payout import NO_CHAIN
from zklink.protocol.ids import Amount, Kind, Lane, TokenId


def check_solvent(here: RigChain) -> None:
    """SOL-1 for every token of the rig on one chain."""
    for token in (COIN, USD, OLD, BAD):
        balance, pending, custody = here.bridge.solvency(token)
        assert balance >= pending + custody * here.scale(token)


@pytest.mark.parametrize("token", [COIN, USD, OLD, BAD])
@pytest.mark.parametrize("kind", [Kind.SWAP_PAID, Kind.SWAP_REFUNDED])
def test_execute__nobody_filled__pays_the_recipient(rig: Rig, token: TokenId, kind: Kind) -> None:
    here = rig[B]
    payout = payment(B, token, 5_000, kind=kind, source=B, fill_fee=Amount(9 if kind == Kind.SWAP_PAID else 0))
    rig.pay(payout)
    before = here.balance(token, RECIPIENT)
    here.execute(1)
    event = here.evm.event("PayoutPaid")
    assert event["key"] == payout.fill_key(rig.deployment_hash)
    assert (event["receiver"], event["token_id"], event["kind"]) == (RECIPIENT, token, kind)
    assert event["l1_amount"] == 5_000 * here.scale(token) == here.balance(token, RECIPIENT) - before
    assert here.evm.event("BlockExecuted") == {"number": 1}
    assert here.bridge.custody(token) == RESERVE - 5_000
    assert here.status() == (1, 1, 1, 1)
    assert here.bridge.block_status(1) == 4
    check_solvent(here)


@pytest.mark.parametrize("token", [COIN, USD, OLD])
def test_execute__filled__repays_the_broker_in_full(rig: Rig, token: TokenId) -> None:
    here = rig[B]
    payout = payment(B, token, 5_000, fill_fee=Amount(100))
    value = 4_900 * here.scale(COIN) if token == COIN else 0
    here.bridge.fill(payout.words(), sender=BROKER, value=value)
    rig.pay(payout)
    before, of_recipient = here.balance(token, BROKER), here.balance(token, RECIPIENT)
    here.execute(1)
    assert here.balance(token, BROKER) - before == 5_000 * here.scale(token)
    assert here.balance(token, RECIPIENT) == of_recipient
    assert here.evm.event("PayoutPaid")["receiver"] == BROKER
    assert here.bridge.filler(payout.fill_key(rig.deployment_hash)) == EXECUTED


def test_execute__refund__ignores_fills_and_needs_no_key(rig: Rig) -> None:
    here = rig[B]
    refund = payment(B, USD, 5_000, kind=Kind.SWAP_REFUNDED, source=B)
    rig.pay(refund)
    here.execute(1)
    assert here.bridge.filler(refund.fill_key(rig.deployment_hash)) == ZERO


def test_execute__several_blocks_and_payouts__pays_all(rig: Rig) -> None:
    here = rig[B]
    payouts = [payment(B, USD, 100 + i, i) for i in range(1, 10)]
    drafts: list[Draft] = []
    for i in range(3):
        words = [w for p in payouts[3 * i : 3 * i + 3] for w in p.words()]
        parent = drafts[-1].new_root if drafts else rig[B].history[0].root
        drafts.append(rig.draft({B: words}, number=i + 1, old_root=parent, new_root=parent + 1))
    rig.accept_everywhere(*drafts)
    before = here.balance(USD, RECIPIENT)
    here.execute(1, 2)
    assert len(here.evm.events("PayoutPaid")) == 6
    here.execute(3)
    assert here.balance(USD, RECIPIENT) - before == sum(p.amount for p in payouts) * here.scale(USD)
    assert here.status() == (3, 3, 3, 3)


def test_execute__request_counts__follow(rig: Rig) -> None:
    here = rig[A]
    here.swap()
    rig.accept_everywhere(rig.draft({A: here.request_words()}))
    here.execute(1)
    assert (here.bridge.request_counts(Lane.SWAP), here.bridge.request_status(Lane.SWAP, 1)) == ((1, 1), 2)


@pytest.mark.parametrize("kind", [Kind.WITHDRAW_PAYOUT, Kind.FULL_EXIT_PAYOUT, Kind.FORCED_EXIT_PAYOUT])
@pytest.mark.parametrize("token", [COIN, USD])
def test_execute__payout_of_the_account_lane__pays_the_recipient(rig: Rig, kind: Kind, token: TokenId) -> None:
    here = rig[B]
    source = B if kind == Kind.FULL_EXIT_PAYOUT else NO_CHAIN
    payout = payment(B, token, 5_000, 3 << 32, kind=kind, source=source)
    if kind == Kind.FORCED_EXIT_PAYOUT:
        here.bridge.full_exit(0, token, sender=RECIPIENT)  # only who has acted here is paid here
    rig.pay(payout, lane=Lane.ACCOUNT)
    before = here.balance(token, RECIPIENT)
    here.execute(1)
    event = here.evm.event("PayoutPaid")
    assert (event["key"], event["kind"]) == (payout.fill_key(rig.deployment_hash), kind)
    assert here.balance(token, RECIPIENT) - before == 5_000 * here.scale(token)
    assert here.bridge.filler(payout.fill_key(rig.deployment_hash)) == (EXECUTED if kind == 20 else ZERO)
    check_solvent(here)


def test_execute__full_exit_of_nothing__pays_nothing_and_is_consumed(rig: Rig) -> None:
    here = rig[B]
    request = here.bridge.full_exit(3, USD, sender=RECIPIENT)
    deposits = [tuple(provider_words(here, i)) for i in range(1, 5)]
    words = (*[w for d in deposits for w in d], *here.full_exit_words())
    nothing = payment(B, USD, 0, request, kind=Kind.FULL_EXIT_PAYOUT, source=B)
    rig.accept_everywhere(rig.draft({B: (*words, *nothing.words())}, on=B, lane=Lane.ACCOUNT))
    here.execute(1)
    assert [e.name for e in here.evm.events()] == ["BlockExecuted"]
    assert here.bridge.request_counts(Lane.ACCOUNT) == (5, 5)
    assert here.bridge.request_status(Lane.ACCOUNT, request) == 2
    assert here.bridge.request_counts(Lane.SWAP) == (0, 0)
    assert here.bridge.custody(USD) == RESERVE


def test_execute__same_key_a_second_time__is_not_paid_and_blocks_nothing(rig: Rig) -> None:
    """Only a corrupt source chain can bring it: the books keep the amount."""
    here = rig[B]
    payout = payment(B, USD, 5_000)
    rig.pay(payout, payout)
    before = here.balance(USD, RECIPIENT)
    here.execute(1)
    assert len(here.evm.events("PayoutPaid")) == 1
    assert here.balance(USD, RECIPIENT) - before == 5_000 * here.scale(USD)
    rig.pay(payout)
    here.execute(2)
    assert here.balance(USD, RECIPIENT) - before == 5_000 * here.scale(USD)
    assert here.bridge.custody(USD) == RESERVE - 5_000


# --- order and permission ---


def test_execute__not_accepted__is_refused(rig: Rig) -> None:
    here = rig[A]
    here.commit(rig.draft())
    here.prove(1)
    with reverts("execute: not accepted"):
        here.execute(1)


def test_execute__nothing_or_out_of_order__is_refused(rig: Rig) -> None:
    here = rig[B]
    first = rig.draft(on=B)
    rig.accept_everywhere(first, replace(first, number=2, old_root=first.new_root))
    with reverts("execute: no block"):
        here.bridge.execute_blocks([])
    for numbers in ((2,), (1, 1), (2, 1)):
        with reverts("execute: not the next block"):
            here.execute(*numbers)
    here.execute(1)
    with reverts("execute: not the next block"):
        here.execute(1)


def test_execute__other_block_or_payouts__is_refused(rig: Rig) -> None:
    here = rig[B]
    rig.pay(payment(B, USD, 5_000), payment(B, USD, 6_000, 2))
    stored, words = here.execute_args(1)
    assert isinstance(words, list)
    bigger = [*words[:3], words[3] + 1, *words[4:]]
    for wrong in ([], words[:3], words[3:] + words[:3], [*words, *words[:3]], bigger):
        with reverts("execute: other payouts"):
            here.bridge.execute_blocks([(stored, wrong)])
    for cut in (words[:5], words[:4], [1]):
        with reverts("records: payout words missing"):
            here.bridge.execute_blocks([(stored, cut)])
    with reverts("block: not the stored block"):
        here.bridge.execute_blocks([(stored_args(replace(here.history[1], swap_requests=1)), words)])


def test_execute__a_concerned_chain_has_not_accepted__waits_for_it(rig: Rig) -> None:
    slices = {A: payment(A, USD, 5).words(), B: payment(B, USD, 5).words(), C: payment(C, USD, 5).words()}
    draft = rig.draft(slices)
    for here in rig:
        here.commit(draft)
        here.prove(1)
    rig.announce(B, A)
    rig.announce(B, C)
    for known in ((C, B), (A, C), (C, A), (A, B)):
        with reverts("execute: a chain is missing"):
            rig[known[1]].execute(1)
        rig.announce(*known)
        if known == (C, B):
            with reverts("execute: a chain is missing"):
                rig[B].execute(1)
    for here in rig:
        here.execute(1)


def test_execute__primary_without_words__is_needed_all_the_same(rig: Rig) -> None:
    """Elsewhere nothing is accepted without it; here the acknowledgement itself is looked at."""
    draft = rig.draft({A: payment(A, USD, 5).words()})
    for here in (rig[A], rig[B]):
        here.commit(draft)
        here.prove(1)
    with reverts("execute: not accepted"):
        rig[A].execute(1)
    rig.announce(B, A)
    rig[A].execute(1)
    with reverts("execute: a chain is missing"):
        rig[B].execute(1)
    rig.announce(A, B)
    rig[B].execute(1)


def test_execute__more_than_came_in__is_refused(rig: Rig) -> None:
    here = rig[B]
    rig.pay(payment(B, USD, RESERVE), payment(B, USD, 1, 2))
    with reverts("ledger: more than came in"):
        here.execute(1)
    assert here.status() == (1, 1, 1, 0)


def test_execute__all_that_came_in__is_paid(rig: Rig) -> None:
    here = rig[B]
    rig.pay(payment(B, USD, RESERVE))
    here.execute(1)
    assert here.bridge.solvency(USD) == (0, 0, 0)

"""`fill`: a broker pays ahead, once, exactly what the payout says, and only for payments on this chain."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.support.drafts.rig import BAD, COIN, EXECUTED, OLD, Rig, payment
from tests.support.evm import reverts
from tests.support.three_chains import BROKER, GOVERNOR, RECIPIENT, STRANGER, USD, ZERO, A, B, C
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.operations.payout import NO_CHAIN, Payout
from zklink.protocol.ids import FILL_LEAD_SECONDS, Amount, ChainId, Kind, Lane, TokenId

FEE, SAY_NO, REENTER = 1, 2, 6
REFUSE, RECIPIENT_REENTERS = 1, 4


def test_fill__token__pays_the_recipient_less_the_fee(rig: Rig) -> None:
    here = rig[B]
    payout = payment(B, USD, 5_000, fill_fee=Amount(20))
    before, own = here.balance(USD, RECIPIENT), here.balance(USD, here.bridge.address)
    here.fill(payout, BROKER)
    event = here.evm.event("PayoutFilled")
    assert event["key"] == payout.fill_key(rig.deployment_hash)
    assert (event["broker"], event["recipient"]) == (BROKER, universal_address(RECIPIENT))
    assert (event["token_id"], event["amount"], event["fee"]) == (USD, 5_000, 20)
    assert here.balance(USD, RECIPIENT) - before == 4_980 * 10**12
    assert here.balance(USD, here.bridge.address) == own
    assert here.repaid(payout.fill_key(rig.deployment_hash)) == BROKER


def test_fill__coin__pays_the_recipient_less_the_fee(rig: Rig) -> None:
    here = rig[B]
    before = here.evm.balance(RECIPIENT)
    here.fill(payment(B, COIN, 5_000, fill_fee=Amount(20)), BROKER, value=4_980 * 10**6)
    assert here.evm.balance(RECIPIENT) - before == 4_980 * 10**6


def test_fill__token_without_return_value__works(rig: Rig) -> None:
    here = rig[A]
    before = here.balance(OLD, RECIPIENT)
    here.fill(payment(A, OLD, 5_000), BROKER)
    assert here.balance(OLD, RECIPIENT) - before == 5_000


def test_fill__request_of_the_same_chain__is_admitted(rig: Rig) -> None:
    payout = payment(A, USD, 5_000, source=A)
    rig[A].fill(payout, BROKER)
    assert rig[A].repaid(payout.fill_key(rig.deployment_hash)) == BROKER


def test_fill__twice__is_refused(rig: Rig) -> None:
    here = rig[B]
    payout = payment(B, USD, 5_000)
    here.fill(payout, BROKER)
    with reverts("fills: already filled"):
        here.fill(payout, STRANGER)


def test_fill__after_execution__is_refused(rig: Rig) -> None:
    here = rig[B]
    payout = payment(B, USD, 5_000)
    rig.pay(payout)
    rig.execute(B, 1)
    assert here.repaid(payout.fill_key(rig.deployment_hash)) == EXECUTED
    with reverts("fills: already executed"):
        here.fill(payout, BROKER)


def withdrawal(amount: int, account: int = 0, nonce: int = 0, **changes: object) -> Payout:
    """A signed withdrawal on B; account 0 with nonce 0 is an ordinary one."""
    return payment(B, USD, amount, account << 32 | nonce, kind=Kind.WITHDRAW_PAYOUT, source=NO_CHAIN, **changes)


def test_fill__withdrawal__pays_the_recipient_less_the_fee_and_is_repaid(rig: Rig) -> None:
    here = rig[B]
    payout = withdrawal(5_000, fill_fee=Amount(20))
    before, broker = here.balance(USD, RECIPIENT), here.balance(USD, BROKER)
    here.fill(payout, BROKER)
    assert here.balance(USD, RECIPIENT) - before == 4_980 * 10**12
    with reverts("fills: already filled"):
        here.fill(payout, STRANGER)
    here.evm.time += FILL_LEAD_SECONDS
    rig.pay(payout, lane=Lane.ACCOUNT)
    rig.execute(B, 1)
    assert here.balance(USD, BROKER) - broker == 20 * 10**12
    with reverts("fills: already executed"):
        here.fill(payout, BROKER)


def test_fill__swap_through_a_token_between__is_repaid_for_exactly_that_amount_between(rig: Rig) -> None:
    here = rig[B]
    payout = payment(B, USD, 5_000, fill_fee=Amount(20), between=Amount(2**112 - 1))
    other = replace(payout, between=Amount(7))
    assert other.fill_key(rig.deployment_hash) != payout.fill_key(rig.deployment_hash)
    before, broker, stranger = (here.balance(USD, who) for who in (RECIPIENT, BROKER, STRANGER))
    here.fill(payout, BROKER)
    here.fill(other, STRANGER)
    here.evm.time += FILL_LEAD_SECONDS
    rig.pay(payout)
    rig.execute(B, 1)
    assert here.balance(USD, RECIPIENT) - before == 2 * 4_980 * 10**12
    assert here.balance(USD, BROKER) - broker == 20 * 10**12
    assert here.balance(USD, STRANGER) - stranger == -4_980 * 10**12


def test_fill__withdrawals_of_another_account_or_nonce__have_their_own_keys(rig: Rig) -> None:
    here = rig[B]
    payouts = [withdrawal(5_000), withdrawal(5_000, account=1), withdrawal(5_000, nonce=1), withdrawal(5_000, 1, 1)]
    for payout in payouts:
        here.fill(payout, BROKER)
    swap = payment(B, USD, 5_000, 1 << 32)
    here.fill(swap, BROKER)
    assert len({p.fill_key(rig.deployment_hash) for p in [*payouts, swap]}) == 5


DIFFERENCES: list[dict[str, Any]] = [
    {"source": ChainId(A)},
    {"request_id": 2},
    {"token": OLD},
    {"amount": Amount(5_001)},
    {"recipient": universal_address(STRANGER)},
    {"fill_fee": Amount(1)},
]


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda d: next(iter(d)))
def test_fill__payouts_that_differ_in_one_field__have_different_keys(rig: Rig, difference: dict[str, Any]) -> None:
    here = rig[B]
    token: TokenId = difference.pop("token", USD)
    amount: int = difference.pop("amount", 5_000)
    other = payment(B, token, amount, **difference)
    difference.update({"token": token, "amount": amount})
    here.fill(payment(B, USD, 5_000), BROKER)
    here.fill(other, BROKER)
    assert here.repaid(other.fill_key(rig.deployment_hash)) == BROKER


def with_bits(payout: Payout, word: int, bits: int) -> list[int]:
    """The payout's words with further bits set in one of them."""
    words = list(payout.words())
    words[word] |= bits
    return words


@dataclass(frozen=True)
class Refusal:
    """Words that must be refused for this reason."""

    reason: str
    words: list[int]
    value: int = 0


PAYOUT = payment(B, USD, 5_000)
REFUSALS = [
    Refusal("fill: unused bits", with_bits(PAYOUT, 0, 1 << 112)),
    Refusal("fill: unused bits", with_bits(PAYOUT, 0, 1 << 143)),
    Refusal("fill: unused bits", with_bits(PAYOUT, 0, 1 << 248)),
    Refusal("fill: unused bits", with_bits(PAYOUT, 1, 1 << 248)),
    Refusal("fill: unused bits", with_bits(PAYOUT, 2, 1 << 232)),
    Refusal("fill: unused bits", with_bits(PAYOUT, 2, 1 << 255)),
    Refusal("fill: not a payment", list(payment(B, USD, 5_000, kind=Kind.SWAP_REFUNDED, source=B).words())),
    Refusal("fill: not a payment", [B << 224, 1, 0]),
    Refusal("fill: not a payment", list(payment(B, USD, 5_000, kind=Kind.FULL_EXIT_PAYOUT, source=B).words())),
    Refusal("fill: not a payment", list(payment(B, USD, 5_000, kind=Kind.FORCED_EXIT_PAYOUT, source=NO_CHAIN).words())),
    Refusal("fill: source of a withdrawal", list(payment(B, USD, 5_000, kind=Kind.WITHDRAW_PAYOUT).words())),
    Refusal("fill: paid on another chain", list(payment(A, USD, 5_000).words())),
    Refusal("fill: unknown source", list(payment(B, USD, 5_000, source=ChainId(3)).words())),
    Refusal("fill: no request", list(payment(B, USD, 5_000, request_id=0).words())),
    Refusal("fill: unknown token", list(payment(B, TokenId(77), 5_000).words())),
    Refusal("fill: recipient format", list(payment(B, USD, 5_000, recipient=bytes([1]) * 32).words())),
    Refusal("fill: recipient format", list(payment(B, USD, 5_000, recipient=bytes([1]) + bytes(31)).words())),
    Refusal("fill: recipient format", list(payment(B, USD, 5_000, recipient=bytes(32)).words())),
    Refusal("fill: fee not below amount", list(payment(B, USD, 5_000, fill_fee=Amount(5_000)).words())),
    Refusal("fill: fee not below amount", list(payment(B, USD, 0).words())),
    Refusal("tokens: value with a token fill", list(PAYOUT.words()), value=1),
    Refusal("tokens: value is not the fill", list(payment(B, COIN, 5_000).words()), 5_000 * 10**6 - 1),
    Refusal("tokens: value is not the fill", list(payment(B, COIN, 5_000).words()), 5_000 * 10**6 + 1),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda r: r.reason)
def test_fill__bad_payout__is_refused_with_its_own_reason(rig: Rig, refusal: Refusal) -> None:
    with reverts(refusal.reason):
        rig[B].fill(refusal.words, value=refusal.value)


def test_fill__recipient_is_the_bridge__is_refused(rig: Rig) -> None:
    here = rig[B]
    payout = payment(B, USD, 5_000, recipient=universal_address(here.bridge.address))
    with reverts("fill: recipient is the bridge"):
        here.fill(payout, BROKER)


def test_fill__broker_is_the_recipient__moves_nothing_and_is_refused(rig: Rig) -> None:
    payout = payment(B, USD, 5_000, recipient=universal_address(BROKER))
    with reverts("tokens: recipient got too little"):
        rig[B].fill(payout, BROKER)


@pytest.mark.parametrize(
    ("mode", "reason"),
    [(FEE, "tokens: recipient got too little"), (SAY_NO, "tokens: transfer in refused")],
)
def test_fill__token_that_gives_less__is_refused(rig: Rig, mode: int, reason: str) -> None:
    rig[B].token(BAD).set_mode(mode)
    with reverts(reason):
        rig[B].fill(payment(B, BAD, 5_000), BROKER)


def test_fill__recipient_refuses_coin__is_refused(rig: Rig) -> None:
    here = rig[B]
    recipient = here.evm.deploy(GOVERNOR, load_contract("AdversarialRecipient"))
    recipient.set_mode(REFUSE)
    payout = payment(B, COIN, 5_000, recipient=universal_address(recipient.address))
    with reverts("tokens: coin refused"):
        here.fill(payout, BROKER, value=5_000 * 10**6)
    assert here.repaid(payout.fill_key(rig.deployment_hash)) == ZERO


def test_fill__recipient_reenters__cannot_fill_or_swap_in_between(rig: Rig) -> None:
    here = rig[B]
    recipient = here.evm.deploy(GOVERNOR, load_contract("AdversarialRecipient"))
    here.evm.fund(recipient.address)
    inner = payment(B, COIN, 0, request_id=9)
    recipient.set_call(here.bridge.address, here.bridge.encode("fill", inner.words(), BROKER))
    recipient.set_mode(RECIPIENT_REENTERS)
    payout = payment(B, COIN, 5_000, recipient=universal_address(recipient.address))
    here.fill(payout, BROKER, value=5_000 * 10**6)
    assert (recipient.reentries(), recipient.refusals()) == (0, 1)


def test_fill__token_reenters_with_the_same_fill__has_one_winner(rig: Rig) -> None:
    here = rig[B]
    bad = here.token(BAD)
    payout = payment(B, BAD, 5_000)
    bad.set_call(here.bridge.address, here.bridge.encode("fill", payout.words(), BROKER))
    bad.set_mode(REENTER)
    before = here.balance(BAD, RECIPIENT)
    here.fill(payout, BROKER)
    assert (bad.reentries(), bad.refusals()) == (0, 1)
    assert here.balance(BAD, RECIPIENT) - before == 5_000


def test_fill__paused_token__still_pays(rig: Rig) -> None:
    rig[B].registry.pause_token(USD, sender=GOVERNOR)
    before = rig[B].balance(USD, RECIPIENT)
    rig[B].fill(payment(B, USD, 5_000), BROKER)
    assert rig[B].balance(USD, RECIPIENT) - before == 5_000 * 10**12


def test_fill__on_another_chain_with_the_same_words__is_refused(rig: Rig) -> None:
    for chain in (A, C):
        with reverts("fill: paid on another chain"):
            rig[chain].fill(payment(B, USD, 5_000))

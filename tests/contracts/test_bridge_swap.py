"""`swap` and `swap_with_permit`: what is credited, what is queued, and every refusal."""

from dataclasses import dataclass
from typing import Any

import pytest
from eth_account import Account

from tests.support.drafts.permits import sign_permit
from tests.support.drafts.rig import BAD, COIN, OLD, REMOTE, RESERVE, Rig
from tests.support.evm import reverts
from tests.support.three_chains import DEPOSITOR, GOVERNOR, RECIPIENT, STRANGER, USD, A, B, C
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.operations.swap import SwapRequest
from zklink.protocol.bridge_hashes import next_queue_hash
from zklink.protocol.ids import ChainId, Lane, TokenId

FEE, SAY_NO, REVERT, REENTER, DRAIN, NOTHING = 1, 2, 3, 6, 8, 9
EXPIRY_SECONDS = 3 * 86_400
MAX_OPEN_SWAPS = 4_096


def test_swap__token__is_credited_and_queued(rig: Rig) -> None:
    here = rig[A]
    before = here.balance(USD, here.bridge.address)
    request_id = here.swap(l1_amount=7_000_000, min_out=11, operator_fee=12, fill_fee=13)
    event = here.evm.event("SwapRequested")
    words = here.request_words()

    assert request_id == 1
    assert event["l1_amount"] == event["amount"] == 7_000_000
    assert event["expires_at"] == event["queued_at"] + EXPIRY_SECONDS == here.evm.time + EXPIRY_SECONDS
    request = SwapRequest.from_words(words)
    assert (request.source, request.destination, request.token_in, request.token_out) == (A, B, USD, COIN)
    assert (request.amount, request.min_out, request.operator_fee, request.fill_fee) == (7_000_000, 11, 12, 13)
    assert (request.recipient, request.refund_to) == (universal_address(RECIPIENT), universal_address(DEPOSITOR))
    assert request.words() == words
    assert here.bridge.queue_hash(Lane.SWAP, 1) == next_queue_hash(rig.deployment_hash, words)
    assert here.bridge.custody(USD) == RESERVE + 7_000_000
    assert here.balance(USD, here.bridge.address) == before + 7_000_000
    assert here.bridge.request_counts(Lane.SWAP) == (1, 0)


def test_swap__coin__scales_to_layer_2_units(rig: Rig) -> None:
    here = rig[A]
    here.swap(token_in=COIN, token_out=USD, l1_amount=3 * 10**18, operator_fee=0, value=3 * 10**18)
    assert here.evm.event("SwapRequested")["amount"] == 3 * 10**12
    assert here.bridge.custody(COIN) == RESERVE + 3 * 10**12
    assert here.bridge.solvency(COIN) == ((RESERVE + 3 * 10**12) * 10**6, 0, RESERVE + 3 * 10**12)


def test_swap__token_with_18_decimals__scales_to_layer_2_units(rig: Rig) -> None:
    rig[B].swap(l1_amount=5 * 10**18)
    assert rig[B].evm.event("SwapRequested")["amount"] == 5 * 10**6


def test_swap__token_without_return_value__works(rig: Rig) -> None:
    rig[A].swap(token_in=OLD, l1_amount=10**6)
    assert rig[A].bridge.custody(OLD) == RESERVE + 10**6


def test_swap__second_request__continues_the_queue(rig: Rig) -> None:
    here = rig[A]
    queue_hash = rig.deployment_hash
    for request_id in (1, 2, 3):
        assert here.swap(l1_amount=10**6 + request_id) == request_id
        queue_hash = next_queue_hash(queue_hash, here.request_words())
        assert here.bridge.queue_hash(Lane.SWAP, request_id) == queue_hash
    assert here.bridge.queue_hash(Lane.SWAP, 4) == bytes(32)


def test_swap__fee_on_transfer__credits_what_arrived(rig: Rig) -> None:
    here = rig[A]
    here.token(BAD).set_mode(FEE)
    here.swap(token_in=BAD, l1_amount=10**6)
    event = here.evm.event("SwapRequested")
    assert (event["l1_amount"], event["amount"]) == (990_000, 990_000)
    assert here.bridge.custody(BAD) == RESERVE + 990_000


def test_swap__same_chain_other_token__is_admitted(rig: Rig) -> None:
    assert rig[A].swap(destination=A) == 1


def test_swap__same_token_other_chain__is_admitted(rig: Rig) -> None:
    assert rig[A].swap(token_out=USD) == 1


@pytest.mark.parametrize("via", [OLD, REMOTE])
def test_swap__token_between_on_any_chain__is_in_the_words_and_the_event(rig: Rig, via: TokenId) -> None:
    rig[A].swap(via=via)
    event = rig[A].evm.event("SwapRequested")
    assert (event["via"], event["native_fee_gwei"]) == (via, 0)
    words = rig[A].request_words()
    assert SwapRequest.from_words(words).via == via
    assert rig[A].bridge.queue_hash(Lane.SWAP, 1) == next_queue_hash(rig.deployment_hash, words)


@dataclass(frozen=True)
class Refusal:
    """Changes of an ordinary order that must be refused for this reason."""

    reason: str
    changes: dict[str, Any]
    value: int = 0


BRIDGE_OF_B = object()

REFUSALS = [
    Refusal("bridge: unknown token", {"token_in": 77}),
    Refusal("bridge: unknown token", {"token_in": 0}),
    Refusal("bridge: unknown token", {"token_in": REMOTE}),
    Refusal("swap: unknown destination", {"destination": 3}),
    Refusal("swap: unknown destination", {"destination": 0}),
    Refusal("swap: unknown destination", {"destination": 255}),
    Refusal("swap: unknown token out", {"token_out": 77}),
    Refusal("swap: unknown token out", {"token_out": REMOTE, "destination": B}),
    Refusal("swap: same token, same chain", {"token_out": USD, "destination": A}),
    Refusal("swap: route through own token", {"via": USD}),
    Refusal("swap: route through own token", {"via": COIN}),
    Refusal("swap: route to the same token", {"token_out": USD, "via": OLD}),
    Refusal("swap: route to the same token", {"token_out": USD, "via": USD}),
    Refusal("swap: route unknown", {"via": 77}),
    Refusal("swap: route unknown", {"via": 65_535}),
    Refusal("swap: recipient format", {"recipient": bytes(32)}),
    Refusal("swap: recipient format", {"recipient": bytes([1]) * 32}),
    Refusal("swap: recipient format", {"recipient": bytes(11) + bytes([1]) + bytes(20)}),
    Refusal("swap: recipient is a bridge", {"recipient": BRIDGE_OF_B}),
    Refusal("swap: deadline passed", {"deadline": 1}),
    Refusal("bridge: zero amount", {"l1_amount": 0}),
    Refusal("bridge: below the minimum", {"l1_amount": 99, "operator_fee": 0}),
    Refusal("swap: fee not below amount", {"l1_amount": 1_000, "operator_fee": 1_000}),
    Refusal("fee: not whole gwei", {}, value=1),
    Refusal("fee: below the price", {"token_in": COIN, "token_out": USD, "l1_amount": 10**18}, 10**18 - 1),
    Refusal("fee: not whole gwei", {"token_in": COIN, "token_out": USD, "l1_amount": 10**18}, 10**18 + 1),
    Refusal(
        "bridge: amount not convertible", {"token_in": COIN, "token_out": USD, "l1_amount": 10**18 + 1}, 10**18 + 1
    ),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda r: f"{r.reason}-{len(r.changes)}")
def test_swap__bad_order__is_refused_with_its_own_reason(rig: Rig, refusal: Refusal) -> None:
    changes = dict(refusal.changes)
    if changes.get("recipient") is BRIDGE_OF_B:
        changes["recipient"] = universal_address(rig[B].bridge.address)
    with reverts(refusal.reason):
        rig[A].swap(value=refusal.value, **changes)
    assert rig[A].bridge.request_counts(Lane.SWAP) == (0, 0)


def test_swap__boundary_order__is_admitted(rig: Rig) -> None:
    here = rig[A]
    assert here.swap(l1_amount=100, operator_fee=99, deadline=here.evm.time) == 1


def test_swap__recipient_is_the_bridge_of_another_chain__is_admitted(rig: Rig) -> None:
    if rig[C].bridge.address != rig[B].bridge.address:
        assert rig[A].swap(destination=B, recipient=universal_address(rig[C].bridge.address)) == 1
    with reverts("swap: recipient is a bridge"):
        rig[A].swap(destination=C, recipient=universal_address(rig[C].bridge.address))


def test_swap__paused_token__is_refused_until_resumed(rig: Rig) -> None:
    here = rig[A]
    here.registry.pause_token(USD, sender=GOVERNOR)
    assert here.registry.is_paused(USD) and not here.registry.is_paused(OLD)
    with reverts("bridge: token paused"):
        here.swap()
    assert here.swap(token_in=OLD, l1_amount=10**6) == 1
    here.registry.unpause_token(USD, sender=GOVERNOR)
    assert here.swap() == 2


def test_swap__above_the_cap__is_refused(rig: Rig) -> None:
    here = rig[A]
    here.registry.set_token_limits(USD, 1, RESERVE + 5_000, sender=GOVERNOR)
    with reverts("custody: above the cap"):
        here.swap(l1_amount=5_001, operator_fee=1)
    assert here.swap(l1_amount=5_000, operator_fee=1) == 1


def test_swap__full_queue__is_refused(rig: Rig) -> None:
    here = rig[A]
    for _ in range(MAX_OPEN_SWAPS):
        here.swap(l1_amount=10_000)
    with reverts("queue: full"):
        here.swap(l1_amount=10_000)


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        (SAY_NO, "tokens: transfer in refused"),
        (REVERT, "adversarial: paused"),
        (DRAIN, "tokens: balance fell"),
        (NOTHING, "bridge: nothing arrived"),
    ],
)
def test_swap__token_that_gives_nothing__is_refused(rig: Rig, mode: int, reason: str) -> None:
    rig[A].token(BAD).set_mode(mode)
    with reverts(reason):
        rig[A].swap(token_in=BAD, l1_amount=10**6)


def test_swap__token_that_reenters__credits_once(rig: Rig) -> None:
    here = rig[A]
    bad = here.token(BAD)
    bad.mint(bad.address, 10**12)
    inner = here.bridge.encode("swap", here.order(token_in=BAD, l1_amount=10**6))
    bad.set_call(here.bridge.address, inner)
    bad.set_mode(REENTER)
    here.swap(token_in=BAD, l1_amount=10**6)
    assert (bad.reentries(), bad.refusals()) == (0, 1)
    assert here.bridge.request_counts(Lane.SWAP) == (1, 0)
    assert here.bridge.custody(BAD) == RESERVE + 10**6


def test_swap__donation_before__changes_nothing(rig: Rig) -> None:
    here = rig[A]
    here.token(USD).transfer(here.bridge.address, 12_345, sender=STRANGER)
    here.swap(l1_amount=10**6)
    assert here.bridge.custody(USD) == RESERVE + 10**6
    balance, pending, custody = here.bridge.solvency(USD)
    assert (balance, pending, custody) == (RESERVE + 10**6 + 12_345, 0, RESERVE + 10**6)


def test_coin_sent_to_the_bridge__is_refused(rig: Rig) -> None:
    with reverts(""):
        rig[A].evm.send(STRANGER, rig[A].bridge.address, value=1)


# --- swap_with_permit ---

OWNER = Account.create("permit owner")
USELESS = (0, 1, 27, bytes(32), bytes(32))
"""A permit that no token takes."""


def test_swap_with_permit__fresh_permit__needs_no_approval(rig: Rig) -> None:
    here = rig[A]
    here.token(USD).mint(OWNER.address, 10**9)
    permit = sign_permit(here, OWNER, 10**6, here.evm.time)
    assert here.bridge.swap_with_permit(here.order(l1_amount=10**6), permit, sender=OWNER.address) == 1
    assert here.token(USD).allowance(OWNER.address, here.bridge.address) == 0


def test_swap_with_permit__permit_submitted_by_somebody_else_before__still_swaps(rig: Rig) -> None:
    here = rig[A]
    here.token(USD).mint(OWNER.address, 10**9)
    permit = sign_permit(here, OWNER, 10**6, here.evm.time)
    here.token(USD).permit(OWNER.address, here.bridge.address, *permit, sender=STRANGER)
    assert here.bridge.swap_with_permit(here.order(l1_amount=10**6), permit, sender=OWNER.address) == 1


def test_swap_with_permit__useless_permit__is_refused_by_the_token(rig: Rig) -> None:
    here = rig[A]
    here.token(USD).mint(OWNER.address, 10**9)
    permit = sign_permit(here, OWNER, 10**6, here.evm.time, spender=STRANGER)
    with reverts("test token: allowance"):
        here.bridge.swap_with_permit(here.order(l1_amount=10**6), permit, sender=OWNER.address)


def test_swap_with_permit__coin__needs_the_coin(rig: Rig) -> None:
    here = rig[A]
    order = here.order(token_in=COIN, token_out=USD, l1_amount=10**18)
    with reverts("fee: below the price"):
        here.bridge.swap_with_permit(order, USELESS, sender=DEPOSITOR)
    assert here.bridge.swap_with_permit(order, USELESS, sender=DEPOSITOR, value=10**18) == 1


def test_swap_with_permit__bad_order__is_refused_before_the_token_is_called(rig: Rig) -> None:
    here = rig[A]
    with reverts("bridge: unknown token"):
        here.bridge.swap_with_permit(here.order(token_in=77), USELESS, sender=DEPOSITOR)


@pytest.mark.parametrize("chain", [A, B, C])
def test_swap__every_chain__puts_its_own_id_into_the_request(rig: Rig, chain: ChainId) -> None:
    rig[chain].swap()
    assert SwapRequest.from_words(rig[chain].request_words()).source == chain

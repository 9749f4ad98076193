"""`deposit`, `deposit_with_permit` and `full_exit`: what is credited, what is queued, and every refusal."""

from dataclasses import dataclass

import pytest
from eth_account import Account

from tests.support.evm import reverts
from tests.support.permits import sign_permit
from tests.support.rig import (
    ACCOUNT_LIMIT,
    BAD,
    COIN,
    DEPOSITOR,
    GOVERNOR,
    PROVIDER,
    REMOTE,
    RESERVE,
    STRANGER,
    TOKENS,
    USD,
    A,
    B,
    C,
    Rig,
    universal,
)
from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.protocol.bridge_hashes import next_queue_hash
from zklink.protocol.ids import CUSTODY_LIMIT, Lane, TokenId

FEE, REENTER, NOTHING = 1, 6, 9
EXPIRY_SECONDS = 3 * 86_400
MAX_OPEN_ACCOUNT_REQUESTS = 512
EARLIER = len(TOKENS)
"""Deposits that the rig makes; the next one has the id after."""

ANYBODY = bytes(range(1, 33))


def test_deposit__token__is_credited_and_queued(rig: Rig) -> None:
    node = rig[A]
    before, previous = node.balance(USD, node.bridge.address), node.bridge.queue_hash(Lane.ACCOUNT, EARLIER)
    request_id = node.deposit(USD, 7_000_000, owner=ANYBODY)
    event = node.evm.event("DepositRequested")
    words = node.deposit_words()

    assert request_id == EARLIER + 1
    assert event["l1_amount"] == event["amount"] == 7_000_000
    assert event["expires_at"] == event["queued_at"] + EXPIRY_SECONDS == node.evm.time + EXPIRY_SECONDS
    request = DepositRequest.from_words(words)
    assert (request.source, request.token, request.amount) == (A, USD, 7_000_000)
    assert (request.owner, request.sender) == (ANYBODY, universal(DEPOSITOR))
    assert request.words() == words
    assert node.bridge.queue_hash(Lane.ACCOUNT, request_id) == next_queue_hash(previous, words)
    assert node.bridge.custody(USD) == RESERVE + 7_000_000
    assert node.balance(USD, node.bridge.address) == before + 7_000_000
    assert node.bridge.request_counts(Lane.ACCOUNT) == (request_id, 0)
    assert node.bridge.request_status(Lane.ACCOUNT, request_id) == 1


def test_deposit__coin__scales_to_layer_2_units(rig: Rig) -> None:
    node = rig[A]
    node.deposit(COIN, 3 * 10**12)
    assert node.evm.event("DepositRequested")["l1_amount"] == 3 * 10**18
    assert node.bridge.solvency(COIN) == ((RESERVE + 3 * 10**12) * 10**6, 0, RESERVE + 3 * 10**12)


def test_deposit__fee_on_transfer__credits_what_arrived(rig: Rig) -> None:
    node = rig[A]
    node.tokens[BAD].set_mode(FEE)
    node.deposit(BAD, 10**6)
    event = node.evm.event("DepositRequested")
    assert (event["l1_amount"], event["amount"]) == (990_000, 990_000)
    assert node.bridge.custody(BAD) == RESERVE + 990_000


def test_deposit__queues__are_apart(rig: Rig) -> None:
    """A lane's ids and hashes do not move with the other lane's."""
    node = rig[A]
    assert node.swap() == 1
    assert node.deposit(USD, 1_000) == EARLIER + 1
    assert node.swap() == 2
    assert node.bridge.request_counts(Lane.SWAP) == (2, 0)
    assert node.bridge.request_counts(Lane.ACCOUNT) == (EARLIER + 1, 0)
    assert node.bridge.queue_hash(Lane.SWAP, 0) == node.bridge.queue_hash(Lane.ACCOUNT, 0) == rig.deployment_hash
    assert node.bridge.queue_hash(Lane.SWAP, 3) == node.bridge.queue_hash(Lane.ACCOUNT, EARLIER + 2) == bytes(32)


@dataclass(frozen=True)
class Refusal:
    """A deposit that must be refused for this reason."""

    reason: str
    token: TokenId = USD
    l1_amount: int = 1_000
    owner: bytes = ANYBODY
    value: int = 0


REFUSALS = [
    Refusal("bridge: unknown token", token=TokenId(77)),
    Refusal("bridge: unknown token", token=TokenId(0)),
    Refusal("bridge: unknown token", token=REMOTE),
    Refusal("bridge: unknown token", token=TokenId(512)),
    Refusal("deposit: zero owner", owner=bytes(32)),
    Refusal("bridge: zero amount", l1_amount=0),
    Refusal("bridge: below the minimum", l1_amount=99),
    Refusal("tokens: value with a token", value=1),
    Refusal("tokens: value is not the amount", token=COIN, l1_amount=10**18, value=10**18 - 1),
    Refusal("bridge: amount not convertible", token=COIN, l1_amount=10**18 + 1, value=10**18 + 1),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda r: f"{r.reason}-{r.token}")
def test_deposit__bad_order__is_refused_with_its_own_reason(rig: Rig, refusal: Refusal) -> None:
    order = (refusal.token, refusal.l1_amount, refusal.owner)
    with reverts(refusal.reason):
        rig[A].bridge.deposit(order, sender=DEPOSITOR, value=refusal.value)
    assert rig[A].bridge.request_counts(Lane.ACCOUNT) == (EARLIER, 0)


def test_deposit__paused_capped_or_nothing_arrived__is_refused(rig: Rig) -> None:
    node = rig[A]
    node.registry.set_paused(USD, True, sender=GOVERNOR)
    with reverts("bridge: token paused"):
        node.deposit(USD, 1_000)
    node.registry.set_paused(USD, False, sender=GOVERNOR)
    node.registry.set_token_limits(USD, 1, RESERVE + 5_000, sender=GOVERNOR)
    with reverts("ledger: above the cap"):
        node.deposit(USD, 5_001)
    node.deposit(USD, 5_000)
    with reverts("ledger: above the custody limit"):
        node.deposit(BAD, CUSTODY_LIMIT - RESERVE + 1)
    node.registry.set_token_limits(BAD, 0, RESERVE + 5_000, sender=GOVERNOR)
    node.tokens[BAD].set_mode(NOTHING)
    with reverts("bridge: nothing arrived"):
        node.deposit(BAD, 1_000)


def test_deposit__token_that_reenters__credits_once(rig: Rig) -> None:
    node = rig[A]
    bad = node.tokens[BAD]
    bad.mint(bad.address, 10**12)
    bad.set_call(node.bridge.address, node.bridge.encode("deposit", (BAD, 10**6, ANYBODY)))
    bad.set_mode(REENTER)
    node.deposit(BAD, 10**6)
    assert (bad.reentries(), bad.refusals()) == (0, 1)
    assert node.bridge.custody(BAD) == RESERVE + 10**6


# --- deposit_with_permit ---

OWNER = Account.create("permit owner")


def test_deposit_with_permit__fresh_permit__needs_no_approval(rig: Rig) -> None:
    node = rig[A]
    node.tokens[USD].mint(OWNER.address, 10**9)
    permit = sign_permit(node, OWNER, 10**6, node.evm.time)
    order = (USD, 10**6, universal(OWNER.address.lower()))
    assert node.bridge.deposit_with_permit(order, permit, sender=OWNER.address) == EARLIER + 1
    assert node.tokens[USD].allowance(OWNER.address, node.bridge.address) == 0


def test_deposit_with_permit__permit_submitted_by_somebody_else_before__still_deposits(rig: Rig) -> None:
    node = rig[A]
    node.tokens[USD].mint(OWNER.address, 10**9)
    deadline, v, r, s = sign_permit(node, OWNER, 10**6, node.evm.time)
    node.tokens[USD].permit(OWNER.address, node.bridge.address, 10**6, deadline, v, r, s, sender=STRANGER)
    order = (USD, 10**6, ANYBODY)
    assert node.bridge.deposit_with_permit(order, (deadline, v, r, s), sender=OWNER.address) == EARLIER + 1


def test_deposit_with_permit__useless_permit_or_bad_order__is_refused(rig: Rig) -> None:
    node = rig[A]
    nothing = (0, 27, bytes(32), bytes(32))
    with reverts("bridge: unknown token"):
        node.bridge.deposit_with_permit((77, 10**6, ANYBODY), nothing, sender=DEPOSITOR)
    with reverts("tokens: value is not the amount"):
        node.bridge.deposit_with_permit((COIN, 10**18, ANYBODY), nothing, sender=DEPOSITOR)
    with reverts("test token: allowance"):
        node.bridge.deposit_with_permit((USD, 10**6, ANYBODY), nothing, sender=OWNER.address)


# --- full_exit ---


def test_full_exit__any_account__is_queued_for_the_caller(rig: Rig) -> None:
    """Also one that does not exist: the block decides that nothing is paid."""
    node = rig[A]
    previous = node.bridge.queue_hash(Lane.ACCOUNT, EARLIER)
    assert node.bridge.full_exit(ACCOUNT_LIMIT - 1, USD, sender=STRANGER) == EARLIER + 1
    event = node.evm.event("FullExitRequested")
    assert event["expires_at"] == event["queued_at"] + EXPIRY_SECONDS == node.evm.time + EXPIRY_SECONDS
    words = node.full_exit_words()
    request = FullExitRequest.from_words(words)
    assert (request.source, request.account, request.token) == (A, ACCOUNT_LIMIT - 1, USD)
    assert request.owner == universal(STRANGER)
    assert request.words() == words
    assert node.bridge.queue_hash(Lane.ACCOUNT, EARLIER + 1) == next_queue_hash(previous, words)
    assert node.bridge.custody(USD) == RESERVE


@pytest.mark.parametrize("account", [ACCOUNT_LIMIT, 2**32 - 1])
def test_full_exit__account_that_cannot_exist__is_refused(rig: Rig, account: int) -> None:
    """No block could consume it: the queue would stand still."""
    with reverts("full exit: no such account"):
        rig[A].bridge.full_exit(account, USD)


@pytest.mark.parametrize("token", [0, 77, REMOTE, 512])
def test_full_exit__token_that_is_not_here__is_refused(rig: Rig, token: int) -> None:
    with reverts("full exit: unknown token"):
        rig[A].bridge.full_exit(3, token)


def test_full_exit__paused_token__is_admitted(rig: Rig) -> None:
    """A pause never stops anybody from leaving."""
    rig[A].registry.set_paused(USD, True, sender=GOVERNOR)
    assert rig[A].bridge.full_exit(3, USD) == EARLIER + 1


def test_full_queue__of_the_account_lane__is_refused_there_only(rig: Rig) -> None:
    node = rig[C]
    for _ in range(MAX_OPEN_ACCOUNT_REQUESTS - EARLIER):
        node.bridge.full_exit(3, USD)
    with reverts("queue: full"):
        node.bridge.full_exit(3, USD)
    with reverts("queue: full"):
        node.deposit(USD, 1_000)
    assert node.swap(destination=B) == 1


def test_provider__of_the_rig__has_deposited_every_token(rig: Rig) -> None:
    assert [rig[k].bridge.custody(t) for k in (A, B, C) for t in TOKENS] == [RESERVE] * 12
    assert rig[A].balance(USD, PROVIDER) == 10**36 - RESERVE

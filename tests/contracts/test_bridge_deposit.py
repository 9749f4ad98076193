"""`deposit`, `deposit_with_permit` and `full_exit`: what is credited, what is queued, and every refusal."""

from dataclasses import dataclass

import pytest
from eth_account import Account

from tests.support.drafts.permits import sign_permit
from tests.support.drafts.rig import ACCOUNT_LIMIT, BAD, COIN, REMOTE, RESERVE, TOKEN_LIMIT, TOKENS, Rig
from tests.support.evm import reverts
from tests.support.three_chains import CHAIN_MASK, DEPOSITOR, FORTUNE, GOVERNOR, PROVIDER, STRANGER, USD, ZERO, A, B, C
from zklink.l1.contracts.bridge_structs import universal_address
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
    here = rig[A]
    before, previous = here.balance(USD, here.bridge.address), here.bridge.queue_hash(Lane.ACCOUNT, EARLIER)
    request_id = here.deposit(USD, 7_000_000, owner=ANYBODY)
    event = here.evm.event("DepositRequested")
    words = here.deposit_words()

    assert request_id == EARLIER + 1
    assert event["l1_amount"] == event["amount"] == 7_000_000
    assert event["expires_at"] == event["queued_at"] + EXPIRY_SECONDS == here.evm.time + EXPIRY_SECONDS
    request = DepositRequest.from_words(words)
    assert (request.source, request.token, request.amount) == (A, USD, 7_000_000)
    assert (request.owner, request.refund_to) == (ANYBODY, universal_address(DEPOSITOR))
    assert request.words() == words
    assert here.bridge.queue_hash(Lane.ACCOUNT, request_id) == next_queue_hash(previous, words)
    assert here.bridge.custody(USD) == RESERVE + 7_000_000
    assert here.balance(USD, here.bridge.address) == before + 7_000_000
    assert here.bridge.request_counts(Lane.ACCOUNT) == (request_id, 0)


def test_deposit__coin__scales_to_layer_2_units(rig: Rig) -> None:
    here = rig[A]
    here.deposit(COIN, 3 * 10**12)
    assert here.evm.event("DepositRequested")["l1_amount"] == 3 * 10**18
    assert here.bridge.solvency(COIN) == ((RESERVE + 3 * 10**12) * 10**6, 0, RESERVE + 3 * 10**12)


def test_deposit__fee_on_transfer__credits_what_arrived(rig: Rig) -> None:
    here = rig[A]
    here.token(BAD).set_mode(FEE)
    here.deposit(BAD, 10**6)
    event = here.evm.event("DepositRequested")
    assert (event["l1_amount"], event["amount"]) == (990_000, 990_000)
    assert here.bridge.custody(BAD) == RESERVE + 990_000


def test_deposit__queues__are_apart(rig: Rig) -> None:
    """A lane's ids and hashes do not move with the other lane's."""
    here = rig[A]
    assert here.swap() == 1
    assert here.deposit(USD, 1_000) == EARLIER + 1
    assert here.swap() == 2
    assert here.bridge.request_counts(Lane.SWAP) == (2, 0)
    assert here.bridge.request_counts(Lane.ACCOUNT) == (EARLIER + 1, 0)
    assert here.bridge.queue_hash(Lane.SWAP, 0) == here.bridge.queue_hash(Lane.ACCOUNT, 0) == rig.deployment_hash
    assert here.bridge.queue_hash(Lane.SWAP, 3) == here.bridge.queue_hash(Lane.ACCOUNT, EARLIER + 2) == bytes(32)


@dataclass(frozen=True)
class Refusal:
    """A deposit that must be refused for this reason."""

    reason: str
    token: TokenId = USD
    l1_amount: int = 1_000
    owner: bytes = ANYBODY
    value: int = 0
    account: int = 0
    refund_to: str = DEPOSITOR


REFUSALS = [
    Refusal("bridge: unknown token", token=TokenId(77)),
    Refusal("bridge: unknown token", token=TokenId(0)),
    Refusal("bridge: unknown token", token=REMOTE),
    Refusal("bridge: unknown token", token=TokenId(512)),
    Refusal("deposit: zero owner", owner=bytes(32)),
    Refusal("deposit: no such account", account=ACCOUNT_LIMIT),
    Refusal("deposit: no such account", account=2**32 - 1),
    Refusal("bridge: refund address", refund_to=ZERO),
    Refusal("bridge: zero amount", l1_amount=0),
    Refusal("bridge: below the minimum", l1_amount=99),
    Refusal("fee: not whole gwei", value=1),
    Refusal("fee: below the price", token=COIN, l1_amount=10**18, value=10**18 - 1),
    Refusal("bridge: amount not convertible", token=COIN, l1_amount=10**18 + 1, value=10**18 + 1),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda r: f"{r.reason}-{r.token}")
def test_deposit__bad_order__is_refused_with_its_own_reason(rig: Rig, refusal: Refusal) -> None:
    order = (refusal.token, refusal.l1_amount, refusal.owner, refusal.account, refusal.refund_to)
    with reverts(refusal.reason):
        rig[A].bridge.deposit(order, sender=DEPOSITOR, value=refusal.value)
    assert rig[A].bridge.request_counts(Lane.ACCOUNT) == (EARLIER, 0)


def test_deposit__paused_capped_or_nothing_arrived__is_refused(rig: Rig) -> None:
    here = rig[A]
    here.registry.pause_token(USD, sender=GOVERNOR)
    with reverts("bridge: token paused"):
        here.deposit(USD, 1_000)
    here.registry.unpause_token(USD, sender=GOVERNOR)
    here.registry.set_token_limits(USD, 1, RESERVE + 5_000, sender=GOVERNOR)
    with reverts("custody: above the cap"):
        here.deposit(USD, 5_001)
    here.deposit(USD, 5_000)
    with reverts("custody: above the custody limit"):
        here.deposit(BAD, CUSTODY_LIMIT - RESERVE + 1)
    here.registry.set_token_limits(BAD, 0, RESERVE + 5_000, sender=GOVERNOR)
    here.token(BAD).set_mode(NOTHING)
    with reverts("bridge: nothing arrived"):
        here.deposit(BAD, 1_000)


@pytest.mark.parametrize("amount", [101, CUSTODY_LIMIT - RESERVE])
def test_deposit__odd_amount_or_all_that_may_be_held__is_in_custody_to_the_unit(rig: Rig, amount: int) -> None:
    rig[A].deposit(BAD, amount)
    assert rig[A].bridge.custody(BAD) == RESERVE + amount


def test_deposit__token_that_reenters__credits_once(rig: Rig) -> None:
    here = rig[A]
    bad = here.token(BAD)
    bad.mint(bad.address, 10**12)
    bad.set_call(here.bridge.address, here.bridge.encode("deposit", (BAD, 10**6, ANYBODY, 0, STRANGER)))
    bad.set_mode(REENTER)
    here.deposit(BAD, 10**6)
    assert (bad.reentries(), bad.refusals()) == (0, 1)
    assert here.bridge.custody(BAD) == RESERVE + 10**6


# --- deposit_with_permit ---

OWNER = Account.create("permit owner")


def test_deposit_with_permit__fresh_permit__needs_no_approval(rig: Rig) -> None:
    here = rig[A]
    here.token(USD).mint(OWNER.address, 10**9)
    permit = sign_permit(here, OWNER, 10**6, here.evm.time)
    order = (USD, 10**6, universal_address(OWNER.address.lower()), 0, OWNER.address)
    assert here.bridge.deposit_with_permit(order, permit, sender=OWNER.address) == EARLIER + 1
    assert here.token(USD).allowance(OWNER.address, here.bridge.address) == 0


def test_deposit_with_permit__permit_submitted_by_somebody_else_before__still_deposits(rig: Rig) -> None:
    here = rig[A]
    here.token(USD).mint(OWNER.address, 10**9)
    permit = sign_permit(here, OWNER, 10**6, here.evm.time)
    here.token(USD).permit(OWNER.address, here.bridge.address, *permit, sender=STRANGER)
    order = (USD, 10**6, ANYBODY, 0, STRANGER)
    assert here.bridge.deposit_with_permit(order, permit, sender=OWNER.address) == EARLIER + 1


def test_deposit_with_permit__useless_permit_or_bad_order__is_refused(rig: Rig) -> None:
    here = rig[A]
    nothing = (0, 1, 27, bytes(32), bytes(32))
    with reverts("bridge: unknown token"):
        here.bridge.deposit_with_permit((77, 10**6, ANYBODY, 0, STRANGER), nothing, sender=DEPOSITOR)
    with reverts("fee: below the price"):
        here.bridge.deposit_with_permit((COIN, 10**18, ANYBODY, 0, STRANGER), nothing, sender=DEPOSITOR)
    with reverts("test token: allowance"):
        here.bridge.deposit_with_permit((USD, 10**6, ANYBODY, 0, STRANGER), nothing, sender=OWNER.address)


# --- full_exit ---


def test_full_exit__any_account__is_queued_for_the_caller(rig: Rig) -> None:
    """Also one that does not exist: the block decides that nothing is paid."""
    here = rig[A]
    previous = here.bridge.queue_hash(Lane.ACCOUNT, EARLIER)
    assert here.full_exit(ACCOUNT_LIMIT - 1, USD, sender=STRANGER) == EARLIER + 1
    event = here.evm.event("FullExitRequested")
    assert event["expires_at"] == event["queued_at"] + EXPIRY_SECONDS == here.evm.time + EXPIRY_SECONDS
    words = here.full_exit_words()
    request = FullExitRequest.from_words(words)
    assert (request.source, request.account, request.token) == (A, ACCOUNT_LIMIT - 1, USD)
    assert request.owner == request.second == universal_address(STRANGER)
    assert request.mask == CHAIN_MASK >> 1
    assert request.words() == words
    assert here.bridge.queue_hash(Lane.ACCOUNT, EARLIER + 1) == next_queue_hash(previous, words)
    assert here.bridge.custody(USD) == RESERVE


@pytest.mark.parametrize("account", [ACCOUNT_LIMIT, 2**32 - 1])
def test_full_exit__account_that_cannot_exist__is_refused(rig: Rig, account: int) -> None:
    """No block could consume it: the queue would stand still."""
    with reverts("full exit: no such account"):
        rig[A].full_exit(account, USD)


@pytest.mark.parametrize("token", [0, TOKEN_LIMIT, 2**16 - 1])
def test_full_exit__token_that_cannot_exist__is_refused(rig: Rig, token: int) -> None:
    with reverts("full exit: unknown token"):
        rig[A].full_exit(3, TokenId(token))


@pytest.mark.parametrize("token", [REMOTE, TOKEN_LIMIT - 1])
def test_full_exit__token_that_is_elsewhere_or_shares__is_admitted(rig: Rig, token: int) -> None:
    """Other chains pay what is not here, and shares become balances."""
    assert rig[A].full_exit(3, TokenId(token)) == EARLIER + 1


MASK_A = 1 << A - 1
SECOND = universal_address(STRANGER)


@pytest.mark.parametrize(
    ("reason", "second", "mask"),
    [
        ("full exit: unknown chain", SECOND, MASK_A | 1 << 2),
        ("full exit: unknown chain", SECOND, 255),
        ("full exit: not this chain", SECOND, 1 << B - 1),
        ("full exit: not this chain", SECOND, 0),
        ("full exit: second's format", bytes(32), MASK_A | 1 << B - 1),
        ("full exit: second's format", bytes([1]) * 32, MASK_A | 1 << C - 1),
    ],
)
def test_full_exit__bad_mask__is_refused(rig: Rig, reason: str, second: bytes, mask: int) -> None:
    with reverts(reason):
        rig[A].bridge.full_exit(3, USD, second, mask, sender=DEPOSITOR)


def test_full_exit__second_is_a_bridge__is_refused(rig: Rig) -> None:
    bridge = universal_address(rig[B].bridge.address)
    with reverts("full exit: second is a bridge"):
        rig[A].bridge.full_exit(3, USD, bridge, MASK_A | 1 << B - 1, sender=DEPOSITOR)
    rig[A].bridge.full_exit(3, USD, bridge, MASK_A, sender=DEPOSITOR)
    first, mask = universal_address(rig[A].bridge.address), 1 << B - 1
    with reverts("full exit: second is a bridge"):
        rig[B].bridge.full_exit(3, USD, first, MASK_A | mask, sender=DEPOSITOR)
    rig[B].bridge.full_exit(3, USD, first, mask, sender=DEPOSITOR)


def test_full_exit__paused_token__is_admitted(rig: Rig) -> None:
    """A pause never stops anybody from leaving."""
    rig[A].registry.pause_token(USD, sender=GOVERNOR)
    assert rig[A].full_exit(3, USD) == EARLIER + 1


def test_full_queue__of_the_account_lane__is_refused_there_only(rig: Rig) -> None:
    """Deposits leave the upper half of the places to full exits."""
    here = rig[C]
    for _ in range(MAX_OPEN_ACCOUNT_REQUESTS // 2 - EARLIER):
        here.deposit(USD, 1_000)
    with reverts("queue: full"):
        here.deposit(USD, 1_000)
    for _ in range(MAX_OPEN_ACCOUNT_REQUESTS // 2):
        here.full_exit(3, USD)
    with reverts("queue: full"):
        here.full_exit(3, USD)
    assert here.swap(destination=B) == 1


def test_provider__of_the_rig__has_deposited_every_token(rig: Rig) -> None:
    assert [rig[k].bridge.custody(t) for k in (A, B, C) for t in TOKENS] == [RESERVE] * 12
    assert rig[A].balance(USD, PROVIDER) == FORTUNE - RESERVE

"""A freeze over a request that waits: who may call and confirm it, when, what stops and what does not. The same on the
primary and on members."""

import pytest

from tests.support.drafts.escape import call_freeze, freeze, provider_words
from tests.support.drafts.rig import COIN, RESERVE, Rig, RigChain, payment
from tests.support.evm import reverts
from tests.support.three_chains import (
    BLOCKS_PER_DAY,
    DEPOSITOR,
    GOVERNOR,
    PRIMARY,
    PROVIDER,
    RECIPIENT,
    SEQUENCER,
    START_TIME,
    STRANGER,
    USD,
    A,
    B,
)
from tests.support.upholds import upholds
from zklink.protocol.ids import EXPIRY_SECONDS, FREEZE_DELAY_SECONDS, ChainId, Lane

BOTH_KINDS = pytest.mark.parametrize("chain", [B, A])
"""The primary and a member."""


def confirm(here: RigChain, lane: Lane = Lane.ACCOUNT) -> None:
    here.end.confirm_freeze(lane, sender=STRANGER)


def serve_first_deposits(rig: Rig, chain: ChainId, count: int) -> None:
    """A block with the provider's first deposits on a chain, accepted and imported there."""
    words = [word for i in range(1, count + 1) for word in provider_words(rig[chain], i)]
    rig.accept(rig.draft({chain: words}, lane=Lane.ACCOUNT))
    if chain != PRIMARY:
        rig.import_on(chain)


# --- the call ---


@BOTH_KINDS
def test_call_freeze__after_the_expiry__by_anyone__is_noted(rig: Rig, chain: ChainId) -> None:
    here = rig[chain]
    here.evm.time = START_TIME + EXPIRY_SECONDS
    with reverts("freeze: request not expired"):
        here.end.call_freeze(Lane.ACCOUNT, provider_words(here), sender=STRANGER)
    assert here.end.freeze_call(Lane.ACCOUNT) == (0, 0, 0)
    here.evm.time += 1
    here.end.call_freeze(Lane.ACCOUNT, provider_words(here), sender=STRANGER)
    assert here.evm.event("FreezeCalled") == {"lane": Lane.ACCOUNT, "request_id": 1}
    assert here.end.freeze_call(Lane.ACCOUNT) == (1, here.evm.time, here.evm.height)
    assert not here.bridge.is_frozen()


@BOTH_KINDS
def test_call_freeze__swap_lane__looks_at_its_own_queue(rig: Rig, chain: ChainId) -> None:
    here = rig[chain]
    here.evm.time = START_TIME + 1_000
    here.swap()
    words = list(here.request_words())
    here.evm.time = START_TIME + 1_000 + EXPIRY_SECONDS
    with reverts("freeze: request not expired"):
        call_freeze(here, words, Lane.SWAP)
    here.evm.time += 1
    call_freeze(here, words, Lane.SWAP)
    assert here.end.freeze_call(Lane.SWAP)[0] == 1
    assert here.end.freeze_call(Lane.ACCOUNT)[0] == 0


def test_call_freeze__words_of_another_length_or_lane__are_refused(rig: Rig) -> None:
    here = rig[A]
    here.swap()
    words = list(here.request_words())
    for lane, bad in ((Lane.SWAP, words[:4]), (Lane.ACCOUNT, words), (Lane.SWAP, []), (Lane.ACCOUNT, [])):
        with reverts("freeze: not a request"):
            here.end.call_freeze(lane, bad)
    for number in (0, 3, 255):
        with reverts("records: unknown lane"):
            here.end.call_freeze(number, words)


def test_call_freeze__not_the_oldest__is_refused(rig: Rig) -> None:
    """A later request cannot have waited longer; and a queue with nothing left has nothing to wait for."""
    here = rig[A]
    here.evm.time += EXPIRY_SECONDS + 1
    for words in (provider_words(here, 2), [*provider_words(here)[:2], 1, 1], [0, 0, 0, 0]):
        with reverts("freeze: not the oldest request"):
            here.end.call_freeze(Lane.ACCOUNT, words)
    with reverts("freeze: not the oldest request"):
        here.end.call_freeze(Lane.SWAP, [0, 0, 0, 0, 0])


@BOTH_KINDS
def test_call_freeze__request_in_a_block_here__is_refused(rig: Rig, chain: ChainId) -> None:
    here = rig[chain]
    serve_first_deposits(rig, chain, 1)
    here.evm.time += EXPIRY_SECONDS + 1
    with reverts("freeze: not the oldest request"):
        here.end.call_freeze(Lane.ACCOUNT, provider_words(here))
    here.end.call_freeze(Lane.ACCOUNT, provider_words(here, 2))


def test_call_freeze__request_in_a_block_of_the_primary_alone__is_noted(rig: Rig) -> None:
    """What is not imported answers nobody here; whoever has the block brings it within the day."""
    serve_first_deposits(rig, PRIMARY, 1)
    rig.accept(rig.draft({A: provider_words(rig[A])}, lane=Lane.ACCOUNT))
    call_freeze(rig[A])
    rig.import_on(A)
    rig[A].evm.time += FREEZE_DELAY_SECONDS
    with reverts("freeze: request was consumed"):
        confirm(rig[A])


@BOTH_KINDS
def test_call_freeze__again_while_it_waits__cannot_prolong_the_day(rig: Rig, chain: ChainId) -> None:
    here = rig[chain]
    call_freeze(here)
    noted = here.end.freeze_call(Lane.ACCOUNT)
    here.evm.time += FREEZE_DELAY_SECONDS - 1
    with reverts("freeze: called already"):
        call_freeze(here)
    assert here.end.freeze_call(Lane.ACCOUNT) == noted
    here.evm.time += 1
    with reverts("freeze: called already"):
        call_freeze(here)
    confirm(here)


def test_call_freeze__after_the_first_was_served__begins_anew(rig: Rig) -> None:
    here = rig[A]
    serve_first_deposits(rig, PRIMARY, 1)
    rig.accept(rig.draft({A: provider_words(here)}, lane=Lane.ACCOUNT))
    call_freeze(here)
    rig.import_on(A)
    here.evm.time += 10
    call_freeze(here, provider_words(here, 2))
    assert here.end.freeze_call(Lane.ACCOUNT) == (2, here.evm.time, here.evm.height)
    here.evm.time += FREEZE_DELAY_SECONDS - 1
    with reverts("freeze: too early to confirm"):
        confirm(here)


# --- the confirmation ---


@upholds("QUE-4")
@BOTH_KINDS
def test_confirm_freeze__a_day_later__freezes_for_good(rig: Rig, chain: ChainId) -> None:
    here = rig[chain]
    call_freeze(here)
    here.evm.time += FREEZE_DELAY_SECONDS - 1
    with reverts("freeze: too early to confirm"):
        confirm(here)
    assert here.bridge.frozen_at() == (0, 0)
    here.evm.time += 1
    confirm(here)
    assert here.evm.event("Frozen") == {"swap_requests": 0, "account_requests": 0}
    assert here.bridge.is_frozen() and here.end.is_frozen()
    assert here.bridge.frozen_at() == (here.evm.time, here.evm.height)


@upholds("QUE-4")
@pytest.mark.parametrize("later", [0, 1])
def test_confirm_freeze__in_a_block_of_either_parity__both_moments_are_noted(rig: Rig, later: int) -> None:
    """Time and block share a word: no bit of one is read as the other's, or no exit would ever open."""
    here = rig[A]
    call_freeze(here)
    here.evm.time += FREEZE_DELAY_SECONDS + later
    confirm(here)
    assert here.bridge.frozen_at() == (here.evm.time, here.evm.height)


@upholds("QUE-4")
@BOTH_KINDS
def test_confirm_freeze__a_chain_that_was_halted__waits_for_its_blocks(rig: Rig, chain: ChainId) -> None:
    """It wakes up past the day, before anybody could bring the block."""
    here = rig[chain]
    call_freeze(here)
    here.evm.halt(FREEZE_DELAY_SECONDS)
    with reverts("freeze: too early to confirm"):
        confirm(here)
    here.evm.time += BLOCKS_PER_DAY - 2
    with reverts("freeze: too early to confirm"):
        confirm(here)
    here.evm.time += 1
    confirm(here)
    assert here.bridge.is_frozen()


@BOTH_KINDS
def test_confirm_freeze__without_a_call__is_refused(rig: Rig, chain: ChainId) -> None:
    here = rig[chain]
    here.evm.time += EXPIRY_SECONDS + FREEZE_DELAY_SECONDS
    for lane in Lane:
        with reverts("freeze: not called"):
            confirm(here, lane)
    call_freeze(here)
    here.evm.time += FREEZE_DELAY_SECONDS
    with reverts("freeze: not called"):
        confirm(here, Lane.SWAP)
    with reverts("freeze: not called"):
        here.end.confirm_freeze(77)


@BOTH_KINDS
def test_confirm_freeze__twice__is_refused(rig: Rig, chain: ChainId) -> None:
    here = rig[chain]
    freeze(here)
    with reverts("bridge: already frozen"):
        confirm(here)
    with reverts("freeze: frozen already"):
        call_freeze(here)


# --- what a freeze stops ---


@BOTH_KINDS
def test_freeze__new_requests__are_refused(rig: Rig, chain: ChainId) -> None:
    here = rig[chain]
    freeze(here)
    with reverts("bridge: frozen"):
        here.swap()
    with reverts("bridge: frozen"):
        here.deposit(USD, 10**6)
    with reverts("bridge: frozen"):
        here.full_exit(1, USD)
    permit = (0, 0, 27, bytes(32), bytes(32))
    with reverts("bridge: frozen"):
        here.bridge.swap_with_permit(here.order(), permit, sender=DEPOSITOR)
    with reverts("bridge: frozen"):
        here.bridge.deposit_with_permit((USD, 10**6, bytes(31) + b"\1", 0, DEPOSITOR), permit, sender=DEPOSITOR)
    with reverts("bridge: frozen"):
        here.bridge.set_key(3, 4_711, sender=DEPOSITOR)


def test_freeze__member__imports_and_pays_on(rig: Rig) -> None:
    """A frozen member knows what the primary has accepted; it takes no new requests, and owes the old ones."""
    here = rig[A]
    freeze(here)
    rig.accept(rig.draft({A: payment(A, USD, 5_000).words()}), rig.draft({A: provider_words(here)}, lane=Lane.ACCOUNT))
    before = here.balance(USD, RECIPIENT)
    rig.import_on(A)
    assert here.balance(USD, RECIPIENT) - before == 5_000 * here.scale(USD)
    assert here.bridge.request_counts(Lane.ACCOUNT)[1] == 1
    assert here.bridge.custody(USD) == RESERVE - 5_000


def test_freeze__fill_and_pending_balances__go_on(rig: Rig) -> None:
    here = rig[A]
    freeze(here)
    payout = payment(A, COIN, 1_000)
    here.fill(payout, value=1_000 * here.scale(COIN))
    with reverts("custody: nothing pending"):
        here.withdraw(USD, PROVIDER, PROVIDER)


def test_bridge_freeze__only_by_its_end(rig: Rig) -> None:
    here = rig[A]
    for sender in (STRANGER, GOVERNOR, SEQUENCER):
        with reverts("bridge: not the end"):
            here.bridge.freeze(sender=sender)


@BOTH_KINDS
def test_bridge_consume_and_pay__only_by_its_history(rig: Rig, chain: ChainId) -> None:
    here = rig[chain]
    for sender in (STRANGER, GOVERNOR, SEQUENCER):
        with reverts("bridge: not the history"):
            here.bridge.consume(Lane.ACCOUNT, 1, here.bridge.queue_hash(Lane.ACCOUNT, 1), bytes(32), 0, sender=sender)
        with reverts("bridge: not the history"):
            here.bridge.pay(list(payment(chain, USD, 5_000).words()), sender=sender)


def test_freeze__event__says_how_many_requests_of_each_lane_blocks_have_consumed(rig: Rig) -> None:
    here = rig[A]
    for _ in range(3):
        here.swap()
    with here.evm.any_sender(here.history.address) as history:
        for lane, count in ((Lane.SWAP, 2), (Lane.ACCOUNT, 1)):
            consumed = here.bridge.queue_hash(lane, count)
            here.bridge.consume(lane, count, consumed, bytes(32), 0, sender=history)
    with here.evm.any_sender(here.end.address) as end:
        here.bridge.freeze(sender=end)
    assert here.evm.event("Frozen") == {"swap_requests": 2, "account_requests": 1}

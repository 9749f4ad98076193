"""Freezing a chain: who may, what stops, what does not, and what a frozen chain still takes in."""

from dataclasses import replace

import pytest

from tests.support.drafts.draft import payment, stored_args
from tests.support.drafts.escape import (
    EXPIRY_SECONDS,
    announce_freezes,
    copy_block,
    find_common,
    freeze,
    freeze_message,
    open_history,
    provider_words,
)
from tests.support.drafts.rig import COIN, Rig, RigChain
from tests.support.evm import reverts
from tests.support.three_chains import GOVERNOR, PRIMARY, START_TIME, STRANGER, USD, VALIDATOR, A, B, C
from zklink.protocol.ids import BlockNumber, ChainId, Lane
from zklink.protocol.messages import MessageKind, SyncMessage

Words = tuple[int, ...]


def frozen_state(here: RigChain) -> tuple[bool, int]:
    """Whether a chain says that it is frozen, and at which block."""
    is_frozen, number = here.exodus.freeze_state()[:2]
    assert bool(is_frozen) == bool(here.bridge.is_frozen())
    return bool(is_frozen), int(number)


def empty_blocks(rig: Rig, *chains: ChainId, count: int) -> None:
    """Blocks that concern nobody, accepted on the primary and on these chains."""
    for _ in range(count):
        draft = rig.draft(on=PRIMARY)
        rig[PRIMARY].commit(draft)
        rig[PRIMARY].prove(draft.number)
        for chain in chains:
            rig[chain].commit(draft)
            rig[chain].prove(draft.number)
            rig.announce(PRIMARY, chain)


# --- for a request ---


def test_freeze_for_request__after_the_expiry__by_anyone__freezes(rig: Rig) -> None:
    here = rig[A]
    first = (1, provider_words(here), stored_args(here.history[0]))
    with reverts("exodus: unknown lane"):
        here.exodus.freeze_for_request(0, *first[1:])
    here.evm.time = START_TIME + EXPIRY_SECONDS
    with reverts("freeze: request not expired"):
        here.exodus.freeze_for_request(Lane.ACCOUNT, *first[1:])
    assert frozen_state(here) == (False, 0)
    here.evm.time += 1
    here.exodus.freeze_for_request(Lane.ACCOUNT, *first[1:], sender=STRANGER)
    assert here.evm.event("Frozen") == {"number": 0, "sync_hash": rig.deployment_hash}
    assert frozen_state(here) == (True, 0)
    assert here.sync_ledger.frozen_at(A) == (True, 0, rig.deployment_hash)


def test_freeze_for_request__swap_lane__freezes_for_its_own_queue(rig: Rig) -> None:
    here = rig[A]
    here.evm.time = START_TIME + 1000
    here.swap()
    words = here.request_words()
    here.evm.time = START_TIME + 1000 + EXPIRY_SECONDS
    with reverts("freeze: request not expired"):
        here.exodus.freeze_for_request(Lane.SWAP, list(words), stored_args(here.history[0]))
    here.evm.time += 1
    here.exodus.freeze_for_request(Lane.SWAP, list(words), stored_args(here.history[0]))
    assert frozen_state(here) == (True, 0)


def test_freeze_for_request__words_of_the_other_lane_or_wrong_length__are_refused(rig: Rig) -> None:
    here = rig[A]
    here.swap()
    words = list(here.request_words())
    genesis = stored_args(here.history[0])
    here.evm.time += EXPIRY_SECONDS + 1
    for lane, bad in ((Lane.SWAP, words[:4]), (Lane.ACCOUNT, words), (Lane.SWAP, []), (Lane.ACCOUNT, [])):
        with reverts("freeze: not a request"):
            here.exodus.freeze_for_request(lane, bad, genesis)
    for lane, bad in ((Lane.ACCOUNT, words[:4]), (Lane.SWAP, [*provider_words(here), 0])):
        with reverts("freeze: not the oldest request"):
            here.exodus.freeze_for_request(lane, bad, genesis)


def test_freeze_for_request__not_the_first_one__is_refused(rig: Rig) -> None:
    """A later request cannot have waited longer; and a queue with nothing left has nothing to wait for."""
    here = rig[A]
    here.evm.time += EXPIRY_SECONDS + 1
    genesis = stored_args(here.history[0])
    for words in (provider_words(here, 2), [*provider_words(here)[:2], 1, 1], [0, 0, 0, 0]):
        with reverts("freeze: not the oldest request"):
            here.exodus.freeze_for_request(Lane.ACCOUNT, words, genesis)
    with reverts("freeze: not the oldest request"):
        here.exodus.freeze_for_request(Lane.SWAP, [0, 0, 0, 0, 0], genesis)


def test_freeze_for_request__in_an_accepted_block__is_refused(rig: Rig) -> None:
    """Accepted is enough: what does not follow is a matter of execution."""
    here = rig[A]
    here.swap()
    words = here.request_words()
    draft = rig.draft({A: words})
    rig.accept_everywhere(draft)
    here.evm.time += EXPIRY_SECONDS + 1
    with reverts("freeze: not the oldest request"):
        here.exodus.freeze_for_request(Lane.SWAP, list(words), stored_args(here.history[1]))
    with reverts("freeze: not the last accepted"):
        here.exodus.freeze_for_request(Lane.SWAP, list(words), stored_args(here.history[0]))


def test_freeze_for_request__in_a_block_that_is_not_accepted__freezes(rig: Rig) -> None:
    """Committing alone, or proving, does not answer a request."""
    here = rig[A]
    here.swap()
    words = here.request_words()
    here.commit(rig.draft({A: words}))
    here.prove(1)
    here.evm.time += EXPIRY_SECONDS + 1
    here.exodus.freeze_for_request(Lane.SWAP, list(words), stored_args(here.history[0]))
    assert frozen_state(here) == (True, 0)
    assert here.status() == (0, 0, 0, 0)
    assert here.bridge.stored_block_hash(1) == here.bridge.sync_hash(1) == bytes(32)


def test_freeze_for_request__other_last_accepted__is_refused(rig: Rig) -> None:
    """Its counters say which request is the oldest: a false one would let anybody freeze a healthy chain."""
    here = rig[A]
    here.evm.time += EXPIRY_SECONDS + 1
    lie = replace(here.history[0], account_requests=1)
    with reverts("exodus: not the stored block"):
        here.exodus.freeze_for_request(Lane.ACCOUNT, provider_words(here, 2), stored_args(lie))


def test_freeze__twice__is_refused(rig: Rig) -> None:
    here = rig[A]
    freeze(here)
    with reverts("bridge: already frozen"):
        freeze(here)
    assert frozen_state(here) == (True, 0)


# --- for execution ---


def test_freeze_for_execution__accepted_blocks_wait__freezes(rig: Rig) -> None:
    here = rig[B]
    with reverts("freeze: no block waits"):
        here.exodus.freeze_for_execution()
    rig[B].commit(rig.draft(on=B))
    with reverts("freeze: no block waits"):
        here.exodus.freeze_for_execution()
    here.evm.time += 10
    here.prove(1)
    assert here.bridge.waiting_since() == START_TIME + 10
    here.evm.time += EXPIRY_SECONDS
    with reverts("freeze: not waiting long enough"):
        here.exodus.freeze_for_execution()
    here.evm.time += 1
    here.exodus.freeze_for_execution(sender=STRANGER)
    assert here.evm.event("Frozen") == {"number": 1, "sync_hash": here.history[1].sync_hash}
    assert frozen_state(here) == (True, 1)


def test_waiting_since__every_execution__starts_anew(rig: Rig) -> None:
    here = rig[B]
    for _ in range(3):
        draft = rig.draft(on=B)
        here.commit(draft)
        here.prove(draft.number)
        here.evm.time += 100
    assert here.bridge.waiting_since() == START_TIME
    here.execute(1)
    assert here.bridge.waiting_since() == START_TIME + 300
    here.evm.time += 50
    here.execute(2, 3)
    assert here.bridge.waiting_since() == 0
    with reverts("freeze: no block waits"):
        here.exodus.freeze_for_execution()


# --- for a message ---


def test_freeze_message__of_another_chain__freezes_this_one(rig: Rig) -> None:
    freeze(rig[A])
    announce_freezes(rig, [A], C)
    assert rig[C].evm.event("MessageReceived")["kind"] == MessageKind.FRZ
    assert rig[C].bridge.is_frozen()
    assert rig[C].evm.event("Frozen") == {"number": 0, "sync_hash": rig.deployment_hash}
    assert frozen_state(rig[C]) == (True, 0)
    assert rig[C].sync_ledger.frozen_at(A) == (True, 0, rig.deployment_hash)
    announce_freezes(rig, [A], C)
    assert rig[C].evm.events() == []


def test_freeze_message__of_the_primary__first_accepts_what_is_proven(rig: Rig) -> None:
    """It says what the primary has accepted; a block that consumes this chain's requests is not dropped for nothing."""
    here = rig[A]
    here.swap()
    draft = rig.draft({A: here.request_words()})
    for chain in (A, B):
        rig[chain].commit(draft)
        rig[chain].prove(1)
    freeze(rig[B])
    announce_freezes(rig, [B], A)
    assert frozen_state(here) == (True, 1)
    assert here.status() == (1, 1, 1, 0)


def test_freeze_message__of_a_chain_that_is_ahead__is_remembered(rig: Rig) -> None:
    """F above what this chain has accepted is no lie: it takes effect when this chain gets that far."""
    empty_blocks(rig, C, count=2)
    freeze(rig[C])
    announce_freezes(rig, [C], A)
    assert rig[A].sync_ledger.frozen_at(C) == (True, 2, rig[C].history[2].sync_hash)
    assert frozen_state(rig[A]) == (True, 0)
    assert rig[A].bridge.acknowledged(C) == 0


def test_freeze_message__of_this_chain__is_refused(rig: Rig) -> None:
    freeze(rig[A])
    with reverts("message: from this chain"):
        rig.deliver(freeze_message(rig[A]), A)


def test_freeze_message__second_one_that_differs__changes_nothing(rig: Rig) -> None:
    empty_blocks(rig, C, count=1)
    first = SyncMessage(C, BlockNumber(1), rig[C].history[1].sync_hash, MessageKind.FRZ)
    rig.deliver(first, A)
    for other in (
        replace(first, number=BlockNumber(2), sync_hash=bytes([9] * 32)),
        replace(first, sync_hash=bytes([9] * 32)),
        replace(first, number=BlockNumber(0), sync_hash=rig.deployment_hash),
    ):
        with reverts("sync: another freeze is known"):
            rig.deliver(other, A)
        assert not rig[A].sync_ledger.is_known(C, other.number, other.sync_hash)
    assert rig[A].sync_ledger.frozen_at(C) == (True, 1, first.sync_hash)


def test_freeze_message__that_contradicts_what_is_accepted_here__is_refused(rig: Rig) -> None:
    """It would freeze this chain, and its primary's history would leave out what this chain cannot take back."""
    empty_blocks(rig, A, count=2)
    lie = SyncMessage(C, BlockNumber(1), bytes([9] * 32), MessageKind.FRZ)
    with reverts("message: not this history"):
        rig.deliver(lie, A)
    with reverts("message: not this history"):
        rig.deliver(replace(lie, number=BlockNumber(0)), B)
    low = SyncMessage(B, BlockNumber(1), rig[B].history[1].sync_hash, MessageKind.FRZ)
    with reverts("message: primary accepted more"):
        rig.deliver(low, A)
    assert frozen_state(rig[A]) == (False, 0)
    rig.deliver(replace(low, source_chain=C), A)
    assert frozen_state(rig[A]) == (True, 2)


def test_freeze__not_by_the_exodus_contract__is_refused(rig: Rig) -> None:
    here = rig[A]
    for account in (STRANGER, VALIDATOR, GOVERNOR):
        with reverts("bridge: not the exodus contract"):
            here.bridge.freeze(sender=account)
        with reverts("bridge: not the exodus contract"):
            here.bridge.release(USD, account, 1, sender=account)
        with reverts("sync: not the bridge"):
            here.sync_ledger.record_own_freeze(0, bytes([1] * 32), sender=account)


# --- what stops ---


def test_frozen__requests__are_refused(rig: Rig) -> None:
    here = rig[A]
    freeze(here)
    permit = (2**256 - 1, 27, bytes(32), bytes(32))
    with reverts("bridge: frozen"):
        here.swap()
    with reverts("bridge: frozen"):
        here.bridge.swap_with_permit(here.order(), permit)
    with reverts("bridge: frozen"):
        here.deposit(COIN, 1_000)
    with reverts("bridge: frozen"):
        here.bridge.deposit_with_permit((USD, 1_000, bytes([1] * 32)), permit)
    with reverts("bridge: frozen"):
        here.bridge.full_exit(3, USD)


def test_frozen__primary__commits_nothing(rig: Rig) -> None:
    here = rig[B]
    freeze(here)
    for account in (VALIDATOR, STRANGER):
        with reverts("commit: the primary is frozen"):
            here.bridge.commit_blocks(stored_args(here.history[0]), [rig.draft(on=B).commit_args(B)], sender=account)


def test_frozen__what_is_owed__goes_on(rig: Rig) -> None:
    """A block accepted everywhere is executed, a payout filled, a message taken."""
    rig.pay(payment(A, USD, 5_000))
    freeze(rig[A])
    before = rig[A].balance(USD, payment(A, USD, 1).recipient[12:].hex())
    rig[A].bridge.fill(payment(A, USD, 7_000, 9).words(), sender=STRANGER)
    rig[A].execute(1)
    assert rig[A].status() == (1, 1, 1, 1)
    assert rig[A].balance(USD, payment(A, USD, 1).recipient[12:].hex()) > before


# --- what a frozen chain still takes in ---


def make_histories(rig: Rig) -> Rig:
    """Four blocks on the primary, which C follows to 2 and A to 1; all are frozen and A knows it.

    Block 1 concerns A and C, 2 only C, 3 only A, 4 nobody: the last common block is 2, above what A has.
    """
    paid_a, paid_c = payment(A, USD, 5_000, 1), payment(C, USD, 6_000, 1)
    slices = [
        {A: paid_a.words(), C: paid_c.words()},
        {C: payment(C, USD, 7_000, 2).words()},
        {A: payment(A, USD, 8_000, 2).words()},
        {},
    ]
    for number, words in enumerate(slices, start=1):
        draft = rig.draft(words, on=PRIMARY)
        rig[PRIMARY].commit(draft)
        rig[PRIMARY].prove(number)
        for chain, last in ((A, 1), (C, 2)):
            if number <= last:
                rig[chain].commit(draft)
                rig[chain].prove(number)
                rig.announce(PRIMARY, chain)
    for chain in (A, B, C):
        freeze(rig[chain])
    announce_freezes(rig, [B, C], A)
    return rig


@pytest.fixture
def histories(rig: Rig) -> Rig:
    """Chains that are frozen at different blocks."""
    return make_histories(rig)


def test_import__block_of_the_frozen_history_that_does_not_concern_this_chain__by_anyone(histories: Rig) -> None:
    here, primary = histories[A], histories[B]
    open_history(here, primary, high=4, low=1)
    assert here.sync_ledger.frozen_history(2) == primary.history[2].sync_hash
    copy_block(here, primary, 2)
    assert here.status() == (2, 2, 2, 0)


def test_import__own_slice__is_refused(histories: Rig) -> None:
    """F says that no such block follows: other chains abort it."""
    here, primary = histories[A], histories[B]
    open_history(here, primary, high=4, low=1)
    copy_block(here, primary, 2)
    with reverts("commit: own slice after freeze"):
        copy_block(here, primary, 3)


def test_import__before_the_history_is_opened__is_refused(histories: Rig) -> None:
    here, primary = histories[A], histories[B]
    with reverts("commit: not the frozen history"):
        copy_block(here, primary, 2)
    open_history(here, primary, high=4, low=2)
    copy_block(here, primary, 2)


def test_import__block_that_the_primary_never_accepted__is_refused_to_anyone(histories: Rig) -> None:
    """Neither a validator nor an ACC that was announced in time can bring in another block."""
    here, primary = histories[A], histories[B]
    open_history(here, primary, high=4, low=1)
    stray = histories.draft(on=A, commitment=77)
    for account in (VALIDATOR, STRANGER):
        with reverts("commit: not the frozen history"):
            here.bridge.commit_blocks(stored_args(here.history[-1]), [stray.commit_args(A)], sender=account)
    stored = stray.store(A, here.history[-1])
    histories.deliver(SyncMessage(B, BlockNumber(2), stored.sync_hash), A)
    with reverts("commit: not the frozen history"):
        here.bridge.commit_blocks(stored_args(here.history[-1]), [stray.commit_args(A)], sender=VALIDATOR)


def test_import__while_the_primary_is_not_known_to_be_frozen__is_refused(rig: Rig) -> None:
    """An ACC alone does not say that the block stays below the primary's freeze."""
    empty_blocks(rig, count=1)
    freeze(rig[A])
    rig.announce(B, A)
    with reverts("commit: not the frozen history"):
        copy_block(rig[A], rig[B], 1)


def test_import__beyond_the_primarys_freeze__is_refused(histories: Rig) -> None:
    """Nothing is on the frozen history above F_0."""
    here, primary = histories[A], histories[B]
    open_history(here, primary, high=4, low=1)
    assert here.sync_ledger.frozen_history(5) == bytes(32)


def test_revert__after_the_freeze__is_refused_to_all(histories: Rig) -> None:
    """What came in is the frozen history and can be accepted; a revert would only be in somebody's way."""
    here, primary = histories[A], histories[B]
    open_history(here, primary, high=4, low=1)
    draft = primary.drafts[1]
    here.bridge.commit_blocks(stored_args(here.history[-1]), [draft.commit_args(A)], sender=STRANGER)
    with reverts("roles: not a validator"):
        here.bridge.revert_blocks(stored_args(here.history[1]), sender=STRANGER)
    with reverts("revert: frozen"):
        here.bridge.revert_blocks(stored_args(here.history[1]), sender=VALIDATOR)
    here.history.append(draft.store(A, here.history[-1]))
    here.drafts.append(draft)
    here.prove(2)
    assert here.status() == (2, 2, 2, 0)


# --- the last common block ---


def test_common_block__above_the_lowest_freeze__is_the_last_that_no_chain_misses(histories: Rig) -> None:
    here, primary = histories[A], histories[B]
    open_history(here, primary, high=4, low=1)
    assert find_common(here, primary, 2) == (False, 2)
    assert find_common(here, primary, 3) == (True, 2)
    assert here.evm.event("CommonBlockFound") == {"number": 2}
    with reverts("sync: common block is known"):
        find_common(here, primary, 4)


def test_common_block__every_chain__finds_the_same(histories: Rig) -> None:
    """From its own hashes as far as it has accepted, from the primary's frozen history beyond."""
    primary = histories[B]
    announce_freezes(histories, [A, C], B)
    announce_freezes(histories, [A, B], C)
    open_history(histories[A], primary, high=4, low=1)
    open_history(histories[C], primary, high=4, low=2)
    for chain in (A, B, C):
        assert find_common(histories[chain], primary, 2, 3) == (True, 2)


def test_common_block__nobody_misses_anything__is_the_primarys_last(rig: Rig) -> None:
    empty_blocks(rig, A, C, count=1)
    empty_blocks(rig, count=1)
    for chain in (A, B, C):
        freeze(rig[chain])
    announce_freezes(rig, [A, C], B)
    assert find_common(rig[B], rig[B], 2) == (True, 2)
    announce_freezes(rig, [B, C], A)
    open_history(rig[A], rig[B], high=2, low=1)
    assert find_common(rig[A], rig[B], 2) == (True, 2)


def test_common_block__lowest_freeze_is_the_primarys__needs_no_header(rig: Rig) -> None:
    empty_blocks(rig, A, C, count=1)
    for chain in (A, B, C):
        freeze(rig[chain])
    announce_freezes(rig, [A, C], B)
    with reverts("sync: opening left over"):
        find_common(rig[B], rig[B], 1)
    assert find_common(rig[B], rig[B]) == (True, 1)


def test_common_block__a_freeze_is_missing__is_not_known(rig: Rig) -> None:
    """A chain that is not frozen may still accept blocks with its slice."""
    empty_blocks(rig, A, C, count=1)
    freeze(rig[A])
    freeze(rig[B])
    announce_freezes(rig, [B], A)
    with reverts("sync: a freeze is missing"):
        find_common(rig[A], rig[B])
    announce_freezes(rig, [A], C)
    announce_freezes(rig, [C], A)
    assert find_common(rig[A], rig[B]) == (True, 1)


def test_common_block__wrong_header__is_refused(histories: Rig) -> None:
    """Counts that hide a slice, a block of another number, a block of nobody, a history that is not opened."""
    here, primary = histories[A], histories[B]
    with reverts("sync: another header"):
        find_common(here, primary, 2)
    open_history(here, primary, high=4, low=1)
    for number in (1, 3):
        with reverts("sync: another header"):
            find_common(here, primary, number)
    hidden = replace(primary.drafts[2], slices={})
    find_common(here, primary, 2)
    with reverts("sync: another header"):
        here.sync_ledger.find_common_block([hidden.opening_args(primary.history[2].sync_hash)])
    assert here.sync_ledger.common_block() == (False, 2)


# --- opening facts ---


def test_open_message__a_known_fact__makes_the_earlier_ones_known(rig: Rig) -> None:
    """A chain that lags behind learns that the others had accepted what it has."""
    empty_blocks(rig, count=3)
    here, primary = rig[A], rig[B]
    rig.announce(B, A, number=3)
    here.commit(primary.drafts[0])
    here.prove(1)
    assert here.status() == (1, 1, 0, 0)
    open_history(here, primary, high=3, low=1)
    assert [e.args["number"] for e in here.evm.events("FactOpened")] == [2, 1]
    assert [here.sync_ledger.is_known(B, n, primary.history[n].sync_hash) for n in (1, 2, 3)] == [True] * 3
    here.bridge.apply_message(B, 1)
    assert here.status() == (1, 1, 1, 0)
    assert here.sync_ledger.frozen_history(1) == bytes(32)


def test_open_message__unknown_fact_or_wrong_step__is_refused(rig: Rig) -> None:
    empty_blocks(rig, count=2)
    here, primary = rig[A], rig[B]
    with reverts("sync: unknown fact"):
        open_history(here, primary, high=2, low=1)
    rig.announce(B, A, number=2)
    with reverts("sync: unknown fact"):
        here.sync_ledger.open_message(C, 2, primary.history[2].sync_hash, [])
    with reverts("sync: unknown fact"):
        here.sync_ledger.open_message(B, 1, primary.history[2].sync_hash, [])
    lie = [(bytes([9] * 32), primary.drafts[1].block_commitment)]
    with reverts("sync: another history"):
        here.sync_ledger.open_message(B, 2, primary.history[2].sync_hash, lie)
    assert not here.sync_ledger.is_known(B, 1, bytes([9] * 32))


def test_open_message__accepted_before_the_freeze_was_known__is_opened_again(rig: Rig) -> None:
    """Facts of the primary become its frozen history only when they are opened from its freeze."""
    empty_blocks(rig, count=3)
    here, primary = rig[A], rig[B]
    rig.announce(B, A, number=3)
    open_history(here, primary, high=3, low=0)
    freeze(primary)
    announce_freezes(rig, [B], A)
    assert here.sync_ledger.frozen_history(2) == bytes(32)
    open_history(here, primary, high=3, low=0)
    assert [here.sync_ledger.frozen_history(n) for n in range(4)] == [b.sync_hash for b in primary.history]


def test_record_message__not_by_the_bridge__is_refused(rig: Rig) -> None:
    with reverts("sync: not the bridge"):
        rig[A].sync_ledger.record_message((1, B, 1, bytes([1] * 32)), b"", sender=VALIDATOR)


def test_freeze__drops_blocks__moves_no_funds(rig: Rig) -> None:
    here = rig[A]
    before = [here.bridge.solvency(token) for token in (COIN, USD)]
    here.commit(rig.draft())
    freeze(here)
    assert [here.bridge.solvency(token) for token in (COIN, USD)] == before

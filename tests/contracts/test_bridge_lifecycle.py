"""Proofs, messages, reverts: how a block gets from committed to accepted, and back."""

from dataclasses import replace

import pytest

from tests.support.drafts.draft import Draft, message_args, payment, stored_args
from tests.support.drafts.rig import Rig
from tests.support.evm import reverts
from tests.support.three_chains import GOVERNOR, STRANGER, USD, VALIDATOR, A, B, C
from zklink.protocol.ids import BlockNumber, ChainId, Lane
from zklink.protocol.messages import SyncMessage, compute_digest


def empty_blocks(rig: Rig, count: int) -> list[Draft]:
    """Blocks that concern nobody, as every chain can commit them."""
    first = rig.draft()
    return [
        replace(first, number=n, old_root=first.old_root + n - 1, new_root=first.old_root + n)
        for n in range(1, count + 1)
    ]


# --- prove ---


def test_prove__on_the_primary__accepts(rig: Rig) -> None:
    here = rig[B]
    here.commit(*empty_blocks(rig, 3))
    here.prove(1, 2)
    assert here.evm.event("BlocksProven") == {"first": 1, "last": 2}
    assert here.evm.event("BlockAccepted") == {"number": 2, "sync_hash": here.history[2].sync_hash}
    assert here.status() == (3, 2, 2, 0)
    assert [here.bridge.block_status(n) for n in range(5)] == [4, 3, 3, 1, 0]


def test_prove__elsewhere__waits_for_the_primary(rig: Rig) -> None:
    here = rig[A]
    here.commit(*empty_blocks(rig, 2))
    here.prove(1)
    assert here.evm.events("BlockAccepted") == []
    assert here.status() == (2, 1, 0, 0)
    assert here.bridge.block_status(1) == 2


def test_prove__primary_is_known_to_have_accepted__accepts_at_once(rig: Rig) -> None:
    blocks = empty_blocks(rig, 2)
    rig[B].commit(*blocks)
    rig[B].prove(1, 2)
    rig[A].commit(*blocks)
    rig.announce(B, A, number=2)
    assert rig[A].status() == (2, 0, 0, 0)
    rig[A].prove(1, 2)
    assert rig[A].status() == (2, 2, 2, 0)
    assert rig[A].bridge.acknowledged(B) == 2


def test_prove__sixteen_blocks_in_one_call__proves_all(rig: Rig) -> None:
    here = rig[B]
    blocks = empty_blocks(rig, 16)
    for start in range(0, 16, 4):
        here.commit(*blocks[start : start + 4])
    here.prove(*range(1, 17))
    assert here.status() == (16, 16, 16, 0)


def test_prove__not_in_order__is_refused(rig: Rig) -> None:
    here = rig[B]
    here.commit(*empty_blocks(rig, 3))
    for numbers in ((2,), (1, 3), (1, 1), (2, 1)):
        with reverts("prove: not the next block"):
            here.prove(*numbers)
    here.prove(1)
    with reverts("prove: not the next block"):
        here.prove(1)


def test_prove__blocks_of_both_lanes__each_lane_in_its_own_call(rig: Rig) -> None:
    """One call asks one verifier."""
    here = rig[B]
    swaps, accounts = rig.draft(on=B), rig.draft(on=B, lane=Lane.ACCOUNT)
    accounts = replace(accounts, number=2, old_root=swaps.new_root, new_root=swaps.new_root + 1)
    here.commit(swaps, accounts)
    with reverts("prove: blocks of two lanes"):
        here.prove(1, 2)
    here.prove(1)
    here.prove(2)
    assert here.status() == (2, 2, 2, 0)


def test_prove__nothing__is_refused(rig: Rig) -> None:
    with reverts("prove: no block"):
        rig[B].bridge.prove_blocks([])


def test_prove__other_public_inputs__are_refused(rig: Rig) -> None:
    here = rig[B]
    here.commit(*empty_blocks(rig, 1))
    honest = here.drafts[0].inputs
    for change in ("commitment", "z", "lambda_", "y"):
        with reverts("prove: other public inputs"):
            here.bridge.prove_blocks([here.prove_args(1, **{change: getattr(honest, change) + 1})])


def test_prove__other_stored_block__is_refused(rig: Rig) -> None:
    here = rig[B]
    here.commit(*empty_blocks(rig, 1))
    stored, inputs, proof = here.prove_args(1)
    assert isinstance(stored, tuple)
    with reverts("block: not the stored block"):
        here.bridge.prove_blocks([((*stored[:3], stored[3] + 1, *stored[4:]), inputs, proof)])


def test_prove__block_that_was_reverted__is_refused(rig: Rig) -> None:
    """Its hash is still stored above the last committed number; it must count for nothing."""
    here = rig[A]
    here.commit(*empty_blocks(rig, 2))
    here.bridge.revert_blocks(stored_args(here.history[1]), sender=VALIDATOR)
    here.prove(1)
    with reverts("prove: not committed"):
        here.prove(2)
    assert here.bridge.stored_block_hash(2) == here.bridge.sync_hash(2) == bytes(32)


# --- messages ---


def test_message__of_the_primary__accepts_what_is_proven(rig: Rig) -> None:
    blocks = empty_blocks(rig, 3)
    for chain in (A, B):
        rig[chain].commit(*blocks)
        rig[chain].prove(1, 2, 3)
    rig.announce(B, A, number=2)
    event = rig[A].evm.event("MessageReceived")
    assert event == {"source_chain": B, "number": 2, "sync_hash": rig[B].history[2].sync_hash, "kind": 1}
    assert rig[A].evm.event("BlockAccepted")["number"] == 2
    assert rig[A].status() == (3, 3, 2, 0)
    assert rig[A].bridge.acknowledged(B) == 2


def test_message__before_this_chain_got_that_far__counts_once_it_is_applied(rig: Rig) -> None:
    blocks = empty_blocks(rig, 2)
    rig[B].commit(*blocks)
    rig[B].prove(1, 2)
    rig.announce(B, A, number=1)
    assert rig[A].status() == (0, 0, 0, 0)
    rig[A].commit(*blocks)
    with reverts("message: not known"):
        rig[A].bridge.apply_message(B, 2)
    rig[A].bridge.apply_message(B, 1)
    assert rig[A].status() == (2, 0, 0, 0)
    rig[A].prove(1, 2)
    assert rig[A].status() == (2, 2, 0, 0)
    rig[A].bridge.apply_message(B, 1, sender=STRANGER)
    assert rig[A].status() == (2, 2, 1, 0)


def test_message__of_another_chain__acknowledges_only_what_is_accepted_here(rig: Rig) -> None:
    blocks = empty_blocks(rig, 1)
    for chain in (A, B, C):
        rig[chain].commit(*blocks)
        rig[chain].prove(1)
    rig.announce(B, C)
    rig.announce(C, A)
    assert rig[A].bridge.acknowledged(C) == 0
    assert rig[A].status() == (1, 1, 0, 0)
    rig.announce(B, A)
    assert rig[A].bridge.acknowledged(C) == 0
    rig[A].bridge.apply_message(C, 1)
    assert rig[A].bridge.acknowledged(C) == 1


def test_message__again_and_out_of_order__changes_nothing(rig: Rig) -> None:
    blocks = empty_blocks(rig, 3)
    for chain in (A, B):
        rig[chain].commit(*blocks)
        rig[chain].prove(1, 2, 3)
    for number in (3, 1, 3, 2, 1):
        rig.announce(B, A, number=number)
        assert rig[A].status() == (3, 3, 3, 0)
        assert rig[A].bridge.acknowledged(B) == 3
    rig.announce(B, A, number=3)
    assert rig[A].evm.events("MessageReceived") == []


def test_message__authentic_with_another_hash__changes_nothing(rig: Rig) -> None:
    """What a dishonest quorum may say of a number is not what this chain has there."""
    blocks = empty_blocks(rig, 1)
    rig[A].commit(*blocks)
    rig[A].prove(1)
    rig.deliver(SyncMessage(B, BlockNumber(1), bytes([9] * 32)), A)
    assert rig[A].status() == (1, 1, 0, 0)
    assert rig[A].bridge.is_message_known(B, 1, bytes([9] * 32))
    with reverts("message: not known"):
        rig[A].bridge.apply_message(B, 1)


def test_message__for_a_block_that_was_reverted__changes_nothing(rig: Rig) -> None:
    blocks = empty_blocks(rig, 1)
    rig[A].commit(*blocks)
    stale = rig[A].history[1]
    rig[A].prove(1)
    rig[A].bridge.revert_blocks(stored_args(rig[A].history[0]), sender=VALIDATOR)
    rig.deliver(SyncMessage(B, BlockNumber(1), stale.sync_hash), A)
    assert rig[A].status() == (0, 0, 0, 0)
    rig[A].bridge.apply_message(B, 1)
    assert rig[A].status() == (0, 0, 0, 0)
    del rig[A].history[1:], rig[A].drafts[:]
    rig[A].commit(replace(blocks[0], commitment=1))
    rig[A].prove(1)
    assert rig[A].status() == (1, 1, 0, 0)


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("message: unknown kind", (0, B, 1, bytes([1] * 32))),
        ("message: unknown kind", (3, B, 1, bytes([1] * 32))),
        ("message: from this chain", (1, A, 1, bytes([1] * 32))),
        ("message: unknown source", (1, 0, 1, bytes([1] * 32))),
        ("message: unknown source", (1, 3, 1, bytes([1] * 32))),
        ("message: unknown source", (1, 255, 1, bytes([1] * 32))),
        ("message: block zero", (1, B, 0, bytes([1] * 32))),
        ("message: zero hash", (1, B, 1, bytes(32))),
    ],
)
def test_message__malformed__is_refused_though_signed(
    rig: Rig, reason: str, message: tuple[int, int, int, bytes]
) -> None:
    kind, source, number, sync_hash = message
    signed = replace(SyncMessage(ChainId(source), BlockNumber(number), sync_hash), kind=kind)  # type: ignore[arg-type]
    evidence = rig.committee.evidence(compute_digest(signed, rig.deployment_hash))
    with reverts(reason):
        rig[A].bridge.receive_message(message, evidence)


def test_message__signed_for_another_deployment__is_refused(rig: Rig) -> None:
    message = SyncMessage(B, BlockNumber(1), bytes([1] * 32))
    evidence = rig.committee.evidence(compute_digest(message, bytes([7] * 32)))
    with reverts("committee: not a member"):
        rig[A].bridge.receive_message(message_args(message), evidence)


def test_apply_message__unknown_block_or_chain__is_refused(rig: Rig) -> None:
    for source, number in ((B, 0), (B, 1), (A, 0), (0, 0), (255, 2**64 - 1)):
        with reverts("message: not known"):
            rig[A].bridge.apply_message(source, number)


# --- revert ---


def test_revert__committed_and_proven_blocks__come_off(rig: Rig) -> None:
    here = rig[A]
    here.swap()
    words = here.request_words()
    first, second, third = empty_blocks(rig, 3)
    second = replace(second, slices={A: words})
    here.commit(first, second, third)
    here.prove(1, 2)
    assert (here.bridge.request_counts(Lane.SWAP), here.bridge.request_status(Lane.SWAP, 1)) == ((1, 0), 1)
    here.bridge.revert_blocks(stored_args(here.history[1]), sender=VALIDATOR)
    assert here.evm.event("BlocksReverted") == {"to": 1}
    assert here.status() == (1, 1, 0, 0)
    assert (here.bridge.request_counts(Lane.SWAP), here.bridge.request_status(Lane.SWAP, 1)) == ((1, 0), 1)
    del here.history[2:], here.drafts[1:]
    here.commit(replace(second, commitment=5))
    assert here.bridge.stored_block_hash(2) == here.history[2].hash()
    here.prove(2)


def test_revert__accepted_block__is_refused(rig: Rig) -> None:
    here = rig[B]
    here.commit(*empty_blocks(rig, 2))
    here.prove(1)
    with reverts("revert: already accepted"):
        here.bridge.revert_blocks(stored_args(here.history[0]), sender=VALIDATOR)
    here.bridge.revert_blocks(stored_args(here.history[1]), sender=VALIDATOR)
    with reverts("revert: nothing to revert"):
        here.bridge.revert_blocks(stored_args(here.history[1]), sender=VALIDATOR)


def test_revert__stranger_or_other_block__is_refused(rig: Rig) -> None:
    here = rig[A]
    here.commit(*empty_blocks(rig, 2))
    for account in (STRANGER, GOVERNOR):
        with reverts("roles: not a validator"):
            here.bridge.revert_blocks(stored_args(here.history[0]), sender=account)
    with reverts("block: not the stored block"):
        here.bridge.revert_blocks(stored_args(replace(here.history[1], swap_requests=7)), sender=VALIDATOR)


def test_fill__of_a_block_that_was_reverted__waits_for_the_next_one(rig: Rig) -> None:
    here = rig[B]
    payout = payment(B, USD, 5_000)
    here.bridge.fill(payout.words(), sender=STRANGER)
    draft = rig.draft({B: payout.words()}, on=B)
    here.commit(draft)
    here.bridge.revert_blocks(stored_args(here.history[0]), sender=VALIDATOR)
    assert here.bridge.filler(payout.fill_key(rig.deployment_hash)) == STRANGER

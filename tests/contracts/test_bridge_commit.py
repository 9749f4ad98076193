"""`commit_blocks` and the reader of swap blocks: the queue, the form of every record, the claims, the clock."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.drafts.draft import payment, stored_args
from tests.support.drafts.rig import COIN, Rig
from tests.support.evm import reverts
from tests.support.three_chains import GOVERNOR, PRIMARY, STRANGER, USD, VALIDATOR, A, B, C
from zklink.operations.swap import SwapRequest
from zklink.primitives.field import R
from zklink.protocol.bridge_hashes import StoredBlock
from zklink.protocol.ids import ChainId, Kind, Lane

Words = tuple[int, ...]


def queue(rig: Rig, chain: ChainId, count: int) -> list[Words]:
    """Make swaps and give their request words."""
    found = []
    for i in range(count):
        rig[chain].swap(l1_amount=(10**6 + i) * rig[chain].scale(USD))
        found.append(rig[chain].request_words())
    return found


def flat(*records: Words) -> Words:
    """One slice."""
    return tuple(word for record in records for word in record)


def commit_raw(rig: Rig, chain: ChainId, arguments: tuple[object, ...]) -> None:
    """Commit one block with arguments that no Draft would give."""
    here = rig[chain]
    here.bridge.commit_blocks(stored_args(here.history[-1]), [arguments], sender=VALIDATOR)


def test_commit__slice_with_every_kind_of_record__stores_what_python_computes(rig: Rig) -> None:
    here = rig[A]
    first, second = queue(rig, A, 2)
    paid = payment(A, USD, 700, source=C)
    refund = payment(A, USD, 800, kind=Kind.SWAP_REFUNDED, source=A)
    draft = rig.draft({A: flat(first, refund.words(), paid.words(), second), B: payment(B, COIN, 5).words()})
    here.bridge.commit_blocks(stored_args(here.history[0]), [draft.commit_args(A)], sender=VALIDATOR)
    event = here.evm.event("BlockCommitted")
    expected = draft.store(A, here.history[0])
    assert (event["number"], event["block_commitment"], event["sync_hash"]) == (
        1,
        draft.block_commitment,
        expected.sync_hash,
    )
    assert here.bridge.stored_block_hash(1) == expected.hash()
    assert here.bridge.sync_hash(1) == expected.sync_hash
    assert expected.swap_requests == 2
    assert here.status() == (1, 0, 0, 0)
    assert here.bridge.request_counts(Lane.SWAP) == (2, 0)
    assert here.bridge.block_status(1) == 1


def test_commit__block_that_does_not_concern_the_chain__stores_what_python_computes(rig: Rig) -> None:
    here = rig[C]
    here.commit(rig.draft({A: payment(A, USD, 1).words()}, on=C))
    assert here.bridge.stored_block_hash(1) == here.history[1].hash()


def test_commit__four_blocks_in_one_call__stores_each(rig: Rig) -> None:
    here = rig[A]
    requests = queue(rig, A, 3)
    drafts, parent = [], here.history[0]
    for number, words in enumerate([requests[0], flat(requests[1], requests[2]), (), ()], start=1):
        draft = rig.draft({A: words}, number=number, old_root=parent.root, new_root=100 + number)
        parent = draft.store(A, parent)
        drafts.append(draft)
    here.commit(*drafts)
    assert [here.bridge.stored_block_hash(n) for n in range(5)] == [stored.hash() for stored in here.history]
    assert here.status() == (4, 0, 0, 0)
    assert [stored.swap_requests for stored in here.history] == [0, 1, 3, 3, 3]


def test_commit__full_slice_of_64_slots__is_stored(rig: Rig) -> None:
    here = rig[A]
    requests = queue(rig, A, 64)
    refunds = [payment(A, USD, 9, i, kind=Kind.SWAP_REFUNDED, source=A).words() for i in range(1, 65)]
    records = [record for pair in zip(requests, refunds, strict=True) for record in pair]
    here.commit(rig.draft({A: flat(*records)}))
    assert here.bridge.stored_block_hash(1) == here.history[1].hash()


# --- who, and after what ---


def test_commit__stranger__is_refused(rig: Rig) -> None:
    here = rig[A]
    for account in (STRANGER, GOVERNOR):
        with reverts("roles: not a validator"):
            here.bridge.commit_blocks(stored_args(here.history[0]), [rig.draft().commit_args(A)], sender=account)


def test_commit__no_block__is_refused(rig: Rig) -> None:
    with reverts("commit: no block"):
        rig[A].bridge.commit_blocks(stored_args(rig[A].history[0]), [], sender=VALIDATOR)


def test_commit__not_after_the_last_block__is_refused(rig: Rig) -> None:
    here = rig[A]
    here.commit(rig.draft())
    with reverts("commit: not the last block"):
        here.bridge.commit_blocks(stored_args(here.history[0]), [rig.draft().commit_args(A)], sender=VALIDATOR)


def test_commit__other_stored_block__is_refused(rig: Rig) -> None:
    here = rig[A]
    here.commit(rig.draft())
    good = here.history[1]
    others: list[dict[str, Any]] = [
        {"timestamp": good.timestamp - 1},
        {"counts": 1},
        {"root": good.root + 1},
        {"swap_requests": 1},
        {"payouts_hash": bytes([1] * 32)},
        {"inputs_hash": bytes(32)},
        {"sync_hash": bytes(32)},
    ]
    for other in others:
        fields = {name: getattr(good, name) for name in StoredBlock.__dataclass_fields__} | other
        with reverts("block: not the stored block"):
            here.bridge.commit_blocks(
                stored_args(StoredBlock(**fields)), [rig.draft().commit_args(A)], sender=VALIDATOR
            )


# --- the clock ---


def test_commit__timestamp__has_bounds(rig: Rig) -> None:
    here = rig[A]
    now = here.evm.time
    with reverts("commit: in the future"):
        here.commit(rig.draft(timestamp=now + 901))
    here.commit(rig.draft(timestamp=now + 900))
    with reverts("commit: before the last block"):
        here.commit(rig.draft(timestamp=now + 899))
    here.commit(rig.draft(timestamp=now + 900))


def test_commit__old_block__is_refused_on_the_primary_only(rig: Rig) -> None:
    now = rig[A].evm.time
    rig[A].commit(rig.draft(timestamp=now - 3_601))
    with reverts("commit: too old"):
        rig[PRIMARY].commit(rig.draft(on=B, timestamp=now - 3_601))
    rig[PRIMARY].commit(rig.draft(on=B, timestamp=now - 3_600))


def test_commit__before_a_request_was_queued__is_refused(rig: Rig) -> None:
    (words,) = queue(rig, A, 1)
    now = rig[A].evm.time
    with reverts("commit: before a request"):
        rig[A].commit(rig.draft({A: words}, timestamp=now - 1))
    rig[A].commit(rig.draft({A: words}, timestamp=now))


# --- the queue ---


def test_commit__requests_that_are_not_the_queued_ones__are_refused(rig: Rig) -> None:
    first, second, third = queue(rig, A, 3)
    changed = (first[0] + 1, *first[1:])
    invented = SwapRequest.from_words(third).words()
    wrong: dict[str, tuple[Words, ...]] = {
        "skipped": (second,),
        "reordered": (second, first),
        "twice": (first, first),
        "changed": (changed,),
        "more than queued": (first, second, third, invented),
        "hole": (first, third),
    }
    for requests in wrong.values():
        with reverts("commit: not the queued requests"):
            rig[A].commit(rig.draft({A: flat(*requests)}))
    rig[A].commit(rig.draft({A: flat(first, second)}))
    with reverts("commit: not the queued requests"):
        rig[A].commit(rig.draft({A: second}))
    rig[A].commit(rig.draft({A: third}))


def test_commit__request_before_anything_was_queued__is_refused(rig: Rig) -> None:
    with rig.rollback():
        (words,) = queue(rig, A, 1)
    with reverts("commit: not the queued requests"):
        rig[A].commit(rig.draft({A: words}))


# --- records ---

PAYMENT = payment(A, USD, 1_000).words()
REFUND = payment(A, USD, 1_000, kind=Kind.SWAP_REFUNDED, source=A).words()


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("slice: unknown record", lambda w: flat((0,), w)),
        ("slice: unknown record", lambda w: (4 << 240 | A << 232 | A << 224, 0, 0)),
        ("slice: unknown record", lambda w: (2**255, 0, 0)),
        ("slice: request cut short", lambda w: w[:4]),
        ("slice: request cut short", lambda w: w[:1]),
        ("slice: payout cut short", lambda w: flat(w, PAYMENT[:2])),
        ("slice: payout cut short", lambda w: flat(PAYMENT, PAYMENT[:1])),
        ("slice: request of another chain", lambda w: (w[0] + (1 << 232), *w[1:])),
        ("slice: request word too long", lambda w: (w[0], w[1] | 1 << 248, *w[2:])),
        ("slice: request word too long", lambda w: (*w[:3], w[3] | 1 << 255, w[4])),
        ("slice: request word too long", lambda w: (*w[:4], w[4] | 1 << 248)),
        ("slice: payout of another chain", lambda w: payment(B, USD, 1).words()),
        ("slice: refund of another chain", lambda w: (REFUND[0] + (1 << 232), *REFUND[1:])),
        ("slice: refund of another chain", lambda w: (REFUND[0] + (1 << 224), *REFUND[1:])),
        ("slice: unused bits of a payout", lambda w: (PAYMENT[0] | 1 << 112, *PAYMENT[1:])),
        ("slice: unused bits of a payout", lambda w: (PAYMENT[0] | 1 << 143, *PAYMENT[1:])),
        ("slice: unused bits of a payout", lambda w: (PAYMENT[0], PAYMENT[1] | 1 << 248, PAYMENT[2])),
        ("slice: unused bits of a payout", lambda w: (PAYMENT[0], PAYMENT[1], PAYMENT[2] | 1 << 120)),
        ("slice: unused bits of a payout", lambda w: (REFUND[0] | 1 << 130, *REFUND[1:])),
    ],
)
def test_commit__bad_record__is_refused(rig: Rig, reason: str, change: Callable[[Words], Words]) -> None:
    (words,) = queue(rig, A, 1)
    arguments = list(rig.draft({A: words}).commit_args(A))
    changed = change(words)
    arguments[2], arguments[5] = len(changed) << 16 * A, list(changed)
    with reverts(reason):
        commit_raw(rig, A, tuple(arguments))


# --- counts, claims, field elements ---


def bend(index: int, change: Callable[[Any], object]) -> Callable[[list[Any]], None]:
    """Change one field of a CommitBlock: 1 time, 2 counts, 3 root, 4 C, 5 words, 7 slice hashes, 8 evaluations."""

    def apply(arguments: list[Any]) -> None:
        arguments[index] = change(arguments[index])

    return apply


@pytest.mark.parametrize(
    ("reason", "apply"),
    [
        ("block: root above r", bend(3, lambda v: R)),
        ("block: root above r", bend(3, lambda v: v + R)),
        ("block: commitment above r", bend(4, lambda v: v + R)),
        ("block: counts above chain 8", bend(2, lambda v: v | 1 << 144)),
        ("block: counts above chain 8", bend(2, lambda v: v | 1 << 255)),
        ("block: words of an unknown chain", bend(2, lambda v: v | 1)),
        ("block: words of an unknown chain", bend(2, lambda v: v | 3 << 16 * 3)),
        ("block: words of an unknown chain", bend(2, lambda v: v | 3 << 16 * 8)),
        ("block: own word count", bend(2, lambda v: v + (1 << 16 * A))),
        ("block: own word count", bend(5, lambda v: v[:-1])),
        ("block: slice hash missing", bend(7, lambda v: v[:-1])),
        ("block: slice hash left over", bend(7, lambda v: [*v, bytes(32)])),
        ("block: evaluation missing", bend(8, lambda v: v[:-1])),
        ("block: evaluation left over", bend(8, lambda v: [*v, 0])),
        ("block: evaluation above r", bend(8, lambda v: [v[0] + R, v[1]])),
        ("block: slice hash left over", bend(2, lambda v: v & ~(0xFFFF << 16 * C))),
    ],
)
def test_commit__bad_header_or_claim__is_refused(rig: Rig, reason: str, apply: Callable[[list[Any]], None]) -> None:
    draft = rig.draft({A: PAYMENT, B: payment(B, USD, 1).words(), C: payment(C, USD, 1).words()})
    arguments = list(draft.commit_args(A))
    apply(arguments)
    with reverts(reason):
        commit_raw(rig, A, tuple(arguments))


@pytest.mark.parametrize(
    "apply",
    [
        bend(3, lambda v: v + 1),
        bend(4, lambda v: v + 1),
        bend(7, lambda v: [v[1], v[0]]),
        bend(8, lambda v: [v[1], v[0]]),
        bend(8, lambda v: [(v[0] + 1) % R, v[1]]),
        bend(2, lambda v: v + (3 << 16 * C)),
        bend(1, lambda v: v + 1),
        bend(5, lambda v: [v[0] + 1, *v[1:]]),
    ],
)
def test_commit__false_claim__gives_other_public_inputs(rig: Rig, apply: Callable[[list[Any]], None]) -> None:
    """Whatever differs from the sealed block gives inputs that its proof does not fit, and another sync hash."""
    here = rig[A]
    draft = rig.draft({A: PAYMENT, B: payment(B, USD, 1).words(), C: payment(C, USD, 1).words()})
    arguments = list(draft.commit_args(A))
    apply(arguments)
    commit_raw(rig, A, tuple(arguments))
    honest = draft.store(A, here.history[0])
    assert here.evm.event("BlockCommitted")["block_commitment"] != draft.block_commitment
    assert here.bridge.sync_hash(1) != honest.sync_hash
    assert here.bridge.stored_block_hash(1) != honest.hash()

"""`accept_again`: what the primary takes of any age, frozen or silent: both groups have signed that it had it."""

from dataclasses import replace

import pytest

from tests.support.drafts.escape import begin_exodus, freeze, provider_words, silence
from tests.support.drafts.requests import queue_swaps
from tests.support.drafts.rig import Rig, payment
from tests.support.evm import reverts
from tests.support.lines import join
from tests.support.three_chains import PRIMARY, STRANGER, USD, A, B, C
from zklink.protocol.facts import Accepted, Group
from zklink.protocol.ids import DRIFT_SECONDS, EXIT_DELAY_SECONDS, MAX_AGE_SECONDS, SILENCE_SECONDS, BlockNumber, Lane

assert PRIMARY == B
LATE = MAX_AGE_SECONDS + 1


def lose_blocks(rig: Rig, count: int = 3) -> None:
    """Blocks that serve every queue and pay everywhere; the primary has none of them."""
    swaps, own = queue_swaps(rig, A, count), queue_swaps(rig, B, count)
    for i in range(count):
        slices = {A: swaps[i], B: join((own[i], payment(B, USD, 100 + i).words())), C: payment(C, USD, 7).words()}
        rig.extend(rig.draft(slices))


def test_accept_again__old_blocks__are_taken_with_everything_they_do(rig: Rig) -> None:
    here = rig.primary
    lose_blocks(rig)
    here.evm.time += LATE
    with reverts("accept: too old"):
        here.accept(rig.accept_call())
    here.accept(rig.blocks.accept_again_call(1, 2, 3))
    assert here.evm.event("BlocksAccepted") == {"first": 1, "last": 2, "sync_hash": rig.blocks.sync_hash(2)}
    assert len(here.evm.events("BlockExecuted")) == 2
    here.accept(rig.blocks.accept_again_call(1, 3, pay=False))
    assert here.tip().sync_hash == rig.blocks.sync_hash(3)
    assert (here.tip().unpaid, here.tip().has_end) == (1, False)
    assert here.bridge.request_counts(Lane.SWAP) == (3, 3)
    assert here.history.queue_of(A, Lane.SWAP) == rig[A].bridge.queue_hash(Lane.SWAP, 3)
    rig.extend(rig.draft())
    here.accept(rig.accept_call())
    assert here.tip().number == 4


def test_accept_again__frozen__is_taken_and_nothing_new(rig: Rig) -> None:
    here = rig.primary
    lose_blocks(rig)
    freeze(here)
    here.accept(rig.blocks.accept_again_call(1, 3))
    assert here.tip().number == 3 and here.bridge.is_frozen()
    rig.extend(rig.draft())
    with reverts("accept: frozen"):
        here.accept(rig.accept_call())


def test_accept_again__silent__stays_silent_however_young_the_block(rig: Rig) -> None:
    """A block that was lost a moment before the halt may be younger than SILENCE; END may name it all the same."""
    here = rig.primary
    rig.accept(rig.draft())
    here.evm.time += 1_000
    lose_blocks(rig, 1)
    here.evm.time += SILENCE_SECONDS - 999
    assert here.history.is_silent()
    here.accept(rig.blocks.accept_again_call(2, 2))
    assert here.tip().timestamp + SILENCE_SECONDS >= here.evm.time
    assert here.tip().has_end and here.history.is_silent()
    rig.extend(rig.draft())
    with reverts("accept: silent"):
        here.accept(rig.accept_call())
    here.accept(rig.blocks.accept_again_call(3, 3))
    assert here.tip().has_end and here.tip().number == 3


def test_accept_again__exits_begun__is_refused(rig: Rig) -> None:
    here = rig.primary
    lose_blocks(rig)
    silence(rig)
    here.evm.time += EXIT_DELAY_SECONDS + 1
    here.accept(rig.blocks.accept_again_call(1, 1))
    begin_exodus(here)
    with reverts("accept: exodus has begun"):
        here.accept(rig.blocks.accept_again_call(2, 2, 3))
    here.accept(rig.blocks.accept_again_call(1, 1))


def test_accept_again__not_signed_by_both_groups__is_refused(rig: Rig) -> None:
    here, groups = rig.primary, rig.groups
    lose_blocks(rig)
    good = rig.blocks.accept_again_call(1, 2, 3)
    other = groups.acc(2, rig.blocks.sync_hash(3))
    fact = Accepted(BlockNumber(3), rig.blocks.sync_hash(3))
    wrong = {
        "groups: too few signatures": [
            replace(good, validators=b""),
            replace(good, watchers=b""),
            replace(good, validators=good.validators[:130]),
        ],
        "groups: not of this group": [
            replace(good, watchers=good.validators),
            replace(good, validators=good.watchers),
            replace(good, validators=rig.blocks.seal(3)),
            replace(good, watchers=groups.sign(fact, Group.VALIDATORS)),
            replace(good, validators=other.validators, watchers=other.watchers),
            replace(good, later=()),
            replace(good, later=(good.later[0], good.later[0])),
            replace(good, later=(bytes(32),)),
            replace(good, later=(b"\1" * 32,)),
        ],
    }
    for reason, calls in wrong.items():
        for call in calls:
            with reverts(reason):
                here.accept(call)
    here.accept(good)


def test_accept_again__own_queue_has_forgotten_the_request__is_refused(rig: Rig) -> None:
    with rig.rollback():
        words = queue_swaps(rig, B, 1)[0]
    rig.extend(rig.draft({B: words}))
    with reverts("queue: other requests"):
        rig.primary.accept(rig.blocks.accept_again_call(1, 1))


def test_accept_again__everything_else__is_checked_as_ever(rig: Rig) -> None:
    here = rig.primary
    now = here.evm.time
    bad = {
        "accept: in the future": rig.draft(timestamp=now + DRIFT_SECONDS + 1),
        "slice: recipient is a bridge": rig.draft({A: payment(A, USD, 5, recipient=bridge_of(rig)).words()}),
        "slice: payout of another chain": rig.draft({A: payment(C, USD, 5).words()}),
    }
    for reason, draft in bad.items():
        with rig.rollback():
            rig.extend(draft)
            with reverts(reason):
                here.accept(rig.blocks.accept_again_call(1, 1))
    here.evm.time += 10
    deposit = provider_words(here)
    here.evm.time += 10
    rig.extend(rig.draft({B: deposit}, Lane.ACCOUNT, timestamp=now - 1))
    with reverts("accept: before a request"):
        here.accept(rig.blocks.accept_again_call(1, 1))


def bridge_of(rig: Rig) -> bytes:
    """A's bridge as a recipient."""
    return bytes(12) + bytes.fromhex(rig[A].bridge.address[2:])


@pytest.mark.parametrize("count", [1, 255, 256])
def test_accept_again__acc_of_a_block_far_above__is_enough(rig: Rig, count: int) -> None:
    lose_blocks(rig, 1)
    rig.extend(*(rig.draft() for _ in range(count)))
    rig.primary.accept(rig.blocks.accept_again_call(1, 1, count + 1), sender=STRANGER)
    assert rig.primary.tip().number == 1

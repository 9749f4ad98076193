"""How the primary ends: with a member (FRZ), by silence; and when its exits may open."""

from dataclasses import replace

import pytest

from tests.support.drafts.escape import begin_exodus, freeze, silence
from tests.support.drafts.rig import Rig, payment
from tests.support.evm import reverts
from tests.support.three_chains import BLOCKS_PER_DAY, GOVERNOR, PRIMARY, STRANGER, USD, A, B, C
from zklink.protocol.facts import Frozen, Group
from zklink.protocol.ids import EXIT_DELAY_SECONDS, FREEZE_DELAY_SECONDS, MAX_CHAINS, SILENCE_SECONDS, ChainId


def announce(rig: Rig, member: ChainId = A, round_: int = 0) -> None:
    rig.primary.end.announce_freeze(member, round_, rig.groups.frozen(member, round_), sender=STRANGER)


# --- with a member ---


def test_announce_freeze__by_anyone__is_noted(rig: Rig) -> None:
    here = rig.primary
    announce(rig)
    assert here.evm.event("FreezeAnnounced") == {"member": A, "round": 0}
    assert here.end.announcement(A) == (0, here.evm.time, here.evm.height)
    assert here.end.announcement(C) == (0, 0, 0)
    assert not here.end.is_frozen()


def test_announce_freeze__word_for_something_else__is_refused(rig: Rig) -> None:
    here, groups = rig.primary, rig.groups
    other = replace(groups, deployment_hash=bytes(32))
    true = groups.frozen(A)
    with reverts("groups: not of this group"):
        here.end.announce_freeze(C, 0, true)
    with reverts("groups: not of this group"):
        here.end.announce_freeze(A, 0, groups.frozen(A, 1))
    with reverts("groups: not of this group"):
        here.end.announce_freeze(A, 0, other.frozen(A))
    with reverts("groups: not of this group"):
        here.end.announce_freeze(A, 0, groups.sign(Frozen(A, 0), Group.VALIDATORS))
    with reverts("groups: too few signatures"):
        here.end.announce_freeze(A, 0, true[:130])


def test_announce_freeze__last_id_of_a_chain__is_one(rig: Rig) -> None:
    announce(rig, ChainId(MAX_CHAINS))
    assert rig.primary.evm.event("FreezeAnnounced") == {"member": MAX_CHAINS, "round": 0}


@pytest.mark.parametrize("member", [0, PRIMARY, 9, 255])
def test_announce_freeze__not_a_member__is_refused(rig: Rig, member: int) -> None:
    """Or the governor would have hundreds of them to void within a day."""
    with reverts("freeze: not a member"):
        announce(rig, ChainId(member))


def test_announce_freeze__again__cannot_prolong_the_day(rig: Rig) -> None:
    announce(rig)
    rig.primary.evm.time += FREEZE_DELAY_SECONDS - 1
    with reverts("freeze: announced already"):
        announce(rig)
    rig.primary.evm.time += 1
    rig.primary.end.freeze_for(A, sender=STRANGER)


def test_freeze_for__a_day_later__freezes(rig: Rig) -> None:
    here = rig.primary
    announce(rig)
    here.evm.time += FREEZE_DELAY_SECONDS - 1
    with reverts("freeze: within the day"):
        here.end.freeze_for(A, sender=STRANGER)
    here.evm.time += 1
    here.end.freeze_for(A, sender=STRANGER)
    assert here.bridge.is_frozen() and here.end.is_frozen()
    with reverts("accept: frozen"):
        rig.accept(rig.draft())
    with reverts("bridge: already frozen"):
        here.end.freeze_for(A, sender=STRANGER)


def test_freeze_for__a_primary_that_was_halted__waits_for_its_blocks(rig: Rig) -> None:
    here = rig.primary
    announce(rig)
    here.evm.halt(FREEZE_DELAY_SECONDS)
    with reverts("freeze: within the day"):
        here.end.freeze_for(A)
    here.evm.time += BLOCKS_PER_DAY - 1
    here.end.freeze_for(A)


def test_freeze_for__never_announced__is_refused(rig: Rig) -> None:
    announce(rig, A)
    rig.primary.evm.time += FREEZE_DELAY_SECONDS
    with reverts("freeze: not announced"):
        rig.primary.end.freeze_for(C)


def test_void_freeze__by_the_governor__a_later_word_counts(rig: Rig) -> None:
    here = rig.primary
    announce(rig)
    here.end.void_freeze(A, sender=GOVERNOR)
    assert here.evm.event("FreezeVoided") == {"member": A, "round": 0}
    assert here.end.announcement(A) == (1, 0, 0)
    here.evm.time += FREEZE_DELAY_SECONDS
    with reverts("freeze: not announced"):
        here.end.freeze_for(A)
    with reverts("freeze: of another round"):
        announce(rig)
    with reverts("freeze: of another round"):
        announce(rig, A, 2)
    announce(rig, A, 1)
    with reverts("freeze: within the day"):
        here.end.freeze_for(A)
    here.evm.time += FREEZE_DELAY_SECONDS
    here.end.freeze_for(A)
    assert here.bridge.is_frozen()


def test_void_freeze__of_one_member__leaves_another_alone(rig: Rig) -> None:
    announce(rig, A)
    announce(rig, C)
    rig.primary.end.void_freeze(A, sender=GOVERNOR)
    rig.primary.evm.time += FREEZE_DELAY_SECONDS
    rig.primary.end.freeze_for(C)


def test_void_freeze__anybody_else_or_nothing_there__is_refused(rig: Rig) -> None:
    here = rig.primary
    with reverts("freeze: nothing to void"):
        here.end.void_freeze(A, sender=GOVERNOR)
    announce(rig)
    for sender in (STRANGER, rig.groups.validators.members[0], rig.groups.watchers.members[0]):
        with reverts("end: not the governor"):
            here.end.void_freeze(A, sender=sender)
    with reverts("freeze: nothing to void"):
        here.end.void_freeze(C, sender=GOVERNOR)
    here.end.void_freeze(A, sender=GOVERNOR)
    with reverts("freeze: nothing to void"):
        here.end.void_freeze(A, sender=GOVERNOR)


# --- by silence ---


def test_freeze_for_silence__two_days_without_a_block__freezes_at_once(rig: Rig) -> None:
    here = rig.primary
    rig.accept(rig.draft())
    here.evm.time += SILENCE_SECONDS
    assert not here.end.is_frozen()
    with reverts("freeze: not silent"):
        here.end.freeze_for_silence()
    here.evm.time += 1
    assert here.end.is_frozen() and not here.bridge.is_frozen()
    here.end.freeze_for_silence(sender=STRANGER)
    assert here.bridge.is_frozen()
    assert here.bridge.frozen_at() == (here.evm.time, here.evm.height)


def test_freeze_for_silence__an_empty_block_in_time__keeps_it_alive(rig: Rig) -> None:
    here = rig.primary
    here.evm.time += SILENCE_SECONDS
    rig.accept(rig.draft())
    here.evm.time += SILENCE_SECONDS
    with reverts("freeze: not silent"):
        here.end.freeze_for_silence()


def test_freeze_for_silence__a_halt__needs_no_blocks_and_no_call(rig: Rig) -> None:
    """A primary that comes back after an END must not go on past it."""
    here = rig.primary
    here.evm.halt(SILENCE_SECONDS + 1)
    with reverts("accept: silent"):
        rig.accept(rig.draft())
    here.end.freeze_for_silence()


def test_silence__block_taken_again__does_not_end_it(rig: Rig) -> None:
    """A block that the primary lost can be younger than two days: it is silent all the same, for good."""
    here = rig.primary
    here.evm.time += SILENCE_SECONDS - 10
    rig.extend(rig.draft())
    here.evm.time += 11
    assert here.end.is_frozen()
    here.accept(rig.blocks.accept_again_call(1, 1))
    assert here.tip().number == 1
    assert here.end.is_frozen()
    with reverts("accept: silent"):
        rig.accept(rig.draft())
    here.end.freeze_for_silence()


# --- exits ---


def test_may_open__three_days_after_the_freeze__not_before(rig: Rig) -> None:
    here = rig.primary
    here.evm.time += 10 * EXIT_DELAY_SECONDS
    assert not here.end.may_open()
    here.end.freeze_for_silence()
    here.evm.time += EXIT_DELAY_SECONDS - 1
    assert not here.end.may_open()
    with reverts("exodus: may not begin yet"):
        begin_exodus(here)
    here.evm.time += 1
    assert here.end.may_open()
    begin_exodus(here)


def test_may_open__a_primary_that_was_halted__waits_for_its_blocks(rig: Rig) -> None:
    here = rig.primary
    silence(rig)
    here.evm.halt(EXIT_DELAY_SECONDS)
    assert not here.end.may_open()
    here.evm.time += 3 * BLOCKS_PER_DAY - 2
    assert not here.end.may_open()
    here.evm.time += 1
    assert here.end.may_open()


def test_may_open__payouts_owed__not_before_they_are_paid(rig: Rig) -> None:
    here = rig.primary
    rig.accept(rig.draft({B: payment(B, USD, 5_000).words()}), pay=False)
    silence(rig)
    here.evm.time += EXIT_DELAY_SECONDS
    assert not here.end.may_open()
    rig.execute(B, 1)
    assert here.end.may_open()


def test_may_open__within_the_three_days__a_lost_block_is_taken_again(rig: Rig) -> None:
    here = rig.primary
    (link,) = rig.extend(rig.draft())
    freeze(here)
    here.accept(rig.blocks.accept_again_call(1, 1))
    here.evm.time += EXIT_DELAY_SECONDS
    begin_exodus(here)
    assert here.exodus.exit_root() == link.full.block.new_root
    rig.extend(rig.draft())
    with reverts("accept: exodus has begun"):
        here.accept(rig.blocks.accept_again_call(2, 2))


# --- partners ---


def test_views__partners__are_those_of_the_chain(rig: Rig) -> None:
    for here in rig:
        is_primary = here.chain == PRIMARY
        partners = (here.bridge.address, here.history.address, here.groups.address)
        assert (here.end.bridge(), here.end.history(), here.end.groups()) == tuple(p.lower() for p in partners)
        assert here.end.blocks_per_day() == BLOCKS_PER_DAY
        assert here.end.is_for(*partners, is_primary)
        assert not here.end.is_for(*partners, not is_primary)
        for i in range(3):
            assert not here.end.is_for(*(STRANGER if i == j else p for j, p in enumerate(partners)), is_primary)


@pytest.mark.parametrize("name", ["PrimaryEnd", "MemberEnd"])
def test_deploy__groups_without_code__are_refused(rig: Rig, name: str) -> None:
    here = rig[A]
    with reverts("end: groups have no code"):
        rig.deploy(A, name, here.bridge.address, here.history.address, STRANGER)

"""The contest about END on one member: who says it, who objects, when it stands, what makes it fall."""

from dataclasses import replace

import pytest

from tests.support.drafts.end_words import (
    BY_BOTH,
    BY_VALIDATORS_AND_GOVERNOR,
    BY_WATCHERS,
    DAYS_3,
    DAYS_14,
    NOBODY,
    VALIDATORS,
    WATCHERS,
    deny,
    fell_by,
    make_blocks,
    stand,
    word,
)
from tests.support.drafts.escape import NO_EVIDENCE, begin_exodus, end_of, raise_end, silence, stand_end
from tests.support.drafts.rig import Rig, payment
from tests.support.evm import reverts
from tests.support.groups import KnownGroup
from tests.support.three_chains import BLOCKS_PER_DAY, GOVERNOR, STRANGER, USD, A, C
from zklink.protocol.facts import Accepted, End, Group
from zklink.protocol.ids import GROUP_DELAY_SECONDS, BlockNumber

# --- both groups ---


def test_raise_end__both_groups__stands_at_once(rig: Rig) -> None:
    make_blocks(rig, 2, imported=1)
    here, fact = rig[A], end_of(rig, A)
    assert here.end.ended() == (0, bytes(32))
    raise_end(rig, fact, VALIDATORS, WATCHERS)
    raised = here.evm.event("EndRaised")
    assert raised == {"number": 2, "sync_hash": fact.sync_hash, "round": 0, "word": BY_BOTH}
    assert here.evm.event("EndStands") == {"number": 2, "sync_hash": fact.sync_hash}
    assert here.evm.event("EndSet") == {"number": 2, "sync_hash": fact.sync_hash}
    assert here.end.ended() == here.history.end() == (2, fact.sync_hash)
    assert here.bridge.is_frozen() and here.end.is_frozen()
    assert here.bridge.frozen_at() == (here.evm.time, here.evm.height)


def test_raise_end__whoever_calls__publishes_the_path(rig: Rig) -> None:
    make_blocks(rig, 3, imported=1)
    here, line = rig[A], rig.blocks
    raise_end(rig, end_of(rig, A), WATCHERS)
    path = line.commitments(1, 3)
    shown = [event.args for event in here.evm.events("PathShown")]
    assert shown == [{"number": 1, "sync_hash": line.sync_hash(1), "path": path}]


def test_open_path__whoever_calls__publishes_the_path(rig: Rig) -> None:
    make_blocks(rig, 3)
    here, line = rig[A], rig.blocks
    here.end.open_path(0, line.sync_hash(0), 0, line.sync_hash(0), list(line.commitments(0, 2)), sender=STRANGER)
    path = line.commitments(0, 2)
    assert here.evm.event("PathShown") == {"number": 0, "sync_hash": line.sync_hash(0), "path": path}


def test_raise_end__both_groups__replaces_whatever_waits(rig: Rig) -> None:
    """What validators, or watchers, alone have raised does not hold up what both say."""
    make_blocks(rig, 2)
    raise_end(rig, end_of(rig, A, 1), WATCHERS)
    deny(rig, end_of(rig, A, 1), VALIDATORS)
    raise_end(rig, end_of(rig, A, 2), VALIDATORS, WATCHERS)
    assert rig[A].end.ended()[0] == 2


def test_raise_end__one_that_stands__is_final(rig: Rig) -> None:
    make_blocks(rig, 2)
    fact = end_of(rig, A, 1)
    raise_end(rig, fact, VALIDATORS, WATCHERS)
    with reverts("end: stands already"):
        raise_end(rig, end_of(rig, A, 2), VALIDATORS, WATCHERS)
    with reverts("end: stands for good"):
        deny(rig, fact, VALIDATORS)
    with reverts("end: stands for good"):
        rig[A].end.void_end(sender=GOVERNOR)
    with reverts("end: stands for good"):
        fell_by(rig, 2)
    with reverts("end: stands for good"):
        stand(rig)
    assert rig[A].end.ended() == (1, fact.sync_hash)


def test_raise_end__empty_history__needs_no_seal(rig: Rig) -> None:
    """Nobody seals the genesis, and a primary may die before its first block."""
    fact = end_of(rig, A)
    assert (fact.number, fact.sync_hash) == (0, rig.deployment_hash)
    evidence = [rig.groups.end(fact, group) for group in Group]
    rig[A].end.raise_end(0, fact.sync_hash, [], NO_EVIDENCE, *evidence)
    assert rig[A].end.ended() == (0, rig.deployment_hash)
    begin_exodus(rig[A])


# --- watchers ---


def test_raise_end__watchers__waits_three_days(rig: Rig) -> None:
    make_blocks(rig, 1)
    here, fact = rig[A], end_of(rig, A)
    raise_end(rig, fact, WATCHERS)
    assert word(rig) == BY_WATCHERS
    here.evm.time += DAYS_3 - 1
    with reverts("end: within its window"):
        stand(rig)
    assert here.end.ended() == (0, bytes(32)) and not here.end.may_open()
    here.evm.time += 1
    here.end.stand_end(list(rig.blocks.commitments(0, 1)), sender=STRANGER)
    assert here.end.ended() == (1, fact.sync_hash)
    assert here.bridge.is_frozen()


def test_stand_end__a_member_that_was_halted__waits_for_its_blocks(rig: Rig) -> None:
    """It wakes up past the window, before anybody could object there."""
    make_blocks(rig, 1)
    here = rig[A]
    raise_end(rig, end_of(rig, A), WATCHERS)
    here.evm.halt(DAYS_3)
    with reverts("end: within its window"):
        stand(rig)
    here.evm.time += 3 * BLOCKS_PER_DAY - 1
    stand(rig)


def test_raise_end__waiting__shuts_no_door_and_stops_no_block(rig: Rig) -> None:
    make_blocks(rig, 1)
    here = rig[A]
    raise_end(rig, end_of(rig, A), WATCHERS)
    here.swap()
    assert not here.end.is_frozen()
    rig.accept(rig.draft())
    rig.import_on(A)
    assert here.tip().number == 2


def test_raise_end__another_one_waits__is_refused(rig: Rig) -> None:
    make_blocks(rig, 2)
    raise_end(rig, end_of(rig, A, 1), WATCHERS)
    with reverts("end: another one waits"):
        raise_end(rig, end_of(rig, A, 2), WATCHERS)
    with reverts("end: another one waits"):
        raise_end(rig, end_of(rig, A, 2), VALIDATORS, sender=GOVERNOR)
    raised_at = rig[A].end.end_state()[7]
    rig[A].evm.time += 5
    with reverts("end: another one waits"):
        raise_end(rig, end_of(rig, A, 1), WATCHERS)
    assert rig[A].end.end_state()[7] == raised_at


# --- validators and governor ---


def test_raise_end__validators_and_governor__waits_fourteen_days(rig: Rig) -> None:
    make_blocks(rig, 1)
    here = rig[A]
    raise_end(rig, end_of(rig, A), VALIDATORS, sender=GOVERNOR)
    assert word(rig) == BY_VALIDATORS_AND_GOVERNOR
    here.evm.time += DAYS_14 - 1
    with reverts("end: within its window"):
        stand(rig)
    here.evm.time += 1
    stand(rig)
    assert here.end.ended()[0] == 1


def test_raise_end__validators_alone__is_refused(rig: Rig) -> None:
    make_blocks(rig, 1)
    for sender in (STRANGER, rig.groups.validators.members[0]):
        with reverts("end: not the governor"):
            raise_end(rig, end_of(rig, A), VALIDATORS, sender=sender)


def test_raise_end__governor_alone__is_refused(rig: Rig) -> None:
    make_blocks(rig, 1)
    with reverts("end: nobody says it"):
        raise_end(rig, end_of(rig, A), sender=GOVERNOR)


# --- what every END needs ---


@pytest.mark.parametrize("groups", [(WATCHERS,)])
def test_raise_end__without_the_seal__is_refused(rig: Rig, groups: tuple[Group, ...]) -> None:
    make_blocks(rig, 2)
    fact = end_of(rig, A, 2)
    said = [rig.groups.end(fact, one) if one in groups else NO_EVIDENCE for one in Group]
    later = list(rig.blocks.commitments(0, 2))
    with reverts("groups: too few signatures"):
        rig[A].end.raise_end(2, fact.sync_hash, later, NO_EVIDENCE, *said)
    for wrong in (rig.blocks.seal(1), rig.groups.sign(Accepted(fact.number, fact.sync_hash), VALIDATORS)):
        with reverts("groups: not of this group"):
            rig[A].end.raise_end(2, fact.sync_hash, later, wrong, *said)


def test_raise_end__validators_replaced_since_the_last_block__say_end_in_place_of_a_seal(rig: Rig) -> None:
    make_blocks(rig, 2)
    here, fact, new = rig[A], end_of(rig, A, 2), KnownGroup.make("new")
    here.groups.announce_members(int(VALIDATORS), new.members, new.threshold, sender=GOVERNOR)
    here.evm.time += GROUP_DELAY_SECONDS
    here.groups.replace_members(sender=STRANGER)
    later, seal = list(rig.blocks.commitments(0, 2)), rig.blocks.seal(2)
    old, watchers = (rig.groups.end(fact, group) for group in Group)
    for evidence in ((NO_EVIDENCE, watchers), (old, watchers)):
        with reverts("groups: not of this group"):
            here.end.raise_end(2, fact.sync_hash, later, seal, *evidence)
    here.end.raise_end(2, fact.sync_hash, later, seal, new.evidence(fact.digest(rig.deployment_hash)), watchers)
    assert here.end.ended() == (2, fact.sync_hash)


def test_raise_end__words_for_something_else__are_refused(rig: Rig) -> None:
    make_blocks(rig, 2)
    fact = end_of(rig, A, 2)
    later, seal = list(rig.blocks.commitments(0, 2)), rig.blocks.seal(2)
    foreign = replace(rig.groups, deployment_hash=bytes(32))
    lies = [
        rig.groups.end(replace(fact, member=C), WATCHERS),
        rig.groups.end(replace(fact, number=BlockNumber(1)), WATCHERS),
        rig.groups.end(replace(fact, sync_hash=rig.blocks.sync_hash(1)), WATCHERS),
        rig.groups.end(replace(fact, round=1), WATCHERS),
        rig.groups.end(fact, VALIDATORS),
        foreign.end(fact, WATCHERS),
        rig.groups.denial(fact, WATCHERS),
        rig.blocks.acc(2).watchers,
    ]
    for lie in lies:
        with reverts("groups: not of this group"):
            rig[A].end.raise_end(2, fact.sync_hash, later, seal, NO_EVIDENCE, lie)
        with reverts("groups: not of this group"):
            rig[A].end.raise_end(2, fact.sync_hash, later, seal, rig.groups.end(fact, VALIDATORS), lie)
    with reverts("groups: not of this group"):
        rig[A].end.raise_end(2, fact.sync_hash, later, seal, lies[0], rig.groups.end(fact, WATCHERS))


def test_raise_end__below_or_beside_what_is_imported__is_refused(rig: Rig) -> None:
    make_blocks(rig, 3, imported=2)
    fact = end_of(rig, A, 1)
    with reverts("end: not above the tip"):
        raise_end(rig, fact, VALIDATORS, WATCHERS)
    branch = rig.blocks.branch(1)
    branch.append(rig.draft(new_root=77), rig.draft(new_root=78))
    beside = End(A, BlockNumber(3), branch.sync_hash(3), 0)
    evidence = [rig.groups.end(beside, group) for group in Group]
    for path in (branch.commitments(2, 3), branch.commitments(1, 3), ()):
        with reverts("end: not above the tip"):
            rig[A].end.raise_end(3, beside.sync_hash, list(path), branch.seal(3), *evidence)


def test_raise_end__the_tip_itself__is_taken(rig: Rig) -> None:
    make_blocks(rig, 1, imported=1)
    raise_end(rig, end_of(rig, A), VALIDATORS, WATCHERS)
    assert rig[A].end.may_open()


# --- standing ---


def test_stand_end__tip_has_moved_towards_it__opens_from_there(rig: Rig) -> None:
    make_blocks(rig, 3)
    here = rig[A]
    raise_end(rig, end_of(rig, A, 3), WATCHERS)
    here.import_blocks(rig.blocks.import_call(A, 1, 2))
    here.evm.time += DAYS_3
    with reverts("end: not above the tip"):
        here.end.stand_end(list(rig.blocks.commitments(0, 3)))
    here.end.stand_end(list(rig.blocks.commitments(2, 3)))
    assert here.end.ended()[0] == 3


def test_stand_end__tip_has_passed_it__cannot_and_falls_by_acc(rig: Rig) -> None:
    """An END below what ACC has brought in is contradicted by it."""
    make_blocks(rig, 2)
    here = rig[A]
    raise_end(rig, end_of(rig, A, 1), WATCHERS)
    rig.import_on(A)
    here.evm.time += DAYS_3
    with reverts("end: not above the tip"):
        here.end.stand_end([])
    fell_by(rig, 2)
    assert word(rig) == NOBODY


def test_stand_end__objection_after_the_window__counts_while_nobody_lets_it_stand(rig: Rig) -> None:
    make_blocks(rig, 1)
    here, fact = rig[A], end_of(rig, A)
    raise_end(rig, fact, WATCHERS)
    here.evm.time += DAYS_3 + 5
    deny(rig, fact, VALIDATORS)
    with reverts("end: within its window"):
        stand(rig)
    here.end.void_end(sender=GOVERNOR)
    assert word(rig) == NOBODY


# --- exits ---


def test_may_open__end_stands_and_is_imported_and_paid__not_before(rig: Rig) -> None:
    rig.accept(rig.draft({A: payment(A, USD, 5_000).words()}))
    here = rig[A]
    silence(rig)
    raise_end(rig, end_of(rig, A), WATCHERS)
    assert not here.end.may_open()
    stand_end(rig, A)
    assert not here.end.may_open()
    with reverts("exodus: may not begin yet"):
        begin_exodus(here)
    here.import_blocks(rig.import_call(A, by_end=True, pay=False))
    assert not here.end.may_open()
    rig.execute(A, 1)
    assert here.end.may_open()
    begin_exodus(here)


def test_may_open__end_waits_at_the_tip__not_before_it_stands(rig: Rig) -> None:
    """What no block contains would be refunded here, and paid by a block that the END leaves out."""
    make_blocks(rig, 1, imported=1)
    raise_end(rig, end_of(rig, A), WATCHERS)
    assert not rig[A].end.may_open()
    stand_end(rig, A)
    assert rig[A].end.may_open()


def test_import__once_end_stands__acc_is_not_read(rig: Rig) -> None:
    make_blocks(rig, 3)
    here = rig[A]
    raise_end(rig, end_of(rig, A, 2), VALIDATORS, WATCHERS)
    with reverts("import: not up to END"):
        rig.import_on(A)
    here.import_blocks(rig.blocks.import_call(A, 1, 2, by_end=True))
    with reverts("import: not up to END"):
        rig.import_on(A)
    assert here.end.may_open()


def test_set_end__only_by_the_end(rig: Rig) -> None:
    for sender in (STRANGER, GOVERNOR):
        with reverts("history: not the end contract"):
            rig[A].history.set_end(0, rig.deployment_hash, sender=sender)


# --- what stands at the edge of silence ---


def test_raise_end__evidence_of_one_byte__is_not_silence(rig: Rig) -> None:
    """Whoever brings anything as a group's word brings its word; else it would count as said, or as not brought."""
    make_blocks(rig, 1)
    fact, line = end_of(rig, A), rig.blocks
    validators, watchers = (rig.groups.end(fact, group) for group in Group)
    for said in ((b"\1", watchers), (validators, b"\1"), (b"\1", NO_EVIDENCE), (NO_EVIDENCE, b"\1")):
        with reverts("groups: evidence length"):
            rig[A].end.raise_end(1, fact.sync_hash, list(line.commitments(0, 1)), line.seal(1), *said, sender=GOVERNOR)
    assert word(rig) == NOBODY


def test_raise_end__watchers_alone__need_the_seal_of_every_block_but_the_genesis(rig: Rig) -> None:
    fact = end_of(rig, A)
    with rig.rollback():
        rig[A].end.raise_end(0, fact.sync_hash, [], NO_EVIDENCE, NO_EVIDENCE, rig.groups.end(fact, WATCHERS))
        assert word(rig) == BY_WATCHERS
    make_blocks(rig, 1)
    first, path = end_of(rig, A, 1), list(rig.blocks.commitments(0, 1))
    with reverts("groups: too few signatures"):
        rig[A].end.raise_end(1, first.sync_hash, path, NO_EVIDENCE, NO_EVIDENCE, rig.groups.end(first, WATCHERS))


@pytest.mark.parametrize("imported", [0, 1])
def test_raise_end__path__is_published_unless_it_is_empty(rig: Rig, imported: int) -> None:
    make_blocks(rig, 1, imported)
    raise_end(rig, end_of(rig, A), WATCHERS)
    assert len(rig[A].evm.events("PathShown")) == 1 - imported

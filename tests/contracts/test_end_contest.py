"""What makes an END fall, or wait for longer: denials, voids, an ACC that contradicts it."""

from dataclasses import replace

import pytest

from tests.support.drafts.end_words import (
    BY_WATCHERS,
    DAYS_3,
    DAYS_14,
    NOBODY,
    VALIDATORS,
    WATCHERS,
    deny,
    deny_as_governor,
    fell_by,
    make_blocks,
    round_of,
    stand,
    word,
)
from tests.support.drafts.escape import NO_EVIDENCE, end_of, raise_end
from tests.support.drafts.rig import Rig
from tests.support.evm import reverts
from tests.support.three_chains import GOVERNOR, STRANGER, A, C
from zklink.protocol.facts import End
from zklink.protocol.ids import BlockNumber

# --- denials and voids ---


def test_deny_end__validators__adds_fourteen_days(rig: Rig) -> None:
    make_blocks(rig, 1)
    here, fact = rig[A], end_of(rig, A)
    raise_end(rig, fact, WATCHERS)
    deny(rig, fact, VALIDATORS)
    assert here.evm.event("EndDenied") == {"number": 1, "sync_hash": fact.sync_hash, "round": 0, "by": 1}
    here.evm.time += DAYS_3 + DAYS_14 - 1
    with reverts("end: within its window"):
        stand(rig)
    here.evm.time += 1
    stand(rig)
    assert here.end.ended()[0] == 1


def test_deny_end__governor__adds_fourteen_days(rig: Rig) -> None:
    make_blocks(rig, 1)
    here = rig[A]
    raise_end(rig, end_of(rig, A), WATCHERS)
    deny_as_governor(rig)
    assert here.evm.event("EndDenied")["by"] == 3
    here.evm.time += DAYS_3 + DAYS_14 - 1
    with reverts("end: within its window"):
        stand(rig)
    here.evm.time += 1
    stand(rig)


def test_deny_end__again__adds_nothing(rig: Rig) -> None:
    """Once for each END, whoever says it: bad validators and a bad governor together win 14 days, not 28."""
    make_blocks(rig, 1)
    here, fact = rig[A], end_of(rig, A)
    raise_end(rig, fact, WATCHERS)
    deny_as_governor(rig)
    with reverts("end: denied by the governor"):
        deny_as_governor(rig)
    here.evm.time += DAYS_3
    deny(rig, fact, VALIDATORS)
    for _ in range(2):
        with reverts("end: denied already"):
            deny(rig, fact, VALIDATORS)
        with reverts("end: denied already"):
            deny_as_governor(rig)
    here.evm.time += DAYS_14
    stand(rig)


def test_deny_end__anybody_else__is_refused(rig: Rig) -> None:
    make_blocks(rig, 1)
    fact = end_of(rig, A)
    raise_end(rig, fact, WATCHERS)
    with reverts("groups: not of this group"):
        deny(rig, fact, WATCHERS)
    for sender in (STRANGER, rig.groups.validators.members[0]):
        with reverts("end: not the governor"):
            rig[A].end.deny_end(NO_EVIDENCE, sender=sender)
    with reverts("groups: too few signatures"):
        rig[A].end.deny_end(rig.groups.denial(fact, VALIDATORS)[:130])


def test_deny_end__denial_of_something_else__is_refused(rig: Rig) -> None:
    make_blocks(rig, 2)
    fact = end_of(rig, A)
    raise_end(rig, fact, WATCHERS)
    foreign = replace(rig.groups, deployment_hash=bytes(32))
    lies = [
        rig.groups.denial(replace(fact, member=C), VALIDATORS),
        rig.groups.denial(replace(fact, number=BlockNumber(1)), VALIDATORS),
        rig.groups.denial(replace(fact, sync_hash=rig.blocks.sync_hash(1)), VALIDATORS),
        rig.groups.denial(replace(fact, round=1), VALIDATORS),
        foreign.denial(fact, VALIDATORS),
        rig.groups.end(fact, VALIDATORS),
    ]
    for lie in lies:
        with reverts("groups: not of this group"):
            rig[A].end.deny_end(lie)


def test_void_end__denied_by_validators__it_falls(rig: Rig) -> None:
    make_blocks(rig, 1)
    here, fact = rig[A], end_of(rig, A)
    raise_end(rig, fact, WATCHERS)
    deny(rig, fact, VALIDATORS)
    here.end.void_end(sender=GOVERNOR)
    assert here.evm.event("EndFell") == {"number": 1, "sync_hash": fact.sync_hash, "round": 0}
    assert (word(rig), round_of(rig)) == (NOBODY, 1)


def test_void_end__governor_alone__is_refused(rig: Rig) -> None:
    """It would hold every member's money once the validators are gone."""
    make_blocks(rig, 1)
    raise_end(rig, end_of(rig, A), WATCHERS)
    with reverts("end: validators do not deny it"):
        rig[A].end.void_end(sender=GOVERNOR)
    deny_as_governor(rig)
    with reverts("end: validators do not deny it"):
        rig[A].end.void_end(sender=GOVERNOR)


def test_void_end__anybody_else__is_refused(rig: Rig) -> None:
    make_blocks(rig, 1)
    fact = end_of(rig, A)
    raise_end(rig, fact, WATCHERS)
    deny(rig, fact, VALIDATORS)
    for sender in (STRANGER, rig.groups.validators.members[0], rig.groups.watchers.members[0]):
        with reverts("end: not the governor"):
            rig[A].end.void_end(sender=sender)


def test_round__after_a_fall__old_words_count_no_more(rig: Rig) -> None:
    make_blocks(rig, 1)
    first = end_of(rig, A)
    raise_end(rig, first, WATCHERS)
    deny(rig, first, VALIDATORS)
    rig[A].end.void_end(sender=GOVERNOR)
    for groups in ((WATCHERS,), (VALIDATORS, WATCHERS)):
        with reverts("groups: not of this group"):
            raise_end(rig, first, *groups)
    second = replace(first, round=1)
    raise_end(rig, second, WATCHERS)
    with reverts("groups: not of this group"):
        deny(rig, first, VALIDATORS)
    deny(rig, second, VALIDATORS)
    assert rig[A].end.end_state()[3:5] == (True, False)


def test_round__of_one_member__is_not_anothers(rig: Rig) -> None:
    """What felled a false END on one member does not fell a true one on another."""
    make_blocks(rig, 1)
    false = end_of(rig, A)
    raise_end(rig, false, WATCHERS)
    denial = rig.groups.denial(false, VALIDATORS)
    rig[A].end.deny_end(denial)
    rig[A].end.void_end(sender=GOVERNOR)
    raise_end(rig, end_of(rig, C), WATCHERS)
    with reverts("groups: not of this group"):
        rig[C].end.deny_end(denial)
    with reverts("end: validators do not deny it"):
        rig[C].end.void_end(sender=GOVERNOR)


def test_contest__nothing_raised__is_refused(rig: Rig) -> None:
    make_blocks(rig, 1)
    fact = end_of(rig, A)
    with reverts("end: none is raised"):
        deny(rig, fact, VALIDATORS)
    with reverts("end: none is raised"):
        deny_as_governor(rig)
    with reverts("end: none is raised"):
        rig[A].end.void_end(sender=GOVERNOR)
    with reverts("end: none is raised"):
        rig[A].end.stand_end([])
    with reverts("end: none is raised"):
        fell_by(rig, 1)


# --- felled by ACC ---


def test_fell_end__acc_above__it_falls(rig: Rig) -> None:
    make_blocks(rig, 3)
    fact = end_of(rig, A, 1)
    raise_end(rig, fact, WATCHERS)
    fell_by(rig, 3)
    assert (word(rig), round_of(rig)) == (NOBODY, 1)
    assert rig[A].evm.event("EndFell") == {"number": 1, "sync_hash": fact.sync_hash, "round": 0}


def test_fell_end__acc_of_validators_and_governors_end__it_falls_too(rig: Rig) -> None:
    make_blocks(rig, 2)
    raise_end(rig, end_of(rig, A, 1), VALIDATORS, sender=GOVERNOR)
    fell_by(rig, 2)
    assert word(rig) == NOBODY


@pytest.mark.parametrize("number", [1, 2, 3])
def test_fell_end__acc_beside__it_falls(rig: Rig, number: int) -> None:
    make_blocks(rig, 3)
    false = rig.blocks.branch(0)
    false.append(*(rig.draft(new_root=90 + i, timestamp=rig.primary.evm.time) for i in range(3)))
    end = End(A, BlockNumber(3), false.sync_hash(3), 0)
    watchers = rig.groups.end(end, WATCHERS)
    rig[A].end.raise_end(3, end.sync_hash, list(false.commitments(0, 3)), false.seal(3), NO_EVIDENCE, watchers)
    fell_by(rig, number, false.sync_hash(number), false.commitments(number, 3))
    assert (word(rig), round_of(rig)) == (NOBODY, 1)


def test_fell_end__acc_agrees__is_refused(rig: Rig) -> None:
    make_blocks(rig, 3)
    raise_end(rig, end_of(rig, A, 3), WATCHERS)
    for number in (1, 2, 3):
        with reverts("end: ACC agrees with END"):
            fell_by(rig, number, rig.blocks.sync_hash(number), rig.blocks.commitments(number, 3))


def test_fell_end__hash_that_is_not_ends__is_refused(rig: Rig) -> None:
    """Or anybody could fell a true END with a true ACC."""
    make_blocks(rig, 3)
    raise_end(rig, end_of(rig, A, 3), WATCHERS)
    line = rig.blocks
    for ends_hash, path in (
        (bytes(32), line.commitments(2, 3)),
        (line.sync_hash(1), line.commitments(1, 3)),
        (line.sync_hash(3), ()),
        (line.sync_hash(1), ()),
        (bytes(32), ()),
    ):
        with reverts("end: not END's own history"):
            fell_by(rig, 2, ends_hash, path)


def test_fell_end__not_an_acc__is_refused(rig: Rig) -> None:
    make_blocks(rig, 2)
    raise_end(rig, end_of(rig, A, 1), WATCHERS)
    top, acc = rig.blocks.sync_hash(2), rig.blocks.acc(2)
    for validators, watchers in ((acc.validators, acc.validators), (acc.watchers, acc.watchers)):
        with reverts("groups: not of this group"):
            rig[A].end.fell_end(2, top, bytes(32), [], validators, watchers)
    with reverts("groups: not of this group"):
        rig[A].end.fell_end(3, top, bytes(32), [], *acc)
    with reverts("groups: too few signatures"):
        rig[A].end.fell_end(2, top, bytes(32), [], acc.validators, b"")
    assert word(rig) == BY_WATCHERS


# --- against validators and governor ---


def test_deny_end__watchers_against_validators_and_governor__it_falls(rig: Rig) -> None:
    make_blocks(rig, 1)
    fact = end_of(rig, A)
    raise_end(rig, fact, VALIDATORS, sender=GOVERNOR)
    deny(rig, fact, WATCHERS)
    here = rig[A]
    assert (word(rig), round_of(rig)) == (NOBODY, 1)
    assert here.evm.event("EndDenied") == {"number": 1, "sync_hash": fact.sync_hash, "round": 0, "by": 2}
    assert here.evm.event("EndFell") == {"number": 1, "sync_hash": fact.sync_hash, "round": 0}
    with reverts("groups: not of this group"):
        raise_end(rig, fact, VALIDATORS, sender=GOVERNOR)


def test_deny_end__others_against_validators_and_governor__is_refused(rig: Rig) -> None:
    make_blocks(rig, 1)
    fact = end_of(rig, A)
    raise_end(rig, fact, VALIDATORS, sender=GOVERNOR)
    with reverts("groups: not of this group"):
        deny(rig, fact, VALIDATORS)
    with reverts("end: not the watchers'"):
        deny_as_governor(rig)
    with reverts("end: validators do not deny it"):
        rig[A].end.void_end(sender=GOVERNOR)

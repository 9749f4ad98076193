"""A group says what is false: each kind of fact, and what it costs whom (docs/star-model.md). Real contracts, real
proofs; honest signers look at the chains, anybody's keeper brings their words.
"""

from dataclasses import replace

import pytest

from tests.scenarios.endings.books import SHARES, Ending
from tests.support.ending import OTHER, USD, K, P
from tests.support.upholds import upholds
from zklink.l1.contracts.bridge_structs import EndWord
from zklink.protocol.errors import CallReverted
from zklink.protocol.facts import Accepted, End, Frozen, Group
from zklink.protocol.ids import Amount, BlockNumber, RequestId


def accept_lie(story: Ending, *requests: object) -> None:
    """The primary accepts a block with requests that their chain does not have: the watchers say that it has."""
    line = story.writer.line
    line.append(story.build(*requests))  # type: ignore[arg-type]
    call = line.accept_call(line.height, line.height)
    story.bridge(P).primary_history.accept(story.system.world.roles.sequencer, call)


def raise_end(story: Ending, number: int, group: Group = Group.WATCHERS) -> End:
    """A group whose keys are stolen says END on K at a block that is sealed; validators do so with the governor."""
    line, state, roles = story.writer.line, story.end(K), story.system.world.roles
    fact = End(K, BlockNumber(number), line.sync_hash(number), state.round)
    evidence = {group.name.lower(): story.writer.groups.end(fact, group)}
    sender = roles.attacker if group is Group.WATCHERS else roles.governor
    later = line.commitments(story.tip(K), number)
    story.bridge(K).member_end.raise_end(sender, fact, later, line.seal(number), **evidence)
    return fact


@upholds("SYN-9")
def test_false_que__a_request_is_invented__its_chain_secedes_and_the_loss_is_what_was_paid(story: Ending) -> None:
    story.everywhere(story.swap(K, OTHER))
    true = story.swap(K, P)
    invented = replace(true, amount=Amount(true.amount + 7 * USD), request_id=RequestId(true.request_id))
    accept_lie(story, invented)
    story.confirm()
    said = story.keep(days=10)
    assert "polygon: frozen: its queue cannot match block 4" in said
    assert "avalanche: the freeze of polygon announced; it acts a day from now unless the governor voids it" in said
    assert "polygon: seceded: its queue cannot match block 4; it ends at block 3" in said
    assert (story.tip(K), story.tip(OTHER), story.tip(P)) == (3, 4, 4)
    assert story.leave() == 4
    # The recipient has the invented swap's 27 dollars on P, the depositor its true 20 back on K: 27 are missing on P.
    story.check_paid(swapped=20 * USD, shares=SHARES - 27 * USD, invented=27 * USD)


@upholds("SYN-9")
def test_false_seal__validators_seal_what_no_member_has__the_primary_does_not_take_it(story: Ending) -> None:
    true = story.swap(K, OTHER)
    line = story.writer.line
    line.append(story.build(replace(true, amount=Amount(true.amount + 1))))
    with pytest.raises(CallReverted, match=r"queue|QUE|history"):
        history = story.bridge(P).primary_history
        history.accept(story.system.world.roles.sequencer, line.accept_call(3, 3, story.writer.ask_queue))
    story.writer.line = line.branch(2)
    story.settle(true)
    assert story.run_all() <= 8
    assert story.leave() == 4
    story.check_paid(swapped=20 * USD, shares=SHARES)


@upholds("SYN-9")
def test_false_frz__the_governor_voids_it__the_primary_lives_and_a_true_one_counts_later(story: Ending) -> None:
    end, roles = story.bridge(P).primary_end, story.system.world.roles
    end.announce_freeze(roles.attacker, Frozen(K, 0), story.writer.groups.frozen(K))
    end.void_freeze(roles.governor, K)
    story.pass_days(1)
    story.everywhere(story.swap(K, OTHER))
    story.deposit(K)
    assert story.run_all() <= 8
    assert any("polygon announced" in line or "two days" in line for line in story.said)
    assert story.leave() == 4
    story.check_paid(swapped=20 * USD, shares=SHARES)


@upholds("SYN-9")
def test_false_frz__the_governor_sleeps_for_a_day__all_leave_with_everything(story: Ending) -> None:
    story.settle(story.swap(K, OTHER))
    waiting = story.swap(OTHER, K)
    end = story.bridge(P).primary_end
    end.announce_freeze(story.system.world.roles.attacker, Frozen(K, 0), story.writer.groups.frozen(K))
    story.pass_days(1)
    assert story.run(P).startswith("it is frozen; its exits open after")
    with pytest.raises(CallReverted, match="frozen"):
        story.settle(waiting)
    assert story.run_all() <= 5
    assert story.leave() == 4
    story.check_paid(swapped=20 * USD, shares=SHARES)


@upholds("SYN-9", "SYN-11")
def test_false_end__while_the_primary_lives__denied_voided_and_the_true_one_stands_later(story: Ending) -> None:
    story.everywhere(story.swap(K, OTHER))
    story.confirm()
    raise_end(story, 3)
    assert story.keep() == [
        "polygon: END at block 3 denied by the validators: 14 days more, in which the governor may void it"
    ]
    story.pass_days(1)
    assert "contested until" in story.run(K) and "the governor may void it" in story.run(K)
    story.bridge(K).member_end.void_end(story.system.world.roles.governor)
    assert (story.end(K).round, story.end(K).word) == (1, EndWord.NONE)
    story.pass_days(0)
    assert story.run_all() <= 8
    assert story.leave() == 4
    story.check_paid(swapped=20 * USD, shares=SHARES)


@upholds("SYN-9", "SYN-11")
def test_false_end__below_what_is_accepted__an_acc_fells_it(story: Ending) -> None:
    story.settle(story.swap(K, OTHER))
    story.confirm()
    fact = raise_end(story, 2)
    place = Accepted(BlockNumber(3), story.writer.line.sync_hash(3))
    assert story.read.groups.find_accepted(story.read.history(), place, story.read.judge(K)) is not None
    said = story.keep()
    assert any(line.startswith(f"polygon: END at block {fact.number} denied") for line in said)
    assert "polygon: END at block 2 fell: both groups have said that block 3 is accepted" in said
    assert story.end(K).round == 1
    assert story.run_all() <= 8
    assert story.leave() == 4
    story.check_paid(swapped=20 * USD, shares=SHARES)


@upholds("SYN-9", "SYN-11")
def test_false_end__of_validators_and_governor__the_watchers_denial_fells_it(story: Ending) -> None:
    story.everywhere(story.swap(K, OTHER))
    story.confirm()
    raise_end(story, 3, Group.VALIDATORS)
    assert story.keep() == ["polygon: END at block 3 denied by the watchers: it fell"]
    assert (story.end(K).round, story.end(K).word) == (1, EndWord.NONE)
    assert story.run_all() <= 8
    assert story.leave() == 4
    story.check_paid(swapped=20 * USD, shares=SHARES)


@upholds("SYN-9")
def test_false_end__everybody_sleeps_for_three_days__what_blocks_without_acc_pay_is_paid_twice(story: Ending) -> None:
    story.everywhere(story.swap(K, OTHER))
    story.settle(story.swap(K, P))
    story.confirm()
    raise_end(story, 3)
    story.pass_days(3)
    story.bridge(K).member_end.stand_end(story.system.world.roles.attacker, ())
    assert story.run_all() <= 8
    assert (story.tip(K), story.tip(OTHER)) == (3, 4)
    assert story.leave() == 4
    # K gives back the 20 dollars of the swap that P has paid in block 4.
    story.check_paid(swapped=20 * USD, shares=SHARES - 20 * USD, invented=20 * USD)

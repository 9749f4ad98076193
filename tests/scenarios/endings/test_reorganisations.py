"""A chain forgets what a fact says of it: below QUE, ACC, FRZ, END and the seal. Real contracts, real proofs."""

from tests.scenarios.endings.books import SHARES, Ending
from tests.support.ending import OTHER, USD, K, P
from tests.support.upholds import upholds
from zklink.protocol.facts import Accepted, Frozen, Group
from zklink.protocol.ids import BlockNumber


@upholds("SYN-9")
def test_below_que__a_member_forgets_a_request__it_secedes_and_the_loss_is_what_was_paid(story: Ending) -> None:
    with story.forgets(K):
        story.settle(story.swap(K, OTHER))
    story.confirm()
    said = story.keep(days=10)
    assert "polygon: frozen: its queue cannot match block 3" in said
    assert "polygon: seceded: its queue cannot match block 3; it ends at block 2" in said
    assert story.leave() == 4
    # The depositor has its money again, since K forgot that it gave it; OTHER has paid the recipient.
    story.check_paid(swapped=0, shares=SHARES - 20 * USD, invented=20 * USD)


@upholds("SYN-9")
def test_below_acc__the_primary_forgets_a_block__anybody_brings_it_again(story: Ending) -> None:
    swap = story.swap(K, OTHER)
    with story.forgets(P):
        story.settle(swap)
        story.confirm()
        story.keep()
        assert (story.tip(K), story.tip(OTHER)) == (3, 3)
    assert story.tip(P) == 2
    assert story.keep()[0] == "avalanche: 1 block from 3 on taken again"
    assert story.bridge(P).history.accepted() == story.bridge(K).history.accepted()
    story.everywhere(story.swap(OTHER, K))
    assert story.run_all() <= 8
    assert story.leave() == 4
    story.check_paid(swapped=40 * USD, shares=SHARES)


@upholds("SYN-9")
def test_below_acc__the_primary_forgets_a_block_and_freezes__it_takes_it_again_before_its_exits_open(
    story: Ending,
) -> None:
    swap = story.swap(K, OTHER)
    with story.forgets(P):
        story.settle(swap)
        story.confirm()
        story.keep()
        story.halt(P)
        story.pass_days(4)
    story.resume(P)
    assert story.tip(P) == 2 and story.bridge(P).primary_history.is_silent()
    assert story.run_all() <= 8
    assert story.tip(P) == 3
    assert story.leave() == 4
    story.check_paid(swapped=20 * USD, shares=SHARES)


@upholds("SYN-9")
def test_below_frz__a_member_forgets_its_freeze__all_leave_with_everything(story: Ending) -> None:
    story.deposit(K)
    fact = Frozen(K, 0)
    with story.forgets(K):
        for _ in range(3):
            story.pass_days(1.5)
            story.everywhere(story.swap(P, OTHER))  # the primary lives
            story.run(K)
        assert story.bridge(K).is_frozen()
        story.confirm()
        assert story.read.groups.find_frozen(fact, story.read.judge(P)) is not None
    assert not story.bridge(K).is_frozen()
    watchers = story.read.judge(P).choose(story.read.groups.kept, fact, Group.WATCHERS)
    story.bridge(P).primary_end.announce_freeze(story.system.world.roles.stranger, fact, watchers)
    assert story.run_all() <= 8
    assert story.leave() == 4
    story.check_paid(swapped=60 * USD, shares=SHARES)


@upholds("SYN-9")
def test_below_end__the_primary_comes_back_without_its_last_block__it_takes_it_again(story: Ending) -> None:
    swap = story.swap(K, OTHER)
    story.confirm()
    with story.forgets(P):
        story.settle(swap)  # seen, and not final
        story.read.history()
        story.halt(P)
        story.pass_days(2)
        assert story.run_all() <= 8
        assert story.bridge(K).member_end.ended()[0] == 3
    assert story.tip(P) == 2
    story.resume(P)
    assert story.run_all() <= 4
    assert story.bridge(P).history.accepted() == story.bridge(K).history.accepted()
    assert story.leave() == 4
    story.check_paid(swapped=20 * USD, shares=SHARES)


@upholds("SYN-9")
def test_below_seal__the_primary_forgets_a_block_without_acc__the_same_call_brings_it_again(story: Ending) -> None:
    swap = story.swap(K, OTHER)
    with story.forgets(P):
        story.settle(swap)
        history = story.read.history()
        assert history.height == 3
    story.read.history()
    assert [block.number for block in history.list_lost()] == [3]
    line = story.writer.line
    call = line.accept_call(BlockNumber(3), BlockNumber(3), story.writer.ask_queue)
    story.bridge(P).primary_history.accept(story.system.world.roles.stranger, call)
    assert history.has(3, line.sync_hash(3)) is False and story.read.history().has(3, line.sync_hash(3))
    assert story.run_all() <= 8
    assert Accepted(*story.bridge(K).history.accepted()) == Accepted(BlockNumber(3), line.sync_hash(3))
    assert story.leave() == 4
    story.check_paid(swapped=20 * USD, shares=SHARES)

"""A chain halts for ever, or a group is lost: everybody else leaves with everything, in the days of
docs/star-model.md. Real contracts, real proofs.
"""

from tests.scenarios.endings.books import SHARES, Ending
from tests.support.ending import OTHER, THIRD, USD, K, P
from tests.support.upholds import upholds
from zklink.recovery.groups_asked import GroupsAsked

MEMBERS = (K, OTHER, THIRD)


def live(story: Ending) -> None:
    """Three swaps are in blocks that only the primary has; a deposit and a swap are in none. 60 dollars are on their
    way to the recipient, 40 must come back.
    """
    story.settle(story.swap(K, OTHER), story.swap(OTHER, THIRD))
    story.settle(story.swap(P, K))
    story.deposit(K)
    story.swap(OTHER, P)


@upholds("EXI-1", "SYN-9", "SOL-4")
def test_operator_stops__all_chains_run__everybody_is_paid_or_refunded_once(story: Ending) -> None:
    live(story)
    assert story.run_all() <= 8
    assert story.leave() == 4
    story.check_paid(swapped=60 * USD, shares=SHARES)


@upholds("EXI-1", "SYN-9")
def test_member_halts_for_ever__nobody_needs_it__and_only_its_own_share_waits(story: Ending) -> None:
    live(story)
    with story.silenced(K):
        assert story.run_all() <= 8
        assert story.leave() == 3
    gains = story.gains()
    assert gains["recipient"] == 40 * USD, "what K owes waits there"
    assert gains["depositor"] == -60 * USD - 20 * USD, "and so does the deposit that K has in no block"
    assert gains["provider"] == 3_000 * USD
    assert story.tip(K) == 2
    assert story.run_all() == 0, "if it ever comes back, END is signed at once"
    assert story.leave() == 4
    story.check_paid(swapped=60 * USD, shares=SHARES)


@upholds("EXI-1", "SYN-9")
def test_primary_halts_for_ever__members_end_without_it__and_only_its_own_share_waits(story: Ending) -> None:
    live(story)
    story.confirm()
    story.halt(P)
    assert story.run_all() <= 8
    assert story.leave() == 3
    assert {story.bridge(k).member_end.ended()[0] for k in MEMBERS} == {4}
    gains = story.gains()
    assert (gains["recipient"], gains["depositor"]) == (60 * USD, -60 * USD)
    assert story.bridge(P).exodus.is_begun() is False
    story.resume(P)
    assert story.run_all() <= 4, "a primary that comes back accepts nothing new: it was silent"
    assert story.leave() == 4
    story.check_paid(swapped=60 * USD, shares=SHARES)


@upholds("EXI-1", "SYN-9")
def test_validators_are_gone__the_watchers_say_end__it_stands_after_three_days(story: Ending) -> None:
    live(story)
    story.open_read(GroupsAsked(None, story.read.groups.watchers))
    assert story.run_all() <= 8
    assert any("three days for a denial" in line for line in story.said)
    assert story.leave() == 4
    story.check_paid(swapped=60 * USD, shares=SHARES)


@upholds("EXI-1", "SYN-9")
def test_watchers_are_gone__validators_and_governor_say_end__it_stands_after_fourteen_days(story: Ending) -> None:
    live(story)
    story.open_read(GroupsAsked(story.read.groups.validators, None))
    assert story.run(K).startswith("request 1 of"), "nothing else is due yet"
    days = story.run_all(story.system.world.roles.governor)
    assert 14 <= days <= 19
    assert story.leave() == 4
    story.check_paid(swapped=60 * USD, shares=SHARES)


@upholds("SYN-9")
def test_both_groups_are_gone__the_primary_alone_opens__and_says_what_members_wait_for(story: Ending) -> None:
    live(story)
    story.open_read(GroupsAsked())
    for _ in range(10):
        waits = [story.run(chain) for chain in story.system.bridges]
        story.pass_days(1)
    assert story.bridge(P).exodus.is_begun() and waits[-1] == ""
    assert all("needs the watchers' word" in why and "no signer is connected" in why for why in waits[:-1])

"""New members of groups on the program beside what its twin shows: a withdrawal, no clock, groups that are not there
yet, evidence of the old and the new members, the largest group.
"""

import pytest

from tests.support.groups import KnownGroup, KnownGroups, sort_keys
from tests.support.solana.account_doors import plant
from tests.support.solana.blocks import History
from tests.support.solana.ends import Ends
from tests.support.solana.founding import SRM, Founding
from tests.support.solana.machine import key_of
from tests.support.solana.members import (
    NEW,
    announce,
    encode_members,
    let_in,
    read_coming,
    read_list,
    remove,
    withdraw,
)
from tests.support.solana.site import Site
from tests.support.upholds import upholds
from zklink.l1.contracts.bridge_structs import ComingGroup, GroupMembers
from zklink.protocol.facts import Group
from zklink.protocol.ids import GROUP_DELAY_SECONDS
from zklink.protocol.limits import MAX_SIGNERS
from zklink.solana.client.bridge import BridgeReading
from zklink.solana.interface import accounts, group_instructions
from zklink.solana.interface.refusals import Refusal

VALIDATORS, WATCHERS = Group
EVE = key_of("user")
NOTHING = (0, (), 0)


@pytest.fixture
def ends(history: History) -> Ends:
    """The ends of a site whose primary has three blocks."""
    found = Ends(history)
    found.extend(count=3)
    return found


def lower(known: KnownGroup) -> tuple[str, ...]:
    """A group's members as an account shows them."""
    return tuple(member.lower() for member in known.members)


# --- withdrawal ---


@upholds("GOV-1")
def test_withdraw__what_was_announced__never_comes_in(site: Site, ends: Ends) -> None:
    before = site.state()
    withdraw(site, Refusal.NOTHING_ANNOUNCED)
    announce(site)
    withdraw(site, Refusal.GOVERNOR, by=EVE)
    assert read_coming(site.state()) == (WATCHERS, lower(NEW), 3)
    withdraw(site)
    assert site.state() == before
    ends.wait(GROUP_DELAY_SECONDS)
    let_in(site, Refusal.NOTHING_ANNOUNCED)
    withdraw(site, Refusal.NOTHING_ANNOUNCED)
    assert read_list(site.state(), WATCHERS) == (lower(site.groups.watchers), 3)


@upholds("GOV-1")
def test_announce__after_a_withdrawal__waits_its_whole_time(site: Site, ends: Ends) -> None:
    announce(site)
    ends.wait(GROUP_DELAY_SECONDS)
    withdraw(site)
    announce(site)
    let_in(site, Refusal.TOO_EARLY_TO_REPLACE)
    ends.wait(GROUP_DELAY_SECONDS - 1)
    let_in(site, Refusal.TOO_EARLY_TO_REPLACE)
    ends.wait(1)
    let_in(site)


def test_announce__shorter_list_in_place_of_a_longer_one__nothing_of_the_first_is_left(site: Site, ends: Ends) -> None:
    announce(site)
    announce(site, VALIDATORS, NEW.members[:1], 1)
    assert read_coming(site.state()) == (VALIDATORS, lower(NEW)[:1], 1)
    ends.wait(GROUP_DELAY_SECONDS)
    let_in(site)
    assert read_list(site.state(), VALIDATORS) == (lower(NEW)[:1], 1)


# --- groups that are not there yet ---


@upholds("SYN-3")
@pytest.mark.parametrize(("first", "last"), [(VALIDATORS, WATCHERS), (WATCHERS, VALIDATORS)])
def test_announce__before_both_groups_stand__refused(first: Group, last: Group) -> None:
    """Or the group that is named last would have a member that is coming into the other one."""
    bare = Founding()
    bare.put_keys()
    bare.init()
    announce(bare, first, refusal=Refusal.GROUP)
    bare.found_group(first)
    for group in Group:
        announce(bare, group, refusal=Refusal.GROUP)
    remove(bare, last, bare.groups.group(last).members[0], Refusal.NOT_A_MEMBER)
    bare.found_group(last)
    announce(bare, last)


def test_found_group__after_its_members_were_replaced__is_refused(site: Site, ends: Ends) -> None:
    announce(site)
    ends.wait(GROUP_DELAY_SECONDS)
    let_in(site)
    others = [bytes.fromhex(member[2:]) for member in KnownGroup.make("others").members]
    for group in Group:
        site.found_group(group, others, refusal=Refusal.EXISTS)


# --- what is read off chain ---


def test_reading__members_and_what_comes__as_of_a_contract(site: Site) -> None:
    reading = BridgeReading(0, site.state(), {})
    for group in Group:
        assert reading.members(group) == GroupMembers(site.groups.group(group).members, 3)
    assert reading.coming is None
    announce(site, VALIDATORS, NEW.members[:4], 4)
    clock = site.machine.svm.get_clock()
    signers = GroupMembers(NEW.members[:4], 4)
    expected = ComingGroup(VALIDATORS, signers, clock.unix_timestamp, clock.slot)
    assert BridgeReading(0, site.state(), {}).coming == expected


# --- bytes and clock ---


def test_announce__half_a_member_or_too_many__refused(site: Site) -> None:
    places = {"governor": site.governor.pubkey(), "bridge": site.bridge}
    many = KnownGroup.make("many", MAX_SIGNERS + 1, 9)
    tail = encode_members(many.members)
    for bad in (tail, tail[:-1], tail[:59], tail[:61], tail[: 20 * MAX_SIGNERS] + b"\0"):
        call = group_instructions.ANNOUNCE_MEMBERS
        site.call(call, places, site.governor, tail=bad, group=1, threshold=2, refusal=Refusal.INPUT)
    announce(site, VALIDATORS, many.members[:MAX_SIGNERS], 9)


def test_members__no_clock__nothing_begins_or_ends(site: Site, ends: Ends) -> None:
    gone = site.groups.watchers.members[0]
    now = site.machine.now()
    site.machine.set_time(0)
    announce(site, refusal=Refusal.CLOCK)
    remove(site, WATCHERS, gone, Refusal.CLOCK)
    site.machine.set_time(now)
    announce(site)
    ends.wait(GROUP_DELAY_SECONDS)
    after = site.machine.now()
    for time in (0, 2**40):
        site.machine.set_time(time)
        let_in(site, Refusal.CLOCK)
    site.machine.set_time(after)
    remove(site, WATCHERS, gone)
    site.machine.set_time(2**40)
    remove(site, WATCHERS, site.groups.watchers.members[1], Refusal.CLOCK)


# --- whose word counts ---


@upholds("SYN-1", "SYN-4", "GOV-1")
def test_import__by_old_members_or_one_removed__refused_by_the_new_taken(site: Site, ends: Ends) -> None:
    old = site.groups
    announce(site, VALIDATORS)
    ends.wait(GROUP_DELAY_SECONDS)
    ends.bring()
    let_in(site)
    ends.bring(refusal=Refusal.VALIDATORS)
    site.groups = KnownGroups(site.deployment_hash, NEW, old.watchers)
    ends.bring()
    remove(site, WATCHERS, old.watchers.members[0])
    ends.bring(refusal=Refusal.WATCHERS)
    left = KnownGroup(old.watchers.keys[1:], 3)
    site.groups = KnownGroups(site.deployment_hash, NEW, left)
    ends.bring()
    assert ends.tip == 3


@upholds("GOV-1")
def test_let_in__chain_frozen_or_ended__all_the_same(site: Site, ends: Ends) -> None:
    announce(site)
    ends.raise_end(2, *Group)
    ends.wait(GROUP_DELAY_SECONDS)
    assert site.state()["frozen_at"] and site.state()["has_end"]
    let_in(site)
    remove(site, VALIDATORS, site.groups.validators.members[0])
    assert read_list(site.state(), WATCHERS)[0] == lower(NEW)


@pytest.mark.parametrize("place", [0, 7, 15])
def test_remove__of_the_largest_group__leaves_the_others_in_order(site: Site, ends: Ends, place: int) -> None:
    many = KnownGroup(sort_keys(KnownGroup.make("many", MAX_SIGNERS, 9).keys), 9)
    announce(site, WATCHERS, many.members, 9)
    ends.wait(GROUP_DELAY_SECONDS)
    let_in(site)
    remove(site, WATCHERS, many.members[place])
    left = tuple(member for at, member in enumerate(lower(many)) if at != place)
    assert read_list(site.state(), WATCHERS) == (left, 9)
    assert read_list(site.state(), VALIDATORS) == (lower(site.groups.validators), 3)


def test_remove__time_of_one_group__is_not_the_other_s(site: Site) -> None:
    """A removal that nobody has made waits for nothing, whatever the slot is."""
    plant(site, removed_at=[site.machine.now(), 0], removed_in=[0, 2**63])
    remove(site, VALIDATORS, site.groups.validators.members[0], Refusal.TOO_EARLY_TO_REMOVE)
    remove(site, WATCHERS, site.groups.watchers.members[0])


def test_members__another_account_than_the_bridge__refused(site: Site) -> None:
    announce(site)
    data = site.machine.data(site.bridge)
    copy = site.machine.put(key_of("copy").pubkey(), key_of("foreign").pubkey(), data)
    shorter = site.machine.put(key_of("shorter").pubkey(), site.id, data[: accounts.BRIDGE.size - 8])
    for bridge in (copy, shorter, site.keys, site.token(SRM)):
        site.call(group_instructions.REPLACE_MEMBERS, {"bridge": bridge}, refusal=Refusal.ACCOUNT)

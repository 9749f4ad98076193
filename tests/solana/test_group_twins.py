"""The groups of the program and of the contracts are twins: whatever their governors announce or remove in whatever
order, both refuse it for the same reason, or both have the same members after it; and what an END that waits means
while members change is the same on both.
"""

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from tests.solana.test_end_twins import Contract as EndContract
from tests.solana.test_end_twins import Program as EndProgram
from tests.solana.test_end_twins import attempt, read_step
from tests.support.drafts.rig import Rig
from tests.support.evm import Reverted
from tests.support.groups import KnownGroup, KnownGroups, sort_keys
from tests.support.solana.machine import Refused, key_of
from tests.support.solana.members import NEW, announce, let_in, read_coming, read_list, remove
from tests.support.three_chains import GOVERNOR, STRANGER, ZERO
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.protocol.facts import Group
from zklink.protocol.ids import DAY, GROUP_DELAY_SECONDS
from zklink.solana.interface.refusals import Refusal

VALIDATORS, WATCHERS = Group
OLD: Final = KnownGroups()
MIXED: Final = KnownGroup(sort_keys([*NEW.keys[:3], *OLD.watchers.keys[:2]]), 3)
LISTS: Final = {
    "new": NEW.members,
    "mixed": MIXED.members,
    "validators": OLD.validators.members,
    "watchers": OLD.watchers.members,
    "one": NEW.members[:1],
    "backwards": NEW.members[::-1],
    "twice": (NEW.members[0], *NEW.members[:4]),
    "zero": (ZERO, *NEW.members[:4]),
    "nobody": (),
}
SIGNERS: Final = {"new-validators": (VALIDATORS, NEW), "new-watchers": (WATCHERS, NEW)}
PEOPLE: Final = (ZERO, *OLD.validators.members, *OLD.watchers.members, *NEW.members[:2])
STRANGER_HERE: Final = key_of("user")
SAME: Final = {Refusal.GOVERNOR: "groups: not the governor"}
"""The contract's reason where the program has another."""
ELSEWHERE: Final = {"groups: not a group", "groups: validators' evidence", "groups: watchers' evidence"}
"""What other tests meet; a governor in a group has no twin, because no member has an address of Solana."""


class Contract(EndContract):
    """Member A of a rig, and its groups."""

    def __init__(self, rig: Rig) -> None:
        super().__init__(copy(rig))

    def announce(self, group: int, members: str, threshold: int, by_governor: bool) -> None:
        sender = GOVERNOR if by_governor else STRANGER
        self.here.groups.announce_members(group, LISTS[members], threshold, sender=sender)

    def let_in(self) -> None:
        self.here.groups.replace_members(sender=STRANGER)

    def remove(self, group: int, member: int, by_governor: bool) -> None:
        self.here.groups.remove_member(group, PEOPLE[member], sender=GOVERNOR if by_governor else STRANGER)

    def sign_by(self, who: str) -> None:
        self.rig.groups = _with(self.rig.groups, who)

    def groups(self) -> tuple[Any, ...]:
        lists = [self.here.groups.members(int(group)) for group in Group]
        group, members, threshold, began, _ = self.here.groups.coming()
        coming = (group, *_lower(members, threshold), began) if group else (0,)
        return (*(_lower(*each) for each in lists), coming)


class Program(EndProgram):
    """A site."""

    def announce(self, group: int, members: str, threshold: int, by_governor: bool) -> None:
        announce(self.ends.site, group, LISTS[members], threshold, by=None if by_governor else STRANGER_HERE)

    def let_in(self) -> None:
        let_in(self.ends.site)

    def remove(self, group: int, member: int, by_governor: bool) -> None:
        remove(self.ends.site, group, PEOPLE[member], by=None if by_governor else STRANGER_HERE)

    def sign_by(self, who: str) -> None:
        self.ends.site.groups = _with(self.ends.site.groups, who)

    def groups(self) -> tuple[Any, ...]:
        state = self.ends.site.state()
        coming: tuple[Any, ...] = read_coming(state)
        assert coming[0] or not any(state[name] for name in ("announced_at", "announced_in", "coming_count"))
        lists = [read_list(state, group) for group in Group]
        return (*lists, (*coming, state["announced_at"]) if coming[0] else (0,))


def _with(known: KnownGroups, who: str) -> KnownGroups:
    group, signers = SIGNERS[who]
    return replace(known, validators=signers) if group is VALIDATORS else replace(known, watchers=signers)


def _lower(members: Sequence[str], threshold: int) -> tuple[tuple[str, ...], int]:
    return tuple(member.lower() for member in members), threshold


Step = tuple[Any, ...]
BY = st.sampled_from([True, True, True, False])
STEPS: Final = st.one_of(
    st.tuples(st.just("announce"), st.integers(0, 3), st.sampled_from(sorted(LISTS)), st.integers(0, 6), BY),
    st.tuples(st.just("announce"), st.integers(1, 2), st.sampled_from(["new", "mixed", "watchers"]), st.just(3), BY),
    st.tuples(st.just("let_in")),
    st.tuples(st.just("remove"), st.integers(0, 3), st.integers(0, len(PEOPLE) - 1), BY),
    st.tuples(st.just("wait"), st.sampled_from([DAY, GROUP_DELAY_SECONDS]), st.booleans()),
)
SCRIPTS: Final = (
    f"let_in, announce 2 new 3, let_in, wait {GROUP_DELAY_SECONDS - 1}, let_in, wait 1, let_in, let_in",
    f"announce 1 new 3, wait {GROUP_DELAY_SECONDS}, let_in, announce 2 validators 3, "
    f"wait {GROUP_DELAY_SECONDS}, let_in",
    f"announce 2 mixed 3, wait {GROUP_DELAY_SECONDS - 1}, announce 1 new 4, wait 1, let_in, "
    f"wait {GROUP_DELAY_SECONDS}, let_in",
    f"announce 2 new 3, halt {GROUP_DELAY_SECONDS}, let_in, wait {GROUP_DELAY_SECONDS}, let_in",
    "announce 0 new 3, announce 3 new 3, announce 1 new 6, announce 1 new 2, announce 1 nobody 0, "
    "announce 1 backwards 3, announce 1 twice 3, announce 1 zero 3, announce 1 watchers 3, announce 2 validators 3, "
    "announce 1 new 3 stranger",
    f"announce 2 one 1, wait {GROUP_DELAY_SECONDS}, let_in, remove 2 11, remove 2 6",
    "remove 1 1, remove 1 2, remove 1 1, remove 2 6, remove 2 1, remove 1 6, remove 1 0, remove 0 0, remove 3 1, "
    f"remove 1 2 stranger, wait {GROUP_DELAY_SECONDS - 1}, remove 1 2, wait 1, remove 1 2, wait {GROUP_DELAY_SECONDS}, "
    "remove 1 3",
    f"remove 2 6, halt {GROUP_DELAY_SECONDS}, remove 2 7, wait {GROUP_DELAY_SECONDS}, remove 2 7",
    f"announce 2 mixed 3, wait {GROUP_DELAY_SECONDS - 1}, remove 2 6, let_in, wait 1, let_in, remove 2 7",
)
ENDS: Final = (
    # What the old watchers have said stays said, and stands in its time.
    f"announce 2 new 3, wait {GROUP_DELAY_SECONDS - DAY}, watchers 3, wait {DAY}, let_in, stand, wait {2 * DAY}, stand",
    # It can be denied and voided; then they have no word, and the new ones have.
    f"announce 2 new 3, wait {GROUP_DELAY_SECONDS}, watchers 3, let_in, deny validators, void, watchers 3, "
    "sign_by new-watchers, watchers 3",
    # The denial that the old validators have given stays, and the new ones cannot give it again.
    f"announce 1 new 3, wait {GROUP_DELAY_SECONDS}, watchers 3, deny validators, let_in, deny validators, "
    f"sign_by new-validators, deny validators, wait {3 * DAY}, stand, wait {14 * DAY}, stand",
    # Without one the old validators have none to give.
    f"announce 1 new 3, wait {GROUP_DELAY_SECONDS}, watchers 3, let_in, deny validators, sign_by new-validators, "
    "deny validators, void, watchers 2, deny governor",
    # END of validators and governor: the new watchers deny it.
    f"announce 2 new 3, wait {GROUP_DELAY_SECONDS}, validators 3 governor, let_in, deny watchers, "
    "sign_by new-watchers, deny watchers",
    # One who is removed has no word; the seal of a block that it has signed counts no more.
    "remove 1 1, watchers 3, both 3, remove 2 6, both 3",
    f"announce 2 new 3, wait {GROUP_DELAY_SECONDS}, let_in, fell 3, both 3, sign_by new-watchers, both 3, bring",
)


def read_script(text: str) -> list[Step]:
    """The steps of a script; a word of steps about ends is theirs."""
    return [_read_step(*part.split()) for part in text.split(", ")]


def _read_step(name: str, *rest: str) -> Step:
    by_governor = rest[-1:] != ("stranger",)
    if name == "announce":
        return name, int(rest[0]), rest[1], int(rest[2]), by_governor
    if name == "remove":
        return name, int(rest[0]), int(rest[1]), by_governor
    return read_step(name, *rest)


def follow(rig: Rig, steps: Sequence[Step]) -> set[str]:
    """Make the steps on both and compare; gives the reasons that were met, and the steps that went through."""
    contract, program, met = Contract(rig), Program(), set()
    for step in steps:
        about_groups = step[0] in ("announce", "let_in", "remove")
        reason = _attempt(contract, step) if about_groups else attempt(contract, step)
        assert (_attempt(program, step) if about_groups else attempt(program, step)) == reason, step
        assert program.groups() == contract.groups(), step
        assert program.state() == contract.state(), step
        met.add(reason or str(step[0]))
    return met


def _attempt(side: Contract | Program, step: Step) -> str:
    """Make a step about groups; why it is refused, word for word."""
    try:
        getattr(side, step[0])(*step[1:])
    except Reverted as error:
        return error.reason
    except Refused as error:
        assert isinstance(error.reason, Refusal), error
        return SAME.get(error.reason, error.reason.value)
    return ""


@upholds("GOV-1", "GOV-2", "SYN-3")
def test_groups__scripts_that_meet_every_rule__the_same_on_both(session_rig: Rig) -> None:
    met = set()
    for text in SCRIPTS:
        with session_rig.rollback():
            met |= follow(session_rig, read_script(text))
    reasons = {item.value for item in Refusal if item.value.startswith("groups: ")} - ELSEWHERE
    assert met == {"announce", "let_in", "remove", "wait", "groups: not the governor"} | reasons


@upholds("GOV-1", "SYN-4", "SYN-11")
def test_groups__members_change_while_an_end_waits__the_same_on_both(session_rig: Rig) -> None:
    met = set()
    for text in ENDS:
        with session_rig.rollback():
            met |= follow(session_rig, read_script(text))
    assert met >= {"groups", "stand", "deny", "void", "raise_end", "bring", "let_in", "end: denied already"}


@given(st.lists(STEPS, min_size=8, max_size=14))
@tries(8, deadline=None)
def test_groups__anything_in_any_order__the_same_on_both(session_rig: Rig, steps: list[Step]) -> None:
    with session_rig.rollback():
        follow(session_rig, steps)

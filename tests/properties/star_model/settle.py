"""How it ends for one member at worst, and how many days that takes.

Takes a world and a member, gives its ending: from here the validators vanish, or keep the primary alive and serve this
member no more; every other member has halted for ever; the governor, once awake, replaces bad watchers; anybody does
what anybody may. Days are those of the design; the chain's own finality and gas take none.
"""

from dataclasses import dataclass

from .blocks import show
from .setting import Setting
from .state import End, Member, World, put_member

T1_DAYS = 3
CONFIRM_DAYS = 1
FRZ_DAYS = 1
SILENCE_DAYS = 2
WINDOW_DAYS = 3
SECOND_WINDOW_DAYS = 14
TAKE_AGAIN_DAYS = 3
NOTICE_DAYS = 14
REPLACE_DAYS = (
    T1_DAYS
    + CONFIRM_DAYS
    + FRZ_DAYS
    + SILENCE_DAYS
    + WINDOW_DAYS
    + 2 * SECOND_WINDOW_DAYS
    + TAKE_AGAIN_DAYS
    + NOTICE_DAYS
)
"""The governor's timelock: "longer than every deadline of this page together, plus 14 days"."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Whether the member's exits open, and when."""

    days: int = 0
    stuck: str | None = None


def settle(setting: Setting, world: World, k: int) -> Ending:
    member = world.members[k - 1]
    if member.exits is not None:
        return Ending()
    days = 0
    if not setting.rules.does_end_stand(member):
        waiting = wait_for_end(setting, world, k)
        if waiting.stuck is not None:
            return waiting
        days = waiting.days
        last = setting.rules.find_last(world)
        if not setting.rules.can_raise(member, last):
            return Ending(
                stuck=f"{k} is stuck: END{show(last)} is refused, imported {show(member.imported)}, "
                f"ACC{show(member.known)}"
            )
        member = member._replace(end=End("stands", last, "watchers"))
    return Ending(days, import_to_the_end(setting, world, k, member))


def wait_for_end(setting: Setting, world: World, k: int) -> Ending:
    """Until an END that is true stands."""
    a, days = setting.adversary, 0
    if world.status == "live":
        if a.governor == "bad" and a.validators == "bad":
            return Ending(stuck=f"{k} is stuck: the primary is kept alive without it, every FRZ({k}) is voided")
        if world.calls[k] == "void" and a.governor != "bad":
            return Ending(stuck=f"{k} is stuck: the primary is kept alive without it, FRZ({k}) is void for good")
        if not setting.rules.frz_acts and a.governor != "bad":
            return Ending(stuck=f"{k} is stuck: the primary is kept alive without it, FRZ({k}) freezes nothing")
        called = 0 if world.members[k - 1].is_frozen else T1_DAYS + CONFIRM_DAYS
        days += SILENCE_DAYS if a.governor == "bad" else called + FRZ_DAYS
    elif world.status == "halted":
        days += SILENCE_DAYS
    if a.watchers == "silent":
        return Ending(days + SECOND_WINDOW_DAYS)
    if a.watchers == "bad" and a.governor == "bad":
        return Ending(stuck=f"{k} is stuck: nobody replaces the watchers")
    if a.watchers == "bad":
        days += REPLACE_DAYS
    if a.governor == "bad" and a.validators == "honest":
        return Ending(days)
    if a.governor == "bad" and (a.validators == "bad" or setting.rules.voids_alone):
        return Ending(stuck=f"{k} is stuck: the governor voids every END")
    is_denied = a.validators == "bad" or a.governor == "bad"
    return Ending(days + WINDOW_DAYS + (SECOND_WINDOW_DAYS if is_denied else 0))


def import_to_the_end(setting: Setting, world: World, k: int, member: Member) -> str | None:
    """Up to F, or to secession; what stands in the way."""
    rules = setting.rules
    while True:
        world = put_member(world, k, member)
        if any(True for _ in rules.find_exits(member)) or rules.can_secede(world, k, ()):
            return None
        if member.end is None or len(member.end.history) <= len(member.imported):
            return f"{k} is stuck: imported {show(member.imported)}" + (
                f" against END{show(member.end.history)}" if member.end else ""
            )
        block = member.end.history[len(member.imported)]
        if not rules.can_import(world, k, block, is_sealed=True):
            return f"{k} is stuck: cannot import {block} of END{show(member.end.history)}"
        member = member._replace(imported=(*member.imported, block))

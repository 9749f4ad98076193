"""The promises, as predicates on a world or on a step. Each returns what is wrong, or nothing.

They see all chains at once, which no chain can. Whether a member can always come to its end is asked by explore.py
(`settles`).
"""

from collections.abc import Callable, Iterator
from itertools import combinations

from .blocks import History, agree, count_consumed, find_highest_place, has_forged, is_prefix, show
from .groups import OVER, Groups
from .setting import Setting
from .state import World

Law = Callable[[Setting, World], str | None]
StepLaw = Callable[[World, World], str | None]


def executed(world: World) -> tuple[History, ...]:
    """By chain: what is accepted or imported there, which anybody can execute at once."""
    return (world.accepted, *(member.imported for member in world.members))


def find_exits(world: World) -> tuple[History | None, ...]:
    """By chain: whose root exits are open against."""
    return (world.accepted if world.exits else None, *(member.exits for member in world.members))


def one_history(setting: Setting, world: World) -> str | None:
    """SYN-8: no two chains ever hold different blocks at one number."""
    for (i, one), (j, other) in combinations(enumerate(executed(world)), 2):
        if not agree(one, other):
            return f"{i} has {show(one)}, {j} has {show(other)}"
    return None


def no_forged(setting: Setting, world: World) -> str | None:
    """SOL-3: no chain executes a request that nobody has queued."""
    for i, history in enumerate(executed(world)):
        for k, queued in enumerate(world.queued):
            if has_forged(k, history) or find_highest_place(k, history) > queued:
                return f"{i} executed {show(history)}"
    return None


def one_end(setting: Setting, world: World) -> str | None:
    """SOL-4, EXI-2: no request is refunded where exits are open and paid on some chain."""
    for k, exits in enumerate(find_exits(world)):
        if exits is None:
            continue
        refunded = range(count_consumed(k, exits), world.queued[k])
        for i, history in enumerate(executed(world)):
            place = 0
            for block in history:
                for serving in block.servings:
                    if serving.source != k or not serving.final:
                        continue
                    if place in refunded and serving.target == i and not serving.forged:
                        return f"{k} refunded request {place + 1}, {i} paid it in {block}"
                    place += 1
    return None


def one_root(setting: Setting, world: World) -> str | None:
    """SYN-7: all exits open against one root, of F."""
    opened = [(k, exits) for k, exits in enumerate(find_exits(world)) if exits is not None]
    for (i, one), (j, other) in combinations(opened, 2):
        if one != other:
            return f"exits are open at {show(one)} on {i}, at {show(other)} on {j}"
    return None


def nothing_is_lost(setting: Setting, world: World) -> str | None:
    """SYN-7: what the primary has accepted is final: no member ends below what it is to pay."""
    for k, member in enumerate(world.members, start=1):
        if member.exits is None or len(world.accepted) <= len(member.exits):
            continue
        for block in world.accepted[len(member.exits) :]:
            if any(serving.target == k != serving.source for serving in block.servings):
                return f"the primary consumed in {block} what {k} was to pay, {k} ended at {show(member.exits)}"
    return None


def money_adds_up(setting: Setting, world: World) -> str | None:
    """SOL-1, SOL-3: a chain with open exits holds exactly what their root says."""
    for k, exits in enumerate(find_exits(world)):
        if exits is not None and (wrong := balance(world, k, exits)):
            return f"{k} holds {wrong:+d} against the root of {show(exits)}"
    return None


def balance(world: World, k: int, exits: History) -> int:
    """Holdings less the root's reserve."""
    holds = sum(worth(k, place) for place in range(count_consumed(k, exits)))  # the rest is refunded
    holds -= sum(amount for _, target, amount in payments(executed(world)[k]) if target == k)
    reserve = sum(worth(k, place) for place in range(count_consumed(k, exits)))
    reserve -= sum(amount for _, target, amount in payments(exits) if target == k)
    return holds - reserve + missing(world, k, exits)


def missing(world: World, k: int, exits: History) -> int:
    """What the root says came in here by requests that are not in this chain's queue."""
    return -sum(worth(k, place) for place in range(world.queued[k], count_consumed(k, exits)))


def payments(history: History) -> Iterator[tuple[int, int, int]]:
    """(source, target, amount): a request's worth when it is consumed, some of the account's balance when a full exit
    is served in part."""
    consumed: dict[int, int] = {}
    parts: dict[int, int] = {}
    for block in history:
        for serving in block.servings:
            count = consumed if serving.final else parts
            place = count.get(serving.source, 0)
            count[serving.source] = place + 1
            yield serving.source, serving.target, worth(serving.source, place + (0 if serving.final else 4))


def worth(source: int, place: int) -> int:
    """Every request, and every part, has an amount that no sum of others makes up."""
    return 1 << 3 * (8 * source + place)


def end_is_true(setting: Setting, world: World) -> str | None:
    """SYN-11: an END that stands names what the primary has ended with."""
    for k, member in enumerate(world.members, start=1):
        if member.end is None or member.end.stage != "stands":
            continue
        if world.status not in OVER or member.end.history != setting.rules.find_last(world):
            return (
                f"END{show(member.end.history)} stands on {k}, the primary is {world.status} at {show(world.accepted)}"
            )
    return None


def doors_are_open(setting: Setting, world: World) -> str | None:
    """SYN-9: while the primary lives, a member that is not frozen and where no END stands takes requests."""
    if world.status != "live":
        return None
    for k, member in enumerate(world.members, start=1):
        stands = member.end is not None and member.end.stage == "stands"
        is_over = member.is_frozen or stands or member.exits is not None
        if not is_over and not setting.rules.takes_requests(world, k):
            return f"{k} takes no requests though the primary lives and {k} is not frozen"
    return None


def unanswered_can_freeze(setting: Setting, world: World) -> str | None:
    """EXI-5: a request that is not consumed, though served in part, can freeze its chain."""
    for k, member in enumerate(world.members, start=1):
        is_over = member.is_frozen or member.exits is not None
        waits = count_consumed(k, member.imported) < world.queued[k]
        if waits and not is_over and not setting.rules.can_freeze(world, k):
            return f"{k} cannot freeze for its request {count_consumed(k, member.imported) + 1}"
    return None


def one_seal(setting: Setting, world: World) -> str | None:
    """SYN-8: the primary could never accept either of two sealed blocks."""
    if world.status != "live" or not world.seals:
        return None
    number = len(world.accepted)
    young = [
        s for s in world.seals if len(s) == number + 1 and is_prefix(world.accepted, s) and s[-1] not in world.late
    ]
    return f"0 may accept {' or '.join(sorted(map(show, young)))}, both sealed" if len(young) > 1 else None


def is_one_way(before: World, after: World) -> str | None:
    """SYN-7: nothing final or imported is taken back, a standing END stays, exits are the end."""
    if not is_prefix(before.accepted[: before.final], after.accepted):
        return "0 took back a block"
    if before.exits and (not after.exits or before.accepted != after.accepted):
        return "0 went on after its exits opened"
    for k, (old, new) in enumerate(zip(before.members, after.members, strict=True), start=1):
        if old is new:
            continue
        if not is_prefix(old.imported, new.imported):
            return f"{k} took back a block"
        if old.exits is not None and (old.exits, old.imported) != (new.exits, new.imported):
            return f"{k} went on after its exits opened"
        if old.end is not None and old.end.stage == "stands" and new.end != old.end:
            return f"{k} changed its END"
    return None


def accepts_fresh(before: World, after: World) -> str | None:
    """SYN-10: nothing too old is accepted; what ACC names has been accepted before."""
    if len(after.accepted) <= len(before.accepted) or is_prefix(after.accepted, before.signed):
        return None
    return f"{after.accepted[-1]} was accepted though too old" if after.accepted[-1] in before.late else None


def stays_ended(before: World, after: World) -> str | None:
    """SYN-11: the primary accepts nothing new when it is frozen or silent, or once exits are open on a member."""
    if len(after.accepted) <= len(before.accepted) or is_prefix(after.accepted, before.signed):
        return None
    if before.status != "live":
        return f"0 went on though it was {before.status}"
    is_open = any(member.exits is not None for member in before.members)
    return "0 went on though exits are open on a member" if is_open else None


def true_end_is_kept(before: World, after: World) -> str | None:
    """SYN-9: an END on the watchers' word that is true does not fall."""
    for k, (old, new) in enumerate(zip(before.members, after.members, strict=True), start=1):
        if old.end is None or new.end is not None or old.end.word != "watchers" or old.known != new.known:
            continue
        if Groups().is_true(before, old.end.history):
            return f"END{show(old.end.history)} fell on {k} though it was true"
    return None


LAWS: tuple[Law, ...] = (
    one_history,
    no_forged,
    one_end,
    one_root,
    nothing_is_lost,
    money_adds_up,
    end_is_true,
    doors_are_open,
    unanswered_can_freeze,
    one_seal,
)
"""Of every world."""

STEP_LAWS: tuple[StepLaw, ...] = (is_one_way, accepts_fresh, stays_ended, true_end_is_kept)
"""Of every step."""

SETTLES = "settles"
"""SYN-5, SYN-9: from every world each member comes to its exits (settle.py)."""

NAMES = (*(law.__name__ for law in LAWS), *(law.__name__ for law in STEP_LAWS), SETTLES)

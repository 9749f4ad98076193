"""Every step that somebody can take: users, facts on their way to the primary, the primary itself.

Takes a setting and a world, gives named worlds. Facts arrive at any later time, again, out of order, or never. Clocks
allow everything at any moment, but for what they are compared for: MAX_AGE < SILENCE_SECONDS < every window, and a
group that is honest and awake says its denial or void before a window ends.
"""

from collections.abc import Iterator

from .blocks import PRIMARY, History, agree, find_highest_place, is_prefix
from .member_steps import take_member_steps
from .setting import Setting
from .state import Call, Member, Status, World, put

Steps = Iterator[tuple[str, World]]
WAITS: Call = "waits"


def take_steps(setting: Setting, world: World) -> Steps:
    yield from queue_requests(setting, world)
    if world.status == "live":
        yield from vouch(setting, world)
        yield from call_freezes(setting, world)
    yield from seal(setting, world)
    yield from accept_blocks(setting, world)
    yield from grow_old(setting, world)
    yield from move_primary(setting, world)
    for k in range(1, setting.members + 1):
        yield from take_member_steps(setting, world, k)


def queue_requests(setting: Setting, world: World) -> Steps:
    """A user's request; and where blocks are final later, a chain that forgets its last one before that."""
    for k, queued in enumerate(world.queued):
        if not setting.rules.takes_requests(world, k):
            continue
        if queued < setting.requests:
            yield f"{k} queues", world._replace(queued=put(world.queued, k, queued + 1))
        if setting.adversary.reorgs and queued > count_final(setting, world, k):
            yield f"{k} forgets its last request", world._replace(queued=put(world.queued, k, queued - 1))


def count_final(setting: Setting, world: World, k: int) -> int:
    """How many requests of k it can no longer forget: what is covered by QUE is final, if watchers keep to that; what a
    block accepted on the same chain uses goes only with the block."""
    own = world.accepted if k == PRIMARY else world.members[k - 1].imported
    covered = world.vouched[k] if setting.rules.que_is_final or k == PRIMARY else 0
    return max(covered, find_highest_place(k, own))


def vouch(setting: Setting, world: World) -> Steps:
    """QUE, true or false. The primary needs none for its own requests, but validators wait until they are final."""
    adversary = setting.adversary
    if adversary.reorgs and world.queued[PRIMARY] > world.vouched[PRIMARY]:
        vouched = put(world.vouched, PRIMARY, world.queued[PRIMARY])
        yield f"request {world.queued[PRIMARY]} of 0 is final", world._replace(vouched=vouched)
    if adversary.watchers == "silent":
        return
    for k in range(1, setting.members + 1):
        for count in range(world.vouched[k] + 1, world.queued[k] + 1):
            yield f"QUE({k},{count}) is signed", world._replace(vouched=put(world.vouched, k, count))
        is_forgeable = any(s.source == k and s.forged for block in setting.menu for s in block.servings)
        if (adversary.watchers == "bad" or adversary.member_forgets) and is_forgeable and not world.lies[k]:
            yield f"a false QUE({k}) is signed", world._replace(lies=put(world.lies, k, True))


def call_freezes(setting: Setting, world: World) -> Steps:
    """FRZ(k): "it acts a day later unless the governor voids it"."""
    adversary = setting.adversary
    for k, member in enumerate(world.members, start=1):
        is_true = member.is_frozen or member.exits is not None
        if world.calls[k] == "-" and (adversary.watchers == "bad" or (adversary.watchers == "honest" and is_true)):
            yield f"FRZ({k}) is shown to 0", world._replace(calls=put(world.calls, k, WAITS))
        if world.calls[k] == WAITS:
            if setting.rules.frz_acts and (is_true or adversary.governor != "honest"):
                yield f"FRZ({k}) acts, 0 freezes", freeze(setting, world)
            if adversary.governor == "bad" or (adversary.governor == "honest" and not is_true):
                after: Call = "void" if setting.rules.voids_frz_for_good else "-"
                yield f"the governor voids FRZ({k})", world._replace(calls=put(world.calls, k, after))


def seal(setting: Setting, world: World) -> Steps:
    """Where seals are counted: honest validators seal a block on what is accepted or sealed."""
    rules = setting.rules
    if world.seals is None or world.status in ("frozen", "closed"):
        return
    for parent in {world.accepted, *world.seals}:
        for block in setting.next_blocks(parent):
            history = (*parent, block)
            if (
                history not in world.seals
                and len(history) > len(world.accepted)
                and is_prefix(world.accepted, history)
                and block not in world.late
                and rules.may_seal(setting.adversary, world, history)
                and rules.may_seal_again(world, history)
                and all(rules.is_vouched(world, k, history) for k in range(1, setting.members + 1))
            ):
                yield f"validators seal {block.number} {block}", world._replace(seals=world.seals | {history})


def accept_blocks(setting: Setting, world: World) -> Steps:
    """The primary's next block."""
    for block in setting.next_blocks(world.accepted):
        history = (*world.accepted, block)
        if setting.rules.can_take_again(world, block):
            yield f"0 takes {block.number} {block} again", accept(setting, world, history)
        elif setting.rules.can_accept(world, block, setting.is_sealed(world, history)):
            after = accept(setting, world, history)
            yield f"0 accepts {block.number} {block}", after
            if setting.adversary.unseen:
                unseen = after._replace(status="halted", is_unseen=True, signed=world.signed)
                yield f"0 accepts {block.number} {block} and halts, nobody sees it", unseen


def accept(setting: Setting, world: World, history: History) -> World:
    """What was sealed beside this history is void; an END that waits has seen the primary move."""
    members = tuple(map(hear_primary_move, world.members))
    seals = None if world.seals is None else frozenset(s for s in world.seals if is_prefix(history, s))
    after = world._replace(accepted=history, members=members, seals=seals)
    if setting.adversary.reorgs:
        return after if setting.rules.acc_is_final else sign_acc(after)
    return make_final(after)


def hear_primary_move(member: Member) -> Member:
    if member.end is None or member.end.stage == "stands":
        return member
    return member._replace(end=member.end._replace(is_quiet=False))


def make_final(world: World) -> World:
    """All that the primary has accepted is final, and ACC is signed for it."""
    return sign_acc(world._replace(final=len(world.accepted)))


def sign_acc(world: World) -> World:
    """Both groups sign ACC for all that the primary has accepted."""
    if len(world.accepted) > len(world.signed) and agree(world.accepted, world.signed):
        return world._replace(signed=world.accepted)
    return world


def grow_old(setting: Setting, world: World) -> Steps:
    """Time passes on the primary; the block that shows it becomes final or is forgotten."""
    if not setting.ages or world.status != "live":
        return
    for block in setting.menu:
        if block not in world.late:
            if world.seals is None or any(block in history for history in world.seals):
                yield f"{block} is too old by the newest block of 0", world._replace(late=world.late | {block})
        elif block not in world.gone:
            yield f"{block} is too old by a final block of 0", world._replace(gone=world.gone | {block})
            yield f"0 forgets the block by which {block} is too old", world._replace(late=world.late - {block})


def freeze(setting: Setting, world: World) -> World:
    """Its own oldest request waits, FRZ acts, or it is silent. Final at once where nothing is forgotten."""
    return world._replace(status="frozen" if setting.adversary.reorgs else "closed")


def move_primary(setting: Setting, world: World) -> Steps:
    """It freezes, halts, comes back, forgets, opens its exits."""
    adversary, status = setting.adversary, world.status
    if status == "live":
        yield "0 freezes", freeze(setting, world)
        if adversary.halts:
            yield "0 halts", world._replace(status="halted")
        if world.accepted and (adversary.forgets or len(world.accepted) > world.final):
            yield "0 forgets its last block", forget(world)
            if adversary.forgets_requests:
                yield "0 forgets its last block and its requests", forget_requests(forget(world))
        if len(world.accepted) > world.final:
            yield "the last block of 0 is final", make_final(world)
    elif status == "frozen":
        yield "the freeze of 0 is final", make_final(world)._replace(status="closed")
        yield "0 forgets its freeze", world._replace(status="live")
    elif status in ("halted", "mute"):
        if status == "halted":
            yield "SILENCE passes", world._replace(status="mute")
        yield from come_back(setting, world)
    if setting.rules.can_open_exits(world):
        yield "0 opens exits", world._replace(exits=True)


def come_back(setting: Setting, world: World) -> Steps:
    """After a halt, perhaps without the last block, if that was not final."""
    status: Status = setting.rules.come_back(world.status == "mute")
    back = world._replace(status=status, is_unseen=False)
    if len(world.accepted) > world.final:
        yield f"0 comes back {status} without its last block", forget(back)
        without = forget_requests(forget(back), world.vouched[PRIMARY])
        if without.queued != back.queued:
            yield f"0 comes back {status} without its last block and its requests", without
    yield f"0 comes back {status}", back if setting.adversary.reorgs else make_final(back)


def forget(world: World) -> World:
    kept = world.accepted[:-1]
    return world._replace(accepted=kept, final=min(world.final, len(kept)))


def forget_requests(world: World, final: int = 0) -> World:
    """What was queued on the primary and is neither final nor in its blocks is gone."""
    kept = max(final, find_highest_place(PRIMARY, world.accepted))
    return world._replace(queued=put(world.queued, PRIMARY, min(world.queued[PRIMARY], kept)))

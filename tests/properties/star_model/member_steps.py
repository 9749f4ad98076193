"""Every step on one member: imports, ACC, freezes, the contest about END, exits, secession."""

from collections.abc import Iterator

from .blocks import History, show
from .setting import Setting
from .state import Conduct, End, Member, Word, World, put_member

Steps = Iterator[tuple[str, World]]


def take_member_steps(setting: Setting, world: World, k: int) -> Steps:
    rules, member = setting.rules, world.members[k - 1]
    if member.exits is not None and not rules.reads_acc_after_end:
        return
    for block in setting.next_blocks(member.imported):
        history = (*member.imported, block)
        if rules.can_import(world, k, block, setting.is_sealed(world, history)):
            yield f"{k} imports {block.number} {block}", put_member(world, k, member._replace(imported=history))
    yield from deliver_acc(setting, world, k, member)
    if member.exits is None:
        yield from freeze(setting, world, k, member)
        yield from raise_end(setting, world, k, member)
        yield from contest_end(setting, world, k, member)
        yield from open_exits(setting, world, k, member)


def deliver_acc(setting: Setting, world: World, k: int, member: Member) -> Steps:
    """Any ACC that both groups have signed; when both lie, any at all."""
    if setting.adversary.watchers == "silent":
        return
    signed = tuple(world.signed[:number] for number in range(1, len(world.signed) + 1))
    for history in setting.histories if setting.adversary.is_both_bad else signed:
        heard = setting.rules.hear_acc(member, history)
        if heard is not member:
            fell = ", its END falls" if member.end and not heard.end else ""
            yield f"ACC{show(history)} is shown to {k}{fell}", put_member(world, k, heard)


def freeze(setting: Setting, world: World, k: int, member: Member) -> Steps:
    frozen = put_member(world, k, member._replace(is_frozen=True))
    if setting.rules.can_freeze(world, k):
        yield f"{k} freezes", frozen
    if setting.rules.can_be_shown_mismatch(world, k):
        yield f"{k} is shown a slice of ACC that its queue cannot match, freezes", frozen


def find_ends(setting: Setting, world: World, word: Word) -> tuple[History, ...]:
    """What END can name on this word: bad signers name anything, honest ones the primary's last block once it has
    ended. Validators and governor speak when the watchers do not."""
    a = setting.adversary
    if word == "watchers":
        is_bad, is_fair = a.watchers == "bad", a.watchers == "honest"
    elif word == "validators and governor":
        is_bad = a.validators == "bad" and a.governor == "bad"
        is_fair = a.validators == "honest" and a.governor == "honest" and a.watchers != "honest"
    else:
        is_bad, is_fair = a.is_both_bad, a.validators == "honest" and a.watchers == "honest"
    if is_bad:
        return setting.histories
    return (setting.rules.find_last(world),) if is_fair and setting.rules.has_ended(world) else ()


def raise_end(setting: Setting, world: World, k: int, member: Member) -> Steps:
    """END on the word of both groups stands at once, whatever is pending; on any other it waits."""
    rules = setting.rules
    if rules.does_end_stand(member):
        return
    words: tuple[Word, ...] = ("watchers", "validators and governor", "watchers and validators")
    for word in words:
        is_both = word == "watchers and validators"
        if member.end is not None and not is_both:
            continue
        for history in find_ends(setting, world, word):
            if not rules.can_raise(member, history):
                continue
            if rules.end_brings_seal and not setting.is_sealed(world, history) and not setting.adversary.is_both_bad:
                continue
            said = sign_acc_of_end(setting, world, history, word)
            if is_both or not rules.end_waits:
                end = End("stands", history, word)
                yield f"END{show(history)} of {word} stands on {k}", put_member(said, k, member._replace(end=end))
            if not is_both:
                end = End("pending", history, word)
                yield f"END{show(history)} of {word} is raised on {k}", put_member(said, k, member._replace(end=end))


def sign_acc_of_end(setting: Setting, world: World, history: History, word: Word) -> World:
    """Honest watchers and validators sign ACC of the block that they name in END."""
    a = setting.adversary
    is_fair = a.validators == "honest" and a.watchers == "honest" and word != "validators and governor"
    if is_fair and setting.rules.end_signs_acc and len(history) > len(world.signed):
        return world._replace(signed=history)
    return world


def contest_end(setting: Setting, world: World, k: int, member: Member) -> Steps:
    """A pending END stands, is denied, is voided. Who is honest and awake objects in time to what is not true, and to
    nothing else; a bad group may object to everything."""
    rules, a, end = setting.rules, setting.adversary, member.end
    if end is None or end.stage == "stands":
        return
    other = a.validators if end.word == "watchers" else a.watchers
    is_wrong = not rules.is_true(world, end.history)
    if rules.can_deny(member) and (other == "bad" or (is_wrong and is_in_time(other, end))):
        if end.word == "validators and governor" and rules.denial_fells:
            yield f"watchers deny END{show(end.history)} on {k}, it falls", put_member(world, k, rules.fell(member))
        else:
            yield f"END{show(end.history)} is denied on {k}", put_end(world, k, end._replace(stage="denied"))
    may_object = a.governor == "bad" or (is_wrong and is_in_time(a.governor, end))
    if rules.can_delay(member) and may_object:
        delayed = end._replace(stage="delayed")
        yield f"the governor denies END{show(end.history)} on {k}", put_end(world, k, delayed)
    if rules.can_void(member) and may_object:
        yield f"the governor voids END{show(end.history)} on {k}", void(setting, world, k, member)
    if (end.history, member.round) in world.voided:
        yield (
            f"END{show(end.history)} falls on {k} by words of another member",
            put_member(world, k, rules.fell(member)),
        )
    yield from let_stand(setting, world, k, member)


def let_stand(setting: Setting, world: World, k: int, member: Member) -> Steps:
    """The window ends, or the 14 days, and nobody who is honest and awake could have objected."""
    rules, a, end = setting.rules, setting.adversary, member.end
    assert end is not None
    other = a.validators if end.word == "watchers" else a.watchers
    after = let_silence_pass(setting, world, end)
    is_opposed = (rules.can_deny(member) and is_in_time(other, end)) or (
        (rules.can_delay(member) or rules.can_void(member)) and is_in_time(a.governor, end)
    )
    if rules.is_true(after, end.history) or not is_opposed or rules.sleeps_past_windows:
        wait = "the window ends" if end.stage == "pending" else "14 days more"
        stands = end._replace(stage="stands", is_quiet=True)
        yield f"{wait}, END{show(end.history)} stands on {k}", put_end(after, k, stands)


def is_in_time(group: Conduct, end: End) -> bool:
    """Whether a group that is not bad objects before the END stands."""
    return group == "honest" or (group == "slow" and end.stage != "pending")


def let_silence_pass(setting: Setting, world: World, end: End) -> World:
    """Every window is longer than SILENCE_SECONDS: a primary that has accepted nothing since END was raised is silent
    when it ends."""
    if not end.is_quiet or not setting.rules.waits_for_end or setting.rules.come_back(True) == "live":
        return world
    if world.status in ("live", "frozen"):
        return world._replace(status="closed")
    return world._replace(status="mute") if world.status == "halted" else world


def put_end(world: World, k: int, end: End) -> World:
    return put_member(world, k, world.members[k - 1]._replace(end=end))


def void(setting: Setting, world: World, k: int, member: Member) -> World:
    """The END falls here."""
    after = put_member(world, k, setting.rules.fell(member))
    if not setting.rules.words_name_member and member.end is not None:
        after = after._replace(voided=after.voided | {(member.end.history, member.round)})
    if setting.rules.void_is_written_elsewhere and member.end is not None:
        for other, one in enumerate(after.members, start=1):
            if other != k and one.end is None and one.exits is None:
                after = put_member(after, other, one._replace(struck=one.struck | {member.end.history}))
    return after


def open_exits(setting: Setting, world: World, k: int, member: Member) -> Steps:
    for history in setting.rules.find_exits(member):
        yield f"{k} opens exits at {show(history)}", put_member(world, k, member._replace(exits=history))
    sealed = find_sealed(setting, world, member)
    if setting.rules.can_secede(world, k, sealed):
        ended = member._replace(exits=member.imported)
        yield f"{k} secedes at {show(member.imported)}", put_member(world, k, ended)


def find_sealed(setting: Setting, world: World, member: Member) -> tuple[History, ...]:
    """Histories one block above what is imported whose seal can be shown."""
    above = ((*member.imported, block) for block in setting.next_blocks(member.imported))
    return tuple(history for history in above if setting.is_sealed(world, history))

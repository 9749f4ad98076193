"""What can end a chain: freezes called and announced, and the contest about END. Takes a chain's end and the primary's
history; gives alarms that say until when, and who can say no.
"""

from collections.abc import Iterator
from typing import Final

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_structs import EndState, EndWord, FreezeCall
from zklink.l1.contracts.ends import MemberEndClient, PrimaryEndClient
from zklink.protocol.ids import DENIAL_WINDOW_SECONDS, END_WINDOW_SECONDS, FREEZE_DELAY_SECONDS, ChainId, Lane
from zklink.recovery.accepted_history import AcceptedHistory
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.outcome import Window, show_count, show_time
from zklink.service.watching.alarms import Alarm, AlarmName

WHOSE: Final = {
    EndWord.WATCHERS: "the watchers",
    EndWord.VALIDATORS_AND_GOVERNOR: "validators and governor",
    EndWord.VALIDATORS_AND_WATCHERS: "validators and watchers",
}


def find_freezes(read: ChainsRead, chain: ChainId, block: int) -> Iterator[Alarm]:
    """Freezes that are called here and, on the primary, those that are announced for members, at block `block`."""
    bridge, name = read.bridges[chain], read.name(chain)
    end = bridge.end
    if end.is_frozen(block=block):
        yield Alarm(AlarmName.FROZEN, name, "it is frozen: owners leave by exits")
        return
    for lane in Lane:
        call = end.freeze_call(lane, block=block)
        if call.called_at and call.request_id > bridge.request_counts(lane, block=block).consumed:
            window = Window(call.called_at, call.called_in, FREEZE_DELAY_SECONDS, end.blocks_per_day())
            text = describe_call(call, lane, window)
            yield Alarm(AlarmName.FREEZE_CALLED, name, text, window.ends_at, f"{lane.name} {call.request_id}")
    if isinstance(end, PrimaryEndClient):
        for member in read.deployment.places:
            found = end.announcement(member, block=block) if member != chain else None
            if found is not None and found.announced_at:
                window = Window(found.announced_at, found.announced_in, FREEZE_DELAY_SECONDS, end.blocks_per_day())
                what = f"FRZ of {read.name(member)} (round {found.round}) is shown: anybody can freeze the primary"
                text = f"{what} over it from {_show(window)} on; the governor can void it until then"
                mark = f"{member} {found.round}"
                yield Alarm(AlarmName.FREEZE_ANNOUNCED, name, text, window.ends_at, mark)


def find_end(read: ChainsRead, bridge: BridgeClient, block: int, history: AcceptedHistory | None) -> Iterator[Alarm]:
    """The END that is raised or stands on a member at block `block`. Without a history nothing is said of its truth."""
    if not isinstance(bridge.end, MemberEndClient):
        return
    state, name = bridge.end.end_state(block=block), read.name(bridge.chain_id)
    yield from find_raised(state, name, bridge.end.blocks_per_day(), history)


def describe_call(call: FreezeCall, lane: Lane, window: Window) -> str:
    """What a freeze that is called means."""
    what = f"a freeze is called over request {call.request_id} of lane {lane.name.lower()}"
    return f"{what}: anybody can confirm it from {_show(window)} on, unless a block takes the request before"


def find_raised(state: EndState, name: str, blocks_per_day: int, history: AcceptedHistory | None) -> Iterator[Alarm]:
    """The END that is raised or stands on the member `name`, whose windows want so many blocks (or slots) a day."""
    if state.stands:
        text = f"END of block {state.number} stands: the chain ends there, and owners leave by exits"
        yield Alarm(AlarmName.END_STANDS, name, text)
    elif state.word is not EndWord.NONE:
        seconds = compute_end_seconds(state)
        window = Window(state.raised_at, state.raised_in, seconds, blocks_per_day)
        when = f"it can stand from {_show(window)} on" if seconds else "anybody can let it stand now"
        text = f"END of block {state.number} (round {state.round}) is raised by {WHOSE[state.word]}; {when}"
        said = [text, describe_denials(state)]
        if history is not None:
            said.append(judge_end(state, history))
        mark = f"{state.round} {state.word} {state.denied_by_validators} {state.denied_by_governor}"
        yield Alarm(AlarmName.END_RAISED, name, ". ".join(said), window.ends_at, mark)


def compute_end_seconds(state: EndState) -> int:
    """The window of the END that is raised, in seconds since then."""
    match state.word:
        case EndWord.WATCHERS:
            is_denied = state.denied_by_validators or state.denied_by_governor
            return END_WINDOW_SECONDS + (DENIAL_WINDOW_SECONDS if is_denied else 0)
        case EndWord.VALIDATORS_AND_GOVERNOR:
            return DENIAL_WINDOW_SECONDS
        case _:
            return 0


def describe_denials(state: EndState) -> str:
    """Who can still say no, and what it does."""
    days = DENIAL_WINDOW_SECONDS // 86_400
    by_acc = "an ACC of both groups for a later block, or for another one there, fells it"
    if state.word is EndWord.VALIDATORS_AND_GOVERNOR:
        return f"The watchers can deny it, and then it falls; {by_acc}"
    if state.word is EndWord.VALIDATORS_AND_WATCHERS:
        return f"Nobody can deny it; {by_acc}"
    if state.denied_by_validators:
        return f"The validators have denied it: the governor can void it; {by_acc}"
    who = "validators can deny it" if state.denied_by_governor else "validators or governor can deny it"
    added = "" if state.denied_by_governor else f", which adds {days} days"
    return f"The {who}{added}; once validators have, the governor can void it; {by_acc}"


def judge_end(state: EndState, history: AcceptedHistory) -> str:
    """What the primary's history says of an END."""
    if not history.has(state.number, state.sync_hash):
        return "The primary's history does not have that block: IT IS FALSE, unless the primary has lost the block"
    later = history.height - state.number
    if later:
        return f"The primary has accepted {show_count(later, 'block')} after it: IT IS FALSE"
    return "It is the last block that the primary has accepted"


def _show(window: Window) -> str:
    return f"{show_time(window.ends_at)} and block {window.ends_in}"

"""What is decided about a member's END before anything is sent, whatever its bridge is: which one to raise, which ACC
contradicts one that waits, and how long it is contested.

Takes what was read of all chains and the member's own state. Never sends anything.
"""

from dataclasses import dataclass

from zklink.l1.contracts.bridge_structs import EndState, EndWord
from zklink.l1.transport.receipts import BlockInfo
from zklink.protocol.bridge_hashes import ZERO_HASH, Tip, fold
from zklink.protocol.facts import Accepted, End, Group, Seal
from zklink.protocol.ids import DENIAL_WINDOW_SECONDS, END_WINDOW_SECONDS, ChainId
from zklink.recovery.accepted_block import AcceptedBlock
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.common_steps import NOT_FROZEN
from zklink.recovery.outcome import Done, Waiting, Window
from zklink.recovery.words_kept import Both


@dataclass(frozen=True, slots=True)
class RaisedEnd:
    """An END with the blocks that lead to it from the tip, and who says it; the seal where the validators do not."""

    fact: End
    blocks: list[AcceptedBlock]
    seal: bytes
    validators: bytes
    watchers: bytes


@dataclass(frozen=True, slots=True)
class Contradiction:
    """An ACC of both groups that contradicts an END. For a block that is not above it, `own` is what END's history has
    there, and `path` leads on from it.
    """

    place: Accepted
    both: Both
    own: bytes
    path: tuple[bytes, ...]


def choose_end(
    read: ChainsRead, chain: ChainId, tip: Tip, round_: int, is_governor: bool, *, is_contested: bool
) -> RaisedEnd | Waiting:
    """The END to raise on a member with this tip: at the last block of the primary, or at the last one that it has lost
    and both groups have seen. One that waits already is replaced by the word of both groups alone. Else why there is
    none.
    """
    history, judge, reasons = read.history(), read.judge(chain), list[str]()
    for place in read.ends():
        blocks = history.lead(tip.number, tip.sync_hash, place.sync_hash)
        if blocks is None:
            reasons.append(f"the history of block {place.number} does not contain what is imported here")
            continue
        fact = End(chain, place.number, place.sync_hash, round_)
        validators, watchers = read.groups.find_end(history, fact, judge)
        if is_contested and not (validators and watchers):
            continue
        if not watchers and not (validators and is_governor):
            reasons.append(f"END at block {place.number} needs the watchers' word: {read.groups.reason}")
            continue
        seal = judge.choose(read.groups.kept, Seal(place.number, place.sync_hash), Group.VALIDATORS)
        if place.number and not validators and not seal:
            reasons.append(f"block {place.number} has no seal that {read.name(chain)} takes, nor the validators' END")
            continue
        return RaisedEnd(fact, blocks, seal, validators, watchers)
    return Waiting("; ".join(reasons))


def find_contradiction(
    read: ChainsRead, chain: ChainId, state: EndState, base: Accepted, way: tuple[bytes, ...]
) -> Contradiction | None:
    """An ACC that fells the END that waits, by END's own history: `way` leads to it from `base`. None if none is
    known.
    """
    judge = read.judge(chain)
    for place in read.groups.kept.facts(Accepted):
        own, path = ZERO_HASH, tuple[bytes, ...]()
        if place.number <= state.number:
            since = place.number - base.number
            own, path = fold(base.sync_hash, way[: max(since, 0)]), way[max(since, 0) :]
            if since < 0 or own == place.sync_hash:
                continue
        both = judge.choose_both(read.groups.kept, place)
        if both is not None:
            return Contradiction(place, both, own, path)
    return None


def contest_window(state: EndState, blocks_per_day: int) -> Window:
    """How long the END that waits is contested, on a chain of so many blocks (or slots) a day."""
    seconds = DENIAL_WINDOW_SECONDS
    if state.word is EndWord.WATCHERS:
        is_denied = state.denied_by_validators or state.denied_by_governor
        seconds = END_WINDOW_SECONDS + DENIAL_WINDOW_SECONDS * is_denied
    return Window(state.raised_at, state.raised_in, seconds, blocks_per_day)


def explain_contest(state: EndState, window: Window, head: BlockInfo) -> str:
    """Until when an END is contested, in words."""
    denied = ", denied by the validators: the governor may void it" if state.denied_by_validators else ""
    denied = denied or (", denied by the governor" if state.denied_by_governor else "")
    return f"END at block {state.number} is contested {window.describe(head)}{denied}"


def explain_peace(read: ChainsRead, *, is_frozen: bool) -> str:
    """Why a member does not end."""
    primary = read.name(read.deployment.primary)
    if not is_frozen:
        return f"{NOT_FROZEN}: a request such as a full exit starts the clock"
    return f"it is frozen; it ends when {primary} has ended: bring {primary} to its end first"


def describe_raised(end: RaisedEnd) -> Done:
    """What raising an END has done."""
    if end.validators and end.watchers:
        by = " by both groups; it stands"
    else:
        by = " by the watchers: three days for a denial" if end.watchers else " by validators and governor: 14 days"
    return Done(f"END raised at block {end.fact.number}{by}")


def describe_felled(state: EndState, place: Accepted) -> Done:
    """What an ACC has done."""
    return Done(f"END at block {state.number} fell: both groups have said that block {place.number} is accepted")

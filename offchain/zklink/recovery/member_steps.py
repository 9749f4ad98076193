"""How a member ends: it imports what the primary has accepted, END is raised, contested and stands, it imports up to
END's block or secedes from it, and its exits open.

Takes what was read of all chains; each step sends one transaction at most (docs/star-model.md, "The end"). Nothing here
needs another member.
"""

from eth_account.signers.local import LocalAccount

from zklink.l1.contracts.bridge_structs import EndState, EndWord
from zklink.protocol.bridge_hashes import ZERO_HASH, fold
from zklink.protocol.facts import Accepted, End, Group, Seal
from zklink.protocol.ids import DENIAL_WINDOW_SECONDS, END_WINDOW_SECONDS, ChainId
from zklink.protocol.limits import MAX_LATER
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.common_steps import NOT_FROZEN, begin_exodus, cancel_requests, execute_owed, freeze_for_request
from zklink.recovery.end_path import read_end_path
from zklink.recovery.import_steps import import_accepted, import_up_to_end
from zklink.recovery.long_paths import open_path, open_way, show_path
from zklink.recovery.outcome import Done, Outcome, Waiting, Window


def advance_member(read: ChainsRead, chain: ChainId, account: LocalAccount, may_freeze: bool = True) -> Outcome:
    """The next transaction that brings a member towards exits; no freeze unless it `may_freeze`."""
    bridge = read.bridges[chain]
    if bridge.exodus.is_begun():
        return cancel_requests(read, chain, account)
    done = execute_owed(read, chain, account)
    state = bridge.member_end.end_state()
    if state.stands:
        done = done or import_up_to_end(read, chain, account, Accepted(state.number, state.sync_hash))
        return done or begin_exodus(read, chain, account) or Waiting("END stands, and payouts are still owed")
    done = done or import_accepted(read, chain, account) or fell_end(read, chain, account)
    if done is None and state.word is not EndWord.NONE:
        done = raise_end(read, chain, account, is_contested=True) if read.has_ended(chain) else None
        if isinstance(done, Done):
            return done
        return stand_end(read, chain, account) or Waiting(_explain_window(read, chain, state))
    if done is None and read.has_ended(chain):
        done = raise_end(read, chain, account)
    if done is None and not bridge.is_frozen():
        done = freeze_for_request(read, chain, account, may_freeze)
    return done or Waiting(_explain(read, chain))


def raise_end(read: ChainsRead, chain: ChainId, account: LocalAccount, *, is_contested: bool = False) -> Outcome:
    """Raise END at the last block of the primary, or at the last one that it has lost and both groups have seen. One
    that waits already is replaced by the word of both groups alone.
    """
    bridge, history = read.bridges[chain], read.history()
    tip, state = bridge.history.tip(), bridge.member_end.end_state()
    judge, reasons = read.judge(chain), list[str]()
    for place in read.ends():
        blocks = history.lead(tip.number, tip.sync_hash, place.sync_hash)
        if blocks is None:
            reasons.append(f"the history of block {place.number} does not contain what is imported here")
            continue
        fact = End(chain, place.number, place.sync_hash, state.round)
        validators, watchers = read.groups.find_end(history, fact, judge)
        if is_contested and not (validators and watchers):
            continue
        if not watchers and (not validators or account.address != bridge.groups.acting_governor()):
            reasons.append(f"END at block {place.number} needs the watchers' word: {read.groups.reason}")
            continue
        seal = judge.choose(read.groups.kept, Seal(place.number, place.sync_hash), Group.VALIDATORS)
        if place.number and not validators and not seal:
            reasons.append(f"block {place.number} has no seal that {read.name(chain)} takes, nor the validators' END")
            continue
        opened = open_path(read, chain, account, blocks)
        if opened is not None:
            return opened
        bridge.member_end.raise_end(account, fact, show_path(blocks), seal, validators, watchers)
        return Done(f"END raised at block {place.number}{_by(validators, watchers)}")
    return Waiting("; ".join(reasons))


def stand_end(read: ChainsRead, chain: ChainId, account: LocalAccount) -> Outcome | None:
    """Let the END that waits stand, if its window is over."""
    bridge = read.bridges[chain]
    tip, state = bridge.history.tip(), bridge.member_end.end_state()
    if not end_window(read, chain, state).is_over(bridge.client.head()):
        return None
    blocks = read.lead(chain, tip, Accepted(state.number, state.sync_hash))
    opened = open_path(read, chain, account, blocks)
    if opened is not None:
        return opened
    bridge.member_end.stand_end(account, show_path(blocks))
    return Done(f"END at block {state.number} stands")


def fell_end(read: ChainsRead, chain: ChainId, account: LocalAccount) -> Outcome | None:
    """Fell the END that waits, if an ACC is known that contradicts it."""
    end = read.bridges[chain].member_end
    state = end.end_state()
    if state.stands or state.word is EndWord.NONE:
        return None
    base, way = read_end_path(read, chain, state)
    judge = read.judge(chain)
    for place in read.groups.kept.facts(Accepted):
        own, path = ZERO_HASH, tuple[bytes, ...]()
        if place.number <= state.number:
            since = place.number - base.number
            own, path = fold(base.sync_hash, way[: max(since, 0)]), way[max(since, 0) :]
            if since < 0 or own == place.sync_hash:
                continue
        both = judge.choose_both(read.groups.kept, place)
        if both is None:
            continue
        if place.number <= state.number:
            opened = open_way(read, chain, account, Accepted(place.number, own), path)
            if opened is not None:
                return opened
        end.fell_end(account, place, *both, ends_hash=own, path=path if len(path) <= MAX_LATER else ())
        return Done(f"END at block {state.number} fell: both groups have said that block {place.number} is accepted")
    return None


def end_window(read: ChainsRead, chain: ChainId, state: EndState) -> Window:
    """How long the END that waits on a member is contested."""
    seconds = DENIAL_WINDOW_SECONDS
    if state.word is EndWord.WATCHERS:
        is_denied = state.denied_by_validators or state.denied_by_governor
        seconds = END_WINDOW_SECONDS + DENIAL_WINDOW_SECONDS * is_denied
    pace = read.bridges[chain].end.blocks_per_day()
    return Window(state.raised_at, state.raised_in, seconds, pace)


def _explain_window(read: ChainsRead, chain: ChainId, state: EndState) -> str:
    until = end_window(read, chain, state).describe(read.bridges[chain].client.head())
    denied = ", denied by the validators: the governor may void it" if state.denied_by_validators else ""
    denied = denied or (", denied by the governor" if state.denied_by_governor else "")
    return f"END at block {state.number} is contested {until}{denied}"


def _explain(read: ChainsRead, chain: ChainId) -> str:
    primary = read.name(read.deployment.primary)
    if not read.bridges[chain].is_frozen():
        return f"{NOT_FROZEN}: a request such as a full exit starts the clock"
    return f"it is frozen; it ends when {primary} has ended: bring {primary} to its end first"


def _by(validators: bytes, watchers: bytes) -> str:
    if validators and watchers:
        return " by both groups; it stands"
    return " by the watchers: three days for a denial" if watchers else " by validators and governor: 14 days"

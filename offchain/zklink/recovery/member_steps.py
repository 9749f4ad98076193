"""How a member ends: it imports what the primary has accepted, END is raised, contested and stands, it imports up to
END's block or secedes from it, and its exits open.

Takes what was read of all chains; each step sends one transaction at most (docs/star-model.md, "The end"). Nothing here
needs another member.
"""

from eth_account.signers.local import LocalAccount

from zklink.l1.contracts.bridge_structs import EndState, EndWord
from zklink.protocol.facts import Accepted
from zklink.protocol.ids import ChainId
from zklink.protocol.limits import MAX_LATER
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.common_steps import begin_exodus, cancel_requests, execute_owed, freeze_for_request
from zklink.recovery.contests import (
    choose_end,
    contest_window,
    describe_felled,
    describe_raised,
    explain_contest,
    explain_peace,
    find_contradiction,
)
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
    bridge = read.bridges[chain]
    state, is_governor = bridge.member_end.end_state(), account.address == bridge.groups.acting_governor()
    found = choose_end(read, chain, bridge.history.tip(), state.round, is_governor, is_contested=is_contested)
    if isinstance(found, Waiting):
        return found
    opened = open_path(read, chain, account, found.blocks)
    if opened is not None:
        return opened
    bridge.member_end.raise_end(
        account, found.fact, show_path(found.blocks), found.seal, found.validators, found.watchers
    )
    return describe_raised(found)


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
    found = find_contradiction(read, chain, state, *read_end_path(read, chain, state))
    if found is None:
        return None
    place, own, path = found.place, found.own, found.path
    if place.number <= state.number:
        opened = open_way(read, chain, account, Accepted(place.number, own), path)
        if opened is not None:
            return opened
    end.fell_end(account, place, *found.both, ends_hash=own, path=path if len(path) <= MAX_LATER else ())
    return describe_felled(state, place)


def end_window(read: ChainsRead, chain: ChainId, state: EndState) -> Window:
    """How long the END that waits on a member with contracts is contested."""
    return contest_window(state, read.bridges[chain].end.blocks_per_day())


def _explain_window(read: ChainsRead, chain: ChainId, state: EndState) -> str:
    return explain_contest(state, end_window(read, chain, state), read.bridges[chain].client.head())


def _explain(read: ChainsRead, chain: ChainId) -> str:
    return explain_peace(read, is_frozen=read.bridges[chain].is_frozen())

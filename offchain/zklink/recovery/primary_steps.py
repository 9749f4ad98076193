"""How the primary ends: it freezes over its own requests, over a member's freeze, or by silence; it takes again what an
ACC contains and a reorganisation took; after three days its exits open.

Takes what was read of all chains; each step sends one transaction at most (docs/star-model.md, "The end").
"""

from eth_account.signers.local import LocalAccount

from zklink.protocol.bridge_blocks import AcceptAgainCall
from zklink.protocol.facts import Accepted, Frozen
from zklink.protocol.ids import EXIT_DELAY_SECONDS, FREEZE_DELAY_SECONDS, SILENCE_SECONDS, BlockNumber
from zklink.recovery.accepted_history import list_commitments
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.common_steps import (
    FREEZE_DUE,
    NOT_FROZEN,
    begin_exodus,
    cancel_requests,
    execute_owed,
    freeze_for_request,
)
from zklink.recovery.import_batch import take_batch
from zklink.recovery.outcome import Done, Outcome, Waiting, Window, show_count, show_time


def advance_primary(read: ChainsRead, account: LocalAccount, may_freeze: bool = True) -> Outcome:
    """The next transaction that brings the primary towards exits; no freeze unless it `may_freeze`."""
    chain = read.deployment.primary
    bridge = read.bridges[chain]
    if bridge.exodus.is_begun():
        return cancel_requests(read, chain, account)
    done = execute_owed(read, chain, account) or take_again(read, account)
    if done is None and not bridge.is_frozen():
        done = freeze_primary(read, account, may_freeze)
        if isinstance(done, Waiting):
            return done
        if done is None:
            last = bridge.history.tip().timestamp
            quiet = f"or without a block until {show_time(last + SILENCE_SECONDS)}" if last else "or its silence"
            return Waiting(f"{NOT_FROZEN}: a request such as a full exit, {quiet}, ends it")
    return done or begin_exodus(read, chain, account) or Waiting(_explain(read))


def freeze_primary(read: ChainsRead, account: LocalAccount, may_freeze: bool = True) -> Outcome | None:
    """Freeze the primary if there is a reason, and if it `may_freeze`; else say that it is due."""
    bridge = read.bridges[read.deployment.primary]
    if bridge.primary_history.is_silent():
        if not may_freeze:
            return Waiting(f"{FREEZE_DUE}: it has accepted nothing for two days")
        bridge.primary_end.freeze_for_silence(account)
        return Done("frozen: it has accepted nothing for two days")
    own = freeze_for_request(read, read.deployment.primary, account, may_freeze)
    if isinstance(own, Done):
        return own
    return freeze_for_members(read, account, may_freeze) or own


def freeze_for_members(read: ChainsRead, account: LocalAccount, may_freeze: bool = True) -> Outcome | None:
    """Announce the freeze of a member that is frozen, and freeze when that is due; without `may_freeze` say so."""
    bridge = read.bridges[read.deployment.primary]
    end, head, waiting = bridge.primary_end, bridge.client.head(), list[Waiting]()
    for member in read.deployment.members:
        announced, name = end.announcement(member), read.name(member)
        if announced.announced_at:
            window = Window(announced.announced_at, announced.announced_in, FREEZE_DELAY_SECONDS, end.blocks_per_day())
            if window.is_over(head):
                if not may_freeze:
                    return Waiting(f"{FREEZE_DUE}: {name} is frozen, and nobody has voided that")
                end.freeze_for(account, member)
                return Done(f"frozen: {name} is frozen")
            waiting.append(Waiting(f"the freeze of {name} is announced: it acts {_from(window.describe(head))}"))
        elif read.is_frozen(member):
            if not may_freeze:
                return Waiting(f"{FREEZE_DUE}: {name} is frozen, and that can be announced")
            evidence = read.groups.find_frozen(Frozen(member, announced.round), read.judge(read.deployment.primary))
            if evidence:
                end.announce_freeze(account, Frozen(member, announced.round), evidence)
                return Done(f"the freeze of {name} announced; it acts a day from now unless the governor voids it")
            waiting.append(Waiting(f"{name} is frozen, and its freeze needs the watchers' word: {read.groups.reason}"))
    return waiting[0] if waiting else None


def take_again(read: ChainsRead, account: LocalAccount) -> Outcome | None:
    """Bring blocks again that the primary has lost and for which an ACC is known."""
    history, primary = read.history(), read.bridges[read.deployment.primary].primary_history
    lost = [place for place in read.groups.kept.facts(Accepted) if place.number > history.height]
    lost += [Accepted(block.number, block.sync_hash) for block in history.list_lost()]
    for place in sorted(set(lost), key=lambda place: -place.number):
        blocks = history.trace(place.sync_hash)
        if not blocks:
            continue
        both = read.groups.find_accepted(history, place, read.judge(read.deployment.primary))
        if both is None:
            continue
        batch = take_batch(block.full.words for block in blocks)
        taken, later = blocks[:batch], list_commitments(blocks[batch:])
        first, full = BlockNumber(history.height + 1), tuple(block.full for block in taken)
        primary.accept_again(account, AcceptAgainCall(first, full, later, *both, pay=False))
        return Done(f"{show_count(len(taken), 'block')} from {first} on taken again")
    return None


def _explain(read: ChainsRead) -> str:
    bridge = read.bridges[read.deployment.primary]
    began_at, began_in = bridge.frozen_at()
    window, head = Window(began_at, began_in, EXIT_DELAY_SECONDS, bridge.end.blocks_per_day()), bridge.client.head()
    if window.is_over(head):
        return f"{bridge.history.tip().unpaid} blocks still owe payouts"
    return f"it is frozen; its exits open {_from(window.describe(head))}"


def _from(until: str) -> str:
    return until.replace("until", "after", 1)

"""The steps that the primary and members have in common: payouts that are still owed, a freeze over a request that
waits too long, requests that are paid back in exodus.

Takes what was read of all chains and an account that pays gas; each step sends one transaction at most. None: there is
nothing to do for it.
"""

from typing import Final

from eth_account.signers.local import LocalAccount

from zklink.protocol.errors import CallReverted, FeeCeilingReached
from zklink.protocol.ids import EXPIRY_SECONDS, FREEZE_DELAY_SECONDS, ChainId, Lane
from zklink.protocol.limits import CANCEL_BATCH
from zklink.protocol.words import PAYOUT_WORDS
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.outcome import Done, Finished, Outcome, Waiting, Window, show_count, show_time

PAYOUTS_A_CALL: Final = 32
"""Payouts that one call executes: each may burn the gas of a push to a contract."""


FREEZE_DUE: Final = "a freeze is due"
"""Begins the reason of whoever does not freeze what is due."""

NOT_FROZEN: Final = "it is not frozen, and nothing waits there"
"""Begins the reason why a chain in peace does not end."""


def execute_owed(read: ChainsRead, chain: ChainId, account: LocalAccount) -> Outcome | None:
    """Pay the next payouts that blocks still owe on a chain; as few as one at a time, where gas allows no more."""
    history = read.bridges[chain].history
    for number, words in read.owed(chain):
        count = min(PAYOUTS_A_CALL, len(words) // PAYOUT_WORDS)
        while True:
            try:
                history.execute(account, number, words, count)
            except (CallReverted, FeeCeilingReached) as error:
                is_sent = isinstance(error, FeeCeilingReached) and error.tx_hashes
                if count <= 1 or is_sent:
                    raise
                count //= 2
            else:
                return Done(f"{show_count(count, 'payout')} of block {number} paid")
    return None


def freeze_for_request(
    read: ChainsRead, chain: ChainId, account: LocalAccount, may_freeze: bool = True
) -> Outcome | None:
    """Call a freeze over a request that no block contains after EXPIRY_SECONDS, and confirm it when it is due. None if
    no request waits. Without `may_freeze` it only says that a freeze is due.
    """
    bridge, head = read.bridges[chain], read.bridges[chain].client.head()
    waits: list[tuple[int, str]] = []
    for lane in Lane:
        waiting = read.waiting(chain, lane)[:1]
        if not waiting:
            continue
        first, called = waiting[0], bridge.end.freeze_call(lane)
        what = f"request {first.request_id} of the {lane.name.lower()} lane"
        if called.request_id == first.request_id:
            window = Window(called.called_at, called.called_in, FREEZE_DELAY_SECONDS, bridge.end.blocks_per_day())
            if window.is_over(head):
                if not may_freeze:
                    return Waiting(f"{FREEZE_DUE} over {what}: anyone can confirm it now")
                bridge.end.confirm_freeze(account, lane)
                return Done(f"frozen: {what} is in no block")
            waits.append((window.ends_at, f"a freeze is called over {what}: anyone can confirm it"))
        elif head.timestamp > first.queued_at + EXPIRY_SECONDS:
            if not may_freeze:
                return Waiting(f"{FREEZE_DUE} over {what}: anyone can call it now")
            bridge.end.call_freeze(account, lane, first.words())
            return Done(f"freeze called: {what} waits too long; anyone can confirm it a day from now")
        else:
            until = first.queued_at + EXPIRY_SECONDS
            waits.append((until, f"{what} is in no block yet: anyone can call a freeze"))
    if not waits:
        return None
    due, what = min(waits)
    return Waiting(f"{what} after {show_time(due)}")


def cancel_requests(read: ChainsRead, chain: ChainId, account: LocalAccount) -> Outcome:
    """Pay the next requests back that no block contains."""
    exodus = read.bridges[chain].exodus
    for lane in Lane:
        waiting = read.waiting(chain, lane, exodus.settled_requests(lane))
        if waiting:
            batch = waiting[:CANCEL_BATCH]
            exodus.cancel_requests(account, lane, [request.words() for request in batch])
            return Done(f"{show_count(len(batch), 'request')} of the {lane.name.lower()} lane paid back")
    return Finished()


def begin_exodus(read: ChainsRead, chain: ChainId, account: LocalAccount) -> Outcome | None:
    """Open the exits, if the chain's end allows it."""
    bridge = read.bridges[chain]
    if not bridge.end.may_open():
        return None
    bridge.exodus.begin_exodus(account)
    return Done(f"exits are open at block {bridge.history.tip().number}")

"""Whether a member whose bridge is a program goes on, ends, has what it owes, and who prepares what there. Takes how it
stands, at the head and as it is finalized; gives the alarms that chains with contracts have, and metrics.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from zklink.history.solvency import Holding, sum_brought
from zklink.protocol.bridge_hashes import Tip
from zklink.protocol.ids import FREEZE_DELAY_SECONDS, GROUP_DELAY_SECONDS, BlockNumber, ChainId, Lane
from zklink.recovery.accepted_history import AcceptedHistory
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.member_reading import LentRent, MemberReading
from zklink.recovery.outcome import Window, show_count, show_sol, show_time
from zklink.service.metrics import Metrics
from zklink.service.settings.watch import WatchLimits
from zklink.service.watching.alarms import Alarm, AlarmName
from zklink.service.watching.ends import describe_call, find_raised
from zklink.service.watching.money import Custody, Ledger
from zklink.service.watching.progress import Progress

RENT_STATES: Final = ("not executed", "with payouts that wait", "not closed")
"""Why a block's account still holds its writer's rent."""


@dataclass(slots=True)
class MemberWatch:
    """Looks at one such member again and again."""

    read: ChainsRead
    chain: ChainId
    limits: WatchLimits
    metrics: Metrics
    _progress: Progress = field(init=False)
    _custody: Custody = field(init=False)
    _seen: MemberReading | None = None
    """The last finalized reading; that before a loss, until a person looks."""
    _lost: str = ""
    """What was lost, until it is there again: a later block in the place of a lost one is no cure."""

    def __post_init__(self) -> None:
        self._progress = Progress(self.read, self.chain, self.limits, self.metrics)
        self._custody = Custody(self.read, self.chain, self.metrics)

    def look(self, now: float, history: AcceptedHistory | None, ledger: Ledger, tips: list[int]) -> Iterator[Alarm]:
        """What is wrong; its last final block is added to `tips`. Raises RpcUnavailable, NodesDisagree."""
        view, name = self.read.programs[self.chain], self.read.name(self.chain)
        tokens = [token.token_id for token in self.read.deployment.tokens if self.chain in token.contracts]
        found = view.look(tokens)
        self.metrics.chain_frozen.labels(name).set(found.is_frozen)
        yield from self._find_ends(found, name, history)
        yield from self._find_progress(found, now, history)
        yield from self._find_governance(found, name)
        yield from self._find_rent(found, name)
        final = view.look(tokens, is_final=True)
        yield from self._find_lost(final, name)
        tips.append(final.tip.number)
        yield from self._find_money(final, name, ledger)

    def _find_ends(self, found: MemberReading, name: str, history: AcceptedHistory | None) -> Iterator[Alarm]:
        pace = found.blocks_per_day
        if found.is_frozen:
            yield Alarm(AlarmName.FROZEN, name, "it is frozen: owners leave by exits")
        for lane in () if found.is_frozen else Lane:
            call, first = found.called[lane], next(iter(found.waiting[lane]), None)
            if first is not None and call.called_at and call.request_id == first.request_id:
                window = Window(call.called_at, call.called_in, FREEZE_DELAY_SECONDS, pace)
                text, mark = describe_call(call, lane, window), f"{lane.name} {call.request_id}"
                yield Alarm(AlarmName.FREEZE_CALLED, name, text, window.ends_at, mark)
        yield from find_raised(found.end, name, pace, history)

    def _find_progress(self, found: MemberReading, now: float, history: AcceptedHistory | None) -> Iterator[Alarm]:
        head, tip, progress = found.head, found.tip, self._progress
        yield from progress.check_head(head, tip, now)
        yield from progress.check_history(tip, head, now, history, found.is_frozen)
        since = _find_since(tip, history)
        if tip.unpaid and head.timestamp - since >= self.limits.payouts_seconds:
            text = f"{show_count(tip.unpaid, 'block')} not executed, since"
            name = self.read.name(self.chain)
            yield Alarm(AlarmName.UNPAID, name, f"{text} {show_time(since)}: `zklink keep` executes them")
        for lane in () if found.is_frozen else Lane:
            yield from progress.check_queue(lane, found.waiting[lane], head)

    def _find_governance(self, found: MemberReading, name: str) -> Iterator[Alarm]:
        pace, coming = found.blocks_per_day, found.coming
        if coming is not None:
            window = Window(coming.announced_at, coming.announced_in, GROUP_DELAY_SECONDS, pace)
            who = f"{coming.signers.threshold} of {', '.join(coming.signers.members)}"
            text = f"new {coming.group.name.lower()} are announced, {who}: they have a word from"
            said = f"{text} {show_time(window.ends_at)} and slot {window.ends_in} on"
            yield Alarm(AlarmName.GROUP_ANNOUNCED, name, said, window.ends_at, str(coming.announced_at))
        if found.is_founding:
            text = "its founding is open: the timelock's owner can call anything at once; bring nothing in"
            yield Alarm(AlarmName.FOUNDING, name, text)
        for each in found.proposals:
            window = Window(each.proposed_at, each.proposed_in, GROUP_DELAY_SECONDS, pace)
            text = f"proposal {each.number} waits: anybody can execute it from {show_time(window.ends_at)} and slot"
            yield Alarm(AlarmName.PROPOSAL_WAITS, name, f"{text} {window.ends_in} on", window.ends_at, str(each.number))
        if found.authority and found.authority != found.lock:
            text = f"{found.authority} may replace its program at once, and take everything"
            if found.lock:
                said = f"{text}; by the record its timelock {found.lock} alone may: who has agreed to that?"
                yield Alarm(AlarmName.AUTHORITY_CHANGED, name, said, mark=found.authority)
            else:
                yield Alarm(AlarmName.AUTHORITY_HELD, name, text, mark=found.authority)

    def _find_rent(self, found: MemberReading, name: str) -> Iterator[Alarm]:
        """What its newest blocks hold of their writers' lamports, and why."""
        held = dict.fromkeys(RENT_STATES, 0)
        for each in found.lent:
            held[_rent_state(each)] += each.lamports
        for state, lamports in held.items():
            self.metrics.rent_lent.labels(name, state).set(lamports)
        total = sum(held.values())
        if total > self.limits.rent_lamports:
            text = f"{show_count(len(found.lent), 'block')} not closed with {show_sol(total)} SOL of rent"
            parts = ", ".join(f"{show_sol(lamports)} {state}" for state, lamports in held.items() if lamports)
            help = "`zklink keep` executes and pays; only its writer closes a block"
            yield Alarm(AlarmName.RENT_LENT, name, f"{text}: {parts}: {help}")

    def _find_lost(self, final: MemberReading, name: str) -> Iterator[Alarm]:
        """What was finalized must still be there. What is lost stays so until a person looks."""
        text = "" if self._seen is None else describe_loss(self._seen, final)
        is_back = self._seen is not None and final.tip.sync_hash == self._seen.tip.sync_hash
        self._lost = text or ("" if is_back else self._lost)
        if self._lost:
            yield Alarm(AlarmName.FINAL_LOST, name, f"{self._lost}: the cluster has lost what was final")
        else:
            self._seen = final

    def _find_money(self, final: MemberReading, name: str, ledger: Ledger) -> Iterator[Alarm]:
        """While a block is not executed, or its reserves are not replayed, and once exits may have paid, only balances
        are compared.
        """
        is_even = not final.is_frozen and not final.end.stands and not final.tip.unpaid
        reserves = ledger.reserves(final.tip.number) if is_even else None
        requests = [request for lane in Lane for request in final.waiting[lane]]
        paid = sum(request.native_fee_gwei for request in requests)
        height = final.head.number
        if reserves is not None and final.open_fees != paid:
            text = f"at slot {height} its open fees are {final.open_fees} lamports, and open requests have paid {paid}"
            yield Alarm(AlarmName.CUSTODY, name, text, mark="fees")
        for token, each in final.tokens.items():
            holding = Holding(
                self.chain,
                token,
                each.balance,
                each.owed,
                each.scale,
                each.custody,
                0 if reserves is None else reserves[self.chain, token],
                sum_brought(requests, token),
                0,
                each.fees,
            )
            symbol = self.read.deployment.token(token).symbol
            yield from self._custody.judge(holding, symbol, height, does_know=reserves is not None)


def describe_loss(before: MemberReading, now: MemberReading) -> str:
    """What of a finalized reading a later one has not: an imported block, or requests, for which watchers have given
    their word; empty for nothing. A hash after which more requests have come than a reading keeps is not compared.
    """
    if now.tip.number < before.tip.number:
        return f"its finalized tip was block {before.tip.number}, and is {now.tip.number}"
    if now.tip.number == before.tip.number and now.tip.sync_hash != before.tip.sync_hash:
        return f"its finalized block {before.tip.number} is another one"
    for lane, known in before.queue_hashes.items():
        count, hashes = max(known), now.queue_hashes[lane]
        if max(hashes) < count or hashes.get(count, known[count]) != known[count]:
            return f"its finalized queue {lane.name.lower()} had {count} requests, and has not these"
    return ""


def _rent_state(lent: LentRent) -> str:
    if not lent.is_executed:
        return RENT_STATES[0]
    return RENT_STATES[1] if lent.waiting else RENT_STATES[2]


def _find_since(tip: Tip, history: AcceptedHistory | None) -> int:
    """The time since which a block is not executed, for newer ones go on coming in: of so many, one is no newer than
    that. The time of the newest where the history does not tell.
    """
    if not tip.unpaid or history is None or not history.has(tip.number, tip.sync_hash):
        return tip.timestamp
    return history.block(BlockNumber(tip.number - tip.unpaid + 1)).full.block.timestamp

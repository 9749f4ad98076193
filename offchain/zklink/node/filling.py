"""The broker's part of a node: offers payouts, fills them, and notes repayments.

Takes sealed blocks and the node's knowledge of the chains; starts jobs and gives events. Runs on the thread that calls
`Node.step`; only attempts and questions to chains run on workers. Never decides which payout to fill: the broker does.
"""

from collections.abc import Iterable
from functools import partial

from zklink.broker.broker import Broker
from zklink.broker.policy import Verdict
from zklink.broker.records import AGAIN, Attempt, Candidate, FillOutcome, Look, Outlook, Position
from zklink.node.events import BrokerRepaid, FillDeclined, FillLost, FillMissed, FillTried, PayoutKey
from zklink.node.jobs import ChainJobs
from zklink.node.knowledge import Knowledge
from zklink.node.reporter import Reporter
from zklink.node.sealing import list_candidates
from zklink.operations.payout import Payout
from zklink.protocol.ids import Amount, BlockNumber, ChainId
from zklink.sequencer.sealed_block import SealedBlock


class Filling:
    """Drives one broker. If an attempt on a chain finds nothing to do, the next follows after `retry_seconds`."""

    def __init__(
        self, broker: Broker, known: Knowledge, jobs: ChainJobs, reporter: Reporter, retry_seconds: float
    ) -> None:
        self._broker, self._known, self._jobs = broker, known, jobs
        self._reporter, self._retry_seconds = reporter, retry_seconds
        self._offered = BlockNumber(0)

    @property
    def is_repaid(self) -> bool:
        """Whether nothing is outstanding."""
        return all(position.is_repaid for position in self._broker.positions)

    def offer(self, blocks: Iterable[SealedBlock]) -> None:
        """Offer the payouts of these blocks, which ascend, to the broker, as far as they are vouched for or accepted;
        emit an event for each payout that it declines for good. What was offered before is not offered again.
        """
        for sealed in blocks:
            is_ready = sealed.number in self._known.vouched or sealed.number <= self._known.accepted
            if sealed.number <= self._offered:
                continue
            if not is_ready:
                return
            candidates = list_candidates(sealed, self._known.counters, self._known.request_blocks)
            self.offer_payouts(sealed.number, candidates)

    def offer_payouts(self, number: BlockNumber, candidates: Iterable[Candidate]) -> None:
        """Offer the payouts of a block, which is the next one."""
        self._offered = number
        self.offer_late(candidates)

    def offer_late(self, candidates: Iterable[Candidate]) -> None:
        """Offer payouts of a block that was offered."""
        for candidate, verdict in self._broker.offer(candidates).items():
            self.decline(candidate.payout, verdict)

    def decline(self, payout: Payout, verdict: Verdict) -> None:
        """Say that a payout is declined for good."""
        self._reporter.emit(FillDeclined(self._reporter.now(), (payout.source, payout.id), verdict))

    @property
    def offered(self) -> BlockNumber:
        """The last block whose payouts were offered."""
        return self._offered

    def retract(self, height: BlockNumber) -> None:
        """Take the payouts of blocks above `height` back, which were unsealed."""
        self._broker.retract(height)
        self._offered = min(self._offered, height)

    def start(self, may_fill: bool = True) -> None:
        """On each chain try the payout that is due, if it `may_fill`, and ask about the fills that are not repaid for
        good, and about payouts that wait: whoever has paid one, it waits no more.
        """
        broker, known = self._broker, self._known
        outlook = self._look_out()
        for chain in known.counters:
            for left, verdict in broker.note_executed(chain, known.counters[chain].executed):
                self._reporter.emit(FillMissed(self._reporter.now(), _key(left), chain, verdict))
            candidate = broker.select(chain, outlook) if may_fill else None
            positions = broker.watched_positions(chain)
            if candidate is not None:
                attempt = partial(broker.attempt, candidate, broker.expect_lead(candidate, outlook))
                self._jobs.start("fill", chain, attempt, self._on_attempt, self._retry_seconds)
            seen = known.heads.get(chain), known.counters[chain]
            if positions:
                keys = tuple(position.key for position in positions)
                self._jobs.start(
                    "repay", chain, partial(broker.look, chain, positions), self._on_look, seen=(seen, keys)
                )
            if asked := broker.list_asked(chain):
                ask, clear = partial(broker.ask, chain, asked), partial(self._on_answers, asked)
                self._jobs.start("clear", chain, ask, clear, seen=seen)

    def _look_out(self) -> Outlook:
        known = self._known
        heights = {chain: head.number for chain, head in known.heads.items()}
        paying = {chain: counters.accepted for chain, counters in known.counters.items()}
        return Outlook(heights, max(known.now, int(self._reporter.now())), known.final_number, paying)

    def _on_attempt(self, chain: ChainId, attempt: Attempt) -> bool:
        key, now = _key(attempt.candidate), self._reporter.now()
        is_news = self._broker.record(attempt)
        if is_news:
            self._reporter.emit(FillTried(now, key, chain, attempt.outcome, attempt.reason))
        if attempt.receipt is not None:
            self._reporter.emit_mined(chain, "fill", (attempt.candidate.block,), attempt.receipt)
        return attempt.outcome not in AGAIN or (attempt.outcome is FillOutcome.HELD and is_news)

    def _on_answers(
        self, asked: tuple[tuple[bytes, Candidate], ...], chain: ChainId, found: tuple[Attempt, ...]
    ) -> bool:
        news = self._broker.clear(asked, found)
        for attempt in news:
            self._reporter.emit(FillTried(self._reporter.now(), _key(attempt.candidate), chain, attempt.outcome, ""))
        return bool(news)

    def _on_look(self, chain: ChainId, looks: tuple[Look, ...]) -> bool:
        settlement, now = self._broker.settle(looks), self._reporter.now()
        for position in settlement.found:
            self._reporter.emit(FillTried(now, _key(position.candidate), chain, FillOutcome.FOUND_FILLED, ""))
        for position in settlement.repaid:
            self._reporter.emit(describe_repayment(position, now))
        for position in settlement.lost:
            self._reporter.emit(FillLost(now, _key(position.candidate), chain))
        return bool(settlement.repaid or settlement.lost or settlement.found)


def describe_repayment(position: Position, now: float) -> BrokerRepaid:
    """The event of a repaid fill."""
    receiver, amount = "", Amount(0)
    if position.repayment is not None:
        receiver, amount = position.repayment.receiver, position.repayment.amount
    candidate = position.candidate
    return BrokerRepaid(now, _key(candidate), candidate.payout.chain, receiver, amount, position.earned)


def _key(candidate: Candidate) -> PayoutKey:
    return candidate.payout.source, candidate.payout.id

"""The broker's part of a node: offers payouts, fills them, and notes repayments.

Takes sealed blocks and the node's knowledge of the chains; starts jobs and gives events. Runs on the thread that calls
`Node.step`; only attempts and questions to chains run on workers. Never decides which payout to fill: the broker does.
"""

from functools import partial

from zklink.broker.broker import Broker
from zklink.broker.records import AGAIN, Attempt, Candidate, FillOutcome, Look, Outlook
from zklink.node.events import BrokerRepaid, FillDeclined, FillLost, FillTried, PayoutKey
from zklink.node.jobs import ChainJobs
from zklink.node.knowledge import Knowledge
from zklink.node.reporter import Reporter
from zklink.node.sealing import list_candidates
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.sequencer.sealed_block import SealedBlock


class AcceptanceDepth:
    """How deep acceptances are in the primary chain, as far as its counters were watched."""

    def __init__(self, confirmations: int) -> None:
        self._confirmations = confirmations
        self._seen: list[tuple[int, BlockNumber]] = []
        self._height = 0

    def note(self, height: int, accepted: BlockNumber) -> None:
        """The primary accepts up to `accepted` at this height. Fewer than before: a reorganisation took the rest."""
        self._height = height
        self._seen = [(since, number) for since, number in self._seen if number <= accepted]
        if not self._seen or self._seen[-1][1] < accepted:
            self._seen.append((height, accepted))
        deep = [entry for entry in self._seen if self._is_deep(entry[0])]
        self._seen = self._seen[max(len(deep) - 1, 0) :]

    @property
    def final(self) -> BlockNumber:
        """The last block whose acceptance has the primary's confirmations."""
        return max((number for since, number in self._seen if self._is_deep(since)), default=BlockNumber(0))

    def _is_deep(self, since: int) -> bool:
        return self._height - since + 1 >= self._confirmations


class Filling:
    """Drives one broker. If an attempt on a chain finds nothing to do, the next follows after `retry_seconds`."""

    def __init__(
        self, broker: Broker, known: Knowledge, jobs: ChainJobs, reporter: Reporter, retry_seconds: float
    ) -> None:
        self._broker, self._known, self._jobs = broker, known, jobs
        self._reporter, self._retry_seconds = reporter, retry_seconds
        self._depth = AcceptanceDepth(jobs.confirmations(known.primary))

    @property
    def is_repaid(self) -> bool:
        """Whether nothing is outstanding."""
        return all(position.is_repaid for position in self._broker.positions)

    def offer(self, sealed: SealedBlock) -> None:
        """Offer the payouts of a block to the broker; emit an event for each that it declines for good."""
        declined = self._broker.offer(list_candidates(sealed, self._known.request_blocks))
        for candidate, verdict in declined.items():
            self._reporter.emit(FillDeclined(self._reporter.now(), _key(candidate), verdict))

    def retract(self, height: BlockNumber) -> None:
        """Take the payouts of blocks above `height` back, which were unsealed."""
        self._broker.retract(height)

    def start(self) -> None:
        """On each chain try the payout that is due, and ask about the fills that are not repaid for good."""
        broker, known = self._broker, self._known
        outlook = self._look_out()
        for chain in known.counters:
            candidate = broker.select(chain, outlook)
            positions = broker.watched_positions(chain)
            if candidate is not None:
                attempt = partial(broker.attempt, candidate)
                self._jobs.start("fill", chain, attempt, self._on_attempt, self._retry_seconds)
            if positions:
                seen = known.heads.get(chain), known.counters[chain], tuple(position.key for position in positions)
                self._jobs.start("repay", chain, partial(broker.look, chain, positions), self._on_look, seen=seen)

    def _look_out(self) -> Outlook:
        known = self._known
        heights = {chain: head.number for chain, head in known.heads.items()}
        accepted = known.counters[known.primary].accepted
        self._depth.note(heights.get(known.primary, 0), accepted)
        return Outlook(heights, known.now, accepted, self._depth.final)

    def _on_attempt(self, chain: ChainId, attempt: Attempt) -> bool:
        key, now = _key(attempt.candidate), self._reporter.now()
        is_news = self._broker.record(attempt)
        if is_news:
            self._reporter.emit(FillTried(now, key, chain, attempt.outcome, attempt.reason))
        if attempt.receipt is not None:
            self._reporter.emit_mined(chain, "fill", (attempt.candidate.block,), attempt.receipt)
        return attempt.outcome not in AGAIN or (attempt.outcome is FillOutcome.HELD and is_news)

    def _on_look(self, chain: ChainId, looks: tuple[Look, ...]) -> bool:
        settlement, now = self._broker.settle(looks), self._reporter.now()
        for position in settlement.found:
            self._reporter.emit(FillTried(now, _key(position.candidate), chain, FillOutcome.FOUND_FILLED, ""))
        for position in settlement.repaid:
            self._reporter.emit(BrokerRepaid(now, _key(position.candidate), chain))
        for position in settlement.lost:
            self._reporter.emit(FillLost(now, _key(position.candidate), chain))
        return bool(settlement.repaid or settlement.lost or settlement.found)


def _key(candidate: Candidate) -> PayoutKey:
    return candidate.payout.source, candidate.payout.id

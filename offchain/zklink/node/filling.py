"""The broker's part of a node: offers payouts, fills them, and notes repayments.

Takes sealed blocks and the node's knowledge of the chains; starts jobs and gives events. Runs on the thread that calls
`Node.step`; only attempts and questions to chains run on workers. Never decides which payout to fill: the broker does.
"""

from functools import partial

from zklink.broker.broker import Attempt, Broker, Candidate, FillOutcome
from zklink.node.events import BrokerRepaid, FillDeclined, FillTried, PayoutKey
from zklink.node.jobs import ChainJobs
from zklink.node.knowledge import Knowledge
from zklink.node.reporter import Reporter
from zklink.node.sealing import list_candidates
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.sequencer.sealed_block import SealedBlock


class Filling:
    """Drives one broker. If an attempt on a chain finds nothing to do, the next follows after `retry_seconds`."""

    def __init__(
        self, broker: Broker, known: Knowledge, jobs: ChainJobs, reporter: Reporter, retry_seconds: float
    ) -> None:
        self._broker, self._known, self._jobs = broker, known, jobs
        self._reporter, self._retry_seconds = reporter, retry_seconds

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
        """On each chain try the payout that is due, and ask about those whose block is executed."""
        broker, known = self._broker, self._known
        heights = {chain: head.number for chain, head in known.heads.items()}
        accepted = known.counters[known.primary].accepted
        for chain, counters in known.counters.items():
            candidate = broker.select(chain, heights, accepted)
            positions = [p for p in broker.open_positions(chain) if p.candidate.block <= counters.executed]
            if candidate is not None:
                attempt = partial(broker.attempt, candidate)
                self._jobs.start("fill", chain, attempt, self._on_attempt, self._retry_seconds)
            if positions:
                self._jobs.start("repay", chain, partial(broker.find_repaid, chain, positions), self._on_repaid)

    def _on_attempt(self, chain: ChainId, attempt: Attempt) -> bool:
        self._broker.record(attempt)
        key, now = _key(attempt.candidate), self._reporter.now()
        self._reporter.emit(FillTried(now, key, chain, attempt.outcome, attempt.reason))
        if attempt.receipt is not None:
            self._reporter.emit_mined(chain, "fill", (attempt.candidate.block,), attempt.receipt)
        return attempt.outcome is not FillOutcome.NO_INVENTORY

    def _on_repaid(self, chain: ChainId, keys: tuple[bytes, ...]) -> bool:
        positions = {position.key: position for position in self._broker.positions}
        self._broker.settle(keys)
        for key in keys:
            self._reporter.emit(BrokerRepaid(self._reporter.now(), _key(positions[key].candidate), chain))
        return bool(keys)


def _key(candidate: Candidate) -> PayoutKey:
    return candidate.payout.source, candidate.payout.id

"""Gathers the groups' evidence: seal and QUE for each block before the primary takes it, ACC for what it has accepted.

Takes sealed blocks and the node's knowledge; starts jobs that ask the groups, and notes their answers. Runs on the
thread that calls `Node.step`; only questions run on workers. Never judges evidence: chains do.
"""

from functools import partial

from zklink.node.dispatcher import Dispatcher
from zklink.node.events import BlockAcknowledged, BlockVouched
from zklink.node.knowledge import Knowledge
from zklink.node.reporter import Reporter
from zklink.node.sealing import propose
from zklink.protocol.facts import Accepted, QueueFact
from zklink.protocol.ids import BlockNumber
from zklink.protocol.limits import MAX_LATER
from zklink.sequencer.decision import find_evidence
from zklink.sequencer.horizon import Acknowledged, Vouched
from zklink.sequencer.sealed_block import SealedBlock
from zklink.sequencer.sequencer import Sequencer
from zklink.signers.history import Path
from zklink.signers.ports import Validators, Watchers
from zklink.signers.proposal import Proposal
from zklink.signers.validator import SEALS_AHEAD


class Vouching:
    """Asks both groups, one question at a time for seals and one for ACCs."""

    def __init__(
        self,
        sequencer: Sequencer,
        known: Knowledge,
        groups: tuple[Validators, Watchers],
        dispatcher: Dispatcher,
        reporter: Reporter,
    ) -> None:
        self._sequencer, self._known, self._dispatcher = sequencer, known, dispatcher
        self._validators, self._watchers = groups
        self._reporter = reporter

    def vouch(self) -> None:
        """Have the next block sealed and its requests vouched for, if there is one."""
        sealed = self._find_unvouched()
        if sealed is None:
            return
        since = max(min(self._known.accepted, BlockNumber(sealed.number - 1)), self._sequencer.base)
        queues = self._sequencer.served(since, sealed.number)
        previous = self._sequencer.record(BlockNumber(sealed.number - 1))
        job = partial(self._ask_vouched, sealed, propose(sealed, previous, self._known.primary), since, queues)
        self._dispatcher.start("vouch", job, self._on_vouched, 0.0)

    def acknowledge(self) -> None:
        """Have ACC signed for what the primary has accepted finally, or for what a member far behind can take."""
        number = self._find_unacknowledged()
        if number is None:
            return
        start = min(self._validators.covered.number, self._watchers.covered.number, number)
        path = Path(start, self._sequencer.commitments(start))  # signers may see more of the primary than this node
        fact = self._sequencer.record(number).place
        self._dispatcher.start("acknowledge", partial(self._ask_acknowledged, fact, path), self._on_acknowledged, 0.0)

    # -- inside --------------------------------------------------------------------------------------------------

    def _find_unvouched(self) -> SealedBlock | None:
        """The lowest block without evidence that the primary has not accepted, if it is not too far above the last ACC
        for a seal.
        """
        known = self._known
        if known.primary not in known.asked or self._sequencer.is_replaying:
            return None
        waiting = self._sequencer.blocks(max(known.accepted, known.covered))
        found = next((block for block in waiting if block.number not in known.vouched), None)
        return found if found is not None and found.number <= known.covered + SEALS_AHEAD else None

    def _find_unacknowledged(self) -> BlockNumber | None:
        known = self._known
        if known.final is None or known.final.tip.number > self._sequencer.height:
            return None
        last = known.final.tip.number
        if last > known.covered:
            return last
        for chain in known.asked:
            tip = known.counters[chain].accepted
            if self._sequencer.settled <= tip < last and find_evidence(tip, known.acknowledged) is None:
                return min(last, BlockNumber(tip + MAX_LATER))
        return None

    def _ask_vouched(
        self, sealed: SealedBlock, proposal: Proposal, since: BlockNumber, queues: tuple[QueueFact, ...]
    ) -> tuple[SealedBlock, Vouched]:
        watchers = self._watchers.queues(queues) if queues else b""
        return sealed, Vouched(since, queues, watchers, self._validators.seal(proposal))

    def _on_vouched(self, result: tuple[SealedBlock, Vouched]) -> bool:
        sealed, vouched = result
        number = sealed.number
        if self._sequencer.settled < number <= self._sequencer.height and self._sequencer.block(number) is sealed:
            self._known.vouched[number] = vouched
            self._reporter.emit(BlockVouched(self._reporter.now(), number))
        return True

    def _ask_acknowledged(self, fact: Accepted, path: Path) -> Acknowledged:
        return Acknowledged(fact, self._validators.accepted(fact, path), self._watchers.accepted(fact, path))

    def _on_acknowledged(self, acknowledged: Acknowledged) -> bool:
        known, number = self._known, acknowledged.fact.number
        known.acknowledged = sorted([*known.acknowledged, acknowledged], key=lambda found: found.fact.number)
        self._reporter.emit(BlockAcknowledged(self._reporter.now(), number))
        return True

"""Unseals blocks when a chain lost a request, or when the primary can never accept a block any more.

Takes what chains say; unseals blocks and gives events. Never unseals a block that the primary was seen to have accepted
for good, and none for its age before a final block of the primary shows it: validators seal no other one before that.
"""

from collections.abc import Mapping

from zklink.l1.transport.chain_profile import ChainProfile
from zklink.node.events import RequestsLost, RolledBack
from zklink.node.filling import Filling
from zklink.node.knowledge import Knowledge
from zklink.node.reporter import Reporter
from zklink.protocol.errors import HistoryDiverged
from zklink.protocol.ids import MAX_AGE_SECONDS, BlockNumber, ChainId, Lane, RequestId
from zklink.sequencer.sealed_block import SealedBlock
from zklink.sequencer.sequencer import Sequencer


class Rollback:
    """Unseals blocks of one sequencer."""

    def __init__(
        self,
        sequencer: Sequencer,
        known: Knowledge,
        reporter: Reporter,
        filling: Filling | None,
        profiles: Mapping[ChainId, ChainProfile],
    ) -> None:
        self._sequencer, self._known, self._reporter = sequencer, known, reporter
        self._filling, self._profiles = filling, profiles

    def lose(self, lane: Lane, chain: ChainId, request_id: RequestId) -> None:
        """A reorganisation removed a request and those after it in its queue: drop them and unseal their blocks. Raises
        HistoryDiverged if the primary has accepted a block with the request: nothing can undo that, so the journal
        stays as it is.
        """
        stays = self._sequencer.last_before(lane, chain, request_id)
        if stays < max(self._known.accepted, self._known.final_number):
            raise HistoryDiverged(chain, BlockNumber(stays + 1))
        before = self._sequencer.journal_height
        dropped = self._sequencer.drop_from(lane, chain, request_id)
        self._reporter.emit(RequestsLost(self._reporter.now(), lane, chain, request_id))
        if self._sequencer.journal_height < before:
            self._forget(dropped, f"{self._profiles[chain].name} no longer has request {request_id} as it was")

    def reseal_if_old(self) -> None:
        """Unseal blocks that a final block of the primary shows to be too old, so that they are sealed again with the
        present time.
        """
        known, kept = self._known, self._known.final_number
        if known.final is None or kept >= self._sequencer.height or self._sequencer.is_replaying:
            return
        oldest = BlockNumber(max(kept, self._sequencer.settled) + 1)
        if self._sequencer.block(oldest).timestamp + MAX_AGE_SECONDS < known.final.timestamp:
            dropped = self._sequencer.roll_back(BlockNumber(oldest - 1))
            self._forget(dropped, f"block {oldest} grew too old for the primary chain")

    def _forget(self, dropped: tuple[SealedBlock, ...], reason: str) -> None:
        """Blocks are gone: sealed ones, or ones of an earlier run that were to be sealed again."""
        height = self._sequencer.journal_height
        if dropped:
            self._known.forget_after(height)
            if self._filling is not None:
                self._filling.retract(height)
        self._reporter.emit(RolledBack(self._reporter.now(), height, reason))

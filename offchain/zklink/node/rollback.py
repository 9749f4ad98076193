"""Unseals blocks when a chain lost a request or a consent, or when a block grows too old for the primary.

Takes the requests and consents that chains no longer have; unseals blocks and gives events. Never unseals a block that
some chain was seen to have accepted.
"""

from collections.abc import Mapping

from zklink.l1.transport.chain_profile import ChainProfile
from zklink.node.events import RolledBack
from zklink.node.filling import Filling
from zklink.node.knowledge import Knowledge
from zklink.node.reporter import Reporter
from zklink.protocol.errors import HistoryDiverged
from zklink.protocol.ids import MAX_AGE_SECONDS, BlockNumber, ChainId, Lane, RequestId
from zklink.sequencer.operation_intake import ConsentQuestion
from zklink.sequencer.sealed_block import SealedBlock
from zklink.sequencer.sequencer import Sequencer


class Rollback:
    """Seals a block anew `margin_seconds` before the primary would refuse it as too old."""

    def __init__(
        self,
        sequencer: Sequencer,
        known: Knowledge,
        reporter: Reporter,
        filling: Filling | None,
        profiles: Mapping[ChainId, ChainProfile],
        margin_seconds: int,
    ) -> None:
        self._sequencer, self._known, self._reporter = sequencer, known, reporter
        self._filling, self._profiles, self._margin_seconds = filling, profiles, margin_seconds

    def lose(self, lane: Lane, chain: ChainId, request_id: RequestId) -> None:
        """A reorganisation removed a request and those after it in its queue: drop them and unseal their blocks. Raises
        HistoryDiverged if a chain has accepted a block with the request: nothing can undo that, so the journal stays as
        it is.
        """
        stays = self._sequencer.last_before(lane, chain, request_id)
        if stays < self._known.accepted:
            raise HistoryDiverged(chain, BlockNumber(stays + 1))
        dropped = self._sequencer.drop_from(lane, chain, request_id)
        self._forget(dropped, f"{self._profiles[chain].name} no longer has request {request_id} as it was")

    def withdraw(self, question: ConsentQuestion) -> None:
        """A reorganisation removed the owner's consent. Drop the operation and reseal, unless its block is already
        accepted: then it stays, and the chain keeps refusing the block with its reason.
        """
        number = self._sequencer.block_with(question.id)
        if number is not None and number <= self._known.accepted:
            return
        unsealed = self._sequencer.withdraw(question.id)
        name = self._profiles[question.chain].name
        self._forget(unsealed, f"{name} no longer has an owner's consent for an operation of block {number}")

    def reseal_if_old(self, committed: BlockNumber) -> None:
        """Unseal blocks that the primary would soon refuse as too old, so that they are sealed again with the present
        time. `committed` is the last block that the primary's node shows as committed. A node that lags shows too few,
        so a block that any chain has accepted counts as committed, too.
        """
        committed = max(committed, self._known.accepted)
        if committed >= self._sequencer.height or self._sequencer.is_replaying:
            return
        oldest = self._sequencer.block(BlockNumber(committed + 1)).block.header.timestamp
        if self._known.now - oldest > MAX_AGE_SECONDS - self._margin_seconds:
            dropped = self._sequencer.roll_back(committed)
            self._forget(dropped, f"block {committed + 1} waited too long for the primary chain")

    def _forget(self, dropped: tuple[SealedBlock, ...], reason: str) -> None:
        if not dropped:
            return
        height = self._sequencer.height
        for block in dropped:
            self._known.proofs.pop(block.number, None)
        if self._filling is not None:
            self._filling.retract(height)
        self._reporter.emit(RolledBack(self._reporter.now(), height, reason))

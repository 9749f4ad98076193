"""Chooses the checkpoint from which a node goes on, if there is one that holds.

Takes what is kept, the journal, and the chains; gives a checkpoint, or nothing, which means that the node seals its
whole history again. A checkpoint that does not hold is refused with its reason, and an older one is tried. Never
changes anything.
"""

import logging
from collections.abc import Mapping, Sequence

from zklink.l1.watcher import QueuePlace
from zklink.node.ports import CheckpointStore
from zklink.node.standing import Standing
from zklink.protocol.bridge_hashes import ZERO_HASH, fold
from zklink.protocol.errors import CheckpointRefused
from zklink.protocol.ids import BlockNumber, ChainId, Lane
from zklink.sequencer.checkpoint import Checkpoint, open_checkpoint
from zklink.sequencer.journal import Journal, JournalEntry
from zklink.sequencer.sealed_block import Parameters

log = logging.getLogger(__name__)


def choose_checkpoint(
    store: CheckpointStore,
    parameters: Parameters,
    journal: Journal,
    standings: Mapping[ChainId, Standing],
    told_up_to: BlockNumber | None = None,
) -> Checkpoint | None:
    """The newest checkpoint that holds; `told_up_to` is where the history ends that shall not lack a block, None if
    nobody asks for one. Raises RpcUnavailable, DatabaseFailed, RecordBroken.
    """
    for number, data in store.load():
        try:
            if told_up_to is not None and told_up_to < number:
                raise CheckpointRefused(f"the history that the API shows ends at block {told_up_to}")
            checkpoint = open_checkpoint(data, parameters)
            check_against_chains(checkpoint, journal.entries(number), standings)
        except CheckpointRefused as refused:
            log.warning("block %d: %s", number, refused)
            continue
        log.info("the node goes on from its checkpoint at block %d", number)
        return checkpoint
    return None


def check_against_chains(
    checkpoint: Checkpoint, entries: Sequence[JournalEntry], standings: Mapping[ChainId, Standing]
) -> None:
    """Raise CheckpointRefused unless every chain has the checkpoint's block, and no other one, below what it has, and
    its queues up to there. `entries` are the journal's after it. Raises RpcUnavailable.
    """
    for chain, standing in standings.items():
        name, tip = standing.name, standing.tip()
        above = tip.number - checkpoint.number
        if above < 0:
            raise CheckpointRefused(f"{name} has blocks up to {tip.number} alone: it was reorganised below it")
        if above > len(entries):
            raise CheckpointRefused(f"{name} has block {tip.number}, and the journal does not")
        commitments = [entry.commitment for entry in entries[:above]]
        if b"" in commitments:
            raise CheckpointRefused("the journal's blocks above it are of an older version of this package")
        if fold(checkpoint.record.sync_hash, commitments) != tip.sync_hash:
            raise CheckpointRefused(f"{name} has accepted other blocks")
        for lane in Lane:
            end = checkpoint.queues[lane, chain]
            is_there = standing.count(lane) >= end.count
            found = standing.queue_hash(lane, end.count) if end.count and is_there else end.hash
            if not is_there or found not in (end.hash, ZERO_HASH):
                raise CheckpointRefused(f"{name} has other requests")


def place_of(checkpoint: Checkpoint, chain: ChainId) -> QueuePlace:
    """Where a watcher of a chain begins to read."""
    ends = {lane: checkpoint.queues[lane, chain] for lane in Lane}
    counts = {lane: end.count for lane, end in ends.items()}
    return QueuePlace(checkpoint.l1_blocks[chain], counts, {lane: end.hash for lane, end in ends.items()})

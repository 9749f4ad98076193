"""Keeps checkpoints, so that a restart need not seal the whole history again.

Takes settled blocks, which every chain has executed long ago; copies their state on the thread that calls `Node.step`,
and packs and keeps it on a worker. Never reads a checkpoint: whoever starts a node does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from zklink.node.dispatcher import Dispatcher
from zklink.node.ports import CheckpointStore
from zklink.node.watch import Watch
from zklink.protocol.ids import BlockNumber, ChainId, Lane
from zklink.sequencer.checkpoint import Checkpoint, encode_checkpoint
from zklink.sequencer.sequencer import Sequencer

IDLE_SECONDS: Final = 1.0
WORKER: Final = "checkpoint"


@dataclass
class Checkpointing:
    """One checkpoint every `every` settled blocks."""

    sequencer: Sequencer
    watches: Mapping[ChainId, Watch]
    store: CheckpointStore
    dispatcher: Dispatcher
    every: int

    def __post_init__(self) -> None:
        self.last = self.sequencer.base
        """The block of the last checkpoint."""

    def start(self) -> None:
        """Keep a checkpoint if one is due."""
        if self.sequencer.settled - self.last < self.every or not self.dispatcher.is_free(WORKER):
            return
        checkpoint = self.sequencer.take_checkpoint()
        if checkpoint is not None:
            self.dispatcher.start(WORKER, lambda: self._keep(checkpoint), self._on_kept, IDLE_SECONDS)

    def _keep(self, checkpoint: Checkpoint) -> BlockNumber:
        l1_blocks = {}
        for chain, watch in self.watches.items():
            counts = {lane: checkpoint.queues[lane, chain].count for lane in Lane}
            l1_blocks[chain] = watch.find_place(counts).next_block
        self.store.keep(checkpoint.number, encode_checkpoint(checkpoint.read_from(l1_blocks)))
        return checkpoint.number

    def _on_kept(self, number: BlockNumber) -> bool:
        self.last = number
        return True

"""Seconds of a restart with a long history: everything sealed again, and from a checkpoint.

Takes a preset and a number of operations; gives figures of one run. Two thirds of the blocks are swaps, the others
transfers and withdrawals; nothing is proven, and nothing is asked of a chain. Seconds are processor time of this
process, from a state that nobody has hashed to a sequencer that goes on.
"""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from zklink.bench.synthetic_history import DEPLOYMENT_HASH, TIMESTAMP, build_transfers, renumber
from zklink.bench.workload import build_requests, build_state
from zklink.operations.requests import Request, lane_of
from zklink.operations.signed import Signed
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.protocol.presets import Preset
from zklink.prover.progress import SILENT, Progress
from zklink.sequencer.checkpoint import encode_checkpoint, open_checkpoint
from zklink.sequencer.journal import MemoryJournal
from zklink.sequencer.sealed_block import Parameters
from zklink.sequencer.sequencer import Sequencer

OPERATIONS: Final = 100_000
KEPT_BLOCKS: Final = 64
"""The blocks above a checkpoint, which are sealed again; between two checkpoints lie as many."""

CHAINS: Final = tuple(ChainId(chain) for chain in range(1, 5))


@dataclass(frozen=True, slots=True)
class RestartFigures:
    """One history: how long it takes to seal it again, and with a checkpoint at worst, right before the next one."""

    preset: str
    operations: int
    blocks: int
    whole_seconds: float
    again: int
    checkpoint_bytes: int
    open_seconds: float
    again_seconds: float


def measure_restart(
    preset: Preset, count: int = OPERATIONS, kept: int = KEPT_BLOCKS, progress: Progress = SILENT
) -> RestartFigures:
    """Seal a history of `count` operations, and restart on it in both ways."""
    parameters = Parameters(preset, DEPLOYMENT_HASH, CHAINS[3], CHAINS)
    journal, requests = MemoryJournal(), list[Request]()
    first = Sequencer(parameters, build_state(preset), journal, with_paths=False)
    with progress.step(f"Sealing {count:,} operations", count) as step:
        done = 0
        while done < count:
            sealed = _seal_next(first, requests)
            done += sealed
            step.advance(sealed)
    first.settle(BlockNumber(first.height - 2 * kept))
    checkpoint = first.take_checkpoint()
    assert checkpoint is not None
    data = encode_checkpoint(checkpoint)
    start = time.process_time()
    opened = open_checkpoint(data, parameters)
    open_seconds = time.process_time() - start
    resumed = Sequencer(parameters, build_state(preset), journal, checkpoint=opened)
    behind = [r for r in requests if r.request_id > opened.queues[lane_of(r), r.source].count]
    again_seconds = _seal_again(resumed, behind, progress)
    whole = Sequencer(parameters, build_state(preset), journal)
    whole_seconds = _seal_again(whole, requests, progress)
    assert whole.state.root == resumed.state.root == first.state.root
    return RestartFigures(
        preset=preset.name,
        operations=done,
        blocks=first.height,
        whole_seconds=whole_seconds,
        again=first.height - opened.number,
        checkpoint_bytes=len(data),
        open_seconds=open_seconds,
        again_seconds=again_seconds,
    )


def _seal_next(sequencer: Sequencer, requests: list[Request]) -> int:
    """Seal a full block more; gives the number of its operations."""
    preset = sequencer.parameters.preset
    if (sequencer.height + 1) % 3:
        taken = Counter(request.source for request in requests)
        new = [renumber(request, taken) for request in build_requests(preset.slots)]
        for request in new:
            sequencer.add(request)
        requests += new
    else:
        for operation in build_transfers(sequencer.state, preset.account.ledger):
            if isinstance(operation, Signed):
                sequencer.submit(operation, TIMESTAMP)
    return len(sequencer.seal(TIMESTAMP).items)


def _seal_again(sequencer: Sequencer, requests: Sequence[Request], progress: Progress) -> float:
    """Processor seconds until everything is sealed again."""
    start = time.process_time()
    for request in requests:
        sequencer.add(request)
    with progress.step("Sealing again", sequencer.journal_height - sequencer.height) as step:
        while sequencer.is_replaying:
            sequencer.seal(TIMESTAMP)
            sequencer.settle(BlockNumber(sequencer.height - KEPT_BLOCKS))
            step.advance(1)
    return time.process_time() - start

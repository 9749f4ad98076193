"""How many proofs a node's workers make: one process, two, and two actors of a Ray cluster on the same machine.

Takes a preset; gives figures. Full swap blocks wait in a queue, and each worker takes the next one when it is free. All
workers have opened their circuit before the clock starts. A proof uses every core that is free.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import Final

from zklink.bench.workload import build_block
from zklink.protocol.errors import ToolFailed
from zklink.protocol.ids import Lane
from zklink.protocol.presets import COMPACT, Preset
from zklink.prover.progress import SILENT, Progress
from zklink.service.proving.desk import Made, Task
from zklink.service.proving.engine import ProcessEngine
from zklink.service.proving.ray_engine import RayEngine
from zklink.service.proving.worker import Engine
from zklink.witness.block_inputs import compute_block_inputs

PROOFS: Final = 24
PATIENCE_SECONDS: Final = 120.0
LOCAL_CLUSTER: Final = "local"
ON_RAY: Final = partial(RayEngine, LOCAL_CLUSTER)
WORKERS: Final[Sequence[tuple[str, int, Callable[[], Engine]]]] = (
    ("one process", 1, ProcessEngine),
    ("two processes", 2, ProcessEngine),
    ("one actor on Ray", 1, ON_RAY),
    ("two actors on Ray", 2, ON_RAY),
)


@dataclass(frozen=True, slots=True)
class PoolFigures:
    """`proofs` of full swap blocks by such workers, witness and proof; `longest_seconds` of one from begin to end."""

    workers: str
    proofs: int
    seconds: float
    longest_seconds: float


def measure_pools(preset: Preset = COMPACT, proofs: int = PROOFS, progress: Progress = SILENT) -> list[PoolFigures]:
    """One row for each kind of workers. Raises ExtraMissing without Ray."""
    task = Task(bytes(32), 1, Lane.SWAP, preset.name, PATIENCE_SECONDS, compute_block_inputs(build_block(preset)))
    figures = []
    with progress.step("proofs by processes and on Ray", len(WORKERS)) as step:
        for name, count, open_engine in WORKERS:
            engines = [open_engine() for _ in range(count)]
            try:
                figures.append(_measure(name, engines, task, proofs))
            finally:
                for engine in engines:
                    engine.kill()
            step.advance()
    return figures


def _measure(name: str, engines: Sequence[Engine], task: Task, proofs: int) -> PoolFigures:
    with ThreadPoolExecutor(len(engines)) as threads:
        list(threads.map(lambda engine: _prove(engine, task), engines))
        queue: SimpleQueue[Task] = SimpleQueue()
        for _ in range(proofs):
            queue.put(task)
        start = time.perf_counter()
        taken = list(threads.map(lambda engine: _work(engine, queue), engines))
        return PoolFigures(name, proofs, time.perf_counter() - start, max(seconds for own in taken for seconds in own))


def _work(engine: Engine, queue: SimpleQueue[Task]) -> list[float]:
    """Seconds of each proof, until nothing waits."""
    taken: list[float] = []
    while True:
        try:
            task = queue.get_nowait()
        except Empty:
            return taken
        start = time.perf_counter()
        _prove(engine, task)
        taken.append(time.perf_counter() - start)


def _prove(engine: Engine, task: Task) -> Made:
    engine.begin(task)
    made = engine.wait(PATIENCE_SECONDS)
    if made is None:
        raise ToolFailed("the prover", f"no proof within {PATIENCE_SECONDS:g} s")
    return made

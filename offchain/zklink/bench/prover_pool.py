"""How many proofs a node's workers make: one process, two, and two actors of a Ray cluster on the same machine.

Takes a preset; gives figures. Full blocks of a lane wait in a queue, and each worker takes the next one when it is
free. All workers have opened their circuit before the clock starts. The queue decides how many cores a proof gets
(`choose_plan`). Without Ray its rows are left out.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.util import find_spec
from queue import Empty, SimpleQueue
from typing import Final

from zklink.bench.workload import build_account_block, build_block
from zklink.protocol.errors import ToolFailed
from zklink.protocol.ids import Lane
from zklink.protocol.presets import COMPACT, Preset
from zklink.prover.progress import SILENT, Progress
from zklink.service.proving.core_share import CoreShare
from zklink.service.proving.desk import Made, Task
from zklink.service.proving.engine import ProcessEngine
from zklink.service.proving.ray_engine import RayEngine
from zklink.service.proving.worker import Engine
from zklink.witness.block_inputs import compute_block_inputs

PROOFS: Final = 24
PATIENCE_SECONDS: Final = 120.0
LOCAL_CLUSTER: Final = "local"
Workers = tuple[str, int, Callable[[CoreShare], Engine]]


def list_workers() -> list[Workers]:
    """What is compared: a name, how many, and how one is made."""

    def make_process(share: CoreShare) -> Engine:
        return ProcessEngine(share=share)

    def make_actor(share: CoreShare) -> Engine:
        return RayEngine(LOCAL_CLUSTER, share=share)

    workers: list[Workers] = [("one process", 1, make_process), ("two processes", 2, make_process)]
    if find_spec("ray") is not None:
        workers += [("one actor on Ray", 1, make_actor), ("two actors on Ray", 2, make_actor)]
    return workers


@dataclass(frozen=True, slots=True)
class PoolFigures:
    """`proofs` of full blocks of `slots` by so many such workers, witness and proof; `longest_seconds` of one from
    begin to end, `witness_seconds` and `proof_seconds` of one on average.
    """

    lane: Lane
    slots: int
    workers: str
    count: int
    proofs: int
    seconds: float
    longest_seconds: float
    witness_seconds: float
    proof_seconds: float

    @property
    def rate(self) -> float:
        """Proofs a second."""
        return self.proofs / self.seconds


def measure_pools(preset: Preset = COMPACT, proofs: int = PROOFS, progress: Progress = SILENT) -> list[PoolFigures]:
    """One row for each kind of workers and lane, swap blocks first."""
    account, workers = preset.account, list_workers()
    lanes = (
        (Lane.SWAP, preset.slots, proofs, build_block(preset)),
        (Lane.ACCOUNT, account.ledger + account.pool + account.order, -(-proofs // 3), build_account_block(preset)),
    )
    figures = []
    with progress.step("proofs by processes and on Ray", len(lanes) * len(workers)) as step:
        for lane, slots, number, block in lanes:
            task = Task(bytes(32), 1, lane, preset.name, PATIENCE_SECONDS, compute_block_inputs(block))
            for name, count, make_engine in workers:
                share = CoreShare(count)
                engines = [make_engine(share) for _ in range(count)]
                try:
                    made = _measure(engines, task, number)
                finally:
                    for engine in engines:
                        engine.kill()
                figures.append(PoolFigures(lane, slots, name, count, number, *made))
                step.advance()
    return figures


def _measure(engines: Sequence[Engine], task: Task, proofs: int) -> tuple[float, float, float, float]:
    """Seconds of all, of the longest, and of a witness and a proof on average."""
    with ThreadPoolExecutor(len(engines)) as threads:
        list(threads.map(lambda engine: _prove(engine, task), engines))  # each opens its circuit
        queue: SimpleQueue[Task] = SimpleQueue()
        for _ in range(proofs):
            queue.put(task)
        start = time.perf_counter()
        worked = [item for own in threads.map(lambda engine: _work(engine, queue), engines) for item in own]
        together = time.perf_counter() - start
    longest = max(seconds for seconds, _ in worked)
    witness, proof = (
        sum(seconds) / len(worked)
        for seconds in zip(*((made.witness_seconds, made.proof_seconds) for _, made in worked), strict=True)
    )
    return together, longest, witness, proof


def _work(engine: Engine, queue: SimpleQueue[Task]) -> list[tuple[float, Made]]:
    """Each proof with its seconds, until nothing waits."""
    taken: list[tuple[float, Made]] = []
    while True:
        try:
            task = replace(queue.get_nowait(), waiting=queue.qsize())
        except Empty:
            return taken
        start = time.perf_counter()
        made = _prove(engine, task)
        taken.append((time.perf_counter() - start, made))


def _prove(engine: Engine, task: Task) -> Made:
    engine.begin(task)
    made = engine.wait(PATIENCE_SECONDS)
    if made is None:
        raise ToolFailed("the prover", f"no proof within {PATIENCE_SECONDS:g} s")
    return made

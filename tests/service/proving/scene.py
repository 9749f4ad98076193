"""A pool on real circuits of the smallest preset, whose proofs verify and take milliseconds; and a clock to set."""

from dataclasses import dataclass, field
from functools import lru_cache
from threading import Thread

from tests.sequencer.conftest import PARAMETERS, build_state
from tests.sequencer.requests import make_request
from zklink.node.ports import Proved
from zklink.node.proof_jobs import MemoryProofJobs, ProofJobs
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.ids import Lane
from zklink.protocol.presets import MINIMAL, get_preset
from zklink.prover.circuit_artifacts import CircuitArtifacts, ensure_circuit
from zklink.prover.fixed_proofs import FixedProver
from zklink.prover.port import Prover
from zklink.sequencer.journal import MemoryJournal
from zklink.sequencer.sequencer import Sequencer
from zklink.service.proving.desk import Made, Task
from zklink.service.proving.engine import STATEMENTS
from zklink.service.proving.pool import ProofPool
from zklink.transition.block_frame import LaneBlock

LEASE_SECONDS = 10.0


@lru_cache
def circuit(lane: Lane) -> CircuitArtifacts:
    return ensure_circuit(MINIMAL, statement=STATEMENTS[lane])


def open_fixed(preset: str, lane: Lane) -> Prover:
    """A prover for engines of tests."""
    return FixedProver(ensure_circuit(get_preset(preset), statement=STATEMENTS[lane]))


@lru_cache
def _fixed(lane: Lane) -> FixedProver:
    return FixedProver(circuit(lane))


def prove(task: Task) -> Made:
    """The proof of a task, made here."""
    return Made(tuple(_fixed(task.lane).prove(task.inputs).evm()), 0.1, 0.2)


def seal_blocks(count: int) -> list[LaneBlock]:
    sequencer = Sequencer(PARAMETERS, build_state(), MemoryJournal())
    for number in range(1, count + 1):
        sequencer.add(make_request(1, number))
        sequencer.seal(5_000)
    return [sealed.block for sealed in sequencer.blocks(sequencer.settled)]


@dataclass
class Waiting:
    """Somebody who waits for a proof."""

    pool: ProofPool
    block: LaneBlock
    proved: Proved | None = None
    error: ZkLinkError | None = None
    thread: Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = Thread(target=self._wait, daemon=True)
        before = self.pool.waiting
        self.thread.start()
        while self.pool.waiting == before and self.thread.is_alive():
            self.thread.join(0.001)

    def _wait(self) -> None:
        try:
            self.proved = self.pool.prove(self.block)
        except ZkLinkError as error:
            self.error = error

    def end(self) -> "Waiting":
        self.thread.join(60)
        assert not self.thread.is_alive()
        return self


@dataclass
class Clock:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def open_pool(clock: Clock, jobs: ProofJobs | None = None, has_own: bool = False) -> ProofPool:
    keys = {lane: circuit(lane).vk for lane in Lane}
    return ProofPool(jobs or MemoryProofJobs(), keys, MINIMAL.name, LEASE_SECONDS, clock, has_own)

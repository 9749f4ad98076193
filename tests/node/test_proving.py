"""Proofs and evidence that take their time: several at once, each block once, and nothing of a block that was unsealed
meanwhile.
"""

from dataclasses import dataclass
from threading import Event, Thread
from typing import Any, cast

import pytest

from tests.node.held_workers import HeldWorkers
from tests.node.test_node import CountingGroup, RecordingProver
from tests.sequencer.conftest import CHAINS, PARAMETERS, PRIMARY, build_state
from tests.sequencer.requests import make_request
from zklink.node.dispatcher import Dispatcher
from zklink.node.knowledge import Knowledge
from zklink.node.pacing import BackoffPolicy
from zklink.node.proving import Proving
from zklink.node.reporter import Reporter
from zklink.node.vouching import Vouching
from zklink.protocol.ids import BlockNumber, Lane
from zklink.prover.port import Prover
from zklink.sequencer.journal import MemoryJournal
from zklink.sequencer.lifecycle import GENESIS_COUNTERS
from zklink.sequencer.sequencer import Sequencer
from zklink.service import adapters
from zklink.service.adapters import CircuitProver
from zklink.transition.block_frame import LaneBlock

FIRST = BlockNumber(1)


class Scene:
    """Some sealed blocks, two provers and both groups, whose answers come when the test says so."""

    def __init__(self, blocks: int = 3) -> None:
        self.sequencer = Sequencer(PARAMETERS, build_state(), MemoryJournal())
        for number in range(1, blocks + 1):
            self.sequencer.add(make_request(1, number))
            self.sequencer.seal(5_000)
        self.workers, self.prover = HeldWorkers(), RecordingProver()
        self.known, reporter = Knowledge(CHAINS, PRIMARY), Reporter(lambda: 0.0)
        self.known.take_counters(PRIMARY, GENESIS_COUNTERS)
        dispatcher = Dispatcher(self.workers, lambda: 0.0, BackoffPolicy(), reporter.emit)
        self.proving = Proving(self.sequencer, self.known, self.prover, dispatcher, reporter, slots=2)
        self.validators = CountingGroup()
        groups = cast(Any, (self.validators, CountingGroup()))
        self.vouching = Vouching(self.sequencer, self.known, groups, dispatcher, reporter)

    def step(self, *finished: str) -> None:
        """These jobs end, and free workers get the next ones."""
        for worker in finished:
            self.workers.finish(worker)
        self.workers.collect()
        self.proving.start()
        self.vouching.vouch()

    def reseal(self) -> None:
        """All blocks are given up, and sealed again at a later time."""
        self.sequencer.roll_back(BlockNumber(0))
        self.known.forget_after(BlockNumber(0))
        self.sequencer.seal(6_000)


def test_prove__more_blocks_than_workers__each_block_once_and_the_lowest_first() -> None:
    scene = Scene()
    scene.step()
    assert sorted(scene.workers.held) == ["prove 1", "prove 2", "vouch"]
    scene.step("prove 2")
    assert scene.prover.proven == [2]
    scene.step("prove 1", "prove 2")
    assert (sorted(scene.prover.proven), sorted(scene.known.proofs)) == ([1, 2, 3], [1, 2, 3])
    scene.step()
    assert list(scene.workers.held) == ["vouch"]


def test_prove__block_unsealed_meanwhile__its_proof_counts_for_nothing() -> None:
    scene = Scene(blocks=1)
    scene.step()
    scene.reseal()
    scene.step("prove 1")
    assert scene.known.proofs == {}
    scene.step(*[worker for worker in scene.workers.held if worker.startswith("prove")])
    assert (scene.prover.proven, list(scene.known.proofs)) == ([1, 1], [1])


def test_vouch__block_unsealed_meanwhile__its_evidence_counts_for_nothing() -> None:
    scene = Scene(blocks=1)
    scene.step()
    scene.reseal()
    scene.step("vouch")
    assert scene.known.vouched == {}
    scene.step("vouch")
    assert scene.known.vouched[FIRST].seal == scene.sequencer.record(FIRST).sync_hash


# -- the prover's own order ----------------------------------------------------------------------------------------


@dataclass
class SlowProver:
    """A circuit's prover; each proof waits until the test lets it go."""

    go: dict[str, Event]
    seen: dict[str, Event]
    witnesses: int = 0

    def compute_witness(self, inputs: object) -> bytes:
        self.witnesses += 1
        self._see(f"witness {self.witnesses}")
        return str(self.witnesses).encode()

    def prove_witness(self, witness: bytes) -> "SlowProver":
        self._see(f"proof {witness.decode()}")
        assert self.go[witness.decode()].wait(60)
        return self

    def evm(self) -> list[int]:
        return [0] * 8

    def _see(self, what: str) -> None:
        self.seen[what].set()

    def wait_for(self, what: str) -> None:
        assert self.seen[what].wait(60), what


@pytest.mark.parametrize("proofs_at_once", [1, 2])
def test_prove__several_threads__so_many_proofs_and_the_witness_of_the_next(
    proofs_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapters, "compute_block_inputs", lambda block: block)
    names = [f"{what} {n}" for what in ("witness", "proof") for n in range(1, 4)]
    slow = SlowProver({str(n): Event() for n in range(1, 4)}, {name: Event() for name in names})
    prover = CircuitProver(cast(dict[Lane, Prover], {Lane.SWAP: slow}), proofs_at_once)
    scene = Scene(blocks=1)
    block: LaneBlock = scene.sequencer.block(FIRST).block
    threads = []
    for number in range(1, proofs_at_once + 2):
        threads.append(Thread(target=prover.prove, args=(block,)))
        threads[-1].start()
        slow.wait_for(f"witness {number}")
        if number <= proofs_at_once:
            slow.wait_for(f"proof {number}")
    waiting = f"proof {proofs_at_once + 1}"
    assert not slow.seen[waiting].is_set()
    slow.go["1"].set()
    slow.wait_for(waiting)
    for event in slow.go.values():
        event.set()
    for thread in threads:
        thread.join(60)

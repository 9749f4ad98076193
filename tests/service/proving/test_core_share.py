"""The queue decides between latency and throughput: how many proofs at a time, and on how many cores each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.service.proving.scene import LEASE_SECONDS, Clock, Waiting, open_fixed, open_pool, seal_blocks
from tests.support.tries import tries
from zklink.protocol.ids import Lane
from zklink.protocol.presets import MINIMAL
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.cores import SpreadsOverCores
from zklink.prover.default_prover import SecuredProver
from zklink.prover.fixed_proofs import FixedProver
from zklink.prover.source import Statement
from zklink.service.proving.core_share import CoreShare, Plan, choose_plan
from zklink.service.proving.desk import Task
from zklink.service.proving.engine import prove
from zklink.service.proving.wire import decode_task, encode_task

counts = st.integers(1, 200)
ONE, TWO = seal_blocks(2)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@tries(1_000)
@given(jobs=counts, workers=counts, cores=counts)
def test_choose_plan__any_queue__uses_cores_and_no_more(jobs: int, workers: int, cores: int) -> None:
    plan = choose_plan(jobs, workers, cores)
    assert 1 <= plan.proofs <= min(jobs, workers) and plan.cores_each >= 1
    assert cores - plan.proofs < plan.proofs * plan.cores_each <= cores
    assert choose_plan(1, workers, cores) == choose_plan(jobs, 1, cores) == Plan(1, cores)
    assert choose_plan(cores + jobs, cores + workers, cores) == Plan(cores, 1)
    more = choose_plan(jobs + 1, workers, cores)
    assert more.proofs >= plan.proofs and more.cores_each <= plan.cores_each


def test_core_share__queue_comes_and_goes__all_cores_then_one_then_all() -> None:
    share, (first, second) = CoreShare(workers=2, cores=4), ("first", "second")
    assert share.begin(first, waiting=0) == 4
    assert share.begin(second, waiting=0) == 2
    share.end(first)
    assert share.begin(first, waiting=5) == 2
    share.end(first)
    share.end(second)
    share.end(second)
    assert share.begin(second, waiting=0) == 4
    assert share.begin(second, waiting=1) == 2


def test_core_share__more_begin_than_were_said__each_has_a_core() -> None:
    share = CoreShare(workers=1, cores=2)
    assert [share.begin(number, waiting=9) for number in range(4)] == [2, 1, 1, 1]


def test_lease__others_wait__says_how_many(clock: Clock) -> None:
    pool = open_pool(clock)
    waits = [Waiting(pool, block) for block in (ONE, TWO)]
    first = pool.lease("a")
    second = pool.lease("b")
    assert first is not None and second is not None
    assert (first.waiting, second.waiting) == (1, 0)
    pool.give_up("a", first, "tired")
    again = pool.lease("c")
    assert again is not None and again.waiting == 0
    pool.give_up("c", again, "tired")
    pool.give_up("b", second, "tired")
    last = pool.lease("d")
    assert last is not None and last.waiting == 1
    clock.now += LEASE_SECONDS / 2
    assert pool.beat("d", last)
    clock.now += LEASE_SECONDS * 3 / 4
    other = pool.lease("e")
    assert other is not None and other.waiting == 0
    pool.stop()
    assert all(wait.end().proved is None for wait in waits)


def test_task__over_the_wire__keeps_what_waits() -> None:
    task = Task(bytes(32), 1, Lane.SWAP, "minimal", 1.0, {"a": [1]}, waiting=3)
    assert decode_task(encode_task(task)) == task
    older = {name: value for name, value in encode_task(task).items() if name != "waiting"}
    assert decode_task(older).waiting == 0


class Recorder(FixedProver):
    """Notes the cores that it is told to use."""

    cores = 0

    def use_cores(self, count: int) -> None:
        self.cores = count


def test_prove__a_prover_that_spreads__is_told_its_cores(clock: Clock) -> None:
    first = Recorder(ensure_circuit(MINIMAL, statement=Statement.SWAP))
    prover = SecuredProver(first, lambda: first)
    assert isinstance(prover, SpreadsOverCores) and not isinstance(open_fixed("minimal", Lane.SWAP), SpreadsOverCores)
    pool = open_pool(clock)
    wait = Waiting(pool, ONE)
    task = pool.lease("a")
    assert task is not None
    prove(prover, task.inputs, 3)
    assert first.cores == 3
    pool.stop()
    wait.end()

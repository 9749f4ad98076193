"""The pool: every proof is verified before it is used; who lies, dies or stalls costs a lease, and nothing else."""

from collections.abc import Iterator

import pytest

from tests.service.proving.scene import LEASE_SECONDS, Clock, Waiting, open_pool, prove, seal_blocks
from tests.storage.conftest import Open
from tests.storage.conftest import database as database
from tests.storage.conftest import outage as outage
from tests.storage.conftest import postgresql as postgresql
from tests.storage.conftest import reopen as reopen
from tests.storage.conftest import url as url
from zklink.node.proof_jobs import MemoryProofJobs, ProofJobs, compute_job_id
from zklink.protocol.errors import ProofRefused, ProvingStopped, RecordBroken
from zklink.protocol.ids import BlockNumber
from zklink.prover.proof import Proof, verify
from zklink.service.proving.desk import Made, Task
from zklink.service.proving.pool import STRANGERS_ATTEMPTS, OwnDesk, ProofPool
from zklink.storage.database import Database
from zklink.storage.proof_jobs import SqlProofJobs
from zklink.storage.tables import proof_jobs

BLOCKS = seal_blocks(2)
ONE, TWO = BLOCKS


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "sql"])
def jobs(request: pytest.FixtureRequest) -> ProofJobs:
    if request.param == "memory":
        return MemoryProofJobs()
    return SqlProofJobs(request.getfixturevalue("database"))


@pytest.fixture
def pool(clock: Clock, jobs: ProofJobs) -> Iterator[ProofPool]:
    pool = open_pool(clock, jobs)
    yield pool
    pool.stop()


def take(pool: ProofPool, worker: str) -> Task:
    task = pool.lease(worker)
    assert task is not None
    return task


def spoil(made: Made) -> Made:
    """A proof of something else."""
    return Made((*made.proof[:7], made.proof[7] ^ 1), 0.0, 0.0)


def test_prove__a_worker_comes__its_verified_proof_is_given(pool: ProofPool) -> None:
    waiting = Waiting(pool, ONE)
    task = take(pool, "a")
    assert pool.lease("b") is None
    pool.publish("a", task, prove(task))
    proved = waiting.end().proved
    assert proved is not None and (proved.witness_seconds, proved.proof_seconds) == (0.1, 0.2)
    from tests.service.proving.scene import circuit

    assert verify(circuit(ONE.lane).vk, Proof.from_evm(proved.proof), ONE.inputs.as_tuple())


def test_lease__several_wait__the_lowest_block_first_and_each_once(pool: ProofPool) -> None:
    second, first = Waiting(pool, TWO), Waiting(pool, ONE)
    tasks = [take(pool, name) for name in "ab"]
    assert [task.id for task in tasks] == [compute_job_id(ONE), compute_job_id(TWO)]
    for name, task in zip("ab", tasks, strict=True):
        pool.publish(name, task, prove(task))
    assert None not in (first.end().proved, second.end().proved)


def test_publish__a_lie__refused_and_somebody_else_has_the_job_while_the_liar_rests(
    pool: ProofPool, clock: Clock
) -> None:
    waiting = Waiting(pool, ONE)
    task = take(pool, "liar")
    for lie in (spoil(prove(task)), Made((0,) * 8, 0, 0), Made((1, 2), 0, 0), Made((2**256,) * 8, 0, 0)):
        with pytest.raises(ProofRefused, match="does not verify"):
            pool.publish("liar", task, lie)
    assert pool.lease("liar") is None
    other = take(pool, "honest")
    assert (other.id, other.attempt) == (task.id, 2)
    pool.publish("honest", other, prove(other))
    assert waiting.end().proved is not None
    assert (pool.counts.refused, pool.counts.proven) == (4, 1)
    clock.now += LEASE_SECONDS
    Waiting(pool, TWO)
    assert pool.lease("liar") is not None


def test_publish__proof_of_another_block__refused(pool: ProofPool) -> None:
    Waiting(pool, ONE)
    Waiting(pool, TWO)
    first, second = take(pool, "a"), take(pool, "b")
    with pytest.raises(ProofRefused):
        pool.publish("a", first, prove(second))


def test_lease__worker_dies__another_has_the_job_when_the_lease_has_ended(pool: ProofPool, clock: Clock) -> None:
    waiting = Waiting(pool, ONE)
    take(pool, "dead")
    clock.now += LEASE_SECONDS - 0.01
    assert pool.lease("b") is None
    clock.now += 0.01
    task = take(pool, "b")
    assert (task.attempt, pool.counts.expired) == (2, 1)
    pool.publish("b", task, prove(task))
    assert waiting.end().proved is not None


def test_beat__worker_at_work__keeps_its_job_and_one_that_lost_it_is_told(pool: ProofPool, clock: Clock) -> None:
    Waiting(pool, ONE)
    task = take(pool, "slow")
    for _ in range(3):
        clock.now += LEASE_SECONDS - 1
        assert pool.beat("slow", task)
        assert pool.lease("b") is None
    clock.now += LEASE_SECONDS
    assert take(pool, "b").attempt == 2
    assert not pool.beat("slow", task)


def test_publish__after_the_lease_has_ended__as_good_as_any(pool: ProofPool, clock: Clock) -> None:
    waiting = Waiting(pool, ONE)
    task = take(pool, "late")
    clock.now += LEASE_SECONDS
    other = take(pool, "b")
    pool.publish("late", task, prove(task))
    assert waiting.end().proved is not None
    assert not pool.beat("b", other)
    with pytest.raises(ProofRefused, match="nobody wants"):
        pool.publish("b", other, prove(other))


def test_give_up__worker_cannot__somebody_else_has_it_at_once(pool: ProofPool) -> None:
    Waiting(pool, ONE)
    task = take(pool, "a")
    pool.give_up("stranger", task, "not mine")
    assert pool.lease("b") is None
    pool.give_up("a", task, "no memory")
    assert take(pool, "b").attempt == 2


def test_lease__strangers_have_failed_often__only_own_workers_get_it(clock: Clock, jobs: ProofJobs) -> None:
    pool = open_pool(clock, jobs, has_own=True)
    waiting = Waiting(pool, ONE)
    for number in range(STRANGERS_ATTEMPTS):
        take(pool, f"stall {number}")
        clock.now += LEASE_SECONDS
    assert pool.lease("stall again") is None
    own = OwnDesk(pool)
    task = own.lease("own")
    assert task is not None
    own.publish("own", task, prove(task))
    assert waiting.end().proved is not None


def test_stop__somebody_waits__told_and_the_job_stays(pool: ProofPool, jobs: ProofJobs) -> None:
    waiting = Waiting(pool, ONE)
    pool.stop()
    assert isinstance(waiting.end().error, ProvingStopped)
    assert jobs.want(compute_job_id(ONE), BlockNumber(1), ONE.lane).proof is None


def test_prove__again_after_a_restart__the_kept_proof_is_used(clock: Clock, reopen: Open) -> None:
    pool = open_pool(clock, SqlProofJobs(reopen()))
    waiting = Waiting(pool, ONE)
    task = take(pool, "a")
    pool.publish("a", task, prove(task))
    first = waiting.end().proved
    again = open_pool(clock, SqlProofJobs(reopen()))
    assert again.prove(ONE) == first
    again.forget(BlockNumber(1))
    waiting = Waiting(again, ONE)
    assert again.lease("a") is not None
    again.stop()


def test_prove__kept_proof_that_does_not_verify__made_anew(clock: Clock, jobs: ProofJobs) -> None:
    id = compute_job_id(ONE)
    jobs.want(id, BlockNumber(1), ONE.lane)
    jobs.finish(id, (1, 2, 3, 4, 5, 6, 7, 8), 0.0, 0.0)
    pool = open_pool(clock, jobs)
    waiting = Waiting(pool, ONE)
    task = take(pool, "a")
    pool.publish("a", task, prove(task))
    assert waiting.end().proved is not None


def test_open__clock_was_ahead__leases_of_the_earlier_run_end_soon(clock: Clock, jobs: ProofJobs) -> None:
    ahead = Clock(clock.now + 10**6)
    pool = open_pool(ahead, jobs)
    Waiting(pool, ONE)
    take(pool, "a")
    pool.stop()
    again = open_pool(clock, jobs)
    Waiting(again, ONE)
    clock.now += LEASE_SECONDS
    assert again.lease("b") is not None
    again.stop()


def test_sql__proof_that_is_not_that_of_its_hash__refused(database: Database, clock: Clock) -> None:
    jobs = SqlProofJobs(database)
    jobs.want(bytes(32), BlockNumber(1), ONE.lane)
    jobs.finish(bytes(32), (1,) * 8, 0.0, 0.0)
    with database.transaction() as connection:
        connection.execute(proof_jobs.update().values(proof='["2"]'))
    with pytest.raises(RecordBroken, match="not that of its hash"):
        jobs.want(bytes(32), BlockNumber(1), ONE.lane)


def test_forget__settled_blocks__their_jobs_go_and_later_ones_stay(pool: ProofPool, jobs: ProofJobs) -> None:
    waiting = [Waiting(pool, ONE), Waiting(pool, TWO)]
    for name in "ab":
        task = take(pool, name)
        pool.publish(name, task, prove(task))
    for one in waiting:
        one.end()
    for last in (0, 1, 1):
        pool.forget(BlockNumber(last))
    kept = [jobs.want(compute_job_id(block), block.header.number, block.lane).proof for block in BLOCKS]
    assert (kept[0], kept[1] is None) == (None, False)

"""Provers on a local Ray cluster, which `make test-all` installs: the same pool, the same worker, another engine."""

from collections.abc import Iterator

import pytest

from tests.service.proving.scene import Clock, Waiting, open_fixed, open_pool, seal_blocks
from zklink.protocol.errors import ExtraMissing, ToolFailed
from zklink.service.proving import ray_engine
from zklink.service.proving.desk import Task
from zklink.service.proving.pool import OwnDesk
from zklink.service.proving.ray_engine import RayEngine
from zklink.service.proving.worker import ProofWorker

[ONE] = seal_blocks(1)


def test_engine__ray_not_installed__says_which_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_engine, "ray", None)
    with pytest.raises(ExtraMissing, match="a prover on Ray needs more packages: pip install 'zklink\\[ray\\]'"):
        RayEngine("auto")


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A cluster of two cores on this machine, which ends with the tests."""
    import ray

    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    yield "local"
    ray.shutdown()


@pytest.mark.slow
def test_actor__a_job__proven_and_its_death_costs_the_job_alone(cluster: str) -> None:
    pool, engine = open_pool(Clock()), RayEngine(cluster, open_fixed)
    worker = ProofWorker("a", OwnDesk(pool), engine)
    first = Waiting(pool, ONE)
    assert worker.work()
    assert first.end().proved is not None

    pool.forget(ONE.header.number)
    second = Waiting(pool, ONE)
    engine.kill()
    while second.thread.is_alive():
        worker.work()
    assert second.end().proved is not None
    engine.kill()


@pytest.mark.slow
def test_actor__dies_at_work__the_reason_is_given_and_the_next_task_has_a_new_one(cluster: str) -> None:
    import ray

    engine = RayEngine(cluster, open_fixed)
    task = Task(bytes(32), 1, ONE.lane, "minimal", 1.0, {"odd": 1})
    engine.begin(task)
    ray.kill(engine.actor)
    with pytest.raises(ToolFailed, match="the actor of the prover failed: ActorDiedError"):
        while engine.wait(60.0) is None:
            pass
    engine.begin(task)
    with pytest.raises(ToolFailed, match="the prover failed: WitnessInputInvalid"):
        while engine.wait(60.0) is None:
            pass
    engine.kill()
    assert engine.actor is None


@pytest.mark.slow
@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1", "auto"])
def test_engine__no_such_cluster__is_named(cluster: str, address: str) -> None:
    import ray

    ray.shutdown()
    with pytest.raises(ToolFailed, match=f"the Ray cluster {address} failed: "):
        RayEngine(address)

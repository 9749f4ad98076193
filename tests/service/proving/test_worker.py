"""Workers: one that lies, one whose process is killed, one that loses the node; here and over HTTP."""

import os
import signal
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from tests.service.proving.scene import LEASE_SECONDS, Clock, Waiting, open_fixed, open_pool, prove, seal_blocks
from zklink.protocol.errors import NodeUnreachable, ProofRefused, ToolFailed
from zklink.service.proving import wire
from zklink.service.proving.core_share import CoreShare
from zklink.service.proving.desk import Made, Task
from zklink.service.proving.engine import ProcessEngine
from zklink.service.proving.pool import OwnDesk
from zklink.service.proving.remote import RemoteDesk
from zklink.service.proving.routes import build_routes
from zklink.service.proving.worker import ProofWorker

[ONE] = seal_blocks(1)


@dataclass
class FakeEngine:
    """Gives what a test says: a proof, None (it takes longer), or an error."""

    answers: list[Any] = field(default_factory=list)
    begun: list[Task] = field(default_factory=list)
    killed: int = 0

    def begin(self, task: Task) -> None:
        self.begun.append(task)

    def wait(self, seconds: float) -> Made | None:
        answer = self.answers.pop(0) if self.answers else prove(self.begun[-1])
        if isinstance(answer, Exception):
            raise answer
        found: Made | None = answer
        return found

    def kill(self) -> None:
        self.killed += 1


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_work__nothing_to_do__says_so(clock: Clock) -> None:
    assert not ProofWorker("a", OwnDesk(open_pool(clock)), FakeEngine()).work()


def test_work__engine_takes_long__the_lease_is_kept_and_the_proof_published(clock: Clock) -> None:
    pool = open_pool(clock)
    waiting = Waiting(pool, ONE)
    assert ProofWorker("a", OwnDesk(pool), FakeEngine([None, None])).work()
    assert waiting.end().proved is not None


def test_work__engine_fails__given_up_and_done_by_another(clock: Clock) -> None:
    pool = open_pool(clock)
    waiting = Waiting(pool, ONE)
    assert ProofWorker("a", OwnDesk(pool), FakeEngine([ToolFailed("prover", "out of memory")])).work()
    assert (waiting.proved, pool.counts.given_up) == (None, 1)
    assert ProofWorker("b", OwnDesk(pool), FakeEngine()).work()
    assert waiting.end().proved is not None


@pytest.mark.parametrize("place", ["begin", "wait"])
def test_work__engine_raises_what_is_its_own__job_is_given_up_and_no_core_stays_counted(
    place: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cluster that is gone, inputs that no pipe takes: the worker goes on, and others get its cores."""
    pool, share = open_pool(clock), CoreShare(workers=2, cores=2)
    engine = ProcessEngine(open_fixed, share)

    class Broken:
        def send(self, task: Any) -> None:
            if place == "begin":
                raise RuntimeError("gone")

        def poll(self, seconds: float) -> bool:
            raise RuntimeError("gone")

        def close(self) -> None:
            pass

    monkeypatch.setattr(engine, "_reach", Broken)
    waiting = Waiting(pool, ONE)
    assert ProofWorker("a", OwnDesk(pool), engine).work()
    assert (waiting.proved, pool.counts.given_up, share.begin("other", 0)) == (None, 1, 2)
    pool.stop()


def test_work__job_is_anothers_by_now__dropped(clock: Clock) -> None:
    pool = open_pool(clock)
    waiting = Waiting(pool, ONE)

    class Slow(FakeEngine):
        def wait(self, seconds: float) -> Made | None:
            clock.now += LEASE_SECONDS
            assert pool.lease("b") is not None
            return None

    engine = Slow()
    assert ProofWorker("a", OwnDesk(pool), engine).work()
    assert (engine.killed, waiting.proved) == (1, None)
    pool.stop()


def test_process__real_engine__proves_and_its_death_costs_the_job_alone(clock: Clock) -> None:
    pool, engine = open_pool(clock), ProcessEngine(open_fixed)
    worker = ProofWorker("a", OwnDesk(pool), engine)
    first = Waiting(pool, ONE)
    assert worker.work()
    assert first.end().proved is not None
    pid = engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    pool.forget(ONE.header.number)
    second = Waiting(pool, ONE)
    while pool.counts.given_up == 0 and second.proved is None:
        worker.work()
    worker.work()
    assert second.end().proved is not None
    assert engine.pid not in (None, pid)
    engine.kill()


def test_process__inputs_that_no_witness_fits__the_reason_is_given(clock: Clock) -> None:
    engine = ProcessEngine(open_fixed)
    engine.begin(Task(bytes(32), 1, ONE.lane, "minimal", 1.0, {"odd": 1}))
    with pytest.raises(ToolFailed, match="WitnessInputInvalid"):
        while engine.wait(60.0) is None:
            pass
    engine.kill()


# -- over HTTP -----------------------------------------------------------------------------------------------------


def serve(clock: Clock) -> tuple[Any, TestClient]:
    pool = open_pool(clock)
    return pool, TestClient(Starlette(routes=build_routes(pool)))


def reach(client: TestClient) -> RemoteDesk:
    return RemoteDesk("http://node", transport=client._transport)


def test_remote__a_job__pulled_beaten_and_published(clock: Clock) -> None:
    pool, client = serve(clock)
    waiting, desk = Waiting(pool, ONE), reach(client)
    assert ProofWorker("far", desk, FakeEngine([None])).work()
    assert waiting.end().proved is not None
    assert desk.lease("far") is None


def test_remote__a_lie__refused(clock: Clock) -> None:
    pool, client = serve(clock)
    waiting, desk = Waiting(pool, ONE), reach(client)
    with pytest.raises(ProofRefused, match="does not verify"):
        ProofWorker("far", desk, FakeEngine([Made((1,) * 8, 0.0, 0.0)])).work()
    desk.give_up("far", Task(bytes(32), 1, ONE.lane, "", 0, {}), "nothing")
    assert waiting.proved is None
    pool.stop()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (wire.LEASE, b""),
        (wire.LEASE, b"[]"),
        (wire.LEASE, b'{"worker": ""}'),
        (wire.LEASE, b'{"worker": "' + b"x" * 65 + b'"}'),
        (wire.LEASE, b'{"worker": "a\\nb"}'),
        (wire.BEAT, b'{"worker": "a"}'),
        (wire.BEAT, b'{"worker": "a", "id": "zz", "attempt": 1}'),
        (wire.BEAT, b'{"worker": "a", "id": "' + b"zz" * 32 + b'", "attempt": 1}'),
        (wire.PUBLISH, b'{"worker": "a", "id": "' + b"00" * 32 + b'", "attempt": 1, "proof": ["1"]}'),
        (wire.PUBLISH, b'{"worker": "a", "id": "' + b"00" * 32 + b'", "attempt": 1, "proof": [1,2,3,4,5,6,7,8]}'),
        (wire.PUBLISH, b" " * 20_000),
    ],
)
def test_routes__what_is_no_request__refused_with_what_would_be_right(clock: Clock, path: str, body: bytes) -> None:
    _, client = serve(clock)
    answer = client.post(path, content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_remote__node_away__one_error_and_the_worker_asks_again(clock: Clock) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("connection refused")

    with pytest.raises(NodeUnreachable, match="connection refused"):
        ProofWorker("far", RemoteDesk("http://node", httpx.MockTransport(refuse)), FakeEngine()).work()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"inputs": 7}', "nonsense"])
def test_remote__odd_answer__one_error(clock: Clock, text: str) -> None:
    desk = RemoteDesk("http://node", httpx.MockTransport(lambda request: httpx.Response(200, text=text)))
    with pytest.raises(NodeUnreachable):
        desk.lease("far")
    with pytest.raises(NodeUnreachable):
        desk.beat("far", Task(bytes(32), 1, ONE.lane, "", 0, {}))

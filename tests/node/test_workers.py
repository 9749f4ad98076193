"""Workers: one job at a time in each, results on the caller's thread, failures kept; and the same for both kinds."""

import threading
from collections.abc import Callable, Iterator

import pytest

from zklink.node.workers import InlineWorkers, Outcome, ThreadWorkers, Workers


@pytest.fixture(params=[InlineWorkers, ThreadWorkers])
def workers(request: pytest.FixtureRequest) -> Iterator[Workers]:
    workers: Workers = request.param()
    yield workers
    workers.close()


def collect(workers: Workers, count: int) -> None:
    """Collect until `count` results were handed over; each job of these tests ends by itself."""
    seen = 0
    while seen < count:
        seen += workers.collect()


def test_start__job_ends__its_result_comes_on_the_callers_thread(workers: Workers) -> None:
    results: list[tuple[int, int]] = []
    workers.start("a", lambda: 42, lambda outcome: results.append((outcome.get(), threading.get_ident())))
    assert workers.is_busy("a") and not workers.is_busy("b")
    collect(workers, 1)
    assert results == [(42, threading.get_ident())]
    assert not workers.is_busy("a")


def test_start__job_raises__the_error_is_the_result(workers: Workers) -> None:
    def fail() -> int:
        raise ValueError("broken")

    outcomes: list[Outcome[int]] = []
    workers.start("a", fail, outcomes.append)
    collect(workers, 1)
    with pytest.raises(ValueError, match="broken"):
        outcomes[0].get()


class PanicException(BaseException):
    """What a wheel written in Rust raises: no Exception."""


def test_start__native_code_panics__the_panic_is_the_result(workers: Workers) -> None:
    def panic() -> int:
        raise PanicException("index out of bounds: the len is 25 but the index is 25")

    outcomes: list[Outcome[int]] = []
    workers.start("a", panic, outcomes.append)
    collect(workers, 1)
    assert isinstance(outcomes[0].error, PanicException)
    workers.start("a", lambda: 1, outcomes.append)
    collect(workers, 1)
    assert outcomes[1].get() == 1


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_start__interrupt_in_a_job__passes(workers: Workers, interrupt: type[BaseException]) -> None:
    def stop() -> int:
        raise interrupt

    outcomes: list[Outcome[int]] = []
    with pytest.raises(interrupt):
        workers.start("a", stop, outcomes.append)
        collect(workers, 1)
    assert outcomes == []


def test_collect__a_result_starts_the_next_job__it_waits_for_the_next_collect(workers: Workers) -> None:
    order: list[str] = []

    def again(_: Outcome[None]) -> None:
        order.append("first")
        workers.start("a", lambda: None, lambda _: order.append("second"))

    workers.start("a", lambda: None, again)
    collect(workers, 1)
    assert order == ["first"]
    collect(workers, 1)
    assert order == ["first", "second"]


def test_thread_lanes__two_lanes__run_beside_each_other() -> None:
    workers, barrier = ThreadWorkers(), threading.Barrier(2, timeout=10)
    done: list[str] = []
    job: Callable[[], object] = barrier.wait
    for lane in ("a", "b"):
        workers.start(lane, job, lambda outcome, lane=lane: done.append(lane) if outcome.error is None else None)  # type: ignore[misc]
    collect(workers, 2)
    workers.close()
    assert sorted(done) == ["a", "b"]

"""A process in a copy of the project that judges one mutant after the other, each in a fork of its own.

What every run of tests needs is loaded once: pytest with its plugins, the collected tests, the compiler. A fork plants
the change, ends there if it makes no difference, and runs the tests until one fails. Orders come as lines of JSON,
verdicts go as lines of JSON; the driver is `judge.py`. Started as `python -m zklink.lab.mutation.worker FOLDER BUILD`
with the copy's own PYTHONPATH.
"""

import gc
import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType
from typing import IO, Any, Final

import pytest

from zklink.lab.mutation.entries import is_of
from zklink.lab.mutation.forks import fork
from zklink.lab.mutation.planting import Build, Swap, find_build, find_swap, plant
from zklink.lab.mutation.python_plant import NotLoaded, find_functions
from zklink.lab.mutation.quick_hypothesis import leave_out_shrinking
from zklink.lab.mutation.recording import Recording, list_shared

Order = dict[str, Any]
Answer = dict[str, Any]

ARGUMENTS: Final = ("-q", "-p", "no:cacheprovider", "--no-header", "-p", "no:randomly")


class Worker:
    """A pytest plugin in place of pytest's own loop: it runs tests when it is told to."""

    def __init__(self, folder: Path, build: Build, swap: Swap | None, orders: IO[str], answers: IO[str]) -> None:
        self._folder, self._build, self._orders, self._answers = folder, build, orders, answers
        self._codes: dict[str, bytes] = {}
        self._functions: list[FunctionType] = []
        self._failed: list[str] = []
        self._swap = swap
        self._is_warm = False
        self.was_asked = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note who failed."""
        if report.failed:
            self._failed.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what cannot be collected."""
        if report.failed:
            self._failed.append(report.nodeid)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Answer orders until there are no more."""
        self.was_asked = True
        if self._failed:
            self.tell({"error": f"{self._failed[0]} cannot be collected"})
            return True
        leave_out_shrinking()
        self.tell({"loaded": len(session.items)})
        for line in self._orders:
            order = json.loads(line)
            if "record" in order:
                self.tell(fork(lambda: self._record(session, order["record"]), order["seconds"]))  # noqa: B023
            elif "warm" in order:
                self.tell(self._warm(session, order["warm"]))
            elif "contracts" in order and "tests" not in order:
                self._codes = self._build(order["contracts"])
                self._functions = find_functions(self._folder)
                gc.collect()
                gc.freeze()
                self.tell({"built": len(self._codes)})
            else:
                used = _used_by_forks()
                with self._written(order["texts"]) as before:
                    answer = fork(lambda: self._judge(session, order, before), order["seconds"])  # noqa: B023
                self.tell({**answer, "used": _used_by_forks() - used})
        return True

    def tell(self, answer: Answer) -> None:
        """To the driver."""
        print(json.dumps(answer), file=self._answers, flush=True)

    @contextmanager
    def _written(self, texts: dict[str, str]) -> Iterator[dict[str, str]]:
        """Inside, files read so; gives how they read before."""
        before = {file: (self._folder / file).read_text() for file in texts}
        try:
            for file, text in texts.items():
                (self._folder / file).write_text(text)
            yield before
        finally:
            for file, text in before.items():
                (self._folder / file).write_text(text)

    def _judge(self, session: pytest.Session, order: Order, before: dict[str, str]) -> Answer:
        """In a fork."""
        items = _find(session.items, order["tests"])
        if not items:
            return {"error": f"there is no test in {' '.join(order['tests'])}"}
        code = ""
        if before:
            try:
                texts, contracts = order["texts"], order["contracts"]
                code = plant(self._folder, before, texts, self._build, contracts, self._codes, self._functions)
            except NotLoaded as error:
                return {"error": str(error)}
            except Exception as error:  # the compiler raises classes of its own and of Python
                return {"verdict": "does not compile", "by": type(error).__name__, "code": ""}
            if not code or code in order["seen"]:
                return {"verdict": "same code", "by": order["seen"].get(code, ""), "code": code}
            if self._is_warm and (self._swap is None or not self._swap()):
                session._setupstate.teardown_exact(None)
        seconds = self._run(items)
        if self._failed:
            return {"verdict": "killed", "by": self._failed[0], "code": code}
        return {"verdict": "survived", "by": "", "code": code, "seconds": seconds}

    def _warm(self, session: pytest.Session, names: Sequence[str]) -> Answer:
        """Set up the fixtures of the whole run, if contracts that stand on chains can get other codes."""
        if self._swap is None:
            return {"warm": 0}
        chosen: dict[int, pytest.Item] = {}
        for item in _find(session.items, names):
            for fixture in list_shared(item):
                if fixture.scope == "session" and self._is_ours(fixture.func):
                    chosen.setdefault(id(fixture), item)
        for item in dict.fromkeys(chosen.values()):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=_Later(session))
        if self._failed:
            return {"error": f"a test fails without any mutant: {self._failed[0]}"}
        self._is_warm = True
        gc.collect()
        gc.freeze()
        return {"warm": len(chosen)}

    def _is_ours(self, function: Callable[..., Any]) -> bool:
        return function.__code__.co_filename.startswith(f"{self._folder.resolve()}/")

    def _record(self, session: pytest.Session, order: Order) -> Answer:
        """In a fork: which lines the tests enter."""
        recording = Recording(self._folder, order["modules"], order["contracts"])
        session.config.pluginmanager.register(recording)
        return recording.run(_find(session.items, order["tests"]), self._failed)

    def _run(self, items: Sequence[pytest.Item]) -> dict[str, float]:
        """Until one fails. Gives the seconds of processor that each file's tests took."""
        seconds: dict[str, float] = {}
        for item, following in zip(items, [*items[1:], None], strict=True):
            started = time.process_time()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            file = item.nodeid.partition("::")[0]
            seconds[file] = seconds.get(file, 0.0) + time.process_time() - started
            if self._failed:
                break
        return seconds


def _used_by_forks() -> float:
    """Seconds of the processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class _Later:
    """In place of a next test: what is set up for the whole run stays."""

    def __init__(self, session: pytest.Session) -> None:
        self._session = session

    def listchain(self) -> list[pytest.Session]:
        """As pytest asks a test."""
        return [self._session]


def _find(items: Sequence[pytest.Item], names: Sequence[str]) -> list[pytest.Item]:
    """The tests of these names, or in files and folders of these names, each once."""
    by_name = {item.nodeid: item for item in items}
    found: dict[str, pytest.Item] = {}
    for name in names:
        if name in by_name:
            found[name] = by_name[name]
        else:
            found.update((each, item) for each, item in by_name.items() if is_of(each, name))
    return list(found.values())


def main() -> None:
    """Load the tests that the first order names, then serve."""
    folder, build_name = Path(sys.argv[1]), sys.argv[2]
    orders, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    order = json.loads(orders.readline())
    worker = Worker(folder, find_build(folder, build_name), find_swap(build_name), orders, answers)
    code = pytest.main([*ARGUMENTS, f"--basetemp={order['temporary']}", *order["load"]], plugins=[worker])
    if not worker.was_asked:
        worker.tell({"error": f"pytest does not run: it ends with {code!r}"})


if __name__ == "__main__":
    main()

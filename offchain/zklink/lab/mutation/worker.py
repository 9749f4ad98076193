"""A process in a copy of the project that judges one mutant after the other, each in a fork of its own.

What every run of tests needs is loaded once: pytest with its plugins, the collected tests, the compiler. A fork plants
the change, ends there if it makes no difference, and runs the tests until one fails. Orders come as lines of JSON,
verdicts go as lines of JSON; the driver is `judge.py`. Started as `python -m zklink.lab.mutation.worker FOLDER BUILD`
with the copy's own PYTHONPATH.
"""

import gc
import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType
from typing import IO, Any, Final

import pytest

from zklink.lab.mutation.forks import fork
from zklink.lab.mutation.planting import Build, find_build, plant
from zklink.lab.mutation.python_plant import find_functions
from zklink.lab.mutation.quick_hypothesis import leave_out_shrinking

Order = dict[str, Any]
Answer = dict[str, Any]

ARGUMENTS: Final = ("-q", "-p", "no:cacheprovider", "--no-header", "-p", "no:randomly")


class Worker:
    """A pytest plugin in place of pytest's own loop: it runs tests when it is told to."""

    def __init__(self, folder: Path, build: Build, orders: IO[str], answers: IO[str]) -> None:
        self._folder, self._build, self._orders, self._answers = folder, build, orders, answers
        self._codes: dict[str, bytes] = {}
        self._functions: list[FunctionType] = []
        self._failed: list[str] = []
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
            if "contracts" in order and "stages" not in order:
                self._codes = self._build(order["contracts"])
                self._functions = find_functions(self._folder)
                gc.collect()
                gc.freeze()
                self.tell({"built": len(self._codes)})
            else:
                with self._written(order["texts"]) as before:
                    answer = fork(lambda: self._judge(session, order, before), order["seconds"])  # noqa: B023
                self.tell(answer)
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
        items = _choose(session.items, order["stages"], order["first"])
        if not items:
            return {"error": f"there is no test in {' '.join(map(' '.join, order['stages']))}"}
        code = ""
        if before:
            try:
                texts, contracts = order["texts"], order["contracts"]
                code = plant(self._folder, before, texts, self._build, contracts, self._codes, self._functions)
            except Exception as error:  # the compiler raises classes of its own and of Python
                return {"verdict": "does not compile", "by": type(error).__name__, "code": ""}
            if not code or code in order["seen"]:
                return {"verdict": "same code", "by": order["seen"].get(code, ""), "code": code}
        seconds = self._run(items)
        if self._failed:
            return {"verdict": "killed", "by": self._failed[0], "code": code}
        return {"verdict": "survived", "by": "", "code": code, "seconds": seconds}

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


def _choose(items: Sequence[pytest.Item], stages: Sequence[Sequence[str]], first: Sequence[str]) -> list[pytest.Item]:
    """The tests of all stages in their order, each once, but those before that noticed a mutant nearby."""
    wanted = [test for stage in stages for test in stage]
    chosen = {item.nodeid: item for test in wanted for item in items if _is_of(item.nodeid, test)}
    quick = {name: chosen[name] for name in first if name in chosen}
    return list((quick | chosen).values())


def _is_of(name: str, test: str) -> bool:
    return name == test or name.startswith((f"{test}::", f"{test}/", f"{test}["))


def main() -> None:
    """Load the tests that the first order names, then serve."""
    folder, build_name = Path(sys.argv[1]), sys.argv[2]
    orders, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    order = json.loads(orders.readline())
    worker = Worker(folder, find_build(folder, build_name), orders, answers)
    code = pytest.main([*ARGUMENTS, f"--basetemp={order['temporary']}", *order["load"]], plugins=[worker])
    if not worker.was_asked:
        worker.tell({"error": f"pytest does not run: it ends with {code!r}"})


if __name__ == "__main__":
    main()

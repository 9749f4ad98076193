"""Many generated mutants, each judged by the tests that concern it, in processes that are loaded once.

Takes a project's folder, a plan and mutants; gives findings, which are kept (`findings.py`). A run that was ended goes
on where it was.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

from zklink.lab.errors import MutantUnusable
from zklink.lab.gates.project import read_settings
from zklink.lab.mutation.entries import Entries, KeptEntries
from zklink.lab.mutation.findings import Finding, Findings, list_contracts, list_files
from zklink.lab.mutation.mutants import Mutant, check_inside
from zklink.lab.mutation.plan import Plan, Stages, read_number
from zklink.lab.mutation.run import CACHE, LEFT_OUT, Verdict, environment

WITHOUT_SECONDS: Final = 7_200.0
LEAST_SECONDS: Final = 30.0
"""At least so much of the processor's time each mutant may take, besides three times what its tests take without it."""


class Judge:
    """A project with its plan. `finding` has what is kept, `run` finds the rest."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder, self.plan = folder.resolve(), plan
        self._findings = Findings(self.folder, plan)
        self.used: list[float] = []
        """Seconds of the processor for each mutant that was judged here, without what was done once before."""

    def finding(self, mutant: Mutant) -> Finding | None:
        """What is kept and still holds."""
        return self._findings.get(mutant)

    def run(self, mutants: Sequence[Mutant], workers: int, tell: Callable[[Finding], None]) -> list[Finding]:
        """Find what is not kept, so many at a time. Raises MutantUnusable if the tests fail without any mutant."""
        known = {found.mutant.name for found in self._findings.read(mutants)}
        waiting = [mutant for mutant in mutants if mutant.name not in known]
        users = self._findings.users
        for has_contracts in (True, False):
            some = [mutant for mutant in waiting if bool(users(mutant.changes[0].file)) == has_contracts]
            if some:
                self._run(some, has_contracts, workers, tell)
        return [found for mutant in mutants if (found := self.finding(mutant)) is not None]

    def _run(
        self, mutants: Sequence[Mutant], has_contracts: bool, workers: int, tell: Callable[[Finding], None]
    ) -> None:
        """Mutants of contracts, or of Python; last those for which the fixtures of a whole run may stand already."""
        tests = sorted({test for mutant in mutants for stage in self._stages(mutant) for test in stage})
        for test in tests:
            check_inside(self.folder, test.partition("::")[0], "no mutant")
        with ExitStack() as stack, ThreadPoolExecutor(workers) as pool:
            opened = [stack.enter_context(_open_worker(self.folder, self.plan.build, tests)) for _ in range(workers)]
            entries = self._find_entries(opened[0], tests)
            ready: SimpleQueue[_Worker] = SimpleQueue()
            for worker in opened:
                worker.build(has_contracts)
                ready.put(worker)
            self._check_without(opened[0], tests)
            late = {each.name for each in mutants if has_contracts and entries.is_late(*_place(each))}
            for are_warm in (False, True):
                some = [mutant for mutant in mutants if (mutant.name in late) == are_warm]
                if some and are_warm:
                    for worker in opened:
                        worker.warm(entries.list_cheapest())
                for one in pool.map(lambda mutant: self._find(mutant, entries, ready), some):
                    tell(one)

    def _find(self, mutant: Mutant, entries: Entries, ready: "SimpleQueue[_Worker]") -> Finding:
        worker, (file, line) = ready.get(), _place(mutant)
        try:
            answer = worker.judge(
                mutant,
                {
                    "tests": entries.choose(file, line, self._stages(mutant), self._findings.killers(mutant)),
                    "contracts": self._findings.users(mutant.changes[0].file),
                    "seen": self._findings.codes(mutant),
                    "seconds": self._limit(mutant),
                },
            )
        finally:
            ready.put(worker)
        self.used.append(answer["used"])
        found = Finding(mutant, Verdict(answer["verdict"]), answer["by"], answer["code"])
        self._findings.keep(found)
        return found

    def _limit(self, mutant: Mutant) -> float:
        tests = {test for stage in self._stages(mutant) for test in stage}
        return LEAST_SECONDS + 3 * sum(self._findings.seconds(test) or 0.0 for test in tests)

    def _find_entries(self, worker: "_Worker", tests: Sequence[str]) -> Entries:
        """Which lines the tests enter; what is not kept is recorded."""
        every = [self.folder / file for file in self.plan.files]
        kept = KeptEntries(self.folder / CACHE, [*every, *read_settings(self.folder).sources])
        files = [path for test in tests for path in list_files(self.folder, test)]

        def record(missing: Sequence[Path]) -> Mapping[str, Any]:
            return worker.record([path.relative_to(self.folder).as_posix() for path in missing], self.plan.files)

        return kept.load(files, record)

    def _check_without(self, worker: "_Worker", tests: Sequence[str]) -> None:
        """Run the tests without a mutant that have not been run since they, or the sources, changed."""
        waiting = [test for test in tests if self._findings.seconds(test) is None]
        if waiting:
            seconds = worker.check_without(waiting)
            for test in waiting:
                files = {path.relative_to(self.folder).as_posix() for path in list_files(self.folder, test)}
                self._findings.keep_seconds(test, sum(seconds.get(file, 0.0) for file in files))

    def _stages(self, mutant: Mutant) -> Stages:
        return self.plan.stages[mutant.changes[0].file]


def _place(mutant: Mutant) -> tuple[str, int]:
    """The file and the line that a mutant changes."""
    return mutant.changes[0].file, read_number(mutant)


class _Worker:
    """A process and its copy of the project."""

    def __init__(self, process: "subprocess.Popen[str]", copy: Path) -> None:
        self._process, self._copy = process, copy

    def load(self, tests: Sequence[str]) -> None:
        """Let it load what all its orders need."""
        self.ask({"load": list(tests), "temporary": str(self._copy.parent / "tests")})

    def record(self, tests: Sequence[str], files: Sequence[str]) -> Mapping[str, Any]:
        """Which lines of some files tests enter."""
        modules = [file for file in files if file.endswith(".py")]
        order = {"tests": list(tests), "modules": modules, "contracts": len(modules) < len(files)}
        return self.ask({"record": order, "seconds": WITHOUT_SECONDS})

    def build(self, has_contracts: bool) -> None:
        """Let it build the contracts, if mutants of some are to be judged."""
        copy = self._copy.resolve()
        contracts = [path.relative_to(copy).as_posix() for path in list_contracts(copy)] if has_contracts else []
        self.ask({"contracts": contracts})

    def warm(self, tests: Sequence[str]) -> None:
        """Let it set up the fixtures of a whole run, with the first of these tests that takes each."""
        self.ask({"warm": list(tests)})

    def check_without(self, tests: Sequence[str]) -> dict[str, float]:
        """The seconds that each file's tests take without a mutant. Raises MutantUnusable if one fails."""
        order = {"tests": list(tests), "contracts": [], "texts": {}, "seen": {}}
        answer = self.ask({**order, "seconds": WITHOUT_SECONDS})
        if answer["verdict"] != Verdict.SURVIVED.value:
            raise MutantUnusable("no mutant", f"a test fails without any: {answer['by']}")
        seconds: dict[str, float] = answer["seconds"]
        return seconds

    def judge(self, mutant: Mutant, order: dict[str, Any]) -> dict[str, Any]:
        """Whether the tests notice it."""
        return self.ask({**order, "texts": mutant.texts(self._copy)})

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """What it answers. Raises MutantUnusable for what it cannot do."""
        asked, answers = self._process.stdin, self._process.stdout
        assert asked is not None and answers is not None
        print(json.dumps(order), file=asked, flush=True)
        line = answers.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": "the process that runs the tests has ended"}
        if "error" in answer:
            raise MutantUnusable("no mutant", answer["error"])
        return answer


@contextmanager
def _open_worker(folder: Path, build: str, tests: Sequence[str]) -> Iterator[_Worker]:
    """A process that has loaded the tests."""
    with tempfile.TemporaryDirectory(prefix="lab-mutants-", ignore_cleanup_errors=True) as place:
        copy, temporary = Path(place) / folder.name, Path(place) / "temporary"
        temporary.mkdir()
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
        with subprocess.Popen(
            [sys.executable, "-m", "zklink.lab.mutation.worker", str(copy), build],
            cwd=copy,
            env={**environment(copy), "TMPDIR": str(temporary)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as process:
            worker = _Worker(process, copy)
            try:
                worker.load(tests)
                yield worker
            finally:
                process.kill()

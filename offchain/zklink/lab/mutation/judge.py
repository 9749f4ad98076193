"""Many generated mutants, each judged by the tests that concern it, in processes that are loaded once.

Takes a project's folder, a plan and mutants; gives findings, which are kept (`findings.py`). A run that was ended goes
on where it was.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

from zklink.lab.errors import MutantUnusable
from zklink.lab.mutation.findings import Finding, Findings, list_contracts, list_files
from zklink.lab.mutation.mutants import Mutant
from zklink.lab.mutation.plan import Plan, Stages
from zklink.lab.mutation.run import LEFT_OUT, Verdict, environment

WITHOUT_SECONDS: Final = 7_200.0
LEAST_SECONDS: Final = 30.0
"""At least so much of the processor's time each mutant may take, besides three times what its tests take without it."""


class Judge:
    """A project with its plan. `finding` has what is kept, `run` finds the rest."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder, self.plan = folder.resolve(), plan
        self._findings = Findings(self.folder, plan)

    def finding(self, mutant: Mutant) -> Finding | None:
        """What is kept and still holds."""
        return self._findings.get(mutant)

    def run(self, mutants: Sequence[Mutant], workers: int, tell: Callable[[Finding], None]) -> list[Finding]:
        """Find what is not kept, so many at a time. Raises MutantUnusable if the tests fail without any mutant."""
        known = {found.mutant.name for found in self._findings.read(mutants)}
        waiting = [mutant for mutant in mutants if mutant.name not in known]
        if waiting:
            tests = sorted({test for mutant in waiting for stage in self._stages(mutant) for test in stage})
            contracts = any(self._findings.users(mutant.changes[0].file) for mutant in waiting)
            with ExitStack() as stack, ThreadPoolExecutor(workers) as pool:
                ready: SimpleQueue[_Worker] = SimpleQueue()
                for _ in range(min(workers, len(waiting))):
                    opened = _open_worker(self.folder, self.plan.build, tests, contracts)
                    ready.put(worker := stack.enter_context(opened))
                self._check_without(worker, tests)
                for one in pool.map(lambda mutant: self._find(mutant, ready), waiting):
                    tell(one)
        return [found for mutant in mutants if (found := self.finding(mutant)) is not None]

    def _find(self, mutant: Mutant, ready: "SimpleQueue[_Worker]") -> Finding:
        worker = ready.get()
        try:
            answer = worker.judge(
                mutant,
                {
                    "stages": self._stages(mutant),
                    "contracts": self._findings.users(mutant.changes[0].file),
                    "first": self._findings.killers(mutant),
                    "seen": self._findings.codes(mutant),
                    "seconds": self._limit(mutant),
                },
            )
        finally:
            ready.put(worker)
        found = Finding(mutant, Verdict(answer["verdict"]), answer["by"], answer["code"])
        self._findings.keep(found)
        return found

    def _limit(self, mutant: Mutant) -> float:
        tests = {test for stage in self._stages(mutant) for test in stage}
        return LEAST_SECONDS + 3 * sum(self._findings.seconds(test) or 0.0 for test in tests)

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


class _Worker:
    """A process and its copy of the project."""

    def __init__(self, process: "subprocess.Popen[str]", copy: Path) -> None:
        self._process, self._copy = process, copy

    def load(self, tests: Sequence[str], contracts: Sequence[str]) -> None:
        """Let it load what all its orders need."""
        self.ask({"load": list(tests), "temporary": str(self._copy.parent / "tests")})
        self.ask({"contracts": list(contracts)})

    def check_without(self, tests: Sequence[str]) -> dict[str, float]:
        """The seconds that each file's tests take without a mutant. Raises MutantUnusable if one fails."""
        order = {"stages": [list(tests)], "contracts": [], "texts": {}, "first": [], "seen": {}}
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
def _open_worker(folder: Path, build: str, tests: Sequence[str], has_contracts: bool) -> Iterator[_Worker]:
    """A process; it builds contracts only if mutants of some are to be judged."""
    with tempfile.TemporaryDirectory(prefix="lab-mutants-", ignore_cleanup_errors=True) as place:
        copy, temporary = Path(place) / folder.name, Path(place) / "temporary"
        temporary.mkdir()
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
        contracts = list_contracts(copy) if has_contracts else []
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
                worker.load(tests, [path.relative_to(copy.resolve()).as_posix() for path in contracts])
                yield worker
            finally:
                process.kill()

"""Many generated mutants, each judged by the tests that concern it, in processes that are loaded once.

Takes a project's folder, a plan and mutants; gives findings. What was found is kept in `.lab-mutants/findings.jsonl`,
by the sources that a contract is made of and the change: it holds until these change, or the tests that said it.
A run that was ended goes on where it was.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

from zklink.lab.contracts import list_sources
from zklink.lab.errors import MutantUnusable
from zklink.lab.gates.project import read_settings
from zklink.lab.mutation.mutants import Mutant
from zklink.lab.mutation.plan import Plan, Stages
from zklink.lab.mutation.run import CACHE, LEFT_OUT, Verdict, environment

WITHOUT_SECONDS: Final = 7_200.0
LEAST_SECONDS: Final = 120.0
"""At least so long each mutant may take; otherwise twice as long as all tests without one."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of a mutant; `by` is the test that noticed it."""

    mutant: Mutant
    verdict: Verdict
    by: str = ""


class Judge:
    """A project with its plan. `finding` has what is kept, `run` finds the rest."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder, self.plan = folder.resolve(), plan
        self._kept_in = self.folder / CACHE / "findings.jsonl"
        self._kept = {entry["key"]: entry for entry in _read_lines(self._kept_in)}
        self._lock = threading.Lock()
        contracts = _list_contracts(self.folder)
        imported = {path: frozenset(list_sources(path, read_settings(self.folder).folder)) for path in contracts}
        self._users = {
            file: [path for path in contracts if self.folder / file in imported[path]] for file in plan.files
        }
        self._states = {
            file: _hash(sorted({each for path in users for each in imported[path]}))
            for file, users in self._users.items()
        }

    def finding(self, mutant: Mutant) -> Finding | None:
        """What is kept and still holds."""
        entry = self._kept.get(self._key(mutant))
        if entry is None or entry["tests"] != self._hash_tests(mutant, entry["by"]):
            return None
        return Finding(mutant, Verdict(entry["verdict"]), entry["by"])

    def run(self, mutants: Sequence[Mutant], workers: int, tell: Callable[[Finding], None]) -> list[Finding]:
        """Find what is not kept, so many at a time. Raises MutantUnusable if the tests fail without any mutant."""
        waiting = [mutant for mutant in mutants if self.finding(mutant) is None]
        if waiting:
            tests = sorted({test for mutant in waiting for stage in self._stages(mutant) for test in stage})
            with ExitStack() as stack, ThreadPoolExecutor(workers) as pool:
                ready: SimpleQueue[_Worker] = SimpleQueue()
                for _ in range(min(workers, len(waiting))):
                    ready.put(worker := stack.enter_context(_open_worker(self.folder, self.plan.build, tests)))
                seconds = max(LEAST_SECONDS, 2 * self._check_without(worker, tests))
                for one in pool.map(lambda mutant: self._find(mutant, ready, seconds), waiting):
                    tell(one)
        return [found for mutant in mutants if (found := self.finding(mutant)) is not None]

    def _find(self, mutant: Mutant, ready: "SimpleQueue[_Worker]", seconds: float) -> Finding:
        worker = ready.get()
        try:
            file = mutant.changes[0].file
            contracts = [path.relative_to(self.folder).as_posix() for path in self._users[file]]
            answer = worker.judge(mutant, self._stages(mutant), contracts, seconds)
        finally:
            ready.put(worker)
        found = Finding(mutant, Verdict(answer["verdict"]), answer["by"])
        self._keep(found)
        return found

    def _check_without(self, worker: "_Worker", tests: Sequence[str]) -> float:
        """The same as the worker's, kept while neither sources nor tests change."""
        files = {path for test in tests for path in _list_files(self.folder, test)}
        key = _hash([*read_settings(self.folder).sources, *sorted(files)])
        if key not in self._kept:
            self._write({"key": key, "name": "no mutant", "seconds": worker.check_without(tests)})
        seconds: float = self._kept[key]["seconds"]
        return seconds

    def _stages(self, mutant: Mutant) -> Stages:
        return self.plan.stages[mutant.changes[0].file]

    def _keep(self, found: Finding) -> None:
        entry = {
            "key": self._key(found.mutant),
            "name": found.mutant.name,
            "verdict": found.verdict.value,
            "by": found.by,
            "tests": self._hash_tests(found.mutant, found.by),
        }
        self._write(entry)

    def _write(self, entry: dict[str, Any]) -> None:
        with self._lock:
            self._kept[entry["key"]] = entry
            self._kept_in.parent.mkdir(exist_ok=True)
            with self._kept_in.open("a") as file:
                file.write(f"{json.dumps(entry)}\n")

    def _key(self, mutant: Mutant) -> str:
        state = self._states[mutant.changes[0].file]
        return hashlib.sha256(f"{state} {mutant.changes!r}".encode()).hexdigest()

    def _hash_tests(self, mutant: Mutant, by: str) -> str:
        """Of the file of the test that noticed, or of all that would be asked."""
        if "::" in by:
            return _hash([self.folder / by.partition("::")[0]])
        return _hash(
            sorted(
                {path for stage in self._stages(mutant) for test in stage for path in _list_files(self.folder, test)}
            )
        )


class _Worker:
    """A process and its copy of the project."""

    def __init__(self, process: "subprocess.Popen[str]", copy: Path) -> None:
        self._process, self._copy = process, copy

    def load(self, tests: Sequence[str], contracts: Sequence[str]) -> None:
        """Let it load what all its orders need."""
        self._ask({"load": list(tests), "contracts": list(contracts)})

    def check_without(self, tests: Sequence[str]) -> float:
        """The seconds that all tests take without a mutant. Raises MutantUnusable if one fails."""
        started = time.monotonic()
        answer = self._ask({"stages": [list(tests)], "contracts": [], "texts": {}, "seconds": WITHOUT_SECONDS})
        if answer["verdict"] != Verdict.SURVIVED.value:
            raise MutantUnusable("no mutant", f"a test fails without any: {answer['by']}")
        return time.monotonic() - started

    def judge(self, mutant: Mutant, stages: Stages, contracts: Sequence[str], seconds: float) -> dict[str, Any]:
        """Whether the tests notice it."""
        texts = mutant.texts(self._copy)
        return self._ask({"stages": stages, "contracts": contracts, "texts": texts, "seconds": seconds})

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
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
    with tempfile.TemporaryDirectory(prefix="lab-mutants-") as place:
        copy = Path(place) / folder.name
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
        command = [sys.executable, "-m", "zklink.lab.mutation.worker", str(copy), build]
        pipe = subprocess.PIPE
        with subprocess.Popen(
            command, cwd=copy, env=environment(copy), stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
        ) as process:
            worker = _Worker(process, copy)
            worker.load(tests, [path.relative_to(copy.resolve()).as_posix() for path in _list_contracts(copy)])
            try:
                yield worker
            finally:
                process.kill()


def _list_contracts(folder: Path) -> list[Path]:
    """The sources that are contracts, not modules of one: their names begin with a capital letter."""
    return [path for path in read_settings(folder).sources if path.suffix == ".vy" and path.name[:1].isupper()]


def _list_files(folder: Path, test: str) -> list[Path]:
    path = folder / test.partition("::")[0]
    return sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.is_file() else []


def _hash(files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.name}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _read_lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []

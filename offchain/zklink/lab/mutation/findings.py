"""What was found of a project's generated mutants, kept until it no longer holds.

Takes a project's folder, a plan and findings; gives them again. They stand in `.lab-mutants/findings.jsonl`, by the
sources of which a contract is made, or the module, and the change. *killed* holds until the test that said it changes,
*survived* until any of the tests does that were asked; what makes no other code, or none, asked no test.
"""

import ast
import hashlib
import json
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from zklink.lab.contracts import list_sources
from zklink.lab.gates.project import read_settings
from zklink.lab.mutation.mutants import Mutant
from zklink.lab.mutation.plan import Plan, read_number
from zklink.lab.mutation.run import CACHE, Verdict

KILLERS: Final = 12
"""So many tests are asked before all others: those that noticed mutants nearby."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of a mutant; `by` is the test that noticed it, or the mutant that has the same code."""

    mutant: Mutant
    verdict: Verdict
    by: str = ""
    code: str = ""


class Findings:
    """What is kept of a project's mutants."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self._folder, self._plan = folder, plan
        self._file = folder / CACHE / "findings.jsonl"
        self._kept = {entry["key"]: entry for entry in _read_lines(self._file)}
        self._lock = threading.Lock()
        self._of_files: dict[str, dict[str, Finding]] = {}
        tests = sorted({test for stages in plan.stages.values() for stage in stages for test in stage})
        self._files = {test: list_files(folder, test) for test in tests}
        self._texts = {path: path.read_bytes() for paths in self._files.values() for path in paths}
        """As they are now: a test that changes while mutants are judged has not judged them."""
        root = read_settings(folder)
        contracts = list_contracts(folder)
        imported = {path: frozenset(list_sources(path, root.folder)) for path in contracts}
        self._users = {file: [path for path in contracts if folder / file in imported[path]] for file in plan.files}
        self._states = {
            file: self._hash(sorted({each for path in users for each in imported[path]} or {folder / file}))
            for file, users in self._users.items()
        }

    def users(self, file: str) -> list[str]:
        """The contracts of which a source is a part."""
        return [path.relative_to(self._folder).as_posix() for path in self._users[file]]

    def get(self, mutant: Mutant) -> Finding | None:
        """What is kept and still holds."""
        entry = self._kept.get(self._key(mutant))
        if entry is None:
            return None
        verdict, by = Verdict(entry["verdict"]), entry["by"]
        if entry["tests"] != self._hash_tests(mutant, verdict, by):
            return None
        return Finding(mutant, verdict, by, entry.get("code", ""))

    def keep(self, found: Finding) -> None:
        """Beside what is kept."""
        entry = {
            "key": self._key(found.mutant),
            "name": found.mutant.name,
            "verdict": found.verdict.value,
            "by": found.by,
            "code": found.code,
            "tests": self._hash_tests(found.mutant, found.verdict, found.by),
        }
        self._of_files.setdefault(found.mutant.changes[0].file, {})[found.mutant.name] = found
        self._write(entry)

    def read(self, mutants: Iterable[Mutant]) -> list[Finding]:
        """All that is kept of some mutants."""
        found = [each for mutant in mutants if (each := self.get(mutant)) is not None]
        for each in found:
            self._of_files.setdefault(each.mutant.changes[0].file, {})[each.mutant.name] = each
        return found

    def codes(self, mutant: Mutant) -> dict[str, str]:
        """What has been judged of the same file: a mutant's name by its code."""
        with self._lock:
            found = list(self._of_files.get(mutant.changes[0].file, {}).values())
        judged = (Verdict.KILLED, Verdict.SURVIVED)
        return {each.code: each.mutant.name for each in found if each.code and each.verdict in judged}

    def killers(self, mutant: Mutant) -> list[str]:
        """The tests that noticed mutants of the same file, those of the nearest lines before."""
        with self._lock:
            found = list(self._of_files.get(mutant.changes[0].file, {}).values())
        here = read_number(mutant)
        killed = [each for each in found if each.verdict is Verdict.KILLED and "::" in each.by]
        near = sorted(killed, key=lambda each: abs(read_number(each.mutant) - here))
        often = Counter(each.by for each in killed).most_common()
        return list(dict.fromkeys([*(each.by for each in near[:KILLERS]), *(name for name, _ in often)]))[:KILLERS]

    def seconds(self, test: str) -> float | None:
        """The seconds that a file's tests take without a mutant, if neither sources nor they have changed."""
        entry = self._kept.get(self._key_of(test))
        return None if entry is None else float(entry["seconds"])

    def keep_seconds(self, test: str, seconds: float) -> None:
        """Of a file's tests without a mutant, which all passed."""
        self._write({"key": self._key_of(test), "name": f"no mutant: {test}", "seconds": seconds})

    def _key_of(self, test: str) -> str:
        return self._hash([*read_settings(self._folder).sources, *self._files[test]])

    def _key(self, mutant: Mutant) -> str:
        state = self._states[mutant.changes[0].file]
        return hashlib.sha256(f"{state} {mutant.changes!r}".encode()).hexdigest()

    def _hash_tests(self, mutant: Mutant, verdict: Verdict, by: str) -> str:
        """Of what the verdict was found by: no test, one with what stands around it, or all that are asked."""
        if verdict in (Verdict.UNUSABLE, Verdict.SAME):
            return ""
        file, separator, test = by.partition("::")
        if separator:
            return hash_test(self._texts.get(self._folder / file, b"").decode(), test)
        stages = self._plan.stages[mutant.changes[0].file]
        return self._hash(sorted({path for stage in stages for test in stage for path in self._files[test]}))

    def _hash(self, files: Sequence[Path]) -> str:
        digest = hashlib.sha256()
        for file in files:
            text = self._texts.get(file) or file.read_bytes()
            digest.update(f"{file.name}\0".encode() + text + b"\0")
        return digest.hexdigest()[:16]

    def _write(self, entry: dict[str, Any]) -> None:
        with self._lock:
            self._kept[entry["key"]] = entry
            self._file.parent.mkdir(exist_ok=True)
            with self._file.open("a") as file:
                file.write(f"{json.dumps(entry)}\n")


def hash_test(text: str, test: str) -> str:
    """Of a test, by pytest's name inside its file, and of all that stands in the file and is no other test."""
    tree, wanted = ast.parse(text), test.partition("[")[0].split("::")
    tree.body = list(_leave_out_tests(tree.body, wanted))
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:16]


def _leave_out_tests(body: Sequence[ast.stmt], wanted: Sequence[str]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name == wanted[0] or not node.name.startswith("test"):
                yield node
        elif isinstance(node, ast.ClassDef) and node.name == wanted[0]:
            node.body = list(_leave_out_tests(node.body, wanted[1:] or [""]))
            yield node
        elif not (isinstance(node, ast.ClassDef) and node.name.startswith("Test")):
            yield node


def list_contracts(folder: Path) -> list[Path]:
    """The sources that are contracts, not modules of one: their names begin with a capital letter."""
    return [path for path in read_settings(folder).sources if path.suffix == ".vy" and path.name[:1].isupper()]


def list_files(folder: Path, test: str) -> list[Path]:
    """The files of tests, by pytest's name of them or of their folder."""
    path = folder / test.partition("::")[0]
    return sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.is_file() else []


def _read_lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []

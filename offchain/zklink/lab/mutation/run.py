"""Each mutant in a copy of the project, with its tests: whether they notice it.

Takes a project's folder and mutants; gives verdicts. A verdict is kept, by what the project and the mutant say, so that
only what has changed runs again. The project itself is never touched.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from pathlib import Path
from typing import Final

from zklink.lab.errors import ContractUnusable, MutantUnusable
from zklink.lab.mutation.mutants import Mutant, check_inside

CACHE: Final = ".lab-mutants"
LEFT_OUT: Final = (
    CACHE,
    ".lab-crashes",
    ".git",
    ".venv",
    "venv",
    ".build",
    "__pycache__",
    ".hypothesis",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".import_linter_cache",
    "node_modules",
)
PYTEST: Final = (sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--no-header")
NO_TESTS: Final = 5


class Verdict(Enum):
    """What the tests say to a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    UNUSABLE = "does not compile"
    SAME = "same code"


def run_mutants(
    folder: Path,
    mutants: Sequence[Mutant],
    *,
    workers: int = 1,
    tell: Callable[[Mutant, Verdict], None] = lambda mutant, verdict: None,
) -> dict[str, Verdict]:
    """Run them, so many at a time. Raises MutantUnusable if the tests fail without any mutant, or there are none."""
    cache = folder / CACHE
    cache.mkdir(exist_ok=True)
    state = _hash_project(folder)
    for mutant in mutants:
        for test in mutant.tests:
            check_inside(folder, test.partition("::")[0], mutant.name)
    named = sorted({test for mutant in mutants for test in mutant.tests})
    tests = tuple(named) if all(mutant.tests for mutant in mutants) else ()
    unchanged = Mutant(mutants[0].name if tests else "no mutant", (), tests)
    if _judge(folder, unchanged, cache, state) is not Verdict.SURVIVED:
        raise MutantUnusable("no mutant", "the tests fail without any: mend them first")

    def judge(mutant: Mutant) -> tuple[str, Verdict]:
        verdict = _judge(folder, mutant, cache, state)
        tell(mutant, verdict)
        return mutant.name, verdict

    with ThreadPoolExecutor(workers) as pool:
        return dict(pool.map(judge, mutants))


def _judge(folder: Path, mutant: Mutant, cache: Path, state: str) -> Verdict:
    kept = cache / hashlib.sha256(f"{state} {mutant!r}".encode()).hexdigest()
    if kept.is_file():
        return Verdict(kept.read_text())
    with tempfile.TemporaryDirectory(prefix="lab-mutant-") as place:
        copy = Path(place) / folder.resolve().name
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
        mutant.plant(copy)
        verdict = Verdict.UNUSABLE if not _compiles(copy, mutant) else _run_tests(copy, mutant)
    kept.write_text(verdict.value)
    return verdict


def _run_tests(copy: Path, mutant: Mutant) -> Verdict:
    nodes = [test for test in mutant.tests if ".py" in test]
    words = [test for test in mutant.tests if ".py" not in test]
    chosen = [*nodes, *(["-k", " or ".join(words)] if words else [])]
    done = subprocess.run(
        [*PYTEST, *chosen], cwd=copy, env=environment(copy), capture_output=True, text=True, check=False
    )
    if done.returncode == 1 and not mutant.changes:  # raised, not kept: what was missing can be there the next time
        failed = next((line for line in done.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))), "")
        raise MutantUnusable(mutant.name, f"the tests fail without any: mend them first: {failed}")
    if done.returncode in (0, 1):
        return Verdict.KILLED if done.returncode else Verdict.SURVIVED
    if done.returncode == NO_TESTS:
        raise MutantUnusable(mutant.name, f"no test is called {' or '.join(mutant.tests) or 'anything'}")
    last = (done.stdout + done.stderr).strip().splitlines()[-1:]
    raise MutantUnusable(mutant.name, f"pytest does not run: {' '.join(last)}")


def environment(copy: Path) -> dict[str, str]:
    """For a process in a copy of a project. The copy's own packages come before the project's, which may be installed
    in place, and loaded by a plugin before pytest reads its `pythonpath`.
    """
    file = copy / "pyproject.toml"
    data = tomllib.loads(file.read_text()) if file.is_file() else {}
    folders = data.get("tool", {}).get("pytest", {}).get("ini_options", {}).get("pythonpath", ())
    given = [folders] if isinstance(folders, str) else folders
    paths = [*(str(copy / each) for each in given), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}


def _compiles(copy: Path, mutant: Mutant) -> bool:
    """Whether the changed sources still pass the compiler's analysis."""
    from zklink.lab.gates.compiling import annotate
    from zklink.lab.gates.project import read_settings

    project = read_settings(copy)
    for file in {change.file for change in mutant.changes if change.file.endswith(".vy")}:
        try:
            annotate(project, copy / file, (copy / file).read_text())
        except ContractUnusable:
            return False
    return True


def _hash_project(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        parts = file.relative_to(folder).parts
        if file.is_file() and not any(part in LEFT_OUT for part in parts):
            digest.update(f"{'/'.join(parts)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()

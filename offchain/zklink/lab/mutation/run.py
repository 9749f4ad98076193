"""Each mutant in a copy of the project, with its tests: whether they notice it.

Takes a project's folder and mutants; gives verdicts. A verdict is kept, by what the project and the mutant say, so that
only what has changed runs again. The project itself is never touched.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from pathlib import Path
from typing import Final

from zklink.lab.errors import MutantUnusable
from zklink.lab.mutation.mutants import Mutant

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
    "node_modules",
)
PYTEST: Final = (sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--no-header")
NO_TESTS: Final = 5


class Verdict(Enum):
    """What the tests say to a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    UNUSABLE = "does not compile"


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
    nothing = Mutant("no mutant", ())
    if _judge(folder, nothing, cache, state) is not Verdict.SURVIVED:
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
    chosen = ["-k", " or ".join(mutant.tests)] if mutant.tests else []
    done = subprocess.run([*PYTEST, *chosen], cwd=copy, capture_output=True, text=True, check=False)
    if done.returncode in (0, 1):
        return Verdict.KILLED if done.returncode else Verdict.SURVIVED
    if done.returncode == NO_TESTS:
        raise MutantUnusable(mutant.name, f"no test is called {' or '.join(mutant.tests) or 'anything'}")
    last = (done.stdout + done.stderr).strip().splitlines()[-1:]
    raise MutantUnusable(mutant.name, f"pytest does not run: {' '.join(last)}")


def _compiles(copy: Path, mutant: Mutant) -> bool:
    from vyper.compiler import compile_from_file_input
    from vyper.compiler.input_bundle import FilesystemInputBundle

    # A module is compiled with the contracts that stand beside it.
    for folder in {(copy / change.file).parent for change in mutant.changes if change.file.endswith(".vy")}:
        for file in sorted(folder.glob("*.vy")):
            bundle = FilesystemInputBundle([folder])
            try:
                compile_from_file_input(bundle.load_file(file.name), input_bundle=bundle, output_formats=["abi"])
            except Exception:  # Vyper raises classes of its own and of Python
                return False
    return True


def _hash_project(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        parts = file.relative_to(folder).parts
        if file.is_file() and not any(part in LEFT_OUT for part in parts):
            digest.update(f"{'/'.join(parts)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()

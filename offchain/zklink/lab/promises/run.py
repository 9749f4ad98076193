"""One promise of a project: where it is upheld, whether its tests pass, and whether they notice its seeded bugs.

Takes a project and an id; runs pytest in the project's folder, and its mutants in copies of it.
"""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from zklink.lab.errors import NoSuchPromise, ProjectUnusable
from zklink.lab.gates.project import Project
from zklink.lab.mutation import Mutant, Verdict, run_mutants
from zklink.lab.mutation.run import PYTEST
from zklink.lab.promises.page import Section, list_places, read_sections
from zklink.lab.promises.tags import Tags


@dataclass(frozen=True, slots=True)
class Promise:
    """All that a project has of a promise. `actions`, `tests` and `bugs` are places; of the bugs, `mutants` are those
    in contracts.
    """

    section: Section
    actions: tuple[str, ...]
    tests: tuple[str, ...]
    bugs: tuple[str, ...]
    mutants: tuple[Mutant, ...]

    @property
    def nodes(self) -> list[str]:
        """What pytest runs: the tests, and the files whose tests notice the bugs that are seeded in Python."""
        names = {mutant.name for mutant in self.mutants}
        files = {place.partition("::")[0] for place in self.bugs if place not in names}
        return sorted({*files, *(test for test in self.tests if test.partition("::")[0] not in files)})


def find_promise(project: Project, name: str) -> Promise:
    """A promise by its id. Raises ProjectUnusable without a page, NoSuchPromise."""
    if project.promises is None:
        raise ProjectUnusable(str(project.root), "name a page of promises in pyproject.toml under [tool.zklink.lab]")
    sections = {each.promise: each for each in read_sections((project.root / project.promises).read_text())}
    if name not in sections:
        raise NoSuchPromise(name, tuple(sections))
    tags = Tags(project)
    actions, tests, bugs = (tuple(list_places(each, name)) for each in (tags.actions, tags.tests, tags.bugs))
    mutants = tuple(mutant for mutant in tags.mutants if mutant.promise == name)
    return Promise(sections[name], actions, tests, bugs, mutants)


def run_tests(folder: Path, nodes: Sequence[str]) -> tuple[bool, str]:
    """Whether these tests pass, and pytest's last line."""
    if not nodes:
        return False, "no test upholds it"
    command = [part for part in PYTEST if part != "-x"]
    done = subprocess.run([*command, *nodes], cwd=folder, capture_output=True, text=True, check=False)
    lines = [line for line in (done.stdout + done.stderr).strip().splitlines() if line.strip()]
    return done.returncode == 0, lines[-1] if lines else "pytest says nothing"


def run_seeded(
    project: Project, promise: Promise, *, workers: int, tell: Callable[[Mutant, Verdict], None]
) -> dict[str, Verdict]:
    """What the tests say to the mutants of its contracts. Raises MutantUnusable."""
    return run_mutants(project.root, promise.mutants, workers=workers, tell=tell) if promise.mutants else {}

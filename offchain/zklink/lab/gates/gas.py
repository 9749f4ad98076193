"""Gas of functions against what was accepted: each that has become dearer is told.

Takes a project whose settings name a snapshot; runs its tests on revm, where gas is the same at every run, and compares
the most that each function costs there.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from zklink.lab.errors import ProjectUnusable
from zklink.lab.gates.figures import read_figures
from zklink.lab.gates.finding import Finding
from zklink.lab.gates.project import Project
from zklink.lab.mutation.run import PYTEST

ACCEPT = "to accept: zklink lab check --gate gas --accept"


def measure_gas(project: Project) -> dict[str, int]:
    """The most that each function costs in the project's tests. Raises ProjectUnusable if they do not pass."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "gas.json"
        command = [part for part in PYTEST if part != "-x"]
        paths = project.gas_tests or project.tests
        done = subprocess.run(
            [*command, "--lab-gas-functions", str(file), *paths],
            cwd=project.root, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
            said = lines[-1] if lines else "pytest says nothing"
            raise ProjectUnusable(str(project.root), f"gas is compared of tests that pass; these say: {said}")
        return read_figures(file)


def find_dearer(project: Project) -> Iterator[Finding]:
    """Functions that cost more than was accepted, by more than the tolerance. New ones and cheaper ones pass."""
    if project.gas is None:
        return
    accepted = read_figures(project.root / project.gas)
    if not accepted:
        yield Finding("gas", project.gas, 0, f"no gas was accepted yet; {ACCEPT}")
        return
    for name, gas in sorted(measure_gas(project).items()):
        before = accepted.get(name)
        if before is not None and gas > before * (100 + project.gas_tolerance) / 100:
            percent = (gas - before) / before
            said = f"{name} costs up to {gas:,} gas, {percent:.1%} more than the {before:,} that were accepted"
            yield Finding("gas", project.gas, 0, f"{said}; {ACCEPT}")

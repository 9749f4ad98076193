"""The laboratory beside others: calls of a contract, steps of machines, mutants.

Takes nothing; gives figures, all from one run. Seconds are processor time of this process and of those that it started,
so other work on the machine counts little. titanoboa runs in an environment of its own, which uv makes for it.
"""

import importlib.util
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from zklink.bench.local_chains import MEASURED, per_second
from zklink.devnet.anvil_command import anvil_path
from zklink.lab.accounts import funded_account
from zklink.lab.chain import ChainSpec
from zklink.lab.chains import Backend, open_chains
from zklink.lab.contracts import compile_vyper, deploy
from zklink.lab.faults import Delayed, Forged, Repeated
from zklink.lab.machines import Machine, Run, run_machine
from zklink.lab.mutation import read_mutants, run_mutants
from zklink.lab.new_project import write_project
from zklink.lab.raw_reads import send_unsigned
from zklink.prover.progress import SILENT, Progress

TITANOBOA: Final = "titanoboa==0.2.8"
CALLS: Final = 300
ENGINES: Final[tuple[Backend, ...]] = ("revm", "test")
"""In this process; "test" is py-evm, on which all tests ran before there was revm."""
COUNTER: Final = """# pragma version 0.4.3

count: public(uint256)

@external
def add(amount: uint256):
    self.count += amount
"""
_IN_TITANOBOA: Final = f"""
import json, sys, time
import boa
counter = boa.loads({COUNTER!r})
counter.add(1)
start = time.process_time()
for _ in range({CALLS}):
    counter.add(1)
seconds = time.process_time() - start
assert counter.count() == {CALLS} + 1
json.dump({CALLS} / seconds, sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class LabFigures:
    """`calls` are unsigned calls that change a word, by what runs them; None for what could not be installed.
    `plain_steps_per_second` are, by back end, those of a machine that does what py-evm can do too.
    """

    calls: dict[str, float | None]
    steps_per_second: float
    plain_steps_per_second: dict[Backend, float]
    mutants_per_minute: float


def measure_lab(progress: Progress = SILENT) -> LabFigures:
    """Everything, one after the other."""
    with (
        tempfile.TemporaryDirectory() as place,
        progress.step("Measuring the laboratory", len(MEASURED) + 3) as step,
    ):
        folder = Path(place)
        (folder / "Counter.vy").write_text(COUNTER)
        calls: dict[str, float | None] = {}
        for backend in MEASURED:
            calls[backend] = measure_calls(backend, folder / "Counter.vy")
            step.advance()
        calls["titanoboa"] = _measure_titanoboa(folder)
        step.advance()
        write_project(folder / "bridge")
        machine = _load(folder / "bridge").Solvency
        measure_steps(machine, "revm")  # what is compiled once is no step
        steps = measure_steps(machine, "revm")
        plain = {backend: measure_steps(make_plain(machine), backend) for backend in ENGINES}
        step.advance()
        mutants = _measure_mutants(folder / "bridge")
        step.advance()
        return LabFigures(calls, steps, plain, mutants)


def measure_calls(backend: Any, file: Path) -> float:
    """Calls of the counter in a file per second, each in a block of its own."""
    with open_chains(backend, [ChainSpec("one", 31_337)], anvil_path) as chains:
        chain = chains.by_name("one")
        counter = deploy(chain, compile_vyper(file))
        data = counter.encode_abi("add", [1])
        call = {"from": funded_account(1).address, "to": counter.address, "data": data, "gas": 100_000}
        rate = per_second(chain, CALLS, lambda _: send_unsigned(chain, dict(call)))
        assert counter.functions.count().call() == CALLS
        return rate


def _measure_titanoboa(folder: Path) -> float | None:
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    python = folder / "titanoboa" / "bin" / "python"
    try:
        _call(uv, "venv", "--quiet", "--python", sys.executable, str(folder / "titanoboa"))
        _call(uv, "pip", "install", "--quiet", "--python", str(python), TITANOBOA, "vyper==0.4.3")
        return float(json.loads(_call(str(python), "-c", _IN_TITANOBOA)))
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None


def _call(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def make_plain(machine: type[Machine]) -> type[Machine]:
    """A new project's machine without what py-evm cannot do: chains that reorganise or halt."""
    without = {"reorganise": None, "fault_kinds": (Repeated, Delayed, Forged)}
    return type(f"Plain{machine.__name__}", (machine,), without)


def measure_steps(machine: type[Machine], backend: Backend) -> float:
    """Steps that succeeded, per second of processor time: two chains, a courier, faults, invariants."""
    start = time.process_time()
    done = run_machine(machine, Run(backend, seed=1))
    return done.total() / (time.process_time() - start)


def _load(bridge: Path) -> ModuleType:
    tests = bridge / "tests"
    sys.path.insert(0, str(tests))
    try:
        spec = importlib.util.spec_from_file_location("bench_bridge", tests / "test_bridge.py")
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        sys.path.remove(str(tests))


def _measure_mutants(bridge: Path) -> float:
    """The new project's own mutants, one at a time, each with the tests of its promise."""
    mutants = read_mutants(bridge / "tests" / "mutants.toml")
    before = _children_seconds()
    run_mutants(bridge, mutants)
    return 60 * len(mutants) / (_children_seconds() - before)


def _children_seconds() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime

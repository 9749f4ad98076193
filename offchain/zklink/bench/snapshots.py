"""Figures that are the same at every run: gas of each function, bytes of each contract, constraints of each circuit.

Takes the checkout, gives figures by name, reads and writes them under `snapshots/`, and tells changes. Never gives a
time or another figure that depends on the machine.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from zklink.bench.gas import measure_gas
from zklink.bench.gas_coverage import FUNCTIONS
from zklink.bench.proving import count_account_slots
from zklink.devnet.world import open_world
from zklink.l1.contract_artifacts import CONTRACTS, load_contract
from zklink.l1.deployment.deploy import load_verifiers
from zklink.lab.gates.figures import Change, Figures, read_figures, write_figures
from zklink.protocol.presets import COMPACT, MAIN, MINIMAL
from zklink.prover.build import ensure_compiled
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.fixed_proofs import FixedProver
from zklink.prover.progress import SILENT, Progress
from zklink.prover.source import Statement, circuit_source

FOLDER: Final = CONTRACTS.parent / "snapshots"
_START: Final = 4_000_000_000
"""The time of the chains, UNIX seconds: far enough ahead that no clock of a machine catches up with it."""

_NOT_DEPLOYED: Final = ("modules", "interfaces", "testing")
_CIRCUITS: Final = (
    *((MINIMAL, statement) for statement in Statement),
    (COMPACT, Statement.SWAP),
    (MAIN, Statement.EXIT),
)
"""Those that are compiled within a minute; docs/performance.md has the others."""


def measure_code_sizes(progress: Progress = SILENT) -> dict[str, int]:
    """Bytes of each deployable contract on a chain, and of the code that creates it."""
    sizes: dict[str, int] = {}
    with progress.step("Compiling the contracts"):
        for path in CONTRACTS.rglob("*.vy"):
            if path.relative_to(CONTRACTS).parts[0] not in _NOT_DEPLOYED:
                artifact = load_contract(path.stem)
                sizes[path.stem] = artifact.code_size
                sizes[f"{path.stem}, creation"] = len(artifact.bytecode)
    return sizes


def measure_constraints(progress: Progress = SILENT) -> dict[str, int]:
    """Constraints of whole circuits, and of each slot of an account block at the depth of `main`."""
    counts = {
        f"{preset.name} {statement}": ensure_compiled(circuit_source(statement, preset), progress).constraints
        for preset, statement in _CIRCUITS
    }
    return counts | {f"main, one {name} slot": cost for name, cost in count_account_slots(MAIN, progress).items()}


def measure_fixed_gas(progress: Progress = SILENT) -> dict[str, int]:
    """Gas by figure, on in-process chains whose clocks and proofs are the same at every run. Some 20 seconds.

    Blocks are as large as those of `main`, the verifiers are those of `minimal`: only their keys' numbers are others.
    """
    provers = {statement: FixedProver(ensure_circuit(MINIMAL, progress, statement)) for statement in Statement}
    with progress.step("Measuring gas on four in-process chains"), open_world("revm") as world:
        for chain in world:
            chain.advance_time(_START - chain.client.head().timestamp)
        return measure_gas(world, MAIN, provers, load_verifiers(MINIMAL))


def measure_gas_by_function(progress: Progress = SILENT) -> dict[str, int]:
    """The same with the function in each name; names of reads and creations have theirs already."""
    functions = {name: function for function, names in FUNCTIONS.items() for name in names}
    figures = measure_fixed_gas(progress)
    return {f"{functions[name]}: {name}" if name in functions else name: gas for name, gas in figures.items()}


PARTS: Final[Mapping[str, Callable[[Progress], dict[str, int]]]] = {
    "code_size": measure_code_sizes,
    "constraints": measure_constraints,
    "gas": measure_gas_by_function,
}
"""The measurement of each part, by the name of its file."""


def read_snapshot(part: str, folder: Path = FOLDER) -> dict[str, int]:
    """The committed figures; none if there is no file yet."""
    return read_figures(folder / f"{part}.json")


def write_snapshot(part: str, figures: Figures, folder: Path = FOLDER) -> None:
    """Accept figures: one line each, by name."""
    write_figures(folder / f"{part}.json", figures)


def describe_changes(part: str, changes: list[Change]) -> str:
    """The changes, one a line, and the command that accepts them; empty if there are none."""
    if not changes:
        return ""
    lines = "\n".join(f"  {change}" for change in changes)
    return f"{part} is not what snapshots/{part}.json says:\n{lines}\nto accept: make snapshots ARGS={part}"

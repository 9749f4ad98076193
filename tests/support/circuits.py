"""Circuits for the tests: compiled, with calculator, constraint system and names, and mutants of them.

Takes a preset or any template of `offchain/circuits`; gives the circuit from the product's own build step and cache. A
mutant is a copy of the sources with a few texts replaced, so that what it lacks can be read off its definition.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path

from tests.support.r1cs import Checker, Symbols, read_values
from zklink.protocol.presets import AccountSlots, Preset
from zklink.prover.build import OPTIMIZED, PLAIN, CompiledCircuit, ensure_compiled
from zklink.prover.cache import compute_content_hash, ensure_entry, project_root
from zklink.prover.source import CircuitSource, account_block_source, swap_block_source
from zklink.prover.witness_calculator import CircuitInputs, WitnessCalculator

CIRCUITS = project_root() / "offchain" / "circuits"
TINY = Preset(
    "tiny",
    slots=2,
    token_rows=3,
    pool_rows=2,
    token_depth=1,
    account_depth=1,
    order_depth=1,
    account=AccountSlots(ledger=2, pool=1, order=1, token_rows=3, pool_rows=1),
)
"""The smallest block on which every attack can be staged: tokens 0 to 3, two slots. Same templates as every preset."""


@dataclass(frozen=True)
class Mutation:
    """What a mutant reads differently: (file, text that occurs once, replacement)."""

    name: str
    edits: tuple[tuple[str, str, str], ...]

    def write_sources(self) -> Path:
        """A copy of the circuits with the edits made."""
        texts = {path.relative_to(CIRCUITS).as_posix(): path.read_text() for path in sorted(CIRCUITS.rglob("*.circom"))}
        for file, old, new in self.edits:
            assert texts[file].count(old) == 1, f"{self.name}: {old!r} occurs {texts[file].count(old)} times in {file}"
            texts[file] = texts[file].replace(old, new)

        def make(directory: Path) -> None:
            shutil.copytree(CIRCUITS, directory, dirs_exist_ok=True)
            for file, text in texts.items():
                (directory / file).write_text(text)

        return ensure_entry("mutants", compute_content_hash(*texts, *texts.values()), make)


@dataclass(frozen=True)
class Circuit:
    """A compiled circuit and everything a test asks of it."""

    compiled: CompiledCircuit

    @cached_property
    def calculator(self) -> WitnessCalculator:
        return WitnessCalculator(self.compiled)

    @cached_property
    def checker(self) -> Checker:
        return Checker(self.compiled.r1cs)

    @cached_property
    def symbols(self) -> Symbols:
        return Symbols.read(self.compiled.symbols)

    def compute(self, inputs: CircuitInputs) -> list[int]:
        """All wires. Raises WitnessUnsatisfied."""
        return read_values(self.calculator.compute(inputs))

    def name(self, values: list[int]) -> dict[str, int]:
        """The wires' values by signal."""
        return {name: values[wire] for name, wire in self.symbols.wires.items()}

    def arrange(self, named: Mapping[str, int]) -> list[int]:
        """A witness vector from values by signal, however they were come by."""
        values = [1] + [0] * (self.checker.wire_count - 1)
        for name, wire in self.symbols.wires.items():
            values[wire] = named[name]
        return values

    def signals_of(self, rows: list[int]) -> set[str]:
        """The signals in these rows."""
        names = self.symbols.names()
        return {names[wire] for row in rows for wire in self.checker.wires_of(row)}


@cache
def open_swap_block(preset: Preset, level: str = OPTIMIZED, mutation: Mutation | None = None) -> Circuit:
    """The swap block of a preset, or a mutant of it."""
    source = swap_block_source(preset)
    if mutation is not None:
        source = replace(source, name=f"{source.name}_{mutation.name}", directory=mutation.write_sources())
    return Circuit(ensure_compiled(source, level=level))


@cache
def open_account_block(preset: Preset) -> Circuit:
    """The account block of a preset."""
    return Circuit(ensure_compiled(account_block_source(preset)))


@cache
def open_gadget(entry: str, template: str, *arguments: int, mutation: Mutation | None = None) -> Circuit:
    """One template on its own, or a mutant of it, unoptimized: every signal keeps its name."""
    name = "_".join(["gadget", template.lower(), *map(str, arguments)])
    directory = CIRCUITS
    if mutation is not None:
        name, directory = f"{name}_{mutation.name}", mutation.write_sources()
    return Circuit(ensure_compiled(CircuitSource(name, directory, entry, template, arguments, ()), level=PLAIN))

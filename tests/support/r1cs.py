"""Checks witnesses against a constraint system in plain Python, and looks for wires that nothing pins down.

Takes `.r1cs` and `.sym` files and witness vectors; gives violated rows. It shares no code with circom's calculator, so
a witness that circom would never make can be put to the test.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from zklink.primitives.field import R
from zklink.prover.r1cs import read_r1cs
from zklink.prover.witness_calculator import Witness

_ANONYMOUS = re.compile(r"^([A-Za-z]\w*?)_(\d+)_(\d+)((?:\[\d+\])*)$")
Entries = list[tuple[int, int]]


def read_values(witness: Witness) -> list[int]:
    """The witness as numbers."""
    data = witness.data
    return [int.from_bytes(data[start : start + 32], "little") for start in range(0, len(data), 32)]


@dataclass(frozen=True)
class Symbols:
    """Signal names and their wires. Eliminated signals have no wire."""

    wires: Mapping[str, int]

    @classmethod
    def read(cls, path: Path) -> "Symbols":
        """Reads a `.sym` file.

        Circom names an anonymous component by its line and offset in the file; here it is numbered among those of its
        template in its parent, so that names survive an edit of the text."""
        rows = [line.split(",", 3) for line in path.read_text().splitlines()]
        components: set[str] = set()
        for _, _, _, name in rows:
            while (name := name.rpartition(".")[0]) and name not in components:
                components.add(name)
        places: dict[tuple[str, str], set[tuple[int, int]]] = defaultdict(set)
        for component in components:
            parent, _, own = component.rpartition(".")
            if found := _ANONYMOUS.match(own):
                places[parent, found[1]].add((int(found[2]), int(found[3])))

        @cache
        def rename(component: str) -> str:
            parent, _, own = component.rpartition(".")
            if found := _ANONYMOUS.match(own):
                number = sorted(places[parent, found[1]]).index((int(found[2]), int(found[3])))
                own = f"{found[1]}#{number}{found[4]}"
            return f"{rename(parent)}.{own}" if parent else own

        wires: dict[str, int] = {}
        for _, wire, _, name in rows:
            if int(wire) >= 0:
                component, _, signal = name.rpartition(".")
                wires[f"{rename(component)}.{signal}"] = int(wire)
        return cls(wires)

    def names(self) -> dict[int, str]:
        """Wire to (one) name."""
        return {wire: name for name, wire in self.wires.items()}


class Checker:
    """The rows a . x * b . x = c . x of one circuit."""

    def __init__(self, path: Path) -> None:
        system = read_r1cs(path)
        self.wire_count, self.public_count, self.row_count = (
            system.wire_count,
            system.public_count,
            system.constraint_count,
        )
        self._entries = tuple(
            list(
                zip(
                    matrix.rows.tolist(),
                    matrix.wires.tolist(),
                    [system.values[index] for index in matrix.value_ids.tolist()],
                    strict=True,
                )
            )
            for matrix in (system.a, system.b, system.c)
        )

    @cached_property
    def _by_wire(self) -> list[dict[int, list[int]]]:
        by_wire: list[dict[int, list[int]]] = [{} for _ in range(self.wire_count)]
        for side, entries in enumerate(self._entries):
            for row, wire, value in entries:
                sides = by_wire[wire].setdefault(row, [0, 0, 0])
                sides[side] = (sides[side] + value) % R
        return by_wire

    def sums(self, values: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
        """a . x, b . x and c . x of every row."""
        assert len(values) == self.wire_count and values[0] == 1
        result = []
        for entries in self._entries:
            sums = [0] * self.row_count
            for row, wire, value in entries:
                sums[row] += value * values[wire]
            result.append([total % R for total in sums])
        a, b, c = result
        return a, b, c

    def find_violations(self, values: Sequence[int]) -> list[int]:
        """The rows that do not hold."""
        return [row for row, (a, b, c) in enumerate(zip(*self.sums(values), strict=True)) if (a * b - c) % R]

    def list_rows(self) -> list[tuple[Entries, Entries, Entries]]:
        """Per row, the wires and coefficients of a, b and c."""
        rows: list[tuple[Entries, Entries, Entries]] = [([], [], []) for _ in range(self.row_count)]
        for side, entries in enumerate(self._entries):
            for row, wire, value in entries:
                rows[row][side].append((wire, value))
        return rows

    def wires_of(self, row: int) -> set[int]:
        """The wires in a row, without the constant one."""
        return {wire for entries in self._entries for r, wire, _ in entries if r == row and wire}

    def without(self, rows: Collection[int]) -> "Checker":
        """The system that lacks these rows."""
        twin = Checker.__new__(Checker)
        twin.wire_count, twin.public_count, twin.row_count = self.wire_count, self.public_count, self.row_count
        twin._entries = tuple([entry for entry in entries if entry[0] not in rows] for entries in self._entries)
        return twin

    def assign(self, values: Sequence[int]) -> "Assignment":
        """A satisfying witness, to be tampered with."""
        return Assignment(self, list(values))

    def rows_of(self, wire: int) -> Mapping[int, Sequence[int]]:
        """Per row, the wire's coefficients in a, b and c."""
        return self._by_wire[wire]


class Assignment:
    """A satisfying witness with its row sums, so that a change costs only the rows it touches."""

    def __init__(self, checker: Checker, values: list[int]) -> None:
        self.checker, self.values = checker, values
        self._a, self._b, self._c = checker.sums(values)
        broken = [row for row, (a, b, c) in enumerate(zip(self._a, self._b, self._c, strict=True)) if (a * b - c) % R]
        assert not broken, f"rows {broken[:10]} are violated before anything is changed"

    def violated_by(self, changes: Mapping[int, int]) -> set[int]:
        """The rows that break when these wires take these values."""
        deltas: dict[int, list[int]] = {}
        for wire, value in changes.items():
            for row, coefficients in self.checker.rows_of(wire).items():
                sums = deltas.setdefault(row, [0, 0, 0])
                for side in range(3):
                    sums[side] += coefficients[side] * (value - self.values[wire])
        return {
            row for row, (a, b, c) in deltas.items() if ((self._a[row] + a) * (self._b[row] + b) - self._c[row] - c) % R
        }

    def other_values(self, wire: int) -> set[int] | None:
        """The other values that the wire alone could take: none if it is pinned down, None if no row minds.

        A row is a polynomial of degree at most 2 in one wire with one root known, so it allows at most one other."""
        allowed: set[int] | None = None
        for row, (a, b, c) in self.checker.rows_of(wire).items():
            square = a * b % R
            slope = (a * self._b[row] + b * self._a[row] - c) % R
            if square:
                step = -slope * pow(square, -1, R) % R
                other = {(self.values[wire] + step) % R} if step else set()
                allowed = other if allowed is None else allowed & other
            elif slope:
                allowed = set()
            if allowed is not None and not allowed:
                return allowed
        return allowed

    def find_loose_wires(self, wires: Iterable[int] | None = None) -> list[int]:
        """The wires that could take another value while all others stay."""
        chosen = range(1, self.checker.wire_count) if wires is None else wires
        return [wire for wire in chosen if self.other_values(wire) != set()]

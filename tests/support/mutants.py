"""Seeded bugs in the contracts: each promise's own way of being broken, and the test that must notice.

A mutant (tests/properties/mutants.toml) replaces a text that must occur exactly once in its file;
`tests/properties/test_mutants.py` applies each one and runs its test, which must fail; it passes on the original.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.support.compile_vyper import Replacements
from zklink.l1.contract_artifacts import CONTRACTS

TABLE = Path(__file__).resolve().parents[1] / "properties" / "mutants.toml"


class StaleMutant(AssertionError):
    """The text that a mutant replaces is not there any more, or not only once."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A bug in a contract. `caught_by` is `file::Class::test` (or `file::test`) under tests/properties."""

    name: str
    promise: str
    file: str
    old: str
    new: str
    caught_by: str

    def replacements(self) -> Replacements:
        """The mutated file; StaleMutant if the text is not there."""
        path = CONTRACTS / self.file
        text = path.read_text()
        if text.count(self.old) != 1 or self.old == self.new:
            raise StaleMutant(f"{self.name}: {self.file} has {text.count(self.old)} times {self.old!r}")
        return ((path, text.replace(self.old, self.new)),)


MUTANTS = tuple(Mutant(**entry) for entry in tomllib.loads(TABLE.read_text())["mutant"])

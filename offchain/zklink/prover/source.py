"""The sources of a circuit: an entry file, a template with its arguments, public inputs, and every file it includes.

Takes a statement and a preset, gives the sources; their hash names the compiled circuit in the cache. Never compiles.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from zklink.protocol.errors import CircuitSourceInvalid
from zklink.protocol.presets import Preset
from zklink.prover.cache import compute_content_hash, project_root

CIRCOM_PRAGMA = "pragma circom 2.2.0;"
_CIRCUITS = project_root() / "offchain" / "circuits"
_BLOCK_PUBLICS = ("commitment", "z", "lambda", "y")
_INCLUDE = re.compile(r'^\s*include\s+"([^"]+)"\s*;', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class CircuitSource:
    """A circuit to compile.

    `name` names files and folders, `directory` is the root that `entry` and its includes are relative to, `arguments`
    are the template's, `publics` the public input signals in the order of the template's inputs.
    """

    name: str
    directory: Path
    entry: str
    template: str
    arguments: tuple[int, ...]
    publics: tuple[str, ...]

    def render_main(self, include: str) -> str:
        """The main file that instantiates the template."""
        arguments = ", ".join(str(argument) for argument in self.arguments)
        publics = f" {{public [{', '.join(self.publics)}]}}" if self.publics else ""
        return f'{CIRCOM_PRAGMA}\n\ninclude "{include}";\n\ncomponent main{publics} = {self.template}({arguments});\n'

    def collect_files(self, library: Path) -> dict[str, Path]:
        """Every file of the circuit: its name below `circuits/` or `circomlib/` and where it is.

        Raises CircuitSourceInvalid if an include is found in neither place.
        """
        found: dict[str, Path] = {}
        waiting = [self.directory / self.entry]
        while waiting:
            path = waiting.pop().resolve()
            name = self._name_of(path, library)
            if name in found:
                continue
            found[name] = path
            for include in _INCLUDE.findall(path.read_text()):
                near = path.parent / include
                waiting.append(near if near.is_file() else self._find(include, library, path))
        return dict(sorted(found.items()))

    def compute_hash(self, library: Path, compiler: str) -> str:
        """The cache key: sources, library, compiler and preset."""
        files = self.collect_files(library)
        parts: list[bytes | str] = [compiler, self.render_main(self.entry)]
        for name, path in files.items():
            parts += [name, path.read_bytes()]
        return compute_content_hash(*parts)

    def _name_of(self, path: Path, library: Path) -> str:
        for root, folder in ((self.directory.resolve(), "circuits"), (library.resolve(), "circomlib")):
            if path.is_relative_to(root):
                return f"{folder}/{path.relative_to(root).as_posix()}"
        raise CircuitSourceInvalid(self.name, f"{path.name} lies outside the circuit and circomlib")

    def _find(self, include: str, library: Path, included_by: Path) -> Path:
        for root in (self.directory, library):
            if (root / include).is_file():
                return root / include
        raise CircuitSourceInvalid(self.name, f"{included_by.name} includes {include}, which is missing")


class Statement(StrEnum):
    """The statements that a deployment proves: the blocks of both lanes, and exits in exodus."""

    SWAP = "swap"
    ACCOUNT = "account"
    EXIT = "exit"


def circuit_source(statement: Statement, preset: Preset) -> CircuitSource:
    """The circuit of a statement at the sizes of a preset."""
    sources = {Statement.SWAP: swap_block_source, Statement.ACCOUNT: account_block_source, Statement.EXIT: exit_source}
    return sources[statement](preset)


def swap_block_source(preset: Preset) -> CircuitSource:
    """The swap block of a preset."""
    return CircuitSource(
        name=f"swap_block_{preset.name}",
        directory=_CIRCUITS,
        entry="swap_block.circom",
        template="SwapBlock",
        arguments=(preset.slots, preset.token_rows, preset.pool_rows, preset.token_depth),
        publics=_BLOCK_PUBLICS,
    )


def account_block_source(preset: Preset) -> CircuitSource:
    """The account block of a preset."""
    sizes = preset.account
    slots = (sizes.ledger, sizes.pool, sizes.order)
    depths = (preset.token_depth, preset.account_depth, preset.order_depth)
    return CircuitSource(
        name=f"account_block_{preset.name}",
        directory=_CIRCUITS,
        entry="account_block.circom",
        template="AccountBlock",
        arguments=(*slots, sizes.token_rows, sizes.pool_rows, *depths),
        publics=_BLOCK_PUBLICS,
    )


def exit_source(preset: Preset) -> CircuitSource:
    """The exit, named after the depths of its trees: presets with the same trees share one circuit and one key."""
    depths = (preset.token_depth, preset.account_depth)
    return CircuitSource(
        name=f"exit_{depths[0]}_{depths[1]}",
        directory=_CIRCUITS,
        entry="exit.circom",
        template="Exit",
        arguments=depths,
        publics=("domain", "root", "x0", "recipient_lo", "x1"),
    )

"""A Vyper project as the gates see it: where its contracts and tests stand, and what it asks of them.

Takes a folder; reads `[tool.zklink.lab]` of its pyproject.toml, if there is one. Never writes.
"""

import tomllib
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self

from zklink.lab.errors import ProjectUnusable

CODE_LIMIT: Final = 24_576
"""Bytes of code that a chain allows (EIP-170)."""

REASON_LIMIT: Final = 32
SUFFIXES: Final = (".vy", ".vyi")


@dataclass(frozen=True)
class Project:
    """Folders and files are named as the project names them: below `root`; those of `helpers` and `generated` below
    `contracts`.
    """

    root: Path
    contracts: str = "contracts"
    tests: tuple[str, ...] = ("tests",)
    """Folders of Python files."""

    reason_tests: tuple[str, ...] = ()
    """Folders of tests where each reason of a revert must be named; all by default."""

    helpers: tuple[str, ...] = ()
    """Folders of contracts for tests alone: only the compiler's flaws, bytes and pragmas are looked at."""

    generated: tuple[str, ...] = ()
    """Folders of contracts that a program writes: the same, and their sizes."""

    evm_version: str | None = None
    code_limit: int = CODE_LIMIT
    """Bytes of code and immutables that a contract may have."""

    reason_limit: int = REASON_LIMIT
    """Bytes of a revert's reason."""

    deployable_tags: tuple[str, ...] = ()
    """Tags such as `@custom:emergency` that the head of each contract that is deployed must have."""

    code_sizes: str | None = None
    """A JSON file with the size of each contract; a change must be accepted."""

    gas: str | None = None
    """A JSON file with the most that each function costs in the tests; what is dearer must be accepted."""

    gas_tests: tuple[str, ...] = ()
    """The tests for that, as pytest names them; all by default."""

    gas_tolerance: int = 1
    """So many percent more than accepted pass."""

    promises: str | None = None
    """A page of promises."""

    mutants: tuple[str, ...] = ()
    """TOML files of named mutants."""

    mutation: str | None = None
    """A TOML file that says which tests concern which contracts, for generated mutants."""

    @property
    def folder(self) -> Path:
        """Where the contracts stand."""
        return self.root / self.contracts

    @cached_property
    def sources(self) -> tuple[Path, ...]:
        """Every Vyper source."""
        return tuple(sorted(path for path in self.folder.rglob("*") if path.suffix in SUFFIXES))

    @cached_property
    def written(self) -> tuple[Path, ...]:
        """The sources of the product that people write: no interface, no helper, nothing generated."""
        return tuple(path for path in self.sources if path.suffix == ".vy" and not self._is_in(path, *self._set_aside))

    @cached_property
    def product(self) -> tuple[Path, ...]:
        """The sources of the product: no interface, no helper."""
        return tuple(path for path in self.sources if path.suffix == ".vy" and not self._is_in(path, *self.helpers))

    @property
    def _set_aside(self) -> tuple[str, ...]:
        return (*self.helpers, *self.generated)

    def _is_in(self, path: Path, *folders: str) -> bool:
        return any(path.is_relative_to(self.folder / folder) for folder in folders)

    def place(self, path: Path) -> str:
        """How findings name a file."""
        return path.relative_to(self.root).as_posix()

    def list_test_files(self, folders: tuple[str, ...] = ()) -> list[Path]:
        """Every Python file of the tests, or of some of their folders."""
        return sorted(path for folder in folders or self.tests for path in (self.root / folder).rglob("*.py"))

    def check(self) -> Self:
        """Raises ProjectUnusable where a named folder does not exist, or nothing is there to look at."""
        for name in (
            self.contracts,
            *self.tests,
            *self.reason_tests,
            *(f"{self.contracts}/{each}" for each in self._set_aside),
        ):
            if not (self.root / name).is_dir():
                raise ProjectUnusable(str(self.root), f"there is no folder {name}")
        for file in (self.promises, self.mutation, *self.mutants):
            if file is not None and not (self.root / file).is_file():
                raise ProjectUnusable(str(self.root), f"there is no file {file}")
        if not self.sources:
            raise ProjectUnusable(str(self.root), f"there is no Vyper file in {self.contracts}")
        return self


def read_project(root: Path) -> Project:
    """The project in a folder, with its settings or the usual ones. Raises ProjectUnusable."""
    return read_settings(root).check()


def read_settings(root: Path) -> Project:
    """The same, whether or not the folders and files exist. Raises ProjectUnusable."""
    file = root / "pyproject.toml"
    try:
        data = tomllib.loads(file.read_text()) if file.is_file() else {}
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ProjectUnusable(str(file), f"it cannot be read: {error}") from None
    given: Any = data.get("tool", {}).get("zklink", {}).get("lab", {})
    known: dict[str, Any] = {field.name: field.type for field in fields(Project) if field.name != "root"}
    for name, value in given.items():
        if name not in known:
            raise ProjectUnusable(str(file), f"[tool.zklink.lab] has no setting {name}; there are {', '.join(known)}")
        if not _fits(value, known[name]):
            raise ProjectUnusable(str(file), f"[tool.zklink.lab] {name} is {_KINDS[known[name]]}, not {value!r}")
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return Project(root.resolve(), **values)


_KINDS: Final[dict[Any, str]] = {
    str: "a text",
    str | None: "a text",
    int: "a whole number from 1 on",
    tuple[str, ...]: "a list of texts",
}


def _fits(value: Any, kind: Any) -> bool:
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool) and value > 0
    if kind == tuple[str, ...]:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return isinstance(value, str)

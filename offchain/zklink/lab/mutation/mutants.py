"""Mutants as data: named ones from a file, and ones made of a contract's text by small rules.

Takes files; gives changes of texts. Never changes a file.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zklink.lab.errors import MutantUnusable
from zklink.lab.gates.compiling import parse
from zklink.lab.mutation.edits import Edit
from zklink.lab.mutation.operators import find_edits
from zklink.lab.mutation.python_operators import find_python_edits


@dataclass(frozen=True, slots=True)
class Change:
    """A text that stands once in a file, and what stands there instead. `at` is its place among several equal ones."""

    file: str
    old: str
    new: str
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change with a name. `tests` are those that should notice it, by words of their names or as pytest's
    `file.py::test`; none is all of them. `promise` is the id of what it breaks,
    `operator` the rule that made it.
    """

    name: str
    changes: tuple[Change, ...]
    tests: tuple[str, ...] = ()
    promise: str = ""
    operator: str = ""

    def plant(self, folder: Path) -> None:
        """Carry the changes out below a folder. Raises MutantUnusable."""
        for file, text in self.texts(folder).items():
            (folder / file).write_text(text)

    def texts(self, folder: Path) -> dict[str, str]:
        """The changed files of a folder, as they read with the changes. Raises MutantUnusable."""
        found: dict[str, str] = {}
        for change in self.changes:
            check_inside(folder, change.file, self.name)
            file = folder / change.file
            if not file.is_file():
                raise MutantUnusable(self.name, f"there is no {change.file}")
            text = found.get(change.file) or file.read_text()
            places = _find_places(text, change.old)
            if change.at is None and len(places) != 1:
                raise MutantUnusable(
                    self.name, f"{change.file} has {len(places)} times, not once: {change.old.strip()}"
                )
            start = places[change.at or 0]
            found[change.file] = text[:start] + change.new + text[start + len(change.old) :]
        return found


def check_inside(folder: Path, file: str, name: str) -> None:
    """Whether a file that a mutant names is one of the project's: of others there is no copy. Raises MutantUnusable."""
    if not (folder / file).resolve().is_relative_to(folder.resolve()):
        raise MutantUnusable(name, f"{file} is outside the project: name a file below its folder")


def _find_places(text: str, old: str) -> list[int]:
    """Where a text starts, also where it overlaps itself."""
    return [match.start() for match in re.finditer(f"(?={re.escape(old)})", text)]


def read_mutants(file: Path) -> list[Mutant]:
    """Named mutants from TOML: `[[mutant]]` with name, tests, promise, and `[[mutant.change]]` with file, old, new.
    What is short is written shorter: file, old and new beside the name, and `caught_by` for one test. Above them,
    `below` is the folder of all files, `tests_below` that of all tests. Raises MutantUnusable.
    """
    try:
        data = tomllib.loads(file.read_text())
    except OSError as error:
        raise MutantUnusable(str(file), error.strerror or "it cannot be read") from None
    except tomllib.TOMLDecodeError as error:
        raise MutantUnusable(str(file), f"it is no TOML: {error}") from None
    below, tests_below = data.get("below", ""), data.get("tests_below", "")
    found = [_read_one(each, file, below, tests_below) for each in data.get("mutant", ())]
    if not found:
        raise MutantUnusable(str(file), "it has no [[mutant]]")
    return found


def _read_one(data: Any, file: Path, below: str, tests_below: str) -> Mutant:
    match data:
        case {"name": str(name), "change": list(changes)} if changes:
            read = [_read_change(each, name, below) for each in changes]
        case {"name": str(name), "file": _}:
            read = [_read_change(data, name, below)]
        case _:
            raise MutantUnusable(str(file), "each [[mutant]] has a name and at least one [[mutant.change]]")
    tests = [str(each) for each in data.get("tests", ())]
    if "caught_by" in data:
        tests.append(_join(tests_below, _name_node(str(data["caught_by"]))))
    return Mutant(name, tuple(read), tuple(tests), str(data.get("promise", "")))


def _name_node(test: str) -> str:
    """pytest's name of a test whose file may be named without its ending."""
    file, separator, rest = test.partition("::")
    return f"{file}{'' if file.endswith('.py') else '.py'}{separator}{rest}"


def _join(folder: str, file: str) -> str:
    return f"{folder}/{file}" if folder else file


def _read_change(data: Any, name: str, below: str) -> Change:
    match data:
        case {"file": str(file), "old": str(old), "new": str(new)} if old != new and old:
            return Change(_join(below, file), old, new)
    raise MutantUnusable(name, "each change has a file, an old text and another new one")


def generate_mutants(folder: Path, files: Sequence[str]) -> list[Mutant]:
    """Mutants of Vyper and Python files, by the rules of `operators` and `python_operators`. Raises MutantUnusable,
    ContractUnusable.
    """
    return [mutant for file in files for mutant in _generate(folder, file)]


def count_left_out(folder: Path, files: Sequence[str]) -> Counter[str]:
    """How many changes the rules leave out, by why no test need be asked about them. Raises the same."""
    return Counter(edit.why for file in files for edit in _find_edits(folder, file)[1] if edit.why)


def _find_edits(folder: Path, file: str) -> tuple[str, list[Edit]]:
    if not (folder / file).is_file():
        raise MutantUnusable(file, f"there is no such file in {folder}")
    text = (folder / file).read_text()
    return text, _find_python(file, text) if file.endswith(".py") else find_edits(text, parse(folder / file))


def _generate(folder: Path, file: str) -> list[Mutant]:
    text, found_edits = _find_edits(folder, file)
    edits = [edit for edit in found_edits if not edit.why]
    lines = Counter(_tell(text, file, edit) for edit in edits)
    seen, found = Counter[str](), []
    for edit in edits:
        name = _tell(text, file, edit)
        seen[name] += 1
        at = _find_places(text, edit.old).index(edit.start)
        told = name if lines[name] == 1 else f"{name} ({seen[name]})"
        found.append(Mutant(told, (Change(file, edit.old, edit.new, at),), operator=edit.operator))
    return found


def _find_python(file: str, text: str) -> list[Edit]:
    try:
        return find_python_edits(text)
    except SyntaxError as error:
        raise MutantUnusable(file, f"it is no Python: {error}") from None


def _tell(text: str, file: str, edit: Edit) -> str:
    """The name of a mutant: its file, its line, and what becomes what."""
    line = text.count("\n", 0, edit.start) + 1
    old, new = (" ".join(each.split()) for each in (edit.old, edit.new))
    return f"{file}:{line} {edit.operator}: `{old}` -> `{new}`"

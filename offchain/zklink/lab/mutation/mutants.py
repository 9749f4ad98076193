"""Mutants as data: named ones from a file, and ones made of a contract's text by small rules.

Takes files; gives changes of texts. Never changes a file.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from zklink.lab.errors import MutantUnusable


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
    `file.py::test`; none is all of them. `promise` is the id of what it breaks.
    """

    name: str
    changes: tuple[Change, ...]
    tests: tuple[str, ...] = ()
    promise: str = ""

    def plant(self, folder: Path) -> None:
        """Carry the changes out below a folder. Raises MutantUnusable."""
        for change in self.changes:
            file = folder / change.file
            if not file.is_file():
                raise MutantUnusable(self.name, f"there is no {change.file}")
            text = file.read_text()
            places = [match.start() for match in re.finditer(re.escape(change.old), text)]
            if change.at is None and len(places) != 1:
                raise MutantUnusable(
                    self.name, f"{change.file} has {len(places)} times, not once: {change.old.strip()}"
                )
            start = places[change.at or 0]
            file.write_text(text[:start] + change.new + text[start + len(change.old) :])


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


_COMMENT: Final = re.compile(r"#[^\n]*|\"\"\".*?\"\"\"", re.DOTALL)
_ASSERT: Final = re.compile(r"^[ \t]+assert [^\n]*\n", re.MULTILINE)
_RULES: Final[tuple[tuple[str, str, str], ...]] = (
    (r" >= ", " > ", "at least becomes more than"),
    (r" <= ", " < ", "at most becomes less than"),
    (r" > ", " >= ", "more than becomes at least"),
    (r" < ", " <= ", "less than becomes at most"),
    (r" == ", " != ", "equal becomes different"),
    (r" != ", " == ", "different becomes equal"),
    (r" and ", " or ", "and becomes or"),
    (r" \+= ", " -= ", "more becomes less"),
    (r" -= ", " += ", "less becomes more"),
    (r" = True\n", " = False\n", "true becomes false"),
    (r" // ", " * ", "divided becomes multiplied"),
)
"""What is put in place of what, with how it is told."""


def generate_mutants(folder: Path, files: Sequence[str]) -> list[Mutant]:
    """Mutants of Vyper files: each assertion left out, each operator turned. Raises MutantUnusable."""
    return [mutant for file in files for mutant in _generate(folder, file)]


def _generate(folder: Path, file: str) -> Iterator[Mutant]:
    if not (folder / file).is_file():
        raise MutantUnusable(file, f"there is no such file in {folder}")
    text = (folder / file).read_text()
    silent = [range(*match.span()) for match in _COMMENT.finditer(text)]
    for match in _ASSERT.finditer(text):
        is_whole = match[0].count("(") == match[0].count(")")
        if is_whole and not any(match.start() in each for each in silent):
            said = match[0].strip()
            yield _mutant(text, file, match, _keep_block(text, match), f"without `{said}`")
    for pattern, new, told in _RULES:
        for match in re.finditer(pattern, text):
            if not any(match.start() in each for each in silent):
                yield _mutant(text, file, match, new, told)


def _keep_block(text: str, match: "re.Match[str]") -> str:
    """`pass` where the assertion may be all that a block has."""
    indent = match[0][: len(match[0]) - len(match[0].lstrip())]
    return f"{indent}pass\n"


def _mutant(text: str, file: str, match: "re.Match[str]", new: str, told: str) -> Mutant:
    old, line = match[0], text.count("\n", 0, match.start() + 1) + 1
    at = len(re.findall(re.escape(old), text[: match.start()]))
    return Mutant(f"{file}:{line} {told}", (Change(file, old, new, at),))

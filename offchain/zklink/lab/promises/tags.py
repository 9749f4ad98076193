"""Where a project's code names its promises: actions of contracts, tests, and seeded bugs.

Takes a project; gives places with ids. Reads sources only, runs nothing.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from zklink.lab.gates.project import Project
from zklink.lab.mutation.mutants import Mutant, read_mutants
from zklink.lab.promises.mark import ID

Tag = tuple[str, str]
"""(place, id)."""

MARK = "upholds"
BREAKS = "# breaks:"
"""The comment above a bug that is seeded in Python."""


@dataclass(frozen=True)
class Tags:
    """All of a project's. `loose` are comments above nothing: file and line."""

    project: Project

    @cached_property
    def actions(self) -> frozenset[Tag]:
        """Every external function whose NatSpec upholds something: `contracts/FILE.vy:function`."""
        found: set[Tag] = set()
        for path in self.project.sources:
            if path.suffix == ".vy":
                file = self._name(path)
                for part in re.split(r"^def ", path.read_text(), flags=re.MULTILINE)[1:]:
                    for line in re.findall(r"@custom:upholds (.*)", part):
                        found |= {(f"{file}:{part.partition('(')[0]}", promise) for promise in re.findall(ID, line)}
        return frozenset(found)

    def _name(self, path: Path) -> str:
        """What one generator writes says the same: it is named once."""
        file = self.project.place(path)
        for folder in self.project.generated:
            if file.startswith(f"{self.project.contracts}/{folder}/"):
                return f"{self.project.contracts}/{folder}/*.vy"
        return file

    @cached_property
    def tests(self) -> frozenset[Tag]:
        """Every @upholds in the tests: `tests/…/file.py::Class::function`."""
        found: set[Tag] = set()
        for path, tree in self._trees:
            for node in tree.body:
                found |= {(f"{self.project.place(path)}::{name}", promise) for name, promise in _tags_of(node)}
        return frozenset(found)

    @cached_property
    def mutants(self) -> tuple[Mutant, ...]:
        """The named mutants of contracts."""
        return tuple(mutant for file in self.project.mutants for mutant in read_mutants(self.project.root / file))

    @cached_property
    def bugs(self) -> frozenset[Tag]:
        """Every named mutant, and whatever stands under a comment `# breaks:`."""
        return frozenset(
            {(mutant.name, mutant.promise) for mutant in self.mutants if mutant.promise}
            | {(place, promise) for place, _, promise in self._comments if place}
        )

    @property
    def loose(self) -> list[tuple[str, int]]:
        """Comments that stand above nothing: file and line."""
        return [(file, line) for place, (file, line), _ in self._comments if not place]

    @cached_property
    def _comments(self) -> list[tuple[str, tuple[str, int], str]]:
        found = []
        for path, tree in self._trees:
            text, file = path.read_text(), self.project.place(path)
            if BREAKS not in text:
                continue
            names = {_start(node): name for node in tree.body if (name := _name_of(node))}
            for number, line in enumerate(text.splitlines(), 1):
                if line.startswith(BREAKS):
                    place = f"{file}::{names[number + 1]}" if number + 1 in names else ""
                    found += [(place, (file, number), promise) for promise in re.findall(ID, line)]
        return found

    @cached_property
    def _trees(self) -> list[tuple[Path, ast.Module]]:
        """Of the test files in which a mark or such a comment may stand: most have neither."""
        texts = ((path, path.read_text()) for path in self.project.list_test_files())
        return [(path, ast.parse(text)) for path, text in texts if MARK in text or BREAKS in text]


def _tags_of(node: ast.stmt, prefix: str = "") -> Iterator[Tag]:
    """The ids on a test function or class and on the functions in it, or on a test that is assigned to a name."""
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
        yield from ((f"{prefix}{ast.unparse(node.targets[0])}", promise) for promise in _read_call(node.value.func))
    if not isinstance(node, ast.FunctionDef | ast.ClassDef):
        return
    name = prefix + node.name
    for decorator in node.decorator_list:
        yield from ((name, promise) for promise in _read_call(decorator))
    if isinstance(node, ast.ClassDef):
        for inner in node.body:
            yield from _tags_of(inner, f"{name}::")


def _read_call(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Call) and ast.unparse(node.func) == MARK:
        return [str(ast.literal_eval(argument)) for argument in node.args]
    return []


def _start(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _name_of(node: ast.stmt) -> str | None:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return node.name
    target = (
        node.target if isinstance(node, ast.AnnAssign) else node.targets[0] if isinstance(node, ast.Assign) else None
    )
    return target.id if isinstance(target, ast.Name) else None

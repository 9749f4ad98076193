"""Locks and NatSpec of every external function, as the sources have them.

Takes trees without types; gives each function that anybody may call by mistake twice at once, or cannot read about.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from zklink.lab.gates.compiling import AstNode, parse
from zklink.lab.gates.finding import Finding
from zklink.lab.gates.project import Project

LOCK: Final = re.compile(r"^#\s*pragma\s+nonreentrancy\s+on\s*$", re.MULTILINE)
REASON: Final = "not locked"
"""What the NatSpec of a function says that has no lock on purpose."""


@dataclass(frozen=True, slots=True)
class External:
    """An external function as its source has it. `text` is its NatSpec."""

    path: Path
    name: str
    line: int
    decorators: tuple[str, ...]
    parameters: tuple[str, ...]
    text: str
    has_result: bool

    def __str__(self) -> str:
        return f"{self.path.stem}.{self.name}"


def find_externals(path: Path) -> Iterator[External]:
    """All of a source, without the constructor and the getters that the compiler writes. Raises ContractUnusable."""
    from vyper import ast as vy_ast

    for node in parse(path).get_children(vy_ast.FunctionDef):
        marks = tuple(_name_of(each) for each in node.decorator_list)
        if "external" in marks:
            text = read_docstring(node)
            names = tuple(each.arg for each in node.args.args)
            yield External(path, node.name, node.lineno, marks, names, text, node.returns is not None)


def read_docstring(node: AstNode) -> str:
    """Of a function or a whole source; empty if there is none."""
    found = getattr(node, "doc_string", None)
    return "" if found is None else str(found.value)


def _name_of(decorator: AstNode) -> str:
    return str(getattr(decorator, "id", None) or getattr(getattr(decorator, "func", None), "id", ""))


def find_unlocked(project: Project) -> Iterator[Finding]:
    """Functions without a lock and without a reason for having none."""
    for path in project.written:
        is_locked = LOCK.search(path.read_text()) is not None
        for each in find_externals(path):
            if "pure" in each.decorators or "nonreentrant" in each.decorators:
                continue
            if is_locked and "reentrant" not in each.decorators:
                continue
            if not is_locked:
                said = f"{each.name} has no lock: write `# pragma nonreentrancy on` at the top of the file"
            elif REASON not in each.text.lower():
                said = f"{each.name} is @reentrant, and its NatSpec does not say why it is {REASON!r}"
            else:
                continue
            yield Finding("locks", project.place(path), each.line, said)


def find_undescribed(project: Project) -> Iterator[Finding]:
    """Functions whose NatSpec has no notice, or other parameters than they take."""
    for path in project.written:
        for each in find_externals(path):
            for said in _judge(each):
                yield Finding("natspec", project.place(path), each.line, f"{each.name} {said}")


def _judge(external: External) -> Iterator[str]:
    if "@notice " not in external.text:
        yield "has no @notice"
    described = re.findall(r"@param (\w+) +\S", external.text)
    for name in external.parameters:
        if name not in described:
            yield f"has no @param {name}"
    for name in described:
        if name not in external.parameters:
            yield f"describes @param {name}, which it does not take"
    if sorted(described) == sorted(external.parameters) and described != list(external.parameters):
        yield f"describes its parameters in another order: {', '.join(described)}"

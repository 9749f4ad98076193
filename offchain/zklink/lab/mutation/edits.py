"""Edits of a source, the places of its nodes, and the changes that Vyper and Python have in common: their syntax trees
name these nodes alike.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

AstNode = Any
"""A node of a compiler's tree; Vyper's has no types to import."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change: the operator's name, where it starts in the text, what stands there, what comes instead. `why` says
    why no test need be asked about it; it is empty for a mutant.
    """

    operator: str
    start: int
    old: str
    new: str
    why: str = ""


IMPLIED: Final = "a condition turned: who notices it decided, both ways, notices it turned"


class Source:
    """A source and the places of its nodes."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines = [0]
        for line in text.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))

    def start(self, node: AstNode) -> int:
        """Where a node starts."""
        return self._place(node.lineno, node.col_offset)

    def end(self, node: AstNode) -> int:
        """The place behind it."""
        return self._place(node.end_lineno, node.end_col_offset)

    def _place(self, line: int, column: int) -> int:
        """Python counts the columns of a line in bytes."""
        start = self._lines[line - 1]
        before = self.text[start : start + column]
        return start + (column if before.isascii() else len(self.text[start:].encode()[:column].decode()))

    def of(self, node: AstNode) -> str:
        """Its text."""
        return self.text[self.start(node) : self.end(node)]

    def edit(self, operator: str, node: AstNode, new: str) -> Edit:
        """Another text in place of a node."""
        return Edit(operator, self.start(node), self.of(node), new)

    def between(self, left: AstNode, right: AstNode, old: str) -> int | None:
        """Where an operator stands between its operands."""
        found = re.search(re.escape(old), self.text[self.end(left) : self.start(right)])
        return self.end(left) + found.start() if found else None


COMPARISONS: Final = {
    "Lt": ("<", "<=", ">="),
    "LtE": ("<=", "<", ">"),
    "Gt": (">", ">=", "<="),
    "GtE": (">=", ">", "<"),
    "Eq": ("==", None, "!="),
    "NotEq": ("!=", None, "=="),
    "In": ("in", None, "not in"),
    "NotIn": ("not in", None, "in"),
}
"""Each with its neighbour, if it has one, and its opposite."""

ARITHMETIC: Final = {
    "Add": ("+", "-"),
    "Sub": ("-", "+"),
    "Mult": ("*", "//"),
    "FloorDiv": ("//", "*"),
    "Mod": ("%", "//"),
    "BitAnd": ("&", "|"),
    "BitOr": ("|", "&"),
    "BitXor": ("^", "&"),
    "LShift": ("<<", ">>"),
    "RShift": (">>", "<<"),
}


def change_arithmetic(source: Source, node: AstNode) -> Iterator[Edit]:
    """Another operation on the same operands."""
    if type(node.op).__name__ in ARITHMETIC:
        old, new = ARITHMETIC[type(node.op).__name__]
        start = source.between(node.left, node.right, old)
        if start is not None:
            yield Edit("arithmetic changed", start, old, new)


def change_assignment(source: Source, node: AstNode) -> Iterator[Edit]:
    """Another operation in an assignment, or none."""
    if type(node.op).__name__ in ARITHMETIC:
        old, new = (f"{sign}=" for sign in ARITHMETIC[type(node.op).__name__])
        start = source.between(node.target, node.value, old)
        if start is not None:
            yield Edit("arithmetic changed", start, old, new)
            yield Edit("arithmetic changed", start, old, "=")


def change_both(source: Source, node: AstNode) -> Iterator[Edit]:
    """One of two conditions is enough, or both are needed."""
    old, new = ("and", "or") if type(node.op).__name__ == "And" else ("or", "and")
    for left, right in zip(node.values, node.values[1:], strict=False):
        start = source.between(left, right, old)
        if start is not None:
            yield Edit("and becomes or", start, old, new)

"""What is changed in a Python source, by Python's own syntax tree: only inside functions, never in a text.

Takes the text of a source; gives edits of it. Never runs and never writes. What a function's head says (names, types,
defaults, decorators) is left as it is: it was read when the module was loaded, which a mutant is not again.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from zklink.lab.mutation.edits import (
    COMPARISONS,
    IMPLIED,
    Edit,
    Source,
    change_arithmetic,
    change_assignment,
    change_both,
)

_MORE_COMPARISONS: Final = {"Is": ("is", None, "is not"), "IsNot": ("is not", None, "is")}
_FUNCTIONS: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}
_STATEMENTS: Final = (ast.Expr, ast.Assign, ast.AugAssign, ast.Assert, ast.Raise, ast.Delete)
_LOG: Final = "a line of a log"
_TEXT: Final = "a text for people: `__repr__`, `__str__`"
_NARROWED: Final = "an assertion that tells a type: `is not None`, `isinstance`"
_FALSE: Final = "nothing in place of `False`, which is as false"
_LOGGED: Final = ("debug", "info", "warning", "error", "exception", "critical", "log")
_HEADS: Final = ("args", "decorator_list", "returns", "annotation", "type_params")
"""What is read once, when a module is loaded, or never."""


def find_python_edits(text: str) -> list[Edit]:
    """Every edit of a source, each text once, in the order of the source. Raises SyntaxError."""
    source = Source(text)
    found: dict[tuple[int, str, str], Edit] = {}
    tree = ast.parse(text)
    conditions = {id(node.test) for node in ast.walk(tree) if isinstance(node, ast.If | ast.IfExp)}
    for node, why in _find_nodes(tree, False, ""):
        for edit in _edit(source, node):
            if edit.old and edit.old != edit.new and text.startswith(edit.old, edit.start):
                is_implied = id(node) in conditions and _is_turned(node, edit)
                reason = why or edit.why or (IMPLIED if is_implied else "")
                found.setdefault((edit.start, edit.old, edit.new), replace(edit, why=reason))
    return sorted(found.values(), key=lambda edit: (edit.start, edit.operator, edit.new))


def _find_nodes(node: ast.AST, is_inside: bool, why: str) -> Iterator[tuple[ast.AST, str]]:
    """All nodes of functions' bodies, and why no test need be asked about them, if so. The parts of an f-string have no
    places of their own; `strict` of a zip asserts what holds anyhow.
    """
    is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    why = why or _find_reason(node)
    if is_inside and not is_function:
        yield node, why
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.keyword) and node.arg == "strict"):
        return
    for name, value in ast.iter_fields(node):
        if name not in _HEADS or isinstance(node, ast.Call):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _find_nodes(child, is_inside or is_function, why)


def _find_reason(node: ast.AST) -> str:
    """Why changes of a node, and of all below it, need not be asked about."""
    match node:
        case ast.FunctionDef(name="__repr__" | "__str__"):
            return _TEXT
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=logger, attr=name))) if name in _LOGGED:
            return _LOG if re.search(r"\blog(ger|ging)?$", ast.unparse(logger), re.IGNORECASE) else ""
        case ast.Assert(test=ast.Compare(ops=[ast.IsNot()], comparators=[ast.Constant(value=None)])):
            return _NARROWED
        case ast.Assert(test=ast.Call(func=ast.Name(id="isinstance"))):
            return _NARROWED
    return ""


def _edit(source: Source, node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, _STATEMENTS) and not _is_documentation(node):
        yield source.edit("statement left out", node, "pass")
    rule = _RULES.get(type(node))
    if rule is not None:
        yield from rule(source, node)


def _is_turned(node: ast.AST, edit: Edit) -> bool:
    """Whether an edit makes the opposite of a whole comparison."""
    return isinstance(node, ast.Compare) and len(node.ops) == 1 and edit.operator == "comparison turned"


def _is_documentation(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _compare(source: Source, node: Any) -> Iterator[Edit]:
    operands = [node.left, *node.comparators]
    for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
        old, neighbour, opposite = (COMPARISONS | _MORE_COMPARISONS)[type(operator).__name__]
        start = source.between(left, right, old)
        if start is not None:
            if neighbour:
                yield Edit("bound moved by one", start, old, neighbour)
            yield Edit("comparison turned", start, old, opposite)


def _turn_not(source: Source, node: Any) -> Iterator[Edit]:
    if isinstance(node.op, ast.Not):
        yield source.edit("not left out", node, f"({source.of(node.operand)})")


def _decide(source: Source, node: Any) -> Iterator[Edit]:
    yield source.edit("condition decided", node.test, "False")
    if not isinstance(node, ast.While):
        yield source.edit("condition decided", node.test, "True")


def _constant(source: Source, node: Any) -> Iterator[Edit]:
    if isinstance(node.value, bool):
        yield source.edit("truth turned", node, str(not node.value))
    elif isinstance(node.value, int):
        yield source.edit("number moved by one", node, str(node.value + 1))
        if node.value > 0:
            yield source.edit("number moved by one", node, str(node.value - 1))


def _return(source: Source, node: Any) -> Iterator[Edit]:
    if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
        is_false = isinstance(node.value, ast.Constant) and node.value.value is False
        yield replace(source.edit("nothing returned", node.value, "None"), why=_FALSE if is_false else "")


def _leave(source: Source, node: ast.AST) -> Iterator[Edit]:
    yield source.edit("loop left or gone on", node, "continue" if isinstance(node, ast.Break) else "break")


def _call(source: Source, node: Any) -> Iterator[Edit]:
    if isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
        yield source.edit("function changed", node.func, _FUNCTIONS[node.func.id])


_RULES: Final[dict[type[ast.AST], Callable[[Source, Any], Iterator[Edit]]]] = {
    ast.Compare: _compare,
    ast.BinOp: change_arithmetic,
    ast.AugAssign: change_assignment,
    ast.BoolOp: change_both,
    ast.UnaryOp: _turn_not,
    ast.If: _decide,
    ast.IfExp: _decide,
    ast.While: _decide,
    ast.Constant: _constant,
    ast.Return: _return,
    ast.Break: _leave,
    ast.Continue: _leave,
    ast.Call: _call,
}
"""What is done with which node."""

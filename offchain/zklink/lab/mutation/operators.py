"""What is changed in a Vyper source, by the compiler's own syntax tree: never in a comment, a name or a text.

Takes the text of a source; gives edits of it. Never compiles and never writes. The replacements are those of
universalmutator's rules for any language (its file of rules for Vyper is empty) that make sense in Vyper, and some that
only contracts have: who called, what an external call may do, what is never logged.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from zklink.lab.mutation.edits import (
    COMPARISONS,
    IMPLIED,
    AstNode,
    Edit,
    Source,
    change_arithmetic,
    change_assignment,
    change_both,
)

_UNREAD: Final = "the value of a variable that is assigned again before anything reads it"
_FUNCTIONS: Final = {
    "unsafe_add": "unsafe_sub",
    "unsafe_sub": "unsafe_add",
    "unsafe_mul": "unsafe_div",
    "unsafe_div": "unsafe_mul",
    "min": "max",
    "max": "min",
}
_EITHER_WAY: Final = ("unsafe_add", "unsafe_mul", "min", "max")
"""Functions that do not mind the order of what they take."""

_FIRST_TWO_EITHER_WAY: Final = ("uint256_addmod", "uint256_mulmod")
"""Functions that do not mind the order of the first two."""

_SENDERS: Final = {"msg.sender": "tx.origin", "tx.origin": "msg.sender"}
_STATEMENTS: Final = ("Expr", "Assign", "AugAssign", "Assert", "Log", "Raise")
_KEYWORDS: Final = ("default_return_value", "revert_on_failure", "max_outsize", "gas", "skip_contract_check", "value")


def find_edits(text: str, tree: AstNode) -> list[Edit]:
    """Every edit of a source, each text once, in the order of the source."""
    source = Source(text)
    found: dict[tuple[int, str, str], Edit] = {}
    unread = set(_find_unread(tree))
    for node in tree.get_descendants():
        for edit in _edit(source, node):
            if edit.old and edit.old != edit.new and text.startswith(edit.old, edit.start):
                told = replace(edit, why=_UNREAD) if id(node) in unread else edit
                found.setdefault((edit.start, edit.old, edit.new), told)
    return sorted(found.values(), key=lambda edit: (edit.start, edit.operator, edit.new))


def _find_unread(tree: AstNode) -> Iterator[int]:
    """The values of variables that are assigned again before anything reads them: several at once need such values."""
    for node in tree.get_descendants():
        for block in (getattr(node, name, None) for name in ("body", "orelse")):
            yield from _find_unread_in(block if isinstance(block, list) else [])


def _find_unread_in(block: Sequence[AstNode]) -> Iterator[int]:
    for at, node in enumerate(block):
        if type(node).__name__ == "AnnAssign" and node.value is not None:
            name = node.target.id
            using = next((each for each in block[at + 1 :] if _uses(each, name)), None)
            is_assigned = using is not None and type(using).__name__ == "Assign"
            if using is not None and is_assigned and _sets(using.target, name) and not _uses(using.value, name):
                yield id(node.value)


def _uses(node: AstNode, name: str) -> bool:
    return any(getattr(each, "id", None) == name for each in [node, *node.get_descendants()])


def _sets(target: AstNode, name: str) -> bool:
    """Whether a variable is what is assigned, or one of several."""
    return any(getattr(each, "id", None) == name for each in [target, *getattr(target, "elements", ())])


def _edit(source: Source, node: AstNode) -> Iterator[Edit]:
    kind = type(node).__name__
    if kind in _STATEMENTS:
        yield from _leave_out(source, node)
    if kind in _RULES and getattr(node, "end_lineno", None):
        yield from _RULES[kind](source, node)


def _leave_out(source: Source, node: AstNode) -> Iterator[Edit]:
    """A statement left out; a text that stands alone is documentation."""
    if type(node).__name__ != "Expr" or type(node.value).__name__ not in ("Str", "DocStr"):
        yield source.edit("statement left out", node, "pass")


def _compare(source: Source, node: AstNode) -> Iterator[Edit]:
    old, neighbour, opposite = COMPARISONS[type(node.op).__name__]
    start = source.between(node.left, node.right, old)
    if start is not None:
        if neighbour:
            yield Edit("bound moved by one", start, old, neighbour)
        yield Edit("comparison turned", start, old, opposite, IMPLIED if _is_condition(node) else "")


def _is_condition(node: AstNode) -> bool:
    """Whether a comparison is all that an `if` asks."""
    parent = node.get_ancestor()
    return type(parent).__name__ in ("If", "IfExp") and parent.test is node


def _turn_not(source: Source, node: AstNode) -> Iterator[Edit]:
    if type(node.op).__name__ == "Not":
        yield source.edit("not left out", node, source.of(node.operand))


def _decide(source: Source, node: AstNode) -> Iterator[Edit]:
    for new in ("True", "False"):
        yield source.edit("condition decided", node.test, new)


def _count(source: Source, node: AstNode) -> Iterator[Edit]:
    """A number and its neighbours; a length in a type is not one."""
    old = source.of(node)
    if re.fullmatch(r"[\d_]+", old) and not _is_in_type(node):
        yield source.edit("number moved by one", node, str(node.value + 1))
        if node.value > 0:
            yield source.edit("number moved by one", node, str(node.value - 1))


def _is_in_type(node: AstNode) -> bool:
    child, parent = node, node.get_ancestor()
    while parent is not None:
        name = type(parent).__name__
        if name in ("AnnAssign", "VariableDecl", "arg") and _holds(parent.annotation, child):
            return True
        if name == "FunctionDef":
            return parent.returns is not None and _holds(parent.returns, child)
        child, parent = parent, parent.get_ancestor() if name != "Module" else None
    return False


def _holds(outer: AstNode, inner: AstNode) -> bool:
    return outer is inner or any(each is inner for each in outer.get_descendants())


def _truth(source: Source, node: AstNode) -> Iterator[Edit]:
    yield source.edit("truth turned", node, "False" if node.value else "True")


def _call(source: Source, node: AstNode) -> Iterator[Edit]:
    name = source.of(node.func)
    if name in _FUNCTIONS:
        yield source.edit("function changed", node.func, _FUNCTIONS[name])
    pairs = list(zip(node.args, node.args[1:], strict=False))
    for left, right in pairs[name in _FIRST_TWO_EITHER_WAY :]:
        if name not in _EITHER_WAY and source.of(left) != source.of(right):
            middle = source.text[source.end(left) : source.start(right)]
            old = f"{source.of(left)}{middle}{source.of(right)}"
            yield Edit("arguments swapped", source.start(left), old, f"{source.of(right)}{middle}{source.of(left)}")
    yield from _leave_out_keywords(source, node)


def _leave_out_keywords(source: Source, node: AstNode) -> Iterator[Edit]:
    parts = [*node.args, *(each.value for each in node.keywords)]
    for before, keyword in zip(parts[-len(node.keywords) - 1 :], node.keywords, strict=False):
        if keyword.arg in _KEYWORDS and before is not keyword.value:
            start = source.end(before)
            yield Edit("keyword left out", start, source.text[start : source.end(keyword.value)], "")


def _sender(source: Source, node: AstNode) -> Iterator[Edit]:
    old = source.of(node)
    if old in _SENDERS:
        yield source.edit("sender changed", node, _SENDERS[old])


_RULES: Final[dict[str, Callable[[Source, AstNode], Iterator[Edit]]]] = {
    "Compare": _compare,
    "BinOp": change_arithmetic,
    "AugAssign": change_assignment,
    "BoolOp": change_both,
    "UnaryOp": _turn_not,
    "If": _decide,
    "IfExp": _decide,
    "Int": _count,
    "NameConstant": _truth,
    "Call": _call,
    "Attribute": _sender,
}
"""What is done with which node."""

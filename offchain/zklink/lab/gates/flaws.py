"""Known flaws of the pinned Vyper compiler: takes a source, gives each place that uses an affected pattern.

Each rule is at least as wide as its advisory. Text is judged before it is parsed, since two flaws lie in the parser;
everything else is judged on the compiler's own annotated syntax tree. Never compiles to code, never runs anything.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vyper import ast as vy_ast
from vyper.semantics.types.function import ContractFunctionT

from zklink.lab.gates.bytes import find_odd_bytes
from zklink.lab.gates.compiling import AstNode, annotate
from zklink.lab.gates.finding import Finding
from zklink.lab.gates.project import Project

NESTED_ARRAYS: Final = "CVE-2026-114115"
TRUTHY_BRANCH: Final = "CVE-2026-114117"
BLUEPRINT_OFFSET: Final = "CVE-2026-114118"
REVERSED_ORDER: Final = "CVE-2023-40015"

_REVERSED_SIGNS: Final = (vy_ast.BitOr, vy_ast.BitAnd, vy_ast.BitXor)
_REVERSED_CALLS: Final = {"unsafe_add", "unsafe_sub", "unsafe_mul", "unsafe_div", "pow_mod256", "raw_call"}
_CHANGING_CALLS: Final = {
    "raw_call", "send", "selfdestruct", "raw_create", "create_minimal_proxy_to", "create_copy_of",
    "create_from_blueprint",
}  # fmt: skip
_CHANGING_MEMBERS: Final = {"pop", "append"}


@dataclass(frozen=True, slots=True)
class Flaw:
    """One line that uses an affected pattern."""

    advisory: str
    line: int


def find_flaws(project: Project, place: Path, source: bytes) -> list[Flaw]:
    """What the source, read as if it stood at `place`, uses of the known flaws. Odd bytes are told without parsing.
    Raises ContractUnusable.
    """
    odd = [Flaw(advisory, line) for advisory, line in find_odd_bytes(source)]
    if odd:
        return odd
    module = annotate(project, place, source.decode("ascii"))
    return [Flaw(advisory, node.lineno) for advisory, rule in _RULES.items() for node in rule(module)]


def find_flawed(project: Project) -> Iterator[Finding]:
    """Patterns in sources that the compiler gets wrong; whether bytes are odd is another gate's."""
    for path in project.sources:
        source = path.read_bytes()
        if not any(True for _ in find_odd_bytes(source)):
            for flaw in find_flaws(project, path, source):
                yield Finding("compiler", project.place(path), flaw.line, f"this is what {flaw.advisory} affects")


def _find_wide_ternaries(module: AstNode) -> Iterator[AstNode]:
    """A ternary over anything that is not one word: wider than the advisory, which needs nested arrays."""
    for node in module.get_descendants(vy_ast.IfExp):
        if not node._metadata["type"]._is_prim_word:
            yield node


def _find_truthy_branches(module: AstNode) -> Iterator[AstNode]:
    """`|` on msg.value or len(msg.data) anywhere inside a branch of a ternary, whatever its other side is."""
    for ternary in module.get_descendants(vy_ast.IfExp):
        for branch in (ternary.body, ternary.orelse):
            for node in branch.get_descendants(vy_ast.BinOp, include_self=True):
                if isinstance(node.op, vy_ast.BitOr) and (_reads_message(node.left) or _reads_message(node.right)):
                    yield node


def _reads_message(node: AstNode) -> bool:
    return any(
        isinstance(part.value, vy_ast.Name) and part.value.id == "msg" and part.attr in ("value", "data")
        for part in node.get_descendants(vy_ast.Attribute, include_self=True)
    )


def _find_blueprints(module: AstNode) -> Iterator[AstNode]:
    """Any use of create_from_blueprint: no contract here needs one."""
    for node in module.get_descendants(vy_ast.Call):
        if getattr(node.func, "id", None) == "create_from_blueprint":
            yield node


def _find_reversed_effects(module: AstNode) -> Iterator[AstNode]:
    """An operand that changes state, beside one that this may change, where the compiler evaluates right to left."""
    for node in module.get_descendants((vy_ast.BinOp, vy_ast.Compare, vy_ast.Call)):
        varying = [operand for operand in _list_reversed_operands(node) if not _is_steady(operand)]
        if len(varying) > 1 and any(_changes_state(operand) for operand in varying):
            yield node


def _list_reversed_operands(node: AstNode) -> list[AstNode]:
    if isinstance(node, vy_ast.Compare) or (isinstance(node, vy_ast.BinOp) and isinstance(node.op, _REVERSED_SIGNS)):
        return [node.left, node.right]
    if isinstance(node, vy_ast.Call) and getattr(node.func, "id", None) in _REVERSED_CALLS:
        return [*node.args, *(keyword.value for keyword in node.keywords)]
    return []


def _is_steady(node: AstNode) -> bool:
    """A constant, or a local variable of one word: no call inside an expression can change it."""
    if isinstance(node, vy_ast.Name):
        return bool(node._metadata["type"]._is_prim_word)
    return isinstance(node, vy_ast.Constant) or bool(node.has_folded_value)


def _changes_state(node: AstNode) -> bool:
    if node.get_descendants(vy_ast.ExtCall, include_self=True):
        return True
    return any(_is_changing_call(call.func) for call in node.get_descendants(vy_ast.Call, include_self=True))


def _is_changing_call(function: AstNode) -> bool:
    called = function._metadata.get("type")
    if isinstance(called, ContractFunctionT):
        return bool(called.is_mutable)
    return getattr(function, "id", None) in _CHANGING_CALLS or getattr(function, "attr", None) in _CHANGING_MEMBERS


_RULES: Final[dict[str, Callable[[AstNode], Iterator[AstNode]]]] = {
    NESTED_ARRAYS: _find_wide_ternaries,
    TRUTHY_BRANCH: _find_truthy_branches,
    BLUEPRINT_OFFSET: _find_blueprints,
    REVERSED_ORDER: _find_reversed_effects,
}

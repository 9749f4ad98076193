"""Another body for a function in a tree that Vyper has analysed already.

Takes trees with types, and texts; writes into the trees. Nothing here generates code.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

AstNode = Any
FunctionType = Any
"""Of the compiler, which has no types to import."""


class Uses:
    """What a function does outside itself."""

    def __init__(self, kind: FunctionType) -> None:
        self.modules = set(map(id, kind.get_used_modules()))
        self.variables = set(kind.get_variable_reads()), set(kind.get_variable_writes())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Uses) and (self.modules, self.variables) == (other.modules, other.variables)

    __hash__ = None  # type: ignore[assignment]


def list_functions(tree: AstNode) -> list[AstNode]:
    """The functions of a module."""
    from vyper import ast as vy_ast

    return list(tree.get_children(vy_ast.FunctionDef))


def find_function(tree: AstNode, before: str, after: str) -> AstNode | None:
    """The function whose body has all lines that differ."""
    old, new = before.splitlines(), after.splitlines()
    same = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    most = min(len(old), len(new)) - same
    behind = next((at for at in range(most) if old[-1 - at] != new[-1 - at]), most)
    first, last = same + 1, len(old) - behind
    for function in list_functions(tree):
        if function.body and function.body[0].lineno <= first and last <= function.end_lineno:
            return function
    return None


def parse_body(tree: AstNode, name: str, text: str) -> list[AstNode]:
    """The statements of a function in a new text; none if it has no such function."""
    from vyper import ast as vy_ast

    parsed = vy_ast.parse_to_ast(
        text, source_id=tree.source_id, module_path=tree.path, resolved_path=tree.resolved_path
    )
    return next((list(each.body) for each in list_functions(parsed) if each.name == name), [])


def replace_body(function: AstNode, body: list[AstNode]) -> None:
    """Put statements in place of those that a function has."""
    old = set(map(id, function.body))
    function._children = [each for each in function._children if id(each) not in old] + body
    function.body = body
    for node in body:
        node.set_parent(function)
    outer = function
    while outer is not None:
        outer._cache_descendants = None
        outer = outer.get_ancestor() if outer._parent is not None else None


def forget(kind: FunctionType) -> None:
    """What the compiler found out about a function's body."""
    from vyper.utils import OrderedSet

    kind._analysed = False
    for name in ("called_functions", "_variable_writes", "_variable_reads", "_used_modules"):
        setattr(kind, name, OrderedSet())


@contextmanager
def names_of(tree: AstNode) -> Iterator[None]:
    """Inside, names mean what they mean in a module."""
    from vyper.semantics.namespace import Namespace, override_global_namespace

    names = Namespace()
    with override_global_namespace(names), names.enter_scope():
        for name, meaning in tree._metadata["namespace"].items():
            dict.__setitem__(names, name, meaning)  # also `self`, which an empty scope has
        yield


def fold(tree: AstNode, body: list[AstNode]) -> None:
    """Compute what is constant."""
    from vyper.semantics.analysis.constant_folding import ConstantFolder

    folder = ConstantFolder(tree)
    folder._get_constants()
    for node in body:
        folder.visit(node)


def find_callees(kind: FunctionType, function: AstNode) -> None:
    """Note whom it calls inside the contract."""
    from vyper import ast as vy_ast
    from vyper.exceptions import VyperException
    from vyper.semantics.analysis.utils import get_exact_type_from_node
    from vyper.semantics.types.function import ContractFunctionT

    for call in function.get_descendants(vy_ast.Call):
        try:
            called = get_exact_type_from_node(call.func)
        except VyperException:  # the analysis tells it better
            continue
        if isinstance(called, ContractFunctionT) and (called.is_internal or called.is_constructor):
            kind.called_functions.add(called)


def analyse(tree: AstNode, function: AstNode) -> None:
    """Find the types, and what is wrong with them. Raises what the compiler does."""
    from vyper.exceptions import ExceptionList
    from vyper.semantics.analysis.local import _analyze_function_r

    refused = ExceptionList()
    _analyze_function_r(tree, function, refused)
    refused.raise_if_not_empty()

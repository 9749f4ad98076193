"""The assembly of a Vyper contract's functions, kept by their intermediate code, so that only what is new is lowered.

Takes the compiler's trees of intermediate code; gives its assembly, the same as the compiler's own but for the numbers
of labels. A part is known by its place in memory: who generates a contract again brings the same ones.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

IrNode = Any
"""Of the compiler, which has no types to import."""

_Place = tuple[int, int, tuple[tuple[str, int], ...]]
"""A part, the height of the stack, and the names that are on it."""


class KeptAssembly:
    """Assembly by parts of the intermediate code."""

    def __init__(self) -> None:
        self._lists: dict[_Place, list[Any]] = {}
        self._parts: dict[int, IrNode] = {}  # kept, so that no other object gets their places
        self._revert, self._symbols = "", 0

    def lower(self, code: IrNode, parts: Iterable[IrNode], optimize: Any) -> list[Any]:
        """The assembly of a contract, of which parts are kept."""
        from vyper.ir import compile_ir

        self._parts = {id(part): part for part in parts}
        names: dict[int, int] = {}
        copied = _copy(code, self._parts, names)
        self._revert = compile_ir.mksymbol("revert")
        compile_ir._rewrite_return_sequences(copied)
        found = self._finish(copied, names, optimize)
        self._symbols = compile_ir._next_symbol
        return found

    def lower_again(self, code: IrNode, optimize: Any) -> list[Any]:
        """The assembly of the same contract, of which some parts are new."""
        from vyper.ir import compile_ir

        known = {name for name, _, _ in self._lists}
        copied = _copy(code, known, None)
        compile_ir._next_symbol = max(compile_ir._next_symbol, self._symbols)
        rewrite = compile_ir._rewrite_return_sequences

        def rewrite_new(node: IrNode, label_params: Any = None) -> None:
            if id(node) not in known:
                rewrite(node, label_params)

        with patch.object(compile_ir, "_rewrite_return_sequences", rewrite_new):
            rewrite_new(copied)
        return self._finish(copied, {name: name for name in known}, optimize)

    def _finish(self, code: IrNode, names: Mapping[int, int], optimize: Any) -> list[Any]:
        from vyper.compiler.settings import OptimizationLevel
        from vyper.ir import compile_ir

        optimize = optimize or OptimizationLevel.default()
        with self._keeping(names):
            compile_ir._revert_label = self._revert
            found: list[Any] = compile_ir._compile_to_assembly(code)
        compile_ir._add_postambles(found)
        compile_ir._relocate_segments(found)
        if optimize != OptimizationLevel.NONE:
            compile_ir.optimize_assembly(found)
        return found

    @contextmanager
    def _keeping(self, names: Mapping[int, int]) -> Iterator[None]:
        """Inside, parts are lowered once. `names` are those of parts, by the objects that stand for them."""
        from vyper.ir import compile_ir

        plain = compile_ir._compile_to_assembly

        def lower(
            code: IrNode, withargs: Any = None, existing_labels: Any = None, break_dest: Any = None, height: int = 0
        ) -> Any:
            name = names.get(id(code))
            if name is None:
                return plain(code, withargs, existing_labels, break_dest, height)
            place = (name, height, tuple(sorted((withargs or {}).items())))
            if place not in self._lists:
                self._lists[place] = plain(code, withargs, existing_labels, break_dest, height)
            return list(self._lists[place])

        with patch.object(compile_ir, "_compile_to_assembly", lower):
            yield


def _copy(node: IrNode, parts: Collection[int], names: dict[int, int] | None) -> IrNode:
    """A tree that can be written into. Parts are not copied if there are no `names` of copies to fill."""
    name = id(node)
    if names is None and name in parts:
        return node
    made = node.__class__.__new__(node.__class__)
    made.__dict__ = node.__dict__ | {"args": [_copy(each, parts, names) for each in node.args]}
    if names is not None and name in parts:
        names[id(made)] = name
    return made

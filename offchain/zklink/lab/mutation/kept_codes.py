"""The intermediate code of a Vyper contract's functions, kept, so that what did not change is not generated again.

Takes the compiler's functions; gives what it generated for them. Again generated is a function that changed, and who
calls it only if its memory is laid out otherwise or it uses other variables.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

AstNode = Any
FunctionType = Any
"""Of the compiler, which has no types to import."""


class KeptCodes:
    """The intermediate code of each function, for the constructor and for calls."""

    def __init__(self) -> None:
        self._kept: dict[tuple[FunctionType, bool], tuple[Any, Any]] = {}
        self._again: set[FunctionType] = set()
        self.changed: FunctionType = None
        self.is_told = True

    def noted(self) -> Any:
        """Inside, what is generated is kept."""
        return self._in_place_of(self._note)

    def used(self) -> Any:
        """Inside, what is kept is not generated."""
        return self._in_place_of(self._use)

    def list_parts(self) -> Iterator[AstNode]:
        """The trees that are kept."""
        for made, _ in self._kept.values():
            if hasattr(made, "entry_points"):
                yield made.common_ir
                yield from (entry.ir_node for entry in made.entry_points.values())
            else:
                yield made.func_ir

    @contextmanager
    def _in_place_of(self, wrapped: Any) -> Iterator[None]:
        from vyper.codegen import module

        inner, outer = module.generate_ir_for_internal_function, module.generate_ir_for_external_function

        def internal(code: AstNode, context: Any, is_ctor_context: bool) -> Any:
            return wrapped(code, is_ctor_context, lambda: inner(code, context, is_ctor_context))

        def external(code: AstNode, context: Any) -> Any:
            return wrapped(code, False, lambda: outer(code, context))

        with (
            patch.object(module, "generate_ir_for_internal_function", internal),
            patch.object(module, "generate_ir_for_external_function", external),
        ):
            yield

    def _note(self, code: AstNode, in_constructor: bool, generate: Any) -> Any:
        kind = code._metadata["func_type"]
        made = generate()
        self._kept[kind, in_constructor] = (_copy(made), kind._ir_info)
        return made

    def _use(self, code: AstNode, in_constructor: bool, generate: Any) -> Any:
        kind = code._metadata["func_type"]
        kept = self._kept.get((kind, in_constructor))
        if kept is None or kind is self.changed or any(each in self._again for each in kind.called_functions):
            made = generate()
            if kept is None or self.is_told or _frame(kind._ir_info) != _frame(kept[1]):
                self._again.add(kind)
            return made
        made, kind._ir_info = kept
        return _copy(made)


def _copy(made: Any) -> Any:
    """The compiler writes into the entries of an external function."""
    if not hasattr(made, "entry_points"):
        return made
    return replace(made, entry_points={name: replace(entry) for name, entry in made.entry_points.items()})


def _frame(info: Any) -> tuple[int, int]:
    """What a caller must know of a function's memory."""
    return info.frame_info.frame_start, info.frame_info.frame_size

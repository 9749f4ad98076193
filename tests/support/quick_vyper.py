"""Vyper's compiler in a good half of its time, for the hundreds of mutants that differ in one line each.

Inside `quickly` nothing is done twice: a file that was parsed before is taken from memory, a part of the intermediate
code that was simplified before is not simplified again, the assembly carries no line numbers, and nobody looks for
unreachable cycles in trees that are all reachable. Bytecode and ABI are the compiler's own, to the last byte.
"""

import gc
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any
from unittest.mock import patch

from vyper import ast as vyper_ast
from vyper.codegen.ir_node import IRnode
from vyper.ir import compile_ir

_parse: Callable[..., Any] = vyper_ast.parse_to_ast
_simplify: Callable[[Any], Any] = IRnode._optimized.fget
_SIMPLIFIED = "_simplified_once"


@contextmanager
def quickly() -> Iterator[None]:
    """Compilations inside are quick. Not for several threads."""
    if vyper_ast.parse_to_ast is _parse_once:  # inside already
        yield
        return
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        with (
            patch.object(vyper_ast, "parse_to_ast", _parse_once),
            patch.object(IRnode, "_optimized", property(_simplify_once)),
            patch.object(compile_ir, "_compile_to_assembly", compile_ir._compile_to_assembly.__wrapped__),
            patch.object(compile_ir, "compile_to_assembly", compile_ir.compile_to_assembly.__wrapped__),
        ):
            yield
    finally:
        if was_enabled:
            gc.enable()


def _parse_once(*arguments: Any, **options: Any) -> Any:
    """A fresh tree each time, because the compiler writes into it."""
    return pickle.loads(_parse_to_bytes(arguments, tuple(sorted(options.items()))))


@lru_cache(maxsize=512)
def _parse_to_bytes(arguments: tuple[Any, ...], options: tuple[tuple[str, Any], ...]) -> bytes:
    return pickle.dumps(_parse(*arguments, **dict(options)))


def _simplify_once(node: Any) -> Any:
    kept = vars(node)
    if _SIMPLIFIED not in kept:
        kept[_SIMPLIFIED] = _simplify(node)
    return kept[_SIMPLIFIED]

"""The kernels in machine code: compiled for this processor at first use, then kept in the cache.

There are two layouts: `lanes` for processors with AVX-512 IFMA, `scalar` for every other one. A kernel is called
without the interpreter's lock, so threads run kernels side by side.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from llvmlite import ir

from zklink.primitives.native import assembly, field_code, lanes_code, limb_code, scalar_code, vectors
from zklink.primitives.native import layout as layouts
from zklink.primitives.native.compiler import compile_code, describe_target, link_code
from zklink.primitives.native.layout import Layout
from zklink.prover.cache import compute_content_hash, ensure_entry
from zklink.prover.native import additions, complete, coordinates, lists, pair_code, rounds, rows, transform
from zklink.prover.native.memory import Buffer

_FOLDER: Final = "kernels"
_OBJECT: Final = "kernels.o"
_SOURCES: Final = (
    additions,
    assembly,
    complete,
    coordinates,
    field_code,
    lanes_code,
    layouts,
    limb_code,
    lists,
    pair_code,
    rounds,
    rows,
    scalar_code,
    transform,
    vectors,
)

POINT_BYTES: Final = 64
"""An affine point of G1; one of G2 takes twice as many."""
_ARGUMENTS: Final = {
    "digits": 5, "sort": 7, "spread": 5, "rescale": 4, "rows": 9,
    "analyze": 4, "synthesize": 4, "multiply": 4, "powers": 5, "divide": 6,
    **{f"{name}{degree}": count for degree in (1, 2) for name, count in (
        ("add_lists", 16), ("add_pairs", 8), ("weigh", 4), ("fold", 4),
    )},
}  # fmt: skip
"""How many arguments the kernels take: code from the cache does not say."""


@dataclass(frozen=True, slots=True)
class Kernels:
    """The functions of a layout."""

    layout: Layout
    _functions: dict[str, Callable[..., int]]

    def call(self, name: str, *arguments: int | Buffer) -> int:
        """Run a kernel; buffers are passed by their address."""
        numbers = (argument.address if isinstance(argument, Buffer) else argument for argument in arguments)
        return self._functions[name](*numbers)


@cache
def load_kernels(layout: Layout) -> Kernels:
    """The kernels of a layout, from the cache if possible. Raises RuntimeError where LLVM does not know the target."""
    own = inspect.getmodule(load_kernels)
    parts = [inspect.getsource(source) for source in (*_SOURCES, own) if source is not None]

    def make(directory: Path) -> None:
        (directory / _OBJECT).write_bytes(compile_code(build_module(layout)))

    directory = ensure_entry(_FOLDER, compute_content_hash(layout.value, describe_target(), *parts), make)
    return Kernels(layout, link_code((directory / _OBJECT).read_bytes(), _ARGUMENTS))


def build_module(layout: Layout) -> Any:
    """All kernels of a layout as LLVM assembly."""
    module = ir.Module("kernels")
    lists.build_digits(module)
    lists.build_sort(module)
    lists.build_spread(module)
    for degree in (1, 2):
        lists.build_plans(module, str(degree), POINT_BYTES * degree)
        additions.build_add_pairs(module, f"add_pairs{degree}", degree, layout.make_field)
        rounds.build_rounds(module, degree, layout.lanes)
        complete.build_finish(module, str(degree), degree)
    complete.build_rescale(module)
    rows.build_rows(module, layout.lanes)
    transform.build_transforms(module, layout.make_field)
    transform.build_pointwise(module, layout.make_field)
    built = {function.name: len(function.args) for function in module.functions if not function.is_declaration}
    hidden = "plan_first{}", "plan_next{}", "add{}", "add_pairs{}_norm", "add_pairs{}_rare"
    internal = {name.format(degree) for name in hidden for degree in (1, 2)}
    assert {name: count for name, count in built.items() if name not in internal} == _ARGUMENTS
    return module

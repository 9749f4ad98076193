"""What the tests of the kernels share: layouts of this processor, and code of single operations put to work.

Takes a piece of code over a field; gives a function of canonical numbers.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence

from llvmlite import ir

from zklink.primitives.field import Q, R
from zklink.primitives.native.assembly import WORD, Builder, define, offset, repeat
from zklink.primitives.native.compiler import compile_code, link_code
from zklink.primitives.native.field_code import ELEMENT_BYTES, Element, FieldCode
from zklink.primitives.native.layout import Layout, is_supported
from zklink.prover.native.memory import Buffer

LAYOUTS = [layout for layout in Layout if is_supported(layout)]
MODULI = {"q": Q, "r": R}
Body = Callable[[FieldCode, Sequence[Element]], Sequence[Element]]


def edges(modulus: int) -> list[int]:
    """Numbers at which carries, limbs and reductions change."""
    limbs = [1 << bits for bits in (51, 52, 53, 64, 104, 128, 156, 192, 208, 253)]
    near = [value + step for value in limbs for step in (-1, 0, 1)]
    return [0, 1, 2, 3, modulus // 2, modulus // 2 + 1, modulus - 2, modulus - 1, *near]


def samples(modulus: int, count: int, seed: int) -> list[int]:
    """The edges, then numbers by chance."""
    chance = random.Random(seed)
    return [*edges(modulus), *(chance.randrange(modulus) for _ in range(count))][:count]


def build_rows(layout: Layout, modulus: int, width: int, body: Body) -> Callable[[list[list[int]]], list[list[int]]]:
    """A function of rows of `width` numbers, as memory holds them; what it gives is canonical."""

    def define_body(builder: Builder, source: ir.Value, count: ir.Value, target: ir.Value, step: int) -> int:
        field = layout.make_field(builder, modulus)
        outputs = 0
        with repeat(builder, count, step=field.lanes) as index:
            lanes = [builder.add(index, WORD(lane)) for lane in range(field.lanes)]
            packed = field.gather([offset(builder, source, lane, ELEMENT_BYTES * width) for lane in lanes], width)
            results = body(field, [field.unpack(part) for part in packed])
            outputs = len(results)
            values = [field.pack(field.reduce(value)) for value in results]
            field.scatter([offset(builder, target, lane, ELEMENT_BYTES * step) for lane in lanes], values)
        return outputs

    trial = ir.Module("trial")
    with define(trial, "count", 3) as (builder, (source, count, target)):
        outputs = define_body(builder, source, count, target, 1)
    module = ir.Module("body")
    with define(module, "body", 3) as (builder, (source, count, target)):
        define_body(builder, source, count, target, outputs)
    function = link_code(compile_code(module), {"body": 3})["body"]

    def run(rows: list[list[int]]) -> list[list[int]]:
        padded = [*rows, *[rows[-1]] * (-len(rows) % layout.lanes)]
        inputs = encode(value for row in padded for value in row)
        results = Buffer.allot(ELEMENT_BYTES * outputs * len(padded))
        function(inputs.address, len(padded), results.address)
        numbers = decode(results)
        return [numbers[first : first + outputs] for first in range(0, outputs * len(rows), outputs)]

    return run


def encode(numbers: Iterable[int]) -> Buffer:
    return Buffer.copy(b"".join(number.to_bytes(ELEMENT_BYTES, "little") for number in numbers))


def decode(buffer: Buffer) -> list[int]:
    data = buffer.data.tobytes()
    return [int.from_bytes(data[first : first + 32], "little") for first in range(0, len(data), ELEMENT_BYTES)]

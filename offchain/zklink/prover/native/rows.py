"""The kernel of a circuit's matrices: dot products of their rows with the witness."""

from __future__ import annotations

from typing import Any, Final

from zklink.primitives.field import R
from zklink.primitives.native.assembly import (
    WIDE,
    WORD,
    Value,
    define,
    load,
    load_index,
    offset,
    repeat,
    store,
    variable,
)
from zklink.primitives.native.field_code import ELEMENT_BYTES, Element
from zklink.primitives.native.scalar_code import ScalarField

TERMS: Final = 16
"""So many products fit into 512 bits: R is below 2^254."""
_WORDS: Final = 8


def build_rows(module: Any, lanes: int) -> None:
    """`rows(starts, wires, values, witness, first, last, m, log_m, out)`: rows `first` to `last` - 1 of a matrix.

    Row i has the entries starts[i] to starts[i + 1] - 1; its sum, once divided by 2^256 in the field, goes to lane
    i div m of vector i mod m, as the transforms of so many lanes want it.
    """
    with define(module, "rows", 9) as (builder, (starts, wires, values, witness, first, last, size, log_size, out)):
        field = ScalarField(builder, R)
        limbs = [variable(builder, WORD) for _ in range(_WORDS)]
        total = field.place(1)
        with repeat(builder, last, start=first) as row:
            field.keep(total, field.raw(0))
            end = load_index(builder, starts, builder.add(row, WORD(1)))
            with repeat(builder, end, start=load_index(builder, starts, row), step=TERMS) as start:
                for limb in limbs:
                    builder.store(WORD(0), limb)
                behind = builder.add(start, WORD(TERMS))
                stop = builder.select(builder.icmp_unsigned("<", behind, end), behind, end)
                with repeat(builder, stop, start=start) as index:
                    wire = load_index(builder, wires, index)
                    value, element = load(builder, values, WIDE, index), load(builder, witness, WIDE, wire)
                    added = field.add_product([builder.load(limb) for limb in limbs], value, element)
                    for limb, new in zip(limbs, added, strict=True):
                        builder.store(new, limb)
                part = field.lower([builder.load(limb) for limb in limbs], TERMS * R * R)
                field.keep(total, field.add(field.recall(total), part))
            vector = builder.and_(row, builder.sub(size, WORD(1)))
            lane = builder.lshr(row, log_size)
            address = offset(builder, out, vector, ELEMENT_BYTES * lanes)
            _store_words(field, builder.add(address, builder.shl(lane, WORD(3))), field.recall(total), lanes)


def _store_words(field: ScalarField, address: Value, element: Element, stride: int) -> None:
    for position, word in enumerate(field.split(element.value)):
        store(field.builder, address, word, WORD(stride * position))

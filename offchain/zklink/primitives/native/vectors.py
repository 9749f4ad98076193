"""Vectors of eight 64-bit words: rows and columns change places, a word fills all lanes."""

from __future__ import annotations

from typing import Final

from llvmlite import ir

from zklink.primitives.native.assembly import HALF, WORD, Builder, Value, shuffle

WIDTH: Final = 8
VECTOR: Final = ir.VectorType(WORD, WIDTH)
VECTOR_BYTES: Final = 64


def transpose(builder: Builder, rows: list[Value]) -> list[Value]:
    """Eight vectors of eight words."""
    return _exchange(builder, rows, (1, 2, 4))


def transpose_halves(builder: Builder, rows: list[Value]) -> list[Value]:
    """Four vectors, each the four words of a lane and of the fourth lane after it, to one vector a word; or back."""
    return _exchange(builder, rows, (1, 2))


def _exchange(builder: Builder, rows: list[Value], distances: tuple[int, ...]) -> list[Value]:
    """Blocks beside the diagonal change places, larger and larger ones."""
    for distance in distances:
        low = [lane if lane & distance == 0 else lane - distance + WIDTH for lane in range(WIDTH)]
        high = [lane + distance if lane & distance == 0 else lane + WIDTH for lane in range(WIDTH)]
        out = list(rows)
        for row in range(len(rows)):
            if row & distance == 0:
                pair = rows[row], rows[row + distance]
                out[row], out[row + distance] = shuffle(builder, *pair, low), shuffle(builder, *pair, high)
        rows = out
    return rows


def spread(builder: Builder, word: Value) -> Value:
    """A word in all lanes."""
    single = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), word, HALF(0))
    return shuffle(builder, single, single, [0] * WIDTH)

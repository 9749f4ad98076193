"""Small words for writing LLVM assembly: functions of 64-bit numbers, loops, loads and stores.

Takes and gives LLVM values; addresses are 64-bit numbers. Knows nothing of fields or points.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from llvmlite import ir

Value = Any
Builder = Any
BIT, BYTE, SHORT, HALF, WORD, DOUBLE, WIDE = (ir.IntType(bits) for bits in (1, 8, 16, 32, 64, 128, 256))
WORD_BITS: Final = 64


@contextmanager
def define(
    module: Any, name: str, arguments: int, *, is_internal: bool = False
) -> Iterator[tuple[Builder, list[Value]]]:
    """A function of 64-bit arguments; unless its body returns a number, it returns 0."""
    function = ir.Function(module, ir.FunctionType(WORD, [WORD] * arguments), name)
    if is_internal:
        function.linkage = "internal"
    builder = ir.IRBuilder(function.append_basic_block())
    yield builder, list(function.args)
    if not builder.block.is_terminated:
        builder.ret(WORD(0))


@contextmanager
def repeat(builder: Builder, count: Value, *, start: Value | None = None, step: int = 1) -> Iterator[Value]:
    """A loop whose body sees start, start + step, .. below `count`; it may run not at all."""
    place = variable(builder, WORD, WORD(0) if start is None else start)
    head, body, end = (builder.append_basic_block() for _ in range(3))
    builder.branch(head)
    builder.position_at_end(head)
    index = builder.load(place)
    builder.cbranch(builder.icmp_unsigned("<", index, count), body, end)
    builder.position_at_end(body)
    yield index
    builder.store(builder.add(index, WORD(step)), place)
    builder.branch(head)
    builder.position_at_end(end)


def variable(builder: Builder, kind: Any, value: Value | None = None) -> Value:
    """A place on the stack, reserved at the function's entry."""
    with builder.goto_entry_block():
        place = builder.alloca(kind)
    if value is not None:
        builder.store(value, place)
    return place


def bump(builder: Builder, place: Value, amount: Value) -> Value:
    """Add to a counter; what it was before."""
    before = builder.load(place)
    builder.store(builder.add(before, amount), place)
    return before


def offset(builder: Builder, address: Value, index: Value, size: int) -> Value:
    """address + size index."""
    return builder.add(address, builder.mul(index, WORD(size)))


def load(builder: Builder, address: Value, kind: Any, index: Value | None = None) -> Value:
    """The value at an address, or the index-th one after it."""
    pointer = builder.inttoptr(address, kind.as_pointer())
    return builder.load(pointer if index is None else builder.gep(pointer, [index]), align=_alignment(kind))


def store(builder: Builder, address: Value, value: Value, index: Value | None = None) -> None:
    """Put a value at an address, or at the index-th place after it."""
    pointer = builder.inttoptr(address, value.type.as_pointer())
    builder.store(value, pointer if index is None else builder.gep(pointer, [index]), align=_alignment(value.type))


def load_index(builder: Builder, address: Value, index: Value) -> Value:
    """A 32-bit number of a list, as 64 bits."""
    return builder.zext(load(builder, address, HALF, index), WORD)


def store_index(builder: Builder, address: Value, index: Value, value: Value) -> None:
    """Put a number below 2^32 in a list."""
    store(builder, address, builder.trunc(value, HALF), index)


def prefetch(builder: Builder, module: Any, address: Value, *, is_write: bool = False) -> None:
    """Ask for the cache line of an address, into the second cache or for writing; any address is allowed."""
    pointer = builder.inttoptr(address, BYTE.as_pointer())
    kind = ir.FunctionType(ir.VoidType(), [pointer.type, HALF, HALF, HALF])
    name = "llvm.prefetch.p0"
    function = module.globals.get(name) or ir.Function(module, kind, name)
    builder.call(function, [pointer, HALF(int(is_write)), HALF(3 if is_write else 2), HALF(1)])


def constant(kind: Any, value: int) -> Value:
    """An integer, or a vector that holds it in all lanes."""
    return ir.Constant(kind, [value] * kind.count if isinstance(kind, ir.VectorType) else value)


def shuffle(builder: Builder, left: Value, right: Value, order: Sequence[int]) -> Value:
    """The lanes `order` of two vectors behind one another."""
    return builder.shuffle_vector(left, right, ir.Constant(ir.VectorType(HALF, len(order)), list(order)))


def _alignment(kind: Any) -> int:
    """What every address has: vectors are read as words."""
    return kind.width // 8 if isinstance(kind, ir.IntType) and kind.width < WORD_BITS else WORD_BITS // 8

"""The field machine in lanes, as LLVM assembly: one program runs on eight or sixteen rows of inputs at once.

An element is five limbs of 52 bits (`limb_code`), a product is Montgomery's with radix 2^260, and 2^260 is 84 R. So
products and sums of products need no last subtraction, and every register is a number below LIMIT = 5 R:

- a product of two registers is below 25 R R / 2^260 + R < 2 R; so is a sum of up to 17 products with constants
  (below R): 17 * 5 R R / 2^260 + R < 3 R. Its ten limbs are sums of at most 17 * 10 + 10 halves of products, each below
  2^52: below 2^60, far from 2^64;
- a sum or difference of two registers, the latter plus 5 R, is below 10 R and loses 5 R if it has as much;
- a register plus a constant, or plus a product with one, is below 7 R. It loses 4 R if its highest limb alone says that
  it has as much, before any carry: the limbs below are below 2^57, so what is missed is below 2^214, and the rest below
  4 R + 2^214 < 5 R.

Constants are five words each and are spread over the lanes when they are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from llvmlite import ir

from zklink.primitives.field import R
from zklink.primitives.machine_code import (
    ADD,
    ADD_CONSTANT,
    DIGIT_BITS,
    DOT_CONSTANTS,
    ELEMENT_BYTES,
    ENTRY,
    MAX_TERMS,
    MULTIPLY_ADD,
    SELECT,
    SUBTRACT,
)
from zklink.primitives.native.assembly import (
    HALF,
    WORD,
    Builder,
    Value,
    constant,
    define,
    load,
    offset,
    repeat,
    store,
    variable,
)
from zklink.primitives.native.field_code import Element
from zklink.primitives.native.lanes_code import LanesField
from zklink.primitives.native.limb_code import LIMB_BITS, LIMBS, LimbCode, Limbs, split_limbs
from zklink.primitives.native.vectors import VECTOR, WIDTH, spread

LIMIT: Final = 5 * R
_LOSS: Final = 4 * R
_HIGHEST: Final = -(-_LOSS >> LIMB_BITS * (LIMBS - 1))
"""A highest limb of at least this much means a number above _LOSS."""
CONSTANT_BYTES: Final = LIMBS * 8
ARGUMENTS: Final = 9

assert MAX_TERMS * LIMIT * R >> LIMBS * LIMB_BITS < 2 * R - 1
assert LIMIT * LIMIT >> LIMBS * LIMB_BITS < R - 1
assert _LOSS + (1 << 214) < LIMIT


def build_module(sizes: tuple[int, ...]) -> Any:
    """For each number of vectors v a function `run{v}` of eight v lanes.

    `run(program, length, registers, constants, inputs, input_count, outputs, output_count, groups)`: addresses and
    counts of elements; a group is as many rows as there are lanes. Registers lie in the layout's own form, inputs and
    outputs in 32 bytes each, row after row.
    """
    module = ir.Module("lanes_machine")
    for vectors in sizes:
        with define(module, f"run{vectors}", ARGUMENTS) as (builder, arguments):
            program, length, registers, constants, inputs, input_count, outputs, output_count, groups = arguments
            code = _Code(LanesField(builder, R, vectors), registers, constants)
            with repeat(builder, groups) as group:
                code.read_inputs(inputs, input_count, group)
                with repeat(builder, length) as index:
                    code.execute(load(builder, program, WORD, index))
                code.write_outputs(outputs, output_count, group)
    return module


class _Code:
    """What instructions become."""

    def __init__(self, field: LanesField, registers: Value, constants: Value) -> None:
        self.field = field
        self.builder: Builder = field.builder
        self._limbs = LimbCode(field.builder, R)
        self._registers = registers
        self._constants = constants
        self._totals = [[variable(self.builder, VECTOR) for _ in range(2 * LIMBS)] for _ in range(field.vectors)]

    def read_inputs(self, inputs: Value, count: Value, group: Value) -> None:
        """The first registers get the rows' elements."""
        with repeat(self.builder, count) as position:
            packed = self.field.gather(self._find_rows(inputs, count, group, position), 1)
            self._write(position, self.field.unpack(packed[0]))

    def write_outputs(self, outputs: Value, count: Value, group: Value) -> None:
        """The rows get the first registers, as canonical numbers."""
        with repeat(self.builder, count) as position:
            value = self.field.pack(self.field.reduce(self._read(position)))
            self.field.scatter(self._find_rows(outputs, count, group, position), [value])

    def _find_rows(self, base: Value, count: Value, group: Value, position: Value) -> list[Value]:
        builder, lanes = self.builder, self.field.lanes
        first = builder.mul(group, WORD(lanes))
        rows = (builder.add(first, WORD(lane)) for lane in range(lanes))
        return [offset(builder, base, builder.add(builder.mul(row, count), position), ELEMENT_BYTES) for row in rows]

    def execute(self, instruction: Value) -> None:
        """One instruction: 16 bits each of operation, target, left and right."""
        builder, field = self.builder, self.field
        shifts = (0, 16, 32, 48)
        operation, target, left, right = (
            builder.and_(builder.lshr(instruction, WORD(shift)), WORD(0xFFFF)) for shift in shifts
        )
        with self._choose(operation) as case:
            with case(ADD):
                total = field.add(self._read(left), self._read(right))
                self._write(target, field.reduce(total, LIMIT))
            with case(SUBTRACT):
                difference = field.subtract(self._read(left), self._read(right))
                self._write(target, field.reduce(difference, LIMIT))
            with case(1):
                same = builder.icmp_unsigned("==", left, right)
                with builder.if_else(same) as (square, product):
                    with square:
                        value = self._read(left)
                        self._write(target, field.multiply(value, value))
                    with product:
                        self._write(target, field.multiply(self._read(left), self._read(right)))
            with case(ADD_CONSTANT):
                value, other = self._read(left), self._read_constant(right)
                self._write_sum(target, list(zip(value.value, other, strict=True)))
            with case(MULTIPLY_ADD):
                products = self._dot(left, right, WORD(1))
                self._write_sum(target, list(zip(products, self._read(target).value, strict=True)))
            with case(SELECT):
                self._select(target, left, right)
            with case(None):
                products = self._dot(left, right, builder.sub(operation, WORD(DOT_CONSTANTS)))
                self._write(target, Element([self._limbs.normalize(limbs) for limbs in products], LIMIT))

    @contextmanager
    def _choose(self, operation: Value) -> Iterator[Any]:
        """`case(number)` is the code for an operation, `case(None)` that for all others."""
        builder = self.builder
        end, rest = builder.append_basic_block(), builder.append_basic_block()
        choice = builder.switch(operation, rest)

        @contextmanager
        def case(number: int | None) -> Iterator[None]:
            block = rest if number is None else builder.append_basic_block()
            if number is not None:
                choice.add_case(WORD(number), block)
            builder.position_at_end(block)
            yield
            builder.branch(end)

        yield case
        builder.position_at_end(end)

    def _dot(self, left: Value, right: Value, terms: Value) -> list[Limbs]:
        """The sum of products of consecutive registers and constants, divided by the radix; not carried."""
        builder, code = self.builder, self._limbs
        for total in self._totals:
            for limb in total:
                builder.store(constant(VECTOR, 0), limb)
        with repeat(builder, terms) as term:
            value, factor = self._read(builder.add(left, term)), self._read_constant(builder.add(right, term))
            for total, a, b in zip(self._totals, value.value, factor, strict=True):
                added = code.add_rows([builder.load(limb) for limb in total], a, b)
                for limb, sum_ in zip(total, added, strict=True):
                    builder.store(sum_, limb)
        return [code.reduce_product([builder.load(limb) for limb in total]) for total in self._totals]

    def _select(self, target: Value, table: Value, digit: Value) -> None:
        """Each lane copies the entry that its digit names; the digits of a limb do not reach into the next one."""
        builder, field = self.builder, self.field
        number, place = builder.lshr(digit, WORD(8)), builder.and_(digit, WORD(0xFF))
        limb, within = (operate(place, WORD(LIMB_BITS // DIGIT_BITS)) for operate in (builder.udiv, builder.urem))
        shift = spread(builder, builder.mul(within, WORD(DIGIT_BITS)))
        for vector in range(field.vectors):
            first = builder.add(limb, WORD(vector * LIMBS))
            digits = builder.and_(
                builder.lshr(load(builder, self._find(number), VECTOR, first), shift), constant(VECTOR, 15)
            )
            entries = [
                self._find(builder.add(table, builder.mul(builder.extract_element(digits, HALF(lane)), WORD(ENTRY))))
                for lane in range(WIDTH)
            ]
            with repeat(builder, WORD(ENTRY)) as part:
                step = builder.mul(part, WORD(field.stash_bytes))
                place_of_part = self._find(builder.add(target, part))
                for position in range(vector * LIMBS, (vector + 1) * LIMBS):
                    value = ir.Constant(VECTOR, ir.Undefined)
                    for lane, entry in enumerate(entries):
                        word = load(builder, builder.add(entry, step), WORD, WORD(position * WIDTH + lane))
                        value = builder.insert_element(value, word, HALF(lane))
                    store(builder, place_of_part, value, WORD(position))

    def _write_sum(self, target: Value, parts: list[tuple[Limbs, Limbs]]) -> None:
        """The sum of two numbers, less _LOSS where the highest limb allows it."""
        builder, loss = self.builder, split_limbs(_LOSS)
        out = []
        for left, right in parts:
            limbs = [builder.add(a, b) for a, b in zip(left, right, strict=True)]
            is_large = builder.icmp_unsigned(">=", limbs[-1], constant(VECTOR, _HIGHEST))
            less = [builder.sub(a, b) for a, b in zip(limbs, loss, strict=True)]
            chosen = [builder.select(is_large, a, b) for a, b in zip(less, limbs, strict=True)]
            out.append(self._limbs.normalize(chosen))
        self._write(target, Element(out, LIMIT))

    def _read(self, register: Value) -> Element:
        return self.field.fetch(self._find(register), LIMIT)

    def _write(self, register: Value, element: Element) -> None:
        assert element.bound <= LIMIT, "the number does not fit into a register"
        self.field.stash(self._find(register), element)

    def _find(self, register: Value) -> Value:
        return offset(self.builder, self._registers, register, self.field.stash_bytes)

    def _read_constant(self, number: Value) -> list[Limbs]:
        address = offset(self.builder, self._constants, number, CONSTANT_BYTES)
        words = [load(self.builder, address, WORD, WORD(limb)) for limb in range(LIMBS)]
        return [[spread(self.builder, word) for word in words]] * self.field.vectors


assert WIDTH * ELEMENT_BYTES == 4 * 64

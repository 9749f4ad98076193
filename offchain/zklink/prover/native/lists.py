"""Kernels of numbers: digits of scalars, points sorted by digit, and the plan of a round of additions.

A list is what has to be added up, e.g. all points whose scalar has a digit. Each round adds neighbours in every list,
so that no two additions of a round depend on one another and long lists take no more rounds than their logarithm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zklink.primitives.field import Q
from zklink.primitives.native.assembly import (
    SHORT,
    WIDE,
    WORD,
    WORD_BITS,
    Builder,
    Value,
    bump,
    define,
    load,
    load_index,
    offset,
    repeat,
    store,
    store_index,
    variable,
)
from zklink.primitives.native.field_code import ELEMENT_BYTES
from zklink.prover.native.pair_code import Y_MODULI

PADDING = 16
"""Lists of pairs are filled up to a multiple of this."""
STATE_WORDS = 2
"""What `state` takes beside a word for each list."""
_SCALAR_BITS = 8 * ELEMENT_BYTES


def build_digits(module: Any) -> None:
    """`digits(scalars, count, width, windows, out)`: signed digits of 16 bits, window by window.

    A digit is in [-2^(width - 1), 2^(width - 1)); windows times width is at least one more than a scalar's bits, and
    width at most 16. Eight bytes behind the scalars are read.
    """
    with define(module, "digits", 5) as (builder, (scalars, count, width, windows, out)):
        full = builder.shl(WORD(1), width)
        half = builder.lshr(full, WORD(1))
        with repeat(builder, count) as index:
            scalar = offset(builder, scalars, index, ELEMENT_BYTES)
            carry = variable(builder, WORD, WORD(0))
            with repeat(builder, windows) as window:
                bits = _load_bits(builder, scalar, builder.mul(window, width), width)
                digit = builder.add(bits, builder.load(carry))
                is_high = builder.icmp_unsigned(">=", digit, half)
                builder.store(builder.zext(is_high, WORD), carry)
                signed = builder.select(is_high, builder.sub(digit, full), digit)
                place = builder.add(builder.mul(window, count), index)
                store(builder, out, builder.trunc(signed, SHORT), place)


def _load_bits(builder: Builder, scalar: Value, first: Value, width: Value) -> Value:
    """`width` bits of a scalar from bit `first` on, as if zeros followed it."""
    start = builder.select(builder.icmp_unsigned("<", first, WORD(_SCALAR_BITS)), first, WORD(_SCALAR_BITS))
    rest = builder.sub(WORD(_SCALAR_BITS), start)
    length = builder.select(builder.icmp_unsigned("<", rest, width), rest, width)
    byte = builder.lshr(start, WORD(3))
    pointer = builder.inttoptr(builder.add(scalar, byte), WORD.as_pointer())
    shifted = builder.lshr(builder.load(pointer, align=1), builder.and_(start, WORD(7)))
    return builder.and_(shifted, builder.sub(builder.shl(WORD(1), length), WORD(1)))


def build_sort(module: Any) -> None:
    """`sort(digits, wires, count, lists, counts, places, entries)`: points by the size of their digit.

    Point i has digit digits[wires[i]]. `counts` gets the length of each list, `entries` twice each point's number, plus
    one where the digit is negative, list by list; list 0 comes first and is of no use. `places` is for the kernel.
    """
    with define(module, "sort", 7) as (builder, (digits, wires, count, lists, counts, places, entries)):
        with repeat(builder, lists) as number:
            store_index(builder, counts, number, WORD(0))
        with repeat(builder, count) as index:
            size, _ = _load_digit(builder, digits, wires, index)
            store_index(builder, counts, size, builder.add(load_index(builder, counts, size), WORD(1)))
        total = variable(builder, WORD, WORD(0))
        with repeat(builder, lists) as number:
            store_index(builder, places, number, bump(builder, total, load_index(builder, counts, number)))
        with repeat(builder, count) as index:
            size, sign = _load_digit(builder, digits, wires, index)
            place = load_index(builder, places, size)
            store_index(builder, places, size, builder.add(place, WORD(1)))
            store_index(builder, entries, place, builder.or_(builder.shl(index, WORD(1)), sign))


def _load_digit(builder: Builder, digits: Value, wires: Value, index: Value) -> tuple[Value, Value]:
    """Size and sign bit."""
    digit = builder.sext(load(builder, digits, SHORT, load_index(builder, wires, index)), WORD)
    is_negative = builder.icmp_signed("<", digit, WORD(0))
    size = builder.select(is_negative, builder.sub(WORD(0), digit), digit)
    return size, builder.zext(is_negative, WORD)


def build_spread(module: Any) -> None:
    """`spread(counts, lists, width, new_counts, entries)`: the sums of lists 1, 2, .. as rows and columns.

    List j is in row j >> width and column j mod 2^width, so the sum of j times its point is 2^width times the rows
    weighted with their numbers plus the columns weighted with theirs. Rows come first, then columns; row and column 0,
    whose weight is 0, stay empty, and so do lists that were empty.
    """
    with define(module, "spread", 5) as (builder, (counts, lists, width, new_counts, entries)):
        columns = builder.shl(WORD(1), width)
        rows = builder.add(builder.lshr(builder.sub(lists, WORD(1)), width), WORD(1))
        total = variable(builder, WORD, WORD(0))
        for count, length, first in ((rows, columns, WORD(0)), (columns, rows, rows)):
            store_index(builder, new_counts, first, WORD(0))
            with repeat(builder, count, start=WORD(1)) as major:
                before = builder.load(total)
                with repeat(builder, length) as minor:
                    pair = (major, minor) if count is rows else (minor, major)
                    number = builder.add(builder.shl(pair[0], width), pair[1])
                    with builder.if_then(builder.icmp_unsigned("<", number, lists)):
                        is_full = builder.icmp_unsigned("!=", load_index(builder, counts, number), WORD(0))
                        place = bump(builder, total, builder.zext(is_full, WORD))
                        store_index(builder, entries, place, builder.shl(number, WORD(1)))
                found = builder.sub(builder.load(total), before)
                store_index(builder, new_counts, builder.add(first, major), found)


def build_plans(module: Any, suffix: str, point_bytes: int) -> None:
    """Both plans of a round, for `rounds`; what they have in common is in `_Plan`.

    `plan_first(entries, counts, lists, first_list, source, target, results, state, ids, sizes, pairs, capacity)`: the
    first round, from sorted entries; lists of one point are finished, i.e. copied to `results` plus their number.

    `plan_next(start, target, results, state, ids, sizes, pairs, capacity)`: a following round; the points of the lists
    lie in `target` from number `start` on.

    state[0] counts the lists that go on, state[1] says where their points go; behind them are the copies of a round.
    `pairs` is for three lists of `capacity` numbers: left, right, out. The result is how many pairs there are.
    """
    with define(module, f"plan_first{suffix}", 12, is_internal=True) as (builder, arguments):
        entries, counts, lists, first_list, source, *rest = arguments
        plan = _Plan(builder, point_bytes, source, *rest)
        cursor = variable(builder, WORD, WORD(0))
        with repeat(builder, first_list) as number:
            bump(builder, cursor, load_index(builder, counts, number))
        with repeat(builder, lists, start=first_list) as number:
            count = load_index(builder, counts, number)
            start = bump(builder, cursor, count)
            with builder.if_then(builder.icmp_unsigned("==", count, WORD(1))):
                plan.note_copy(load_index(builder, entries, start), builder.add(plan.results, number))
            with builder.if_then(builder.icmp_unsigned(">", count, WORD(1))):
                plan.halve(number, count, lambda place: load_index(builder, entries, builder.add(start, place)))
        builder.ret(plan.finish())
    with define(module, f"plan_next{suffix}", 8, is_internal=True) as (builder, (start, target, *rest)):
        plan = _Plan(builder, point_bytes, target, target, *rest)
        cursor = variable(builder, WORD, start)
        with repeat(builder, plan.load_active()) as index:
            count = load_index(builder, plan.sizes, index)
            begin = bump(builder, cursor, count)
            number = load_index(builder, plan.ids, index)
            plan.halve(number, count, lambda place: builder.shl(builder.add(begin, place), WORD(1)))
        builder.ret(plan.finish())


class _Plan:
    """What a round does with one list, and the counters."""

    def __init__(
        self, builder: Builder, point_bytes: int, source: Value, target: Value, results: Value, state: Value,
        ids: Value, sizes: Value, pairs: Value, capacity: Value,
    ) -> None:  # fmt: skip
        self.builder = builder
        self._point_bytes = point_bytes
        self._source, self._target = source, target
        self.results = results
        self._state = state
        self.ids, self.sizes = ids, sizes
        self._lists = [builder.add(pairs, builder.mul(capacity, WORD(4 * number))) for number in range(3)]
        self._pairs = variable(builder, WORD, WORD(0))
        self._active = variable(builder, WORD, WORD(0))
        self._next = variable(builder, WORD, load(builder, state, WORD, WORD(1)))
        self._copies = variable(builder, WORD, WORD(0))
        self._copy_list = builder.add(state, WORD(STATE_WORDS * WORD_BITS // 8))

    def load_active(self) -> Value:
        """How many lists the last round left."""
        return load(self.builder, self._state, WORD, WORD(0))

    def halve(self, number: Value, count: Value, entry: Callable[[Value], Value]) -> None:
        """Pair the neighbours of a list of two points or more; the last of an odd number is copied."""
        builder = self.builder
        half = builder.lshr(count, WORD(1))
        is_last = builder.icmp_unsigned("==", count, WORD(2))
        target = builder.select(is_last, builder.add(self.results, number), builder.load(self._next))
        first = bump(builder, self._pairs, half)
        with repeat(builder, half) as step:
            left = builder.shl(step, WORD(1))
            values = entry(left), entry(builder.add(left, WORD(1))), builder.add(target, step)
            for numbers, value in zip(self._lists, values, strict=True):
                store_index(builder, numbers, builder.add(first, step), value)
        with builder.if_then(builder.not_(is_last)):
            odd = builder.and_(count, WORD(1))
            with builder.if_then(builder.icmp_unsigned("!=", odd, WORD(0))):
                self.note_copy(entry(builder.sub(count, WORD(1))), builder.add(target, half))
            size = builder.add(half, odd)
            place = bump(builder, self._active, WORD(1))
            store_index(builder, self.ids, place, number)
            store_index(builder, self.sizes, place, size)
            bump(builder, self._next, size)

    def note_copy(self, entry: Value, number: Value) -> None:
        """Copy later: then copies do not wait for one another's points."""
        place = self.builder.shl(bump(self.builder, self._copies, WORD(1)), WORD(1))
        store_index(self.builder, self._copy_list, place, entry)
        store_index(self.builder, self._copy_list, self.builder.or_(place, WORD(1)), number)

    def _copy(self, entry: Value, number: Value) -> None:
        """The point of an entry, with its sign, to a place of the target."""
        builder, size = self.builder, self._point_bytes
        source = offset(builder, self._source, builder.lshr(entry, WORD(1)), size)
        target = offset(builder, self._target, number, size)
        is_negative = builder.icmp_unsigned("!=", builder.and_(entry, WORD(1)), WORD(0))
        parts = size // ELEMENT_BYTES
        for part in range(parts):
            value = load(builder, source, WIDE, WORD(part))
            if part >= parts // 2:
                is_zero = builder.icmp_unsigned("==", value, WIDE(0))
                negative = builder.select(is_zero, value, builder.sub(WIDE(Y_MODULI * Q), value))
                value = builder.select(is_negative, negative, value)
            store(builder, target, value, WORD(part))

    def finish(self) -> Value:
        """Copy, and fill up the lists with the last pair, whose sum then goes to the place behind all others."""
        builder = self.builder
        with repeat(builder, builder.load(self._copies)) as index:
            place = builder.shl(index, WORD(1))
            numbers = place, builder.or_(place, WORD(1))
            entry, number = (load_index(builder, self._copy_list, each) for each in numbers)
            self._copy(entry, number)
        pairs, following = builder.load(self._pairs), builder.load(self._next)
        store(builder, self._state, builder.load(self._active), WORD(0))
        store(builder, self._state, following, WORD(1))
        whole = builder.and_(builder.add(pairs, WORD(PADDING - 1)), WORD(-PADDING))
        with repeat(builder, whole, start=pairs) as index:
            last = builder.sub(pairs, WORD(1))
            left, right, out = self._lists
            for numbers in (left, right):
                store_index(builder, numbers, index, load_index(builder, numbers, last))
            store_index(builder, out, index, following)
        return pairs

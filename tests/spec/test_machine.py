"""The field machine against Python's integers, at the field's edges too; and what happens without it."""

import sys
import threading
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.tries import tries
from zklink.primitives import machine
from zklink.primitives.field import R
from zklink.primitives.machine import BATCH_ROWS, REGISTERS, Machine
from zklink.primitives.machine_code import MAX_TERMS, encode_add, encode_dot, encode_subtract
from zklink.primitives.poseidon import decode_elements, encode_elements, poseidon, poseidon_many, poseidon_plain

EDGES: Final = (0, 1, 2, (1 << 64) - 1, 1 << 64, 1 << 128, (1 << 192) - 1, R >> 1, R - (1 << 64), R - 2, R - 1)
elements = st.sampled_from(EDGES) | st.integers(0, R - 1)
rows = st.lists(st.lists(elements, min_size=2 * MAX_TERMS, max_size=2 * MAX_TERMS), min_size=1, max_size=3)


def _machine() -> Machine:
    run = machine.load()
    assert run is not None, "llvmlite is installed and knows this processor"
    return Machine(run, reserved=2 * MAX_TERMS)


@given(rows, st.integers(1, MAX_TERMS))
@tries(300)
def test_run__sum_difference_and_dot_product__are_pythons(rows: list[list[int]], terms: int) -> None:
    tested = _machine()
    first = tested.allot(2 * MAX_TERMS + 1)
    result = first + 2 * MAX_TERMS
    loads = [tested.encode_input(first + place, place) for place in range(2 * MAX_TERMS)]
    program = b"".join(
        (
            *loads,
            encode_dot(result, first, first + MAX_TERMS, terms),
            tested.encode_output(0, result),
            encode_add(result, first, first + 1),
            tested.encode_output(1, result),
            encode_subtract(result, first, first + 1),
            tested.encode_output(2, result),
        )
    )
    outputs = list(
        decode_elements(
            tested.run(program, encode_elements([element for row in rows for element in row]), 3, len(rows))
        )
    )
    expected: list[int] = []
    for row in rows:
        dot = sum(a * b for a, b in zip(row[:terms], row[MAX_TERMS : MAX_TERMS + terms], strict=True))
        expected += [dot % R, (row[0] + row[1]) % R, (row[0] - row[1]) % R]
    assert outputs == expected


@pytest.mark.parametrize("terms", range(1, MAX_TERMS + 1))
def test_run__largest_dot_product__is_reduced(terms: int) -> None:
    """The machine's own form of the factors is R - 1: the largest sum there is."""
    largest = (R - 1) * pow(1 << 256, -1, R) % R
    tested = _machine()
    factors, result = tested.constants([largest] * terms), tested.allot(1)
    program = encode_dot(result, factors, factors, terms) + tested.encode_output(0, result)
    assert tested.run(program, outputs=1) == encode_elements([terms * largest * largest % R])


def test_allot__more_than_there_is__is_refused() -> None:
    with pytest.raises(ValueError, match="no registers left"):
        _machine().allot(REGISTERS)


@pytest.mark.parametrize("terms", [0, MAX_TERMS + 1])
def test_encode_dot__no_such_length__is_refused(terms: int) -> None:
    with pytest.raises(ValueError, match="1 to 17 terms"):
        encode_dot(0, 0, 0, terms)


def test_poseidon_many__several_batches_in_several_threads__is_the_plain_one() -> None:
    count = 2 * BATCH_ROWS + 3
    results: dict[int, list[int]] = {}

    def hash_all(seed: int) -> None:
        results[seed] = poseidon_many([(seed, number) for number in range(count)])

    threads = [threading.Thread(target=hash_all, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in range(4):
        assert results[seed][-5:] == [poseidon_plain((seed, number)) for number in range(count - 5, count)]
        assert results[seed] == [poseidon((seed, number)) for number in range(count)]


def test_load__without_llvm__is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "zklink.primitives.machine_llvm")
    monkeypatch.setitem(sys.modules, "llvmlite", None)
    assert machine.load.__wrapped__() is None

"""Programs and Poseidon on both field machines against Python's integers: eight lanes, sixteen, and one at a time.

The law: every instruction gives the right residue for every canonical input, in every lane, whatever was computed
before; and a batch of hashes is the plain hash of each row, of any number of rows and inputs.
"""

import random
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

import pytest

from zklink.primitives import machine, machine_lanes, poseidon
from zklink.primitives.field import R
from zklink.primitives.machine import Machine
from zklink.primitives.machine_code import ENTRY, MAX_TERMS, encode_add, encode_dot, encode_select, encode_subtract
from zklink.primitives.machine_lanes import LANES, LanesMachine
from zklink.primitives.native.layout import SWITCH
from zklink.primitives.poseidon import decode_elements, encode_elements, poseidon_many, poseidon_plain
from zklink.primitives.poseidon_program import Permutation

EDGES: Final = (
    0, 1, 2, R - 1, R - 2, R >> 1, (R >> 1) + 1,
    *((1 << bits) + step for bits in (51, 52, 64, 104, 128, 156, 192, 208, 252, 253) for step in (-1, 0, 1)),
)  # fmt: skip
EXTREMES: Final = [value for value in EDGES if value < R]


def _make_scalar(reserved: int) -> Machine:
    run = machine.load()
    assert run is not None, "llvmlite is installed and knows this processor"
    return Machine(run, reserved)


def _make_lanes(size: int) -> Callable[[int], LanesMachine]:
    def make(reserved: int) -> LanesMachine:
        runs = machine_lanes.load()
        assert runs is not None
        return LanesMachine({1: runs[1], size: runs[size]}, reserved)

    return make


AnyMachine = Machine | LanesMachine
MACHINES: dict[str, Callable[[int], AnyMachine]] = {"scalar": _make_scalar}
if machine_lanes.load() is not None:
    MACHINES |= {f"lanes{LANES * size}": _make_lanes(size) for size in machine_lanes.SIZES}


@pytest.fixture(params=list(MACHINES))
def make(request: pytest.FixtureRequest) -> Callable[[int], AnyMachine]:
    return MACHINES[request.param]


def _samples(count: int, seed: int) -> Iterator[int]:
    """Edges and numbers by chance, half and half."""
    chance = random.Random(seed)
    for _ in range(count):
        yield chance.choice(EXTREMES) if chance.random() < 0.5 else chance.randrange(R)


def test_select__any_digit_of_any_number__each_lane_its_own_entry() -> None:
    """Edges and numbers by chance at all 64 places; the table is 64 numbers of the row itself."""
    sizes = machine_lanes.load()
    assert sizes is None or set(sizes) == set(machine_lanes.SIZES)
    for size in sizes or ():
        _check_select(size)


def _check_select(size: int) -> None:
    tested = _make_lanes(size)(2)
    table, chosen = tested.allot(16 * ENTRY), tested.allot(ENTRY)
    numbers = tested.constants([pow(7, place, R) for place in range(16 * ENTRY)])
    code = [tested.encode_input(chosen, 1)]
    code += [tested.encode_dot_constants(table + place, chosen, numbers + place) for place in range(16 * ENTRY)]
    rows = [(number, factor) for number in EXTREMES for factor in (1, R - 1)]
    rows += list(zip(_samples(40, 3), _samples(40, 4), strict=True))
    inputs = encode_elements([value for row in rows for value in row])
    for place in range(64):
        for part in range(0, ENTRY, 2):
            outputs = [tested.encode_output(position, chosen + part + position) for position in range(2)]
            program = b"".join([*code, encode_select(chosen, table, 0, place), *outputs])
            found = list(decode_elements(tested.run(program, inputs, 2, len(rows))))
            entries = [(ENTRY * (number >> 4 * place & 15) + part, factor) for number, factor in rows]
            right = [pow(7, first + i, R) * factor % R for first, factor in entries for i in range(2)]
            assert found == right, place


def test_run__one_instruction_each__is_pythons(make: Callable[[int], AnyMachine]) -> None:
    """Every edge with every edge, and pairs by chance: some 3,000 of them."""
    pairs = [(a, b) for a in EXTREMES for b in EXTREMES]
    pairs += [(a, b) for a, b in zip(_samples(2_000, 1), _samples(2_000, 2), strict=True)]
    factor, term = R - 1, (R >> 1) + 5
    tested = make(8)
    a, b, result = tested.allot(1), tested.allot(1), tested.allot(1)
    factors = tested.constants([factor, term])
    codes: list[tuple[bytes, Callable[[int, int], int]]] = [
        (encode_add(result, a, b), lambda x, y: x + y),
        (encode_subtract(result, a, b), lambda x, y: x - y),
        (encode_dot(result, a, b), lambda x, y: x * y),
        (encode_dot(result, a, a), lambda x, _: x * x),
        (tested.encode_add_constant(result, a, factors), lambda x, _: x + factor),
        (encode_add(result, b, b) + tested.encode_multiply_add(result, a, factors), lambda x, y: 2 * y + x * factor),
        (tested.encode_dot_constants(result, a, factors, 2), lambda x, y: x * factor + y * term),
        (tested.encode_dot_constants(result, b, factors + 1), lambda _, y: y * term),
    ]
    program = tested.encode_input(a, 0) + tested.encode_input(b, 1)
    places = [tested.allot(1) for _ in codes]
    for place, (code, _) in zip(places, codes, strict=True):
        program += code + tested.encode_dot_constants(place, result, tested.constants([1]))
    program += b"".join(tested.encode_output(number, place) for number, place in enumerate(places))
    encoded = encode_elements([number for pair in pairs for number in pair])
    found = list(decode_elements(tested.run(program, encoded, len(codes), len(pairs))))
    assert found == [law(x, y) % R for x, y in pairs for _, law in codes]


@pytest.mark.parametrize("seed", range(4))
def test_run__long_programs_by_chance__bounds_hold(make: Callable[[int], AnyMachine], seed: int) -> None:
    """What is left in a register is the largest that instructions leave, and the next one's operand."""
    chance = random.Random(seed)
    size = 6
    tested = make(size)
    first = tested.allot(size)
    constants = [R - 1, 1, *_samples(MAX_TERMS - 2, seed)]
    table = tested.constants(constants)
    rows = [list(_samples(size, 100 * seed + row)) for row in range(2 * LANES + 3)]
    states = [list(row) for row in rows]
    program = b"".join(tested.encode_input(first + place, place) for place in range(size))
    for _ in range(250):
        kind, (target, left, right) = chance.randrange(6), (chance.randrange(size) for _ in range(3))
        number = chance.randrange(len(constants))
        constant = constants[number]
        terms = chance.randint(1, size - left)
        number = min(number, len(constants) - terms) if kind == 5 else number
        places = (first + target, first + left, first + right)
        program += (
            encode_add(*places),
            encode_subtract(*places),
            encode_dot(*places),
            tested.encode_add_constant(first + target, first + left, table + number),
            tested.encode_multiply_add(first + target, first + left, table + number),
            tested.encode_dot_constants(first + target, first + left, table + number, terms),
        )[kind]
        for state in states:
            x, y = state[left], state[right]
            dot = sum(state[left + term] * constants[number + term] for term in range(terms)) if kind == 5 else 0
            values = (x + y, x - y, x * y, x + constant, state[target] + x * constant, dot)
            state[target] = values[kind] % R
    program += b"".join(tested.encode_output(place, first + place) for place in range(size))
    encoded = encode_elements([number for row in rows for number in row])
    found = list(decode_elements(tested.run(program, encoded, size, len(rows))))
    assert found == [number for state in states for number in state]


@cache
def _hash_plainly(count: int) -> tuple[list[list[int]], list[int]]:
    """Rows that fill two groups and begin a third, and their hashes by Python's integers."""
    rows = [[edge] * count for edge in (0, 1, R - 1)]
    rows += [list(_samples(count, 1_000 * count + row)) for row in range(2 * LANES + 5)]
    return rows, [poseidon_plain(row) for row in rows]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 9, 16])
def test_hash_rows__each_number_of_inputs__is_the_plain_hash(make: Callable[[int], AnyMachine], count: int) -> None:
    permutation = Permutation(make(count), count)
    rows, hashes = _hash_plainly(count)
    found = permutation.hash_rows(encode_elements([number for row in rows for number in row]), len(rows))
    assert list(decode_elements(found)) == hashes


@pytest.mark.parametrize("number", [1, 2, LANES - 1, LANES, LANES + 1, 2 * LANES, 3 * LANES - 1, 1_100])
def test_hash_rows__any_number_of_rows__each_in_its_place(make: Callable[[int], AnyMachine], number: int) -> None:
    """Groups that are full, begun, and more than a batch; each hash is that of a single row."""
    rows = list(zip(_samples(number, 5), _samples(number, 6), strict=True))
    found = Permutation(make(2), 2).hash_rows(encode_elements([value for row in rows for value in row]), number)
    assert list(decode_elements(found)) == [poseidon.poseidon(row) for row in rows]


def test_poseidon_many__from_the_first_lanes_on__nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process's first batches and its later ones are hashed by different code."""
    monkeypatch.setattr(poseidon, "LANES_AFTER", 60)
    monkeypatch.setattr(poseidon, "_tally", poseidon._Tally())
    monkeypatch.setattr(machine_lanes, "is_loaded", lambda: False)
    rows = [(value, value) for value in _samples(20, 7)]
    expected = [poseidon_plain(row) for row in rows]
    assert all(poseidon_many(rows) == expected for _ in range(4))


def test_choose__lanes_are_compiled_already__even_a_first_batch_uses_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(poseidon, "_tally", poseidon._Tally())
    monkeypatch.setattr(machine_lanes, "is_loaded", lambda: True)
    lanes = poseidon._in_lanes(2)
    assert poseidon._choose(2, poseidon.LANES_FROM) is (poseidon._native(2) if lanes is None else lanes)
    assert poseidon._choose(2, poseidon.LANES_FROM - 1) is poseidon._native(2)


@pytest.mark.parametrize("number", [R, R + 1, -1, 1 << 256])
def test_poseidon_many__not_canonical_in_any_row__is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="canonical"):
        poseidon_many([(0, 1)] * 9 + [(0, number)])


def test_load__switched_off__no_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SWITCH, "0")
    assert machine_lanes.load.__wrapped__() is None


def test_allot__more_than_there_is__is_refused(make: Callable[[int], AnyMachine]) -> None:
    with pytest.raises(ValueError, match="no registers left"):
        make(0).allot(1 << 14)

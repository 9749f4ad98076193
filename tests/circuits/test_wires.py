"""Nothing in the circuit is free: no wire can take another value while the others stay, and the public inputs bind."""

import pytest

from tests.support.circuits import TINY, open_swap_block
from tests.support.forgery import TIMESTAMP, apply
from tests.support.r1cs import Assignment
from tests.support.swaps import request
from tests.support.upholds import upholds
from zklink.primitives.field import R
from zklink.protocol.ids import Amount, TokenId
from zklink.protocol.presets import MINIMAL, Preset
from zklink.prover.build import OPTIMIZED, PLAIN
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import State
from zklink.transition.swap_block import SwapBlock
from zklink.witness.swap_block import compute_inputs

PUBLICS = ("commitment", "z", "lambda", "y")
LEVELS = [(MINIMAL, OPTIMIZED), (TINY, PLAIN)]
"""The circuit as it is proven, and one in which every signal of the sources has a wire."""


def build_block(preset: Preset) -> SwapBlock:
    """A paid route through both pools and a refund; the larger preset also has a transfer and an empty slot."""
    state = State(preset)
    state.set_token(TokenId(1), TokenRow((4_000, 3_000, 5, 0, 0, 9, 0, 1), 3))
    state.set_token(TokenId(2), TokenRow((5_000, 4_000, 0, 7, 0, 0, 0, 0), 4))
    state.set_pool(TokenId(1), TokenId(3), Pool(70_000, 90_000, 1_000, 30, preset.lp_base))
    state.set_pool(TokenId(2), TokenId(3), Pool(60_000, 50_000, 1_000, 5, TokenId(preset.lp_base + 1)))
    swaps = [
        request(1, via=TokenId(3)),
        request(2, token_in=TokenId(2), token_out=TokenId(3), deadline=TIMESTAMP - 1),
        request(3, token_out=TokenId(1), amount=Amount(77)),
    ]
    block = apply(state, swaps[: preset.slots], preset)
    assert [outcome.is_paid for outcome in block.outcomes] == [True, False, True][: preset.slots]
    return block


def assign(preset: Preset, level: str) -> Assignment:
    circuit = open_swap_block(preset, level)
    values = circuit.compute(compute_inputs(build_block(preset)))
    return circuit.checker.assign(values)


@upholds("VER-4", "CIR-1")
@pytest.mark.parametrize(("preset", "level"), LEVELS)
def test_wires__each_changed_alone__violate_a_constraint(preset: Preset, level: str) -> None:
    assignment = assign(preset, level)
    loose = assignment.find_loose_wires()
    names = open_swap_block(preset, level).symbols.names()
    assert [names[wire] for wire in loose] == []
    for wire in range(1, assignment.checker.wire_count):
        for value in (assignment.values[wire] + 1, 1 - assignment.values[wire]):
            assert assignment.violated_by({wire: value % R}), names[wire]


def test_loose_wires__in_a_system_that_lacks_a_row__are_found() -> None:
    """The inverse of a difference that is zero is pinned by one row only; circomlib's own template leaves it free."""
    circuit, assignment = open_swap_block(MINIMAL), assign(MINIMAL, OPTIMIZED)
    inverse = circuit.symbols.wires["main.slot[2].first.view.IsNull#0.inverse"]
    pinning = [row for row, (a, b, _) in circuit.checker.rows_of(inverse).items() if (a or b)]
    assert len(pinning) == 2
    found = [circuit.checker.without([row]).assign(assignment.values).find_loose_wires([inverse]) for row in pinning]
    assert sorted(found) == [[], [inverse]]


@upholds("VER-4")
@pytest.mark.parametrize(("preset", "level"), LEVELS)
def test_public_inputs__are_wires_1_to_4_and_bound(preset: Preset, level: str) -> None:
    circuit, assignment = open_swap_block(preset, level), assign(preset, level)
    assert circuit.checker.public_count == len(PUBLICS)
    for wire, name in enumerate(PUBLICS, start=1):
        assert circuit.symbols.wires[f"main.{name}"] == wire
        assert assignment.other_values(wire) == set()


@upholds("CIR-9")
@pytest.mark.parametrize(
    "selector", ["records.is_source", "is_destination", "is_row_in", "is_row_out", "first.selected", "second.selected"]
)
def test_selectors__moved_added_or_cleared__violate_a_constraint(selector: str) -> None:
    circuit, assignment = open_swap_block(TINY, PLAIN), assign(TINY, PLAIN)
    wires = [wire for name, wire in circuit.symbols.wires.items() if name.startswith(f"main.slot[0].{selector}[")]
    chosen = [wire for wire in wires if assignment.values[wire]]
    assert len(chosen) == 1 and len(wires) > 1
    assert assignment.violated_by({chosen[0]: 0})
    for other in set(wires) - set(chosen):
        assert assignment.violated_by({other: 1})
        assert assignment.violated_by({chosen[0]: 0, other: 1})


@upholds("CIR-4")
@pytest.mark.parametrize("trade", ["first", "second"])
def test_floor__quotient_and_remainder_moved_together__violate_a_constraint(trade: str) -> None:
    """q -> q + d with remainder -> remainder - d * divisor keeps the equation; the ranges refuse it, also a wrap."""
    circuit, assignment = open_swap_block(TINY, PLAIN), assign(TINY, PLAIN)
    wires, values = circuit.symbols.wires, assignment.values
    place = f"main.slot[0].{trade}.ConstantProduct#0"
    divisor = values[wires[f"{place}.divisor"]]
    wrapping = (-values[wires[f"{place}.out"]] + pow(divisor, -1, R)) % R
    for d in (1, -1, 2**112, wrapping):
        changes = {
            wires[f"{place}.out"]: (values[wires[f"{place}.out"]] + d) % R,
            wires[f"{place}.remainder"]: (values[wires[f"{place}.remainder"]] - d * divisor) % R,
        }
        rows = assignment.violated_by(changes)
        checked = {name for row in rows for name in circuit.signals_of([row])}
        assert any(name.startswith(f"{place}.RangeCheck") for name in checked)

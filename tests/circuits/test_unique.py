"""One block has one witness: whatever hints a dishonest prover computes, all wires follow from a slot's inputs.

So nothing is left to forge but the inputs themselves, which the words, the roots and the signatures bind (the other
tests here). Shown for a slot of each kind and for exits, by derivation and not by trying values.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache, partial

import pytest

from tests.circuits import test_exit, test_ledger_slot, test_order_slot, test_pool_slot, test_swap_differential
from tests.support.account_scene import ALICE, KEYLESS, SHARES, TIMESTAMP, X, apply, build_state, signed
from tests.support.account_slots import order_inputs, pool_inputs, select_slot
from tests.support.circuits import Circuit, open_gadget
from tests.support.derive import Contradiction, System
from tests.support.forgery import apply as play_block
from tests.support.ledger_slots import play
from tests.support.upholds import upholds
from zklink.protocol.presets import MINIMAL
from zklink.witness.signals import Signal, Signals
from zklink.witness.swap_block import compute_inputs

_DEPTHS = MINIMAL.token_depth, MINIMAL.account_depth
_ROWS, _POOLS = MINIMAL.account.token_rows, MINIMAL.account.pool_rows
TEMPLATES: dict[str, tuple[str, tuple[int, ...]]] = {
    "LedgerSlot": ("ledger_slot.circom", (0, _ROWS, *_DEPTHS)),
    "PoolSlot": ("pool_slot.circom", (_ROWS, _POOLS, *_DEPTHS)),
    "OrderSlot": ("order_slot.circom", (_ROWS, *_DEPTHS, MINIMAL.order_depth)),
    "Exit": ("exit.circom", _DEPTHS),
    "SwapSlot": ("swap.circom", (MINIMAL.token_rows, MINIMAL.pool_rows)),
}


def _ledger(case: str) -> Signals:
    return play(test_ledger_slot.HONEST[case], TIMESTAMP).inputs


def _pool(operation: test_pool_slot.PoolOperation | None) -> Signals:
    return pool_inputs(apply(build_state(), *([signed(operation)] if operation else [])))


def _swap(case: str) -> Signals:
    """The first slot of a block, on the registers as they are before it."""
    state, requests, _ = test_swap_differential.CASES[case]
    inputs = compute_inputs(play_block(state, requests, MINIMAL))
    chosen: Signals = {name: inputs[name] for name in ("timestamp", "row_id")}
    chosen |= {name: signal for name, signal in inputs.items() if name.startswith("pair[")}
    chosen |= {name.replace("].leaf.", "]."): signal for name, signal in inputs.items() if "].leaf." in name}
    return chosen | {f"request.{name}": signal for name, signal in select_slot(inputs, "request").items()}


SWAPS = (
    *("no request", "paid", "late", "transfer", "no pool", "nothing out", "route", "route back"),
    *("route one above the reserve", "route whose first trade gives nothing", "the largest routes"),
)
CASES: dict[str, tuple[str, Callable[[], Signals]]] = {
    **{f"swap, {case}": ("SwapSlot", partial(_swap, case)) for case in SWAPS},
    **{f"ledger, {case}": ("LedgerSlot", partial(_ledger, case)) for case in test_ledger_slot.ONE_OF_EACH},
    **{f"pool, {type(op).__name__}": ("PoolSlot", partial(_pool, op)) for op in test_pool_slot.OPERATIONS},
    "pool, nothing": ("PoolSlot", partial(_pool, None)),
    "a match": ("OrderSlot", test_order_slot.build_inputs),
    "no match": ("OrderSlot", lambda: order_inputs(apply(test_order_slot.start()))),
    "exit of shares": ("Exit", partial(test_exit.build_inputs, ALICE, SHARES)),
    "exit of a token, unsigned": ("Exit", partial(test_exit.build_inputs, KEYLESS, X, is_signed=False)),
}


@cache
def open_plain(template: str) -> tuple[Circuit, System]:
    """A template with a row for each line of its source."""
    entry, arguments = TEMPLATES[template]
    circuit = open_gadget(entry, template, *arguments)
    return circuit, System(circuit.checker)


def flatten(name: str, signal: Signal) -> Iterator[tuple[str, int]]:
    """The signal's numbers by name."""
    if isinstance(signal, int):
        yield name, signal
    else:
        for i, item in enumerate(signal):
            yield from flatten(f"{name}[{i}]", item)


def derive(template: str, system: System, inputs: Signals) -> dict[int, int]:
    """What follows from the inputs."""
    return system.derive(fix(open_plain(template)[0], inputs))


def fix(circuit: Circuit, inputs: Signals) -> Mapping[int, int]:
    """The inputs' wires."""
    wires = circuit.symbols.wires
    return {wires[name]: value for key, signal in inputs.items() for name, value in flatten(f"main.{key}", signal)}


@upholds("VER-4", "CIR-1", "CIR-2", "CIR-3", "CIR-4")
@pytest.mark.parametrize("case", CASES)
def test_witness__of_each_kind__follows_from_the_inputs(case: str) -> None:
    template, build = CASES[case]
    circuit, system = open_plain(template)
    inputs = build()
    derived = derive(template, system, inputs)
    names = circuit.symbols.names()
    assert [names[wire] for wire in range(1, circuit.checker.wire_count) if wire not in derived] == []
    assert [derived[wire] for wire in range(circuit.checker.wire_count)] == circuit.compute(inputs)


@upholds("CIR-3")
@pytest.mark.parametrize(
    ("case", "lacking", "freed"),
    [
        ("a match", "main.side[0].RateFee#0.RangeCheck#", "main.next_fees["),
        ("ledger, withdrawal", "main.SelectLoaded#1.found", "main.next_row["),
        ("swap, route", "main.second.ConstantProduct#0.RangeCheck#", "main.next_pool["),
    ],
)
def test_witness__without_a_rule__is_one_of_several(case: str, lacking: str, freed: str) -> None:
    """The rounding of a fee; the row that a selection finds; the floor of a second trade."""
    template, build = CASES[case]
    circuit, _ = open_plain(template)
    names = circuit.symbols.names()
    wires = {wire for wire, name in names.items() if name.startswith(lacking)}
    rows = {
        row for row, forms in enumerate(circuit.checker.list_rows()) for form in forms for w, _ in form if w in wires
    }
    assert wires and rows
    derived = derive(template, System(circuit.checker.without(rows)), build())
    assert any(name.startswith(freed) for wire, name in names.items() if wire not in derived)


@upholds("CIR-3")
def test_input__that_is_false__contradicts_the_rows() -> None:
    """Also where no calculator has a say: an exit of one unit more."""
    inputs = CASES["exit of shares"][1]()
    amount = inputs["amount_a"]
    assert isinstance(amount, int)
    with pytest.raises(Contradiction):
        derive("Exit", open_plain("Exit")[1], inputs | {"amount_a": amount + 1})

"""One pool slot or one order slot of an account block, for tests: the circuit, its inputs and what it must give.

Takes applied blocks of preset `minimal` that have this one slot used: so the slot's registers and account root are
those of the whole block.
"""

from collections.abc import Mapping
from functools import cache
from typing import TypeVar

import pytest

from tests.support.account_scene import apply
from tests.support.circuits import CIRCUITS, Circuit, Mutation
from zklink.primitives.field import R
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.presets import MINIMAL
from zklink.prover.build import OPTIMIZED, PLAIN, ensure_compiled
from zklink.prover.source import CircuitSource
from zklink.state.state import State
from zklink.transition import account_block
from zklink.transition.account_block import AccountBlock
from zklink.transition.order_match import MatchSlot
from zklink.transition.pool_slot import PoolSlot
from zklink.transition.rules import ORDER_RULES, POOL_RULES, AccountOperation, Rule
from zklink.witness.account_block import compute_inputs
from zklink.witness.signals import Signal, Signals

Slot = TypeVar("Slot", PoolSlot, MatchSlot)
_ROWS, _POOLS = MINIMAL.account.token_rows, MINIMAL.account.pool_rows
_ARGUMENTS = {
    "PoolSlot": (_ROWS, _POOLS, MINIMAL.token_depth, MINIMAL.account_depth),
    "OrderSlot": (_ROWS, MINIMAL.token_depth, MINIMAL.account_depth, MINIMAL.order_depth),
    "Exit": (MINIMAL.token_depth, MINIMAL.account_depth),
}
_ENTRIES = {"PoolSlot": "pool_slot.circom", "OrderSlot": "order_slot.circom", "Exit": "exit.circom"}
_SHARED = ("domain", "timestamp", "row_id", "account_root")
_POOL_REGISTERS = ("pool_reserve_lower", "pool_reserve_higher", "pool_supply", "pool_lp_token")


@cache
def open_slot(template: str, mutation: Mutation | None = None) -> Circuit:
    """A slot's template of preset `minimal` as a circuit of its own, as it is proven; or a mutant, unoptimized."""
    name, directory = f"slot_{template.lower()}", CIRCUITS
    if mutation is not None:
        name, directory = f"{name}_{mutation.name}", mutation.write_sources()
    source = CircuitSource(name, directory, _ENTRIES[template], template, _ARGUMENTS[template], ())
    return Circuit(ensure_compiled(source, level=PLAIN if mutation else OPTIMIZED))


def pool_inputs(block: AccountBlock) -> Signals:
    """The inputs of the block's pool slot."""
    inputs = compute_inputs(block)
    names = (*_SHARED, "pool_lower", "pool_higher", *_POOL_REGISTERS)
    registers = {name: inputs[name] for name in names} | {"fees": inputs["row_fees"], "pool_fees": inputs["pool_fee"]}
    return registers | _select(inputs, "amm_")


def pool_outputs(block: AccountBlock, account_root: int) -> dict[str, int]:
    """What the slot must give, by the package."""
    outputs = _outputs(block, account_root, block.pool[0].elements()) | {"used": int(block.pool[0].is_used)}
    for i, pool in enumerate(block.opening.pools):
        after = pool.after
        outputs |= {
            f"next_pool_reserve_lower[{i}]": after.reserve_lower,
            f"next_pool_reserve_higher[{i}]": after.reserve_higher,
            f"next_pool_supply[{i}]": after.lp_supply,
            f"next_pool_fees[{i}]": after.fee,
            f"next_pool_lp_token[{i}]": after.lp_token,
        }
    return outputs


def order_inputs(block: AccountBlock) -> Signals:
    """The inputs of the block's order slot."""
    inputs = compute_inputs(block)
    registers = {name: inputs[name] for name in _SHARED} | {"fees": inputs["row_fees"]}
    return registers | _select(inputs, "order_")


def order_outputs(block: AccountBlock, account_root: int) -> dict[str, int]:
    """What the slot must give, by the package."""
    return _outputs(block, account_root, block.order[0].elements())


def compute_outputs(circuit: Circuit, inputs: Signals) -> dict[str, int]:
    """The main component's outputs. Raises WitnessUnsatisfied; each row is checked."""
    values = circuit.compute(inputs)
    assert circuit.checker.find_violations(values) == []
    main = {name.removeprefix("main."): value for name, value in circuit.name(values).items() if name.count(".") == 1}
    return {name: value for name, value in main.items() if name.startswith(("next_", "words[", "used"))}


def carry_out(state: State, operation: AccountOperation) -> AccountBlock | None:
    """The block of one pool operation or match that no check has seen; None where its arithmetic has no result."""

    def unchecked(rules: Mapping[type, Rule[Slot]]) -> dict[type, Rule[Slot]]:
        return {kind: Rule(lambda *_: None, rule.apply) for kind, rule in rules.items()}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(account_block, "POOL_RULES", unchecked(POOL_RULES))
        patch.setattr(account_block, "ORDER_RULES", unchecked(ORDER_RULES))
        try:
            return apply(state, operation)
        except (ZkLinkError, ZeroDivisionError):
            return None


def find_loose(circuit: Circuit, inputs: Signals) -> list[str]:
    """The wires of the inputs' witness that could take another value while all others stay.

    Not among them are the block's own, which it pins down: its time, and the indices of rows that no slot uses."""
    names = circuit.symbols.names()
    assignment = circuit.checker.assign(circuit.compute(inputs))
    loose = [names[wire] for wire in assignment.find_loose_wires()]
    blocks = ("main.timestamp", "main.row_id[", "main.pool_lower[", "main.pool_higher[")
    return [name for name in loose if not name.startswith(blocks)]


def change_last(signal: Signal) -> Signal:
    """The signal with its last number one larger."""
    if isinstance(signal, list):
        return [*signal[:-1], change_last(signal[-1])]
    return (signal + 1) % R


def _outputs(block: AccountBlock, account_root: int, words: tuple[int, ...]) -> dict[str, int]:
    outputs = {f"next_fees[{i}]": row.after.fees for i, row in enumerate(block.opening.tokens)}
    outputs |= {f"words[{i}]": word for i, word in enumerate(words)}
    return outputs | {"next_account_root": account_root}


def _select(inputs: Signals, prefix: str) -> Signals:
    """The signals of the one slot of a kind, as the template calls them."""
    chosen: Signals = {}
    for name, signal in inputs.items():
        if name.startswith(prefix):
            assert isinstance(signal, list) and len(signal) == 1
            chosen[name.removeprefix(prefix)] = signal[0]
    return chosen

"""One pool slot or one order slot of an account block, for tests: the circuit, its inputs and what it must give.

Takes applied blocks of preset `minimal` that have this one slot used: so the slot's registers and account root are
those of the whole block.
"""

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from typing import TypeVar

import pytest

from tests.support.account_scene import apply
from tests.support.circuits import CIRCUITS, Circuit, Mutation
from zklink.primitives.field import R
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.ids import MAX_CHAINS
from zklink.protocol.presets import MINIMAL
from zklink.prover.build import OPTIMIZED, PLAIN, ensure_compiled
from zklink.prover.source import CircuitSource
from zklink.state.state import State
from zklink.transition import account_block, pool_slot
from zklink.transition.account_block import AccountBlock
from zklink.transition.order_match import MatchSlot
from zklink.transition.pool_slot import PoolPlan, PoolSlot
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
    pairs = {name: signal for name, signal in inputs.items() if name.startswith("pair[")}
    pools = select_registers(inputs, "pool")
    return pools | pairs | _select_fees(inputs) | select_slot(inputs, "pool_input")


def pool_outputs(block: AccountBlock, account_root: int) -> dict[str, int]:
    """What the slot must give, by the package."""
    slot = block.pool[0]
    *request, d0, d1 = slot.elements()
    outputs = _outputs(block, account_root, (d0, d1), slot.is_used)
    outputs |= {f"records.request[{i}]": word for i, word in enumerate(request)}
    is_source = select_chain(None if slot.request is None else slot.request.source)
    outputs |= {f"records.is_source[{k}]": bit for k, bit in enumerate(is_source)}
    for i, pool in enumerate(block.opening.pools):
        after = pool.after
        outputs |= {
            f"next_pool[{i}].reserve_lower": after.reserve_lower,
            f"next_pool[{i}].reserve_higher": after.reserve_higher,
            f"next_pool[{i}].supply": after.lp_supply,
            f"next_pool[{i}].fee": after.fee,
            f"next_pool[{i}].lp_token": after.lp_token,
        }
    return outputs


def order_inputs(block: AccountBlock) -> Signals:
    """The inputs of the block's order slot."""
    inputs = compute_inputs(block)
    match = {f"match.{name}": signal for name, signal in select_slot(inputs, "match_input").items()}
    return select_registers(inputs) | _select_fees(inputs) | match


def order_outputs(block: AccountBlock, account_root: int) -> dict[str, int]:
    """What the slot must give, by the package."""
    return _outputs(block, account_root, block.order[0].elements(), block.order[0].is_used)


def compute_outputs(circuit: Circuit, inputs: Signals) -> dict[str, int]:
    """The main component's outputs. Raises WitnessUnsatisfied; each row is checked."""
    values = circuit.compute(inputs)
    assert circuit.checker.find_violations(values) == []
    named = {name.removeprefix("main."): value for name, value in circuit.name(values).items()}
    return {name: value for name, value in named.items() if name.startswith(("next_", "records."))}


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


def forge_pool(operation: AccountOperation, plan: PoolPlan, state: State) -> AccountBlock:
    """The block in which a pool operation is carried out by any plan. The operation only says what is loaded."""
    rule: Rule[PoolSlot] = Rule(lambda *_: None, lambda state, _, context: pool_slot.apply_plan(state, plan, context))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(account_block, "POOL_RULES", defaultdict(lambda: rule))
        return apply(state, operation)


def find_loose(circuit: Circuit, inputs: Signals) -> list[str]:
    """The wires of the inputs' witness that could take another value while all others stay.

    Not among them are the block's own, which it pins down: its time, and the indices of rows that no slot uses."""
    names = circuit.symbols.names()
    assignment = circuit.checker.assign(circuit.compute(inputs))
    loose = [names[wire] for wire in assignment.find_loose_wires()]
    blocks = ("main.timestamp", "main.row_id[", "main.pair[")
    return [name for name in loose if not name.startswith(blocks)]


def change_last(signal: Signal) -> Signal:
    """The signal with its last number one larger."""
    if isinstance(signal, list):
        return [*signal[:-1], change_last(signal[-1])]
    return (signal + 1) % R


def select_registers(inputs: Signals, *buses: str) -> Signals:
    """What every slot takes of a block's inputs, and the rows in these arrays."""
    chosen = {name: inputs[name] for name in _SHARED}
    for name, signal in inputs.items():
        bus, _, field = name.partition("].leaf.")
        if field and bus.split("[")[0] in buses:
            chosen[f"{bus}].{field}"] = signal
    return chosen


def select_slot(inputs: Signals, bus: str) -> Signals:
    """The signals of the first slot of a kind, as the template calls them."""
    prefix = f"{bus}[0]."
    return {name.removeprefix(prefix): signal for name, signal in inputs.items() if name.startswith(prefix)}


def select_chain(chain: int | None) -> list[int]:
    """A selector of one chain, or of none."""
    return [int(k == chain) for k in range(1, MAX_CHAINS + 1)]


def _select_fees(inputs: Signals) -> Signals:
    rows = [name for name in inputs if name.endswith(".leaf.fees")]
    return {"fees": [inputs[name] for name in rows]}


def _outputs(block: AccountBlock, account_root: int, words: tuple[int, ...], is_used: bool) -> dict[str, int]:
    outputs = {f"next_fees[{i}]": row.after.fees for i, row in enumerate(block.opening.tokens)}
    outputs |= {f"records.data[{i}]": word for i, word in enumerate(words)}
    return outputs | {"records.used": int(is_used), "next_account_root": account_root}

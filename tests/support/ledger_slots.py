"""One ledger slot of an account block, for tests: circuit, inputs, outputs, and blocks that no check has seen.

Takes blocks of preset `minimal` that use the first ledger slot only: so the slot's registers and account root are those
of the block. A forged block is carried out by a plan of the forger's: its roots, words and commitment fit, and nothing
but the rule under attack stands in its way.
"""

from dataclasses import dataclass, field
from functools import cache

import pytest

from tests.support.account_scene import DOMAIN, build_state
from tests.support.account_slots import select_chain, select_registers, select_slot
from tests.support.circuits import CIRCUITS, Circuit, Mutation
from zklink.protocol.ids import BlockNumber
from zklink.protocol.presets import MINIMAL
from zklink.prover.build import OPTIMIZED, PLAIN, ensure_compiled
from zklink.prover.source import CircuitSource
from zklink.state.state import State
from zklink.transition import account_block, ledger_slot
from zklink.transition.account_block import AccountBlock, apply_account_block
from zklink.transition.account_openings import OpenSide
from zklink.transition.context import Context
from zklink.transition.ledger_slot import LedgerPlan, LedgerSlot
from zklink.transition.rules import AccountOperation, Rule
from zklink.witness.account_block import compute_inputs
from zklink.witness.signals import Signals

NUMBER = BlockNumber(1)
_ARGUMENTS = (0, MINIMAL.account.token_rows, MINIMAL.token_depth, MINIMAL.account_depth)


@dataclass(frozen=True)
class Played:
    """A block of one ledger operation and the account root that it leaves; `changes` replace inputs of the slot."""

    block: AccountBlock
    account_root: int
    changes: Signals = field(default_factory=dict)

    @property
    def inputs(self) -> Signals:
        """What the slot takes."""
        inputs = compute_inputs(self.block)
        shared = select_registers(inputs, "row") | {"number": inputs["number"]}
        return shared | select_slot(inputs, "ledger_input") | self.changes

    @property
    def outputs(self) -> dict[str, int]:
        """What the slot must give, by the package."""
        slot, rows = self.block.ledger[0], self.block.opening.tokens
        words = slot.elements()
        arrays: dict[str, list[int]] = {
            "records.request": list(words[:4]),
            "records.data": list(words[4:6]),
            "records.payout": list(words[6:]),
            "records.is_source": select_chain(None if slot.chain_record is None else slot.plan.data.record_chain),
            "records.is_payer": select_chain(None if slot.payout is None else slot.payout.chain),
        }
        for t, row in enumerate(rows):
            arrays[f"next_row[{t}].reserve"] = list(row.after.reserves)
        outputs = {f"{name}[{i}]": value for name, values in arrays.items() for i, value in enumerate(values)}
        data_words = slot.plan.data.words() if slot.is_used else ()
        single = {"records.used": int(slot.is_used), "records.is_new": int(len(data_words) == 2)}
        single |= {f"next_row[{t}].fees": row.after.fees for t, row in enumerate(rows)}
        return outputs | single | {"next_account_root": self.account_root}


@cache
def open_ledger_slot(mutation: Mutation | None = None) -> Circuit:
    """The template as a circuit of its own; a mutant is compiled without optimization, which is faster."""
    name, directory = "slot_ledgerslot", CIRCUITS
    if mutation is not None:
        name, directory = f"{name}_{mutation.name}", mutation.write_sources()
    source = CircuitSource(name, directory, "ledger_slot.circom", "LedgerSlot", _ARGUMENTS, ())
    return Circuit(ensure_compiled(source, level=OPTIMIZED if mutation is None else PLAIN))


def play(operation: AccountOperation | None, timestamp: int, state: State | None = None) -> Played:
    """The honest block of one operation, or of none. Raises what its check raises."""
    state = build_state() if state is None else state.copy()
    operations = [] if operation is None else [operation]
    block = apply_account_block(state, operations, NUMBER, timestamp, DOMAIN, MINIMAL)
    return Played(block, state.account_root)


def forge(
    operation: AccountOperation,
    plan: LedgerPlan,
    timestamp: int,
    state: State | None = None,
    *,
    keep_nonce: bool = False,
) -> Played:
    """The block in which an operation is carried out by any plan. The operation only says which rows are loaded."""

    def carry_out(state: State, _: AccountOperation, context: Context) -> LedgerSlot:
        return ledger_slot.apply_plan(state, plan, context)

    rule = Rule(lambda *_: None, carry_out)
    with pytest.MonkeyPatch.context() as patch:
        if keep_nonce:
            patch.setattr(OpenSide, "use_nonce", lambda _: None)
        patch.setattr(account_block, "LEDGER_RULES", _Always(rule))
        return play(operation, timestamp, state)


class _Always(dict[type, Rule[LedgerSlot]]):
    """One rule for every type of operation."""

    def __init__(self, rule: Rule[LedgerSlot]) -> None:
        self._rule = rule

    def __missing__(self, _: type) -> Rule[LedgerSlot]:
        return self._rule


def read_outputs(circuit: Circuit, values: list[int]) -> dict[str, int]:
    """The outputs of the main component."""
    named = {name.removeprefix("main."): value for name, value in circuit.name(values).items()}
    return {name: value for name, value in named.items() if name.startswith(("next_", "records."))}

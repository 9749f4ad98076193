"""The benchmark's workloads: full blocks, and a sequencer that seals everything it is measured with."""

import pytest

from zklink.node.bench.throughput import build_accounts, build_transfers, measure_throughput
from zklink.node.bench.workload import build_account_block, build_block, build_exit
from zklink.primitives.eddsa import PrivateKey
from zklink.protocol.ids import ChainId
from zklink.protocol.presets import MINIMAL, PRESETS, Preset
from zklink.sequencer.journal import MemoryJournal
from zklink.sequencer.sealed import Parameters
from zklink.sequencer.sequencer import Sequencer
from zklink.witness import account_block, exit

CHAINS = (ChainId(1), ChainId(2))


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS.keys())
def test_workload__every_preset__every_slot_is_used(preset: Preset) -> None:
    assert len(build_block(preset).slots) == preset.slots
    block = build_account_block(preset)
    assert all(slot.is_used for slot in block.slots())
    assert account_block.compute_inputs(block)["number"] == 1
    statement = build_exit(preset)
    assert statement.amount_a > 0 and statement.amount_b > 0
    assert exit.compute_inputs(statement, None, 1)["is_signed"] == 0


def test_transfers__from_a_fixed_generator__all_are_sealed_and_nothing_is_lost() -> None:
    keys = [PrivateKey.from_seed(bytes([1]) * 32)]
    state = build_accounts(MINIMAL, 20, keys)
    sequencer = Sequencer(Parameters(MINIMAL, bytes(32), CHAINS[0], CHAINS), state, MemoryJournal())
    transfers = build_transfers(sequencer, 20, keys, 30)
    for transfer in transfers:
        sequencer.submit(transfer, 1_800_000_000)
    while sequencer.has_waiting:
        sequencer.seal(1_800_000_000)
    assert sequencer.take_dropped() == ()
    assert sequencer.height == len(transfers) / MINIMAL.account.ledger
    sequencer.state.check_conservation()


def test_measure_throughput__small_state__both_speeds(preset: Preset = MINIMAL) -> None:
    figures = measure_throughput(preset, 20, count=4)
    assert figures.accounts == 20
    assert figures.per_second > 0 and figures.bare_per_second > 0

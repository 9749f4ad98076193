"""The benchmark: full blocks, a sequencer that seals everything it is measured with, a figure for each function of
each contract, and a page whose parts are written one by one.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from zklink.bench import devnet_start, node_load, prover_pool, recovery
from zklink.bench.devnet_start import measure_devnet
from zklink.bench.gas_coverage import FUNCTIONS, INNER
from zklink.bench.local_chains import measure_local_chains
from zklink.bench.node_hours import Look, WayFigures
from zklink.bench.node_load import AskFigures, SwapFigures, find_share
from zklink.bench.opcode_account import REFUND, TRANSACTION, OpcodeAccount, measure_opcodes
from zklink.bench.opcode_page import render_opcodes
from zklink.bench.performance_page import (
    render_devnet,
    render_hours,
    render_local_chains,
    render_node,
    render_recovery,
    render_restart,
    render_throughput,
    write_part,
)
from zklink.bench.proving import count_account_slots
from zklink.bench.recovery import measure_recovery
from zklink.bench.registry_gas import CONTRACTS, VERIFIERS, is_read
from zklink.bench.restart import measure_restart
from zklink.bench.speed_page import render_pools
from zklink.bench.synthetic_history import SyntheticCall, build_calls
from zklink.bench.throughput import build_accounts, build_transfers, measure_throughput
from zklink.bench.workload import build_account_block, build_block, build_exit
from zklink.cli.bench import PARTS
from zklink.l1.contract_artifacts import load_contract
from zklink.primitives.eddsa import PrivateKey
from zklink.protocol.errors import HistoryDisagrees, ToolFailed
from zklink.protocol.ids import ChainId
from zklink.protocol.presets import MINIMAL, PRESETS, Preset
from zklink.prover.cache import project_root
from zklink.prover.progress import SILENT
from zklink.sequencer.journal import MemoryJournal
from zklink.sequencer.sealed_block import Parameters
from zklink.sequencer.sequencer import Sequencer
from zklink.service.proving.core_share import CoreShare
from zklink.service.proving.desk import Made, Task
from zklink.state.state import State
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


def test_count_account_slots__smallest_preset__one_order_takes_most() -> None:
    ledger, pool, order = (count_account_slots(MINIMAL, SILENT)[name] for name in ("ledger", "pool", "order"))
    assert 0 < ledger < order and 0 < pool < order


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
    assert min(figures.per_second, figures.bare_per_second, figures.plain_per_second) > 0
    assert "| 20 |" in render_throughput([figures], "quiet")


def test_measure_recovery__a_few_blocks__read_and_replayed() -> None:
    figures = measure_recovery(MINIMAL, 7)
    assert (figures.preset, figures.blocks) == ("minimal", 7)
    assert figures.calldata_bytes > 32 * figures.words > 7 * 32
    assert min(figures.decode_seconds, figures.check_seconds, figures.replay_seconds) > 0
    assert "| 7 of `minimal` |" in render_recovery([figures], "quiet")


def test_measure_recovery__a_call_is_missing__raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose_one(preset: Preset, state: State, count: int) -> Iterator[SyntheticCall]:
        calls = list(build_calls(preset, state, count))
        yield from (calls[0], *calls[2:])

    monkeypatch.setattr(recovery, "build_calls", lose_one)
    with pytest.raises(HistoryDisagrees):
        measure_recovery(MINIMAL, 9)


def test_measure_restart__a_few_blocks__sealed_again_in_both_ways() -> None:
    figures = measure_restart(MINIMAL, 40, kept=2)
    assert (figures.preset, figures.again, figures.blocks > 8, figures.operations >= 40) == ("minimal", 4, True, True)
    assert min(figures.whole_seconds, figures.open_seconds, figures.again_seconds, figures.checkpoint_bytes) > 0
    assert "blocks of `minimal` |" in render_restart([figures], "quiet")


def test_measure_local_chains__two_transactions__every_back_end_has_its_row() -> None:
    figures = measure_local_chains(count=2)
    assert [each.backend for each in figures] == ["revm", "anvil", "test"]
    for each in figures:
        assert min(each.direct_per_second, each.web3_per_second, each.ape_per_second) > 0
    assert "| `revm` |" in render_local_chains(figures, "quiet")


def test_surface__every_contract__each_function_has_a_figure() -> None:
    artifacts = {name: load_contract(name) for name in (*CONTRACTS, "Entry")} | {
        name: load_contract(f"{name}Minimal") for name in VERIFIERS
    }
    functions, reads = set[str](), set[str]()
    for name, artifact in artifacts.items():
        for entry in artifact.abi:
            if entry["type"] == "function":
                (reads if is_read(entry) else functions).add(f"{name}.{entry['name']}")
    assert functions == FUNCTIONS.keys() | INNER.keys()
    assert not FUNCTIONS.keys() & INNER.keys() and set(INNER.values()) <= FUNCTIONS.keys()
    assert {"PrimaryHistory.tip", "Exodus.exit_root"} <= reads, "reads are found"


def test_write_part__one_part__leaves_the_rest_of_the_page(tmp_path: Path) -> None:
    original = (project_root() / "docs" / "performance.md").read_text()
    page = tmp_path / "page.md"
    for part in PARTS:
        page.write_text(original)
        write_part(page, part, "new figures")
        begin, end = f"<!-- begin {part}: written by `make bench` -->", f"<!-- end {part} -->"
        before, rest = original.split(begin)
        assert page.read_text() == f"{before}{begin}\n\nnew figures\n\n{end}{rest.split(end)[1]}"


def test_measure_devnet__a_program_that_is_ready_at_once__rows_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, seen = tmp_path / "zklink", tmp_path / "seen"
    program.write_text(f"""#!/bin/sh
ls "$ZKLINK_CACHE" >> {seen}
echo 'before: nothing'
echo '{{"ready_seconds": 1}}'
echo '[0.0 s] a swap: sent'
""")
    program.chmod(0o755)
    (tmp_path / "cache" / "devnet").mkdir(parents=True)
    (tmp_path / "cache" / "circuits").mkdir()
    monkeypatch.setenv("ZKLINK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(devnet_start, "PROGRAM", program)
    figures = measure_devnet()
    assert all(f.seconds > 0 for f in figures) and seen.read_text().split() == ["circuits"] * len(figures)
    assert all(f.what in render_devnet(figures, "quiet") for f in figures)
    program.write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(ToolFailed, match="3"):
        measure_devnet()


def test_find_share__ranks__nearest() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert [find_share(values, share) for share in (0.5, 0.95, 0.99)] == [51.0, 96.0, 100.0]
    assert find_share([3.0], 0.99) == 3.0


def test_render_node__figures__rows_of_the_page() -> None:
    asked = [AskFigures("quote", 16, 812.4, 9.04, 20.5, 31.0)]
    swaps = [SwapFigures(50, 250, 249, 6.25, 21.04, 40.0)]
    page = render_node(asked, swaps, "quiet")
    assert "| quote | 16 | 812 | 9.0 ms | 20.5 ms | 31.0 ms |" in page
    assert "| 50 | 250 | 249 | 6.2 | 21.0 s | 40.0 s |" in page


def test_render_hours__figures__growth_of_a_swap_and_rows_of_the_page() -> None:
    looks = [
        Look(0, 0, 7, 0, 9),
        Look(1, 0, 700_000_000, 0, 200_000),
        Look(60, 1_000, 830_400_000, 40_000_000, 4_200_000),
    ]
    page = render_hours(looks, [WayFigures("a broker's fill", 500, 6, 9)], "quiet")
    assert "| 60 min | 1,000 | 830 MB | 40 MB | 4.2 MB |" in page
    assert "each swap has added 4.0 kB to the database." in page
    assert "| a broker's fill | 500 | 6 s | 9 s |" in page


class _Fixed:
    """Makes each proof at once, or none."""

    def __init__(self, made: Made | None) -> None:
        self.made, self.begun, self.killed = made, 0, 0

    def begin(self, task: Task) -> None:
        self.begun += 1

    def wait(self, seconds: float) -> Made | None:
        return self.made

    def kill(self) -> None:
        self.killed += 1


def test_measure_pools__two_workers__share_what_waits_and_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    engines: list[_Fixed] = []

    def open_engine(share: CoreShare) -> _Fixed:
        engines.append(_Fixed(Made((0,) * 8, 0.0, 0.0)))
        return engines[-1]

    monkeypatch.setattr(prover_pool, "list_workers", lambda: [("two", 2, open_engine)])
    swap, account = prover_pool.measure_pools(MINIMAL, 10)
    assert (swap.workers, swap.proofs, swap.slots) == ("two", 10, 4)
    assert (account.workers, account.proofs, account.slots) == ("two", 4, 4)
    assert sum(engine.begun for engine in engines) == 2 + 10 + 2 + 4
    assert [engine.killed for engine in engines] == [1] * 4
    assert "| two | 10 swap |" in render_pools([swap, account], "minimal", "quiet")
    monkeypatch.setattr(prover_pool, "list_workers", lambda: [("one", 1, lambda share: _Fixed(None))])
    with pytest.raises(ToolFailed, match="no proof within"):
        prover_pool.measure_pools(MINIMAL, 1)


def test_run_devnet__a_program_that_ends__its_code_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "zklink"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(node_load, "PROGRAM", program)
    with pytest.raises(ToolFailed, match="ended with 3"), node_load.run_devnet():
        pass


@pytest.mark.slow
def test_measure_opcodes__blocks_and_a_swap__every_unit_of_gas_has_its_kind() -> None:
    found = measure_opcodes()
    blocks = {name: gas for name, gas in found.items() if "block" in name or "same" in name}
    assert len(found) == 5 and len(blocks) == 4
    assert all(gas["proof: pairings"] == 45_000 + 4 * 34_000 + 100 for gas in blocks.values())  # EIP-1108, a warm call
    assert all(gas["signatures (ecrecover)"] == 6 * 3_100 for gas in blocks.values())
    (swap,) = (gas for name, gas in found.items() if name not in blocks)
    assert "proof: pairings" not in swap and swap[TRANSACTION] == 21_000 and swap[REFUND] < 0
    page = render_opcodes(found, "quiet")
    assert f"| together | {sum(swap.values()):,} |" in page


def test_explain__a_transaction_that_was_not_seen__is_not_made_up() -> None:
    with pytest.raises(KeyError):
        OpcodeAccount().explain(21_000)

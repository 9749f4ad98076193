"""`zklink bench`: measure circuits, proofs, the sequencer, recovery and gas, and write docs/performance.md."""

from __future__ import annotations

from pathlib import Path

import click

from zklink.cli.progress_bar import RichProgress
from zklink.protocol.presets import COMPACT, MAIN, MINIMAL, PRESETS, get_preset
from zklink.prover.cache import project_root
from zklink.prover.source import Statement

ACCOUNTS = (100_000, 1_000_000)
SEQUENCER, RECOVERY, RESTART, GAS, CHAINS = "sequencer", "recovery", "restart", "gas", "chains"
DEVNET, NODE, HOURS, POOL, LAB, HASHES = "devnet", "node", "hours", "pool", "lab", "hashes"
OPCODES = "opcodes"
PARTS = (HASHES, SEQUENCER, RECOVERY, RESTART, GAS, OPCODES, CHAINS, DEVNET, NODE, HOURS, POOL, LAB, *PRESETS)


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(PARTS))
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), help="Where to write; docs/performance.md.")
@click.option("--print-only", is_flag=True, help="Write nothing.")
@click.option("--accounts", multiple=True, type=int, default=ACCOUNTS, show_default=True, help="Sizes of the state.")
@click.option(
    "--cross-check/--no-cross-check", default=True, help="Whether snarkjs proves the same, three times slower."
)
def bench(
    parts: tuple[str, ...], page: Path | None, print_only: bool, accounts: tuple[int, ...], cross_check: bool
) -> None:
    """Measure PARTS (all of them): hashes, the sequencer, recovery, restart, gas and where it goes, local chains, a
    devnet's start, a node under load and over an hour, a node's workers, the laboratory, or the circuits of a preset.

    Each part of the page is written as soon as it is measured, and what a release is known by goes into its line of
    the history beside the page. Do it on a machine that does nothing else; the page says
    whether it did. Building the circuits of `main` takes some twenty minutes the first time.
    """
    progress = RichProgress()
    for part in parts or PARTS:
        known: dict[str, float] = {}
        figures = _measure(part, accounts, cross_check, progress, known)
        click.echo(f"{part}\n\n{figures}\n")
        if not print_only:
            from zklink.bench.history import note_figures
            from zklink.bench.performance_page import write_part
            from zklink.bench.this_machine import describe_hardware, describe_load

            written = page or project_root() / "docs" / "performance.md"
            write_part(written, part, figures)
            if known:
                note_figures(written.parent, describe_hardware(), describe_load(), known)


def _measure(
    part: str, accounts: tuple[int, ...], cross_check: bool, progress: RichProgress, known: dict[str, float]
) -> str:
    """The part's text; what the history keeps of it goes into `known`."""
    # Imported here: ape takes seconds to load, and no other command needs it.
    from zklink.bench import performance_page
    from zklink.bench.devnet_start import measure_devnet
    from zklink.bench.hashing import measure_hashes, measure_signatures
    from zklink.bench.lab_kit import measure_lab
    from zklink.bench.lab_page import render_lab
    from zklink.bench.local_chains import measure_local_chains
    from zklink.bench.node_hours import measure_hours
    from zklink.bench.node_load import measure_node
    from zklink.bench.opcode_account import measure_opcodes
    from zklink.bench.opcode_page import render_opcodes
    from zklink.bench.prover_pool import measure_pools
    from zklink.bench.proving import measure_circuit
    from zklink.bench.recovery import measure_recovery
    from zklink.bench.restart import measure_restart
    from zklink.bench.snapshots import measure_fixed_gas
    from zklink.bench.speed_page import render_hashes, render_pools
    from zklink.bench.this_machine import describe_load
    from zklink.bench.throughput import measure_throughput

    load = describe_load()
    if part == HASHES:
        hashes = measure_hashes(progress)
        known["hash_us"] = next(figures.best for figures in hashes if figures.inputs == 4)
        return render_hashes(hashes, measure_signatures(), load)
    if part == SEQUENCER:
        sizes = [measure_throughput(MAIN, count, progress) for count in accounts]
        known |= {"transfers_per_s": sizes[0].bare_per_second, "transfers_with_paths_per_s": sizes[0].per_second}
        return performance_page.render_throughput(sizes, load)
    if part == RECOVERY:
        histories = [measure_recovery(preset, progress=progress) for preset in (MINIMAL, MAIN)]
        return performance_page.render_recovery(histories, load)
    if part == RESTART:
        return performance_page.render_restart([measure_restart(MAIN, progress=progress)], load)
    if part == GAS:
        gas = measure_fixed_gas(progress)
        known["accept_gas"] = gas["accept, fixed part of a block"]
        return performance_page.render_gas(gas, MAIN.name, load)
    if part == OPCODES:
        return render_opcodes(measure_opcodes(progress), load)
    if part == CHAINS:
        return performance_page.render_local_chains(measure_local_chains(progress), load)
    if part == LAB:
        return render_lab(measure_local_chains(progress), measure_lab(progress), load)
    if part == DEVNET:
        return performance_page.render_devnet(measure_devnet(progress), load)
    if part == NODE:
        return performance_page.render_node(*measure_node(progress), load)
    if part == HOURS:
        return performance_page.render_hours(*measure_hours(progress=progress), load)
    if part == POOL:
        pools = measure_pools(progress=progress)
        known["proofs_per_s"] = next(figures.rate for figures in pools if figures.count > 1)
        return render_pools(pools, COMPACT.name, load)
    preset = get_preset(part)
    proving = [measure_circuit(preset, statement, progress, is_cross_checked=cross_check) for statement in Statement]
    if preset is COMPACT:
        swap, account = (next(f for f in proving if f.statement is own) for own in (Statement.SWAP, Statement.ACCOUNT))
        known |= {"swap_proof_s": swap.proof_seconds, "account_proof_s": account.proof_seconds}
        known["swap_proof_to_groth16py"] = swap.groth16py_seconds / swap.proof_seconds
    return performance_page.render_proving(proving, load)

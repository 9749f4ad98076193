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
DEVNET, NODE, HOURS, POOL, LAB = "devnet", "node", "hours", "pool", "lab"
PARTS = (SEQUENCER, RECOVERY, RESTART, GAS, CHAINS, DEVNET, NODE, HOURS, POOL, LAB, *PRESETS)


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
    """Measure PARTS (all of them): the sequencer, recovery, restart, gas, local chains, a devnet's start, a node
    under load and over an hour, a node's workers, the laboratory, or the circuits of a preset.

    Each part of the page is written as soon as it is measured. Do it on a machine that does nothing else; the page says
    whether it did. Building the circuits of `main` takes some twenty minutes the first time.
    """
    progress = RichProgress()
    for part in parts or PARTS:
        figures = _measure(part, accounts, cross_check, progress)
        click.echo(f"{part}\n\n{figures}\n")
        if not print_only:
            from zklink.bench.performance_page import write_part

            write_part(page or project_root() / "docs" / "performance.md", part, figures)


def _measure(part: str, accounts: tuple[int, ...], cross_check: bool, progress: RichProgress) -> str:
    # Imported here: ape takes seconds to load, and no other command needs it.
    from zklink.bench import performance_page
    from zklink.bench.devnet_start import measure_devnet
    from zklink.bench.lab_kit import measure_lab
    from zklink.bench.lab_page import render_lab
    from zklink.bench.local_chains import measure_local_chains
    from zklink.bench.node_hours import measure_hours
    from zklink.bench.node_load import measure_node
    from zklink.bench.prover_pool import measure_pools
    from zklink.bench.proving import measure_circuit
    from zklink.bench.recovery import measure_recovery
    from zklink.bench.restart import measure_restart
    from zklink.bench.snapshots import measure_fixed_gas
    from zklink.bench.this_machine import describe_load
    from zklink.bench.throughput import measure_throughput

    load = describe_load()
    if part == SEQUENCER:
        return performance_page.render_throughput(
            [measure_throughput(MAIN, count, progress) for count in accounts], load
        )
    if part == RECOVERY:
        histories = [measure_recovery(preset, progress=progress) for preset in (MINIMAL, MAIN)]
        return performance_page.render_recovery(histories, load)
    if part == RESTART:
        return performance_page.render_restart([measure_restart(MAIN, progress=progress)], load)
    if part == GAS:
        return performance_page.render_gas(measure_fixed_gas(progress), MAIN.name, load)
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
        return performance_page.render_pools(measure_pools(progress=progress), COMPACT.name, load)
    preset = get_preset(part)
    proving = [measure_circuit(preset, statement, progress, is_cross_checked=cross_check) for statement in Statement]
    return performance_page.render_proving(proving, load)

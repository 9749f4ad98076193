"""`zklink bench`: measure circuits, proofs, the sequencer and gas, and write docs/performance.md."""

from __future__ import annotations

from pathlib import Path

import click

from zklink.cli.progress import RichProgress
from zklink.protocol.presets import COMPACT, MAIN, PRESETS, get_preset
from zklink.prover.artifacts import ensure_circuit
from zklink.prover.cache import project_root
from zklink.prover.groth16py_backend import Groth16pyProver
from zklink.prover.source import Statement

ACCOUNTS = (100_000, 1_000_000)


@click.command()
@click.argument("presets", nargs=-1, type=click.Choice(list(PRESETS)))
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), help="Where to write; docs/performance.md.")
@click.option("--print-only", is_flag=True, help="Write nothing.")
@click.option("--accounts", multiple=True, type=int, default=ACCOUNTS, show_default=True, help="Sizes of the state.")
def bench(presets: tuple[str, ...], page: Path | None, print_only: bool, accounts: tuple[int, ...]) -> None:
    """Measure PRESETS (all of them). Building `main` takes minutes the first time."""
    # Imported here: ape takes seconds to load, and no other command needs it.
    from zklink.devnet.world import open_world
    from zklink.node.bench.gas import measure_gas
    from zklink.node.bench.proving import measure_circuit
    from zklink.node.bench.report import render_figures, write_figures
    from zklink.node.bench.throughput import measure_throughput

    progress = RichProgress()
    with progress.step("Measuring gas on four in-process chains"), open_world("test") as world:
        provers = {statement: Groth16pyProver(ensure_circuit(COMPACT, progress, statement)) for statement in Statement}
        gas = measure_gas(world, COMPACT, provers)
    throughput = []
    for count in accounts:
        with progress.step(f"Measuring the sequencer with {count:,} accounts"):
            throughput.append(measure_throughput(MAIN, count))
    proving = [
        measure_circuit(get_preset(name), statement, progress)
        for name in presets or tuple(PRESETS)
        for statement in Statement
    ]
    figures = render_figures(proving, throughput, gas, COMPACT.name)
    click.echo(figures)
    if not print_only:
        write_figures(page or project_root() / "docs" / "performance.md", figures)

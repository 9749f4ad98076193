"""`zklink bench`: measure circuits, proofs and gas, and write docs/performance.md."""

from __future__ import annotations

from pathlib import Path

import click

from zklink.cli.progress import RichProgress
from zklink.protocol.presets import COMPACT, PRESETS, get_preset
from zklink.prover.artifacts import ensure_circuit
from zklink.prover.cache import project_root
from zklink.prover.groth16py_backend import Groth16pyProver


@click.command()
@click.argument("presets", nargs=-1, type=click.Choice(list(PRESETS)))
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), help="Where to write; docs/performance.md.")
@click.option("--print-only", is_flag=True, help="Write nothing.")
def bench(presets: tuple[str, ...], page: Path | None, print_only: bool) -> None:
    """Measure PRESETS (all of them). Building `main` takes minutes the first time."""
    # Imported here: ape takes seconds to load, and no other command needs it.
    from zklink.devnet.world import open_world
    from zklink.node.bench.gas import measure_gas
    from zklink.node.bench.proving import measure_preset
    from zklink.node.bench.report import render_figures, write_figures

    progress = RichProgress()
    with progress.step("Measuring gas on four in-process chains"), open_world("test") as world:
        gas = measure_gas(world, COMPACT, Groth16pyProver(ensure_circuit(COMPACT, progress)))
    proving = [measure_preset(get_preset(name), progress) for name in presets or tuple(PRESETS)]
    figures = render_figures(proving, gas, COMPACT.name)
    click.echo(figures)
    if not print_only:
        write_figures(page or project_root() / "docs" / "performance.md", figures)

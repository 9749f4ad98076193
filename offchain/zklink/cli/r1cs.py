"""`zklink r1cs`: rebuilds the circuits, and compares their constraints with those that are published."""

from __future__ import annotations

import json

import click

from zklink.cli.progress_bar import RichProgress
from zklink.files import write_file
from zklink.protocol.presets import PRESETS
from zklink.prover.build import ensure_compiled
from zklink.prover.published_r1cs import PATH, check_published, hash_constraints, list_circuits


@click.command()
@click.argument("presets", nargs=-1, type=click.Choice(list(PRESETS)))
@click.option("--write", "is_written", is_flag=True, help="Publish those of all presets: circuits were changed.")
def r1cs(presets: tuple[str, ...], is_written: bool) -> None:
    """Compile the circuits of PRESETS (all of them), and compare each .r1cs by SHA-256 with the published one.

    The largest takes minutes the first time. A key of a ceremony is for just these constraints.
    """
    progress = RichProgress()
    circuits = [ensure_compiled(source, progress) for source in list_circuits(() if is_written else presets)]
    if is_written:
        write_file(PATH, json.dumps({each.name: hash_constraints(each) for each in circuits}, indent=2) + "\n")
    check_published(circuits)
    for circuit in circuits:
        click.echo(f"{hash_constraints(circuit)}  {circuit.name}.r1cs")

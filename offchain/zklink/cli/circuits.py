"""`zklink setup` and `zklink circuits build`: everything that is built once per machine."""

from __future__ import annotations

import hashlib

import click

from zklink.bench.third_party.packages import ensure_packages
from zklink.cli.progress_bar import RichProgress
from zklink.protocol.presets import MINIMAL, PRESETS, get_preset
from zklink.prover.build import ensure_compiled
from zklink.prover.cache import cache_directory
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.source import Statement, circuit_source
from zklink.prover.tools import ensure_tools
from zklink.solana.toolchain import build_program, build_timelock, has_compiler

DEFAULT_PRESETS = (MINIMAL.name,)
"""The presets that tests and demos need; the larger ones take minutes and are built on request."""

preset_arguments = click.argument("presets", nargs=-1, type=click.Choice(list(PRESETS)))


@click.command()
@preset_arguments
def setup(presets: tuple[str, ...]) -> None:
    """Install tools and contracts of others, compile circuits of PRESETS (minimal), make keys, build for Solana."""
    progress = RichProgress()
    ensure_tools(progress)
    ensure_packages(progress)
    for name in presets or DEFAULT_PRESETS:
        for statement in Statement:
            artifacts = ensure_circuit(get_preset(name), progress, statement)
            click.echo(f"{name} {statement}: {artifacts.constraints} constraints, key 0x{artifacts.vk_hash.hex()}")
    if has_compiler():
        for name, program in (("program", build_program()), ("timelock", build_timelock())):
            click.echo(f"Solana {name}: {len(program)} bytes, sha256 {hashlib.sha256(program).hexdigest()}")
    else:
        click.echo("Solana program: not built; pip install 'zklink[solana]' brings its compiler")
    click.echo(f"ready; everything built is in {cache_directory()}")


@click.group()
def circuits() -> None:
    """The circuits of the presets."""


@circuits.command()
@preset_arguments
def build(presets: tuple[str, ...]) -> None:
    """Compile the circuits of PRESETS (minimal), without keys."""
    progress = RichProgress()
    for name in presets or DEFAULT_PRESETS:
        for statement in Statement:
            circuit = ensure_compiled(circuit_source(statement, get_preset(name)), progress)
            click.echo(f"{name} {statement}: {circuit.constraints} constraints, {circuit.r1cs}")

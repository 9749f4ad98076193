"""`zklink ceremony`: keys for value, from a public file of powers of tau and the contributions of many."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from zklink.cli.inputs import FILE
from zklink.cli.progress_bar import RichProgress
from zklink.protocol.presets import PRESETS, get_preset
from zklink.prover.build import CompiledCircuit, ensure_compiled
from zklink.prover.ceremony import steps
from zklink.prover.ceremony.beacon_source import parse_source
from zklink.prover.ceremony.transcript import read_transcript
from zklink.prover.source import Statement, circuit_source
from zklink.prover.tools import ensure_tools

FOLDER = click.Path(file_okay=False, path_type=Path)
folder_argument = click.argument("folder", type=FOLDER)
ptau_option = click.option("--ptau", type=FILE, required=True, help="The public file of powers of tau.")


@click.group()
def ceremony() -> None:
    """Keys for value: safe if one contributor is honest and forgets."""


@ceremony.command()
@folder_argument
@click.option("--preset", type=click.Choice(list(PRESETS)), required=True, help="Whose circuits get keys.")
@click.option(
    "--only",
    type=click.Choice([str(each) for each in Statement]),
    multiple=True,
    help="These circuits alone: rehearse.",
)
@ptau_option
@click.option(
    "--blake2b", required=True, metavar="HEX", help="The BLAKE2b-512 hash under which that file is published."
)
@click.option(
    "--beacon",
    "announced",
    required=True,
    metavar="SOURCE",
    help="Where the beacon will come from: block:EVM_CHAIN_ID:HEIGHT or drand:CHAIN_HASH:ROUND, still to come.",
)
def init(folder: Path, preset: str, only: tuple[str, ...], ptau: Path, blake2b: str, announced: str) -> None:
    """Begin: compile the circuits, check the powers of tau, make the first keys, announce the beacon."""
    found = [each for each in Statement if not only or str(each) in only]
    progress = RichProgress()
    circuits = [ensure_compiled(circuit_source(each, get_preset(preset)), progress) for each in found]
    steps.begin(ensure_tools(progress), folder, circuits, ptau, blake2b, announced, click.echo)
    click.echo(f"{folder} is ready: pass it on; each contributor runs `zklink ceremony contribute`")


@ceremony.command()
@folder_argument
@click.option("--name", required=True, help="Yours, as the transcript will show it.")
def contribute(folder: Path, name: str) -> None:
    """Contribute: mix your own randomness into every key, and forget it.

    Take the folder from the one before you, verify it, contribute, pass it on. Nobody can forge proofs if one of you
    is honest: so run this on a machine of your own, and keep nothing of it but the hashes that it prints.
    """
    steps.contribute(ensure_tools(), folder, name, click.echo)
    click.echo(f"the beacon is announced as {read_transcript(folder).announced}")
    click.echo("publish all this under your own name, and pass the folder on; nothing else needs to be kept")


@ceremony.command()
@folder_argument
@ptau_option
@click.option("--mine", multiple=True, metavar="HASH", help="Your contribution's hashes, each: must be among them.")
@click.option("--value", default="", metavar="HEX", help="What the announced source has given: must be the beacon.")
@click.option("--announced", default="", metavar="SOURCE", help="The source as you heard it: must be the transcript's.")
def verify(folder: Path, ptau: Path, mine: tuple[str, ...], value: str, announced: str) -> None:
    """Check everything, offline.

    That is: the powers of tau, circuits built from the sources here, every file, and that the keys come from just the
    contributions that the transcript lists.
    """
    found = steps.verify(ensure_tools(), folder, _circuits_of(folder), ptau, click.echo, mine, value, announced)
    click.echo(f"powers of tau, by BLAKE2b: {found.ptau_blake2b}")
    click.echo(f"the beacon was announced as {found.announced}")
    for number, step in enumerate(found.steps[1:], 1):
        click.echo(f"{number}. {step.name}{f', public: {step.beacon}' if step.beacon else ''}")
        for circuit, made in step.keys.items():
            click.echo(f"   {circuit}: {made.contribution}")
    if found.is_closed and not value:
        click.echo(f"compare the beacon with {parse_source(found.announced).help}: --value does")
    click.echo(
        "well: ask the contributors whether these hashes are theirs, and the publisher of the powers of tau for his"
    )


@ceremony.command()
@folder_argument
@click.option("--randomness", required=True, metavar="HEX", help="The value of the announced source.")
@click.option(
    "--iterations", type=click.IntRange(10, 63), default=10, show_default=True, help="2 to the power of it hashes."
)
def beacon(folder: Path, randomness: str, iterations: int) -> None:
    """Close: mix in the public randomness whose source was announced when the ceremony began."""
    steps.add_beacon(ensure_tools(), folder, randomness, iterations, click.echo)
    click.echo("closed: verify, then `zklink ceremony finish`")


@ceremony.command()
@folder_argument
@ptau_option
@click.option("--out", type=FOLDER, required=True, help="The folder of keys that nodes and deployments take.")
@click.option("--value", required=True, metavar="HEX", help="The announced source's value, as its publisher has it.")
def finish(folder: Path, ptau: Path, out: Path, value: str) -> None:
    """Verify once more, and write the keys as nodes and deployments take them."""
    artifacts = steps.finish(ensure_tools(), folder, _circuits_of(folder), ptau, out, value, click.echo)
    for name, made in artifacts.items():
        click.echo(f"{name}: key 0x{made.vk_hash.hex()}, development: {made.is_development}")


def _circuits_of(folder: Path) -> Sequence[CompiledCircuit]:
    """The circuits that a ceremony is about, compiled from the sources here."""
    wanted = read_transcript(folder).circuits
    known = (circuit_source(each, preset) for preset in PRESETS.values() for each in Statement)
    sources = {source.name: source for source in known if source.name in wanted}
    return [ensure_compiled(source, RichProgress()) for source in sources.values()]

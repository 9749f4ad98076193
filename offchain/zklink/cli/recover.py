"""`zklink recover`: the state from the chains alone, and an owner's exit proofs."""

from __future__ import annotations

from pathlib import Path

import click

from zklink.cli.progress import RichProgress
from zklink.l1.deployment import Deployment
from zklink.l1.structs import universal_address
from zklink.primitives.eddsa import PrivateKey
from zklink.protocol.ids import BlockNumber
from zklink.prover.artifacts import ensure_circuit
from zklink.prover.groth16py_backend import Groth16pyProver
from zklink.prover.source import Statement
from zklink.recovery.connect import connect_bridges
from zklink.recovery.exits import find_exits, prove_exits, write_orders
from zklink.recovery.reader import HistoryReader
from zklink.recovery.rebuild import find_last, rebuild

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def parse_urls(values: tuple[str, ...]) -> dict[str, str]:
    """`NAME=URL` options as a mapping; BadParameter for anything else."""
    pairs = [value.partition("=") for value in values]
    for (name, separator, url), value in zip(pairs, values, strict=True):
        if not (name and separator and url):
            raise click.BadParameter(f"{value!r} is not NAME=URL", param_hint="--rpc")
    return {name: url for name, _, url in pairs}


@click.command()
@click.option("--from-l1", is_flag=True, required=True, help="From the chains' events and calldata; the only source.")
@click.option("--deployment", "file", type=FILE, required=True, help="The published deployment.")
@click.option("--rpc", "rpcs", multiple=True, metavar="NAME=URL", help="A node of each chain.")
@click.option("--block", type=click.IntRange(min=0), help="Up to this block; default: all that is published.")
@click.option("--owner", help="An address: write the exit proofs of all its accounts.")
@click.option(
    "--seed", "seed_file", type=FILE, help="The account key's 32-byte seed in hex: anybody may send the exits."
)
@click.option("--recipient", help="Whom signed exits pay; default: the owner.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), default=Path("exits.json"), show_default=True)
def recover(
    from_l1: bool,
    file: Path,
    rpcs: tuple[str, ...],
    block: int | None,
    owner: str | None,
    seed_file: Path | None,
    recipient: str | None,
    out: Path,
) -> None:
    """Rebuild the state without the operator, check every root, and prove what an owner may take out in exodus.

    Exits are proven against the last common block where exodus has begun, else against the last published one (a
    rehearsal: no chain pays for it).
    """
    deployment, progress = Deployment.from_json(file.read_text()), RichProgress()
    bridges = connect_bridges(deployment, parse_urls(rpcs))
    reader, histories = HistoryReader(deployment, bridges), {}
    with progress.step("reading the chains", len(bridges)) as step:
        for chain in bridges:
            histories[chain] = reader.read(chain)
            step.advance()
    found = (bridge.exodus.freeze_state() for bridge in bridges.values())
    common = next((state.common_block for state in found if state.is_common_known), None)
    last = block if block is not None else common if common is not None else find_last(deployment, histories)
    state = rebuild(deployment, histories, BlockNumber(last), progress)
    click.echo(f"block {last}: root {state.root:#066x}, as every chain has it")
    if owner is None:
        return
    statements = find_exits(state, universal_address(owner), deployment.chains)
    prover = Groth16pyProver(ensure_circuit(deployment.preset, progress, Statement.EXIT))
    key = None if seed_file is None else PrivateKey.from_seed(bytes.fromhex(seed_file.read_text().strip()))
    paid = None if recipient is None else universal_address(recipient)
    write_orders(out, prove_exits(statements, deployment, prover, key, paid, progress))
    click.echo(f"{len(statements)} exits written to {out}")
    if common is None:
        click.echo("no last common block is known on any chain yet: these exits are a rehearsal")

"""`zklink recover`: takes a published deployment and one node per chain, gives the state's root and, for an owner, a
file of exit proofs. Never sends a transaction (`ape run exit` does).
"""

from __future__ import annotations

from pathlib import Path

import click

from zklink.cli.inputs import FILE, chain_options, parse_address, parse_urls, read_deployment, read_seed
from zklink.cli.progress_bar import RichProgress
from zklink.protocol.ids import BlockNumber
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.default_prover import open_prover
from zklink.prover.source import Statement
from zklink.recovery.connect import connect_bridges
from zklink.recovery.exit_file import ExitFile, write_exits
from zklink.recovery.exit_proofs import find_exits, prove_exits
from zklink.recovery.history_reader import HistoryReader
from zklink.recovery.rebuild import find_last, rebuild


@click.command()
@click.option("--from-l1", is_flag=True, required=True, help="From the chains' events and calldata; the only source.")
@chain_options
@click.option("--block", type=click.IntRange(min=0), help="Up to this block; default: all that is published.")
@click.option("--owner", help="An address: write the exit proofs of all its accounts.")
@click.option(
    "--seed", "seed_file", type=FILE, help="The account key's 32-byte seed in hex: then anyone can send the exits."
)
@click.option("--recipient", help="The address that signed exits pay; default: the owner.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("exits.json"),
    show_default=True,
    help="Where to write the exit proofs.",
)
def recover(
    from_l1: bool,
    file: Path,
    rpcs: tuple[str, ...],
    quorum: int,
    block: int | None,
    owner: str | None,
    seed_file: Path | None,
    recipient: str | None,
    out: Path,
) -> None:
    """Rebuild the state without the operator, check every root, and prove the exits of an owner in exodus.

    Exits are proven against the last common block once it is known, else against the last published one (a rehearsal:
    no chain pays for it).
    """
    if owner is None and (seed_file, recipient) != (None, None):
        raise click.UsageError("--seed and --recipient are for exits: give --owner too")
    if recipient is not None and seed_file is None:
        raise click.UsageError("--recipient needs --seed: without the account's key exits pay the owner")
    address = None if owner is None else parse_address(owner, "--owner")
    paid = None if recipient is None else parse_address(recipient, "--recipient")
    key = None if seed_file is None else read_seed(seed_file)
    if address is not None and not out.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {out.absolute().parent}", param_hint="--out")
    deployment, progress = read_deployment(file), RichProgress()
    bridges = connect_bridges(deployment, parse_urls(rpcs), quorum)
    reader, histories = HistoryReader(deployment, bridges), {}
    with progress.step("reading the chains", len(bridges)) as step:
        for chain in bridges:
            histories[chain] = reader.read(chain)
            step.advance()
    found = (bridge.exodus.freeze_state() for bridge in bridges.values())
    common = next((state.common_block for state in found if state.is_common_known), None)
    published = BlockNumber(common) if common is not None else find_last(deployment, histories)
    last = published if block is None else BlockNumber(block)
    state = rebuild(deployment, histories, last, progress)
    click.echo(f"block {last}: root {state.root:#066x}, as every chain has it")
    if address is None:
        return
    statements = find_exits(state, address, deployment.chains)
    if not statements:
        accounts = ", ".join(map(str, state.accounts_of(address)))
        has = f"account {accounts}, which holds nothing" if accounts else "no account: is it the address that owns one?"
        raise click.ClickException(f"at block {last} {owner} has {has}")
    prover = open_prover(ensure_circuit(deployment.preset, progress, Statement.EXIT), progress)
    orders = prove_exits(statements, deployment, prover, key, paid, progress)
    write_exits(out, ExitFile(deployment.deployment_hash, last, state.root, tuple(orders)))
    click.echo(f"{len(orders)} exits written to {out}")
    if common is None:
        click.echo("no last common block is known on any chain yet: these exits are a rehearsal")
    elif last != common:
        click.echo(f"exits open against block {common}, not against block {last}: no chain will pay these")

"""`zklink recover`: takes a published deployment, a node of the primary and one of each chain to leave; gives the
state's root and, for an owner, a file of exit proofs. Never sends a transaction (`ape run exit` does).
"""

from __future__ import annotations

from pathlib import Path

import click

from zklink.cli.inputs import FILE, chain_options, find_urls, parse_address, read_deployment, read_seed
from zklink.cli.progress_bar import RichProgress
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.default_prover import open_prover
from zklink.prover.source import Statement
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.connect import connect_bridges
from zklink.recovery.exit_file import ExitFile, ExitPlace, write_exits
from zklink.recovery.exit_places import find_block, find_ends, rebuild_ends
from zklink.recovery.exit_proofs import find_exits, list_payable, prove_exits
from zklink.recovery.outcome import show_count
from zklink.recovery.programs import connect_programs


@click.command()
@click.option("--from-l1", is_flag=True, required=True, help="From the primary's calldata; the only source.")
@chain_options
@click.option("--block", type=click.IntRange(min=0), help="Up to this block; default: where each chain ends.")
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
    """Rebuild the state without the operator, from the primary's calldata alone, and prove the exits of an owner.

    Exits on a chain are proven against the block at which that chain ends; as long as it has not ended, against the
    last published one (a rehearsal: no chain pays for it). Only the primary's node is needed to rebuild; give a node of
    each chain to leave.
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
    urls = find_urls(deployment, rpcs)
    bridges, programs = connect_bridges(deployment, urls, quorum), connect_programs(deployment, urls, quorum)
    read = ChainsRead(deployment, bridges, programs=programs)
    with progress.step(f"reading {read.name(deployment.primary)}", 1) as step:
        history = read.history()
        step.advance()
    ends = find_ends(read) if block is None else find_block(read, block)
    states = rebuild_ends(read, ends, progress)
    for number, root in sorted({(end.place.number, states[chain].root) for chain, end in ends.items()}):
        names = ", ".join(read.name(chain) for chain, end in ends.items() if end.place.number == number)
        click.echo(f"block {number}: root {root:#066x} ({names})")
    if address is None:
        return
    payable = list_payable(deployment, states, paid or address)
    if not payable:
        raise click.UsageError(
            f"{recipient or owner} is no address on {', '.join(map(read.name, states))}, where these exits are paid: "
            "give the account's --seed and a --recipient there"
        )
    for chain in sorted(set(states) - set(payable)):
        click.echo(f"{read.name(chain)}: {recipient or owner} is no address there: give --seed and a --recipient there")
    statements = [found for chain in payable for found in find_exits(states[chain], address, [chain])]
    if not statements:
        accounts = ", ".join(map(str, states[deployment.primary].accounts_of(address)))
        has = f"account {accounts}, which holds nothing" if accounts else "no account: is it the address that owns one?"
        raise click.ClickException(f"at block {history.height} {owner} has {has}")
    prover = open_prover(ensure_circuit(deployment.preset, progress, Statement.EXIT), progress)
    orders = prove_exits(statements, deployment, prover, key, paid, progress)
    places = {chain: ExitPlace(end.place.number, states[chain].root) for chain, end in ends.items()}
    write_exits(out, ExitFile(deployment.deployment_hash, places, tuple(orders)))
    click.echo(f"{show_count(len(orders), 'exit')} written to {out}")
    early = [read.name(chain) for chain, end in ends.items() if not end.is_known]
    if early:
        click.echo(f"not ended yet: {', '.join(early)}. What is proven for them is a rehearsal: no chain pays for it")

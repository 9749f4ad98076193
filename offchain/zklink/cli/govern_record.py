"""`ape run govern record`: what government has changed, written into the deployment's record."""

from __future__ import annotations

import click

from zklink.cli import program_sending
from zklink.cli.deployment_inputs import deployment_options, find_record
from zklink.cli.inputs import find_urls
from zklink.files import read_file, write_file
from zklink.l1.deployment.dossier import Dossier
from zklink.l1.deployment.verify_state import verify_identity
from zklink.protocol.errors import ExtraMissing, NodeMissing
from zklink.protocol.ids import ChainId
from zklink.recovery.connect import connect
from zklink.upkeep.recorded_programs import ProgramState, list_changes
from zklink.upkeep.recording import bring_up_to_date


@click.command()
@deployment_options
def record(name: str, rpcs: tuple[str, ...], quorum: int) -> None:
    """Write what government has changed into the deployment's record, as the chains have it at confirmed blocks."""
    path = find_record(name)
    dossier = Dossier.from_json(read_file(path))
    clients = connect(dossier.deployment, find_urls(dossier.deployment, rpcs), quorum)
    for chain, place in dossier.deployment.chains.items():
        if chain not in clients:
            raise NodeMissing(place.name, tuple(each.name for each in dossier.deployment.chains.values()))
        wrong = [found for found in verify_identity(dossier, chain, clients[chain]) if not found.is_right]
        if wrong:
            raise click.ClickException(f"{place.name} is not the deployment of {path}: {wrong[0].what}")
    programs = {chain: read_program(dossier, chain, rpcs, quorum) for chain in dossier.deployment.programs}
    found = bring_up_to_date(dossier, clients, programs)
    if found == dossier:
        click.echo(f"{path} is up to date: nothing has changed")
        return
    for act in found.history.acts[len(dossier.history.acts) :]:
        click.echo(f"{dossier.deployment.chains[act.chain_id].name}: block {act.block}: {act.act}")
    for change in list_changes(dossier, found):
        click.echo(change)
    write_file(path, found.to_json())
    click.echo(f"{path} is brought up to date: publish it, and restart what has read it")


def read_program(dossier: Dossier, chain: ChainId, rpcs: tuple[str, ...], quorum: int) -> ProgramState:
    """What government has changed of a Solana chain. Raises ExtraMissing, NodeMissing, NodesDisagree, WrongChain,
    RpcUnavailable.
    """
    try:
        from zklink.upkeep.program_state import read_state
    except ModuleNotFoundError as error:
        raise ExtraMissing("solana", "a chain whose bridge is a program") from error
    node = program_sending.open_node(dossier.deployment, chain, rpcs, quorum)
    return read_state(dossier.deployment.programs[chain], node)

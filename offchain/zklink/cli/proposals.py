"""`ape run proposals`: what the timelocks of all chains have proposed, in words."""

from __future__ import annotations

from collections.abc import Mapping

import click

from zklink.cli.deployment_inputs import deployment_options, find_deployment
from zklink.cli.inputs import find_urls
from zklink.cli.program_sending import open_program
from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.client import ChainClient
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.ids import ChainId
from zklink.recovery.connect import reach_bridges
from zklink.upkeep.acting import describe_wait
from zklink.upkeep.announced import Announced, explain_difference, read_announced
from zklink.upkeep.proposals import Known, Matter, Stand, list_matters, read_proposals


@click.command()
@deployment_options
@click.option("--all", "everything", is_flag=True, help="Also what is executed, cancelled or void.")
def proposals(name: str, rpcs: tuple[str, ...], quorum: int, everything: bool) -> None:
    """Say what the governor has proposed, and which members of groups it has announced: what would change on each
    chain, from when anybody can execute it, and whether the chains say the same.

    Ends with code 1 if chains do not say the same, or do not answer: what one chain hides is not known to be alike.
    """
    deployment = find_deployment(name)
    bridges, away = reach_bridges(deployment, find_urls(deployment, rpcs), quorum)
    clients = {chain: bridge.client for chain, bridge in bridges.items()}
    found = read_proposals(deployment, clients)
    matters = list_matters(deployment, found)
    for matter in matters:
        click.echo("; ".join(matter.title))
        click.echo(f"  NOT ALIKE: {matter.disagreement}" if matter.disagreement else _say_alike(deployment, matter))
        for known in matter.proposals:
            _show(deployment, known, clients)
    announced = read_announced(bridges)
    difference = explain_difference(deployment, bridges, announced)
    _show_announced(deployment, announced, difference)
    waits, unread = show_programs(deployment, rpcs, everything)
    if not matters and not announced and not waits:
        click.echo("nothing waits")
    if everything:
        for known in (known for known in found if not known.is_open):
            click.echo("; ".join(known.words))
            _show(deployment, known, clients)
    away |= unread
    for chain, reason in away.items():
        click.echo(f"{deployment.places[chain].name}: not read: {reason}")
    if away or difference or any(matter.disagreement for matter in matters):
        click.get_current_context().exit(1)


def show_programs(deployment: Deployment, rpcs: tuple[str, ...], everything: bool) -> tuple[bool, dict[ChainId, str]]:
    """Say what the timelocks of Solana chains have been proposed. Gives whether anything waits there, and why a chain
    is not read.
    """
    waits, unread = False, dict[ChainId, str]()
    for chain, place in deployment.programs.items():
        if not place.timelock:
            continue
        try:
            known = open_program(deployment, chain, rpcs).proposals()
        except ZkLinkError as error:
            unread[chain] = str(error)
            continue
        for each in (each for each in known if each.is_open or everything):
            waits |= each.is_open
            click.echo("; ".join(each.words))
            click.echo(f"  {place.name}: {each.describe()}; id {each.proposal.number}")
            if each.is_open and not each.is_readable:
                unread[chain] = "a call in a proposal is none of government's"
    return waits, unread


def _show_announced(deployment: Deployment, announced: list[Announced], difference: str) -> None:
    for words in dict.fromkeys(each.words for each in announced):
        click.echo(f"announced: {words}")
        click.echo(f"  NOT ALIKE: {difference}" if difference else "  the chains say the same")
        for each in (each for each in announced if each.words == words):
            stand = Stand.EXECUTABLE if each.is_due else f"{Stand.WAITING}, {each.window.describe(each.head)}"
            click.echo(f"  {deployment.chains[each.chain].name}: {stand}")


def _say_alike(deployment: Deployment, matter: Matter) -> str:
    """Limits, prices, setters and pauses are each chain's own, and may concern some chains only."""
    chains = [deployment.chains[known.chain].name for known in matter.proposals]
    if len(chains) < len(deployment.chains):
        return f"  on {', '.join(chains)} alone"
    is_one = len({known.words for known in matter.proposals}) == 1
    return "  the chains say the same" if is_one else "  the chains say the same where they must"


def _show(deployment: Deployment, known: Known, clients: Mapping[ChainId, ChainClient]) -> None:
    name, until = deployment.chains[known.chain].name, ""
    if known.is_open and known.waiting is not None:
        until = f", {describe_wait(known.waiting, clients[known.chain].head())}"
    click.echo(f"  {name}: {known.stand}{until}; id 0x{known.proposal_id.hex()}")
    for words in known.words:
        click.echo(f"    {words}")

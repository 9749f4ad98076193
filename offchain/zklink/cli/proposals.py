"""`ape run proposals`: what the timelocks of all chains have proposed, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from zklink.cli.deployment_inputs import deployment_options, find_deployment
from zklink.cli.inputs import find_urls
from zklink.cli.program_sending import open_voice
from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.client import ChainClient
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.ids import ChainId
from zklink.recovery.connect import reach_bridges
from zklink.upkeep.acting import describe_wait
from zklink.upkeep.announced import Announced, explain_difference, read_announced
from zklink.upkeep.joined_matters import JoinedMatter, join_matters
from zklink.upkeep.proposals import Known, Stand, read_proposals

if TYPE_CHECKING:
    from zklink.upkeep.program_government import ProgramProposal
    from zklink.upkeep.program_statements import ProgramVoice


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
    voices, unread = read_voices(deployment, rpcs, quorum)
    clients = {chain: bridge.client for chain, bridge in bridges.items()}
    found = read_proposals(deployment, clients)
    matters = join_matters(deployment, bridges, found, voices)
    for joined in matters:
        show_matter(deployment, joined, clients)
    announced = read_announced(bridges)
    announced += [each for voice in voices.values() if (each := voice.government.announced(voice.reading)) is not None]
    others = {chain: voice.reading.members for chain, voice in voices.items()}
    difference = explain_difference(deployment, bridges, announced, others)
    _show_announced(deployment, announced, difference)
    if not matters and not announced:
        click.echo("nothing waits")
    if everything:
        for known in (known for known in found if not known.is_open):
            click.echo("; ".join(known.words))
            _show(deployment, known, clients)
        for closed in (each for voice in voices.values() for each in voice.proposals if not each.is_open):
            click.echo("; ".join(closed.words))
            _show_closed(deployment, closed)
    away |= unread
    for chain, reason in away.items():
        click.echo(f"{deployment.places[chain].name}: not read: {reason}")
    if away or difference or any(joined.disagreement for joined in matters):
        click.get_current_context().exit(1)


def read_voices(
    deployment: Deployment, rpcs: tuple[str, ...], quorum: int
) -> tuple[dict[ChainId, ProgramVoice], dict[ChainId, str]]:
    """What the Solana chains with a timelock say, and why one is not read, or not whole."""
    voices, unread = dict[ChainId, "ProgramVoice"](), dict[ChainId, str]()
    for chain in (chain for chain, place in deployment.programs.items() if place.timelock):
        try:
            voices[chain] = open_voice(deployment, chain, rpcs, quorum)
        except ZkLinkError as error:
            unread[chain] = str(error)
            continue
        if any(each.is_open and not each.is_readable for each in voices[chain].proposals):
            unread[chain] = "a call in a proposal is none of government's"
    return voices, unread


def show_matter(deployment: Deployment, joined: JoinedMatter, clients: Mapping[ChainId, ChainClient]) -> None:
    """Open proposals about the same, whether the chains say the same, and from when on each can be executed."""
    click.echo("; ".join(joined.title))
    click.echo(f"  NOT ALIKE: {joined.disagreement}" if joined.disagreement else _say_alike(deployment, joined))
    for known in joined.matter.proposals if joined.matter is not None else ():
        _show(deployment, known, clients)
    for each in joined.programs:
        _show_closed(deployment, each)
        for words in each.words:
            click.echo(f"    {words}")


def _show_closed(deployment: Deployment, proposal: ProgramProposal) -> None:
    name = deployment.places[proposal.chain].name
    click.echo(f"  {name}: {proposal.describe()}; id {proposal.proposal.number}")


def _show_announced(deployment: Deployment, announced: list[Announced], difference: str) -> None:
    for words in dict.fromkeys(each.words for each in announced):
        click.echo(f"announced: {words}")
        click.echo(f"  NOT ALIKE: {difference}" if difference else "  the chains say the same")
        for each in (each for each in announced if each.words == words):
            stand = Stand.EXECUTABLE if each.is_due else f"{Stand.WAITING}, {each.window.describe(each.head)}"
            click.echo(f"  {deployment.places[each.chain].name}: {stand}")


def _say_alike(deployment: Deployment, joined: JoinedMatter) -> str:
    """Limits, prices, setters and pauses are each chain's own, and may concern some chains only."""
    if joined.is_common:
        words = {known.words for known in joined.matter.proposals} if joined.matter is not None else set()
        return "  the chains say the same" if len(words) < 2 else "  the chains say the same where they must"
    proposals = () if joined.matter is None else joined.matter.proposals
    places = [*(known.chain for known in proposals), *(each.chain for each in joined.programs)]
    chains = [deployment.places[chain].name for chain in places]
    if joined.matter is None or len(chains) < len(deployment.chains):
        return f"  on {', '.join(chains)} alone"
    is_one = len({known.words for known in proposals}) == 1
    return "  the chains say the same" if is_one else "  the chains say the same where they must"


def _show(deployment: Deployment, known: Known, clients: Mapping[ChainId, ChainClient]) -> None:
    name, until = deployment.chains[known.chain].name, ""
    if known.is_open and known.waiting is not None:
        until = f", {describe_wait(known.waiting, clients[known.chain].head())}"
    click.echo(f"  {name}: {known.stand}{until}; id 0x{known.proposal_id.hex()}")
    for words in known.words:
        click.echo(f"    {words}")

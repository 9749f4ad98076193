"""How an act of government on a Solana chain is shown or sent, whatever it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from zklink.cli.deployment_inputs import find_deployment
from zklink.cli.inputs import FILE, find_urls, rpc_option
from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.roster import PoolPolicy
from zklink.protocol.errors import ExtraMissing, NodeMissing, ZkLinkError
from zklink.protocol.ids import ChainId, Door

if TYPE_CHECKING:
    from solders.instruction import Instruction
    from solders.keypair import Keypair
    from solders.pubkey import Pubkey

    from zklink.solana.client.node import SolanaNode
    from zklink.solana.client.sending import Sender
    from zklink.solana.interface.timelock.texts import ProposedCall
    from zklink.upkeep.program_government import ProgramGovernment
    from zklink.upkeep.program_statements import ProgramVoice

Command = TypeVar("Command", bound=Callable[..., Any])
Plan = Callable[["ProgramGovernment"], Sequence["ProposedCall"]]
MakeCall = Callable[["ProgramGovernment", "Pubkey"], "Instruction"]

_OPTIONS = (
    click.argument("name", metavar="NAME|FILE"),
    rpc_option,
    click.option("--chain", help="The chain. Default: the only one that has a program."),
    click.option("--keypair", type=FILE, help="Send it as this keypair, which pays; a file of `solana-keygen`."),
)


def program_command(command: Command) -> Command:
    """The deployment, its chain, and who sends: `name`, `rpcs`, `chain`, `keypair`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def propose(plan: Plan, name: str, rpcs: tuple[str, ...], chain: str | None, keypair: Path | None) -> None:
    """Say what a proposal would be; propose it if a keypair is given."""
    from solders.pubkey import Pubkey

    from zklink.upkeep.program_words import say_planned

    government = pick_program(name, rpcs, chain)
    calls, state = plan(government), government.state()
    for call in calls:
        click.echo(say_planned(government.deployment, government.chain, call))
    owner, number = Pubkey(state["owner"]), state["count"] + 1
    call_ = government.lock.propose(owner, owner, number, calls)
    hand_out(government, "propose", call_, owner, keypair, f"proposed, as number {number}")


def act(
    make: MakeCall,
    title: str,
    name: str,
    rpcs: tuple[str, ...],
    chain: str | None,
    keypair: Path | None,
    who: str = "owner",
) -> None:
    """Say what counts at once; do it if a keypair is given."""
    from solders.pubkey import Pubkey

    government = pick_program(name, rpcs, chain)
    owner = Pubkey(government.state()[who])
    click.echo(title)
    hand_out(government, title, make(government, owner), owner, keypair, "done")


def hand_out(
    government: ProgramGovernment, title: str, call: Instruction, owner: Pubkey, keypair: Path | None, done: str
) -> None:
    """Say who must send a call; send it if a keypair is given. ClickException for another one than the owner's."""
    if keypair is None:
        click.echo(f"{place_name(government)}: {owner} must sign this call of {call.program_id}; nothing is sent")
        for meta in call.accounts:
            marks = ("w" if meta.is_writable else "") + ("s" if meta.is_signer else "")
            click.echo(f"  {meta.pubkey} {marks}".rstrip())
        click.echo(f"  0x{bytes(call.data).hex()}")
        return
    payer = load_payer(keypair)
    if payer.pubkey() != owner:
        raise click.ClickException(f"{payer.pubkey()} does not own the timelock: it is for {owner}")
    send(government, payer, title, call)
    click.echo(f"{place_name(government)}: {done}")


def send(government: ProgramGovernment, payer: Keypair, title: str, *calls: Instruction) -> None:
    """Let calls take effect together, once."""
    open_sender(government, payer).send(title, calls)


def open_sender(government: ProgramGovernment, payer: Keypair) -> Sender:
    """Who sends for a payer."""
    from zklink.solana.client.sending import Sender

    return Sender(government.node, payer)


def open_program(deployment: Deployment, chain: ChainId, rpcs: tuple[str, ...], quorum: int = 1) -> ProgramGovernment:
    """The timelock of a deployment's Solana chain. Raises ExtraMissing, and what `open_node` does."""
    try:
        from zklink.upkeep.program_government import ProgramGovernment
    except ModuleNotFoundError as error:
        raise ExtraMissing("solana", "a chain whose bridge is a program") from error
    return ProgramGovernment(deployment, chain, open_node(deployment, chain, rpcs, quorum))


def open_voice(deployment: Deployment, chain: ChainId, rpcs: tuple[str, ...], quorum: int = 1) -> ProgramVoice:
    """What a Solana chain's timelock has been proposed, beside its bridge. Raises what `open_program` does."""
    government = open_program(deployment, chain, rpcs, quorum)

    from zklink.upkeep.program_statements import ProgramVoice

    return ProgramVoice(government, tuple(government.proposals()), government.read_bridge())


def pick_program(name: str, rpcs: tuple[str, ...], chain: str | None) -> ProgramGovernment:
    """The timelock of the chain that is named. ClickException where there is none, or more than one."""
    deployment = find_deployment(name)
    found = {k: each for k, each in deployment.programs.items() if chain in (None, each.name)}
    if len(found) != 1:
        names = ", ".join(each.name for each in deployment.programs.values()) or "none"
        raise click.ClickException(f"--chain names one of the chains with a program: {names}")
    ((k, place),) = found.items()
    if not place.timelock:
        raise click.ClickException(f"{place.name}: a key governs it, and no timelock")
    return open_program(deployment, k, rpcs)


def open_node(deployment: Deployment, chain: ChainId, rpcs: tuple[str, ...], quorum: int = 1) -> SolanaNode:
    """The node of a Solana chain, which must be of its cluster, or several: what so many say of accounts counts.
    Raises NodeMissing, NodesDisagree, WrongChain, RpcUnavailable.
    """
    from zklink.solana.client.node import SolanaNode

    place, urls = deployment.programs[chain], find_urls(deployment, rpcs)
    if place.name not in urls:
        raise NodeMissing(place.name, tuple(each.name for each in deployment.places.values()))
    policy = PoolPolicy(quorum=quorum)
    node = SolanaNode(place.name, urls[place.name], genesis=place.genesis_number, policy=policy)
    node.check_genesis(place.genesis_number)
    return node


def load_payer(path: Path) -> Keypair:
    """A keypair from a file; no text shows what is in it."""
    from zklink.solana.keys import load_keypair

    try:
        return load_keypair(path)
    except ZkLinkError as error:
        raise click.BadParameter(str(error), param_hint="--keypair") from None


def parse_pubkey(text: str, option: str) -> Pubkey:
    """An address of Solana."""
    from solders.pubkey import Pubkey

    try:
        return Pubkey.from_string(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not an address of Solana", param_hint=option) from None


def read_bound(deployment: Deployment, value: str) -> tuple[int, int, int]:
    """`DOOR=LOW:HIGH` as a kind of price and its bounds."""
    door, _, pair = value.partition("=")
    low, _, high = pair.partition(":")
    doors = {each.name.lower(): int(each) for each in Door} | {each.name: k for k, each in deployment.places.items()}
    if door not in doors:
        raise click.BadParameter(f"{door!r} is none of {', '.join(doors)}", param_hint="--at")
    if not (low.isdecimal() and high.isdecimal()) or int(low) > int(high):
        raise click.BadParameter(f"{value!r} has no two whole numbers, the lower first", param_hint="--at")
    return doors[door], int(low), int(high)


def place_name(government: ProgramGovernment) -> str:
    """The chain's name in the deployment."""
    return government.deployment.programs[government.chain].name

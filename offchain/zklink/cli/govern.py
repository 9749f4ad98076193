"""`ape run govern`: acts of government, made ready or sent on all chains of a deployment alike."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

import click

from zklink.cli.act_inputs import (
    new_token,
    pick_chain,
    pick_door,
    pick_token,
    read_bounds,
    read_limits,
    read_new_token,
)
from zklink.cli.act_sending import GROUPS, act_command, hand_out, open_government, present, task_command
from zklink.cli.deployment_inputs import deployment_options, find_account, parse_account
from zklink.cli.govern_program import program
from zklink.cli.govern_record import record
from zklink.cli.inputs import load_account
from zklink.l1.contracts.timelock import Proposal
from zklink.l1.deployment.acts import Act, Acts
from zklink.l1.deployment.government import Government
from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.submission import Call
from zklink.protocol.ids import ChainId
from zklink.upkeep.acting import plan_acceptance
from zklink.upkeep.announced import Announced, explain_difference, read_announced
from zklink.upkeep.proposals import Known, Stand, list_matters, read_proposals


@click.group()
def govern() -> None:
    """Acts of government: the same on all chains. Without --account they are compared, tried and explained, and nothing
    is sent; for an owner that is a Safe a file per chain is written for its Transaction Builder.
    """


govern.add_command(record)
govern.add_command(program)


@govern.command("register-token")
@act_command
@new_token
def register_token(
    token_id: int, symbol: str, decimals: int, places: tuple[str, ...], least: int, cap: int, **rest: Any
) -> None:
    """Propose a token: its meaning on every chain, also on those that do not have it."""

    def make(deployment: Deployment, acts: Acts) -> Act:
        return acts.register_token(read_new_token(deployment, token_id, symbol, decimals, places, (least, cap)))

    present(make, **rest)


@govern.command()
@act_command
@click.option("--token", required=True, help="A symbol or an id.")
@click.option(
    "--at",
    "values",
    multiple=True,
    required=True,
    metavar="CHAIN=LEAST:CAP",
    help="Layer-2 units; `all` for all chains.",
)
@click.option("--tighten", is_flag=True, help="Only a higher minimum and a lower cap: at once.")
def limits(token: str, values: tuple[str, ...], tighten: bool, **rest: Any) -> None:
    """Propose other limits of a token; with --tighten they count at once."""

    def make(deployment: Deployment, acts: Acts) -> Act:
        token_id, found = pick_token(deployment, token), read_limits(deployment, token, values)
        return (acts.tighten_limits if tighten else acts.set_limits)(token_id, found)

    present(make, **rest)


@govern.command()
@act_command
@click.option("--token", required=True, help="A symbol or an id.")
@click.option("--chain", "chains", multiple=True, help="Default: every chain that has the token.")
def pause(token: str, chains: tuple[str, ...], **rest: Any) -> None:
    """Stop new swaps and deposits of a token, at once. What is owed is paid."""
    present(lambda deployment, acts: acts.pause_token(*_token_places(deployment, token, chains)), **rest)


@govern.command()
@act_command
@click.option("--token", required=True, help="A symbol or an id.")
@click.option("--chain", "chains", multiple=True, help="Default: every chain that has the token.")
def unpause(token: str, chains: tuple[str, ...], **rest: Any) -> None:
    """Propose to admit a paused token again."""
    present(lambda deployment, acts: acts.unpause_token(*_token_places(deployment, token, chains)), **rest)


@govern.command("price-bounds")
@act_command
@click.option(
    "--at", "values", multiple=True, required=True, metavar="CHAIN/DOOR=LOW:HIGH", help="In gwei; DOOR as below."
)
def price_bounds(values: tuple[str, ...], **rest: Any) -> None:
    """Propose what the setter may ask for doors: the lowest and the highest price.

    DOOR is `deposit`, `key_request`, `full_exit`, `crowded_exit`, or the name of the chain that a swap goes to.
    """
    present(lambda deployment, acts: acts.bound_prices(read_bounds(deployment, values, pick_door)), **rest)


@govern.command()
@act_command
@click.option("--group", type=click.Choice(list(GROUPS)), required=True, help="Whose members.")
@click.option("--member", "members", multiple=True, required=True, help="All members from then on.")
@click.option("--threshold", type=click.IntRange(min=1), required=True, help="How many of them must sign.")
def members(group: str, members: tuple[str, ...], threshold: int, **rest: Any) -> None:
    """Announce a group's members on every chain; 55 days later anybody puts them in their place."""
    found = [parse_account(member, "--member") for member in members]
    present(lambda deployment, acts: acts.announce_group(GROUPS[group], found, threshold), **rest)


@govern.command("remove-member")
@act_command
@click.option("--group", type=click.Choice(list(GROUPS)), required=True, help="Whose members.")
@click.option("--member", required=True, help="Whose key is lost or stolen.")
def remove_member(group: str, member: str, **rest: Any) -> None:
    """Remove one member of a group on every chain, at once; another of the same group 55 days later."""
    found = parse_account(member, "--member")
    present(lambda deployment, acts: acts.remove_member(GROUPS[group], found), **rest)


@govern.command()
@act_command
@click.option("--to", required=True, help="The next owner; it accepts by `accept-ownership`.")
def owner(to: str, **rest: Any) -> None:
    """Propose another owner of the timelocks."""
    present(lambda deployment, acts: acts.name_owner(parse_account(to, "--to")), **rest)


@govern.command("accept-ownership")
@task_command
def accept_ownership(name: str, rpcs: tuple[str, ...], quorum: int, account: str | None, out: Path) -> None:
    """Become the owner of the timelocks, as whoever is named: after the founding, and after `owner`."""
    deployment, government = open_government(name, rpcs, quorum)
    tasks = plan_acceptance(government)
    for chain in deployment.chains.keys() - {task.chain for task in tasks}:
        owner = government.timelocks[chain].owner()
        click.echo(f"{deployment.chains[chain].name}: nobody is named; {owner} owns its timelock")
    hand_out(deployment, government, tasks, "accept ownership", account, out)


@govern.command()
@act_command
@click.option("--to", required=True, help="Who sets prices.")
def setter(to: str, **rest: Any) -> None:
    """Propose another setter of prices."""
    present(lambda deployment, acts: acts.name_setter(parse_account(to, "--to")), **rest)


@govern.command("fee-recipient")
@act_command
@click.option("--to", required=True, help="Whom the fees belong to.")
def fee_recipient(to: str, **rest: Any) -> None:
    """Propose whom the fees of all doors belong to."""
    present(lambda deployment, acts: acts.name_fee_recipient(parse_account(to, "--to")), **rest)


@govern.command("deny-end")
@act_command
@click.option("--chain", required=True, help="The member on which a false END waits.")
def deny_end(chain: str, **rest: Any) -> None:
    """Deny the watchers' END that waits on a member, at once: 14 days more for the validators' denial."""
    present(lambda deployment, acts: acts.deny_end(pick_chain(deployment, chain)), **rest)


@govern.command("void-end")
@act_command
@click.option("--chain", required=True, help="The member on which a false END waits.")
def void_end(chain: str, **rest: Any) -> None:
    """Void an END that the validators have denied, at once."""
    present(lambda deployment, acts: acts.void_end(pick_chain(deployment, chain)), **rest)


@govern.command("void-freeze")
@act_command
@click.option("--member", required=True, help="The member whose freeze is false.")
def void_freeze(member: str, **rest: Any) -> None:
    """Void the freeze of a member that is announced on the primary, at once; it acts a day after it was shown."""

    def make(deployment: Deployment, acts: Acts) -> Act:
        return acts.void_freeze(deployment.primary, pick_chain(deployment, member))

    present(make, **rest)


@govern.command()
@deployment_options
@click.option("--account", required=True, metavar="ALIAS|FILE", help="Who pays the gas; anybody.")
@click.option("--id", "wanted", metavar="0x..", help="This proposal alone.")
def execute(name: str, rpcs: tuple[str, ...], quorum: int, account: str, wanted: str | None) -> None:
    """Execute proposals, and put announced members in their place, as anybody may when their wait is over.

    What the chains do not say alike is left.
    """
    deployment, government = open_government(name, rpcs, quorum)
    payer = load_account(find_account(account), getpass.getpass)
    for known in list_due(deployment, government, wanted):
        calls = tuple(Call(call.target, call.data, "execute") for call in known.calls)
        government.timelocks[known.chain].execute(payer, Proposal(calls, known.salt))
        click.echo(f"{deployment.chains[known.chain].name}: executed: {'; '.join(known.words)}")
    for announced in list_due_members(deployment, government) if wanted is None else []:
        government.bridges[announced.chain].groups.replace_members(payer)
        click.echo(f"{deployment.chains[announced.chain].name}: in their place: {announced.words}")


def list_due_members(deployment: Deployment, government: Government) -> list[Announced]:
    """The announced members who can be put in their place now, if the chains say the same of them."""
    found = read_announced(government.bridges)
    due = [announced for announced in found if announced.is_due]
    difference = explain_difference(deployment, government.bridges, found)
    if due and difference:
        click.echo(f"left: {due[0].words}: {difference}")
        return []
    return due


def list_due(deployment: Deployment, government: Government, wanted: str | None) -> list[Known]:
    """The proposals that can be executed now, of those that the chains say alike."""
    matters = list_matters(deployment, read_proposals(deployment, government.clients))
    due = []
    for matter in matters:
        if matter.disagreement:
            click.echo(f"left: {'; '.join(matter.title)}: {matter.disagreement}")
            continue
        due += [known for known in matter.proposals if known.stand is Stand.EXECUTABLE]
    return [known for known in due if wanted in (None, f"0x{known.proposal_id.hex()}")]


def _token_places(deployment: Deployment, token: str, chains: tuple[str, ...]) -> tuple[Any, list[ChainId]]:
    token_id = pick_token(deployment, token)
    own = [k for k in deployment.chains if any(k in t.contracts for t in deployment.tokens if t.token_id == token_id)]
    return token_id, [pick_chain(deployment, chain) for chain in chains] or own

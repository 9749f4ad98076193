"""`ape run govern program`: acts of government on a chain of a deployment whose bridge is a program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zklink.cli.act_inputs import new_token, pick_token, read_new_token
from zklink.cli.act_sending import GROUPS
from zklink.cli.deployment_inputs import parse_account
from zklink.cli.inputs import FILE
from zklink.cli.program_sending import (
    act,
    load_payer,
    parse_pubkey,
    pick_program,
    place_name,
    program_command,
    propose,
    read_bound,
    send,
)
from zklink.files import read_bytes
from zklink.protocol.errors import CallReverted, TransactionReverted

if TYPE_CHECKING:
    from zklink.solana.interface.timelock.texts import ProposedCall
    from zklink.upkeep.program_government import ProgramGovernment

_TOKEN = click.option("--token", required=True, help="A symbol or an id.")
_LEAST = click.option(
    "--least", type=click.IntRange(min=1), required=True, help="Smallest swap or deposit, layer-2 units."
)
_CAP = click.option("--cap", type=click.IntRange(min=1), required=True, help="Largest custody, layer-2 units.")
_NUMBER = click.option("--id", "number", type=click.IntRange(min=1), required=True, help="The proposal's number.")


@click.group()
def program() -> None:
    """Acts of government on a Solana chain, through its timelock. Without --keypair they are said, and nothing is sent:
    an owner that is a multisig's address makes the same call by its program.
    """


@program.command("register-token")
@program_command
@new_token
def register_token(
    token_id: int, symbol: str, decimals: int, places: tuple[str, ...], least: int, cap: int, **rest: Any
) -> None:
    """Propose a token, said as to `govern register-token` for the other chains: also where this chain does not have it.

    The mint is looked at first. The timelock's purse pays the rent: `execute` puts into it what it lacks.
    """

    def plan(government: ProgramGovernment) -> list[ProposedCall]:
        deployment = government.deployment
        return [government.register(read_new_token(deployment, token_id, symbol, decimals, places, (least, cap)))]

    propose(plan, **rest)


@program.command()
@program_command
@_TOKEN
@_LEAST
@_CAP
@click.option("--tighten", is_flag=True, help="Only a higher minimum and a lower cap: at once.")
def limits(token: str, least: int, cap: int, tighten: bool, **rest: Any) -> None:
    """Propose other limits of a token; with --tighten they count at once."""
    if tighten:
        act(lambda g, owner: g.tighten(owner, pick_token(g.deployment, token), least, cap), "tighter limits", **rest)
    else:
        propose(lambda g: [g.set_limits(pick_token(g.deployment, token), least, cap)], **rest)


@program.command()
@program_command
@_TOKEN
def pause(token: str, **rest: Any) -> None:
    """Stop new swaps and deposits of a token, at once. What is owed is paid."""
    act(lambda g, owner: g.pause(owner, pick_token(g.deployment, token)), f"pause {token}", **rest)


@program.command()
@program_command
@_TOKEN
def unpause(token: str, **rest: Any) -> None:
    """Propose to admit a paused token again."""
    propose(lambda g: [g.unpause(pick_token(g.deployment, token))], **rest)


@program.command("price-bounds")
@program_command
@click.option("--at", "values", multiple=True, required=True, metavar="DOOR=LOW:HIGH", help="In lamports.")
def price_bounds(values: tuple[str, ...], **rest: Any) -> None:
    """Propose what the setter may ask for doors.

    DOOR is `deposit`, `key_request`, `full_exit`, `crowded_exit`, or the name of the chain that a swap goes to.
    """
    propose(lambda g: [g.bound_price(*read_bound(g.deployment, value)) for value in values], **rest)


@program.command()
@program_command
@click.option("--to", required=True, help="Who sets prices, an address of Solana.")
def setter(to: str, **rest: Any) -> None:
    """Propose another setter of prices."""
    propose(lambda g: [g.name_setter(parse_pubkey(to, "--to"))], **rest)


@program.command()
@program_command
@click.option("--to", required=True, help="The next owner, an address of Solana; it accepts by `accept-ownership`.")
def owner(to: str, **rest: Any) -> None:
    """Propose another owner of the timelock."""
    propose(lambda g: [g.name_owner(parse_pubkey(to, "--to"))], **rest)


@program.command("accept-ownership")
@program_command
def accept_ownership(**rest: Any) -> None:
    """Become the owner of the timelock, if named."""
    act(lambda g, heir: g.lock.accept_ownership(heir), "accept ownership", who="coming_owner", **rest)


@program.command()
@program_command
@click.option("--buffer", required=True, help="Where the new code lies, which the timelock must own when it executes.")
@click.option("--code", type=FILE, help="The new code. Default: the program that is built from the sources here.")
def upgrade(buffer: str, code: Path | None, **rest: Any) -> None:
    """Propose an upgrade of the bridge's program. The proposal has the hash of the new code.

    Code that is larger than the present one needs room first: the command says which call gives it.
    """

    def plan(government: ProgramGovernment) -> list[ProposedCall]:
        from zklink.solana.toolchain import build_program

        place = parse_pubkey(buffer, "--buffer")
        content = build_program() if code is None else read_bytes(code)
        if room := government.find_missing_room(content):
            click.echo(
                f"the new code is larger than what the loader keeps room for: before the proposal is executed somebody "
                f"must run `solana program extend {government.program.id} {room}`, else it fails"
            )
        return [government.upgrade(place, government.lock.purse, content)]

    propose(plan, **rest)


@program.command()
@program_command
def finalise(**rest: Any) -> None:
    """Propose that nobody may upgrade the bridge's program any more, for good."""
    propose(lambda g: [g.finalise()], **rest)


@program.command()
@program_command
@click.option("--group", type=click.Choice(list(GROUPS)), required=True, help="Whose members.")
@click.option("--member", "members", multiple=True, required=True, help="All members from then on.")
@click.option("--threshold", type=click.IntRange(min=1), required=True, help="How many of them must sign.")
def members(group: str, members: tuple[str, ...], threshold: int, **rest: Any) -> None:
    """Announce a group's members, as on every other chain; 55 days later anybody puts them in their place."""
    found = [parse_account(member, "--member") for member in members]
    title = f"{len(found)} {group}, of whom {threshold} sign"
    act(lambda g, owner: g.announce_members(owner, GROUPS[group], found, threshold), title, **rest)


@program.command("withdraw-members")
@program_command
def withdraw_members(**rest: Any) -> None:
    """Take an announcement of members back, at once. On other chains the present members are announced instead."""
    act(lambda g, owner: g.withdraw_members(owner), "the members that are announced do not come in", **rest)


@program.command("remove-member")
@program_command
@click.option("--group", type=click.Choice(list(GROUPS)), required=True, help="Whose members.")
@click.option("--member", required=True, help="Whose key is lost or stolen.")
def remove_member(group: str, member: str, **rest: Any) -> None:
    """Remove one member of a group, at once, as on every other chain."""
    found = parse_account(member, "--member")
    act(lambda g, owner: g.remove_member(owner, GROUPS[group], found), f"{found} leaves the {group}", **rest)


@program.command("deny-end")
@program_command
def deny_end(**rest: Any) -> None:
    """Deny the watchers' END that waits, at once: 14 days more for the validators' denial."""
    act(lambda g, owner: g.deny_end(owner), "END is denied by the governor", **rest)


@program.command("void-end")
@program_command
def void_end(**rest: Any) -> None:
    """Void an END that the validators have denied, at once."""
    act(lambda g, owner: g.void_end(owner), "END is void", **rest)


@program.command()
@program_command
@_NUMBER
def cancel(number: int, **rest: Any) -> None:
    """Take a proposal back."""
    act(lambda g, owner: g.lock.cancel(owner, number), f"proposal {number} is taken back", **rest)


@program.command()
@program_command
@click.option("--id", "wanted", type=click.IntRange(min=1), help="This proposal alone.")
def execute(name: str, rpcs: tuple[str, ...], chain: str | None, keypair: Path | None, wanted: int | None) -> None:
    """Execute proposals, and put announced members in their place, as anybody may when their wait is over.

    Proposals that cannot be read are left. One that fails does not hold up the others, and ends the command with code
    1. `ape run proposals` says before whether the other chains say the same.
    """
    if keypair is None:
        raise click.UsageError("--keypair pays for it; anybody's will do")
    government, payer = pick_program(name, rpcs, chain), load_payer(keypair)
    due, has_failed = [each for each in government.proposals() if each.stand.name == "EXECUTABLE"], False
    for known in (each for each in due if wanted in (None, each.proposal.number)):
        words = "; ".join(known.words)
        if not known.is_readable:
            click.echo(f"left: proposal {known.proposal.number}: {words}")
            continue
        number, calls = known.proposal.number, known.proposal.calls
        ready = government.make_ready(payer.pubkey(), calls)
        try:
            send(government, payer, "execute", *ready, government.lock.execute(number, calls))
        except (CallReverted, TransactionReverted) as error:
            click.echo(f"{place_name(government)}: proposal {number} failed, the others go on: {error}: {words}")
            has_failed = True
            continue
        click.echo(f"{place_name(government)}: executed: {words}")
    announced = government.announced(government.read_bridge()) if wanted is None else None
    if announced is not None and announced.is_due:
        send(government, payer, "let members in", government.replace_members())
        click.echo(f"{place_name(government)}: in their place: {announced.words}")
    if has_failed:
        click.get_current_context().exit(1)

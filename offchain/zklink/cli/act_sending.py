"""How an act of government is shown, written for a Safe, or sent, whatever it is."""

from __future__ import annotations

import getpass
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from zklink.cli.deployment_inputs import deployment_options, find_account, find_deployment
from zklink.cli.inputs import find_urls, load_account
from zklink.files import write_file
from zklink.l1.deployment.acts import Act, Acts
from zklink.l1.deployment.government import NO_SALT, Government
from zklink.l1.deployment.records import Deployment
from zklink.primitives.keccak import keccak256
from zklink.protocol.facts import Group
from zklink.recovery.connect import reach_bridges
from zklink.upkeep.acting import Task, describe_task, plan_tasks
from zklink.upkeep.safe_file import encode_safe_file

Command = TypeVar("Command", bound=Callable[..., Any])
MakeAct = Callable[[Deployment, Acts], Act]

GROUPS = {group.name.lower(): group for group in Group}
"""The groups whose members change, by what they are called on a command line."""

_TASKS = (
    click.option("--account", metavar="ALIAS|FILE", help="Send it as this account, which owns the timelocks."),
    click.option(
        "--out",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("."),
        show_default=True,
        help="Where the files for the Transaction Builder are written, if the owner is a Safe.",
    ),
)
_SALT = click.option("--salt", default="", help="A word that tells proposals of the same calls apart.")


def act_command(command: Command) -> Command:
    """The deployment and how an act is sent: `name`, `rpcs`, `quorum`, `account`, `out`, `salt`."""
    return task_command(_SALT(command))


def task_command(command: Command) -> Command:
    """The deployment and who sends: `name`, `rpcs`, `quorum`, `account`, `out`."""
    for option in reversed(_TASKS):
        command = option(command)
    return deployment_options(command)


def open_government(name: str, rpcs: tuple[str, ...], quorum: int) -> tuple[Deployment, Government]:
    """A deployment with all its chains: an act that is not looked at on every chain is not alike."""
    deployment = find_deployment(name)
    bridges, away = reach_bridges(deployment, find_urls(deployment, rpcs), quorum)
    if away:
        raise click.ClickException("; ".join(away.values()))
    return deployment, Government(deployment, {chain: bridge.client for chain, bridge in bridges.items()})


def present(make: MakeAct, name: str, rpcs: tuple[str, ...], quorum: int, **sending: Any) -> None:
    """Compare, try and explain an act; write files for Safes; send it if an account is given."""
    deployment, government = open_government(name, rpcs, quorum)
    act, salt = make(deployment, government.acts), make_salt(sending["salt"])
    tasks = plan_tasks(government, act, salt)
    click.echo(f"{act.title}: the chains would agree, and none would refuse it now")
    hand_out(deployment, government, tasks, act.title, sending["account"], sending["out"])


def hand_out(
    deployment: Deployment, government: Government, tasks: list[Task], title: str, account: str | None, out: Path
) -> None:
    """Say who must send what; write files for Safes; send it if an account is given."""
    for task in tasks:
        for line in describe_task(task):
            click.echo(line)
        if task.threshold is not None and not account:
            click.echo(f"  for its Transaction Builder: {write_safe_file(deployment, task, title, out)}")
    if account:
        send(government, tasks, account)
    elif any(task.threshold is None for task in tasks):
        click.echo("nothing is sent: --account sends it")


def make_salt(word: str) -> bytes:
    """The salt of a word; without one that of most proposals."""
    return keccak256(word.encode()) if word else NO_SALT


def write_safe_file(deployment: Deployment, task: Task, title: str, folder: Path) -> Path:
    """Write what a chain's Safe signs; the name says what and where."""
    stem = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60]
    path = folder / f"{stem}-{task.name}.json"
    folder.mkdir(parents=True, exist_ok=True)
    evm_chain_id = deployment.chains[task.chain].evm_chain_id
    write_file(path, encode_safe_file(evm_chain_id, task.owner, task.calls, title, "", int(time.time())))
    return path


def send(government: Government, tasks: list[Task], account: str) -> None:
    """Send all tasks as the owner. ClickException before anything is sent if one of them is another account's."""
    owner = load_account(find_account(account), getpass.getpass)
    others = [f"{task.owner} on {task.name}" for task in tasks if task.owner != owner.address]
    if others:
        raise click.ClickException(f"{owner.address} does not own the timelocks: they are for {', '.join(others)}")
    for task in tasks:
        for call in task.calls:
            government.clients[task.chain].send(owner, call)
        click.echo(f"{task.name}: {'done' if task.is_swift else 'proposed'}")

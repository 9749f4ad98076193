"""How commands name a deployment and reach its chains: a name or a file, and nodes from options or the environment."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from eth_utils import is_checksum_address, is_checksum_formatted_address, is_hex_address, to_checksum_address

from zklink.cli.inputs import quorum_option, read_deployment, rpc_option
from zklink.l1.deployment.records import Deployment

FOLDER: Final = "deployments"
"""Where a name is looked for, from the directory that the command is called in."""

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS: Final = (
    click.argument("name", metavar="NAME|FILE"),
    rpc_option,
    quorum_option,
)


def deployment_options(command: Command) -> Command:
    """The argument `name` and the options `rpcs` and `quorum`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def find_deployment(name: str) -> Deployment:
    """The deployment of a name, in FOLDER, or of a file. ClickException says where it was looked for."""
    return read_deployment(find_record(name))


def find_record(name: str) -> Path:
    """The file of a deployment of a name. ClickException says where it was looked for."""
    path = Path(name)
    if not path.is_file():
        path = Path(FOLDER) / f"{name}.json"
    if not path.is_file():
        known = sorted(each.stem for each in Path(FOLDER).glob("*.json") if each.stem != "tokens")
        listed = f"; there are {', '.join(known)}" if known else ""
        raise click.ClickException(f"{name} is neither a file nor the name of a deployment in {FOLDER}/{listed}")
    return path


def parse_accounts(values: tuple[str, ...], option: str) -> dict[str, str]:
    """`NAME=ADDRESS` options as addresses by name. BadParameter for anything else."""
    found: dict[str, str] = {}
    for value in values:
        name, _, address = value.partition("=")
        if not name or not is_hex_address(address):
            raise click.BadParameter(f"{value!r} is not NAME=ADDRESS", param_hint=option)
        found[name] = parse_account(address, option)
    return found


def parse_account(address: str, option: str) -> str:
    """An account's address on an EVM chain, with its checksum. BadParameter for anything else."""
    if not is_hex_address(address):
        raise click.BadParameter(f"{address!r} is not an address of 20 bytes", param_hint=option)
    if is_checksum_formatted_address(address) and not is_checksum_address(address):
        raise click.BadParameter(f"{address} has a wrong checksum: is a character mistyped?", param_hint=option)
    return str(to_checksum_address(address))


def find_account(name: str, environment: Mapping[str, str] = os.environ) -> Path:
    """The file of a key: a path, or the keystore of an account of ape. ClickException says where it was looked for."""
    path = Path(name)
    folder = Path(environment.get("APE_DATA_FOLDER") or Path.home() / ".ape") / "accounts"
    keystore = folder / f"{name}.json"
    for found in (path, keystore):
        if found.is_file():
            return found
    raise click.ClickException(f"{name} is neither a file nor an account of ape: `ape accounts list` has those")

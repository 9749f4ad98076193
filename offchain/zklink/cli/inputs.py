"""Reads the inputs of commands: files, addresses, keys and nodes. Each error message says how to mend the input."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils import is_checksum_address, is_checksum_formatted_address, is_hex_address

from zklink.files import read_file
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.redaction import redact
from zklink.primitives.base58 import decode_base58
from zklink.primitives.eddsa import PrivateKey
from zklink.protocol.addresses import ZERO_ADDRESS
from zklink.protocol.errors import ZkLinkError

if TYPE_CHECKING:
    from zklink.l1.contracts.bridge import BridgeClient
    from zklink.protocol.ids import ChainId
    from zklink.recovery.groups_asked import GroupsAsked

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
SEED_BYTES = 32
_NAME = re.compile(r"[\w-]+")

Command = TypeVar("Command", bound=Callable[..., Any])

quorum_option = click.option(
    "--quorum",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many nodes of a chain must say the same about its head, logs and views.",
)
rpc_option = click.option(
    "--rpc",
    "rpcs",
    multiple=True,
    metavar="NAME=URL",
    help="A node of a chain; several times for several nodes. Default: the variable NAME_RPC.",
)
_CHAIN_OPTIONS = (
    click.option("--deployment", "file", type=FILE, required=True, help="The published deployment."),
    rpc_option,
    quorum_option,
)


_SIGNERS_OPTION = click.option(
    "--signers",
    "asked",
    type=FILE,
    help="A file with the table [signers], such as a node's settings: these are asked for the groups' words.",
)


_KEYPAIR_OPTION = click.option(
    "--keypair",
    "keypair",
    type=FILE,
    help="Who pays on Solana chains: a file of solana-keygen. Without it nothing is sent there.",
)


def keypair_option(command: Command) -> Command:
    """The option `keypair`: who pays on chains whose bridge is a program."""
    return _KEYPAIR_OPTION(command)


def signers_option(command: Command) -> Command:
    """The option `asked`: whose words are asked for."""
    return _SIGNERS_OPTION(command)


def open_groups(
    asked: Path | None, deployment: Deployment, bridges: Mapping[ChainId, BridgeClient]
) -> GroupsAsked | None:
    """The groups whose signers a file names; None without one."""
    if asked is None:
        return None
    from zklink.service.signing.asking import open_asked_groups

    return open_asked_groups(asked, deployment, bridges)


def chain_options(command: Command) -> Command:
    """The options `file`, `rpcs` and `quorum`: how a command reaches the chains of a deployment."""
    for option in reversed(_CHAIN_OPTIONS):
        command = option(command)
    return command


def parse_urls(values: tuple[str, ...]) -> dict[str, str | tuple[str, ...]]:
    """`NAME=URL` options as a mapping; a name that is given several times has several nodes. BadParameter for anything
    else.
    """
    urls: dict[str, tuple[str, ...]] = {}
    for value in values:
        name, separator, url = value.partition("=")
        if not (separator and url and _NAME.fullmatch(name)):
            raise click.BadParameter(f"{_show(value)!r} is not NAME=URL", param_hint="--rpc")
        if not url.startswith(("http://", "https://")):
            raise click.BadParameter(f"the node of {name} needs an http:// or https:// address", param_hint="--rpc")
        if url in urls.get(name, ()):
            raise click.BadParameter(f"{name} is given twice with the same node", param_hint="--rpc")
        urls[name] = (*urls.get(name, ()), url)
    return {name: nodes if len(nodes) > 1 else nodes[0] for name, nodes in urls.items()}


def find_urls(
    deployment: Deployment, rpcs: tuple[str, ...], environment: Mapping[str, str] = os.environ
) -> dict[str, str | tuple[str, ...]]:
    """The nodes of each chain by its name: those of --rpc, for other chains that of the environment."""
    urls = parse_urls(rpcs)
    for place in deployment.places.values():
        found = environment.get(f"{place.name.upper().replace('-', '_')}_RPC")
        if found and place.name not in urls:
            urls |= parse_urls((f"{place.name}={found}",))
    return urls


def _show(value: str) -> str:
    """A value as typed, without what may be a key: everything after a host."""
    host, cut, _ = redact(value).partition("/") if "://" not in value else (redact(value), "", "")
    return f"{host}{cut and '/***'}" if not re.search(r"[@?#]", host) else "***"


def read_deployment(path: Path) -> Deployment:
    """A published deployment; ClickException names the file if it is not one."""
    try:
        return Deployment.from_json(read_file(path))
    except ZkLinkError as error:
        raise click.ClickException(f"{path}: {error}; give the file that `ape run deploy` published") from error


def _read_base58(text: str) -> bytes:
    """The 32 bytes of an address of Solana; empty for anything else."""
    try:
        return decode_base58(text, len(ZERO_ADDRESS))
    except ValueError:
        return b""


def parse_address(text: str, option: str) -> bytes:
    """A universal address from 20 bytes (an EVM address) or 32 bytes in hex, or from an address of Solana in base58;
    BadParameter for anything else.
    """
    try:
        data = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        data = _read_base58(text)
    if len(data) == len(ZERO_ADDRESS):
        address = data
    elif not is_hex_address(text):
        raise click.BadParameter(
            f"{text!r} is not an address: give 20 bytes in hex, 32 for a universal one, or base58", param_hint=option
        )
    elif is_checksum_formatted_address(text) and not is_checksum_address(text):
        raise click.BadParameter(f"{text} has a wrong checksum: is a character mistyped?", param_hint=option)
    else:
        address = universal_address(text)
    if address == ZERO_ADDRESS:
        raise click.BadParameter("nobody owns the zero address", param_hint=option)
    return address


def read_seed(path: Path) -> PrivateKey:
    """A layer-2 key from its seed in hex; ClickException names the file, never its content."""
    try:
        seed = bytes.fromhex(path.read_text().strip().removeprefix("0x"))
    except (ValueError, OSError):
        seed = b""
    if len(seed) != SEED_BYTES:
        raise click.ClickException(f"{path}: the file must hold a seed of {SEED_BYTES} bytes in hex, and nothing else")
    return PrivateKey.from_seed(seed)


def load_account(path: Path, ask: Callable[[str], str]) -> LocalAccount:
    """An account from a file: a private key in hex, or a keystore, for whose passphrase `ask` asks.

    ClickException names the file, never its content.
    """
    try:
        text = path.read_text().strip()
        if text.startswith("{"):
            text = Account.decrypt(json.loads(text), ask(f"passphrase of {path.name}: ")).hex()
        account: LocalAccount = Account.from_key(text)
    except (OSError, ValueError, KeyError, TypeError):
        # Without the cause: it may show the key.
        detail = "it is neither a private key in hex nor a keystore that this passphrase opens"
        raise click.ClickException(f"{path}: {detail}") from None
    return account

"""`ape run exit`: bring every chain to exodus and send exit proofs, without the operator."""

import getpass
import json
import time
from pathlib import Path

import click
from eth_account import Account
from eth_account.signers.local import LocalAccount

from zklink.cli.recover import parse_urls
from zklink.l1.deployment import Deployment
from zklink.protocol.errors import ZkLinkError
from zklink.recovery.connect import connect_bridges
from zklink.recovery.exits import read_orders
from zklink.recovery.leave import leave
from zklink.recovery.rescue import Rescue

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def load_account(path: Path) -> LocalAccount:
    """An account from a file: a private key in hex, or a keystore whose passphrase is asked for."""
    text = path.read_text().strip()
    if text.startswith("{"):
        text = Account.decrypt(json.loads(text), getpass.getpass(f"passphrase of {path.name}: ")).hex()
    account: LocalAccount = Account.from_key(text)
    return account


@click.command()
@click.option("--deployment", "file", type=FILE, required=True, help="The published deployment.")
@click.option("--rpc", "rpcs", multiple=True, metavar="NAME=URL", help="A node of each chain.")
@click.option(
    "--exits", type=FILE, help="What `zklink recover --owner` wrote; without it only the chains are brought to exodus."
)
@click.option(
    "--account", "key_file", type=FILE, required=True, help="Pays the gas: a keystore, or a private key in hex."
)
@click.option(
    "--wait", "wait_seconds", type=click.FloatRange(min=0), default=0, help="Wait so long for messages between chains."
)
def cli(file: Path, rpcs: tuple[str, ...], exits: Path | None, key_file: Path, wait_seconds: float) -> None:
    """Freeze what may be frozen, finish what is common, cancel open requests, and send the exits of a file."""
    try:
        deployment = Deployment.from_json(file.read_text())
        account = load_account(key_file)
        orders = [] if exits is None else read_orders(exits)
        rescue = Rescue(deployment, connect_bridges(deployment, parse_urls(rpcs)), account)
        end = time.monotonic() + wait_seconds
        while not leave(rescue, orders, account, click.echo):
            if time.monotonic() > end:
                raise click.ClickException("not finished yet: run again when the messages above have arrived")
            time.sleep(1)
    except ZkLinkError as error:
        raise click.ClickException(str(error)) from error

"""`zklink prices`: keeps the prices at the doors of a deployment near what the chains' gas costs."""

from __future__ import annotations

import getpass
import time
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

import click

from zklink.cli.inputs import FILE, chain_options, find_urls, load_account, read_deployment
from zklink.cli.program_sending import load_payer
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.deployment.records import Deployment
from zklink.prices.gas_costs import LAMPORTS_PER_TRANSACTION
from zklink.prices.setter import Doors, PriceSetter, RegistryDoors
from zklink.prices.table import DEFAULT_MARGIN, Market, Prices, price_lamports
from zklink.protocol.ids import ChainId, Door
from zklink.recovery.connect import Urls, connect_bridges
from zklink.recovery.programs import connect_programs

MICRO: Final = 1_000_000
SOL: Final = "SOL"


@click.command()
@chain_options
@click.option(
    "--coin",
    "coins",
    multiple=True,
    metavar="NAME=USD",
    help="Dollars for a whole coin of each chain, e.g. bsc=612.5; SOL=150 for Solana chains.",
)
@click.option(
    "--account", "key_file", type=FILE, help="The setter: a keystore, or a private key in hex; without it: only shown."
)
@click.option("--keypair", type=FILE, help="The setter of Solana chains, a file of `solana-keygen`.")
@click.option(
    "--lamports",
    type=click.IntRange(min=1),
    default=LAMPORTS_PER_TRANSACTION,
    show_default=True,
    help="What a transaction costs on a Solana chain, with its priority fee.",
)
@click.option(
    "--margin",
    type=click.IntRange(min=1),
    default=DEFAULT_MARGIN,
    show_default=True,
    help="What a price is, in percent of the gas that a request can cost.",
)
@click.option(
    "--every",
    "pause_seconds",
    type=click.FloatRange(min=1),
    default=60,
    show_default=True,
    help="Seconds between two looks at the chains.",
)
@click.option("--once", is_flag=True, help="Set what is due and end.")
def prices(
    file: Path,
    rpcs: tuple[str, ...],
    quorum: int,
    coins: tuple[str, ...],
    key_file: Path | None,
    keypair: Path | None,
    lamports: int,
    margin: int,
    pause_seconds: float,
    once: bool,
) -> None:
    """Compute what every door should cost from the chains' prices of gas, and set the prices that have drifted.

    A price covers, at worst packing, a request's share of all chains' calls and its payout. The registry (on Solana the
    timelock) takes it within the governor's bounds, at most doubled within a day; a rise counts an hour later, a fall
    at once.
    """
    deployment = read_deployment(file)
    account = None if key_file is None else load_account(key_file, getpass.getpass)
    usd, urls = parse_coins(coins, deployment), find_urls(deployment, rpcs)
    bridges = connect_bridges(deployment, urls, quorum)

    def compute() -> Mapping[ChainId, Mapping[int, int]]:
        markets = read_markets(bridges, usd) | {
            chain: price_lamports(usd.get(chain, 0), lamports) for chain in deployment.programs
        }
        table = Prices(markets, deployment.primary, deployment.preset, margin, programs=tuple(deployment.programs))
        return {chain: table.compute(chain) for chain in markets}

    doors = dict[ChainId, Doors]()
    if account is not None:
        doors |= {chain: RegistryDoors(bridge.tokens, account) for chain, bridge in bridges.items()}
    if keypair is not None:
        doors |= open_program_doors(deployment, urls, quorum, keypair)
    if not doors:
        show(deployment, compute())
        return
    setter = PriceSetter(doors, compute)
    while True:
        setter.round(click.echo)
        if once:
            return
        time.sleep(pause_seconds)


def open_program_doors(deployment: Deployment, urls: Urls, quorum: int, keypair: Path) -> dict[ChainId, Doors]:
    """Those of the Solana chains that have a node here. ClickException where there is none, or a key governs. Raises
    ExtraMissing, WrongChain, RpcUnavailable.
    """
    views = connect_programs(deployment, urls, quorum)
    if not views:
        raise click.ClickException("--keypair sets prices on Solana chains: none of this deployment has a node here")
    keys = [deployment.programs[chain].name for chain in views if not deployment.programs[chain].timelock]
    if keys:
        raise click.ClickException(f"{', '.join(keys)}: a key governs it, and no timelock")
    from zklink.prices.program_doors import ProgramDoors
    from zklink.solana.client.sending import Sender

    payer = load_payer(keypair)
    return {chain: ProgramDoors(deployment.programs[chain], Sender(view.node, payer)) for chain, view in views.items()}


def parse_coins(values: tuple[str, ...], deployment: Deployment) -> dict[ChainId, int]:
    """`NAME=USD` options in millionths of a dollar by chain; `SOL` is the coin of all Solana chains. BadParameter for
    anything else.
    """
    chains = {place.name: [chain] for chain, place in deployment.places.items()}
    if deployment.programs:
        chains[SOL] = list(deployment.programs)
    found = dict[ChainId, int]()
    for value in values:
        name, _, text = value.partition("=")
        try:
            micro_usd = int(Decimal(text) * MICRO)
        except (InvalidOperation, ValueError, OverflowError):
            micro_usd = 0
        if name not in chains or micro_usd <= 0:
            raise click.BadParameter(f"{value!r} is not NAME=USD with one of {', '.join(chains)}", param_hint="--coin")
        found |= dict.fromkeys(chains[name], micro_usd)
    return found


def read_markets(bridges: Mapping[ChainId, BridgeClient], usd: Mapping[ChainId, int]) -> dict[ChainId, Market]:
    """Every chain's price of gas, as its node says, and of its coin. Raises RpcUnavailable."""
    return {chain: Market(bridge.client.gas_price(), usd.get(chain, 0)) for chain, bridge in bridges.items()}


def show(deployment: Deployment, found: Mapping[ChainId, Mapping[int, int]]) -> None:
    """The table: a line for each chain and door."""
    names = {int(chain): f"swap to {place.name}" for chain, place in deployment.places.items()}
    names |= {int(door): door.name.lower().replace("_", " ") for door in Door}
    for chain, table in found.items():
        for kind, gwei in table.items():
            unit = "lamports" if chain in deployment.programs else "gwei"
            click.echo(f"{deployment.places[chain].name}: {names[kind]}: {gwei:,} {unit}")

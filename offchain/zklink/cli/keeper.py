"""`ape run keeper`: the keeper of `zklink keep` by a deployment's name, within a budget, and saying what it leaves."""

from __future__ import annotations

import getpass
import threading
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

import click
from web3 import Web3

from zklink.cli.deployment_inputs import deployment_options, find_account, find_deployment
from zklink.cli.inputs import FILE, find_urls, keypair_option, load_account, open_groups, signers_option
from zklink.cli.running import end_on_signals
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.client import ChainClient
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.connect import reach_bridges
from zklink.recovery.keeper import Keeper
from zklink.recovery.programs import open_ways, reach_programs
from zklink.recovery.words_kept import read_words
from zklink.upkeep.keeping import describe_left
from zklink.upkeep.purse import SHARE, Purse, PurseClient
from zklink.upkeep.purse_journal import PurseJournal

GWEI = 10**9
COIN = Decimal(10**18)


@click.command()
@deployment_options
@click.option(
    "--account", required=True, metavar="ALIAS|FILE", help="Who pays the gas: an account of ape, or a key file."
)
@keypair_option
@click.option(
    "--budget",
    "budgets",
    multiple=True,
    required=True,
    metavar="[NAME=]COINS",
    help="The most that is spent, of each chain's coin, or of one chain's; nothing is sent to a chain without.",
)
@click.option(
    "--most",
    "ceilings",
    multiple=True,
    metavar="[NAME=]COINS",
    help="The most that one transaction may cost; default: a tenth of the budget.",
)
@click.option(
    "--journal",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where is kept what was spent: the budget is then that of all runs; to begin anew, remove the file.",
)
@click.option("--gwei", type=click.IntRange(min=1), help="The most for one unit of gas; default: by the market.")
@click.option("--words", type=FILE, help="A file with words of the groups; it is read again in each round.")
@signers_option
@click.option("--freeze", is_flag=True, help="Also call, announce and confirm freezes that are due.")
@click.option("--every", type=click.FloatRange(min=1), default=60, show_default=True, help="Seconds between rounds.")
@click.option("--once", is_flag=True, help="End when nothing is due.")
def keeper(
    name: str,
    rpcs: tuple[str, ...],
    quorum: int,
    account: str,
    keypair: Path | None,
    budgets: tuple[str, ...],
    ceilings: tuple[str, ...],
    journal: Path | None,
    gwei: int | None,
    words: Path | None,
    asked: Path | None,
    freeze: bool,
    every: float,
    once: bool,
) -> None:
    """Do for a deployment what anybody may: pay what blocks owe, import what members lack, bring denials of false ENDs,
    push pending balances, send fees to their recipient; with --freeze also freeze what is due.

    Each transaction is tried before it is sent. A chain that is away is left, and looked at by the next run. SIGTERM
    and SIGINT end it; at the end it says for each chain what it left, and why.
    """
    deployment = find_deployment(name)
    names = [place.name for place in deployment.chains.values()]
    purses = read_purses(names, budgets, ceilings, None if gwei is None else gwei * GWEI)
    if journal is not None:
        keep_purses(purses, PurseJournal(journal, deployment.deployment_hash))
    payer = load_account(find_account(account), getpass.getpass)
    urls = find_urls(deployment, rpcs)
    bridges, away = reach_bridges(deployment, urls, quorum, with_purses(purses))
    programs, others_away = reach_programs(deployment, urls, quorum)
    if deployment.primary not in bridges:
        raise click.ClickException(f"nothing can be kept without the primary: {away[deployment.primary]}")
    read = ChainsRead(deployment, bridges, open_groups(asked, deployment, bridges), programs)
    ways = open_ways(read, programs, keypair)
    found = Keeper(read, payer, freeze, lambda chain: purses.get(read.name(chain), Purse(0, 1)).may_push, programs=ways)
    ended = threading.Event()
    end_on_signals(ended.set)
    while not ended.is_set():
        if words is not None:
            read_words(words, deployment.deployment_hash, read.groups.kept)
        if not found.round(click.echo):
            if once:
                break
            ended.wait(every)
    for line in describe_left(found, away | others_away):
        click.echo(line)


def keep_purses(purses: Mapping[str, Purse], journal: PurseJournal) -> None:
    """Go on with what a journal says was spent, and write there what is spent from now on."""
    for name, purse in purses.items():
        purse.spent_wei, purse.keep = journal.spent_wei(name), journal.keeper_of(name)


def with_purses(purses: Mapping[str, Purse]) -> Callable[[ChainProfile, Web3], ChainClient]:
    """How a chain's client is made; one without a budget spends nothing."""
    return lambda profile, w3: PurseClient(profile, w3, purses.get(profile.name, Purse(0, 1)))


def read_purses(
    names: list[str], budgets: tuple[str, ...], ceilings: tuple[str, ...], most_per_gas_wei: int | None
) -> dict[str, Purse]:
    """A purse for each chain with a budget. BadParameter for another chain, or what is no amount."""
    most = _read_coins(names, ceilings, "--most")
    purses = {}
    for name, budget in _read_coins(names, budgets, "--budget").items():
        ceiling = most.get(name, budget // SHARE)
        if not 0 < ceiling <= budget:
            raise click.BadParameter(f"{name}: one transaction may cost more than the budget", param_hint="--most")
        purses[name] = Purse(budget, ceiling, most_per_gas_wei)
    return purses


def _read_coins(names: list[str], values: tuple[str, ...], option: str) -> dict[str, int]:
    """Wei by chain; a value with a name goes over one without."""
    given: dict[str, int] = {}
    for value in sorted(values, key=lambda each: "=" in each):
        name, named, coins = value.rpartition("=")
        if named and name not in names:
            raise click.BadParameter(f"{name!r} is none of {', '.join(names)}", param_hint=option)
        try:
            wei = Decimal(coins) * COIN
            if not wei.is_finite() or wei <= 0 or wei != wei.to_integral_value():
                raise InvalidOperation
        except InvalidOperation:
            raise click.BadParameter(f"{value!r} is no amount of coins", param_hint=option) from None
        given |= dict.fromkeys([name] if named else names, int(wei))
    return given

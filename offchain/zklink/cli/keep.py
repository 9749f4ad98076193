"""`zklink keep`: does for a deployment what anybody may, round after round, and pays the gas of it."""

from __future__ import annotations

import getpass
import time
from pathlib import Path

import click

from zklink.cli.inputs import (
    FILE,
    chain_options,
    find_urls,
    keypair_option,
    load_account,
    open_groups,
    read_deployment,
    signers_option,
)
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.connect import connect_bridges
from zklink.recovery.keeper import Keeper
from zklink.recovery.programs import connect_programs, open_ways
from zklink.recovery.words_kept import read_words


@click.command()
@chain_options
@click.option("--words", type=FILE, help="A file with words of the groups; it is read again in each round.")
@signers_option
@click.option(
    "--account",
    "key_file",
    type=FILE,
    required=True,
    help="The account that pays the gas: a keystore, or a private key in hex.",
)
@keypair_option
@click.option(
    "--every",
    "pause_seconds",
    type=click.FloatRange(min=1),
    default=60,
    show_default=True,
    help="Seconds between two rounds in which nothing was due.",
)
@click.option("--once", is_flag=True, help="End when nothing is due.")
def keep(
    file: Path,
    rpcs: tuple[str, ...],
    quorum: int,
    words: Path | None,
    asked: Path | None,
    key_file: Path,
    keypair: Path | None,
    pause_seconds: float,
    once: bool,
) -> None:
    """Pay what blocks still owe, bring members what they lack, call and confirm freezes, bring denials of false ENDs,
    push what bridges owe to single owners, and send earned fees to their recipient.

    Anybody can run it, beside others. It decides nothing: contracts check what it brings, and only signers say what is
    true.
    """
    account, deployment = load_account(key_file, getpass.getpass), read_deployment(file)
    urls = find_urls(deployment, rpcs)
    bridges, programs = connect_bridges(deployment, urls, quorum), connect_programs(deployment, urls, quorum)
    read = ChainsRead(deployment, bridges, open_groups(asked, deployment, bridges), programs)
    keeper = Keeper(read, account, programs=open_ways(read, programs, keypair))
    while True:
        if words is not None:
            read_words(words, deployment.deployment_hash, read.groups.kept)
        if not keeper.round(click.echo):
            if once:
                return
            time.sleep(pause_seconds)

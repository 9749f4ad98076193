"""`ape run exit`: bring every chain to exodus and send exit proofs, without the operator."""

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
from zklink.l1.transport.redaction import redact
from zklink.protocol.errors import ZkLinkError
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.connect import connect_bridges
from zklink.recovery.exit_file import check_roots, read_exits
from zklink.recovery.exit_proofs import ExitOrder
from zklink.recovery.exodus_driver import ExodusDriver
from zklink.recovery.leaving import leave
from zklink.recovery.outcome import show_count
from zklink.recovery.programs import connect_programs, open_ways
from zklink.recovery.words_kept import read_words


@click.command()
@chain_options
@click.option(
    "--exits",
    type=FILE,
    help="The file that `zklink recover --owner` wrote; without it only the chains are brought to exodus.",
)
@click.option(
    "--words",
    type=FILE,
    help="A file with words of the groups (END, FRZ, ACC) that signers have published; others stand on the chains.",
)
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
    "--wait",
    "wait_seconds",
    type=click.FloatRange(min=0),
    default=0,
    help="Seconds to go on waiting for what is due later.",
)
def cli(
    file: Path,
    rpcs: tuple[str, ...],
    quorum: int,
    exits: Path | None,
    words: Path | None,
    asked: Path | None,
    key_file: Path,
    keypair: Path | None,
    wait_seconds: float,
) -> None:
    """Bring every chain to its end, pay open requests back, and send a file's exits.

    An end takes freezes, END, blocks that the chain lacks, and payouts. Each chain ends by itself: name no node of
    one that has halted, by --rpc or NAME_RPC.
    """
    account, deployment = load_account(key_file, getpass.getpass), read_deployment(file)
    try:
        urls = find_urls(deployment, rpcs)
        bridges, programs = connect_bridges(deployment, urls, quorum), connect_programs(deployment, urls, quorum)
        read = ChainsRead(deployment, bridges, open_groups(asked, deployment, bridges), programs)
        orders: tuple[ExitOrder, ...] = ()
        if exits is not None:
            found = read_exits(exits, deployment)
            check_roots(found, exits.name, read)
            orders = tuple(order for order in found.orders if order.chain in bridges or order.chain in programs)
            click.echo(f"{show_count(len(orders), 'exit')} in {exits.name}")
        if words is not None:
            read_words(words, deployment.deployment_hash, read.groups.kept)
        rescue = ExodusDriver(read, account, programs=open_ways(read, programs, keypair))
        end = time.monotonic() + wait_seconds
        while not leave(rescue, orders, click.echo):
            if time.monotonic() > end:
                raise click.ClickException(
                    "not finished: some chains above still wait; run this again later, or give --wait SECONDS"
                )
            time.sleep(1)
    except ZkLinkError as error:
        raise click.ClickException(redact(str(error))) from error

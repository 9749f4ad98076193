"""`zklink status`, `ape run status`: how a deployment stands, for people, programs and monitors."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

import click

from zklink.cli.deployment_inputs import deployment_options, find_deployment, parse_accounts
from zklink.cli.inputs import FILE, find_urls
from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.redaction import redact
from zklink.l1.transport.rpc import RetryPolicy
from zklink.l1.transport.submission import SendPolicy
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.connect import reach_bridges
from zklink.recovery.programs import reach_programs
from zklink.recovery.words_kept import read_words
from zklink.upkeep.status import read_status
from zklink.upkeep.status_forms import encode_status, show_status
from zklink.upkeep.status_records import Urgency

PATIENCE = SendPolicy(retry=RetryPolicy(attempts=3, budget_seconds=15.0))
"""A monitor asks again soon: a node that is away for so long counts as away."""


class ForMonitors(click.Command):
    """A command whose every failure ends with the code that says that nothing can be told: a mistake in its call or its
    files must not look like a message about the deployment.
    """

    def make_context(self, *arguments: Any, **extra: Any) -> click.Context:
        try:
            return super().make_context(*arguments, **extra)
        except click.ClickException as error:
            error.exit_code = Urgency.UNKNOWN
            raise

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            error.exit_code = Urgency.UNKNOWN
            raise
        except (click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            click.echo(f"{type(error).__name__}: {redact(str(error))}", err=True)
            ctx.exit(Urgency.UNKNOWN)


@click.command(cls=ForMonitors)
@deployment_options
@click.option("--words", type=FILE, help="A file with words of the groups; what it has is not missing.")
@click.option(
    "--signer", "signers", multiple=True, metavar="NAME=ADDRESS", help="An account whose coins are looked at."
)
@click.option("--reserves", is_flag=True, help="Rebuild the state from calldata, and compare every custody with it.")
@click.option("--json", "as_json", is_flag=True, help="JSON in place of words: docs/status.md.")
def status(
    name: str,
    rpcs: tuple[str, ...],
    quorum: int,
    words: Path | None,
    signers: tuple[str, ...],
    reserves: bool,
    as_json: bool,
) -> None:
    """Say how a deployment stands: heights, lags, queues, ends and freezes, debts, custody, coins of signers.

    It needs no key. The exit code is for monitors: 0 well, 1 wants attention, 2 act now, 3 (and any other) cannot tell.
    """
    deployment, accounts = find_deployment(name), parse_accounts(signers, "--signer")
    make = partial(ChainClient, policy=PATIENCE)
    urls = find_urls(deployment, rpcs)
    bridges, away = reach_bridges(deployment, urls, quorum, make)
    programs, others_away = reach_programs(deployment, urls, quorum)
    read = ChainsRead(deployment, bridges, programs=programs)
    if words is not None:
        read_words(words, deployment.deployment_hash, read.groups.kept)
    found = read_status(read, int(time.time()), away=away | others_away, signers=accounts, with_reserves=reserves)
    click.echo(encode_status(found) if as_json else show_status(found))
    click.get_current_context().exit(found.urgency)

"""The command group."""

from __future__ import annotations

import inspect
from typing import Any, Final

import click
from rich.console import Console
from rich.markup import escape

from zklink import __version__
from zklink.cli.bench import bench
from zklink.cli.broker import broker
from zklink.cli.ceremony import ceremony
from zklink.cli.circuits import circuits, setup
from zklink.cli.demo_command import demo
from zklink.cli.devnet_command import devnet
from zklink.cli.extras import name_missing
from zklink.cli.generate import generate
from zklink.cli.genesis import genesis
from zklink.cli.keep import keep
from zklink.cli.lab import lab
from zklink.cli.node import node, prover
from zklink.cli.prices import prices
from zklink.cli.r1cs import r1cs
from zklink.cli.recover import recover
from zklink.cli.signer import signer
from zklink.cli.snapshots import snapshots
from zklink.cli.status import status
from zklink.cli.verifier import verifier
from zklink.cli.verify_deployment import verify_deployment
from zklink.cli.watch import watch
from zklink.l1.transport.redaction import redact, redact_error
from zklink.lab.errors import LabError
from zklink.protocol.errors import ZkLinkError

DO: Final = "Do:"
"""In an error's docstring: what follows is for whoever meets it."""

KEPT_RUNNING: Final = ("node", "prover", "broker", "signer", "watch")
"""Programs of operators: their errors say what to do, too."""


class _Group(click.Group):
    """Prints the product's own errors as one line instead of a traceback, and nothing of a node but its host."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (ZkLinkError, LabError) as error:
            _show(error, ctx.invoked_subcommand in KEPT_RUNNING)
            ctx.exit(1)
        except ModuleNotFoundError as error:  # of an extra that is not installed
            _show(name_missing(error))
            ctx.exit(1)
        except Exception as error:
            redact_error(error)
            raise


def _show(error: Exception, advises: bool = False) -> None:
    """One line; if it `advises`, with what to do about it, which the error's class says."""
    text, advice = str(error), " ".join((inspect.getdoc(type(error)) or "").partition(DO)[2].split())
    if advises and advice:
        text = f"{text}. {DO} {advice}"
    shown = escape(redact(text))
    Console(stderr=True).print(f"[red]{type(error).__name__}[/]: {shown}", highlight=False, soft_wrap=True)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Cross-chain swaps, proven to every chain."""


COMMANDS = (
    demo,
    devnet,
    node,
    prover,
    broker,
    signer,
    watch,
    status,
    verify_deployment,
    setup,
    circuits,
    ceremony,
    r1cs,
    verifier,
    generate,
    genesis,
    recover,
    keep,
    prices,
    bench,
    snapshots,
    lab,
)
for command in COMMANDS:
    main.add_command(command)

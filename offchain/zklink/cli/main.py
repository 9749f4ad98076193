"""The command group."""

from __future__ import annotations

import importlib
import inspect
from typing import Any, Final

import click
from rich.console import Console
from rich.markup import escape

from zklink import __version__
from zklink.cli.extras import name_missing
from zklink.l1.transport.redaction import redact, redact_error
from zklink.lab.errors import LabError
from zklink.protocol.errors import ExtraMissing, ZkLinkError

DO: Final = "Do:"
"""In an error's docstring: what follows is for whoever meets it."""

COMMANDS: Final = {
    "demo": "demo_command",
    "devnet": "devnet_command",
    "node": "node",
    "prover": "node",
    "broker": "broker",
    "signer": "signer",
    "watch": "watch",
    "status": "status",
    "verify-deployment": "verify_deployment",
    "setup": "circuits",
    "circuits": "circuits",
    "ceremony": "ceremony",
    "r1cs": "r1cs",
    "verifier": "verifier",
    "generate": "generate",
    "genesis": "genesis",
    "recover": "recover",
    "keep": "keep",
    "prices": "prices",
    "bench": "bench",
    "snapshots": "snapshots",
    "lab": "lab",
}
"""Each command's module in `zklink.cli`. It is imported when the command is asked for: all take more than a second."""

KEPT_RUNNING: Final = ("node", "prover", "broker", "signer", "watch")
"""Programs of operators: their errors say what to do, too."""


class _Group(click.Group):
    """Prints the product's own errors as one line instead of a traceback, and nothing of a node but its host."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        try:
            module = importlib.import_module(f"zklink.cli.{COMMANDS[cmd_name]}")
        except ModuleNotFoundError as error:  # of an extra that is not installed
            return _stand_in(cmd_name, name_missing(error))
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (ZkLinkError, LabError) as error:
            _show(error, ctx.invoked_subcommand in KEPT_RUNNING)
            ctx.exit(1)
        except ModuleNotFoundError as error:  # the same, where a command imports when it runs
            _show(name_missing(error))
            ctx.exit(1)
        except Exception as error:
            redact_error(error)
            raise


def _stand_in(name: str, missing: ExtraMissing) -> click.Command:
    """A command whose packages are not there: help lists it with the extra that brings them; called, it raises."""

    def refuse() -> None:
        raise missing

    return click.Command(
        name,
        callback=refuse,
        short_help=f"Needs more packages: pip install 'zklink[{missing.extra}]'",
        add_help_option=False,
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    )


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

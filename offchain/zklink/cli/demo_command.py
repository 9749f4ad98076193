"""`zklink demo`: on local chains, end to end, with real proofs; from any folder.

zklink demo                      swaps between four chains, without a deposit
zklink demo --story accounts     layer-2 accounts on three chains; then the operator dies and everybody leaves by proof
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import click
from rich.console import Console

from zklink.cli.progress_bar import RichProgress
from zklink.files import read_file, write_file
from zklink.l1.transport.redaction import redact
from zklink.lab.errors import LabError
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.presets import MINIMAL, PRESETS, get_preset

LOG_WIDTH = 140
"""Columns of the tables in a log, which has no width of its own."""

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option(
    "--story", type=click.Choice(["swaps", "accounts"]), default="swaps", show_default=True, help="The story to run."
)
@click.option(
    "--preset",
    "preset_name",
    type=click.Choice(list(PRESETS)),
    default=MINIMAL.name,
    show_default=True,
    help="Size of a block.",
)
@click.option(
    "--tape",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="CSV of swaps to replay: seconds, source, destination, token_in, token_out, amount, min_out.",
)
@click.option("--json", "json_file", type=FILE, help="Write the measured figures here.")
@click.option(
    "--timeout",
    "timeout_seconds",
    type=click.FloatRange(min=1),
    default=600.0,
    show_default=True,
    help="Seconds until the run counts as failed.",
)
def demo(story: str, preset_name: str, tape: Path | None, json_file: Path | None, timeout_seconds: float) -> None:
    """Deploy on local chains, tell a story there, and reconcile every token on every chain."""
    if story == "accounts" and tape is not None:
        raise click.UsageError("--tape is a list of swaps: it goes with --story swaps")
    console = Console()
    if not console.is_terminal:
        console = Console(width=LOG_WIDTH)
    try:
        if story == "accounts":
            code = tell_accounts(console, preset_name, json_file, timeout_seconds)
        else:
            code = tell_swaps(console, preset_name, tape, json_file, timeout_seconds)
    except (ZkLinkError, LabError) as error:
        raise click.ClickException(redact(str(error))) from error
    sys.exit(code)


def tell_swaps(
    console: Console, preset_name: str, tape: Path | None, json_file: Path | None, timeout_seconds: float
) -> int:
    """The swaps story, or a tape; gives the exit code."""
    # Here and below: the other commands should not wait for chains and provers to load.
    from zklink.demo.model import DemoOptions
    from zklink.demo.result_json import build_report
    from zklink.demo.stories import default_stories, read_tape
    from zklink.demo.summary import print_summary
    from zklink.demo.swaps_run import run_demo
    from zklink.demo.views import choose_view
    from zklink.devnet.profiles import PROFILES

    stories = default_stories() if tape is None else read_tape(read_file(tape), [p.name for p in PROFILES])
    options = DemoOptions(get_preset(preset_name), stories, timeout_seconds)
    result = run_demo(options, choose_view(console), RichProgress())
    print_summary(console, result)
    write_figures(console, json_file, build_report(result))
    return 1 if result.problems else 0


def tell_accounts(console: Console, preset_name: str, json_file: Path | None, timeout_seconds: float) -> int:
    """The accounts story; gives the exit code."""
    from zklink.demo.accounts import outcome
    from zklink.demo.accounts.accounts_run import run_accounts
    from zklink.demo.accounts.actors import AccountsOptions

    with tempfile.TemporaryDirectory(prefix="zklink-") as folder:
        options = AccountsOptions(get_preset(preset_name), Path(folder) / "node.db", timeout_seconds)
        result = run_accounts(options, lambda text: console.print(text, highlight=False), RichProgress())
    outcome.print_report(console, result)
    write_figures(console, json_file, outcome.build_report(result))
    return 1 if result.problems else 0


def write_figures(console: Console, file: Path | None, figures: Mapping[str, object]) -> None:
    """Write the measured figures as JSON, for programs."""
    if file is not None:
        write_file(file, json.dumps(figures, indent=2) + "\n")
        console.print(f"figures written to {file}")

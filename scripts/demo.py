"""`ape run demo`: on local chains, end to end, with real proofs.

ape run demo                      swaps between four chains, without a deposit
ape run demo --story accounts     layer-2 accounts on three chains; then the operator dies and everybody leaves by proof
"""

import json
import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console

from zklink.cli.progress_bar import RichProgress
from zklink.demo.accounts import outcome
from zklink.demo.accounts.accounts_run import run_accounts
from zklink.demo.accounts.actors import AccountsOptions
from zklink.demo.model import DemoOptions
from zklink.demo.result_json import build_report
from zklink.demo.stories import default_stories, read_tape
from zklink.demo.summary import print_summary
from zklink.demo.swaps_run import run_demo
from zklink.demo.views import choose_view
from zklink.devnet.profiles import PROFILES
from zklink.lab.errors import LabError
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.presets import MINIMAL, PRESETS, get_preset

LOG_WIDTH = 140
"""Columns of the tables in a log, which has no width of its own."""

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option(
    "--story", type=click.Choice(["swaps", "accounts"]), default="swaps", show_default=True, help="What to tell."
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
def cli(story: str, preset_name: str, tape: Path | None, json_file: Path | None, timeout_seconds: float) -> None:
    """Deploy on local chains, tell a story there, and reconcile every token on every chain."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=LOG_WIDTH)
    try:
        if story == "accounts":
            sys.exit(tell_accounts(console, preset_name, json_file, timeout_seconds))
        stories = default_stories() if tape is None else read_tape(tape.read_text(), [p.name for p in PROFILES])
        options = DemoOptions(get_preset(preset_name), stories, timeout_seconds)
        result = run_demo(options, choose_view(console), RichProgress())
    except (ZkLinkError, LabError) as error:
        raise click.ClickException(str(error)) from error
    print_summary(console, result)
    if json_file is not None:
        json_file.write_text(json.dumps(build_report(result), indent=2) + "\n")
        console.print(f"figures written to {json_file}")
    sys.exit(1 if result.problems else 0)


def tell_accounts(console: Console, preset_name: str, json_file: Path | None, timeout_seconds: float) -> int:
    """The accounts story; gives the exit code."""
    with tempfile.TemporaryDirectory(prefix="zklink-") as folder:
        options = AccountsOptions(get_preset(preset_name), Path(folder) / "journal.jsonl", timeout_seconds)
        result = run_accounts(options, lambda text: console.print(text, highlight=False), RichProgress())
    outcome.print_report(console, result)
    if json_file is not None:
        json_file.write_text(json.dumps(outcome.build_report(result), indent=2) + "\n")
        console.print(f"figures written to {json_file}")
    return 1 if result.problems else 0

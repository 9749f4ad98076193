"""`zklink demo`: on local chains, end to end, with real proofs; from any folder.

zklink demo                      swaps between four chains, without a deposit
zklink demo --story accounts     layer-2 accounts on three chains; then the operator dies and everybody leaves by proof
zklink demo --story solana       swaps between Solana and EVM chains: filled, refunded, and one that waits
zklink demo --story solana-accounts   an account of a wallet on Solana, from its deposit to its exit by proof
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import click
from rich.console import Console

from zklink.cli.devnet_command import wait
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
    "--story",
    type=click.Choice(["swaps", "accounts", "solana", "solana-accounts"]),
    default="swaps",
    show_default=True,
    help="The story to run.",
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
@click.option("--stay", is_flag=True, help="Leave the network running at the end, to look at it; until Ctrl-C.")
@click.option(
    "--port", default=0, type=click.IntRange(0, 65000), help="The port of the API and the pages; 0: a free one."
)
def demo(
    story: str,
    preset_name: str,
    tape: Path | None,
    json_file: Path | None,
    timeout_seconds: float,
    stay: bool,
    port: int,
) -> None:
    """Tell a story on local chains with real proofs, and reconcile every token on every chain."""
    if story != "swaps" and (tape is not None or stay or port):
        raise click.UsageError("--tape, --stay and --port go with --story swaps")
    from zklink.service.logs import configure_logs

    configure_logs("console", "error")
    console = Console()
    if not console.is_terminal:
        console = Console(width=LOG_WIDTH)
    try:
        if story == "accounts":
            code = tell_accounts(console, preset_name, json_file, timeout_seconds)
        elif story in ("solana", "solana-accounts"):
            is_account = story == "solana-accounts"
            code = tell_solana(console, preset_name, json_file, timeout_seconds, is_account)
        else:
            code = tell_swaps(console, preset_name, tape, json_file, timeout_seconds, stay, port)
    except (ZkLinkError, LabError) as error:
        raise click.ClickException(redact(str(error))) from error
    sys.exit(code)


def tell_swaps(
    console: Console,
    preset_name: str,
    tape: Path | None,
    json_file: Path | None,
    timeout_seconds: float,
    stay: bool,
    port: int,
) -> int:
    """The swaps story, or a tape; gives the exit code."""
    # Here and below: the other commands should not wait for chains and provers to load.
    from zklink.demo.model import DemoOptions, DemoResult
    from zklink.demo.network.serving import Network
    from zklink.demo.result_json import build_report
    from zklink.demo.stories import default_stories, read_tape
    from zklink.demo.summary import print_summary
    from zklink.demo.swaps_run import run_demo
    from zklink.demo.views import choose_view
    from zklink.devnet.profiles import PROFILES

    stories = default_stories() if tape is None else read_tape(read_file(tape), [p.name for p in PROFILES])
    options = DemoOptions(get_preset(preset_name), stories, timeout_seconds, port=port)

    def show(result: DemoResult, network: Network) -> None:
        print_summary(console, result)
        write_figures(console, json_file, build_report(result))
        if stay:
            console.print(f"it goes on until Ctrl-C; every swap is on the page: {network.url}/", highlight=False)
            wait(network, None)
        else:
            console.print("to look at all of it on a page: zklink demo --stay, or zklink devnet", highlight=False)

    return 1 if run_demo(options, choose_view(console), RichProgress(), show).problems else 0


def tell_accounts(console: Console, preset_name: str, json_file: Path | None, timeout_seconds: float) -> int:
    """The accounts story; gives the exit code."""
    from zklink.demo.accounts import outcome
    from zklink.demo.accounts.accounts_run import run_accounts
    from zklink.demo.accounts.actors import AccountsOptions

    options = AccountsOptions(get_preset(preset_name), timeout_seconds)
    result = run_accounts(options, lambda text: console.print(text, highlight=False), RichProgress())
    outcome.print_report(console, result)
    write_figures(console, json_file, outcome.build_report(result))
    return 1 if result.problems else 0


def tell_solana(
    console: Console, preset_name: str, json_file: Path | None, timeout_seconds: float, is_account: bool
) -> int:
    """A story of five chains, that of swaps or that of an account; gives the exit code."""
    from zklink.lab.errors import SoldersMissing

    try:
        from zklink.demo.solana import outcome
        from zklink.demo.solana.accounts_run import run_accounts
        from zklink.demo.solana.solana_run import run_solana
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("solders"):
            raise
        raise SoldersMissing from error
    from zklink.prover.circuit_artifacts import ensure_circuit
    from zklink.prover.default_prover import open_prover
    from zklink.prover.source import Statement
    from zklink.service.adapters import CircuitProver
    from zklink.service.proving.engine import STATEMENTS

    preset, progress = get_preset(preset_name), RichProgress()
    circuits = {statement: ensure_circuit(preset, progress, statement) for statement in Statement}
    provers = {lane: open_prover(circuits[statement], progress) for lane, statement in STATEMENTS.items()}
    say, prover = partial(console.print, highlight=False), CircuitProver(provers)
    if is_account:
        exits = open_prover(circuits[Statement.EXIT], progress)
        told = run_accounts("anvil", preset, prover, exits, say, progress, timeout_seconds)
        outcome.print_accounts_report(console, told)
        write_figures(console, json_file, outcome.build_accounts_report(told))
        return 1 if told.problems else 0
    result = run_solana("anvil", preset, prover, say, progress, timeout_seconds)
    outcome.print_report(console, result)
    write_figures(console, json_file, outcome.build_report(result))
    return 1 if result.problems else 0


def write_figures(console: Console, file: Path | None, figures: Mapping[str, object]) -> None:
    """Write the measured figures as JSON, for programs."""
    if file is not None:
        write_file(file, json.dumps(figures, indent=2) + "\n")
        console.print(f"figures written to {file}")

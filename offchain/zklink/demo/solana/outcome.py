"""What a person and a program read of the stories of five chains. Pure."""

from collections.abc import Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from zklink.demo.solana.accounts_run import AccountsResult
from zklink.demo.solana.solana_run import SolanaResult

COLUMNS: Final = ("swap", "for", "outcome", "amount", "block")
ACT_COLUMNS: Final = ("act", "USDC", "SOL", "block")


def print_report(console: Console, result: SolanaResult) -> None:
    """A table, which fits 80 columns, and whether anything is wrong."""
    _print_table(console, "swaps between Solana and EVM chains", COLUMNS, result)
    if not result.problems:
        console.print("every swap came as it must, and all books agree: the contracts', the program's and the state's")


def print_accounts_report(console: Console, result: AccountsResult) -> None:
    """The same of the story of an account."""
    _print_table(console, "what the account has on layer 2 after each act", ACT_COLUMNS, result)
    if not result.problems:
        console.print("the owner has left with everything that Solana held for it, to the unit")


def build_report(result: SolanaResult) -> dict[str, Any]:
    """The same as JSON."""
    return {"swaps": _name_rows(COLUMNS, result.rows), **_build_figures(result)}


def build_accounts_report(result: AccountsResult) -> dict[str, Any]:
    """The story of an account as JSON."""
    return {"acts": _name_rows(ACT_COLUMNS, result.rows), **_build_figures(result)}


def _print_table(console: Console, title: str, columns: Sequence[str], result: SolanaResult | AccountsResult) -> None:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, no_wrap=True)
    for row in result.rows:
        table.add_row(*row)
    console.print(table)
    console.print(f"{result.blocks} blocks, {result.seconds:.0f} s", highlight=False)
    for problem in result.problems:
        console.print(f"[red]problem[/]: {problem}")


def _name_rows(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _build_figures(result: SolanaResult | AccountsResult) -> dict[str, Any]:
    return {"blocks": result.blocks, "seconds": round(result.seconds, 1), "problems": result.problems}

"""What a person and a program read of the story of five chains. Pure."""

from typing import Any, Final

from rich.console import Console
from rich.table import Table

from zklink.demo.solana.solana_run import SolanaResult

COLUMNS: Final = ("swap", "for", "outcome", "amount", "block")


def print_report(console: Console, result: SolanaResult) -> None:
    """A table, which fits 80 columns, and whether anything is wrong."""
    table = Table(title="swaps between Solana and EVM chains", title_justify="left")
    for column in COLUMNS:
        table.add_column(column, no_wrap=True)
    for row in result.rows:
        table.add_row(*row)
    console.print(table)
    console.print(f"{result.blocks} blocks, {result.seconds:.0f} s", highlight=False)
    for problem in result.problems:
        console.print(f"[red]problem[/]: {problem}")
    if not result.problems:
        console.print("every swap came as it must, and all books agree: the contracts', the program's and the state's")


def build_report(result: SolanaResult) -> dict[str, Any]:
    """The same as JSON."""
    swaps = [dict(zip(COLUMNS, row, strict=True)) for row in result.rows]
    return {"swaps": swaps, "blocks": result.blocks, "seconds": round(result.seconds, 1), "problems": result.problems}

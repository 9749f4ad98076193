"""Explores and prints what docs/star-model.md records: `python -m tests.properties.star_model --large --mutants`."""

import gc
import time

import click

from .explore import Breach, Exploration, Result
from .refuted import MUTANTS
from .rules import Rules
from .sizes import LARGE, SUITE, Size
from .trust import ROWS


def explore(size: Size) -> Result:
    """Prints one row of the table of sizes."""
    began = time.monotonic()
    result = size.explore(Rules())
    click.echo(f"| {size.name} | {result.worlds} | {result.steps} |")
    click.echo(f"  {time.monotonic() - began:.0f} s", err=True)
    gc.collect()
    return result


def print_sizes(sizes: tuple[Size, ...]) -> dict[str, Result]:
    """The table; by adversary what was seen."""
    totals: dict[str, Result] = {}
    for size in sizes:
        totals.setdefault(size.adversary.name, Result()).add(explore(size))
    return totals


def print_trust(totals: dict[str, Result]) -> None:
    """The trust table, and a shortest way to each breach."""
    for row in ROWS:
        click.echo(row.describe(totals[row.adversary.name].days))
    for row in ROWS:
        for law, breach in sorted(totals[row.adversary.name].breaches.items()):
            click.echo(f"| {row.adversary.name} | `{law}` | {breach} |")


def find_unexpected(totals: dict[str, Result]) -> list[Breach]:
    """What the trust table does not give up."""
    breaks = {row.adversary.name: row.breaks for row in ROWS}
    return [
        breach for name, total in totals.items() for law, breach in total.breaches.items() if law not in breaks[name]
    ]


def print_mutants() -> bool:
    """The rows of the wrong rules; whether each is refuted."""
    refuted = True
    for mutant in MUTANTS:
        result = Exploration(mutant.make_setting(mutant.rules)).run(mutant.law_name)
        breach = result.breaches.get(mutant.law_name)
        click.echo(f"| `{mutant.name}` | `{mutant.law_name}` | {breach} |")
        refuted = refuted and breach is not None
    return refuted


@click.command()
@click.option("--large", is_flag=True, help="Also the sizes that take minutes and gigabytes.")
@click.option("--mutants", is_flag=True, help="Also the wrong rules, with their traces.")
def main(large: bool, mutants: bool) -> None:
    """Explores the star; fails when a promise is broken that the trust table does not give up."""
    suite = print_sizes(SUITE)
    print_trust(suite)
    unexpected = find_unexpected(suite)
    if large:
        unexpected += find_unexpected(print_sizes(LARGE))
    for breach in unexpected:
        click.echo(f"{breach.law}: {breach}", err=True)
    refuted = print_mutants() if mutants else True
    raise SystemExit(bool(unexpected) or not refuted)


if __name__ == "__main__":
    main()

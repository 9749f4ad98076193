"""Explores and prints what docs/sync-model.md records: `python -m tests.properties.sync_model --large --mutants`."""

import gc
import time

import click

from .explore import Exploration
from .mutants import MUTANTS
from .rules import Rules
from .sizes import LARGE, SUITE, Size


def print_size(size: Size) -> bool:
    """One row of the table; whether the laws hold."""
    began = time.monotonic()
    result = size.explore(Rules())
    click.echo(
        f"| {size.name} | {result.situations} | {result.steps} | {result.ends} | {time.monotonic() - began:.0f} s |"
    )
    for breach in result.breaches.values():
        click.echo(f"{breach.law}: {breach}")
    gc.collect()
    return not result.breaches


def print_mutants() -> bool:
    """The rows of the mutants; whether each is refuted."""
    refuted = True
    for mutant in MUTANTS:
        breach = (
            Exploration(mutant.rules, mutant.menu, mutant.at_once).run(mutant.law).breaches.get(mutant.law.__name__)
        )
        click.echo(f"| `{mutant.name}` | `{mutant.law.__name__}` | {breach} |")
        refuted = refuted and breach is not None
    return refuted


@click.command()
@click.option("--large", is_flag=True, help="Also the sizes that take minutes and gigabytes.")
@click.option("--mutants", is_flag=True, help="Also the wrong rules, with their traces.")
def main(large: bool, mutants: bool) -> None:
    """Explores the protocol of sync, freeze and exodus; fails when a promise is broken."""
    holds = [print_size(size) for size in (*SUITE, *(LARGE if large else ()))]
    if mutants:
        holds.append(print_mutants())
    raise SystemExit(not all(holds))


if __name__ == "__main__":
    main()

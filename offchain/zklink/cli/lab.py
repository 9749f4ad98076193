"""`zklink lab`: a new project for contracts on several chains, and mutants of any."""

from dataclasses import replace
from pathlib import Path

import click

from zklink.cli.lab_project import check, promise
from zklink.lab.mutation import Mutant, Verdict, generate_mutants, read_mutants, run_mutants
from zklink.lab.new_project import write_project


@click.group()
def lab() -> None:
    """Test contracts of any project on several chains, with faults."""


@lab.command()
@click.argument("folder", type=click.Path(path_type=Path))
def new(folder: Path) -> None:
    """Write a project into FOLDER: a lock-and-mint bridge, its tests and an adapter for the known exploits.

    FOLDER must not exist yet, or be empty. The tests run with `pytest` or `ape test` in it.
    """
    for file in write_project(folder):
        click.echo(file)
    click.echo(f"run the tests: cd {folder} && pytest")


@lab.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--mutants", "named", type=click.Path(path_type=Path), help="Named mutants, a TOML file.")
@click.option("--generate", "files", multiple=True, help="A Vyper file of which to make mutants; can be repeated.")
@click.option("--test", "tests", multiple=True, help="Only these tests, as pytest names them; can be repeated.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="How many run at a time.")
def mutate(folder: Path, named: Path | None, files: tuple[str, ...], tests: tuple[str, ...], workers: int) -> None:
    """Plant one mutant after the other in a copy of the project in FOLDER, and say which its tests do not notice.

    The tests are those that pytest finds there. Verdicts are kept in .lab-mutants, so only what changed runs again.
    Ends with code 1 if a mutant survives.
    """
    mutants = [*(read_mutants(named) if named else ()), *generate_mutants(folder, files)]
    mutants = [replace(mutant, tests=tests) for mutant in mutants] if tests else mutants
    if not mutants:
        raise click.UsageError("nothing to plant: name a file with --mutants, or contracts with --generate")

    def tell(mutant: Mutant, verdict: Verdict) -> None:
        click.echo(f"{verdict.value:<16} {mutant.name}")

    verdicts = list(run_mutants(folder, mutants, workers=workers, tell=tell).values())
    click.echo(", ".join(f"{verdicts.count(verdict)} {verdict.value}" for verdict in Verdict))
    if Verdict.SURVIVED in verdicts:
        raise click.exceptions.Exit(1)


lab.add_command(check)
lab.add_command(promise)

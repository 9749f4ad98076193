"""`zklink lab`: a new project for contracts on several chains, and what any Vyper project can be asked."""

import json
from pathlib import Path

import click

from zklink.lab.errors import LabError
from zklink.lab.gates import GATES, Finding, Project, find_findings, read_project
from zklink.lab.gates.figures import write_figures
from zklink.lab.gates.sizes import measure_sizes
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
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="How many run at a time.")
def mutate(folder: Path, named: Path | None, files: tuple[str, ...], workers: int) -> None:
    """Plant one mutant after the other in a copy of the project in FOLDER, and say which its tests do not notice.

    The tests are those that pytest finds there. Verdicts are kept in .lab-mutants, so only what changed runs again.
    Ends with code 1 if a mutant survives.
    """
    mutants = [*(read_mutants(named) if named else ()), *generate_mutants(folder, files)]
    if not mutants:
        raise click.UsageError("nothing to plant: name a file with --mutants, or contracts with --generate")

    def tell(mutant: Mutant, verdict: Verdict) -> None:
        click.echo(f"{verdict.value:<16} {mutant.name}")

    verdicts = list(run_mutants(folder, mutants, workers=workers, tell=tell).values())
    click.echo(", ".join(f"{verdicts.count(verdict)} {verdict.value}" for verdict in Verdict))
    if Verdict.SURVIVED in verdicts:
        raise click.exceptions.Exit(1)


@lab.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=Path())
@click.option("--gate", "gates", multiple=True, type=click.Choice(list(GATES)), help="Only this gate; can be repeated.")
@click.option("--json", "is_json", is_flag=True, help="Findings as a JSON list of objects.")
@click.option("--accept", is_flag=True, help="Write the code sizes as they are now; then look.")
def check(folder: Path, gates: tuple[str, ...], is_json: bool, accept: bool) -> None:
    """Look at the Vyper project in FOLDER (default: here), and say in one line each what does not pass its gates.

    Gates are: bytes that are no ASCII, compilers that are not named exactly, patterns that the compiler gets wrong,
    externals without lock or NatSpec, reasons of reverts that are long, twice, or in no test, and code sizes. Settings
    are in the project's pyproject.toml under [tool.zklink.lab]. Ends with 0 if everything passes, 1 if there are
    findings, and 2 if the folder is no such project.
    """
    try:
        project = read_project(folder)
        if accept:
            _accept_sizes(project)
        found = find_findings(project, gates)
    except LabError as error:
        raise click.UsageError(str(error)) from None
    _tell_findings(found, is_json)
    if found:
        raise click.exceptions.Exit(1)


def _accept_sizes(project: Project) -> None:
    if project.code_sizes is None:
        raise click.UsageError("name a file for code_sizes in pyproject.toml under [tool.zklink.lab] first")
    write_figures(project.root / project.code_sizes, measure_sizes(project))


def _tell_findings(found: list[Finding], is_json: bool) -> None:
    if is_json:
        click.echo(json.dumps([each.to_json() for each in found], indent=1))
        return
    for each in found:
        click.echo(each)
    click.echo(f"{len(found)} findings" if len(found) != 1 else "1 finding")

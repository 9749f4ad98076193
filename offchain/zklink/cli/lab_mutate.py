"""`zklink lab mutate`: mutants of any project, named ones and generated ones."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from zklink.lab.errors import LabError
from zklink.lab.gates.project import read_settings
from zklink.lab.mutation import (
    Finding,
    Judge,
    Mutant,
    Report,
    Verdict,
    choose,
    count_left_out,
    find_stale,
    generate_mutants,
    read_mutants,
    read_plan,
    run_mutants,
    write_page,
)

FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--mutants", "named", type=FILE, help="Named mutants, a TOML file.")
@click.option(
    "--generate", "files", multiple=True, help="A Vyper or Python file of which to make mutants; can be repeated."
)
@click.option("--test", "tests", multiple=True, help="Only these tests, as pytest names them; can be repeated.")
@click.option("--sample", type=click.IntRange(0), help="At most so many generated mutants of each file, by chance.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the chance.")
@click.option("--page", type=FILE, help="Write the table of all verdicts into this page, between its two comments.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="How many run at a time.")
def mutate(
    folder: Path,
    named: Path | None,
    files: tuple[str, ...],
    tests: tuple[str, ...],
    sample: int | None,
    seed: int,
    page: Path | None,
    workers: int,
) -> None:
    """Plant one mutant after the other in a copy of the project in FOLDER, and say which its tests do not notice.

    Without --mutants and --test, the file of `mutation` in pyproject.toml under [tool.zklink.lab] says which tests
    concern which contracts and modules, and mutants are made of all of them or of those named with --generate.
    Otherwise the tests are those that pytest finds. Verdicts are kept in .lab-mutants, so only what changed runs again,
    and a run that was ended goes on. Ends with code 1 if a mutant survives that the project does not explain.
    """
    if named is None and not tests and read_settings(folder).mutation is not None:
        _mutate_by_plan(folder, files, sample, seed, page, workers)
        return
    mutants = [*(read_mutants(named) if named else ()), *_choose(folder, files, sample, seed)]
    mutants = [replace(mutant, tests=tests) for mutant in mutants] if tests else mutants
    if not mutants:
        raise click.UsageError("nothing to plant: name a file with --mutants, or contracts with --generate")

    def tell(mutant: Mutant, verdict: Verdict) -> None:
        click.echo(f"{verdict.value:<16} {mutant.name}")

    verdicts = list(run_mutants(folder, mutants, workers=workers, tell=tell).values())
    click.echo(", ".join(f"{verdicts.count(verdict)} {verdict.value}" for verdict in Verdict))
    if Verdict.SURVIVED in verdicts:
        raise click.exceptions.Exit(1)


def _choose(folder: Path, files: Sequence[str], sample: int | None, seed: int) -> list[Mutant]:
    made = [generate_mutants(folder, [file]) for file in files]
    return [each for mutants in made for each in (mutants if sample is None else choose(mutants, sample, seed))]


def _mutate_by_plan(
    folder: Path, files: tuple[str, ...], sample: int | None, seed: int, page: Path | None, workers: int
) -> None:
    plan = read_plan(folder / str(read_settings(folder).mutation))
    for file in files:
        if file not in plan.stages:
            raise click.UsageError(f"no test concerns {file}: name it in {read_settings(folder).mutation}")
    judge, every = Judge(folder, plan), generate_mutants(folder, plan.files)
    for same in find_stale(folder, every, plan):
        click.echo(f"explained, but no mutant any more: {same.mutant} in {same.line}")

    def tell(found: Finding) -> None:
        by = f" by {found.by}" if found.by else ""
        click.echo(f"{found.verdict.value:<16} {found.mutant.name}{by}")

    try:
        judge.run(_choose(folder, files or plan.files, sample, seed), workers, tell)
    except LabError as error:
        raise click.UsageError(str(error)) from None
    found = [finding for mutant in every if (finding := judge.finding(mutant)) is not None]
    left_out = {} if page is None else count_left_out(folder, plan.files)
    report = Report(folder, plan, every, found, left_out)
    if page is not None:
        write_page(page, report)
    for mutant in report.survivors:
        click.echo(f"survives         {mutant.name}")
    if judge.used:
        rate = 60 * len(judge.used) / sum(judge.used)
        click.echo(f"{len(judge.used)} now, {rate:.0f} a minute of one core")
    click.echo(report.tell())
    if report.survivors or find_stale(folder, every, plan):
        raise click.exceptions.Exit(1)

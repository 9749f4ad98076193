"""`zklink lab check` and `zklink lab promise`: what any Vyper project can be asked."""

import json
from pathlib import Path

import click

from zklink.lab.errors import LabError
from zklink.lab.gates import GATES, Finding, Project, find_findings, read_project
from zklink.lab.gates.figures import write_figures
from zklink.lab.gates.gas import measure_gas
from zklink.lab.gates.sizes import measure_sizes
from zklink.lab.mutation import Mutant, Verdict
from zklink.lab.promises.page import read_sections, render
from zklink.lab.promises.run import Promise, find_promise, run_seeded, run_tests
from zklink.lab.promises.tags import Tags

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("folder", type=FOLDER, default=Path())
@click.option("--gate", "gates", multiple=True, type=click.Choice(list(GATES)), help="Only this gate; can be repeated.")
@click.option("--json", "is_json", is_flag=True, help="Findings as a JSON list of objects.")
@click.option("--accept", is_flag=True, help="Write code sizes and gas as they are now; then look.")
def check(folder: Path, gates: tuple[str, ...], is_json: bool, accept: bool) -> None:
    """Look at the Vyper project in FOLDER (default: here), and say in one line each what does not pass its gates.

    Gates are: bytes that are no ASCII, compilers that are not named exactly, patterns that the compiler gets wrong,
    externals without lock or NatSpec, reasons of reverts that are long, twice, or in no test, code sizes, and gas, for
    which the project's tests run. Settings are in the project's pyproject.toml under [tool.zklink.lab]. Ends with 0 if
    everything passes, 1 if there are findings, and 2 if the folder is no such project.
    """
    try:
        project = read_project(folder)
        if accept:
            _accept(project, gates)
        found = find_findings(project, gates)
    except LabError as error:
        raise click.UsageError(str(error)) from None
    _tell_findings(found, is_json)
    if found:
        raise click.exceptions.Exit(1)


def _accept(project: Project, gates: tuple[str, ...]) -> None:
    """Write the snapshots that the project names; with `--gate`, only those of these gates."""
    files = {"sizes": (project.code_sizes, measure_sizes), "gas": (project.gas, measure_gas)}
    wanted = [(file, measure) for gate, (file, measure) in files.items() if file and (not gates or gate in gates)]
    if not wanted:
        raise click.UsageError("name a file for code_sizes or gas in pyproject.toml under [tool.zklink.lab] first")
    for file, measure in wanted:
        write_figures(project.root / str(file), measure(project))


def _tell_findings(found: list[Finding], is_json: bool) -> None:
    if is_json:
        click.echo(json.dumps([each.to_json() for each in found], indent=1))
        return
    for each in found:
        click.echo(each)
    click.echo(f"{len(found)} findings" if len(found) != 1 else "1 finding")


@click.command()
@click.argument("names", nargs=-1)
@click.option("--folder", type=FOLDER, default=Path(), help="Of the project; default: here.")
@click.option("--where", "only_where", is_flag=True, help="Only say where it is upheld; run nothing.")
@click.option("--write", is_flag=True, help="Write the lists of the page as the code has them.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="How many mutants run at a time.")
def promise(names: tuple[str, ...], folder: Path, only_where: bool, write: bool, workers: int) -> None:
    """Say of promises such as SOL-4 where they are upheld, run their tests, and plant their bugs.

    Without a name it lists the promises of the project's page. The page is `promises` in pyproject.toml under
    [tool.zklink.lab], mutants of contracts are in the TOML files of `mutants`. Ends with 1 if a test fails, a bug is
    not noticed, or there is neither.
    """
    try:
        project = read_project(folder)
        if write:
            _write_page(project)
        found = [find_promise(project, name) for name in names]
        good = [_show(project, each, only_where, workers) for each in found]
    except LabError as error:
        raise click.UsageError(str(error)) from None
    if not names and not write:
        _list_promises(project)
    if not all(good):
        raise click.exceptions.Exit(1)


def _page(project: Project) -> Path:
    if project.promises is None:
        raise click.UsageError("name a page for promises in pyproject.toml under [tool.zklink.lab] first")
    return project.root / project.promises


def _write_page(project: Project) -> None:
    page = _page(project)
    page.write_text(render(page.read_text(), Tags(project)))
    click.echo(f"wrote {project.promises}")


def _list_promises(project: Project) -> None:
    for section in read_sections(_page(project).read_text()):
        click.echo(f"{section.promise:<8} {section.sentence}")


def _show(project: Project, found: Promise, only_where: bool, workers: int) -> bool:
    """Tell all of a promise; whether it is upheld as far as was looked."""
    section = found.section
    click.echo(f"{section.promise}: {section.sentence}\n\nHow: {section.how}\n")
    for title, places in (
        ("upheld by", section.where),
        ("actions", found.actions),
        ("tests", found.tests),
        ("seeded bugs", found.bugs),
    ):
        click.echo("\n".join([f"{title}:", *(f"  {place}" for place in places or ("none",))]))
    if only_where:
        return True
    passes, said = run_tests(project.root, found.nodes)
    click.echo(f"\n{'the tests pass' if passes else 'THE TESTS FAIL'}: {said}")

    def tell(mutant: Mutant, verdict: Verdict) -> None:
        click.echo(f"{verdict.value:<16} {mutant.name}")

    verdicts = run_seeded(project, found, workers=workers, tell=tell) if passes else {}
    return passes and bool(found.bugs) and set(verdicts.values()) <= {Verdict.KILLED}

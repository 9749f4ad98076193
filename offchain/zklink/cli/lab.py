"""`zklink lab`: a new project for contracts on several chains, and mutants of any."""

import shlex
from pathlib import Path

import click

from zklink.cli.lab_mutate import mutate
from zklink.cli.lab_project import check, promise
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
    click.echo(f"run the tests: cd {shlex.quote(str(folder))} && pytest")


lab.add_command(check)
lab.add_command(mutate)
lab.add_command(promise)

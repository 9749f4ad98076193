"""`ape zklink …`: the laboratory's commands, and the others where their packages are installed."""

import click

from zklink.cli.lab import lab


@click.group()
def cli() -> None:
    """Contracts on several chains: tests, gates, promises, mutants."""


for command in lab.commands.values():
    cli.add_command(command)

"""`zklink lab` where only the laboratory's packages are installed."""

from typing import Any

import click

from zklink import __version__
from zklink.cli.lab import lab
from zklink.lab.errors import LabError


class _Group(click.Group):
    """Prints the laboratory's own errors as one line instead of a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except LabError as error:
            click.echo(f"{type(error).__name__}: {error}", err=True)
            ctx.exit(1)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """The laboratory; `pip install 'zklink[node]'` brings the other commands."""


main.add_command(lab)

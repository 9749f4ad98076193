"""`zklink genesis check`: what a published genesis means for the bridges."""

from __future__ import annotations

from pathlib import Path

import click

from zklink.state.genesis_state import Genesis


@click.group()
def genesis() -> None:
    """The state that a deployment starts from."""


@genesis.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def check(file: Path) -> None:
    """Check FILE and print what bridges must be constructed with."""
    published = Genesis.from_json(file.read_text())
    click.echo(f"operator: 0x{published.operator.hex()}")
    click.echo(f"genesis_root ({published.preset}): 0x{published.root:064x}")

"""`zklink genesis`: the state that a deployment starts from, written before it and checked after it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from zklink.cli.inputs import FILE, parse_address, read_deployment
from zklink.files import read_file, write_file
from zklink.protocol.presets import COMPACT, PRESETS
from zklink.state.genesis_state import Genesis


@click.group()
def genesis() -> None:
    """The state that a deployment starts from."""


@genesis.command()
@click.option(
    "--preset", type=click.Choice(list(PRESETS)), default=COMPACT.name, show_default=True, help="Size of a block."
)
@click.option("--operator", required=True, help="The owner of account 0: an address, or a universal one of 32 bytes.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def write(preset: str, operator: str, file: Path) -> None:
    """Write FILE: a genesis to publish, from which everybody computes the root of the bridges."""
    published = Genesis(preset, parse_address(operator, "--operator"))
    write_file(file, published.to_json())
    _describe(published)


@genesis.command()
@click.argument("file", type=FILE)
def check(file: Path) -> None:
    """Check FILE, a genesis or a whole deployment, and print the root that bridges must be constructed with."""
    _describe(read_deployment(file).genesis if _is_deployment(file) else Genesis.from_json(read_file(file)))


def _describe(published: Genesis) -> None:
    click.echo(f"operator: 0x{published.operator.hex()}")
    click.echo(f"genesis_root ({published.preset}): 0x{published.root:064x}")


def _is_deployment(file: Path) -> bool:
    """Whether a file is a deployment, which names its format, and not a genesis, which has none."""
    try:
        return "format" in json.loads(read_file(file))
    except (ValueError, TypeError):
        return False

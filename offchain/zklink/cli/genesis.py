"""`zklink genesis check`: whether a published genesis is what it must be."""

from __future__ import annotations

from pathlib import Path

import click

from zklink.protocol.ids import MAX_CHAINS, ChainId
from zklink.protocol.presets import COMPACT, PRESETS, get_preset
from zklink.state.genesis import Genesis, compute_genesis_hash


@click.group()
def genesis() -> None:
    """The state that a deployment starts from."""


@genesis.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--preset", "preset_name", type=click.Choice(list(PRESETS)), default=COMPACT.name, show_default=True)
def check(file: Path, preset_name: str) -> None:
    """Check FILE and print what bridges must be constructed with: the root, and per chain the hash of its reserves."""
    published = Genesis.from_json(file.read_text())
    root = published.state(get_preset(preset_name)).root
    click.echo(f"genesis_root ({preset_name}): 0x{root:064x}")
    for chain in range(1, MAX_CHAINS + 1):
        reserves = published.reserves_of(ChainId(chain))
        if reserves:
            count = f"{len(reserves)} token{'' if len(reserves) == 1 else 's'}"
            click.echo(f"chain {chain}: {count}, genesis_hash 0x{compute_genesis_hash(reserves).hex()}")

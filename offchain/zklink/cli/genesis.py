"""`zklink genesis check`: whether a published genesis is what it must be."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

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
    table = Table("chain", "tokens", "genesis_hash", title=f"genesis_root 0x{root:064x} ({preset_name})")
    for chain in range(1, MAX_CHAINS + 1):
        reserves = published.reserves_of(ChainId(chain))
        if reserves:
            table.add_row(str(chain), str(len(reserves)), "0x" + compute_genesis_hash(reserves).hex())
    Console(soft_wrap=True).print(table)

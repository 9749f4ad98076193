"""`zklink snapshots`: figures under version control, so that a reviewer sees a change of gas, code size or
constraints.
"""

from __future__ import annotations

import sys

import click

from zklink.cli.progress_bar import RichProgress

PARTS = ("code_size", "constraints", "gas")


@click.command()
@click.argument("parts", nargs=-1, type=click.Choice(PARTS))
@click.option("--check", is_flag=True, help="Write nothing; fail, and say what changed, if a figure is another one.")
def snapshots(parts: tuple[str, ...], check: bool) -> None:
    """Measure PARTS (all of them) and write snapshots/PART.json.

    Gas takes half a minute; so do the circuits, the first time.
    """
    # Imported here: ape takes seconds to load, and no other command needs it.
    from zklink.bench import snapshots as kept
    from zklink.lab.gates.figures import find_changes

    progress = RichProgress()
    is_stale = False
    for part in parts or PARTS:
        figures = kept.PARTS[part](progress)
        changes = find_changes(kept.read_snapshot(part), figures)
        if check and changes:
            is_stale = True
            click.echo(kept.describe_changes(part, changes), err=True)
        elif check:
            click.echo(f"{part}: {len(figures)} figures as in snapshots/{part}.json")
        else:
            kept.write_snapshot(part, figures)
            click.echo("\n".join([f"{part}: {len(figures)} figures, {len(changes)} changed", *map(str, changes)]))
    sys.exit(1 if is_stale else 0)

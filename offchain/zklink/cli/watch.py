"""`zklink watch`: tells whoever runs it what is wrong with a deployment, from the chains alone."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zklink.cli.inputs import FILE, parse_urls
from zklink.cli.running import end_on_signals

if TYPE_CHECKING:
    from zklink.service.settings.watch import WatchSettings


@click.command()
@click.option("--config", "path", type=FILE, help="The settings, a TOML file.")
@click.option("--check", is_flag=True, help="Read the settings, reach every chain, and end.")
@click.option("--deployment", "file", type=FILE, help="Instead of --config: the published deployment.")
@click.option("--rpc", "rpcs", multiple=True, metavar="NAME=URL", help="With --deployment: a node of each chain.")
@click.option("--quorum", type=click.IntRange(min=1), default=1, show_default=True, help="With --deployment.")
@click.option("--words", type=click.Path(path_type=Path, dir_okay=False), help="Keep the groups' words in this file.")
def watch(
    path: Path | None,
    check: bool,
    file: Path | None,
    rpcs: tuple[str, ...],
    quorum: int,
    words: Path | None,
) -> None:
    """Watch a deployment through your own nodes: ENDs and freezes that are pending, custody that differs from the
    replayed state, chains that stand still, late imports, payouts and requests, and what governors prepare.

    It needs no key. Variables such as ZKLINK__HTTP__PORT go over the file. Health is at /health, metrics are at
    /metrics; alarms are logged as they come and go. SIGTERM and SIGINT end it. What it keeps with --words is what a
    member needs to end, for `zklink keep`.
    """
    from zklink.service.logs import configure_logs
    from zklink.service.watching.assembly import assemble_watch
    from zklink.service.watching.service import WatchService

    settings, place = _read(path, file, rpcs, quorum, words)
    looking = assemble_watch(settings, place, time.time, needs_all=path is not None)
    if check:
        looking.check(needs_all=True)
        click.echo(f"{place}: the settings fit the deployment, and all chains answer")
        return
    configure_logs(settings.log.format, settings.log.level)
    service = WatchService(settings, looking, place)
    end_on_signals(service.stop)
    service.run()


def _read(
    path: Path | None, file: Path | None, rpcs: tuple[str, ...], quorum: int, words: Path | None
) -> tuple[WatchSettings, str]:
    """The settings, from a file or from options, and how they are called in errors."""
    from zklink.service.assembly import read_deployment
    from zklink.service.settings.source import read_watch_settings
    from zklink.service.settings.watch import WatchSettings

    if (path is None) == (file is None) or (path is not None and rpcs):
        raise click.UsageError("give --config FILE, or --deployment FILE with --rpc NAME=URL for each chain")
    if path is not None:
        settings, place = read_watch_settings(path), str(path)
    else:
        urls = {name: (nodes,) if isinstance(nodes, str) else tuple(nodes) for name, nodes in parse_urls(rpcs).items()}
        if not urls:
            raise click.BadParameter("give a node of each chain, as NAME=URL", param_hint="--rpc")
        for name, nodes in urls.items():
            if quorum > len(nodes):
                raise click.BadParameter(f"{name} has fewer nodes than that", param_hint="--quorum")
        places = {name: {"nodes": nodes, "quorum": quorum} for name, nodes in urls.items()}
        programs = {program.name for program in read_deployment(file).programs.values()} if file is not None else set()
        data = {
            "deployment": file,
            "chains": {name: each for name, each in places.items() if name not in programs},
            "programs": {name: each for name, each in places.items() if name in programs},
            "log": {"format": "console"},
        }
        settings, place = WatchSettings.model_validate(data), "--rpc"
    return (settings if words is None else settings.model_copy(update={"words": words})), place

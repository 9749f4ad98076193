"""`zklink watch`: tells whoever runs it what is wrong with a deployment, from the chains alone."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import click

from zklink.cli.inputs import chain_options, parse_urls, read_deployment
from zklink.cli.running import end_on_signals


@click.command()
@chain_options
@click.option("--words", type=click.Path(path_type=Path, dir_okay=False), help="Keep the groups' words in this file.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where health and metrics are served.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8549, show_default=True, help="And on which port.")
@click.option(
    "--every",
    type=click.FloatRange(min=1),
    default=15,
    show_default=True,
    help="Seconds between two looks.",
)
def watch(
    file: Path, rpcs: tuple[str, ...], quorum: int, words: Path | None, host: str, port: int, every: float
) -> None:
    """Watch a deployment through your own nodes: freezes, late requests, unpaid blocks, chains that stand still.

    It needs no key. Health is at /health, metrics are at /metrics; alarms are logged as they come and go. SIGTERM and
    SIGINT end it. What it keeps with --words is what a member needs to end, for `zklink keep`.
    """
    from starlette.applications import Starlette

    from zklink.recovery.chains_read import ChainsRead
    from zklink.recovery.connect import connect_bridges
    from zklink.service.http import build_routes
    from zklink.service.logs import configure_logs
    from zklink.service.server import HttpServer
    from zklink.service.watching import Watch

    deployment = read_deployment(file)
    looking = Watch(ChainsRead(deployment, connect_bridges(deployment, parse_urls(rpcs), quorum)), time.time, words)
    configure_logs("console", "info")
    server = HttpServer(Starlette(routes=build_routes(looking.board, looking.metrics, None)), host, port, "--port")
    ended = threading.Event()
    end_on_signals(ended.set)
    try:
        while not ended.is_set():
            looking.round()
            ended.wait(every)
    finally:
        server.close()

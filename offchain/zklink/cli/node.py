"""`zklink node`, `zklink prover`: a node that runs until it is told to end, and a prover for a node elsewhere."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import click

from zklink.cli.inputs import FILE, FOLDER
from zklink.cli.running import assemble_patiently, end_on_signals


@click.command()
@click.option("--config", "path", type=FILE, required=True, help="The settings, a TOML file.")
@click.option("--check", is_flag=True, help="Read the settings, reach every chain and the database, and end.")
def node(path: Path, check: bool) -> None:
    """Run a node: watchers, sequencer, provers, submitters, signers, API and, if the settings say so, a broker.

    Variables such as ZKLINK__DATABASE__URL go over the file. SIGTERM and SIGINT end it in order; nothing is lost if it
    is killed. Health is at /health and /ready, metrics at /metrics.
    """
    from zklink.service.api_mount import ApiMount
    from zklink.service.assembly import assemble
    from zklink.service.evm_link import check_nodes
    from zklink.service.logs import configure_logs
    from zklink.service.runner import NodeService, only_own_routes
    from zklink.service.settings.source import read_settings
    from zklink.storage.journal import SqlJournal

    settings = read_settings(path)
    if check:
        assembly = assemble(settings, str(path))
        try:
            check_nodes(assembly.clients.values())
            for link in assembly.programs.values():
                link.check_nodes()
            height = SqlJournal(assembly.database).height()
        finally:
            assembly.database.close()
        click.echo(f"{path}: the settings fit the deployment, and all chains and the database answer")
        click.echo(f"the database has blocks up to {height}" if height else "the database has no block yet")
        return
    configure_logs(settings.log.format, settings.log.level)
    assembly = assemble_patiently(lambda: assemble(settings, str(path)))
    service = NodeService(settings, assembly, str(path), ApiMount() if settings.http.api else only_own_routes)
    end_on_signals(service.stop)
    service.run()


@click.command()
@click.option("--node", "url", required=True, metavar="URL", help="The node whose blocks are to be proven.")
@click.option(
    "--processes", type=click.IntRange(min=1), default=1, show_default=True, help="How many proofs are made at a time."
)
@click.option("--keys", type=FOLDER, help="A folder of proving keys with SHA256SUMS; default: those of development.")
@click.option("--name", default=None, help="How the node's log calls this prover; default: this machine's name.")
def prover(url: str, processes: int, keys: Path | None, name: str | None) -> None:
    """Prove blocks for a node on another machine, until SIGTERM or SIGINT. The node trusts nobody: it verifies."""
    from zklink.service.proving.core_share import CoreShare
    from zklink.service.proving.engine import ProcessEngine, choose_opener
    from zklink.service.proving.remote import RemoteDesk
    from zklink.service.proving.worker import ProofWorker

    if not url.startswith(("http://", "https://")):
        raise click.BadParameter("give an http:// or https:// address", param_hint="--node")
    share = CoreShare(processes)
    own = name or f"{socket.gethostname()}-{os.getpid()}"
    workers = [
        ProofWorker(f"{own}-{number}"[:64], RemoteDesk(url), ProcessEngine(choose_opener(keys), share), click.echo)
        for number in range(1, processes + 1)
    ]
    threads = [threading.Thread(target=worker.run, daemon=True) for worker in workers]
    ended = threading.Event()
    end_on_signals(ended.set)
    for thread in threads:
        thread.start()
    ended.wait()
    for worker in workers:
        worker.stop()
    for thread in threads:
        thread.join(5)

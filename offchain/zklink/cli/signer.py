"""`zklink signer`: one validator or watcher, a process with its own key, chains and journal."""

from __future__ import annotations

from pathlib import Path

import click

from zklink.cli.inputs import FILE
from zklink.cli.running import end_on_signals


@click.command()
@click.option("--config", "path", type=FILE, required=True, help="The settings, a TOML file.")
def signer(path: Path) -> None:
    """Run one validator or watcher, which signs what it sees on its own nodes, for whoever has its secret.

    Its words are in its database before they leave it: never start it without that. SIGTERM and SIGINT end it.
    Variables such as ZKLINK__DATABASE__URL go over the file.
    """
    from zklink.service.logs import configure_logs
    from zklink.service.settings.source import read_signer_settings
    from zklink.service.signing.assembly import assemble_signer

    settings = read_signer_settings(path)
    configure_logs(settings.log.format, settings.log.level)
    service = assemble_signer(settings, str(path))
    end_on_signals(service.stop)
    service.run()

"""`zklink broker`: a broker that runs alone, beside a node that it does not trust, and its profit and loss."""

from __future__ import annotations

import json
from pathlib import Path

import click

from zklink.cli.inputs import FILE
from zklink.cli.running import assemble_patiently, end_on_signals


@click.group(invoke_without_command=True)
@click.option("--config", "path", type=FILE, required=True, help="The settings, a TOML file.")
@click.option("--check", is_flag=True, help="Read the settings, reach every chain and the database, and end.")
@click.pass_context
def broker(ctx: click.Context, path: Path, check: bool) -> None:
    """Fill payouts that the primary has accepted, and be repaid when they are executed.

    It needs no node of an operator, and believes none: each payout stands in the primary's calldata, and its source
    chain has the request that asks for just that. SIGTERM and SIGINT end it in order; if it is killed it fills nothing
    twice. Variables such as ZKLINK__DATABASE__URL go over the file.
    """
    if ctx.invoked_subcommand is not None:
        ctx.obj = path
        return
    from zklink.service.broker_alone import BrokerService
    from zklink.service.broker_assembly import assemble_broker
    from zklink.service.logs import configure_logs
    from zklink.service.settings.source import read_broker_settings

    settings = read_broker_settings(path)
    if check:
        assembly = assemble_broker(settings, str(path))
        try:
            for link in assembly.links.values():
                link.check_nodes()
        finally:
            assembly.database.close()
        click.echo(f"{path}: the settings fit the deployment, and all chains and the database answer")
        return
    configure_logs(settings.log.format, settings.log.level)
    assembly = assemble_patiently(lambda: assemble_broker(settings, str(path)))
    service = BrokerService(settings, assembly, str(path))
    end_on_signals(service.stop)
    service.run()


@broker.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON list instead of a table.")
@click.pass_obj
def report(path: Path, as_json: bool) -> None:
    """Show what was paid, repaid and earned by chain and token, and for how much gas; also while the broker runs.

    Amounts are in layer-2 units, gas is in wei of the chain's coin.
    """
    from zklink.service.assembly import read_deployment
    from zklink.service.broker_report import read_report
    from zklink.service.settings.source import read_broker_settings
    from zklink.storage.database import look_into

    settings = read_broker_settings(path)
    deployment = read_deployment(settings.deployment)
    database = look_into(settings.database.url.get_secret_value(), deployment.deployment_hash)
    try:
        lines = [line.row() for line in read_report(deployment, database)]
    finally:
        database.close()
    if as_json:
        click.echo(json.dumps(lines))
        return
    heads = ("chain", "token", "fills", "paid", "open", "repaid", "earned", "gas_wei")
    table = [heads, *(tuple(str(line[head]) for head in heads) for line in lines)]
    widths = [max(len(row[i]) for row in table) for i in range(len(heads))]
    for row in table:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

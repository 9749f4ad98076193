"""`zklink devnet`: the whole system on local chains, with its API, until it is interrupted."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zklink.cli.progress_bar import RichProgress
from zklink.files import write_file
from zklink.l1.transport.redaction import redact
from zklink.lab.errors import LabError
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.presets import MINIMAL, PRESETS, get_preset

if TYPE_CHECKING:
    from zklink.devnet.system import LocalSystem
    from zklink.service.node_api import NodeApi

FIXED, REAL = "fixed", "real"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Where the API listens.")
@click.option("--port", default=8645, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option(
    "--proofs",
    type=click.Choice([FIXED, REAL]),
    default=FIXED,
    show_default=True,
    help="fixed: from the development keys' known secrets, in milliseconds. real: as a network makes them.",
)
@click.option(
    "--preset",
    "preset_name",
    type=click.Choice(list(PRESETS)),
    default=MINIMAL.name,
    show_default=True,
    help="Size of a block.",
)
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write addresses and keys here."
)
@click.option("--seconds", type=click.FloatRange(min=0), help="End by itself after so long.")
def devnet(host: str, port: int, proofs: str, preset_name: str, json_file: Path | None, seconds: float | None) -> None:
    """Run four local chains, a deployed system with full pools, a node with a broker, and the API."""
    from zklink.demo.devnet_run import open_devnet  # other commands should not wait for chains and provers to load

    try:
        with open_devnet(get_preset(preset_name), host, port, proofs == REAL, RichProgress()) as (system, api):
            described = describe(system, api)
            if json_file is not None:
                write_file(json_file, json.dumps(described, indent=2) + "\n")
            tell(described)
            wait(api, seconds)
    except (ZkLinkError, LabError) as error:
        raise click.ClickException(redact(str(error))) from error


def describe(system: LocalSystem, api: NodeApi) -> dict[str, Any]:
    """Where everything is. The keys are the laboratory's, which everybody knows."""
    roles = system.world.roles
    return {
        "api": api.url,
        "deployment_hash": f"0x{system.deployment.deployment_hash.hex()}",
        "chains": [
            {
                "chain": chain.profile.chain_id,
                "name": chain.profile.name,
                "evm_chain_id": chain.profile.evm_chain_id,
                "rpc": chain.node_url,
                "bridge": system.bridges[chain.profile.chain_id].address,
            }
            for chain in system.world
        ],
        "accounts": {
            "depositor": {"address": roles.depositor.address, "key": f"0x{bytes(roles.depositor.key).hex()}"},
            "recipient": {"address": roles.recipient.address},
        },
    }


def tell(described: dict[str, Any]) -> None:
    """What there is, and what to try next."""
    for chain in described["chains"]:
        click.echo(f"{chain['name']}: {chain['rpc']}, EVM chain {chain['evm_chain_id']}, bridge {chain['bridge']}")
    depositor = described["accounts"]["depositor"]
    click.echo(f"an account with a fortune: {depositor['address']}, key {depositor['key']} (everybody knows it)")
    click.echo(f"API: {described['api']}  (documents: /openapi.json, /openrpc.json)")
    click.echo(f"try: curl {described['api']}/v1/pools")
    click.echo("Ctrl-C ends it")


def wait(api: NodeApi, seconds: float | None) -> None:
    """Until the time is over, the node has stopped, or somebody interrupts. Raises click.ClickException."""
    end = None if seconds is None else time.monotonic() + seconds
    try:
        while end is None or time.monotonic() < end:
            if api.failure is not None:
                raise click.ClickException(f"the node has stopped: {api.failure}")
            time.sleep(0.2)
    except KeyboardInterrupt:
        click.echo("ending")

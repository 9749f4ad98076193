"""`zklink devnet`: the whole system on local chains, with its API, until it is interrupted."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
from rich.console import Console

from zklink.cli.progress_bar import RichProgress
from zklink.l1.transport.redaction import redact
from zklink.lab.errors import LabError
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.presets import MINIMAL, PRESETS, get_preset
from zklink.prover.progress import SILENT

if TYPE_CHECKING:
    from zklink.demo.network.serving import Network
    from zklink.devnet.system import LocalSystem
    from zklink.l1.transport.chain_profile import ChainProfile

FIXED, REAL = "fixed", "real"


@click.command()
@click.option(
    "--chains",
    default="4",
    show_default=True,
    metavar="NAMES|NUMBER",
    help="Names with commas between them, or how many: avalanche, then bsc, polygon, ethereum.",
)
@click.option(
    "--solana",
    type=click.Choice(["litesvm", "surfnet"]),
    is_flag=False,
    flag_value="litesvm",
    help="A Solana chain too: LiteSVM in this process, which needs the extra `solana`, or Surfpool's network.",
)
@click.option("--fork", "is_fork", is_flag=True, help="Fork the chains from the nodes in ETHEREUM_RPC, POLYGON_RPC, ..")
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep everything here at the end, and come back to it at the next start.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where the API listens.")
@click.option(
    "--port",
    default=8645,
    show_default=True,
    type=click.IntRange(0, 65000),
    help="The API's; the chains' nodes take those after it. 0: free ones.",
)
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
@click.option("--json", "is_json", is_flag=True, help="One line of JSON when it is ready, and nothing else.")
@click.option("--seconds", type=click.FloatRange(min=0), help="End by itself after so long.")
def devnet(
    chains: str,
    solana: Literal["litesvm", "surfnet"] | None,
    is_fork: bool,
    state: Path | None,
    host: str,
    port: int,
    proofs: str,
    preset_name: str,
    is_json: bool,
    seconds: float | None,
) -> None:
    """Run local chains, a deployed system with full pools, a node with a broker, and the API; until Ctrl-C."""
    # Other commands should not wait for chains and provers to load.
    from zklink.demo.network.running import open_network
    from zklink.demo.network.serving import NetworkOptions
    from zklink.devnet.pools import DEFAULT_POOLS
    from zklink.devnet.solana.tokens import POOLS_WITH_SOLANA

    if is_fork and state is not None:
        raise click.UsageError("--state keeps chains of this machine; forks begin anew each time: leave --fork out")
    if solana == "surfnet" and state is not None:
        raise click.UsageError("--state keeps a ledger of this process, and no Surfpool network: use --solana litesvm")
    options = NetworkOptions(
        get_preset(preset_name),
        choose_chains(chains),
        DEFAULT_POOLS if solana is None else POOLS_WITH_SOLANA,
        host=host,
        port=port,
        has_real_proofs=proofs == REAL,
        is_fork=is_fork,
        state=state,
        solana=solana,
    )
    notes = Console(stderr=True, width=80)
    start = time.monotonic()
    keep_log(state)
    try:
        with open_network(options, SILENT if is_json else RichProgress(), notes.print) as network:
            described = describe(network, time.monotonic() - start)
            click.echo(json.dumps(described) if is_json else "\n".join(tell(described)))
            wait(network, seconds)
    except KeyboardInterrupt:
        notes.print("ended before it was ready")
    except (ZkLinkError, LabError) as error:
        raise click.ClickException(redact(str(error))) from error


def keep_log(state: Path | None) -> None:
    """The node's log goes into the folder to come back to; without one only errors are shown."""
    from zklink.service.logs import configure_logs

    if state is None:
        configure_logs("console", "error")
        return
    state.mkdir(parents=True, exist_ok=True)
    configure_logs("console", "info", (state / "node.log").open("a", buffering=1))


def choose_chains(text: str) -> tuple[ChainProfile, ...]:
    """The profiles that the option names. Raises click.BadParameter."""
    from zklink.devnet.profiles import PROFILES, select_profiles

    if text.isdecimal():
        if not 2 <= int(text) <= len(PROFILES):
            raise click.BadParameter(f"give 2 to {len(PROFILES)} chains, or names", param_hint="--chains")
        return PROFILES[-int(text) :]
    try:
        chosen = select_profiles(list(dict.fromkeys(name.strip() for name in text.split(","))))
    except LabError as error:
        raise click.BadParameter(str(error), param_hint="--chains") from None
    if len(chosen) < 2:
        raise click.BadParameter("swaps need two chains at least", param_hint="--chains")
    return chosen


def describe(network: Network, seconds: float) -> dict[str, Any]:
    """Where everything is. The keys are the laboratory's, which everybody knows."""
    system = network.system
    roles = system.world.roles
    accounts = {"depositor": roles.depositor, "recipient": roles.recipient, "trader": roles.trader}
    return {
        "api": network.url,
        "deployment_hash": f"0x{system.deployment.deployment_hash.hex()}",
        "deployment": str(network.deployment_file),
        "ready_seconds": round(seconds, 1),
        "chains": [
            {
                "chain": chain.profile.chain_id,
                "name": chain.profile.name,
                "evm_chain_id": chain.profile.evm_chain_id,
                "rpc": chain.node_url,
                "bridge": system.bridges[chain.profile.chain_id].address,
            }
            for chain in system.world
        ]
        + ([] if system.solana is None else [describe_solana(system)]),
        "accounts": {
            name: {"address": account.address, "key": f"0x{bytes(account.key).hex()}"}
            for name, account in accounts.items()
        },
        "solana_accounts": {} if system.solana is None else system.solana.list_accounts(),
        "state": None if network.options.state is None else str(network.options.state),
    }


def describe_solana(system: LocalSystem) -> dict[str, Any]:
    """Where the Solana chain is, and what stands there."""
    assert system.solana is not None
    chain = system.solana.founder.chain_id
    place = system.deployment.programs[chain]
    return {
        "chain": chain,
        "name": place.name,
        "genesis": place.genesis,
        "rpc": system.solana.url,
        "program": place.program,
        "bridge": place.bridge,
        "mints": {plan.symbol: plan.contracts[chain] for plan in system.deployment.tokens if chain in plan.contracts},
    }


def tell_solana(described: dict[str, Any]) -> Iterator[str]:
    """The Solana chain, where there is one."""
    for chain in described["chains"]:
        if "program" in chain:
            account = described["solana_accounts"]["depositor"]
            yield f"{chain['name'].capitalize()}'s program {chain['program']}, with mints"
            yield from (f"  {symbol:<5} {mint}" for symbol, mint in chain["mints"].items())
            yield "An account with all of them there; its key, for a wallet:"
            yield f"  {account['address']}"
            at = len(account["key"]) // 2
            yield f"  {account['key'][:at]}"
            yield f"  {account['key'][at:]}  (one text, in two lines)"
            yield ""


def tell(described: dict[str, Any]) -> Iterator[str]:
    """What there is, and what to try next; in 80 columns."""
    api, depositor = described["api"], described["accounts"]["depositor"]
    yield f"The devnet is ready after {described['ready_seconds']:g} s."
    yield ""
    for chain in described["chains"]:
        what = f"EVM chain id {chain['evm_chain_id']}" if "evm_chain_id" in chain else "JSON-RPC of Solana"
        yield f"  {chain['name']:<10} {chain['rpc']}   {what}"
    yield f"  API        {api}   described at /openapi.json"
    yield f"  page       {api}/  every swap, block, account and token, live"
    yield ""
    yield "An account with tokens and coins on every chain; everybody knows its key:"
    yield f"  {depositor['address']}"
    yield f"  {depositor['key']}"
    yield ""
    yield from tell_solana(described)
    yield "Try next:"
    yield f"  curl {api}/v1/pools"
    yield "  tokens and coins for an address of yours:"
    yield f'  curl -d \'{{"address": "0x.."}}\' {api}/v1/devnet/faucet \\'
    yield "    -H 'Content-Type: application/json'"
    yield "  a swap in Python, with that key:"
    yield "    from zklink import Client, Wallet"
    first, second = described["chains"][:2]
    yield f"    client = Client({api!r},"
    yield f"        {{{first['name']!r}: {first['rpc']!r}}})"
    yield f"    quote = client.quote({first['name']!r}, 'USDC', '100', {second['name']!r}, 'USDC')"
    yield "    sent = client.swap(Wallet.from_key(KEY), quote); client.wait(sent)"
    yield ""
    folder = described["state"]
    yield "Ctrl-C ends it" + (f" and keeps everything in {folder}" if folder else "; --state DIR would keep it")


def wait(network: Network, seconds: float | None) -> None:
    """Until the time is over, the node has stopped, or somebody interrupts. Raises click.ClickException."""
    end = None if seconds is None else time.monotonic() + seconds
    try:
        # ape's providers have put in handlers that end the program at once: nothing would be kept.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        while end is None or time.monotonic() < end:
            if network.failure is not None:
                raise click.ClickException(f"the node has stopped: {network.failure}")
            time.sleep(0.2)
    except KeyboardInterrupt:
        click.echo("ending", err=True)

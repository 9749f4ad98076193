"""`ape run deploy`: the whole system on public networks, or on local chains for as long as they live.

ape run deploy --environment deployments/testnets.toml --account ALIAS --dry-run    on forks: nothing is sent
ape run deploy --environment deployments/testnets.toml --account ALIAS              shows the plan, asks, deploys

ape run deploy                          four anvils; they run until Ctrl-C, and deployments/anvil.json describes them
ape run deploy --chains test            a rehearsal in this process
ape run deploy --chains fork            forks of the nodes in ETHEREUM_RPC, POLYGON_RPC, .. (else of local chains)
"""

import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from zklink.cli.deploy_networks import deploy_to_networks, find_deployer
from zklink.cli.inputs import FILE
from zklink.devnet.profiles import PROFILES, profile_by_name
from zklink.devnet.system import LocalSystem, deploy_local_system
from zklink.devnet.tokens import describe_left_out
from zklink.devnet.world import World, open_world
from zklink.files import write_file
from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.redaction import redact
from zklink.lab.chains import BACKENDS, IN_PROCESS, Backend, describe_backend
from zklink.lab.errors import LabError
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.presets import COMPACT, PRESETS, get_preset

NAMES = [profile.name for profile in PROFILES]
FOLDER = Path(__file__).resolve().parents[1] / "deployments"
ENDING = (signal.SIGINT, signal.SIGTERM)
PAUSE_SECONDS = 0.2


@click.command()
@click.option("--environment", type=FILE, help="Deploy on the networks of this file, and leave FILE.json.")
@click.option("--account", metavar="ALIAS", help="The account that deploys, of ape's keystore.")
@click.option("--impersonate", metavar="ADDRESS", help="An address that deploys, on forks.")
@click.option("--dry-run", is_flag=True, help="Deploy on forks of the networks; nothing is sent to them.")
@click.option("--yes", is_flag=True, help="Do not ask before the first transaction.")
@click.option(
    "--chains",
    "backend",
    type=click.Choice(BACKENDS),
    default="anvil",
    show_default=True,
    help="What the chains are: in this process, one anvil each, or forks.",
)
@click.option(
    "--preset", type=click.Choice(list(PRESETS)), default=COMPACT.name, show_default=True, help="Size of a block."
)
@click.option(
    "--primary",
    type=click.Choice(NAMES),
    default="avalanche",
    show_default=True,
    help="The chain that gets every block and fixes their order.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Describe the deployment here, and leave the file; default: deployments/CHAINS.json while the chains run.",
)
@click.option(
    "--hold/--no-hold", default=None, help="Keep the chains running; default: on a terminal, unless in this process."
)
def cli(
    environment: Path | None,
    account: str | None,
    impersonate: str | None,
    dry_run: bool,
    yes: bool,
    backend: Backend,
    preset: str,
    primary: str,
    out: Path | None,
    hold: bool | None,
) -> None:
    """Deploy the system: with --environment on public networks, else on local chains."""
    if environment is not None:
        deploy_environment(environment, account, impersonate, dry_run, yes)
        return
    if account or impersonate or dry_run:
        raise click.UsageError("--account, --impersonate and --dry-run need --environment FILE")
    if hold and backend in IN_PROCESS:
        raise click.UsageError("chains in this process end with it: --hold needs --chains anvil or --chains fork")
    is_held = hold if hold is not None else backend not in IN_PROCESS and sys.stdin.isatty()
    console = Console()
    say(console, f"chains: {describe_backend(backend, NAMES)}")
    try:
        with open_world(backend) as world:
            system = deploy_local_system(
                world,
                get_preset(preset),
                primary=profile_by_name(primary).chain_id,
                report=lambda chain, step: say(console, f"{chain:>10}  {step}"),
            )
            console.print(build_table(system), crop=False, soft_wrap=True)
            for line in describe_left_out(system.left_out):
                say(console, line)
            wait = (lambda: hold_open(console, world)) if is_held else None
            publish(console, system.deployment, out, FOLDER / f"{backend}.json", wait)
    except (ZkLinkError, LabError) as error:
        raise click.ClickException(redact(str(error))) from error


def deploy_environment(
    file: Path, account: str | None, impersonate: str | None, is_dry: bool, is_confirmed: bool
) -> None:
    """Deploy on the networks of a file."""
    console = Console()
    try:
        deployer = find_deployer(account, impersonate)
        deploy_to_networks(file, deployer, is_dry, is_confirmed, lambda line: say(console, line))
    except (ZkLinkError, LabError) as error:
        raise click.ClickException(redact(str(error))) from error


def say(console: Console, text: str) -> None:
    """Print a line without wrapping it, however wide the terminal."""
    console.print(text, highlight=False, soft_wrap=True, markup=False)


def build_table(system: LocalSystem) -> Table:
    """The contracts of every chain, as a table."""
    table = Table("chain", "id", "EVM id", title=f"deployment 0x{system.deployment.deployment_hash.hex()}")
    for header in ("bridge", "node"):
        table.add_column(header, no_wrap=True, overflow="fold")
    for chain_id, chain in system.deployment.chains.items():
        node = system.world[chain_id].node_url or "in process"
        table.add_row(chain.name, str(chain_id), str(chain.evm_chain_id), chain.bridge, node)
    return table


def publish(
    console: Console, deployment: Deployment, out: Path | None, default: Path, wait: Callable[[], None] | None
) -> None:
    """Describe a deployment in a file while `wait` keeps its chains. Afterwards the file is removed, since its chains
    have ended, unless `out` asked for it.
    """
    if out is None and wait is None:
        say(console, "no file is written: the chains end now. --hold keeps them running, --out FILE writes one anyway")
        return
    path, text = out or default, deployment.to_json()
    write_file(path, text)
    say(console, f"written to {path}")
    try:
        if wait is not None:
            wait()
    finally:
        if out is not None:
            say(console, f"its chains have ended: {path} shows what a deployment is, but nobody can connect to it")
        elif path.is_file() and path.read_text() == text:  # another run's file stays
            path.unlink()
            say(console, f"its chains have ended: {path} is removed")


def hold_open(console: Console, world: World) -> None:
    """Mine at the chains' block times until interrupted or told to end."""
    told: list[int] = []
    # Handlers that only take note: ape's leaves at once, and Python's raises in the middle of whatever runs.
    before = {number: signal.signal(number, lambda number, frame: told.append(number)) for number in ENDING}
    try:
        world.start_clocks()
        say(console, "the chains are running; Ctrl-C ends them")
        while not told:
            time.sleep(PAUSE_SECONDS)
        say(console, "ending")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

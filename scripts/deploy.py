"""`ape run deploy`: the whole system on local chains, described in a machine-written file under deployments/.

ape run deploy                          four anvils; they run until Ctrl-C
ape run deploy --chains test            a rehearsal in this process
ape run deploy --chains fork            forks of the nodes in ETHEREUM_RPC, POLYGON_RPC, .. (else of local chains)
"""

import sys
import threading
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from zklink.devnet.profiles import PROFILES, profile_by_name
from zklink.devnet.system import LocalSystem, deploy_local_system
from zklink.devnet.world import World, open_world
from zklink.lab.chains import BACKENDS, Backend
from zklink.lab.errors import LabError
from zklink.protocol.errors import ZkLinkError
from zklink.protocol.presets import COMPACT, PRESETS, get_preset

NAMES = [profile.name for profile in PROFILES]
FOLDER = Path(__file__).resolve().parents[1] / "deployments"


@click.command()
@click.option("--chains", "backend", type=click.Choice(BACKENDS), default="anvil", show_default=True)
@click.option("--preset", type=click.Choice(list(PRESETS)), default=COMPACT.name, show_default=True)
@click.option("--primary", type=click.Choice(NAMES), default="avalanche", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="default: deployments/<chains>.json")
@click.option("--hold/--no-hold", default=None, help="keep the chains running; default: on a terminal, if they can")
def cli(backend: Backend, preset: str, primary: str, out: Path | None, hold: bool | None) -> None:
    """Deploy the system on local chains."""
    console = Console()
    try:
        with open_world(backend) as world:
            system = deploy_local_system(
                world,
                get_preset(preset),
                primary=profile_by_name(primary).chain_id,
                report=lambda chain, step: console.print(f"{chain:>10}  {step}", highlight=False),
            )
            path = out or FOLDER / f"{backend}.json"
            path.write_text(system.deployment.to_json())
            console.print(build_table(system), crop=False, soft_wrap=True)
            console.print(f"written to {path}", highlight=False, soft_wrap=True)
            if hold if hold is not None else backend != "test" and sys.stdin.isatty():
                hold_open(console, world)
    except (ZkLinkError, LabError) as error:
        raise click.ClickException(str(error)) from error


def build_table(system: LocalSystem) -> Table:
    """What was deployed where."""
    table = Table("chain", "id", "EVM id", title=f"deployment 0x{system.deployment.deployment_hash.hex()}")
    for header in ("bridge", "node"):
        table.add_column(header, no_wrap=True, overflow="fold")
    for chain_id, chain in system.deployment.chains.items():
        node = system.world[chain_id].node_url or "in process"
        table.add_row(chain.name, str(chain_id), str(chain.evm_chain_id), chain.bridge, node)
    return table


def hold_open(console: Console, world: World) -> None:
    """Mine at the chains' block times until interrupted."""
    world.start_clocks()
    console.print("the chains are running; Ctrl-C ends them")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        console.print("ending")

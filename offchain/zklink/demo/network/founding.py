"""Founds a network: the contracts on fresh chains, allowances, the provider's pools, a node's first blocks.

Takes open chains and a folder; gives the deployed system, with the node's database in the folder, at a moment at which
nothing waits. The first blocks have fixed proofs: those of development keys, whose secrets everybody knows.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from zklink.demo.liquidity import fund_pools
from zklink.demo.network.node_settings import build_settings
from zklink.devnet.pools import PoolPlan, select_pools
from zklink.devnet.profiles import AVALANCHE
from zklink.devnet.system import LocalSystem, deploy_local_system
from zklink.devnet.world import World
from zklink.lab.block_clock import BlockClock
from zklink.node.node import Node
from zklink.node.workers import ThreadWorkers
from zklink.protocol.ids import ChainId, Lane
from zklink.protocol.presets import Preset
from zklink.prover.fixed_proofs import FixedProver
from zklink.prover.progress import Progress
from zklink.service.adapters import CircuitProver
from zklink.service.api_mount import open_history
from zklink.service.assembly import assemble

HURRY_SECONDS: Final = 0.25
"""Between two blocks of every chain while the pools are filled: many blocks are needed, and nobody watches yet."""


def found_network(
    world: World,
    folder: Path,
    preset: Preset,
    pools: Sequence[PoolPlan],
    provers: Mapping[Lane, FixedProver],
    progress: Progress,
) -> LocalSystem:
    """A network with those of the pools whose tokens its chains have.

    Raises DeploymentRefused, DeploymentInterrupted, DemoStuck, and what `assemble` raises."""
    primary = choose_primary(world)
    with progress.step("contracts and tokens on all chains") as step:
        system = deploy_local_system(world, preset, primary=primary, report=lambda chain, what: step.advance())
        _approve(system)
    assembly = assemble(build_settings(folder, system), "the devnet", CircuitProver(provers))
    node = Node(assembly.parts, ThreadWorkers(), assembly.clock, assembly.config)
    history = open_history(assembly.database, system.deployment, node)
    try:
        with _hurrying(world):
            fund_pools(system, node, select_pools(system.deployment.tokens, pools), [], progress)
    finally:
        node.close()
        history.flush()
        assembly.database.close()
    return system


def choose_primary(world: World) -> ChainId:
    """Avalanche where it takes part, else the chain with the shortest block time."""
    profiles = world.profiles
    if AVALANCHE in profiles:
        return AVALANCHE.chain_id
    return min(profiles, key=lambda profile: profile.block_time_seconds).chain_id


@contextmanager
def _hurrying(world: World) -> Iterator[None]:
    clock = BlockClock("set-up", HURRY_SECONDS, world.mine)
    clock.start()
    try:
        yield
    finally:
        clock.stop()


def _approve(system: LocalSystem) -> None:
    """Each bridge may take what the broker and the depositor own."""
    roles = system.world.roles
    for plan in system.deployment.tokens:
        for chain in plan.contracts:
            token = system.token(chain, plan.token_id)
            for owner in () if token.is_native else (roles.broker, roles.depositor):
                token.ensure_allowance(owner, system.bridges[chain].address, token.balance(owner.address))

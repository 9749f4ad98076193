"""Founds a network: the contracts on fresh chains, allowances, the provider's pools, a node's first blocks.

Takes open chains and a folder; gives the deployed system, with the node's database in the folder, at a moment at which
nothing waits. The first blocks have fixed proofs: those of development keys, whose secrets everybody knows.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from zklink.client.wallet import Wallet
from zklink.demo.network.liquidity import fund_pools
from zklink.demo.network.serving import NetworkOptions, serve_network
from zklink.devnet.door_prices import plan_door_prices
from zklink.devnet.pools import select_pools
from zklink.devnet.profiles import AVALANCHE
from zklink.devnet.solana.tokens import TOKENS_WITH_SOLANA
from zklink.devnet.system import LocalSystem, deploy_local_system
from zklink.devnet.tokens import TokenInfo, choose_tokens, usual_table
from zklink.devnet.world import World
from zklink.lab.block_clock import BlockClock
from zklink.protocol.ids import ChainId, Lane, TokenId
from zklink.protocol.presets import Preset
from zklink.prover.circuit_artifacts import CircuitArtifacts
from zklink.prover.fixed_proofs import FixedProver
from zklink.prover.progress import Progress

if TYPE_CHECKING:
    from zklink.devnet.solana.member import SolanaMember

HURRY_SECONDS: Final = 0.25
"""Between two blocks of every chain while the pools are filled: many blocks are needed, and nobody watches yet."""
SLOTS: Final = 4
"""Slots of a Solana chain in the same time, where only later ones make one final."""
SETTLE_SECONDS: Final = 600.0


def found_network(
    world: World,
    folder: Path,
    options: NetworkOptions,
    circuits: Mapping[Lane, CircuitArtifacts],
    provers: Mapping[Lane, FixedProver],
    progress: Progress,
    solana: "SolanaMember | None" = None,
) -> LocalSystem:
    """A network with those of the options' pools whose tokens its chains have; `solana` becomes a chain of it.

    Raises DeploymentRefused, DeploymentInterrupted, DemoStuck, and what `assemble` and a client raise."""
    primary = choose_primary(world)
    with progress.step("contracts and tokens on all chains") as step:
        system = _deploy(world, options.preset, primary, step.advance, solana)
        _approve(system)
    pools = select_pools(system.deployment.tokens, options.pools)
    quiet = replace(options, port=0, has_real_proofs=False)
    with _hurrying(world, solana), serve_network(quiet, system, circuits, provers, folder, progress) as network:
        with network.open_client() as client:
            wallet, bringer = Wallet.from_account(world.roles.provider), None if solana is None else solana.provider()
            fund_pools(client, wallet, system.deployment, pools, system.table, progress, bringer)
        with progress.step("every chain executes it"):
            network.wait_settled(SETTLE_SECONDS)
    return system


def choose_primary(world: World) -> ChainId:
    """Avalanche where it takes part, else the chain with the shortest block time."""
    profiles = world.profiles
    if AVALANCHE in profiles:
        return AVALANCHE.chain_id
    return min(profiles, key=lambda profile: profile.block_time_seconds).chain_id


def _deploy(
    world: World, preset: Preset, primary: ChainId, advance: Callable[[], None], solana: "SolanaMember | None"
) -> LocalSystem:
    if solana is None:
        return deploy_local_system(world, preset, primary=primary, report=lambda chain, what: advance())
    table, place = find_table(solana), solana.founder.place()
    tokens, _ = choose_tokens(table.values(), preset, [*(chain.name for chain in world), place.name])
    system = deploy_local_system(
        world,
        preset,
        primary=primary,
        tokens=list(table.values()),
        programs={place.chain_id: place},
        mints=solana.make_mints(tokens),
        fit=solana.founder.fit,
        prices=solana.add_prices(plan_door_prices(world.profiles, primary, preset)),
        report=lambda chain, what: advance(),
    )
    solana.found(system)
    return replace(system, solana=solana)


def find_table(solana: "SolanaMember | None") -> Mapping[TokenId, TokenInfo]:
    """The tokens of a network, some of which it may have no room for."""
    return usual_table() if solana is None else TOKENS_WITH_SOLANA


@contextmanager
def _hurrying(world: World, solana: "SolanaMember | None") -> Iterator[None]:
    def mine() -> None:
        world.mine()
        if solana is not None:
            solana.chain.mine(SLOTS if solana.chain.has_pool else 1)

    clock = BlockClock("set-up", HURRY_SECONDS, mine)
    clock.start()
    try:
        yield
    finally:
        clock.stop()


def _approve(system: LocalSystem) -> None:
    """Each bridge that is a contract may take what the broker and the depositor own."""
    roles = system.world.roles
    for plan in system.deployment.tokens:
        for chain in plan.contracts.keys() - system.deployment.programs.keys():
            token = system.token(chain, plan.token_id)
            for owner in () if token.is_native else (roles.broker, roles.depositor):
                token.ensure_allowance(owner, system.bridges[chain].address, token.balance(owner.address))

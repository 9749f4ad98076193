"""A development network: local chains, the deployed system, full pools, a node with a broker, and its API.

Takes a preset; gives the running system until its block is left. Only for local chains.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from zklink.broker.policy import FillPolicy, Tier, TokenPolicy
from zklink.demo.liquidity import fund_pools
from zklink.devnet.pools import select_pools
from zklink.devnet.system import LocalSystem, deploy_local_system
from zklink.devnet.terms import build_terms
from zklink.devnet.tokens import token_by_id
from zklink.devnet.world import World, open_world
from zklink.lab.block_clock import BlockClock
from zklink.node.node import Node
from zklink.node.workers import ThreadWorkers
from zklink.protocol.ids import Amount, Lane
from zklink.protocol.presets import Preset
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.default_prover import open_prover
from zklink.prover.fixed_proofs import FixedProver
from zklink.prover.port import Prover
from zklink.prover.progress import Progress
from zklink.prover.source import Statement
from zklink.sequencer.journal import MemoryJournal
from zklink.service.adapters import CircuitProver
from zklink.service.node_api import NodeApi, open_history
from zklink.service.wiring import NodeKeys, build_parts

FILL_USD = 5_000
FILL_FEES_PER_USD = 4
FIXED_SECONDS, REAL_SECONDS = 3.0, 15.0
"""What a quote takes for a block's proof."""

SET_UP_SECONDS = 0.25
"""Between two blocks while the pools are filled."""

STATEMENTS = {Lane.SWAP: Statement.SWAP, Lane.ACCOUNT: Statement.ACCOUNT}


@contextmanager
def open_devnet(
    preset: Preset, host: str, port: int, is_real: bool, progress: Progress
) -> Iterator[tuple[LocalSystem, NodeApi]]:
    """The network, ready. Raises the errors of building circuits, opening chains, deploying, and ServerNotStarted."""
    provers = open_provers(preset, is_real, progress)
    with open_world("anvil") as world:
        with progress.step("deploying on all chains") as step:
            system = deploy_local_system(world, preset, report=lambda chain, what: step.advance())
        with progress.step("allowances of the broker and the depositor"):
            _approve(system)
        roles, policy = world.roles, _build_policy(system)
        keys = NodeKeys(roles.sequencer, roles.broker, roles.validators, roles.watchers)
        terms = build_terms(system.deployment.tokens)
        parts = build_parts(
            system.deployment, world.clients, keys, CircuitProver(provers), MemoryJournal(), terms, policy
        )
        node = Node(parts, ThreadWorkers())
        history = open_history(system.deployment, node)
        with _hurrying(world):
            fund_pools(system, node, select_pools(system.deployment.tokens), [], progress)
        world.start_clocks()
        try:
            seconds = REAL_SECONDS if is_real else FIXED_SECONDS
            api = NodeApi(
                system.deployment,
                system.bridges,
                node,
                history,
                host=host,
                port=port,
                fill_policy=policy,
                proof_seconds=seconds,
                is_devnet=True,
            )
            api.start()
            try:
                yield system, api
            finally:
                api.stop()
        finally:
            node.close()
            world.stop_clocks()


@contextmanager
def _hurrying(world: World) -> Iterator[None]:
    """Every chain mines at one quick pace: the pools need many blocks, and nobody watches yet."""
    clock = BlockClock("set-up", SET_UP_SECONDS, world.mine)
    clock.start()
    try:
        yield
    finally:
        clock.stop()


def open_provers(preset: Preset, is_real: bool, progress: Progress) -> Mapping[Lane, Prover]:
    """A prover per lane; those that are not real know the development keys' secrets."""
    circuits = {lane: ensure_circuit(preset, progress, statement) for lane, statement in STATEMENTS.items()}
    return {lane: open_prover(found, progress) if is_real else FixedProver(found) for lane, found in circuits.items()}


def _approve(system: LocalSystem) -> None:
    """Each bridge may take what the broker and the depositor own."""
    roles = system.world.roles
    for plan in system.deployment.tokens:
        for chain in plan.contracts:
            token = system.token(chain, plan.token_id)
            for owner in () if token.is_native else (roles.broker, roles.depositor):
                token.ensure_allowance(owner, system.bridges[chain].address, token.balance(owner.address))


def _build_policy(system: LocalSystem) -> FillPolicy:
    """Small payouts are filled at once, for a quarter of a dollar."""
    policies = {}
    for plan in system.deployment.tokens:
        token = token_by_id(plan.token_id)
        least = Amount(token.amount_for(1) // FILL_FEES_PER_USD)
        policies[plan.token_id] = TokenPolicy((Tier(token.amount_for(FILL_USD), 0),), minimum_fee=least)
    return FillPolicy(policies)

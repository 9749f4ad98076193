"""Prepares a demo up to its first swap: takes options and chains, deploys the system, approves allowances, gives a run
with its node. Never sends a swap.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from eth_account import Account
from eth_account.signers.local import LocalAccount

from zklink.broker.policy import FillPolicy, Tier, TokenPolicy
from zklink.demo.model import DemoOptions, DemoRun, Ticket
from zklink.demo.stories import Story
from zklink.devnet.system import LocalSystem, deploy_local_system
from zklink.devnet.terms import build_terms
from zklink.devnet.world import World
from zklink.history.swaps import Timeline
from zklink.node.events import TransactionMined
from zklink.node.node import Node
from zklink.node.workers import ThreadWorkers
from zklink.primitives.keccak import keccak256
from zklink.protocol.ids import Amount, ChainId, Lane, TokenId
from zklink.prover.circuit_artifacts import CircuitArtifacts
from zklink.prover.default_prover import open_prover
from zklink.prover.progress import Progress
from zklink.sequencer.journal import MemoryJournal
from zklink.service.adapters import CircuitProver
from zklink.service.wiring import NodeKeys, build_parts

SMALL_FILL_USD: Final = 5_000
LARGE_FILL_USD: Final = 50_000
LARGE_FILL_CONFIRMATIONS: Final = 10
LEAST_FEES_PER_USD: Final = 4
"""The least fee for a fill is a quarter of a dollar: at the cheap chains' prices more than its gas."""


def prepare(
    options: DemoOptions, world: World, circuits: Mapping[Lane, CircuitArtifacts], progress: Progress
) -> DemoRun:
    """Deploy, approve and build the node. Raises DeploymentRefused, DeploymentInterrupted."""
    with progress.step("deploying on all chains") as step:
        system = deploy_local_system(world, options.preset, report=lambda chain, what: step.advance())
    with progress.step("allowances of the user and the broker"):
        _approve(system, options.stories)
    prover = CircuitProver({lane: open_prover(artifacts, progress) for lane, artifacts in circuits.items()})
    roles = world.roles
    parts = build_parts(
        system.deployment,
        world.clients,
        NodeKeys(roles.sequencer, roles.broker, roles.validators, roles.watchers),
        prover,
        MemoryJournal(),
        build_terms(system.deployment.tokens),
        build_fill_policy(options.stories),
    )
    node, timeline = Node(parts, ThreadWorkers()), Timeline(system.bridges)
    tickets = tuple(Ticket(story, _recipient(index)) for index, story in enumerate(options.stories))
    run = DemoRun(options, system, circuits, node, timeline, tickets)
    node.listen(timeline.take)
    node.listen(lambda event: run.transactions.append(event) if isinstance(event, TransactionMined) else None)
    return run


def _recipient(index: int) -> LocalAccount:
    """A fresh account for each story, so that its final balance is the story's payout."""
    account: LocalAccount = Account.from_key(keccak256(f"demo recipient {index}".encode()))
    return account


def build_fill_policy(stories: Sequence[Story]) -> FillPolicy:
    """The demo's terms: small payouts at once, larger ones after more confirmations, the largest never."""
    return FillPolicy(
        {
            token.token_id: TokenPolicy(
                (
                    Tier(token.amount_for(SMALL_FILL_USD), 0),
                    Tier(token.amount_for(LARGE_FILL_USD), LARGE_FILL_CONFIRMATIONS),
                ),
                minimum_fee=Amount(token.amount_for(1) // LEAST_FEES_PER_USD),
            )
            for token in (story.token_out for story in stories)
        }
    )


def _approve(system: LocalSystem, stories: Sequence[Story]) -> None:
    """Approve each bridge: the user for the amounts that it will swap there, the broker for its whole balance of each
    token that it may fill there.
    """
    chains = {chain.profile.name: chain.profile.chain_id for chain in system.world}
    depositor, broker = system.world.roles.depositor, system.world.roles.broker
    paid: dict[tuple[ChainId, TokenId], int] = {}
    for story in stories:
        key = chains[story.source], story.token_in.token_id
        paid[key] = paid.get(key, 0) + story.amount * story.token_in.scale(story.source)
    for (chain, token_id), l1_amount in paid.items():
        _allow(system, depositor, chain, token_id, l1_amount)
    for chain, token_id in {(chains[story.destination], story.token_out.token_id) for story in stories}:
        _allow(system, broker, chain, token_id, system.token(chain, token_id).balance(broker.address))


def _allow(system: LocalSystem, account: LocalAccount, chain: ChainId, token_id: TokenId, l1_amount: int) -> None:
    token = system.token(chain, token_id)
    if not token.is_native:
        token.ensure_allowance(account, system.bridges[chain].address, l1_amount)

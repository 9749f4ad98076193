"""The accounts story from the first block to the last exit.

Takes options; opens the chains, deploys, lets people act, attacks, kills the operator, recovers and leaves. Gives an
`AccountsResult`. Never uses the operator's state after its end.
"""

import time
from typing import Final

from zklink.demo.accounts.actors import OWNERS, TOKENS, AccountsOptions, AccountsResult, Cast, Say
from zklink.demo.accounts.acts import play, queue_last_requests
from zklink.demo.accounts.attacks import forget_swap, say_false_end
from zklink.demo.accounts.claims import find_problems, list_claims, read_balances, read_left
from zklink.demo.accounts.door_fees import settle_doors
from zklink.demo.accounts.operator_gone import Leaving, bring_to_end, exit_everybody, kill_operator
from zklink.demo.liquidity import open_wallet
from zklink.devnet.profiles import POLYGON
from zklink.devnet.system import LocalSystem, deploy_local_system
from zklink.devnet.terms import build_terms
from zklink.devnet.tokens import describe_left_out, mint, token_by_id
from zklink.devnet.world import World, open_world
from zklink.node.node import Node
from zklink.node.parts import NodeParts
from zklink.node.workers import ThreadWorkers
from zklink.protocol.ids import Lane
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.default_prover import open_prover
from zklink.prover.port import Prover
from zklink.prover.progress import Progress
from zklink.prover.source import Statement
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.groups_asked import GroupsAsked
from zklink.sequencer.journal import Journal
from zklink.service.adapters import CircuitProver
from zklink.service.wiring import NodeKeys, build_parts
from zklink.storage.database import open_database
from zklink.storage.journal import SqlJournal

FORTUNE_USD: Final = 1_000_000
HALTED: Final = POLYGON.chain_id
"""The member that halts when the operator is dead."""


def run_accounts(options: AccountsOptions, say: Say, progress: Progress) -> AccountsResult:
    """Run the whole story. Raises DemoStuck, and the errors of building circuits, opening chains and deploying."""
    provers = {
        statement: open_prover(ensure_circuit(options.preset, progress, statement), progress) for statement in Statement
    }
    for statement, prover in provers.items():
        say(f"{statement} circuit: {prover.artifacts.constraints:,} constraints")
    with open_world("anvil", options.profiles) as world:
        with progress.step("deploying on all chains") as step:
            tokens = [token_by_id(token) for token in TOKENS]
            system = deploy_local_system(
                world, options.preset, tokens=tokens, report=lambda chain, what: step.advance()
            )
            _hand_out(system)
        for line in describe_left_out(system.left_out):
            say(line)
        blocks = CircuitProver({Lane.SWAP: provers[Statement.SWAP], Lane.ACCOUNT: provers[Statement.ACCOUNT]})
        cast = _assemble(options, system, blocks, say, progress)
        world.start_clocks()
        try:
            return _tell(cast, world, provers[Statement.EXIT])
        finally:
            world.stop_clocks()


def _tell(cast: Cast, world: World, exits: Prover) -> AccountsResult:
    began, leaving = time.monotonic(), Leaving()
    play(cast)
    say_false_end(cast)
    forgotten = forget_swap(cast)
    last_block, last_root = cast.node.sequencer.height, cast.node.sequencer.state.root
    kill_operator(cast)
    before = read_balances(cast)
    open_requests = queue_last_requests(cast)
    world[HALTED].halt()
    cast.say(f"{cast.read.name(HALTED)} halts; nobody else needs it")
    exit_everybody(cast, bring_to_end(cast, [k for k in cast.system.bridges if k != HALTED]), exits, leaving)
    world[HALTED].start_clock()
    world[HALTED].advance_time(max(1, _latest(world) - world[HALTED].client.head().timestamp))
    cast.say(f"{cast.read.name(HALTED)} is back")
    exit_everybody(cast, bring_to_end(cast, list(cast.system.bridges)), exits, leaving)
    doors = settle_doors(cast)
    claims, left = list_claims(cast, leaving, before), read_left(cast)
    problems = find_problems(cast, claims, left, forgotten) + doors.problems
    expected = dict.fromkeys(cast.system.bridges, last_block) | {forgotten.chain: forgotten.block - 1}
    root = leaving.states[cast.system.deployment.primary].root
    if (leaving.blocks, root) != (expected, last_root):
        problems.append(f"chains end at blocks {leaving.blocks}, and not at {expected}")
    if doors.cancelled != open_requests:
        problems.append(f"{doors.cancelled} requests were cancelled, and {open_requests} were open")
    return AccountsResult(
        cast=cast,
        last_block=last_block,
        last_root=last_root,
        blocks=leaving.blocks,
        recovered_root=root,
        forgotten=forgotten.amount,
        doors=doors,
        claims=claims,
        left=left,
        exit_proof_seconds=tuple(leaving.seconds),
        seconds=time.monotonic() - began,
        problems=tuple(problems),
    )


def _latest(world: World) -> int:
    """The time of the chain that is furthest."""
    return max(chain.client.head().timestamp for chain in world)


def _assemble(
    options: AccountsOptions, system: LocalSystem, blocks: CircuitProver, say: Say, progress: Progress
) -> Cast:
    database = open_database(f"sqlite:///{options.database}", system.deployment.deployment_hash)
    parts = _build(system, blocks, SqlJournal(database))
    node = Node(parts, ThreadWorkers())
    wallets = {name: open_wallet(system, node, name) for name in OWNERS}
    read = ChainsRead(system.deployment, system.bridges, GroupsAsked(parts.validators, parts.watchers))
    return Cast(options, system, node, wallets, say, progress, read)


def _hand_out(system: LocalSystem) -> None:
    """Give tokens to those of the cast who have none yet."""
    roles = system.world.roles
    owners = [roles.trader.address, roles.operator.address, roles.stranger.address]
    for plan in system.deployment.tokens:
        for chain, address in plan.contracts.items():
            token, name = token_by_id(plan.token_id), system.world[chain].profile.name
            fortune = token.amount_for(FORTUNE_USD) * token.scale(name)
            mint(system.world[chain].client, roles.deployer, address, owners, fortune)


def _build(system: LocalSystem, blocks: CircuitProver, journal: Journal) -> NodeParts:
    roles = system.world.roles
    keys = NodeKeys(roles.sequencer, roles.broker, roles.validators, roles.watchers)
    terms = build_terms(system.deployment.tokens)
    return build_parts(system.deployment, system.world.clients, keys, blocks, journal, terms)

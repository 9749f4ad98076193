"""The accounts story from the first block to the last exit.

Takes options; opens a network, lets people act, attacks, kills the operator, recovers and leaves. Gives an
`AccountsResult`. Never uses the operator's state after its end.
"""

import time
from itertools import product
from typing import Final

from zklink.client.client import Client
from zklink.client.wallet import Wallet
from zklink.demo.accounts.actors import OWNERS, TOKENS, AccountsOptions, AccountsResult, Cast, Say
from zklink.demo.accounts.acts import play, queue_last_requests
from zklink.demo.accounts.attacks import forget_swap, say_false_end
from zklink.demo.accounts.claims import find_problems, list_claims, read_balances, read_left
from zklink.demo.accounts.door_fees import settle_doors
from zklink.demo.accounts.operator_gone import Leaving, bring_to_end, exit_everybody, kill_operator
from zklink.demo.network.running import open_network
from zklink.demo.network.serving import Network, NetworkOptions
from zklink.devnet.profiles import POLYGON
from zklink.devnet.tokens import describe_left_out, token_by_id
from zklink.devnet.world import World
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.default_prover import open_prover
from zklink.prover.port import Prover
from zklink.prover.progress import Progress
from zklink.prover.source import Statement
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.groups_asked import GroupsAsked
from zklink.schema.api.devnet import FaucetRequest

FORTUNE_USD: Final = 1_000_000
HALTED: Final = POLYGON.chain_id
"""The member that halts when the operator is dead."""


def run_accounts(options: AccountsOptions, say: Say, progress: Progress) -> AccountsResult:
    """Run the whole story. Raises DemoStuck, and the errors of opening a network, of the client and of exits."""
    exit_prover = open_prover(ensure_circuit(options.preset, progress, Statement.EXIT), progress)
    network_options = NetworkOptions(options.preset, options.profiles, pools=(), has_real_proofs=True)
    with open_network(network_options, progress, say) as network, network.open_client() as client:
        for artifacts in (*network.circuits.values(), exit_prover.artifacts):
            say(f"circuit {artifacts.name}: {artifacts.constraints:,} constraints")
        for line in describe_left_out(network.system.left_out):
            say(line)
        say(f"to watch it in a browser until the operator dies: {network.url}/")
        cast = _assemble(options, network, client, say, progress)
        _hand_out(cast)
        return _tell(cast, exit_prover)


def _tell(cast: Cast, exits: Prover) -> AccountsResult:
    began, leaving, world = time.monotonic(), Leaving(), cast.system.world
    play(cast)
    say_false_end(cast)
    forgotten = forget_swap(cast)
    sequencer = cast.network.node.sequencer
    last_block, last_root = sequencer.height, sequencer.state.root
    kill_operator(cast)
    before = read_balances(cast)
    open_requests = queue_last_requests(cast, forgotten.quote)
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


def _assemble(options: AccountsOptions, network: Network, client: Client, say: Say, progress: Progress) -> Cast:
    system, parts = network.system, network.service.assembly.parts
    wallets = {name: Wallet.from_account(getattr(system.world.roles, name)) for name in OWNERS}
    read = ChainsRead(system.deployment, system.bridges, GroupsAsked(parts.validators, parts.watchers))
    return Cast(options, network, client, wallets, say, progress, read)


def _hand_out(cast: Cast) -> None:
    """Ask the faucet for those of the cast who have no tokens yet, and wait for them."""
    roles = cast.system.world.roles
    owners = [owner.address for owner in (roles.trader, roles.operator, roles.stranger)]
    places = [(plan.token_id, chain) for plan in cast.system.deployment.tokens for chain in plan.contracts]
    places = [(token, chain) for token, chain in places if token in TOKENS]
    for owner, (token, chain) in product(owners, places):
        amount = str(token_by_id(token).amount_for(FORTUNE_USD))
        cast.client.api.faucet(FaucetRequest(address=owner, chain=chain, token=token, amount=amount))

    def has_come() -> bool:
        return all(cast.system.token(chain, token).balance(owner) for owner, (token, chain) in product(owners, places))

    cast.network.wait(has_come, "the faucet's tokens", cast.options.timeout_seconds)

"""What the other examples stand on: two chains in this process, the system on them, and an operator that runs it.

The contracts are the product's, with the verifiers of the preset `minimal`. Proofs come from `FixedProver`, which
forges them with the published secrets of the development key: the verifiers accept them, and they take milliseconds.
`open_prover` in its place opens one that makes real ones, in about a second each.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from zklink.devnet.profiles import BSC, POLYGON
from zklink.devnet.roles import layer2_key
from zklink.devnet.system import LocalSystem, deploy_local_system
from zklink.devnet.terms import build_terms
from zklink.devnet.tokens import BTC, USDC, token_by_id
from zklink.devnet.world import open_world
from zklink.l1.contracts.bridge_structs import DepositOrder
from zklink.node.node import Node
from zklink.node.parts import NodeParts
from zklink.node.workers import InlineWorkers
from zklink.protocol.ids import Amount, ChainId, Lane, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.prover.circuit_artifacts import ensure_circuit
from zklink.prover.fixed_proofs import FixedProver
from zklink.prover.source import Statement
from zklink.sdk.wallet import Wallet
from zklink.sequencer.journal import MemoryJournal
from zklink.service.adapters import CircuitProver
from zklink.service.in_process import InProcessOperator
from zklink.service.wiring import NodeKeys, build_parts


class LocalOperator:
    """A node, the system that it runs, and time, which passes only in `run_until`."""

    def __init__(self, system: LocalSystem) -> None:
        self.system, self.seconds = system, 0.0
        self.node = Node(self.build_node_parts(), InlineWorkers(), lambda: self.seconds)

    def build_node_parts(self) -> NodeParts:
        """A node that knows nothing yet but the deployment."""
        deployment, roles = self.system.deployment, self.system.world.roles
        keys = NodeKeys(roles.sequencer, roles.broker, roles.validators, roles.watchers)
        lanes = {Lane.SWAP: Statement.SWAP, Lane.ACCOUNT: Statement.ACCOUNT}
        provers = {lane: FixedProver(ensure_circuit(MINIMAL, statement=lanes[lane])) for lane in lanes}
        clients, terms = self.system.world.clients, build_terms(deployment.tokens)
        return build_parts(deployment, clients, keys, CircuitProver(provers), MemoryJournal(), terms)

    def run_until(self, is_done: Callable[[], bool]) -> None:
        """Let the operator work, and every chain mine, until something has come about."""
        for _ in range(200):
            if is_done():
                return
            self.node.step()
            self.system.world.mine()
            self.seconds += 1
        raise TimeoutError(f"still not done; the node said last: {self.node.events[-3:]}")

    def open_wallet(self, role: str) -> Wallet:
        """The wallet of one of the local network's people."""
        owner, polygon = getattr(self.system.world.roles, role), self.system.world[POLYGON.chain_id].client
        return Wallet(role, InProcessOperator(self.node), owner, layer2_key(owner), lambda: polygon.head().timestamp)

    def deposit(self, wallet: Wallet, chain: ChainId, token_id: TokenId, amount: Amount) -> None:
        """The owner's transactions on a chain: an approval, and a deposit into its own account."""
        bridge, token = self.system.bridges[chain], self.system.token(chain, token_id)
        l1_amount = amount * bridge.tokens.token_scale(token_id)
        token.ensure_allowance(wallet.owner, bridge.address, l1_amount)
        bridge.deposit(wallet.owner, DepositOrder(token_id, l1_amount, wallet.address))


@contextmanager
def open_operator() -> Iterator[LocalOperator]:
    """Everything deployed on Polygon, the primary, and BSC, with dollars and bitcoin; closed at the end."""
    with open_world("test", (POLYGON, BSC)) as world:
        tokens = [token_by_id(USDC), token_by_id(BTC)]
        yield LocalOperator(deploy_local_system(world, MINIMAL, primary=POLYGON.chain_id, tokens=tokens))

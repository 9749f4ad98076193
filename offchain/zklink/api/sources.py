"""What answers are made from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from zklink.api.faucet import Faucet
from zklink.api.live_view import LiveView
from zklink.api.names import find_coin_type
from zklink.broker.policy import FillPolicy
from zklink.history.read_model import ReadModel
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.deployment.places import ChainDeployment, Place
from zklink.l1.deployment.records import Deployment, TokenPlan
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.node.node import Node
from zklink.protocol.errors import RequestRefused
from zklink.protocol.ids import ChainId, TokenId
from zklink.relayer.relayer import Relayer

PROOF_SECONDS: Final = 30.0
"""What an estimate takes for a block's seal, evidence and proof, unless the operator says otherwise."""


@dataclass(frozen=True, slots=True)
class Sources:
    """A deployment, its chains, its history, what the chains say, and the node, which only its own thread may ask.
    Bridges only encode calls here: nobody asks a chain for an answer. `fill_policy` are the terms of this node's
    broker, None without one; `relayer` brings signed orders, None if nobody does. `is_devnet` says that it runs on
    chains of the laboratory; there it has a `faucet`.
    """

    deployment: Deployment
    profiles: Mapping[ChainId, ChainProfile]
    bridges: Mapping[ChainId, BridgeClient]
    history: ReadModel
    live: LiveView
    node: Node
    proof_seconds: float = PROOF_SECONDS
    fill_policy: FillPolicy | None = None
    is_audited: bool = False
    is_devnet: bool = False
    faucet: Faucet | None = None
    relayer: Relayer | None = None
    programs: Mapping[ChainId, Callable[..., Any]] = field(default_factory=dict)
    """How a node of each Solana chain is asked: a method of its JSON-RPC and parameters; for any thread."""

    @property
    def is_ready(self) -> bool:
        """Whether every question is answered: the node is ready, and every chain was read for the API. For any thread:
        an answer that is a moment old does no harm.
        """
        return is_ready(self.node) and all(self.live.chain(chain) is not None for chain in self.profiles)

    @property
    def primary(self) -> ChainId:
        return self.deployment.primary

    def place(self, chain: ChainId) -> Place:
        """A chain of the deployment."""
        return self.deployment.places[chain]

    def contracts(self, chain: ChainId) -> ChainDeployment:
        """The contracts on a chain. Raises RequestRefused for one whose bridge is a program."""
        if chain not in self.deployment.chains:
            raise RequestRefused("order_refused", "the bridge of this chain is a program: orders name EVM chains alone")
        return self.deployment.chains[chain]

    def is_coin(self, plan: TokenPlan, chain: ChainId) -> bool:
        """Whether a token is a chain's own coin; False where the token is not."""
        return chain in plan.contracts and self.place(chain).is_coin(plan.contracts[chain])

    def name_asset(self, chain: ChainId, contract: str) -> str:
        """A token of a chain in CAIP-19."""
        return self.place(chain).name_asset(contract, find_coin_type(self.profiles[chain].native_symbol))

    def find_token(self, token_id: TokenId) -> TokenPlan | None:
        """A registered token."""
        return next((plan for plan in self.deployment.tokens if plan.token_id == token_id), None)

    def check_ready(self) -> None:
        """Raise RequestRefused while the node has not heard from every chain, or repeats earlier blocks. Only for the
        node's thread.
        """
        if not is_ready(self.node):
            raise RequestRefused("not_ready", "the node has not heard from every chain yet, or repeats earlier blocks")


def is_ready(node: Node) -> bool:
    """Whether every chain has answered and no block of an earlier run is still to be sealed again."""
    return node.has_heard_all and not node.sequencer.is_replaying

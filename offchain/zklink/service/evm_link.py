"""A chain whose bridge is a contract, as the parts of a node take it (`ChainLink`)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from eth_account.signers.local import LocalAccount

from zklink.api.chain_reader import ChainReader
from zklink.api.live_view import LiveView
from zklink.history.read_model import History
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.l1.contracts.token import TokenClient
from zklink.l1.deployment.records import Deployment, TokenPlan
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.meters import NodeMeter
from zklink.l1.transport.nodes import list_meters, split_nodes
from zklink.l1.watcher import L1Watcher, QueuePlace
from zklink.node.standing import BridgeStanding
from zklink.node.watch import ChainWatch
from zklink.protocol.ids import TokenId
from zklink.recovery.connect import check_bridge
from zklink.sequencer.submitter import HistoryGate
from zklink.service.adapters import BridgeFillPort
from zklink.signers.bridge_reader import BridgeReader


@dataclass(frozen=True, slots=True)
class NodeKeys:
    """The keys of a node by role. The sequencer sends blocks to the chains. Both groups are local ones here, with all
    keys in this process. The broker's fills are repaid at `repay_to`, which is its alone; by default its own address.
    """

    sequencer: LocalAccount
    broker: LocalAccount
    validators: tuple[LocalAccount, ...]
    watchers: tuple[LocalAccount, ...]
    repay_to: str | None = None


@dataclass(frozen=True, slots=True)
class EvmLink:
    """One chain's bridge, with the accounts of `keys`; None if nothing is sent there."""

    deployment: Deployment
    bridge: BridgeClient
    keys: NodeKeys | None

    @property
    def profile(self) -> ChainProfile:
        return self.bridge.client.profile

    def check(self) -> None:
        self.bridge.client.check_chain_id()
        check_bridge(self.bridge, self.deployment)

    def check_nodes(self) -> None:
        check_nodes([self.bridge.client])

    def meters(self) -> tuple[NodeMeter, ...]:
        return list_meters(self.bridge.client.w3)

    def standing(self) -> BridgeStanding:
        return BridgeStanding(self.bridge)

    def reader(self) -> BridgeReader:
        return BridgeReader(self.bridge, self.deployment.primary)

    def watch(self, place: QueuePlace | None) -> ChainWatch:
        watcher = L1Watcher(self.bridge, self._from_block, self.deployment.deployment_hash, place)
        return ChainWatch(self.bridge, watcher)

    def gate(self) -> HistoryGate:
        return HistoryGate(self.bridge, self._own.sequencer)

    def fill_port(self) -> BridgeFillPort:
        return BridgeFillPort(self.bridge, self._own.broker, self._from_block, self._repaid)

    def store(self, token: TokenPlan) -> "ContractStore":
        contract = TokenClient(self.bridge.client, token.contracts[self.bridge.chain_id])
        return ContractStore(self.bridge, contract, token.token_id, self._own.broker)

    def api_reader(
        self, tokens: Iterable[TokenId], history: History, live: LiveView, clock: Callable[[], float]
    ) -> ChainReader:
        return ChainReader(self.bridge, self._from_block, tokens, history, live, clock)

    def broker_names(self) -> frozenset[bytes]:
        return frozenset(universal_address(address) for address in (self._own.broker.address, self._repaid))

    @property
    def _own(self) -> NodeKeys:
        if self.keys is None:
            raise AssertionError(f"nobody sends on {self.profile.name}")
        return self.keys

    @property
    def _repaid(self) -> str:
        return self._own.repay_to or self._own.broker.address

    @property
    def _from_block(self) -> int:
        return self.deployment.chains[self.bridge.chain_id].from_block


@dataclass(frozen=True, slots=True)
class ContractStore:
    """The Store of a token that is a contract, or the chain's coin."""

    bridge: BridgeClient
    contract: TokenClient
    token: TokenId
    owner: LocalAccount

    def held(self) -> int:
        return self._balance() // self.bridge.tokens.token_scale(self.token)

    def is_approved(self) -> bool:
        contract = self.contract
        return contract.is_native or contract.allowance(self.owner.address, self.bridge.address) >= self._balance()

    def approve(self) -> None:
        self.contract.ensure_allowance(self.owner, self.bridge.address, self._balance())

    def _balance(self) -> int:
        return self.contract.balance(self.owner.address)


def check_nodes(clients: Iterable[ChainClient]) -> None:
    """Every node must answer and serve its chain, also one among several. Raises WrongChain and RpcUnavailable, which
    name the node by its place in the settings.
    """
    for client in clients:
        nodes = split_nodes(client.w3)
        for number, node in enumerate(nodes, start=1):
            name = f"{client.profile.name}, node {number}" if len(nodes) > 1 else client.profile.name
            ChainClient(replace(client.profile, name=name), node).check_chain_id()

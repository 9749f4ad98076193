"""Connects to the chains of a published deployment: takes its file and one node's address per chain, gives the
deployment's bridges. Never gives a bridge that is not of that deployment.
"""

from collections.abc import Callable, Mapping, Sequence

from web3 import Web3
from web3.middleware import ExtraDataToPOAMiddleware

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.deployment.places import ChainDeployment
from zklink.l1.deployment.records import Deployment
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.nodes import connect_nodes
from zklink.l1.transport.redaction import redact
from zklink.l1.transport.roster import PoolPolicy
from zklink.protocol.domain import compute_deployment_hash
from zklink.protocol.errors import ChainUnknown, DeploymentRefused, HistoryDisagrees, NodeMissing, ZkLinkError
from zklink.protocol.ids import ChainId

BLOCK_TIME_SECONDS = 2.0
"""Seconds between two questions for a receipt; any chain's block time will do."""


Urls = Mapping[str, str | Sequence[str]]
"""The nodes of each chain, by its name in the deployment."""

MakeClient = Callable[[ChainProfile, Web3], ChainClient]
"""How a client is made of a chain's profile and a connection."""


def connect_bridges(deployment: Deployment, urls: Urls, quorum: int = 1) -> dict[ChainId, BridgeClient]:
    """A bridge per chain that has a node here. Raises what `connect` does, DeploymentRefused, HistoryDisagrees."""
    check_file(deployment)
    clients = connect(deployment, urls, quorum)
    bridges = {chain: BridgeClient(client, deployment.chains[chain].bridge) for chain, client in clients.items()}
    for bridge in bridges.values():
        check_bridge(bridge, deployment)
    return bridges


def check_file(deployment: Deployment) -> None:
    """Raise DeploymentRefused unless genesis, keys and chains give the deployment's hash: nobody has changed them."""
    preset, keys = deployment.preset, deployment.vk_hashes
    found = compute_deployment_hash(
        deployment.genesis.root,
        deployment.primary,
        preset.token_limit,
        preset.account_limit,
        keys.swap,
        keys.account,
        keys.exit,
        deployment.table,
    )
    if found != deployment.deployment_hash:
        raise DeploymentRefused(
            f"the file's genesis, keys and bridges give deployment hash 0x{found.hex()}, and it names "
            f"0x{deployment.deployment_hash.hex()}: use the file as it was published"
        )


def check_bridge(bridge: BridgeClient, deployment: Deployment) -> None:
    """Raise HistoryDisagrees unless the contract at a bridge's address is the deployment's; RpcUnavailable."""
    name = bridge.client.profile.name
    if not bridge.client.code(bridge.address):
        raise HistoryDisagrees(name, 0, f"there is no contract at {bridge.address}, where the bridge should be")
    found = bridge.deployment_hash()
    if found != deployment.deployment_hash:
        detail = f"the bridge at {bridge.address} belongs to deployment 0x{found.hex()}"
        raise HistoryDisagrees(name, 0, f"{detail}, not to 0x{deployment.deployment_hash.hex()}")


def connect(deployment: Deployment, urls: Urls, quorum: int = 1) -> dict[ChainId, ChainClient]:
    """A client per chain that has an address; `quorum` of a chain's nodes must agree about its head, logs and views. No
    member needs another one, so a chain that has halted can be left out; the primary has everybody's data.

    Raises NodeMissing if the primary has no address, ChainUnknown for an address without a chain, NodesDisagree for
    fewer nodes than the quorum, WrongChain, RpcUnavailable.
    """
    names = _check_names(deployment, urls)
    clients: dict[ChainId, ChainClient] = {}
    for chain_id, place in deployment.chains.items():
        if place.name in urls:
            clients[chain_id] = connect_chain(place, urls[place.name], quorum)
        elif chain_id == deployment.primary:
            raise NodeMissing(place.name, names)
    return clients


def connect_chain(
    place: ChainDeployment, nodes: str | Sequence[str], quorum: int = 1, make: MakeClient | None = None
) -> ChainClient:
    """A client of one chain, made by `make` if it is given. Raises NodesDisagree, WrongChain, RpcUnavailable."""
    profile = ChainProfile(place.name, place.chain_id, place.evm_chain_id, BLOCK_TIME_SECONDS, 1, "")
    w3 = connect_nodes(profile, [nodes] if isinstance(nodes, str) else list(nodes), policy=PoolPolicy(quorum))
    w3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
    client = (make or ChainClient)(profile, w3)
    client.check_chain_id()
    return client


def reach_bridges(
    deployment: Deployment, urls: Urls, quorum: int = 1, make: MakeClient | None = None
) -> tuple[dict[ChainId, BridgeClient], dict[ChainId, str]]:
    """The bridges that answer, and the reasons of those that do not: a chain without a node, away, or another one.
    Raises ChainUnknown, DeploymentRefused.
    """
    check_file(deployment)
    names = _check_names(deployment, urls)
    bridges, reasons = dict[ChainId, BridgeClient](), dict[ChainId, str]()
    for chain_id, place in deployment.chains.items():
        try:
            if place.name not in urls:
                raise NodeMissing(place.name, names)
            bridge = BridgeClient(connect_chain(place, urls[place.name], quorum, make), place.bridge)
            check_bridge(bridge, deployment)
        except ZkLinkError as error:
            reasons[chain_id] = redact(str(error))
        else:
            bridges[chain_id] = bridge
    return bridges, reasons


def _check_names(deployment: Deployment, urls: Urls) -> tuple[str, ...]:
    """The names of all chains; ChainUnknown for an address without a chain."""
    names = tuple(place.name for place in deployment.places.values())
    for name in urls:
        if name not in names:
            raise ChainUnknown(name, names)
    return names

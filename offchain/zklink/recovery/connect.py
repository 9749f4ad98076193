"""Connections to the chains of a published deployment: takes one node's address per chain, gives clients."""

from collections.abc import Mapping

from web3 import HTTPProvider, Web3
from web3.middleware import ExtraDataToPOAMiddleware

from zklink.l1.client import ChainClient
from zklink.l1.deployment import Deployment
from zklink.l1.profile import ChainProfile
from zklink.protocol.errors import NodeMissing
from zklink.protocol.ids import ChainId

BLOCK_TIME_SECONDS = 2.0
"""How often a chain is asked for a receipt; any chain's block time will do."""


def connect(deployment: Deployment, urls: Mapping[str, str]) -> dict[ChainId, ChainClient]:
    """A client per chain; `urls` go by the chain's name in the deployment.

    Raises NodeMissing for a chain without an address, WrongChain, RpcUnavailable.
    """
    clients: dict[ChainId, ChainClient] = {}
    for chain_id, place in deployment.chains.items():
        if place.name not in urls:
            raise NodeMissing(place.name, tuple(chain.name for chain in deployment.chains.values()))
        w3 = Web3(HTTPProvider(urls[place.name]))
        w3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
        profile = ChainProfile(place.name, chain_id, place.evm_chain_id, BLOCK_TIME_SECONDS, 1, "")
        clients[chain_id] = ChainClient(profile, w3)
        clients[chain_id].check_chain_id()
    return clients

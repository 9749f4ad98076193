"""The clients and accounts of a deployment: nodes from its environment, else from variables, else from ape."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from eth_account.signers.local import LocalAccount
from eth_utils import keccak
from web3 import Web3
from web3.middleware import ExtraDataToPOAMiddleware

from zklink.client.signers import ApeSigner
from zklink.l1.deployment.journal import Journal
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.nodes import connect_nodes
from zklink.l1.transport.roster import PoolPolicy
from zklink.l1.transport.secrets import keep_secret
from zklink.protocol.ids import ChainId
from zklink.service.deploying.planning import Project
from zklink.service.settings.deployer import EnvironmentSettings

OpenNetwork = Callable[[str], Web3]
"""ape's provider of a network."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A transaction as `Submission` takes it."""

    raw_transaction: bytes

    @property
    def hash(self) -> bytes:
        """The transaction's hash."""
        return keccak(self.raw_transaction)


class KeystoreAccount:
    """An account of ape's that signs what this package sends."""

    def __init__(self, account: Any) -> None:
        self._signer = ApeSigner(account)
        self.address = self._signer.address

    def sign_transaction(self, transaction: Mapping[str, Any]) -> Signed:
        """Sign; ape asks for what it needs. Raises SignerUnfit."""
        return Signed(self._signer.sign_transaction(transaction))


def as_local_account(account: Any) -> LocalAccount:
    """An account of ape's in the shape of eth-account's, as far as sending needs it."""
    return cast(LocalAccount, KeystoreAccount(account))


@dataclass(frozen=True, slots=True)
class Nodes:
    """How a chain is reached: web3.py on it, and the address of one of its nodes."""

    w3: Web3
    url: str


def open_nodes(
    project: Project,
    settings: EnvironmentSettings,
    open_network: OpenNetwork,
    variables: Mapping[str, str] = os.environ,
) -> dict[ChainId, Nodes]:
    """Each chain, ready for headers that carry more than Ethereum's. Raises NodesDisagree and what `open_network`
    raises.
    """
    found = {}
    for k, profile in project.profiles.items():
        place = settings.chains[profile.name]
        urls = [node.get_secret_value() for node in place.nodes] or _read_variable(profile.name, variables)
        if urls:
            w3, url = connect_nodes(profile, urls, policy=PoolPolicy(place.quorum)), urls[0]
            w3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
        else:
            w3 = open_network(project.networks[k])
            url = str(getattr(w3.provider, "endpoint_uri", ""))
        found[k] = Nodes(w3, url)
    return found


def build_clients(
    profiles: Mapping[ChainId, ChainProfile], nodes: Mapping[ChainId, Web3], journal: Journal | None = None
) -> dict[ChainId, ChainClient]:
    """A client per chain; with a journal its transactions outlive a restart."""
    if journal is None:
        return {k: ChainClient(profile, nodes[k]) for k, profile in profiles.items()}
    return {k: ChainClient(profile, nodes[k], kept=journal.submissions(k)) for k, profile in profiles.items()}


def _read_variable(name: str, variables: Mapping[str, str]) -> list[str]:
    """The node that a variable such as SEPOLIA_RPC names."""
    url = variables.get(f"{name.upper().replace('-', '_')}_RPC")
    if not url:
        return []
    keep_secret(url, public=(name,))
    return [url]

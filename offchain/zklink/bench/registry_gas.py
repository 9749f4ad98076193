"""Gas of the calls of governor and contract wallets, of creating the contracts, and of reading them.

Takes a deployed system, gives gas by figure for one of its chains. Never changes a token that the system uses.
"""

from collections.abc import Mapping
from typing import Any, Final

from eth_utils import to_checksum_address

from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC
from zklink.l1.contract_artifacts import AbiEntry, ContractArtifact, load_contract
from zklink.l1.contracts.registries import TokenRegistryClient
from zklink.l1.deployment.deploy import load_verifiers
from zklink.l1.transport.client import encode_call
from zklink.protocol.ids import AccountId, Amount, ChainId, Nonce
from zklink.protocol.messages import compute_key_change_digest

CONTRACTS: Final[Mapping[str, str]] = {
    "Bridge": "bridge",
    "BlockReader": "reader",
    "SyncLedger": "sync_ledger",
    "Exodus": "exodus",
    "TokenRegistry": "token_registry",
    "KeyRegistry": "key_registry",
    "CommitteeTransport": "transport",
}
"""The contracts of a chain, and their names in a deployment."""

VERIFIERS: Final = ("SwapVerifier", "AccountVerifier", "ExitVerifier")
"""Those of one preset, without its name."""

_KEY_HASH: Final = 1
_VALID_UNTIL: Final = 1 << 33
_SIGNATURE: Final = b"yes"


def load_contracts(system: LocalSystem, chain: ChainId) -> dict[str, tuple[str, ContractArtifact]]:
    """Every contract of the deployment on a chain: its address and its compiled form, by name."""
    here, verifiers = system.deployment.chains[chain], load_verifiers(system.deployment.preset)
    contracts = {name: (str(getattr(here, field)), load_contract(name)) for name, field in CONTRACTS.items()}
    made_from = (verifiers.swap, verifiers.account, verifiers.exit)
    addresses = (here.swap_verifier, here.account_verifier, here.exit_verifier)
    return contracts | dict(zip(VERIFIERS, zip(addresses, made_from, strict=True), strict=True))


def measure_creations(system: LocalSystem, chain: ChainId) -> dict[str, int]:
    """The gas that creating each contract took, found in the chain's blocks."""
    client = system.world[chain].client
    contracts = load_contracts(system, chain)
    names = {str(to_checksum_address(address)): name for name, (address, _) in contracts.items()}
    figures: dict[str, int] = {}
    for number in range(system.deployment.chains[chain].from_block + 1):
        for tx_hash in client.w3.eth.get_block(number)["transactions"]:
            receipt: Any = client.w3.eth.get_transaction_receipt(tx_hash)  # type: ignore[arg-type]
            name = names.get(str(receipt["contractAddress"]))
            if name is not None:
                figures[f"create {name}"] = int(receipt["gasUsed"])
    return figures


def measure_registries(system: LocalSystem, chain: ChainId) -> dict[str, int]:
    """A token in a fresh registry, other limits and a pause for it, and a contract wallet's consent to a key."""
    roles, client = system.world.roles, system.world[chain].client
    mask, limit = sum(1 << k for k in system.bridges), system.deployment.preset.token_limit
    arguments = chain, mask, limit, roles.governor.address
    registry = TokenRegistryClient(client, client.deploy(roles.deployer, load_contract("TokenRegistry"), *arguments))
    config = system.bridges[chain].tokens.token_config(USDC)
    wallet = client.deploy(roles.deployer, load_contract("TestWallet"))
    deployment_hash, account, nonce = system.deployment.deployment_hash, AccountId(0), Nonce(0)
    digest = compute_key_change_digest(deployment_hash, account, nonce, _KEY_HASH, _VALID_UNTIL)
    client.send(
        roles.deployer, encode_call(client.contract(wallet, load_contract("TestWallet")), "expect", digest, _SIGNATURE)
    )
    governor, limits = roles.governor, (Amount(config.minimum + 1), Amount(config.cap - 1))
    receipts = {
        "register_token": registry.register_token(governor, USDC, config),
        "set_token_limits": registry.set_token_limits(governor, USDC, *limits),
        "set_paused": registry.set_paused(governor, USDC, True),
        "authorise_by_contract": system.keys[chain].authorise_by_contract(
            roles.stranger, deployment_hash, wallet, account, nonce, _KEY_HASH, _SIGNATURE
        ),
    }
    return {name: receipt.gas_used for name, receipt in receipts.items()}


def measure_reads(system: LocalSystem, chain: ChainId) -> dict[str, int]:
    """Each view with plain arguments, as a transaction of its own (21,000 gas and its calldata included)."""
    client = system.world[chain].client
    figures: dict[str, int] = {}
    for name, (address, artifact) in load_contracts(system, chain).items():
        for entry in artifact.abi:
            if entry["type"] == "function" and entry["stateMutability"] in ("view", "pure") and are_plain(entry):
                function, arguments = str(entry["name"]), [_example(str(i["type"]), address) for i in entry["inputs"]]
                call = encode_call(client.contract(address, artifact), function, *arguments)
                figures[f"{name}.{function}"] = client.send(system.world.roles.stranger, call).gas_used
    return figures


def are_plain(function: AbiEntry) -> bool:
    """Whether a function takes numbers, addresses, hashes and truth values only."""
    kinds = [str(item["type"]) for item in function["inputs"]]
    return all(
        kind in ("address", "bool", "bytes32") or (kind.startswith("uint") and "[" not in kind) for kind in kinds
    )


def _example(kind: str, address: str) -> object:
    """The id 1, a contract that exists, or 32 zero bytes."""
    if kind == "address":
        return to_checksum_address(address)
    return bytes(32) if kind == "bytes32" else 1

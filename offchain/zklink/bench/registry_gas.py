"""Gas of the calls of a token's governor, of creating the contracts, and of reading them.

Takes a deployed system, gives gas by figure, of the home chain and of the primary. Never changes a token that the
system uses.
"""

from collections.abc import Mapping
from typing import Any, Final

from eth_utils import to_checksum_address

from zklink.bench.block_run import HOME, PRIMARY
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC
from zklink.l1.contract_artifacts import AbiEntry, ContractArtifact, load_contract
from zklink.l1.contracts.bridge_structs import NO_ADDRESS, PriceEntry
from zklink.l1.contracts.ends import MEMBER_END, PRIMARY_END
from zklink.l1.contracts.histories import MEMBER_HISTORY, PRIMARY_HISTORY
from zklink.l1.contracts.registries import RegistryClient
from zklink.l1.deployment.blueprint import PARTNERS
from zklink.l1.deployment.deploy import load_verifiers
from zklink.l1.transport.client import encode_call
from zklink.protocol.ids import PRICE_KINDS, Amount, ChainId

CONTRACTS: Final[Mapping[str, str]] = {
    "Bridge": "bridge",
    MEMBER_HISTORY: "history",
    MEMBER_END: "end",
    PRIMARY_HISTORY: "history",
    PRIMARY_END: "end",
    "Exodus": "exodus",
    "Groups": "groups",
    "Registry": "registry",
    "Timelock": "timelock",
}
"""The contracts of a deployment, and their names in its record."""

CREATION: Final = "create "
"""Before the name of a contract, in a figure's."""

_ELSEWHERE: Final = {True: (MEMBER_HISTORY, MEMBER_END), False: (PRIMARY_HISTORY, PRIMARY_END)}
"""Those that a chain does not have, by whether it is the primary."""

VERIFIERS: Final = ("SwapVerifier", "AccountVerifier", "ExitVerifier")
"""Those of one preset, without its name."""


def load_contracts(system: LocalSystem, chain: ChainId) -> dict[str, tuple[str, ContractArtifact]]:
    """Every contract of the deployment on a chain: its address and its compiled form, by name."""
    here, verifiers = system.deployment.chains[chain], load_verifiers(system.deployment.preset)
    elsewhere = _ELSEWHERE[chain == system.deployment.primary]
    contracts = {
        name: (str(getattr(here, field)), load_contract(name))
        for name, field in CONTRACTS.items()
        if name not in elsewhere
    }
    made_from = (verifiers.swap, verifiers.account, verifiers.exit)
    addresses = (here.swap_verifier, here.account_verifier, here.exit_verifier)
    return contracts | dict(zip(VERIFIERS, zip(addresses, made_from, strict=True), strict=True))


def measure_creations(system: LocalSystem) -> dict[str, int]:
    """The gas that creating each contract took, and all those of a chain together."""
    member, primary = _measure_creations(system, HOME), _measure_creations(system, PRIMARY)
    totals = {f"{CREATION}all contracts of a member": member, f"{CREATION}all contracts of the primary": primary}
    return primary | member | {name: sum(each.values()) for name, each in totals.items()}


def _measure_creations(system: LocalSystem, chain: ChainId) -> dict[str, int]:
    """Found in the chain's blocks."""
    client = system.world[chain].client
    contracts = load_contracts(system, chain)
    names = {str(to_checksum_address(address)): name for name, (address, _) in contracts.items()}
    figures: dict[str, int] = {}
    for number in range(system.deployment.chains[chain].from_block + len(PARTNERS)):
        for tx_hash in client.w3.eth.get_block(number)["transactions"]:
            receipt: Any = client.w3.eth.get_transaction_receipt(tx_hash)  # type: ignore[arg-type]
            name = names.get(str(receipt["contractAddress"]))
            if name is not None:
                figures[f"{CREATION}{name}"] = int(receipt["gasUsed"])
    return figures


def measure_registry(system: LocalSystem, chain: ChainId) -> dict[str, int]:
    """A token in a fresh registry, other limits and a pause for it."""
    roles, client = system.world.roles, system.world[chain].client
    mask, limit = sum(1 << k for k in system.bridges), system.deployment.preset.token_limit
    everybody = (roles.governor.address,) * 3
    prices = [PriceEntry(kind, 1_000, 1, 1_000_000).abi() for kind in range(1, PRICE_KINDS)]
    arguments = chain, mask, limit, *everybody, NO_ADDRESS, prices
    registry = RegistryClient(client, client.deploy(roles.deployer, load_contract("Registry"), *arguments))
    config = system.bridges[chain].tokens.token_config(USDC)
    governor, limits = roles.governor, (Amount(config.minimum + 1), Amount(config.cap - 1))
    receipts = {
        "register a token": registry.register_token(governor, USDC, config),
        "set a token's limits": registry.set_token_limits(governor, USDC, *limits),
        "tighten a token's limits": registry.tighten_token_limits(governor, USDC, *limits),
        "pause a token": registry.pause_token(governor, USDC),
        "admit a token again": registry.unpause_token(governor, USDC),
        "set twelve prices, rises": registry.set_prices(governor, dict.fromkeys(range(1, PRICE_KINDS), 1_500)),
        "set one price, a fall": registry.set_prices(governor, {1: 900}),
        "set the bounds of a price": registry.set_price_bounds(governor, 1, 2, 2_000_000),
        "name another setter": client.send(governor, registry.encode("set_setter", roles.setter.address)),
        "name another fee recipient": client.send(governor, registry.encode("set_fee_recipient", roles.setter.address)),
    }
    return {name: receipt.gas_used for name, receipt in receipts.items()}


def measure_reads(system: LocalSystem) -> dict[str, int]:
    """Each view with plain arguments, as a transaction of its own (21,000 gas and its calldata included): on the home
    chain, and on the primary those of the contracts that only it has.
    """
    figures: dict[str, int] = {}
    for chain in (PRIMARY, HOME):
        client = system.world[chain].client
        for name, (address, artifact) in load_contracts(system, chain).items():
            for entry in artifact.abi:
                if is_read(entry):
                    function, arguments = (
                        str(entry["name"]),
                        [_example(str(i["type"]), address) for i in entry["inputs"]],
                    )
                    call = encode_call(client.contract(address, artifact), function, *arguments)
                    figures[f"{name}.{function}"] = client.send(system.world.roles.stranger, call).gas_used
    return figures


def is_read(entry: AbiEntry) -> bool:
    """Whether an entry of an ABI is a view that takes plain arguments."""
    is_view = entry["type"] == "function" and entry["stateMutability"] in ("view", "pure")
    return is_view and are_plain(entry)


def are_plain(function: AbiEntry) -> bool:
    """Whether a function takes numbers, addresses, hashes and truth values only."""
    kinds = [str(item["type"]) for item in function["inputs"]]
    return all(
        kind in ("address", "bool", "bytes32") or (kind.startswith("uint") and "[" not in kind) for kind in kinds
    )


def _example(kind: str, address: str) -> object:
    """The id 1, a contract that exists, 32 zero bytes, or true."""
    if kind == "address":
        return to_checksum_address(address)
    if kind == "bool":
        return True
    return bytes(32) if kind == "bytes32" else 1

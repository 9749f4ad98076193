"""Builds the three bridges of tests/support/rig.py, with the product's own contracts.

Takes sizes, a verifier and, for a contract with a bug in it, another loader; gives the rig, or the constructor's
arguments for a test that deploys by itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.support.committee import Committee
from tests.support.evm import EvmChain, EvmContract
from tests.support.rig import (
    ACCOUNT_LIMIT,
    ACTORS,
    BAD,
    CHAIN_MASK,
    COIN,
    EVM_CHAIN_IDS,
    GENESIS_ROOT,
    GOVERNOR,
    NATIVE,
    OLD,
    PRIMARY,
    PROVIDER,
    REMOTE,
    RESERVE,
    START_TIME,
    TOKEN_LIMIT,
    TOKENS,
    USD,
    USD_DECIMALS,
    VALIDATOR,
    ZERO,
    A,
    C,
    Node,
    Rig,
    config,
    universal,
)
from zklink.l1.contract_artifacts import ContractArtifact, load_contract
from zklink.protocol.bridge_hashes import genesis_block
from zklink.protocol.domain import ChainEntry, compute_deployment_hash
from zklink.protocol.ids import AddressFormat, ChainId

Loader = Callable[[str], ContractArtifact]


@dataclass(frozen=True)
class Helpers:
    """What stands beside a bridge on its chain."""

    token_registry: EvmContract
    key_registry: EvmContract
    reader: EvmContract
    transport: EvmContract
    swap_verifier: EvmContract
    account_verifier: EvmContract
    exit_verifier: EvmContract

    def vk_hashes(self) -> tuple[bytes, bytes, bytes]:
        """Of the swap, account and exit circuits."""
        verifiers = (self.swap_verifier, self.account_verifier, self.exit_verifier)
        swap, account, exit_ = (verifier.vk_hash() for verifier in verifiers)
        return swap, account, exit_


@dataclass(frozen=True)
class Partners:
    """What is made for one bridge, before it."""

    sync_ledger: EvmContract
    exodus: EvmContract


def build_rig(
    verifier: str = "AcceptAllVerifier",
    make_chain: Callable[[int, int], EvmChain] = EvmChain,
    genesis_root: int = GENESIS_ROOT,
    token_limit: int = TOKEN_LIMIT,
    account_limit: int = ACCOUNT_LIMIT,
    reserve: int = RESERVE,
    load: Loader = load_contract,
) -> Rig:
    """Deploy, register the tokens, deposit `reserve` of each. `load` may give a bridge or partner with a bug in it."""
    committee = Committee()
    evms = {k: make_chain(evm_id, START_TIME) for k, evm_id in EVM_CHAIN_IDS.items()}
    for evm in evms.values():
        for account in ACTORS:
            evm.fund(account)
    helpers = {k: deploy_helpers(k, evm, committee, verifier, token_limit) for k, evm in evms.items()}
    table = make_table({k: predict_bridge(evm) for k, evm in evms.items()})
    deployment_hash = compute_deployment_hash(
        genesis_root, PRIMARY, token_limit, account_limit, *helpers[A].vk_hashes(), table
    )
    genesis = genesis_block(genesis_root, deployment_hash)
    nodes = {}
    for k, evm in evms.items():
        partners = deploy_partners(k, evm, helpers[k], deployment_hash, load=load)
        arguments = bridge_arguments(
            k,
            table,
            make_parts(helpers[k], partners),
            genesis_root=genesis_root,
            token_limit=token_limit,
            account_limit=account_limit,
        )
        bridge = evm.deploy(GOVERNOR, load("Bridge"), *arguments.values())
        nodes[k] = Node(k, evm, bridge, helpers[k], partners, {}, [genesis], [])
        _furnish(nodes[k])
        if reserve:
            for token in TOKENS:
                nodes[k].deposit(token, reserve, sender=PROVIDER)
    return Rig(nodes, committee, deployment_hash)


def make_table(bridges: Mapping[ChainId, str]) -> list[ChainEntry]:
    """The chain table for bridges at these addresses."""
    return [ChainEntry(k, EVM_CHAIN_IDS[k], AddressFormat.EVM, universal(address)) for k, address in bridges.items()]


def bridge_arguments(
    chain: ChainId, table: Sequence[ChainEntry], parts: tuple[str, ...], **changes: object
) -> dict[str, object]:
    """The constructor's arguments by name."""
    fields: dict[str, object] = {
        "chain_id": chain,
        "primary_chain": PRIMARY,
        "chains": [(e.chain_id, e.evm_chain_id, e.address_format, e.bridge) for e in table],
        "parts": parts,
        "token_limit": TOKEN_LIMIT,
        "account_limit": ACCOUNT_LIMIT,
        "genesis_root": GENESIS_ROOT,
        "validators": [VALIDATOR],
    }
    assert changes.keys() <= fields.keys()
    return fields | changes


def deploy_helpers(
    chain: ChainId, evm: EvmChain, committee: Committee, verifier: str, token_limit: int = TOKEN_LIMIT
) -> Helpers:
    """Everything that knows no bridge; one verifier serves the blocks of both lanes."""
    keys = evm.deploy(GOVERNOR, load_contract("KeyRegistry"))
    believer = evm.deploy(GOVERNOR, load_contract(verifier))
    transport = load_contract("CommitteeTransport")
    return Helpers(
        token_registry=evm.deploy(GOVERNOR, load_contract("TokenRegistry"), chain, CHAIN_MASK, token_limit, GOVERNOR),
        key_registry=keys,
        reader=evm.deploy(GOVERNOR, load_contract("BlockReader"), keys.address),
        transport=evm.deploy(GOVERNOR, transport, committee.members, committee.THRESHOLD),
        swap_verifier=believer,
        account_verifier=believer,
        exit_verifier=evm.deploy(GOVERNOR, load_contract("StatementVerifier")),
    )


def predict_bridge(evm: EvmChain) -> str:
    """Where the bridge will stand whose partners are deployed next."""
    return evm.predict_address(GOVERNOR, ahead=2)


def deploy_partners(
    chain: ChainId,
    evm: EvmChain,
    helpers: Helpers,
    deployment_hash: bytes,
    primary: ChainId = PRIMARY,
    mask: int = CHAIN_MASK,
    load: Loader = load_contract,
) -> Partners:
    """The sync ledger and the exodus of the bridge that the same deployer makes next."""
    bridge = predict_bridge(evm)
    addresses = (helpers.transport.address, helpers.reader.address)
    ledger = evm.deploy(GOVERNOR, load("SyncLedger"), bridge, deployment_hash, chain, primary, mask, *addresses)
    exodus = evm.deploy(GOVERNOR, load("Exodus"), bridge, ledger.address, helpers.exit_verifier.address)
    return Partners(ledger, exodus)


def make_parts(helpers: Helpers, partners: Partners) -> tuple[str, ...]:
    """Parts, as the bridge's constructor takes them."""
    contracts = (
        helpers.token_registry,
        helpers.reader,
        partners.sync_ledger,
        partners.exodus,
        helpers.swap_verifier,
        helpers.account_verifier,
    )
    return tuple(contract.address for contract in contracts)


def _furnish(node: Node) -> None:
    usd = node.evm.deploy(GOVERNOR, load_contract("TestToken"), "US Dollar", "USD", USD_DECIMALS[node.chain])
    old = node.evm.deploy(GOVERNOR, load_contract("NoReturnToken"), 6)
    bad = node.evm.deploy(GOVERNOR, load_contract("AdversarialToken"), 6)
    node.tokens.update({USD: usd, OLD: old, BAD: bad})
    for contract in node.tokens.values():
        for account in ACTORS:
            contract.mint(account, 10**36, sender=GOVERNOR)
            contract.approve(node.bridge.address, 2**256 - 1, sender=account)
    node.registry.register_token(COIN, config(COIN, NATIVE), sender=GOVERNOR)
    for token, contract in node.tokens.items():
        node.registry.register_token(token, config(token, contract.address), sender=GOVERNOR)
    if node.chain != C and int(node.registry.token_limit()) // 2 > REMOTE:
        node.registry.register_token(REMOTE, config(REMOTE, ZERO, chains=1 << C), sender=GOVERNOR)

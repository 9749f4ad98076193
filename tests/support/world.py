"""Three chains with the whole system on them, in process: what the on-chain properties play on.

Takes replaced contract sources (for mutants) and a verifier; gives chains, bridges, tokens, actors and a snapshot over
all of it. The contracts around the bridge are the product's; tokens and receivers behave as the test tells them; the
verifier is a perfect proof system (IdealVerifier) or none at all (AcceptAllVerifier).

The state that it starts from has pools already (a bridge takes any root for its genesis); what they own was deposited.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntFlag

from eth_keys.datatypes import PrivateKey
from pyrevm import EVM, BlockEnv, CfgEnv, Env

from tests.support.build import Replacements, load
from tests.support.evm import EvmChain, EvmContract
from tests.support.ledger import universal_address
from zklink.primitives.keccak import keccak256
from zklink.protocol.domain import ChainEntry, compute_deployment_hash, compute_lane_domain
from zklink.protocol.ids import (
    CUSTODY_LIMIT,
    OPERATOR_ACCOUNT,
    POOL_COUNT_ROW,
    AddressFormat,
    Amount,
    ChainId,
    Lane,
    TokenId,
)
from zklink.protocol.messages import SyncMessage, compute_digest
from zklink.protocol.presets import MINIMAL
from zklink.state.rows import Pool, TokenRow
from zklink.state.state import State

NATIVE = "0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE"
ZERO = "0x" + "00" * 20
START_TIME = 1_800_000_000
FORTUNE = 10**30
"""L1 units of every token that every actor begins with."""

A, B, C = ChainId(1), ChainId(2), ChainId(5)
"""The chains; ids with a gap, so that an index is not an id."""
CHAINS = (A, B, C)
PRIMARY = B
EVM_CHAIN_IDS = {A: 1, B: 137, C: 56}
CHAIN_MASK = sum(1 << chain for chain in CHAINS)

USD, ETH, BNB, ODD = TokenId(1), TokenId(2), TokenId(3), TokenId(4)
TOKENS = (USD, ETH, BNB, ODD)
COIN = -1
"""In place of decimals: the chain's own coin."""
DECIMALS: dict[TokenId, dict[ChainId, int]] = {
    USD: {A: 6, B: 18, C: 6},
    ETH: {A: COIN, B: 18, C: 18},
    BNB: {A: 8, C: COIN},
    ODD: {A: 9, B: 9, C: 12},
}
LAYER2_DECIMALS = {token: min(18 if d == COIN else d for d in places.values()) for token, places in DECIMALS.items()}
MINIMUM = 100
"""Smallest swap of every token, layer-2 units."""


class TokenMode(IntFlag):
    """What an OddToken does; the flags of its contract."""

    HONEST = 0
    FEE = 1
    NO = 2
    REVERT = 4
    BURN = 8
    LIE = 16
    REENTER = 32


class ReceiverMode(IntFlag):
    """What an OddReceiver does when it gets coin."""

    HONEST = 0
    REFUSE = 1
    BURN = 2
    BOMB = 4
    REENTER = 8


def unit(token: TokenId) -> int:
    """One whole token in layer-2 units."""
    return int(10 ** LAYER2_DECIMALS[token])


RESERVES: dict[TokenId, dict[ChainId, int]] = {
    USD: {A: 2_000_000, B: 1_500_000, C: 100_000},
    ETH: {A: 900, B: 595, C: 5},
    BNB: {A: 300, C: 700},
    ODD: {A: 20_000, B: 20_000, C: 10_000},
}
POOLS: dict[tuple[TokenId, TokenId], tuple[int, int, int]] = {
    (USD, ETH): (3_000_000, 1_000, 30),
    (USD, BNB): (600_000, 1_000, 0),
    (ETH, ODD): (500, 50_000, 100),
}


def make_state() -> State:
    """Reserves on each chain and the pools that own them, conserved per token; C is poor in ETH."""
    state = State(MINIMAL)
    state.set_owner(OPERATOR_ACCOUNT, universal_address(actor("operator")))
    for token, places in RESERVES.items():
        state.set_token(token, TokenRow(tuple(places.get(ChainId(k), 0) * unit(token) for k in range(1, 9)), 0))
    for number, ((lower, higher), (x, y, fee)) in enumerate(POOLS.items()):
        shares, lp_token = Amount(unit(lower)), TokenId(MINIMAL.lp_base + number)
        state.set_pool(lower, higher, Pool(x * unit(lower), y * unit(higher), shares, fee, lp_token))
        state.set_balance(OPERATOR_ACCOUNT, lp_token, shares)
    state.set_token(POOL_COUNT_ROW, TokenRow((0,) * 8, len(POOLS)))
    state.check_conservation()
    return state


def reserves_of(chain: ChainId) -> list[tuple[TokenId, Amount]]:
    """What a chain holds at the start, layer-2 units."""
    return [(token, Amount(places[chain] * unit(token))) for token, places in RESERVES.items() if chain in places]


def actor(role: str) -> str:
    """The account of a role, checksummed by nobody: lower case."""
    return "0x" + keccak256(role.encode())[12:].hex()


GOVERNOR, VALIDATOR, STRANGER = actor("governor"), actor("validator"), actor("stranger")
DEPOSITORS = (actor("depositor 1"), actor("depositor 2"))
RECIPIENTS = (actor("recipient 1"), actor("recipient 2"))
BROKERS = (actor("broker 1"), actor("broker 2"))
PROVIDER = actor("provider")
ACTORS = (GOVERNOR, STRANGER, PROVIDER, *DEPOSITORS, *RECIPIENTS, *BROKERS)


class Committee:
    """Five watchers, three of whom make a quorum."""

    THRESHOLD = 3

    def __init__(self) -> None:
        keys = [PrivateKey(keccak256(f"member {i}".encode())) for i in range(5)]
        self.keys = sorted(keys, key=lambda key: int(key.public_key.to_address(), 16))
        self.stranger = PrivateKey(keccak256(b"no member"))

    @property
    def members(self) -> list[str]:
        """Their addresses, ascending."""
        return [key.public_key.to_address() for key in self.keys]

    def sign(self, message: SyncMessage, deployment_hash: bytes, keys: list[PrivateKey] | None = None) -> bytes:
        """Signatures r || s || v over the message, in the order of `keys` (default: a quorum, ascending)."""
        digest = compute_digest(message, deployment_hash)
        return b"".join(self.signature(digest, key) for key in (self.keys[: self.THRESHOLD] if keys is None else keys))

    @staticmethod
    def signature(digest: bytes, key: PrivateKey) -> bytes:
        """65 bytes r || s || v with v = 27 or 28."""
        signature = key.sign_msg_hash(digest)
        return bytes(signature.r.to_bytes(32, "big") + signature.s.to_bytes(32, "big") + bytes([signature.v + 27]))


class RoomyChain(EvmChain):
    """A chain without a limit to the size of contracts: mutants are compiled without optimizer."""

    def __init__(self, evm_chain_id: int, time: int) -> None:
        super().__init__(evm_chain_id, time)
        config = CfgEnv(chain_id=evm_chain_id, limit_contract_code_size=2**17)
        self.evm = EVM(env=Env(cfg=config, block=BlockEnv(number=1, timestamp=time, gas_limit=10**9)), spec_id="CANCUN")


@dataclass(frozen=True)
class Site:
    """A token on a chain: its contract (None for the coin) and L1 units per layer-2 unit."""

    chain: ChainId
    token: TokenId
    contract: EvmContract | None
    scale: int

    @property
    def address(self) -> str:
        """What the registry calls it."""
        return NATIVE if self.contract is None else self.contract.address


@dataclass
class Side:
    """One chain of the deployment."""

    chain: ChainId
    mini: EvmChain
    bridge: EvmContract
    registry: EvmContract
    ledger: EvmContract
    exodus: EvmContract
    verifier: EvmContract
    transport: EvmContract
    keys: EvmContract
    receiver: EvmContract
    sites: dict[TokenId, Site]

    def balance(self, token: TokenId, owner: str) -> int:
        """L1 units of a token that an account holds."""
        contract = self.sites[token].contract
        return self.mini.balance(owner) if contract is None else int(contract.balanceOf(owner))


@dataclass
class World:
    """All chains; the same committee serves every one."""

    sides: dict[ChainId, Side]
    deployment_hash: bytes
    domain: int
    genesis_root: int
    committee: Committee = field(default_factory=Committee)
    replacements: Replacements = ()

    @contextmanager
    def rollback(self) -> Iterator[None]:
        """Whatever happens inside is undone on every chain, also when it raises; nothing is swallowed."""
        saved = [(side.mini, side.mini.evm.snapshot(), side.mini.time) for side in self.sides.values()]
        try:
            yield
        finally:
            for mini, checkpoint, time in saved:
                mini.evm.revert(checkpoint)
                mini.time = time

    def deploy(self, chain: ChainId, name: str, *args: object) -> EvmContract:
        """Another contract from the same (perhaps mutated) sources."""
        return self.sides[chain].mini.deploy(STRANGER, load(name, self.replacements), *args)

    def places(self) -> Iterator[Site]:
        """Every token on every chain where it is."""
        for side in self.sides.values():
            yield from side.sites.values()


class OnWorld:
    """Whoever lets things happen on a world's chains."""

    world: World

    def side(self, chain: ChainId) -> Side:
        """One chain."""
        return self.world.sides[chain]

    def status(self, chain: ChainId) -> tuple[int, int, int, int]:
        """Numbers of the last block committed, proven, accepted, executed."""
        committed, proven, accepted, executed = self.side(chain).bridge.status()
        return committed, proven, accepted, executed


def build_world(
    replacements: Replacements = (),
    verifier: str = "IdealVerifier",
    genesis: State | None = None,
    exit_verifier: str | None = None,
) -> World:
    """Deploy everything on three chains, and deposit what the pools own; nothing is deposited for another genesis."""
    committee, state = Committee(), genesis or make_state()
    minis = {chain: RoomyChain(EVM_CHAIN_IDS[chain], START_TIME) for chain in CHAINS}
    verifiers = (verifier, exit_verifier or verifier)
    parts = {k: _deploy_parts(k, mini, committee, verifiers, replacements) for k, mini in minis.items()}
    table = [ChainEntry(k, EVM_CHAIN_IDS[k], AddressFormat.EVM, universal_address(parts[k].bridge)) for k in CHAINS]
    sizes = (MINIMAL.token_limit, MINIMAL.account_limit)
    vk_hash, exit_vk_hash = parts[A].verifier.vk_hash(), parts[A].exit_verifier.vk_hash()
    deployment_hash = compute_deployment_hash(state.root, PRIMARY, *sizes, vk_hash, vk_hash, exit_vk_hash, table)
    entries = [(e.chain_id, e.evm_chain_id, e.address_format, e.bridge) for e in table]
    sides = {}
    for k, mini in minis.items():
        part = parts[k]
        places = (part.bridge, deployment_hash, k, PRIMARY, CHAIN_MASK, part.transport.address, part.reader.address)
        ledger = mini.deploy(GOVERNOR, load("SyncLedger", replacements), *places)
        outside = (part.bridge, ledger.address, part.exit_verifier.address)
        exodus = mini.deploy(GOVERNOR, load("Exodus", replacements), *outside)
        helpers = (part.registry, part.reader, ledger, exodus, part.verifier, part.verifier)
        addresses = tuple(contract.address for contract in helpers)
        arguments = (k, PRIMARY, entries, addresses, *sizes, state.root, [VALIDATOR])
        bridge = mini.deploy(GOVERNOR, load("Bridge", replacements), *arguments)
        receiver = mini.deploy(GOVERNOR, load("OddReceiver"))
        sites = _make_tokens(k, mini, bridge.address, receiver.address)
        parts_of_side = (part.registry, ledger, exodus, part.verifier, part.transport, part.keys)
        sides[k] = Side(k, mini, bridge, *parts_of_side, receiver, sites)
        _register(sides[k])
        if genesis is None:
            _furnish(sides[k])
    domain = compute_lane_domain(deployment_hash, Lane.SWAP)
    return World(sides, deployment_hash, domain, state.root, committee, replacements)


@dataclass(frozen=True)
class _Parts:
    """What stands on a chain before its bridge, and where that will be."""

    registry: EvmContract
    reader: EvmContract
    transport: EvmContract
    verifier: EvmContract
    exit_verifier: EvmContract
    keys: EvmContract
    bridge: str


def _deploy_parts(
    chain: ChainId, mini: EvmChain, committee: Committee, verifiers: tuple[str, str], replacements: Replacements
) -> _Parts:
    keys = mini.deploy(GOVERNOR, load("KeyRegistry", replacements))
    registry = load("TokenRegistry", replacements)
    transport = load("CommitteeTransport", replacements)
    return _Parts(
        registry=mini.deploy(GOVERNOR, registry, chain, CHAIN_MASK, MINIMAL.token_limit, GOVERNOR),
        reader=mini.deploy(GOVERNOR, load("BlockReader", replacements), keys.address),
        transport=mini.deploy(GOVERNOR, transport, committee.members, committee.THRESHOLD),
        verifier=mini.deploy(GOVERNOR, load(verifiers[0], replacements)),
        exit_verifier=mini.deploy(GOVERNOR, load(verifiers[1], replacements)),
        keys=keys,
        bridge=mini.predict_address(GOVERNOR, ahead=2),
    )


def _make_tokens(chain: ChainId, mini: EvmChain, bridge: str, receiver: str) -> dict[TokenId, Site]:
    for account in (*ACTORS, receiver):
        mini.evm.set_balance(account, FORTUNE)
    sites = {}
    for token, places in DECIMALS.items():
        if chain not in places:
            continue
        decimals = places[chain]
        if decimals == COIN:
            sites[token] = Site(chain, token, None, int(10 ** (18 - LAYER2_DECIMALS[token])))
            continue
        contract = mini.deploy(GOVERNOR, load("OddToken"), decimals)
        for account in (*ACTORS, receiver):
            contract.mint(account, FORTUNE)
        for account in ACTORS:
            contract.approve(bridge, 2**256 - 1, sender=account)
        sites[token] = Site(chain, token, contract, int(10 ** (decimals - LAYER2_DECIMALS[token])))
    return sites


def _register(side: Side) -> None:
    """Register the tokens."""
    for token, places in DECIMALS.items():
        mask = sum(1 << k for k in places)
        address = side.sites[token].address if token in side.sites else ZERO
        config = (mask, address, LAYER2_DECIMALS[token], MINIMUM, CUSTODY_LIMIT)
        side.registry.register_token(token, config, sender=GOVERNOR)


def _furnish(side: Side) -> None:
    """Deposit what the pools own here."""
    for token, amount in reserves_of(side.chain):
        site = side.sites[token]
        l1_amount = amount * site.scale
        order = (token, l1_amount, universal_address(PROVIDER))
        side.bridge.deposit(order, sender=PROVIDER, value=l1_amount if site.contract is None else 0)

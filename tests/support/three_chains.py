"""The three chains of all in-process tests of contracts: who acts there, and one deployment by the product's own code.

Takes tokens, verifiers, a genesis root and, for contracts with a bug in them, replaced sources; gives chains,
contracts, tokens and a snapshot over all of it. What a test keeps beside them stands in two layers on top: blocks that
it writes itself (`drafts/`), or books and blocks of the transition (`books/`).
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Generic, TypeVar

from eth_account import Account
from eth_utils import to_checksum_address

from tests.support.compile_vyper import Replacements, load
from tests.support.evm import EvmChain, EvmContract
from tests.support.evm_client import EvmClient
from tests.support.groups import KnownGroup, KnownGroups
from tests.support.lines import Line
from zklink.l1.contracts.bridge_structs import NATIVE, NO_ADDRESS, PriceEntry, universal_address
from zklink.l1.deployment.deploy import deploy
from zklink.l1.deployment.records import (
    Deployment,
    DeploymentAccounts,
    DeploymentPlan,
    GroupPlan,
    TokenPlan,
    Verifiers,
)
from zklink.primitives.keccak import keccak256
from zklink.protocol.bridge_hashes import Tip
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.ids import CUSTODY_LIMIT, Amount, ChainId, Lane, TokenId
from zklink.protocol.presets import Preset
from zklink.state.genesis_state import Genesis

A, B, C = ChainId(1), ChainId(2), ChainId(5)
"""The chains; ids with a gap, so that an index is not an id."""
CHAINS = (A, B, C)
CHAIN_NAMES = {A: "A", B: "B", C: "C"}
PRIMARY = B
MEMBERS = (A, C)
EVM_CHAIN_IDS = {A: 1, B: 137, C: 56}
CHAIN_MASK = sum(1 << chain for chain in CHAINS)
START_TIME = 1_800_000_000
BLOCKS_PER_DAY = 1_000
"""Blocks that a day of a window takes; the chains make one a second."""
ZERO = NO_ADDRESS

USD = TokenId(1)
"""The token that both layers know."""
AS_COIN = -1
"""In place of decimals: the chain's own coin."""
MINIMUM = Amount(100)
"""Smallest swap and deposit of every token, layer-2 units."""
MOST = 2**256 - 1
"""No limit to an amount."""
FORTUNE = 10**36
"""L1 units of every token that every actor begins with."""


def actor_key(role: str) -> bytes:
    """The secret key of a role."""
    return keccak256(role.encode())


ROLES: dict[str, str] = {}
"""Everybody's role by account."""


def actor(role: str) -> str:
    """The account of a role, checksummed by nobody: lower case."""
    account = str(Account.from_key(actor_key(role)).address).lower()
    ROLES[account] = role
    return account


GOVERNOR, SEQUENCER, STRANGER, PROVIDER = map(actor, ("governor", "sequencer", "stranger", "provider"))
SETTER, FEE_RECIPIENT = map(actor, ("setter", "fee recipient"))
DEPOSITORS = (actor("depositor 1"), actor("depositor 2"))
RECIPIENTS = (actor("recipient 1"), actor("recipient 2"))
BROKERS = (actor("broker 1"), actor("broker 2"))
DEPOSITOR, RECIPIENT, BROKER = DEPOSITORS[0], RECIPIENTS[0], BROKERS[0]
ACTORS = (GOVERNOR, SEQUENCER, STRANGER, PROVIDER, SETTER, *DEPOSITORS, *RECIPIENTS, *BROKERS)


def account_of(universal: bytes) -> str:
    """The account behind a universal address, lower case like every actor."""
    assert universal[:12] == bytes(12)
    return "0x" + universal[12:].hex()


@dataclass(frozen=True)
class TokenDesign:
    """A token to be deployed: its decimals on each chain that has it, or AS_COIN, and its contract there."""

    token: TokenId
    layer2_decimals: int
    decimals: Mapping[ChainId, int]
    contract: str = ""
    arguments: tuple[object, ...] = ()
    """What the contract's constructor takes before the decimals."""

    def create(self, chain: ChainId, evm: EvmChain) -> "Site":
        """The token on a chain; with a fortune for everybody."""
        decimals = self.decimals[chain]
        if decimals == AS_COIN:
            return Site(chain, self.token, None, int(10 ** (18 - self.layer2_decimals)))
        contract = evm.deploy(GOVERNOR, load(self.contract), *self.arguments, decimals)
        for account in ACTORS:
            contract.mint(account, FORTUNE, sender=GOVERNOR)
        return Site(chain, self.token, contract, int(10 ** (decimals - self.layer2_decimals)))


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
class DeployedChain:
    """One chain of the deployment: its contracts, by the names that the product gives them, and its tokens."""

    chain: ChainId
    evm: EvmChain
    sites: dict[TokenId, Site]
    bridge: EvmContract
    history: EvmContract
    groups: EvmContract
    end: EvmContract
    exodus: EvmContract
    registry: EvmContract
    swap_verifier: EvmContract
    account_verifier: EvmContract
    exit_verifier: EvmContract

    def token(self, token: TokenId) -> EvmContract:
        """The contract of a token that is not the coin."""
        contract = self.sites[token].contract
        assert contract is not None, f"token {token} is the coin of chain {self.chain}"
        return contract

    def scale(self, token: TokenId) -> int:
        """L1 units per layer-2 unit."""
        return self.sites[token].scale

    def balance(self, token: TokenId, owner: str) -> int:
        """L1 units of a token that an account holds."""
        contract = self.sites[token].contract
        return self.evm.balance(owner) if contract is None else int(contract.balanceOf(owner))

    def tip(self) -> Tip:
        """The last block accepted or imported here."""
        return Tip.from_abi(self.history.tip())

    def accepted_hash(self) -> bytes:
        """The sync hash of the last block accepted or imported here."""
        return self.tip().sync_hash

    def deposit(self, token: TokenId, amount: int, sender: str = DEPOSITOR, owner: bytes | None = None) -> int:
        """Deposit layer-2 units for the sender or another owner; gives the request's id. Raises Reverted."""
        l1_amount = amount * self.scale(token)
        order = (token, l1_amount, universal_address(sender) if owner is None else owner, 0, sender)
        return int(self.bridge.deposit(order, sender=sender, value=self.value_of(token, l1_amount)))

    def repaid(self, key: bytes) -> str:
        """Who is repaid for the fill of a payout; ZERO for nobody, address 1 when it is executed."""
        return str(self.bridge.filler(key)[0])

    def withdraw(self, token: TokenId, receiver: str, sender: str, l1_amount: int = MOST) -> None:
        """Somebody pulls what it is owed, by default all. Raises Reverted."""
        self.bridge.withdraw_pending_balance(token, receiver, l1_amount, sender=sender)

    @property
    def wrapped(self) -> EvmContract:
        """What wraps this chain's coin."""
        return self.evm.contracts[to_checksum_address(self.registry.wrapped())]

    def set_price(self, kind: int, gwei: int) -> None:
        """The governor fixes what a door costs, at once."""
        self.registry.set_price_bounds(kind, gwei, gwei, sender=GOVERNOR)

    def value_of(self, token: TokenId, l1_amount: int) -> int:
        """What goes with a call that pays the bridge: the amount if the token is the coin, else nothing."""
        return l1_amount if self.sites[token].contract is None else 0


Prices = Mapping[ChainId, tuple[PriceEntry, ...]]
"""What the doors of each chain cost."""

CONTRACTS = tuple(field.name for field in fields(DeployedChain))[3:]
"""The names of a chain's contracts."""

OneOfThem = TypeVar("OneOfThem", bound=DeployedChain)


@dataclass
class ThreeChains(Generic[OneOfThem]):
    """All chains; the same groups serve every one."""

    chains: dict[ChainId, OneOfThem]
    deployment: Deployment
    groups: KnownGroups
    replacements: Replacements = ()

    def __getitem__(self, chain: ChainId) -> OneOfThem:
        return self.chains[chain]

    def __iter__(self) -> Iterator[OneOfThem]:
        return iter(self.chains.values())

    @property
    def deployment_hash(self) -> bytes:
        """Of the deployment."""
        return self.deployment.deployment_hash

    @property
    def genesis_root(self) -> int:
        """The root before block 1."""
        return self.deployment.genesis.root

    def domain(self, lane: Lane = Lane.SWAP) -> int:
        """The domain of a lane's blocks."""
        return compute_lane_domain(self.deployment_hash, lane)

    def sites(self) -> Iterator[Site]:
        """Every token on every chain where it is."""
        for one in self:
            yield from one.sites.values()

    @property
    def primary(self) -> OneOfThem:
        """The chain that fixes the order."""
        return self.chains[PRIMARY]

    def line(self) -> Line:
        """A line of blocks that has none yet."""
        return Line(self.groups, self.genesis_root, PRIMARY, MEMBERS)

    def ask_queue(self, chain: ChainId, lane: Lane, count: int) -> bytes:
        """A chain's queue hash, as honest watchers read it."""
        return bytes(self[chain].bridge.queue_hash(lane, count))

    def deploy(self, chain: ChainId, name: str, *args: object) -> EvmContract:
        """Another contract from the same (perhaps mutated) sources."""
        return self[chain].evm.deploy(STRANGER, load(name, self.replacements), *args)

    @contextmanager
    def rollback(self) -> Iterator[None]:
        """Whatever happens inside is undone on every chain, also when it raises; nothing is swallowed."""
        with ExitStack() as stack:
            for one in self:
                stack.enter_context(one.evm.rollback())
            yield


@dataclass(frozen=True, slots=True)
class AnyGenesis(Genesis):
    """A genesis with any root at all: a bridge takes whatever it is given."""

    any_root: int = 0

    @property
    def root(self) -> int:
        """The root before block 1."""
        return self.any_root


@dataclass(frozen=True)
class _Plan(DeploymentPlan):
    """The product's plan, except that it may start from any root."""

    root: int = 0

    @property
    def genesis(self) -> Genesis:
        """Where the deployment starts."""
        return AnyGenesis(self.preset.name, self.operator, self.root)


def deploy_three_chains(
    tokens: tuple[TokenDesign, ...],
    verifiers: tuple[str, str],
    genesis_root: int,
    preset: Preset,
    replacements: Replacements = (),
    prices: Prices = MappingProxyType({}),
    has_timelock: bool = False,
) -> ThreeChains[DeployedChain]:
    """Tokens and the whole system on three chains. `verifiers` are those of blocks and of exits; mutants are compiled
    without optimizer and may be larger than a chain allows. A door that `prices` do not name costs nothing. GOVERNOR
    governs, or owns the timelocks.
    """
    groups = KnownGroups()
    evms = {k: EvmChain(EVM_CHAIN_IDS[k], START_TIME, is_roomy=bool(replacements)) for k in CHAINS}
    for evm in evms.values():
        for account in ACTORS:
            evm.fund(account, FORTUNE)
    sites = {k: {t.token: t.create(k, evms[k]) for t in tokens if k in t.decimals} for k in CHAINS}
    block_verifier, exit_verifier = (load(name) for name in verifiers)
    plan = _Plan(
        preset=preset,
        primary=PRIMARY,
        operator=universal_address(actor("operator")),
        tokens=tuple(_plan_token(token, sites) for token in tokens),
        verifiers=Verifiers(block_verifier, block_verifier, exit_verifier),
        validators=_plan_group(groups.validators),
        watchers=_plan_group(groups.watchers),
        blocks_per_day=dict.fromkeys(CHAINS, BLOCKS_PER_DAY),
        setter=SETTER,
        fee_recipient=FEE_RECIPIENT,
        prices=prices,
        has_timelock=has_timelock,
        wrapped={k: evm.deploy(GOVERNOR, load("WrappedCoin")).address for k, evm in evms.items()},
        root=genesis_root,
    )
    governor = Account.from_key(actor_key("governor"))
    clients = {k: EvmClient(k, evm, lambda name: load(name, replacements)) for k, evm in evms.items()}
    deployment = deploy(plan, clients, DeploymentAccounts(governor, governor))
    chains = {k: _open(k, evm, deployment, sites[k]) for k, evm in evms.items()}
    signers = replace(groups, deployment_hash=deployment.deployment_hash)
    return ThreeChains(chains, deployment, signers, replacements)


def _plan_group(group: KnownGroup) -> GroupPlan:
    return GroupPlan(group.members, group.threshold)


def _plan_token(token: TokenDesign, sites: Mapping[ChainId, Mapping[TokenId, Site]]) -> TokenPlan:
    contracts = {k: sites[k][token.token].address for k in token.decimals}
    return TokenPlan(token.token, f"T{token.token}", token.layer2_decimals, contracts, MINIMUM, Amount(CUSTODY_LIMIT))


def _open(chain: ChainId, evm: EvmChain, deployment: Deployment, sites: dict[TokenId, Site]) -> DeployedChain:
    """Find the contracts of a chain, and let the bridge take everybody's tokens."""
    record = deployment.chains[chain]
    contracts = {name: evm.contracts[getattr(record, name)] for name in CONTRACTS}
    here = DeployedChain(chain, evm, sites, **contracts)
    for contract in filter(None, (site.contract for site in sites.values())):
        for account in ACTORS:
            contract.approve(here.bridge.address, 2**256 - 1, sender=account)
    return here

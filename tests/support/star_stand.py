"""The system deployed on chains of the lab, for whoever attacks it with messages: a bridge at home and one at the
primary, tokens of three kinds, and groups of which a test chooses the watchers.

Takes a world and, for contracts with a bug in them, replaced sources; gives contracts of web3.py. Verifiers believe
everything, and nothing waits for a timelock: neither is what is attacked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

from eth_account.signers.local import LocalAccount
from web3.contract import Contract

from tests.support.compile_vyper import Replacements, find_imports, load
from tests.support.groups import KnownGroup, KnownGroups
from zklink.l1.contract_artifacts import ContractArtifact, find_source, load_contract
from zklink.l1.contracts.bridge_structs import TokenConfig, universal_address
from zklink.l1.deployment.deploy import deploy
from zklink.l1.deployment.records import Deployment, DeploymentAccounts, DeploymentPlan, GroupPlan, TokenPlan, Verifiers
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.client import ChainClient
from zklink.lab.accounts import funded_account
from zklink.lab.chain import LocalChain
from zklink.lab.committee import Committee
from zklink.lab.conformance import AWAY, HOME
from zklink.lab.contracts import Build, compile_vyper
from zklink.lab.contracts import deploy as deploy_build
from zklink.lab.new_project import TEMPLATE
from zklink.lab.sending import set_up
from zklink.lab.world import LabWorld
from zklink.protocol.ids import CUSTODY_LIMIT, NO_CLASS, Amount, ChainId, TokenId
from zklink.protocol.presets import MINIMAL

DEPLOYER, GOVERNOR, SEQUENCER, PROVIDER = map(funded_account, (0, 1, 2, 3))
HERE, PRIMARY = ChainId(1), ChainId(2)
"""Home, and the chain that fixes the order, by the protocol's ids in every deployment."""

SIZES: Final = replace(MINIMAL, token_depth=5, account_depth=12)
"""Room for some tokens; no circuit is needed."""

WATCHERS: Final = Committee.of(3, 2)
VALIDATORS: Final = Committee.of(3, 2, "validators")
PLAIN_TOKEN, SIX_TOKEN, FEE_TOKEN, NO_TOKEN_THERE, NEW = map(TokenId, range(1, 6))
"""18 decimals; 6 at home and 18 at the primary; one whose transfers cost 10 percent at home; two that are not
registered.
"""

KINDS: Final = {PLAIN_TOKEN: (18, 18, 0), SIX_TOKEN: (6, 18, 0), FEE_TOKEN: (18, 18, 10)}
"""By token: decimals at home, which are those of layer 2, decimals at the primary, and the fee at home."""

NOTHING: Final = "0x" + "11" * 20
"""An address without code."""

PEOPLE: Final = tuple(funded_account(number).address for number in range(11, 15))
"""Who plays in the suite."""

RESERVE: Final = 10**9
"""What a provider has deposited of each token on each chain, layer-2 units."""


class StandClient(ChainClient):
    """The product's client, which deploys contracts with a bug in them."""

    def __init__(self, profile: ChainProfile, chain: LocalChain, replacements: Replacements) -> None:
        super().__init__(profile, chain.w3)
        self._replacements = replacements

    def deploy(self, account: LocalAccount, artifact: ContractArtifact, *arguments: object, value: int = 0) -> str:
        return super().deploy(account, load_bug(artifact.name, self._replacements), *arguments, value=value)


@dataclass(frozen=True)
class Stand:
    """One deployment. Contracts and tokens are named by the chain; the primary is `away`, or where a copy stands."""

    world: LabWorld
    primary: str
    deployment: Deployment
    replacements: Replacements
    tokens: Mapping[TokenId, Mapping[str, Contract]]
    contracts: dict[tuple[str, str], Contract] = field(default_factory=dict)

    @property
    def deployment_hash(self) -> bytes:
        """What everything that is signed names."""
        return self.deployment.deployment_hash

    @property
    def groups(self) -> KnownGroups:
        """Both groups, with their keys."""
        validators = KnownGroup.of(VALIDATORS.accounts, VALIDATORS.threshold)
        return KnownGroups(self.deployment_hash, validators, KnownGroup.of(WATCHERS.accounts, WATCHERS.threshold))

    def contract(self, chain: str, name: str, artifact: str = "") -> Contract:
        """A contract by the name that the deployment gives it."""
        key = chain, name
        if key not in self.contracts:
            address = getattr(self.deployment.chains[HERE if chain == HOME else PRIMARY], name)
            abi = load_contract(artifact or name.capitalize()).abi_list()
            self.contracts[key] = self.world.chain(chain).w3.eth.contract(address, abi=abi)
        return self.contracts[key]

    def bridge(self, chain: str) -> Contract:
        """The bridge of a chain."""
        return self.contract(chain, "bridge")

    def history(self, chain: str) -> Contract:
        """The history of a chain."""
        return self.contract(chain, "history", "MemberHistory" if chain == HOME else "PrimaryHistory")

    def register(self, chain: str, token: TokenId, address: str) -> Any:
        """The call that gives a token of 18 decimals its meaning on a chain."""
        config = TokenConfig(frozenset((HERE, PRIMARY)), address, 18, Amount(1), Amount(CUSTODY_LIMIT), NO_CLASS)
        return self.contract(chain, "registry").functions.register_token(token, config.abi())

    def form_groups(self, chain: str, watchers: Committee) -> None:
        """Deploy groups with other watchers. Raises ContractUnusable if they are refused."""
        groups = load_bug("Groups", self.replacements)
        members = VALIDATORS.members, VALIDATORS.threshold, watchers.members, watchers.threshold
        build = Build(groups.name, groups.abi_list(), f"0x{groups.bytecode.hex()}")
        deploy_build(self.world.chain(chain), build, *members, GOVERNOR.address, 6)


def found(world: LabWorld, primary: str = AWAY, replacements: Replacements = ()) -> Stand:
    """Deploy tokens and the system at home and at a primary, and deposit what the provider gives."""
    names = (HOME, primary)
    tokens = {token: _create_token(world, names, *kind) for token, kind in KINDS.items()}
    believing = load_contract("AcceptAllVerifier")
    plan = DeploymentPlan(
        preset=SIZES,
        primary=PRIMARY,
        operator=universal_address(SEQUENCER.address),
        tokens=tuple(_plan_token(token, KINDS[token][0], contracts) for token, contracts in tokens.items()),
        verifiers=Verifiers(believing, believing, believing),
        validators=GroupPlan(VALIDATORS.members, VALIDATORS.threshold),
        watchers=GroupPlan(WATCHERS.members, WATCHERS.threshold),
        blocks_per_day=dict.fromkeys((HERE, PRIMARY), 6),
        setter=GOVERNOR.address,
        fee_recipient=PROVIDER.address,
        has_timelock=False,
    )
    clients = {_id(name): _connect(world.chain(name), replacements) for name in names}
    deployment = deploy(plan, clients, DeploymentAccounts(DEPLOYER, GOVERNOR))
    stand = Stand(world, primary, deployment, replacements, tokens)
    for name in names:
        for token in KINDS:
            _deposit(stand, name, token)
    return stand


@lru_cache(maxsize=64)
def load_bug(name: str, replacements: Replacements) -> ContractArtifact:
    """A contract of the product, with the bug if it imports it."""
    is_sound = not replacements or _find_imports(name).isdisjoint(path for path, _ in replacements)
    return load_contract(name) if is_sound else load(name, replacements, is_small=True)


@lru_cache(maxsize=64)
def _find_imports(name: str) -> set[Path]:
    return find_imports(find_source(name))


def set_clocks(world: LabWorld) -> None:
    """No chain's clock is behind the one at home."""
    now = world.chain(HOME).head_timestamp()
    for chain in world.chains:
        if chain.head_timestamp() < now:
            chain.advance_time(now - chain.head_timestamp())


def scale(chain: str, token: TokenId) -> int:
    """Units of a token's contract on a chain per layer-2 unit."""
    home, away, _ = KINDS[token]
    return 1 if chain == HOME else int(10 ** (away - home))


def _id(name: str) -> ChainId:
    return HERE if name == HOME else PRIMARY


def _connect(chain: LocalChain, replacements: Replacements) -> ChainClient:
    spec = chain.spec
    profile = ChainProfile(spec.name, _id(spec.name), spec.evm_chain_id, spec.block_time_seconds, 4, "ETH", True)
    return StandClient(profile, chain, replacements)


def _create_token(
    world: LabWorld, names: tuple[str, str], home: int, away: int, fee_percent: int
) -> dict[str, Contract]:
    build, (here, there) = compile_vyper(TEMPLATE / "contracts" / "TestToken.vy"), names
    return {
        here: deploy_build(world.chain(here), build, home, fee_percent),
        there: deploy_build(world.chain(there), build, away, 0),
    }


def _plan_token(token: TokenId, decimals: int, contracts: Mapping[str, Contract]) -> TokenPlan:
    addresses = {_id(name): str(contract.address) for name, contract in contracts.items()}
    return TokenPlan(token, f"T{token}", decimals, addresses, Amount(1), Amount(CUSTODY_LIMIT))


def _deposit(stand: Stand, chain: str, token: TokenId) -> None:
    contract, bridge, amount = stand.tokens[token][chain], stand.bridge(chain), RESERVE * scale(chain, token)
    who = PROVIDER.address
    order = (token, amount, universal_address(who), 0, who)
    send = partial(set_up, stand.world.chain(chain), sender=who, story=stand.world.story)
    send(contract.functions.mint(who, amount), text="tokens for the provider")
    for person in PEOPLE:
        set_up(
            stand.world.chain(chain), contract.functions.approve(bridge.address, 2**255), person, "", stand.world.story
        )
    send(contract.functions.approve(bridge.address, amount), text="the provider's approval")
    send(bridge.functions.deposit(order), text="the provider's deposit")

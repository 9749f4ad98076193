"""A star with two EVM chains on revm and one Solana chain of the laboratory: one deployment, the product's own
contracts and program, development keys of the minimal circuits.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from eth_account.signers.local import LocalAccount

from tests.support.groups import KnownGroup, KnownGroups
from tests.support.solana.founding import prover
from tests.support.solana.on_ledger import LedgerMachine
from tests.support.solana.site import Site
from zklink.devnet.profiles import AVALANCHE, POLYGON
from zklink.devnet.roles import GROUP_THRESHOLD
from zklink.devnet.system import BLOCKS_PER_DAY, FORTUNE_USD, LocalSystem
from zklink.devnet.tokens import USDC, deploy_test_tokens, load_tokens, mint, token_by_id
from zklink.devnet.world import World, open_world
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.l1.deployment.deploy import deploy, load_verifiers
from zklink.l1.deployment.places import ProgramDeployment
from zklink.l1.deployment.records import Deployment, DeploymentAccounts, DeploymentPlan, GroupPlan, TokenPlan
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.node.ports import Proved
from zklink.operations.requests import RequestKey
from zklink.protocol.domain import ChainEntry
from zklink.protocol.ids import Amount, ChainId, Lane, TokenId
from zklink.protocol.presets import MINIMAL
from zklink.prover.source import Statement
from zklink.transition.block_frame import LaneBlock
from zklink.witness.block_inputs import compute_block_inputs

SOLANA = ChainId(5)
SOLANA_PROFILE = ChainProfile("solana", SOLANA, 0, 0.4, 1, "SOL", is_local=True)
PROFILES = (POLYGON, AVALANCHE)
PRIMARY = AVALANCHE.chain_id
CAP = Amount(10**15)
FORTUNE = 10**15
STATEMENTS = {Lane.SWAP: Statement.SWAP, Lane.ACCOUNT: Statement.ACCOUNT}


class KeyProver:
    """Proves any block with the development keys' secrets, at once."""

    def prove(self, block: LaneBlock) -> Proved:
        own = prover(STATEMENTS[block.lane])
        return Proved(tuple(own.prove(compute_block_inputs(block)).evm()), 0.0, 0.0)


@dataclass
class StarSite(Site):
    """The program of a deployment that has EVM chains too; `star` is set once these have contracts."""

    star: Deployment | None = field(default=None)

    def chains(self) -> list[ChainEntry]:
        assert self.star is not None
        return list(self.star.table)

    @property
    def deployment_hash(self) -> bytes:
        assert self.star is not None
        return self.star.deployment_hash

    def init(self, *places: Any, **changes: Any) -> None:
        assert self.star is not None
        star, preset = self.star, self.star.preset
        values: dict[str, Any] = {"chain": SOLANA, "primary": star.primary, "token_limit": preset.token_limit}
        values |= {"account_limit": preset.account_limit, "genesis_root": star.genesis.root.to_bytes(32, "big")}
        super().init(*places, **(values | changes))

    def found_group(self, group: int, members: Any = None, threshold: int = GROUP_THRESHOLD, **changes: Any) -> None:
        super().found_group(group, members, threshold, **changes)

    def join(self, star: Deployment, groups: KnownGroups) -> None:
        """Found the program as a member of the star, with its tokens; the user has plenty."""
        self.star, self.groups = star, groups
        self.found()
        for plan in star.tokens:
            here = sum(1 << chain for chain in plan.contracts)
            limits: dict[str, Any] = {"minimum": plan.minimum, "cap": CAP}
            self.register(plan.token_id, chains=here, layer2_decimals=plan.layer2_decimals, **limits)

    def own(self, token: TokenId) -> None:
        """The user has a fortune of a token, and the broker."""
        for owner in (self.user.pubkey(), self.broker.pubkey()):
            self.mint_to(self.mints[token], self.make_holding(owner, self.mints[token]), FORTUNE)


@dataclass(frozen=True, slots=True)
class SolanaStar(LocalSystem):
    """The deployed star; `bridges` are the EVM chains'."""

    site: StarSite


@contextmanager
def open_star() -> Iterator[SolanaStar]:
    """Contracts on two EVM chains, the program on Solana; USDC on all three."""
    with open_world("revm", PROFILES) as world:
        yield found_star(world, LedgerMachine())


def found_star(world: World, machine: LedgerMachine) -> SolanaStar:
    """The same on chains that are there already."""
    site = StarSite(machine=machine)
    site.mints[USDC] = site.make_mint(token_by_id(USDC).layer2_decimals)
    site.vaults[USDC] = site.make_holding(site.bridge, site.mints[USDC])
    deployment = _deploy(world, site)
    roles = world.roles
    known = (KnownGroup.of(group, GROUP_THRESHOLD) for group in (roles.validators, roles.watchers))
    site.join(deployment, KnownGroups(deployment.deployment_hash, *known))
    site.own(USDC)
    machine.chain.finalize()
    return SolanaStar(world, deployment, deployment.bridges(world.clients), site)


def _deploy(world: World, site: StarSite) -> Deployment:
    roles, ledger = world.roles, site.machine.chain.ledger  # type: ignore[attr-defined]
    tokens = [token for token in load_tokens() if token.token_id == USDC]
    plans = tuple(_add_mint(plan, site) for plan in deploy_test_tokens(world.clients, roles.deployer, tokens))
    for chain in world:
        for each in plans:
            token = token_by_id(each.token_id)
            fortune = token.amount_for(FORTUNE_USD) * token.scale(chain.profile.name)
            owners = [roles.depositor.address, roles.broker.address, roles.provider.address]
            mint(chain.client, roles.deployer, each.contracts[chain.profile.chain_id], owners, fortune)
    plan = DeploymentPlan(
        preset=MINIMAL,
        primary=PRIMARY,
        operator=universal_address(roles.operator.address),
        tokens=plans,
        verifiers=load_verifiers(MINIMAL),
        validators=_plan_group(roles.validators),
        watchers=_plan_group(roles.watchers),
        blocks_per_day=dict.fromkeys(world.clients, BLOCKS_PER_DAY),
        setter=roles.setter.address,
        fee_recipient=roles.treasury.address,
        programs={
            SOLANA: ProgramDeployment(
                SOLANA, "solana", str(ledger.genesis_hash), str(site.id), str(site.bridge), ledger.slot
            )
        },
    )
    return deploy(plan, world.clients, DeploymentAccounts(roles.deployer, roles.governor))


def _add_mint(plan: TokenPlan, site: StarSite) -> TokenPlan:
    return replace(plan, contracts={**plan.contracts, SOLANA: str(site.mints[plan.token_id])}, cap=CAP)


def _plan_group(members: Sequence[LocalAccount]) -> GroupPlan:
    return GroupPlan(tuple(member.address for member in members), GROUP_THRESHOLD)


def swap_away(star: SolanaStar, amount: int) -> RequestKey:
    """The user of Solana swaps USDC to Polygon's recipient."""
    recipient = universal_address(star.world.roles.recipient.address)
    request = star.site.swap(
        token_in=USDC,
        token_out=USDC,
        destination=POLYGON.chain_id,
        l1_amount=amount,
        recipient=recipient,
        operator_fee=0,
        fill_fee=0,
        deadline=star.site.machine.now() + 3_600,
    )
    return SOLANA, request.request_id

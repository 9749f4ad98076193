"""The whole system on a local world: test tokens, fortunes for the actors, and the product's own deployment.

Takes the chains of a world and a preset; gives the deployed system, where tests, the demo and rehearsals start. Only
for local chains. Never creates pools: a story deposits and creates them itself (`pools.py` gives the amounts).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from eth_account.signers.local import LocalAccount

from zklink.devnet.door_prices import plan_door_prices
from zklink.devnet.profiles import AVALANCHE
from zklink.devnet.roles import GROUP_THRESHOLD
from zklink.devnet.tokens import (
    NO_MINTS,
    LeftOut,
    TokenInfo,
    choose_tokens,
    deploy_test_tokens,
    deploy_wrapped_coins,
    index_tokens,
    load_tokens,
    mint,
    usual_table,
)
from zklink.devnet.world import World
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_structs import NATIVE, PriceEntry, universal_address
from zklink.l1.contracts.token import TokenClient
from zklink.l1.deployment.deploy import Report, deploy, load_verifiers
from zklink.l1.deployment.places import ProgramDeployment
from zklink.l1.deployment.records import (
    Deployment,
    DeploymentAccounts,
    DeploymentPlan,
    GroupPlan,
    TokenPlan,
    Verifiers,
)
from zklink.protocol.ids import ChainId, TokenId
from zklink.protocol.presets import Preset

if TYPE_CHECKING:
    from zklink.devnet.solana.member import SolanaMember

FORTUNE_USD: Final = 100_000_000
"""Dollars' worth of every ERC-20 that each actor owns on every chain, at the table's prices."""


BLOCKS_PER_DAY: Final = 6
"""Blocks that a day of a window takes here: few, because a local chain is set forward and mines only on demand."""


NO_PROGRAMS: Final[Mapping[ChainId, ProgramDeployment]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class LocalSystem:
    """A deployed system on a world. `table` has its tokens and others, `left_out` are those that it does not have,
    `solana` is the chain whose bridge is a program, where there is one. `plan` is what was deployed, None for a system
    that came back.
    """

    world: World
    deployment: Deployment
    bridges: dict[ChainId, BridgeClient]
    left_out: tuple[LeftOut, ...] = field(default=(), kw_only=True)
    table: Mapping[TokenId, TokenInfo] = field(default_factory=usual_table, kw_only=True)
    plan: DeploymentPlan | None = field(default=None, kw_only=True)
    solana: "SolanaMember | None" = field(default=None, kw_only=True)

    def token(self, chain_id: ChainId, token_id: TokenId) -> TokenClient:
        """A token on one of its chains; KeyError where it is not."""
        return TokenClient(self.world[chain_id].client, self.deployment.token(token_id).contracts[chain_id])


def deploy_local_system(
    world: World,
    preset: Preset,
    *,
    primary: ChainId = AVALANCHE.chain_id,
    tokens: Sequence[TokenInfo] | None = None,
    verifiers: Verifiers | None = None,
    prices: Mapping[ChainId, tuple[PriceEntry, ...]] | None = None,
    programs: Mapping[ChainId, ProgramDeployment] = NO_PROGRAMS,
    mints: Mapping[TokenId, Mapping[ChainId, str]] = NO_MINTS,
    fit: Callable[[DeploymentPlan], DeploymentPlan] = lambda plan: plan,
    report: Report = lambda chain, step: None,
) -> LocalSystem:
    """Deploy test tokens and the system, and give all actors their fortunes. Of `tokens` (by default all) the preset
    may have no room for some: `left_out` of the result names them. Raises DeploymentRefused, DeploymentInterrupted.

    `verifiers` are the preset's generated ones, `prices` of doors those of the imitated chains, unless a test brings
    its own. `programs` are chains whose bridge is a program, `mints` the tokens that they have, `fit` gives
    the plan limits that they can hold: whoever calls founds them, with the plan and the deployment that this gives.
    """
    roles = world.roles
    for chain in world:
        report(chain.profile.name, "test tokens")
    names = [chain.name for chain in world] + [place.name for place in programs.values()]
    chosen, left_out = choose_tokens(tokens or load_tokens(), preset, names)
    plans = deploy_test_tokens(world.clients, roles.deployer, chosen, mints)
    _hand_out(world, plans, chosen, [roles.depositor, roles.broker, roles.provider])
    plan = fit(
        DeploymentPlan(
            preset=preset,
            primary=primary,
            operator=universal_address(roles.operator.address),
            tokens=plans,
            verifiers=verifiers or load_verifiers(preset),
            validators=_plan_group(roles.validators),
            watchers=_plan_group(roles.watchers),
            blocks_per_day=dict.fromkeys(world.clients, BLOCKS_PER_DAY),
            setter=roles.setter.address,
            fee_recipient=roles.treasury.address,
            wrapped=deploy_wrapped_coins(world.clients, roles.deployer),
            prices=plan_door_prices(world.profiles, primary, preset) if prices is None else prices,
            programs=dict(programs),
        )
    )
    accounts = DeploymentAccounts(roles.deployer, roles.governor)
    deployment = deploy(plan, world.clients, accounts, report)
    bridges, table = deployment.bridges(world.clients), usual_table() if tokens is None else index_tokens(tokens)
    return LocalSystem(world, deployment, bridges, left_out=left_out, table=table, plan=plan)


def _plan_group(members: Sequence[LocalAccount]) -> GroupPlan:
    return GroupPlan(tuple(member.address for member in members), GROUP_THRESHOLD)


def _hand_out(
    world: World, plans: Sequence[TokenPlan], table: Sequence[TokenInfo], actors: Sequence[LocalAccount]
) -> None:
    """A fortune to every actor."""
    known = {token.token_id: token for token in table}
    for chain in world:
        for plan in plans:
            address = plan.contracts.get(chain.profile.chain_id)
            if address is None or address == NATIVE:
                continue
            token = known[plan.token_id]
            fortune = token.amount_for(FORTUNE_USD) * token.scale(chain.profile.name)
            mint(chain.client, world.roles.deployer, address, [actor.address for actor in actors], fortune)

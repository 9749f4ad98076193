"""The whole system on a local world: test tokens, fortunes for the actors, and the product's own deployment.

Only for chains of the harness. Tests, the demo and rehearsals start here; what they then do is up to them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from eth_account.signers.local import LocalAccount

from zklink.devnet.accounts import COMMITTEE_THRESHOLD
from zklink.devnet.genesis import DEFAULT_POOLS, PoolPlan, build_genesis
from zklink.devnet.profiles import AVALANCHE
from zklink.devnet.tokens import TokenInfo, deploy_test_tokens, mint, token_by_id
from zklink.devnet.world import World
from zklink.l1.artifacts import ContractArtifact
from zklink.l1.bridge import BridgeClient
from zklink.l1.deploy import Report, deploy, swap_verifier
from zklink.l1.deployment import Deployment, DeploymentAccounts, DeploymentPlan, TokenPlan
from zklink.l1.structs import NATIVE
from zklink.l1.token import TokenClient
from zklink.protocol.ids import ChainId, TokenId
from zklink.protocol.presets import Preset
from zklink.state.genesis import Genesis

FORTUNE_USD: Final = 10_000_000
"""What each actor owns of every ERC-20 on every chain, at the table's prices."""


@dataclass(frozen=True, slots=True)
class LocalSystem:
    """A deployed system on a world."""

    world: World
    deployment: Deployment
    bridges: dict[ChainId, BridgeClient]

    def token(self, chain_id: ChainId, token_id: TokenId) -> TokenClient:
        """A token on one of its chains; KeyError where it is not."""
        return TokenClient(self.world[chain_id].client, self.deployment.token(token_id).contracts[chain_id])


def deploy_local_system(
    world: World,
    preset: Preset,
    *,
    primary: ChainId = AVALANCHE.chain_id,
    pools: Sequence[PoolPlan] = DEFAULT_POOLS,
    tokens: Sequence[TokenInfo] | None = None,
    verifier: ContractArtifact | None = None,
    report: Report = lambda chain, step: None,
) -> LocalSystem:
    """Deploy test tokens and the system; all actors get their fortunes. Raises what `deploy` raises.

    `verifier` is the preset's generated one unless a test brings its own.
    """
    roles = world.roles
    for chain in world:
        report(chain.profile.name, "test tokens")
    plans = deploy_test_tokens(world.clients, roles.deployer, tokens)
    genesis = build_genesis(plans, pools)
    _hand_out(world, plans, genesis, [roles.depositor, roles.broker])
    plan = DeploymentPlan(
        preset=preset,
        primary=primary,
        genesis=genesis,
        tokens=plans,
        verifier=verifier or swap_verifier(preset),
        committee=tuple(member.address for member in roles.committee),
        threshold=COMMITTEE_THRESHOLD,
    )
    accounts = DeploymentAccounts(roles.deployer, roles.governor, (roles.validator.address,))
    deployment = deploy(plan, world.clients, accounts, report)
    return LocalSystem(world, deployment, deployment.bridges(world.clients))


def _hand_out(world: World, plans: Sequence[TokenPlan], genesis: Genesis, actors: Sequence[LocalAccount]) -> None:
    """The genesis reserves to the governor, a fortune to every actor."""
    deployer, governor = world.roles.deployer, world.roles.governor.address
    for chain in world:
        reserves = dict(genesis.reserves_of(chain.profile.chain_id))
        for plan in plans:
            address = plan.contracts.get(chain.profile.chain_id)
            if address is None or address == NATIVE:
                continue
            token = token_by_id(plan.token_id)
            scale = token.scale(chain.profile.name)
            fortune = token.amount_for(FORTUNE_USD) * scale
            mint(chain.client, deployer, address, [actor.address for actor in actors], fortune)
            mint(chain.client, deployer, address, [governor], reserves.get(plan.token_id, 0) * scale)

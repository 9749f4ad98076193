"""What a deployment costs: takes rehearsed contracts and the chains' present prices; gives gas and coins by chain."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from zklink.l1.deployment.blueprint import Blueprint
from zklink.l1.deployment.journal import Journal
from zklink.l1.deployment.rehearsal import Rehearsed
from zklink.l1.deployment.works import FOUNDING_STEP, OWNER_STEP, name_token_step
from zklink.l1.transport.client import ChainClient
from zklink.protocol.errors import FundsShort
from zklink.protocol.ids import ChainId

TOKEN_GAS: Final = 250_000
"""At most, to register a token through a timelock: its contract is asked what it is."""
OWNER_GAS: Final = 90_000
FOUNDING_GAS: Final = 40_000
MARGIN: Final = (3, 2)
"""By how much the price of gas may rise while a deployment lasts."""


@dataclass(frozen=True, slots=True)
class ChainCost:
    """What is still to be paid on a chain, at the node's present price of gas, and what the deployer has there."""

    chain_id: ChainId
    gas: int
    gas_price_wei: int
    balance_wei: int

    @property
    def cost_wei(self) -> int:
        """At the present price."""
        return self.gas * self.gas_price_wei

    @property
    def needed_wei(self) -> int:
        """With a margin for a rising price."""
        return self.cost_wei * MARGIN[0] // MARGIN[1]

    @property
    def is_enough(self) -> bool:
        """Whether the deployer can pay."""
        return self.balance_wei >= self.needed_wei


def compute_costs(
    blueprint: Blueprint,
    rehearsed: Mapping[ChainId, tuple[Rehearsed, ...]],
    clients: Mapping[ChainId, ChainClient],
    journal: Journal,
) -> tuple[ChainCost, ...]:
    """The costs of what is not done yet, by chain. Raises RpcUnavailable."""
    return tuple(
        ChainCost(
            k,
            _count_gas(blueprint, contracts, {step for chain, step in journal.done if chain == k}),
            clients[k].gas_price(),
            clients[k].balance(blueprint.deployer),
        )
        for k, contracts in rehearsed.items()
    )


def check_funds(blueprint: Blueprint, costs: tuple[ChainCost, ...]) -> None:
    """Raise FundsShort for the first chain where the deployer cannot pay."""
    for cost in costs:
        if not cost.is_enough:
            profile = blueprint.profiles[cost.chain_id]
            raise FundsShort(profile.name, blueprint.deployer, cost.balance_wei, cost.needed_wei, profile.native_symbol)


def _count_gas(blueprint: Blueprint, contracts: tuple[Rehearsed, ...], done: set[str]) -> int:
    others = {name_token_step(token): TOKEN_GAS for token in blueprint.plan.tokens}
    others |= {OWNER_STEP: OWNER_GAS, FOUNDING_STEP: FOUNDING_GAS}
    gas = {one.creation.name: one.gas for one in contracts} | others
    return sum(amount for step, amount in gas.items() if step not in done)

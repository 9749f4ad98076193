"""How a planned deployment is shown to whoever will pay for it: takes what was prepared, gives lines."""

from collections.abc import Iterator

from zklink.cli.program_plan import show_side, show_side_cost
from zklink.l1.deployment.blueprint import Creation
from zklink.l1.deployment.preflight import TEST_NETWORKS
from zklink.lab.solana.base import MAINNET
from zklink.service.deploying.building import Prepared

LONGEST = 60
COIN = 10**18
GWEI = 10**9


def show_plan(prepared: Prepared) -> Iterator[str]:
    """Everything that is fixed by going on: contracts, owners, tokens, what it costs."""
    blueprint, project = prepared.blueprint, prepared.project
    plan = blueprint.plan
    names = {k: profile.name for k, profile in blueprint.profiles.items()}
    names |= {k: place.name for k, place in plan.programs.items()}
    yield f"deployment {project.name}: 0x{blueprint.deployment_hash().hex()}"
    yield f"preset {plan.preset.name}, primary {names[plan.primary]}, {', '.join(names.values())}"
    yield f"deployer {blueprint.deployer} (owns the timelocks until the governor accepts them)"
    yield f"governor {project.governor}, setter {plan.setter}, fees to {plan.fee_recipient}"
    for title, group in (("validators", plan.validators), ("watchers", plan.watchers)):
        yield f"{title}: {group.threshold} of {', '.join(group.members)}"
    for token in plan.tokens:
        places = ", ".join(f"{names[k]} {address}" for k, address in token.contracts.items())
        yield f"token {token.token_id} {token.symbol}: {places}; minimum {token.minimum}, cap {token.cap}"
    for k, contracts in prepared.rehearsed.items():
        yield ""
        yield f"{names[k]} (EVM chain {blueprint.profiles[k].evm_chain_id})"
        for one in contracts:
            done = "  done" if (k, one.creation.name) in prepared.journal.done else ""
            yield f"  {one.creation.artifact.name:<24} {one.creation.address} {one.gas:>9,} gas{done}"
            yield from (f"      {line}" for line in _show_arguments(one.creation))
    for side in prepared.sides.values():
        yield ""
        yield from show_side(side)
    yield ""
    yield from show_costs(prepared)
    for line in (*prepared.warnings, *_warn(prepared)):
        yield f"warning: {line}"


def show_costs(prepared: Prepared) -> Iterator[str]:
    """What is left to pay on each chain, and whether the deployer can."""
    for cost in prepared.costs:
        profile = prepared.blueprint.profiles[cost.chain_id]
        coin, price = profile.native_symbol, cost.gas_price_wei / GWEI
        verdict = "enough" if cost.is_enough else f"NOT ENOUGH, {_coins(cost.needed_wei)} {coin} are needed"
        takes = f"up to {cost.gas:,} gas at {price:.3f} gwei = {_coins(cost.cost_wei)} {coin}"
        yield f"{profile.name}: {takes}; the deployer has {_coins(cost.balance_wei)} {coin}: {verdict}"
    for side in prepared.sides.values():
        yield from show_side_cost(side)


def _warn(prepared: Prepared) -> Iterator[str]:
    if prepared.keys.development:
        yield "development keys: anybody can forge proofs and take everything. Tokens here must be worth nothing"
    is_main = [side.side.place.genesis == MAINNET for side in prepared.sides.values()]
    is_main += [profile.evm_chain_id not in TEST_NETWORKS for profile in prepared.blueprint.profiles.values()]
    if any(is_main):
        yield "main networks: what is sent from here on costs money, and nothing of it can be undone"


def _show_arguments(creation: Creation) -> Iterator[str]:
    inputs: list[dict[str, str]] = next(
        (entry["inputs"] for entry in creation.artifact.abi if entry["type"] == "constructor"), []
    )
    for item, value in zip(inputs, creation.arguments, strict=True):
        text = _show(value)
        shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}.. ({len(text)} characters)"
        yield f"{item['name']}: {shown}"


def _show(value: object) -> str:
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_show, value))}]"
    return str(value)


def _coins(wei: int) -> str:
    return f"{wei / COIN:.6f}"

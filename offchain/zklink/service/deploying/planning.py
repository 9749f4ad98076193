"""From an environment to the plan of a deployment: pure, but for the compiled verifiers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path

from zklink.l1.contracts.bridge_structs import NATIVE, NO_ADDRESS, PriceEntry, universal_address
from zklink.l1.deployment.deploy import load_verifiers
from zklink.l1.deployment.records import DeploymentPlan, GroupPlan, TokenPlan, Verifiers
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.prices.founding import plan_entries
from zklink.prices.table import WEI_PER_GWEI, Market, Prices
from zklink.protocol.errors import DeploymentRefused
from zklink.protocol.ids import CUSTODY_LIMIT, NO_CLASS, Amount, ChainId, TokenClass, TokenId
from zklink.protocol.presets import Preset, get_preset
from zklink.service.settings.deployer import EnvironmentSettings, GroupSettings, PlaceSettings, TokenSettings


@dataclass(frozen=True, slots=True)
class TokenSaid:
    """What a token's contract on a chain should say of itself; `decimals` is None where the environment names none."""

    token: str
    chain: ChainId
    address: str
    symbol: str
    decimals: int | None


@dataclass(frozen=True, slots=True)
class Project:
    """What is to be deployed, under which name. `networks` are ape's names of the chains, `keys` is the folder of the
    keys that the verifiers must be for, if one is named.
    """

    name: str
    plan: DeploymentPlan
    profiles: Mapping[ChainId, ChainProfile]
    networks: Mapping[ChainId, str]
    governor: str
    allows_development_keys: bool
    keys: Path | None = None
    tokens_said: tuple[TokenSaid, ...] = ()


def plan_project(name: str, settings: EnvironmentSettings, verifiers: Verifiers | None = None) -> Project:
    """The project that an environment describes. Raises DeploymentRefused for one that contradicts itself."""
    _check_apart(settings)
    places = sorted(settings.chains.items(), key=lambda item: item[1].chain_id)
    profiles = {ChainId(place.chain_id): _profile(chain, place) for chain, place in places}
    preset = get_preset(settings.preset)
    by_name = {profile.name: k for k, profile in profiles.items()}
    primary = by_name[settings.primary]
    plan = DeploymentPlan(
        preset=preset,
        primary=primary,
        operator=universal_address(settings.operator),
        tokens=tuple(sorted(_plan_tokens(settings.tokens, by_name), key=lambda token: token.token_id)),
        verifiers=verifiers or load_verifiers(preset),
        validators=_plan_group(settings.validators),
        watchers=_plan_group(settings.watchers),
        blocks_per_day={ChainId(place.chain_id): place.blocks_per_day for _, place in places},
        setter=settings.setter,
        fee_recipient=settings.fee_recipient,
        prices=_plan_prices(settings, primary, preset),
        wrapped={ChainId(place.chain_id): place.wrapped or NO_ADDRESS for _, place in places},
        permit2={ChainId(place.chain_id): place.permit2 or NO_ADDRESS for _, place in places},
    )
    networks = {ChainId(place.chain_id): place.network for _, place in places}
    said = tuple(_list_said(settings.tokens, by_name))
    allows = settings.allows_development_keys
    return Project(name, plan, profiles, networks, settings.governor, allows, settings.keys, said)


def _check_apart(settings: EnvironmentSettings) -> None:
    """No two chains with one id, no two tokens with one."""
    for field, kind in (("chain_id", "protocol id"), ("evm_chain_id", "EVM chain id"), ("network", "network")):
        seen: dict[object, str] = {}
        for name, place in settings.chains.items():
            other = seen.setdefault(getattr(place, field), name)
            if other != name:
                raise DeploymentRefused(f"{other} and {name} have one {kind}, {getattr(place, field)}")
    tokens: dict[int, str] = {}
    for symbol, token in settings.tokens.items():
        other = tokens.setdefault(token.id, symbol)
        if other != symbol:
            raise DeploymentRefused(f"{other} and {symbol} have one token id, {token.id}")


def _profile(name: str, place: PlaceSettings) -> ChainProfile:
    return ChainProfile(
        name,
        ChainId(place.chain_id),
        place.evm_chain_id,
        place.block_time_seconds,
        place.confirmations,
        place.native_symbol,
    )


def _plan_group(group: GroupSettings) -> GroupPlan:
    return GroupPlan(group.members, group.threshold).in_order()


def _plan_tokens(tokens: Mapping[str, TokenSettings], chains: Mapping[str, ChainId]) -> list[TokenPlan]:
    return [
        TokenPlan(
            TokenId(token.id),
            symbol,
            token.layer2_decimals,
            {chains[name]: address for name, address in token.contracts.items()},
            Amount(token.minimum),
            Amount(CUSTODY_LIMIT if token.cap is None else token.cap),
            _read_classes(symbol, token.classes),
        )
        for symbol, token in tokens.items()
    ]


def _list_said(tokens: Mapping[str, TokenSettings], chains: Mapping[str, ChainId]) -> Iterator[TokenSaid]:
    for symbol, token in tokens.items():
        for name, address in token.contracts.items():
            if address != NATIVE:
                said = token.symbols.get(name, symbol)
                yield TokenSaid(symbol, chains[name], address, said, token.decimals.get(name))


def _read_classes(symbol: str, names: tuple[str, ...]) -> TokenClass:
    known = {bit.name.lower(): bit for bit in TokenClass if bit.name}
    for name in names:
        if name not in known:
            raise DeploymentRefused(f"token {symbol}: there is no class {name}; there are {', '.join(known)}")
    return reduce(lambda found, name: found | known[name], names, NO_CLASS)


def _plan_prices(
    settings: EnvironmentSettings, primary: ChainId, preset: Preset
) -> dict[ChainId, tuple[PriceEntry, ...]]:
    markets = {
        ChainId(place.chain_id): Market(int(place.gas_price_gwei * WEI_PER_GWEI), place.coin_micro_usd)
        for place in settings.chains.values()
    }
    table = replace(Prices(markets, primary, preset), margin=settings.price_margin_percent)
    return {k: plan_entries(table.compute(k)) for k in sorted(markets)}

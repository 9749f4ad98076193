"""From an environment to the plan of a deployment: pure, but for the compiled verifiers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from zklink.l1.contracts.bridge_structs import NATIVE, NO_ADDRESS, PriceEntry, universal_address
from zklink.l1.deployment.deploy import load_verifiers
from zklink.l1.deployment.places import NATIVE_MINT
from zklink.l1.deployment.records import DeploymentPlan, GroupPlan, TokenPlan, Verifiers
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.prices.founding import plan_entries
from zklink.prices.table import PERCENT, WEI_PER_GWEI, Market, Prices
from zklink.protocol.errors import DeploymentRefused, ExtraMissing
from zklink.protocol.ids import CUSTODY_LIMIT, NO_CLASS, Amount, ChainId, TokenClass, TokenId
from zklink.protocol.presets import Preset, get_preset
from zklink.service.settings.deployer import EnvironmentSettings, GroupSettings, PlaceSettings, TokenSettings

if TYPE_CHECKING:
    from zklink.service.deploying.program_planning import ProgramProject


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
    keys that the verifiers must be for, if one is named. `programs` are the chains whose bridge is a program.
    """

    name: str
    plan: DeploymentPlan
    profiles: Mapping[ChainId, ChainProfile]
    networks: Mapping[ChainId, str]
    governor: str
    allows_development_keys: bool
    keys: Path | None = None
    tokens_said: tuple[TokenSaid, ...] = ()
    programs: Mapping[ChainId, "ProgramProject"] = field(default_factory=dict)


def plan_project(name: str, settings: EnvironmentSettings, verifiers: Verifiers | None = None) -> Project:
    """The project that an environment describes. Raises DeploymentRefused for one that contradicts itself."""
    _check_apart(settings)
    places = sorted(settings.chains.items(), key=lambda item: item[1].chain_id)
    profiles = {ChainId(place.chain_id): _profile(chain, place) for chain, place in places}
    preset = get_preset(settings.preset)
    by_name = {profile.name: k for k, profile in profiles.items()}
    primary = by_name[settings.primary]
    programs = _plan_programs(settings)
    by_name |= {each.place.name: k for k, each in programs.items()}
    plan = DeploymentPlan(
        preset=preset,
        primary=primary,
        operator=universal_address(settings.operator),
        tokens=tuple(sorted(_plan_tokens(settings, by_name), key=lambda token: token.token_id)),
        verifiers=verifiers or load_verifiers(preset),
        validators=_plan_group(settings.validators),
        watchers=_plan_group(settings.watchers),
        blocks_per_day={ChainId(place.chain_id): place.blocks_per_day for _, place in places},
        setter=settings.setter,
        fee_recipient=settings.fee_recipient,
        prices=_plan_prices(settings, primary, preset),
        wrapped={ChainId(place.chain_id): place.wrapped or NO_ADDRESS for _, place in places},
        permit2={ChainId(place.chain_id): place.permit2 or NO_ADDRESS for _, place in places},
        programs={k: each.place for k, each in programs.items()},
        terms={k: each.terms for k, each in programs.items()},
    )
    networks = {ChainId(place.chain_id): place.network for _, place in places}
    said = tuple(_list_said(settings.tokens, {profile.name: k for k, profile in profiles.items()}))
    allows = settings.allows_development_keys
    return Project(name, plan, profiles, networks, settings.governor, allows, settings.keys, said, programs)


def _plan_programs(settings: EnvironmentSettings) -> "dict[ChainId, ProgramProject]":
    """The chains whose bridge is a program, ascending. Raises ExtraMissing."""
    if not settings.programs:
        return {}
    try:
        from zklink.service.deploying.program_planning import plan_programs  # of the extra `solana`
    except ModuleNotFoundError as error:
        raise ExtraMissing("solana", "a chain whose bridge is a program") from error
    return plan_programs(settings)


def _check_apart(settings: EnvironmentSettings) -> None:
    """No two chains with one id, no two tokens with one."""
    every = {**settings.programs, **settings.chains}
    if len(every) != len(settings.chains) + len(settings.programs):
        both = min(settings.chains.keys() & settings.programs.keys())
        raise DeploymentRefused(f"{both} is the name of a chain and of a program")
    kinds = (
        ("chain_id", "protocol id"),
        ("evm_chain_id", "EVM chain id"),
        ("network", "network"),
        ("genesis", "cluster"),
        ("program", "program"),
    )
    for key, kind in kinds:
        seen: dict[object, str] = {}
        for name, place in ((name, place) for name, place in every.items() if hasattr(place, key)):
            other = seen.setdefault(getattr(place, key), name)
            if other != name:
                raise DeploymentRefused(f"{other} and {name} have one {kind}, {getattr(place, key)}")
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


def _plan_tokens(settings: EnvironmentSettings, chains: Mapping[str, ChainId]) -> list[TokenPlan]:
    return [
        TokenPlan(
            TokenId(token.id),
            symbol,
            token.layer2_decimals,
            {chains[name]: _name_coin(settings, name, address) for name, address in token.contracts.items()},
            Amount(token.minimum),
            Amount(CUSTODY_LIMIT if token.cap is None else token.cap),
            _read_classes(symbol, token.classes),
        )
        for symbol, token in settings.tokens.items()
    ]


def _name_coin(settings: EnvironmentSettings, name: str, address: str) -> str:
    """What a token's address on a chain is: its coin has another name where the bridge is a program."""
    return NATIVE_MINT if address == NATIVE and name in settings.programs else address


def _list_said(tokens: Mapping[str, TokenSettings], chains: Mapping[str, ChainId]) -> Iterator[TokenSaid]:
    for symbol, token in tokens.items():
        for name, address in token.contracts.items():
            if address != NATIVE and name in chains:
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
    return {k: plan_entries({**table.compute(k), **_price_programs(settings, table, k)}) for k in sorted(markets)}


def _price_programs(settings: EnvironmentSettings, table: Prices, source: ChainId) -> dict[int, int]:
    """What a swap from a chain to each program costs: its share of the blocks, and what is paid there."""
    coin, margin = table.markets[source].coin_micro_usd, settings.price_margin_percent
    own = table.swap(source, source)
    return {
        place.chain_id: own + -(-place.payment_micro_usd * WEI_PER_GWEI * margin // (coin * PERCENT))
        for place in settings.programs.values()
    }

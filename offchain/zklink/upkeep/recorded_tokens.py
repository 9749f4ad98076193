"""The tokens of a record as the registries of all chains have them now: new ones, and those with other limits.

Takes a record, what each registry says and a client per chain, whose tokens name themselves. Never sends anything.
"""

import re
from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, TypeVar

from zklink.l1.contracts.bridge_structs import NATIVE, TokenConfig
from zklink.l1.contracts.token import TokenClient
from zklink.l1.deployment.deploy import is_as_planned
from zklink.l1.deployment.dossier import Dossier
from zklink.l1.deployment.records import TokenPlan, TokenTerms
from zklink.l1.transport.client import ChainClient
from zklink.protocol.errors import ActsDisagree, CallReverted
from zklink.protocol.ids import Amount, ChainId, TokenClass, TokenId

SYMBOL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,15}")
"""Symbols that a record takes over: a token's issuer chooses what its contract says."""
SHOWN: Final = 40
"""Characters of what a contract calls itself."""
RESERVED: Final = re.compile(r"[Tt]?[0-9]+")
"""Numbers, which commands take for ids, and what tokens without a usable symbol are called."""

Said = TypeVar("Said", bound=Hashable)


@dataclass(frozen=True, slots=True)
class HeldToken:
    """A token as a program has it: its chains, its mint in base58, empty where it has none, and its limits there."""

    chains: frozenset[ChainId]
    mint: str
    minimum: Amount
    cap: Amount


NOT_HELD: Final[Mapping[ChainId, Mapping[TokenId, HeldToken]]] = MappingProxyType({})


def agree(dossier: Dossier, what: str, said: Mapping[ChainId, Said]) -> Said:
    """What all chains say. Raises ActsDisagree, with the names of two chains that do not."""
    first = next(iter(said))
    for k, value in said.items():
        if value != said[first]:
            names = {chain: place.name for chain, place in dossier.deployment.places.items()}
            raise ActsDisagree(f"{what} is {said[first]} on {names[first]}, {value} on {names[k]}")
    return said[first]


def plan_tokens(
    dossier: Dossier,
    clients: Mapping[ChainId, ChainClient],
    registered: Mapping[ChainId, Mapping[TokenId, TokenConfig]],
    held: Mapping[ChainId, Mapping[TokenId, HeldToken]] = NOT_HELD,
) -> tuple[TokenPlan, ...]:
    """The recorded tokens in their order, then the new ones by id; `held` are those of programs. Raises ActsDisagree
    for a token that is not the same on every chain, RpcUnavailable.
    """
    plans, places = {token.token_id: token for token in dossier.deployment.tokens}, dossier.deployment.places
    said: dict[ChainId, Collection[TokenId]] = {**registered, **held}
    for token_id in sorted({token_id for tokens in said.values() for token_id in tokens}):
        for k, tokens in said.items():
            if token_id not in tokens:
                raise ActsDisagree(f"token {token_id} is not registered on {places[k].name}")
        configs = {k: tokens[token_id] for k, tokens in registered.items()}
        there = {k: tokens[token_id] for k, tokens in held.items()}
        if token_id not in plans:
            names = {plan.symbol for plan in plans.values()}
            plans[token_id] = _describe(dossier, clients, token_id, configs, there, names)
        before = plans[token_id]
        plans[token_id] = _keep_terms(before, _set_terms(before, configs, places), there)
    return tuple(plans.values())


def _keep_terms(before: TokenPlan, plan: TokenPlan, there: Mapping[ChainId, HeldToken]) -> TokenPlan:
    """With the limits that programs have now, beside those of the other chains."""
    terms = dict(plan.terms)
    for k, found in there.items():
        if k not in plan.contracts:
            continue
        known = before.terms.get(k) or TokenTerms(plan.minimum, plan.cap, plan.token_class)
        terms[k] = replace(known, minimum=found.minimum, cap=found.cap)
    return replace(plan, terms=terms)


def _describe(
    dossier: Dossier,
    clients: Mapping[ChainId, ChainClient],
    token_id: TokenId,
    configs: Mapping[ChainId, TokenConfig],
    there: Mapping[ChainId, HeldToken],
    taken: Collection[str],
) -> TokenPlan:
    """A token that the record does not have yet; its terms are set afterwards."""
    meaning = {k: (tuple(sorted(config.chains)), config.layer2_decimals) for k, config in configs.items()}
    chains, decimals = agree(dossier, f"token {token_id}", meaning)
    everywhere = {k: tuple(sorted(config.chains)) for k, config in configs.items()}
    everywhere |= {k: tuple(sorted(found.chains)) for k, found in there.items()}
    agree(dossier, f"token {token_id}", everywhere)
    contracts = {k: configs[k].token if k in configs else there[k].mint for k in chains}
    symbol = _name(dossier, clients, token_id, contracts, taken)
    return TokenPlan(token_id, symbol, decimals, contracts, Amount(0), Amount(0))


def _name(
    dossier: Dossier,
    clients: Mapping[ChainId, ChainClient],
    token_id: TokenId,
    contracts: Mapping[ChainId, str],
    taken: Collection[str],
) -> str:
    """The first symbol that a contract of the token gives, unless it is none or another token's."""
    for k, address in contracts.items():
        if k not in clients:
            continue  # a mint does not name itself
        try:
            is_coin = address == NATIVE
            symbol = dossier.terms[k].native_symbol if is_coin else TokenClient(clients[k], address).symbol()
        except CallReverted:
            continue
        if SYMBOL.fullmatch(symbol) and not RESERVED.fullmatch(symbol) and not _is_taken(symbol, taken):
            return symbol
    return f"T{token_id}"


def _is_taken(symbol: str, taken: Collection[str]) -> bool:
    """Whether another token has it, however it is spelled."""
    return symbol.casefold() in {each.casefold() for each in taken}


def list_other_symbols(dossier: Dossier, clients: Mapping[ChainId, ChainClient]) -> Iterator[str]:
    """Which contracts call themselves otherwise than the record calls their token, in words: a bridged token often
    does, and a record whose symbols were exchanged looks just like that. Raises RpcUnavailable.
    """
    for plan in dossier.deployment.tokens:
        for k, address in plan.contracts.items():
            if address == NATIVE or k not in dossier.deployment.chains:
                continue
            try:
                said = TokenClient(clients[k], address).symbol()
            except CallReverted:
                said = ""
            if said != plan.symbol:
                place = dossier.deployment.chains[k].name
                yield f"token {plan.token_id} ({plan.symbol}) on {place}: {address} calls itself {said[:SHOWN]!r}"


def _set_terms(plan: TokenPlan, configs: Mapping[ChainId, TokenConfig], places: Collection[ChainId]) -> TokenPlan:
    """With the limits that hold: those of all its chains where they are the same, the strictest where not, and beside
    them those of each chain that has others.
    """
    if all(is_as_planned(plan.config(k, places), config) for k, config in configs.items()):
        return plan
    said = {
        k: TokenTerms(config.minimum, config.cap, config.token_class & ~TokenClass.REFUSES_NOTHING)
        for k, config in configs.items()
    }
    own = [said[k] for k in said if k in plan.contracts] or list(said.values())
    classes = TokenClass(0)
    for each in own:
        classes |= each.token_class
    strictest = TokenTerms(Amount(max(e.minimum for e in own)), Amount(min(e.cap for e in own)), classes)
    return replace(
        plan,
        minimum=strictest.minimum,
        cap=strictest.cap,
        token_class=strictest.token_class,
        terms={k: terms for k, terms in said.items() if terms != strictest},
    )

"""What government can change of a chain whose bridge is a program, as a record takes it. Never asks a chain."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from zklink.l1.contracts.bridge_structs import PriceEntry
from zklink.l1.deployment.dossier import Dossier
from zklink.l1.deployment.program_terms import ProgramTerms
from zklink.l1.deployment.records import GroupPlan
from zklink.protocol.facts import Group
from zklink.protocol.ids import ChainId, TokenId
from zklink.upkeep.call_words import name_door
from zklink.upkeep.recorded_tokens import HeldToken


@dataclass(frozen=True, slots=True)
class ProgramState:
    """One program's part, as it is finalized; addresses in base58. `coming_owner` is named and has not accepted, empty
    for nobody. `bounds` are of the doors that have any, by kind, in lamports. `is_final`: nobody can upgrade it.
    """

    owner: str
    coming_owner: str
    groups: Mapping[Group, GroupPlan]
    setter: str
    bounds: Mapping[int, PriceEntry]
    tokens: Mapping[TokenId, HeldToken]
    paused: tuple[TokenId, ...]
    is_final: bool


Programs = Mapping[ChainId, ProgramState]
NO_PROGRAMS: Final[Programs] = MappingProxyType({})


def set_terms(terms: ProgramTerms, state: ProgramState) -> ProgramTerms:
    """The terms as they hold now. An owner that is named, and has not accepted, stays the recorded one."""
    return replace(
        terms,
        owner=terms.owner if state.coming_owner == terms.owner else state.owner,
        setter=state.setter,
        prices=bound(terms.prices, state.bounds),
        is_final=state.is_final,
    )


def bound(entries: tuple[PriceEntry, ...], bounds: Mapping[int, PriceEntry]) -> tuple[PriceEntry, ...]:
    """The entries with the bounds that hold now, and those of doors that had none."""
    first = {entry.kind: entry for entry in entries}
    kept = [
        replace(entry, low=bounds[entry.kind].low, high=bounds[entry.kind].high)
        if entry.kind in bounds
        else replace(entry, low=0, high=0)
        for entry in entries
    ]
    return (*kept, *(entry for kind, entry in bounds.items() if kind not in first))


def list_changes(before: Dossier, after: Dossier) -> Iterator[str]:
    """What has changed of programs, in words: their acts stand in accounts, and a record has no list of them."""
    for k, place in before.deployment.programs.items():
        old, new = before.programs[k], after.programs[k]
        if new.owner != old.owner:
            yield f"{place.name}: {new.owner} owns the timelock"
        if new.setter != old.setter:
            yield f"{place.name}: {new.setter} sets prices"
        for entry in new.prices:
            if entry not in old.prices:
                door = name_door(before.deployment, entry.kind)
                yield f"{place.name}: {door}: between {entry.low} and {entry.high} lamports"
        if new.is_final != old.is_final:
            yield f"{place.name}: nobody can upgrade the program any more"
        was, now = (set(each.history.paused.get(k, ())) for each in (before, after))
        for token in sorted(was ^ now):
            yield f"{place.name}: token {token} is {'paused' if token in now else 'admitted again'}"
        limits = {plan.token_id: plan.terms.get(k) for plan in before.deployment.tokens}
        for plan in after.deployment.tokens:
            found = plan.terms.get(k)
            if plan.token_id not in limits:
                yield f"{place.name}: token {plan.token_id} is registered"
            elif found is not None and found != limits[plan.token_id]:
                yield f"{place.name}: token {plan.token_id}: at least {found.minimum}, cap {found.cap} layer-2 units"

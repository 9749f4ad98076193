"""Brings the record of a deployment up to date with what government has changed on its chains since.

Takes a record and a client for each of its chains; gives the record as it should be. Reads each chain at a block that
has its confirmations. Never sends anything, and never touches what identifies the deployment: its contracts, its hash.
"""

from collections.abc import Mapping
from dataclasses import replace

from eth_utils import to_checksum_address

from zklink.l1.contracts.bridge_structs import PriceEntry
from zklink.l1.deployment.dossier import Dossier
from zklink.l1.deployment.history import History
from zklink.l1.deployment.records import GroupPlan
from zklink.l1.transport.client import ChainClient
from zklink.protocol.errors import RecordUnfit
from zklink.protocol.facts import Group
from zklink.protocol.ids import ChainId
from zklink.upkeep.governed_state import GovernedState, read_acts, read_state
from zklink.upkeep.recorded_tokens import NO_PROGRAMS, Held, agree, plan_tokens


def bring_up_to_date(dossier: Dossier, clients: Mapping[ChainId, ChainClient], held: Held = NO_PROGRAMS) -> Dossier:
    """The record as the chains have it, the same one if nothing has changed. `held` are the tokens of programs; what
    else government changes there is not in it. Raises ActsDisagree where chains differ in what a record has once for
    all of them, RecordUnfit for a record that is ahead of what a node shows, RpcUnavailable.
    """
    heights = {k: client.head().number - dossier.terms[k].confirmations + 1 for k, client in clients.items()}
    for k, seen in dossier.history.heights.items():
        if heights[k] < seen:
            raise RecordUnfit(clients[k].profile.name, heights[k], seen)
    states = {k: read_state(dossier, k, client, heights[k]) for k, client in clients.items()}
    acts = tuple(act for k, client in clients.items() for act in read_acts(dossier, k, client, heights[k]))
    found = replace(
        dossier,
        deployment=replace(
            dossier.deployment,
            governor=agree(dossier, "the owner of the timelocks", {k: each.owner for k, each in states.items()}),
            validators=_keep_order(dossier.deployment.validators, _agree_on_group(dossier, Group.VALIDATORS, states)),
            watchers=_keep_order(dossier.deployment.watchers, _agree_on_group(dossier, Group.WATCHERS, states)),
            tokens=plan_tokens(dossier, clients, {k: each.tokens for k, each in states.items()}, held),
        ),
        setter=agree(dossier, "the setter", {k: each.setter for k, each in states.items()}),
        fee_recipient=agree(dossier, "the fee recipient", {k: each.fee_recipient for k, each in states.items()}),
        terms={k: replace(terms, prices=_bound(terms.prices, states[k])) for k, terms in dossier.terms.items()},
    )
    paused = {k: each.paused for k, each in states.items() if each.paused}
    if not acts and (_plain(found), paused) == (_plain(dossier), dossier.history.paused):
        return dossier
    history = History(dossier.founding, heights, paused, (*dossier.history.acts, *acts))
    return replace(found, history=history)


def _plain(dossier: Dossier) -> Dossier:
    """Without its history, and addresses as chains spell them."""
    there = replace(dossier.deployment, governor=to_checksum_address(dossier.deployment.governor))
    setter, recipient = to_checksum_address(dossier.setter), to_checksum_address(dossier.fee_recipient)
    return replace(dossier, history=History(), deployment=there, setter=setter, fee_recipient=recipient)


def _agree_on_group(dossier: Dossier, group: Group, states: Mapping[ChainId, GovernedState]) -> GroupPlan:
    return agree(dossier, f"the group of {group.name.lower()}", {k: each.groups[group] for k, each in states.items()})


def _keep_order(before: GroupPlan, found: GroupPlan) -> GroupPlan:
    """The group as recorded if it has the same members."""
    same = before.threshold == found.threshold and {int(each, 16) for each in before.members} == {
        int(each, 16) for each in found.members
    }
    return before if same else found


def _bound(entries: tuple[PriceEntry, ...], state: GovernedState) -> tuple[PriceEntry, ...]:
    """The entries with the bounds that hold now, and those of doors that had none."""
    first = {entry.kind: entry for entry in entries}
    kept = [
        replace(entry, low=state.bounds[entry.kind].low, high=state.bounds[entry.kind].high)
        if entry.kind in state.bounds
        else replace(entry, low=0, high=0)
        for entry in entries
    ]
    return (*kept, *(entry for kind, entry in state.bounds.items() if kind not in first))

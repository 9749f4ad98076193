"""Brings the record of a deployment up to date with what government has changed on its chains since.

Takes a record and a client for each of its chains; gives the record as it should be. Reads each chain at a block that
has its confirmations. Never sends anything, and never touches what identifies the deployment: its contracts, its hash.
"""

from collections.abc import Mapping
from dataclasses import replace

from eth_utils import to_checksum_address

from zklink.l1.deployment.dossier import Dossier
from zklink.l1.deployment.history import History
from zklink.l1.deployment.records import GroupPlan
from zklink.l1.transport.client import ChainClient
from zklink.protocol.errors import RecordUnfit
from zklink.protocol.facts import Group
from zklink.protocol.ids import ChainId
from zklink.upkeep.governed_state import read_acts, read_state
from zklink.upkeep.recorded_programs import NO_PROGRAMS, Programs, bound, set_terms
from zklink.upkeep.recorded_tokens import agree, plan_tokens


def bring_up_to_date(
    dossier: Dossier, clients: Mapping[ChainId, ChainClient], programs: Programs = NO_PROGRAMS
) -> Dossier:
    """The record as the chains have it, the same one if nothing has changed. `programs` is what the chains have whose
    bridge is a program. Raises ActsDisagree where chains differ in what a record has once for all of them, RecordUnfit
    for a record that is ahead of what a node shows, RpcUnavailable.
    """
    heights = {k: client.head().number - dossier.terms[k].confirmations + 1 for k, client in clients.items()}
    for k, seen in dossier.history.heights.items():
        if heights[k] < seen:
            raise RecordUnfit(clients[k].profile.name, heights[k], seen)
    states = {k: read_state(dossier, k, client, heights[k]) for k, client in clients.items()}
    groups = {k: each.groups for k, each in states.items()} | {k: each.groups for k, each in programs.items()}
    acts = tuple(act for k, client in clients.items() for act in read_acts(dossier, k, client, heights[k]))
    found = replace(
        dossier,
        deployment=replace(
            dossier.deployment,
            governor=agree(dossier, "the owner of the timelocks", {k: each.owner for k, each in states.items()}),
            validators=_keep_order(dossier.deployment.validators, _agree_on_group(dossier, Group.VALIDATORS, groups)),
            watchers=_keep_order(dossier.deployment.watchers, _agree_on_group(dossier, Group.WATCHERS, groups)),
            tokens=plan_tokens(
                dossier,
                clients,
                {k: each.tokens for k, each in states.items()},
                {k: each.tokens for k, each in programs.items()},
            ),
        ),
        setter=agree(dossier, "the setter", {k: each.setter for k, each in states.items()}),
        fee_recipient=agree(dossier, "the fee recipient", {k: each.fee_recipient for k, each in states.items()}),
        terms={k: replace(terms, prices=bound(terms.prices, states[k].bounds)) for k, terms in dossier.terms.items()},
        programs=dict(dossier.programs) | {k: set_terms(dossier.programs[k], each) for k, each in programs.items()},
    )
    paused = {k: each.paused for k, each in states.items()} | {k: each.paused for k, each in programs.items()}
    paused = {k: tokens for k, tokens in paused.items() if tokens}
    if not acts and (_plain(found), paused) == (_plain(dossier), dossier.history.paused):
        return dossier
    history = History(dossier.founding, heights, paused, (*dossier.history.acts, *acts))
    return replace(found, history=history)


def _plain(dossier: Dossier) -> Dossier:
    """Without its history, and addresses as chains spell them."""
    there = replace(dossier.deployment, governor=to_checksum_address(dossier.deployment.governor))
    setter, recipient = to_checksum_address(dossier.setter), to_checksum_address(dossier.fee_recipient)
    return replace(dossier, history=History(), deployment=there, setter=setter, fee_recipient=recipient)


def _agree_on_group(dossier: Dossier, group: Group, said: Mapping[ChainId, Mapping[Group, GroupPlan]]) -> GroupPlan:
    return agree(dossier, f"the group of {group.name.lower()}", {k: groups[group] for k, groups in said.items()})


def _keep_order(before: GroupPlan, found: GroupPlan) -> GroupPlan:
    """The group as recorded if it has the same members."""
    same = before.threshold == found.threshold and {int(each, 16) for each in before.members} == {
        int(each, 16) for each in found.members
    }
    return before if same else found

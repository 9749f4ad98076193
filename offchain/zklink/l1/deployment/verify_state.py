"""Whether a deployment's contracts say what its record says: parameters, roles, partners, keys, tokens, limits, prices,
the groups and the timelock, each as its chain answers now. Takes a record and a client. Only reads.
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

from eth_utils import keccak, to_checksum_address

from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_structs import NO_ADDRESS, GroupMembers, HistoryParts, Parts, PriceEntry
from zklink.l1.contracts.ends import EndClient
from zklink.l1.contracts.exodus import ExodusClient
from zklink.l1.contracts.governance_events import Proposed
from zklink.l1.contracts.groups import GroupsClient
from zklink.l1.contracts.registries import RegistryClient
from zklink.l1.contracts.timelock import TimelockClient
from zklink.l1.deployment.checks import Check, check
from zklink.l1.deployment.deploy import is_as_planned
from zklink.l1.deployment.dossier import Dossier
from zklink.l1.deployment.swift import list_swift
from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.submission import Call
from zklink.protocol.domain import compute_exit_domain
from zklink.protocol.facts import Group
from zklink.protocol.ids import ChainId, TokenId

REGISTERED: Final = keccak(text="TokenRegistered(uint16,address,uint16,uint8,uint8,uint8)")


def verify_state(dossier: Dossier, chain_id: ChainId, client: ChainClient) -> Iterator[Check]:
    """Everything that the views of a chain's contracts say. Raises CallReverted, RpcUnavailable."""
    yield from verify_identity(dossier, chain_id, client)
    yield from _verify_groups(dossier, chain_id, client)
    yield from _verify_timelock(dossier, chain_id, client)
    yield from _verify_registry(dossier, chain_id, client)
    yield from _verify_tokens(dossier, chain_id, client)


def verify_identity(dossier: Dossier, chain_id: ChainId, client: ChainClient) -> Iterator[Check]:
    """Bridge, history, exodus, end and entry are of this deployment and rely on each other."""
    deployment, name = dossier.deployment, client.profile.name
    here, keys = deployment.chains[chain_id], deployment.vk_hashes
    bridge = BridgeClient(client, here.bridge)
    yield check(name, "Bridge: deployment hash", bridge.deployment_hash(), deployment.deployment_hash)
    yield check(name, "Bridge: exit domain", bridge.exit_domain(), compute_exit_domain(deployment.deployment_hash))
    yield check(name, "Bridge: whether this is the primary", bridge.is_primary(), chain_id == deployment.primary)
    yield check(name, "Bridge: parts", bridge.parts(), Parts(here.registry, here.history, here.end, here.exodus))
    history = bridge.history
    yield check(name, "History: deployment hash", history.deployment_hash(), deployment.deployment_hash)
    yield check(name, "History: hashes of the block keys", history.vk_hashes(), (keys.swap, keys.account))
    parts = HistoryParts(**{part: getattr(here, part) for part in asdict(history.parts())})
    yield check(name, "History: parts", history.parts(), parts)
    yield check(name, "Exodus: hash of the exit key", ExodusClient(client, here.exodus).vk_hash(), keys.exit)
    end = EndClient(client, here.end)
    yield check(name, "End: groups", end.groups(), here.groups)
    yield check(name, "End: blocks a day", end.blocks_per_day(), here.blocks_per_day)
    entry = client.contract(here.entry, load_contract("Entry"))
    yield check(name, "Entry: bridge", to_checksum_address(client.read(entry, "bridge")), here.bridge)
    yield check(name, "Entry: Permit2", to_checksum_address(client.read(entry, "permit2")), here.permit2)


def _verify_groups(dossier: Dossier, chain_id: ChainId, client: ChainClient) -> Iterator[Check]:
    deployment, name = dossier.deployment, client.profile.name
    here = deployment.chains[chain_id]
    groups = GroupsClient(client, here.groups)
    yield check(name, "Groups: governor", groups.governor(), here.timelock)
    yield check(name, "Groups: blocks a day", groups.blocks_per_day(), here.blocks_per_day)
    for group, plan in ((Group.VALIDATORS, deployment.validators), (Group.WATCHERS, deployment.watchers)):
        members = tuple(map(to_checksum_address, plan.members))
        expected = GroupMembers(members, plan.threshold)
        yield check(name, f"Groups: {group.name.lower()}", groups.members(group), expected)
    yield check(name, "Groups: an announced change", groups.coming(), None)


def _verify_timelock(dossier: Dossier, chain_id: ChainId, client: ChainClient) -> Iterator[Check]:
    """Who owns it, that its founding is over, and that nothing but what is listed is swift."""
    deployment, name = dossier.deployment, client.profile.name
    here = deployment.chains[chain_id]
    lock = TimelockClient(client, here.timelock)
    owner, governor = lock.owner(), to_checksum_address(deployment.governor)
    if owner != governor and lock.coming_owner() == governor:
        yield Check(name, "Timelock: owner", False, f"{owner}: {governor} has not called accept_ownership() yet")
    else:
        yield check(name, "Timelock: owner", owner, governor)
        yield check(name, "Timelock: next owner", lock.coming_owner(), NO_ADDRESS)
    yield check(name, "Timelock: whether it is being founded", lock.is_founding(), False)
    yield check(name, "Timelock: blocks a day", lock.blocks_per_day(), here.blocks_per_day)
    swift = list_swift({**asdict(here)}, chain_id == deployment.primary)
    missing = [f"{to} {selector.hex()}" for to, selector in swift if not lock.is_swift(Call(to, selector, "swift"))]
    yield check(name, "Timelock: swift functions that it lacks", missing, [])
    yield check(name, "Timelock: proposals that wait", _read_waiting(dossier, chain_id, client), [])


def _verify_registry(dossier: Dossier, chain_id: ChainId, client: ChainClient) -> Iterator[Check]:
    """Roles, and the bounds of prices; a price between them is the setter's."""
    here, terms, name = dossier.deployment.chains[chain_id], dossier.terms[chain_id], client.profile.name
    registry = RegistryClient(client, here.registry)
    yield check(name, "Registry: governor", registry.governor(), here.timelock)
    yield check(name, "Registry: setter", registry.setter(), to_checksum_address(dossier.setter))
    recipient = to_checksum_address(dossier.fee_recipient)
    yield check(name, "Registry: fee recipient", registry.fee_recipient(), recipient)
    yield check(name, "Registry: wrapped coin", registry.wrapped(), to_checksum_address(terms.wrapped))
    bounds: dict[int, PriceEntry] = {entry.kind: entry for entry in terms.prices}
    for kind in range(len(registry.prices())):
        state, entry = registry.price_state(kind), bounds.get(kind)
        expected = (entry.low, entry.high) if entry else (0, 0)
        yield check(name, f"Registry: bounds of price {kind}", (state.low, state.high), expected)


def _verify_tokens(dossier: Dossier, chain_id: ChainId, client: ChainClient) -> Iterator[Check]:
    """Each token as recorded, with its limits, and no other."""
    deployment, name = dossier.deployment, client.profile.name
    registry = RegistryClient(client, deployment.chains[chain_id].registry)
    for token in deployment.tokens:
        said, found = token.config(chain_id, deployment.places), registry.token_config(token.token_id)
        what = f"token {token.token_id} ({token.symbol})"
        yield Check(name, what, is_as_planned(said, found), f"found {found}, expected {said}")
        is_paused = token.token_id in dossier.history.paused.get(chain_id, ())
        yield check(name, f"{what}: whether it is paused", registry.is_paused(token.token_id), is_paused)
    known = {token.token_id for token in deployment.tokens}
    registered = read_registered(dossier, chain_id, client, client.head().number)
    yield check(name, "tokens beside those", sorted(registered - known), [])


def _read_waiting(dossier: Dossier, chain_id: ChainId, client: ChainClient) -> list[str]:
    """The ids of proposals that can still be executed: the deployer's, too, outlive a change of owner."""
    lock, head = TimelockClient(client, dossier.deployment.chains[chain_id].timelock), client.head()
    events = lock.events_named([Proposed], first_block(dossier, chain_id), head.number)
    waiting = {event.proposal_id: lock.waiting(event.proposal_id) for event in events if isinstance(event, Proposed)}
    return sorted(
        f"0x{id.hex()}"
        for id, until in waiting.items()
        if until is not None and not (head.timestamp >= until.too_late[0] and head.number >= until.too_late[1])
    )


def first_block(dossier: Dossier, chain_id: ChainId) -> int:
    """The block of a chain's first contract."""
    return min((one.block for one in dossier.contracts[chain_id]), default=0)


def read_registered(dossier: Dossier, chain_id: ChainId, client: ChainClient, height: int) -> set[TokenId]:
    """The ids of all tokens that were registered up to L1 block `height`, by the registry's events."""
    first = first_block(dossier, chain_id)
    address = dossier.deployment.chains[chain_id].registry
    logs = client.logs(address, first, height, [REGISTERED])
    return {TokenId(int.from_bytes(log.topics[1], "big")) for log in logs}

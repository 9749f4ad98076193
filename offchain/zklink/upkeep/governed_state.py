"""What government can change, as one chain's contracts have it at a block, and the acts that have changed it.

Takes a record, a chain and a client. Only reads.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from zklink.l1.contracts.bridge_events import BridgeEvent, MemberRemoved, MembersReplaced
from zklink.l1.contracts.bridge_structs import PriceEntry, TokenConfig
from zklink.l1.contracts.event_codec import decode_events
from zklink.l1.contracts.governance_events import (
    FeeRecipientChanged,
    FoundingClosed,
    OwnerChanged,
    PriceBoundsChanged,
    SetterChanged,
    TokenLimitsChanged,
    TokenPaused,
    TokenRegistered,
)
from zklink.l1.contracts.groups import GroupsClient
from zklink.l1.contracts.registries import RegistryClient
from zklink.l1.contracts.timelock import TimelockClient
from zklink.l1.deployment.dossier import Dossier
from zklink.l1.deployment.history import RecordedAct
from zklink.l1.deployment.records import GroupPlan
from zklink.l1.deployment.verify_state import first_block, read_registered
from zklink.l1.transport.client import ChainClient
from zklink.protocol.facts import Group
from zklink.protocol.ids import ChainId, TokenId
from zklink.upkeep.call_words import name_door


@dataclass(frozen=True, slots=True)
class GovernedState:
    """One chain's part of what a record has of government. `bounds` are of the doors that have any, by kind."""

    owner: str
    groups: Mapping[Group, GroupPlan]
    setter: str
    fee_recipient: str
    bounds: Mapping[int, PriceEntry]
    tokens: Mapping[TokenId, TokenConfig]
    paused: tuple[TokenId, ...]


def read_state(dossier: Dossier, chain: ChainId, client: ChainClient, height: int) -> GovernedState:
    """As of L1 block `height`. Raises CallReverted, RpcUnavailable."""
    place = dossier.deployment.chains[chain]
    registry = RegistryClient(client, place.registry, height)
    groups = GroupsClient(client, place.groups)
    members = {group: groups.members(group, height) for group in Group}
    bounds = {}
    for kind in range(len(registry.prices())):
        state = registry.price_state(kind)
        if state.low or state.high:
            bounds[kind] = PriceEntry(kind, state.now, state.low, state.high)
    tokens = sorted(read_registered(dossier, chain, client, height))
    return GovernedState(
        owner=TimelockClient(client, place.timelock).owner(height),
        groups={group: GroupPlan(found.members, found.threshold) for group, found in members.items()},
        setter=registry.setter(),
        fee_recipient=registry.fee_recipient(),
        bounds=bounds,
        tokens={token: registry.token_config(token) for token in tokens},
        paused=tuple(token for token in tokens if registry.is_paused(token)),
    )


def read_acts(dossier: Dossier, chain: ChainId, client: ChainClient, height: int) -> Iterator[RecordedAct]:
    """What has changed since the founding, or since the record was last brought up to date, up to `height`: what
    contracts did, whoever has proposed or executed it.
    """
    seen = dossier.history.heights.get(chain)
    events = _read_events(dossier, chain, client, first_block(dossier, chain) if seen is None else seen + 1, height)
    closed = [number for number, event in enumerate(events) if isinstance(event, FoundingClosed)]
    return _say_all(dossier, chain, events[closed[-1] + 1 :] if seen is None and closed else events)


def read_every_act(dossier: Dossier, chain: ChainId, client: ChainClient, height: int) -> Iterator[RecordedAct]:
    """Everything that has changed up to `height`, the founding with it."""
    return _say_all(dossier, chain, _read_events(dossier, chain, client, first_block(dossier, chain), height))


def _read_events(dossier: Dossier, chain: ChainId, client: ChainClient, start: int, height: int) -> list[BridgeEvent]:
    """The events of the governed contracts in these blocks, in order."""
    if start > height:
        return []
    place = dossier.deployment.chains[chain]
    logs = [
        log for address in (place.timelock, place.registry, place.groups) for log in client.logs(address, start, height)
    ]
    return decode_events(chain, sorted(logs, key=lambda log: (log.block_number, log.log_index)))


def _say_all(dossier: Dossier, chain: ChainId, events: Iterable[BridgeEvent]) -> Iterator[RecordedAct]:
    for event in events:
        words = say_change(dossier, event)
        if words:
            yield RecordedAct(chain, words, f"0x{event.log.tx_hash.hex()}", event.log.block_number)


def say_change(dossier: Dossier, event: object) -> str:
    """What an event changes of the record, in words; nothing for other events."""
    match event:
        case TokenRegistered():
            return f"token {event.token_id} is registered"
        case TokenLimitsChanged():
            return f"token {event.token_id}: at least {event.minimum}, cap {event.cap} layer-2 units"
        case TokenPaused():
            return f"token {event.token_id} is {'paused' if event.is_paused else 'admitted again'}"
        case PriceBoundsChanged():
            door = name_door(dossier.deployment, event.kind)
            return f"{door}: between {event.low} and {event.high} gwei"
        case SetterChanged():
            return f"{event.setter} sets prices"
        case FeeRecipientChanged():
            return f"fees belong to {event.fee_recipient}"
        case MembersReplaced():
            return f"the {Group(event.group).name.lower()} are those that were announced"
        case MemberRemoved():
            return f"{event.member} is none of the {Group(event.group).name.lower()} any more"
        case OwnerChanged():
            return f"{event.owner} owns the timelock"
        case _:
            return ""

"""Reads the events of a deployment's contracts: takes logs, gives one record for each; leaves out unknown topics. Never
asks a chain.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from eth_abi import decode
from eth_utils import keccak, to_checksum_address

from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts import bridge_events, governance_events
from zklink.l1.contracts.bridge_events import (
    BridgeEvent,
    DepositRequested,
    FullExitRequested,
    KeyRequested,
    SwapRequested,
)
from zklink.l1.contracts.bridge_structs import EndWord, universal_address
from zklink.l1.contracts.governance_events import Proposed, ProposedCall
from zklink.l1.transport.arguments import spell_type
from zklink.l1.transport.receipts import Log
from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.key_request import KeyRequest
from zklink.operations.swap import SwapRequest
from zklink.protocol.facts import Group
from zklink.protocol.ids import AccountId, Amount, ChainId, ChainSet, Lane, RequestId, TokenId

CONTRACTS: Final = (
    "Bridge",
    "PrimaryHistory",
    "MemberHistory",
    "PrimaryEnd",
    "MemberEnd",
    "Groups",
    "Exodus",
    "Registry",
    "Timelock",
)

PLAIN_EVENTS: Final[Mapping[str, Callable[..., BridgeEvent]]] = {
    event.__name__: event
    for event in (
        bridge_events.PayoutFilled,
        bridge_events.PayoutPaid,
        bridge_events.PayoutDeferred,
        bridge_events.PendingBalanceWithdrawn,
        bridge_events.PendingBalancePushed,
        bridge_events.PushRefused,
        bridge_events.FeesCollected,
        bridge_events.BlocksAccepted,
        bridge_events.BlocksImported,
        bridge_events.PayoutsOwed,
        bridge_events.BlockExecuted,
        bridge_events.EndSet,
        bridge_events.Frozen,
        bridge_events.FreezeCalled,
        bridge_events.FreezeAnnounced,
        bridge_events.FreezeVoided,
        bridge_events.EndRaised,
        bridge_events.PathShown,
        bridge_events.EndDenied,
        bridge_events.EndFell,
        bridge_events.EndStands,
        bridge_events.MismatchShown,
        bridge_events.Seceded,
        bridge_events.MembersAnnounced,
        bridge_events.MembersReplaced,
        bridge_events.MemberRemoved,
        bridge_events.ExodusBegun,
        bridge_events.RequestCancelled,
        bridge_events.Exited,
        governance_events.TokenRegistered,
        governance_events.TokenLimitsChanged,
        governance_events.TokenPaused,
        governance_events.PriceChanged,
        governance_events.PriceBoundsChanged,
        governance_events.SetterChanged,
        governance_events.FeeRecipientChanged,
        governance_events.Cancelled,
        governance_events.Executed,
        governance_events.Acted,
        governance_events.SwiftAllowed,
        governance_events.FoundingClosed,
        governance_events.OwnerNamed,
        governance_events.OwnerChanged,
    )
}
"""Events whose fields are the record's fields."""

REQUEST_EVENTS: Final = (SwapRequested, DepositRequested, FullExitRequested, KeyRequested)


@dataclass(frozen=True, slots=True)
class EventCodec:
    """How one event of an ABI is laid out."""

    name: str
    topic: bytes
    indexed: tuple[tuple[str, str], ...]
    plain: tuple[tuple[str, str], ...]

    def decode(self, log: Log) -> dict[str, Any]:
        """The event's fields by name; addresses with checksum."""
        values: dict[str, Any] = {}
        for (name, kind), topic in zip(self.indexed, log.topics[1:], strict=True):
            values[name] = _clean(kind, decode([kind], topic)[0])
        for (name, kind), value in zip(self.plain, decode([kind for _, kind in self.plain], log.data), strict=True):
            values[name] = _clean(kind, value)
        return values


def build_codecs(abi: Iterable[Mapping[str, Any]]) -> dict[bytes, EventCodec]:
    """A codec per event of an ABI, by topic."""
    codecs = {}
    for entry in abi:
        if entry["type"] == "event":
            inputs: Sequence[Mapping[str, Any]] = entry["inputs"]
            topic = keccak(text=f"{entry['name']}({','.join(map(spell_type, inputs))})")
            indexed = tuple((item["name"], spell_type(item)) for item in inputs if item["indexed"])
            plain = tuple((item["name"], spell_type(item)) for item in inputs if not item["indexed"])
            codecs[topic] = EventCodec(entry["name"], topic, indexed, plain)
    return codecs


@lru_cache(maxsize=1)
def all_codecs() -> dict[bytes, EventCodec]:
    """The codecs of every contract's events."""
    codecs: dict[bytes, EventCodec] = {}
    for name in CONTRACTS:
        codecs |= build_codecs(load_contract(name).abi)
    return codecs


def event_topic(event: type[Any]) -> bytes:
    """The first topic of an event's logs."""
    return next(codec.topic for codec in all_codecs().values() if codec.name == event.__name__)


def decode_event(chain: ChainId, log: Log) -> BridgeEvent | None:
    """The record of a log of a contract on `chain`; None if it is not one of the deployment's events."""
    codec = all_codecs().get(log.topics[0]) if log.topics else None
    if codec is None:
        return None
    fields = codec.decode(log)
    if codec.name in _READERS:
        return _READERS[codec.name](chain, log, fields)
    fields |= {name: read(fields[name]) for name, read in _ENUMS.get(codec.name, {}).items()}
    build = PLAIN_EVENTS.get(codec.name)
    return build(log, **fields) if build is not None else None


def decode_events(chain: ChainId, logs: Iterable[Log]) -> list[BridgeEvent]:
    """The records of all logs that are events of the deployment, in order."""
    return [event for event in (decode_event(chain, log) for log in logs) if event is not None]


def _decode_swap(chain: ChainId, log: Log, fields: Mapping[str, Any]) -> SwapRequested:
    request = SwapRequest(
        source=chain,
        destination=ChainId(fields["destination"]),
        request_id=RequestId(fields["request_id"]),
        token_in=TokenId(fields["token_in"]),
        token_out=TokenId(fields["token_out"]),
        amount=Amount(fields["amount"]),
        min_out=Amount(fields["min_out"]),
        operator_fee=Amount(fields["operator_fee"]),
        fill_fee=Amount(fields["fill_fee"]),
        deadline=fields["deadline"],
        queued_at=fields["queued_at"],
        recipient=fields["recipient"],
        refund_to=universal_address(fields["refund_to"]),
        native_fee_gwei=fields["native_fee_gwei"],
        via=TokenId(fields["via"]),
    )
    return SwapRequested(log, request, fields["l1_amount"], fields["expires_at"])


def _decode_deposit(chain: ChainId, log: Log, fields: Mapping[str, Any]) -> DepositRequested:
    request = DepositRequest(
        source=chain,
        request_id=RequestId(fields["request_id"]),
        token=TokenId(fields["token_id"]),
        amount=Amount(fields["amount"]),
        owner=fields["owner"],
        refund_to=universal_address(fields["refund_to"]),
        native_fee_gwei=fields["native_fee_gwei"],
        queued_at=fields["queued_at"],
        account=AccountId(fields["account"]),
        by_owner=fields["by_owner"],
    )
    return DepositRequested(log, request, fields["l1_amount"], fields["expires_at"])


def _decode_full_exit(chain: ChainId, log: Log, fields: Mapping[str, Any]) -> FullExitRequested:
    request = FullExitRequest(
        source=chain,
        request_id=RequestId(fields["request_id"]),
        account=AccountId(fields["account"]),
        token=TokenId(fields["token_id"]),
        owner=fields["owner"],
        second=fields["second"],
        mask=ChainSet(fields["mask"]),
        queued_at=fields["queued_at"],
        native_fee_gwei=fields["native_fee_gwei"],
    )
    return FullExitRequested(log, request, fields["expires_at"], fields["burnt_gwei"])


def _decode_key_request(chain: ChainId, log: Log, fields: Mapping[str, Any]) -> KeyRequested:
    request = KeyRequest(
        source=chain,
        request_id=RequestId(fields["request_id"]),
        account=AccountId(fields["account"]),
        owner=fields["owner"],
        public_key_hash=fields["public_key_hash"],
        queued_at=fields["queued_at"],
        native_fee_gwei=fields["native_fee_gwei"],
    )
    return KeyRequested(log, request, fields["expires_at"])


def _decode_proposal(chain: ChainId, log: Log, fields: Mapping[str, Any]) -> Proposed:
    calls = tuple(ProposedCall(to_checksum_address(to), value, bytes(data)) for to, value, data in fields["calls"])
    return Proposed(log, fields["proposal_id"], calls, fields["salt"])


_READERS: Final[Mapping[str, Callable[[ChainId, Log, Mapping[str, Any]], BridgeEvent]]] = {
    "Proposed": _decode_proposal,
    "SwapRequested": _decode_swap,
    "DepositRequested": _decode_deposit,
    "FullExitRequested": _decode_full_exit,
    "KeyRequested": _decode_key_request,
}


_ENUMS: Final[Mapping[str, Mapping[str, Callable[[int], object]]]] = {
    "FreezeCalled": {"lane": Lane},
    "EndRaised": {"word": EndWord},
    "MembersAnnounced": {"group": Group},
    "MembersReplaced": {"group": Group},
    "MemberRemoved": {"group": Group},
    "RequestCancelled": {"lane": Lane},
}


def _clean(kind: str, value: Any) -> Any:
    if kind == "address[]":
        return tuple(map(to_checksum_address, value))
    return to_checksum_address(value) if kind == "address" else value

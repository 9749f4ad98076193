"""The bridge's events as records: takes logs, gives one typed record for each; unknown topics are left out."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from eth_abi import decode
from eth_utils import keccak, to_checksum_address

from zklink.l1.receipts import Log
from zklink.l1.structs import universal_address
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import Amount, BlockNumber, ChainId, RequestId, TokenId


@dataclass(frozen=True, slots=True)
class SwapRequested:
    """A request entered the queue. `l1_amount` is what the user paid, in the token's units."""

    log: Log
    request: SwapRequest
    l1_amount: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class PayoutFilled:
    """A broker paid a recipient ahead of the block."""

    log: Log
    key: bytes
    broker: str
    recipient: bytes
    token_id: TokenId
    amount: Amount
    fee: Amount


@dataclass(frozen=True, slots=True)
class PayoutPaid:
    """A payout was executed; `kind` is the record's."""

    log: Log
    key: bytes
    receiver: str
    token_id: TokenId
    l1_amount: int
    kind: int


@dataclass(frozen=True, slots=True)
class PayoutDeferred:
    """A payout could not be pushed: it is owed to the receiver, who pulls it."""

    log: Log
    key: bytes
    receiver: str
    token_id: TokenId
    l1_amount: int
    kind: int


@dataclass(frozen=True, slots=True)
class PendingBalanceWithdrawn:
    """A receiver pulled what was owed."""

    log: Log
    owner: str
    receiver: str
    token_id: TokenId
    l1_amount: int


@dataclass(frozen=True, slots=True)
class BlockCommitted:
    """A block was committed here."""

    log: Log
    number: BlockNumber
    block_commitment: bytes
    sync_hash: bytes


@dataclass(frozen=True, slots=True)
class BlocksProven:
    """Blocks first..last were proven here."""

    log: Log
    first: BlockNumber
    last: BlockNumber


@dataclass(frozen=True, slots=True)
class BlockAccepted:
    """Every block up to `number` is accepted here: irrevocable, and what the committee signs."""

    log: Log
    number: BlockNumber
    sync_hash: bytes


@dataclass(frozen=True, slots=True)
class BlockExecuted:
    """A block was executed here."""

    log: Log
    number: BlockNumber


@dataclass(frozen=True, slots=True)
class BlocksReverted:
    """Blocks above `to` are gone here."""

    log: Log
    to: BlockNumber


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """What another chain accepted became known here."""

    log: Log
    source_chain: ChainId
    number: BlockNumber
    sync_hash: bytes


@dataclass(frozen=True, slots=True)
class TokenRegistered:
    """A token id got its meaning on this chain."""

    log: Log
    token_id: TokenId
    token: str
    chains: int
    l1_decimals: int
    layer2_decimals: int


@dataclass(frozen=True, slots=True)
class TokenLimitsChanged:
    """A token's smallest swap and largest custody here, in layer-2 units."""

    log: Log
    token_id: TokenId
    minimum: Amount
    cap: Amount


@dataclass(frozen=True, slots=True)
class TokenPaused:
    """New swaps out of a token stopped, or go on."""

    log: Log
    token_id: TokenId
    is_paused: bool


@dataclass(frozen=True, slots=True)
class BridgeOpened:
    """The genesis reserves are in; swaps are taken from here on."""

    log: Log
    deployment_hash: bytes


BridgeEvent = (
    SwapRequested
    | PayoutFilled
    | PayoutPaid
    | PayoutDeferred
    | PendingBalanceWithdrawn
    | BlockCommitted
    | BlocksProven
    | BlockAccepted
    | BlockExecuted
    | BlocksReverted
    | MessageReceived
    | TokenRegistered
    | TokenLimitsChanged
    | TokenPaused
    | BridgeOpened
)

PLAIN_EVENTS: Final[Mapping[str, Callable[..., BridgeEvent]]] = {
    event.__name__: event
    for event in (
        PayoutFilled,
        PayoutPaid,
        PayoutDeferred,
        PendingBalanceWithdrawn,
        BlockCommitted,
        BlocksProven,
        BlockAccepted,
        BlockExecuted,
        BlocksReverted,
        MessageReceived,
        TokenRegistered,
        TokenLimitsChanged,
        TokenPaused,
        BridgeOpened,
    )
}
"""Events whose fields are the record's fields."""


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
            topic = keccak(text=f"{entry['name']}({','.join(item['type'] for item in inputs)})")
            indexed = tuple((item["name"], item["type"]) for item in inputs if item["indexed"])
            plain = tuple((item["name"], item["type"]) for item in inputs if not item["indexed"])
            codecs[topic] = EventCodec(entry["name"], topic, indexed, plain)
    return codecs


@lru_cache(maxsize=1)
def bridge_codecs() -> dict[bytes, EventCodec]:
    """The codecs of the bridge's events."""
    from zklink.l1.artifacts import load_contract

    return build_codecs(load_contract("Bridge").abi)


def event_topic(event: type[Any]) -> bytes:
    """The first topic of an event's logs."""
    return next(codec.topic for codec in bridge_codecs().values() if codec.name == event.__name__)


def decode_event(chain: ChainId, log: Log) -> BridgeEvent | None:
    """The record of a log of the bridge on `chain`; None if it is not one of its events."""
    codec = bridge_codecs().get(log.topics[0]) if log.topics else None
    if codec is None:
        return None
    fields = codec.decode(log)
    if codec.name == SwapRequested.__name__:
        return _decode_swap(chain, log, fields)
    build = PLAIN_EVENTS.get(codec.name)
    return build(log, **fields) if build is not None else None


def decode_events(chain: ChainId, logs: Iterable[Log]) -> list[BridgeEvent]:
    """The records of all logs that are the bridge's events, in order."""
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
        sender=universal_address(fields["sender"]),
    )
    return SwapRequested(log, request, fields["l1_amount"], fields["expires_at"])


def _clean(kind: str, value: Any) -> Any:
    return to_checksum_address(value) if kind == "address" else value

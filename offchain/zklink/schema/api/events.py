"""Subscriptions: topics, filters and what is sent."""

from typing import Annotated, Any, Final, Literal

from msgspec import Meta

from zklink.schema.api.chains import ChainInfo
from zklink.schema.api.operations import BlockInfo, OperationInfo
from zklink.schema.api.scalars import AccountNumber, Answer, OwnerText, Request, TxHash
from zklink.schema.api.transfers import Transfer

TOPICS: Final = {"transfers": Transfer, "blocks": BlockInfo, "operations": OperationInfo, "chains": ChainInfo}
"""What an event's `data` is, by its topic."""
Topic = Literal["transfers", "blocks", "operations", "chains"]
EventId = Annotated[
    str, Meta(pattern=r"^[0-9a-f]{8}-[0-9]{1,18}$", max_length=27, description="The id of an event of this stream.")
]


class SubscribeRequest(Request):
    """Topics, and filters for the entries of those that have such a thing. `after` is the id of the last event that
    the caller has: events since then come first, if they are still kept.
    """

    topics: Annotated[list[Topic], Meta(min_length=1, max_length=4)]
    tx_hash: Annotated[TxHash | None, Meta(description="Only transfers of this transaction.")] = None
    address: Annotated[OwnerText | None, Meta(description="Only transfers to or from this address.")] = None
    account: Annotated[AccountNumber | None, Meta(description="Only operations of this account.")] = None
    after: EventId | None = None


class Subscribed(Answer):
    """The subscription's number on this connection. `last` is the id of the event before its first: the `after` of a
    caller that comes back before any event.
    """

    subscription: int
    last: EventId


class UnsubscribeRequest(Request):
    """A subscription of this connection."""

    subscription: Annotated[int, Meta(ge=1, le=2**31)]


class Unsubscribed(Answer):
    """Whether there was one."""

    was_there: bool


class Event(Answer):
    """One event. `data` is what the topic is about: a Transfer, a BlockInfo, an OperationInfo, a ChainInfo.

    An event of the topic `reset` says that events were lost: read again what matters. One of the topic `mark` comes
    after many that the subscription does not take: its id is how far the stream is, for `after`.
    """

    id: str
    topic: Literal["transfers", "blocks", "operations", "chains", "reset", "mark"]
    data: dict[str, Any]

"""The latest swaps of all: there is no method for them, so they are found from what changed last and in blocks."""

from collections.abc import Iterator
from typing import Final

from zklink.api.answers.transfers import describe_transfer
from zklink.api.sources import Sources
from zklink.history.feed import Topic
from zklink.history.transfer_record import TransferRecord
from zklink.operations.requests import RequestKey
from zklink.protocol.ids import Lane
from zklink.schema.api.transfers import Transfer

BLOCKS_LOOKED_AT: Final = 50

RECENT_COST: Final = 5
"""What the list costs of an allowance: as much as a page of an address's swaps."""


def list_recent(sources: Sources, limit: int) -> list[Transfer]:
    """At most `limit` swaps, those asked for last first."""
    found: dict[RequestKey, TransferRecord] = {}
    for key in _list_keys(sources, limit):
        record = sources.history.transfer(key)
        if record is not None:
            found[key] = record
        if len(found) >= 2 * limit:
            break
    newest = sorted(found.values(), key=lambda record: (record.request.queued_at, record.key), reverse=True)
    return [describe_transfer(sources, record) for record in newest[:limit]]


def _list_keys(sources: Sources, limit: int) -> Iterator[RequestKey]:
    yield from sources.history.feed.latest(Topic.TRANSFERS, limit)  # type: ignore[misc]  # the topic says so
    for block in sources.history.blocks(None, BLOCKS_LOOKED_AT).entries:
        if block.lane is Lane.SWAP:
            yield from block.requests

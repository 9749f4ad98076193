"""Looks at one chain: gives its head, newly confirmed requests of both lanes, and requests that a reorganisation
removed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.transport.receipts import BlockInfo
from zklink.l1.watcher import L1Watcher, QueuePlace
from zklink.operations.requests import Request
from zklink.protocol.errors import RequestRewritten
from zklink.protocol.ids import Lane, RequestId


@dataclass(frozen=True, slots=True)
class Seen:
    """A confirmed request. It stands in block `l1_block` of its chain; transaction `tx_hash` made it, empty where the
    chain does not show which.
    """

    request: Request
    l1_block: int
    tx_hash: bytes


@dataclass(frozen=True, slots=True)
class Sighting:
    """The result of one look. `gone_from` names, per lane, the first request that was given out and that the chain no
    longer has.
    """

    head: BlockInfo
    requests: tuple[Seen, ...]
    gone_from: Mapping[Lane, RequestId] = field(default_factory=dict)


class Watch(Protocol):
    """Port: one chain, looked at on a worker."""

    def look(self) -> Sighting:
        """Look once; while no block is new, ask only for the head. After an error no request has been given out."""
        ...

    def find_place(self, counts: Mapping[Lane, int]) -> QueuePlace:
        """Where to begin to read behind the first `counts` requests of each lane; on any thread."""
        ...


class ChainWatch:
    """The Watch of a chain whose bridge is a contract."""

    def __init__(self, bridge: BridgeClient, watcher: L1Watcher) -> None:
        self._bridge, self._watcher = bridge, watcher
        self._last: bytes | None = None

    def look(self) -> Sighting:
        """See `Watch.look`."""
        head = self._bridge.client.head()
        if head.hash == self._last:
            return Sighting(head, ())
        try:
            found = [Seen(event.request, event.log.block_number, event.log.tx_hash) for event in self._watcher.poll()]
        except RequestRewritten:
            return Sighting(head, (), self._rewind())
        self._last = head.hash
        return Sighting(head, tuple(found))

    def find_place(self, counts: Mapping[Lane, int]) -> QueuePlace:
        """Where to begin to read behind the first `counts` requests (see `L1Watcher.find_place`); on any thread."""
        return self._watcher.find_place(counts)

    def _rewind(self) -> dict[Lane, RequestId]:
        last = {lane: self._watcher.last_request_id(lane) for lane in Lane}
        kept = self._watcher.rewind()
        return {lane: RequestId(kept[lane] + 1) for lane in Lane if kept[lane] < last[lane]}

"""What happened on a chain, once it is confirmed.

Takes a bridge; gives its requests in order, each exactly once, none left out, and only from blocks that have the
chain's confirmations, so a reorg before that changes nothing. Every request is checked against the bridge's own
rolling queue hash: a node that forgets an event, repeats one or alters one is noticed, and so is a reorg deeper than
the confirmations. A node that merely lags behind what another one has told is no reorg: it is asked again later.
"""

from zklink.l1.bridge import BridgeClient
from zklink.l1.events import BridgeEvent, SwapRequested
from zklink.protocol.chain import next_queue_hash
from zklink.protocol.errors import RequestGap, RequestRewritten, RpcUnavailable
from zklink.protocol.ids import RequestId


class ConfirmedEvents:
    """All events of a bridge in confirmed blocks, each once."""

    def __init__(self, bridge: BridgeClient, from_block: int) -> None:
        self._bridge, self._next_block = bridge, from_block

    def poll(self) -> list[BridgeEvent]:
        """The events of the blocks that were confirmed since the last call. Raises RpcUnavailable; then nothing
        moved.
        """
        height = self._bridge.client.confirmed_height()
        if height < self._next_block:
            return []
        events = self._bridge.events(self._next_block, height)
        self._next_block = height + 1
        return events


class L1Watcher:
    """The confirmed requests of one bridge, gapless by request id."""

    def __init__(self, bridge: BridgeClient, from_block: int, deployment_hash: bytes) -> None:
        self._bridge = bridge
        self._name = bridge.client.profile.name
        self._start = from_block
        self._next_block = from_block
        # Queue hash and block of request i at index i; before the first request there is the deployment's hash.
        self._trail: list[tuple[bytes, int]] = [(deployment_hash, from_block)]

    @property
    def last_request_id(self) -> RequestId:
        """The last request that was given out; 0 before the first."""
        return RequestId(len(self._trail) - 1)

    @property
    def next_block(self) -> int:
        """Everything below this block has been read."""
        return self._next_block

    def poll(self) -> list[SwapRequested]:
        """The requests that were confirmed since the last call, in order.

        Raises RequestGap when the node's events and its contract's books disagree (ask again later), RequestRewritten
        when a request already given out has changed (see `rewind`), RpcUnavailable also when the node knows less than
        was already read. After an error nothing has moved.
        """
        height = self._read_height()
        if self.last_request_id and not self._is_unchanged(self.last_request_id, height):
            raise RequestRewritten(self._name, self.last_request_id)
        if height < self._next_block:
            return []
        events = self._bridge.requests(self._next_block, height)
        trail = self._follow(events, height)
        total = self._bridge.request_counts(block=height).total
        if total != self.last_request_id + len(trail):
            raise RequestGap(self._name, self.last_request_id + len(trail) + 1, total)
        self._trail += trail
        self._next_block = height + 1
        return events

    def rewind(self) -> RequestId:
        """After RequestRewritten: go back to the last request that the chain still has as it was, and give its id.

        Raises RpcUnavailable; then nothing has moved.
        """
        height, kept = self._read_height(), int(self.last_request_id)
        while kept and not self._is_unchanged(kept, height):
            kept -= 1
        del self._trail[kept + 1 :]
        self._next_block = self._trail[-1][1] + 1 if kept else self._start
        return self.last_request_id

    def _read_height(self) -> int:
        """The confirmed height, never below what was already read.

        Everything is then asked as of this block: a node that has not got it fails, instead of answering from less.
        """
        height = self._bridge.client.confirmed_height()
        if self._start < self._next_block and height < self._next_block - 1:
            detail = f"the node confirms block {height}, behind block {self._next_block - 1} that was read before"
            raise RpcUnavailable(self._name, "eth_getBlockByNumber", 1, detail)
        return height

    def _is_unchanged(self, request_id: int, height: int) -> bool:
        return self._bridge.queue_hash(request_id, block=height) == self._trail[request_id][0]

    def _follow(self, events: list[SwapRequested], height: int) -> list[tuple[bytes, int]]:
        """The queue hashes after each event; RequestGap unless the ids follow and the last hash is the chain's."""
        trail: list[tuple[bytes, int]] = []
        queue_hash, expected = self._trail[-1][0], self.last_request_id + 1
        for event in events:
            if event.request.request_id != expected:
                raise RequestGap(self._name, expected, event.request.request_id)
            queue_hash, expected = next_queue_hash(queue_hash, event.request.words()), expected + 1
            trail.append((queue_hash, event.log.block_number))
        if trail and self._bridge.queue_hash(expected - 1, block=height) != queue_hash:
            raise RequestGap(self._name, expected - len(trail), expected - 1)
        return trail

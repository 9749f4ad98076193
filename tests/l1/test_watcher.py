"""The watcher gives every confirmed request once and in order, whatever the chain's tip does, and notices a lying
node.
"""

from dataclasses import dataclass, field, replace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_events import DepositRequested, RequestEvent, SwapRequested
from zklink.l1.contracts.bridge_structs import RequestCounts
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.receipts import Log
from zklink.l1.watcher import L1Watcher, QueuePlace
from zklink.operations.deposit import DepositRequest
from zklink.operations.swap import SwapRequest
from zklink.protocol.bridge_hashes import next_queue_hash
from zklink.protocol.errors import RequestGap, RequestRewritten, RpcUnavailable
from zklink.protocol.ids import Amount, ChainId, Lane, RequestId, TokenId

DEPLOYMENT_HASH = b"\x07" * 32
CONFIRMATIONS = 3
START = 1

TEMPLATE = SwapRequest(
    source=ChainId(1),
    destination=ChainId(2),
    request_id=RequestId(1),
    token_in=TokenId(1),
    token_out=TokenId(2),
    amount=Amount(1),
    min_out=Amount(0),
    operator_fee=Amount(0),
    fill_fee=Amount(0),
    deadline=100,
    queued_at=1,
    recipient=bytes(31) + b"\x01",
    refund_to=bytes(31) + b"\x02",
)


DEPOSIT = DepositRequest(
    source=ChainId(1),
    request_id=RequestId(1),
    token=TokenId(1),
    amount=Amount(1),
    owner=bytes(31) + b"\x03",
    refund_to=bytes(31) + b"\x02",
    queued_at=1,
)

Request = SwapRequest | DepositRequest


@dataclass
class FakeChain:
    """Blocks of amounts: each amount is a swap, each negative one a deposit. Stands in for a bridge and its client.

    `hidden` and `altered` are ids of swaps.
    """

    blocks: list[list[int]] = field(default_factory=lambda: [[]])
    hidden: set[int] = field(default_factory=set)
    altered: set[int] = field(default_factory=set)
    lag: int = 0
    """How many blocks the node behind the contract's views lacks."""
    asleep_since: int | None = None
    """A block after which the node knows nothing, and says so of no later one: it answers as if it were that block."""

    profile = ChainProfile("fake", ChainId(1), 1337, 1.0, CONFIRMATIONS, "FAK")

    @property
    def client(self) -> "FakeChain":
        return self

    @property
    def head(self) -> int:
        return len(self.blocks) - 1

    def mine(self, *amounts: int) -> None:
        self.blocks.append(list(amounts))

    def reorg(self, depth: int, *blocks: list[int]) -> None:
        """Replace the last `depth` blocks; as in nature, the new branch is longer."""
        del self.blocks[len(self.blocks) - depth :]
        self.blocks.extend(blocks)

    def all_requests(self, height: int | None = None) -> list[tuple[int, Request]]:
        """(block, request) of everything up to a height."""
        found: list[tuple[int, Request]] = []
        swaps = deposits = 0
        for number, amounts in enumerate(self.blocks if height is None else self.blocks[: height + 1]):
            for amount in amounts:
                if amount > 0:
                    swaps += 1
                    found.append((number, replace(TEMPLATE, request_id=RequestId(swaps), amount=Amount(amount))))
                else:
                    deposits += 1
                    found.append((number, replace(DEPOSIT, request_id=RequestId(deposits), amount=Amount(-amount))))
        return found

    def queue(self, lane: Lane, height: int) -> list[Request]:
        """A lane's requests up to a height."""
        height = height if self.asleep_since is None else min(height, self.asleep_since)
        kind = SwapRequest if lane is Lane.SWAP else DepositRequest
        return [request for _, request in self.all_requests(height) if isinstance(request, kind)]

    def confirmed_height(self) -> int:
        return self.head - CONFIRMATIONS + 1

    def requests(self, first: int, last: int) -> list[RequestEvent]:
        events: list[RequestEvent] = []
        for number, request in self.all_requests(self.asleep_since):
            log = Log("", (), b"", number, b"", b"", 0)
            if not first <= number <= last:
                continue
            if isinstance(request, DepositRequest):
                events.append(DepositRequested(log, request, 0, 0))
            elif request.request_id not in self.hidden:
                seen = replace(request, amount=Amount(99)) if request.request_id in self.altered else request
                events.append(SwapRequested(log, seen, 0, 0))
        return events

    def events(self, first: int, last: int) -> list[RequestEvent]:
        return self.requests(first, last)

    def request_counts(self, lane: Lane, block: int) -> RequestCounts:
        return RequestCounts(len(self.queue(lane, block)), 0)

    def queue_hash(self, lane: Lane, request_id: int, block: int) -> bytes:
        if block >= self.head - self.lag + 1:
            raise RpcUnavailable("fake", "queue_hash", 1, "header not found")
        queue_hash = DEPLOYMENT_HASH
        requests = self.queue(lane, block)
        if request_id > len(requests):
            return bytes(32)
        for request in requests[:request_id]:
            queue_hash = next_queue_hash(queue_hash, request.words())
        return queue_hash


def _watcher(chain: FakeChain) -> L1Watcher:
    return L1Watcher(cast("BridgeClient", chain), START, DEPLOYMENT_HASH)


def _amounts(events: list[RequestEvent]) -> list[int]:
    return [_amount(event.request) for event in events]


def _amount(request: object) -> int:
    assert isinstance(request, Request)
    return -request.amount if isinstance(request, DepositRequest) else request.amount


def test_poll__unconfirmed__nothing_yet() -> None:
    chain = FakeChain()
    watcher = _watcher(chain)
    chain.mine(5)
    chain.mine()
    assert watcher.poll() == []
    chain.mine()
    assert _amounts(watcher.poll()) == [5]
    assert watcher.poll() == []


def test_poll__reorg_before_confirmation__only_what_stays() -> None:
    chain = FakeChain()
    watcher = _watcher(chain)
    chain.mine(5)
    chain.mine(6)
    watcher.poll()
    chain.reorg(2, [7], [], [], [])
    assert _amounts(watcher.poll()) == [7]


def test_poll__the_node_forgets_an_event__gap_and_nothing_moves() -> None:
    chain = FakeChain(hidden={2})
    watcher = _watcher(chain)
    for amounts in ([5], [6], [7], [], [], []):
        chain.mine(*amounts)
    with pytest.raises(RequestGap) as caught:
        watcher.poll()
    assert (caught.value.expected, caught.value.found) == (2, 3)
    assert watcher.last_request_id(Lane.SWAP) == 0
    chain.hidden.clear()
    assert _amounts(watcher.poll()) == [5, 6, 7]


def test_poll__the_node_forgets_the_last_event__gap() -> None:
    chain = FakeChain(hidden={1})
    watcher = _watcher(chain)
    for amounts in ([5], [], []):
        chain.mine(*amounts)
    with pytest.raises(RequestGap):
        watcher.poll()
    chain.hidden.clear()
    assert _amounts(watcher.poll()) == [5]


def test_poll__logs_and_views_both_of_an_older_state__given_out_once_the_node_wakes_up() -> None:
    chain = FakeChain(asleep_since=1)
    watcher = _watcher(chain)
    for amounts in ([5], [6], [-7], [], []):
        chain.mine(*amounts)
    assert _amounts(watcher.poll()) == [5]
    chain.asleep_since = None
    chain.mine(8)
    chain.mine()
    chain.mine()
    for _ in range(2):
        with pytest.raises(RequestGap):
            watcher.poll()
    assert _amounts(watcher.poll()) == [6, -7, 8]
    assert watcher.poll() == []


def test_poll__the_node_alters_an_event__gap() -> None:
    chain = FakeChain(altered={1})
    watcher = _watcher(chain)
    for amounts in ([5], [], []):
        chain.mine(*amounts)
    with pytest.raises(RequestGap):
        watcher.poll()
    chain.altered.clear()
    assert _amounts(watcher.poll()) == [5]


def test_poll__reorg_deeper_than_the_confirmations__rewritten_then_rewind() -> None:
    chain = FakeChain()
    watcher = _watcher(chain)
    for amounts in ([4], [5], [6], [], []):
        chain.mine(*amounts)
    assert _amounts(watcher.poll()) == [4, 5, 6]
    chain.reorg(4, [8], [], [9], [], [])
    with pytest.raises(RequestRewritten) as caught:
        watcher.poll()
    assert caught.value.request_id == 3
    assert watcher.rewind() == {Lane.SWAP: 1, Lane.ACCOUNT: 0}
    assert _amounts(watcher.poll()) == [8, 9]


def test_rewind__one_lane_changed__the_other_is_not_given_out_again() -> None:
    chain = FakeChain()
    watcher = _watcher(chain)
    for amounts in ([4, -1], [5, -2], [-3, -4], [], []):
        chain.mine(*amounts)
    assert _amounts(watcher.poll()) == [4, -1, 5, -2, -3, -4]
    chain.reorg(4, [-2, -3], [9, -4], [8], [-7], [], [])
    with pytest.raises(RequestRewritten):
        watcher.poll()
    assert watcher.rewind() == {Lane.SWAP: 1, Lane.ACCOUNT: 4}
    assert _amounts(watcher.poll()) == [9, 8, -7]


def test_rewind__everything_changed__starts_over() -> None:
    chain = FakeChain()
    watcher = _watcher(chain)
    for amounts in ([4], [], []):
        chain.mine(*amounts)
    assert _amounts(watcher.poll()) == [4]
    chain.reorg(3, [8], [], [], [])
    with pytest.raises(RequestRewritten):
        watcher.poll()
    assert watcher.rewind() == {Lane.SWAP: 0, Lane.ACCOUNT: 0}
    assert _amounts(watcher.poll()) == [8]


def _resumed(chain: FakeChain, first: L1Watcher, swaps: int, deposits: int) -> L1Watcher:
    place = first.find_place({Lane.SWAP: swaps, Lane.ACCOUNT: deposits})
    return L1Watcher(cast(BridgeClient, chain), START, DEPLOYMENT_HASH, place)


@pytest.mark.parametrize(
    ("counts", "first_block", "rest"), [((0, 0), 1, [1, -2, 3, 4, -5]), ((1, 1), 3, [3, 4, -5]), ((3, 2), 7, [])]
)
def test_find_place__another_watcher_begins_there__gets_the_rest_alone(
    counts: tuple[int, int], first_block: int, rest: list[int]
) -> None:
    chain = FakeChain()
    for amounts in ((1,), (-2,), (3,), (4, -5), (), (), (), ()):
        chain.mine(*amounts)
    first = _watcher(chain)
    first.poll()
    place = first.find_place({Lane.SWAP: counts[0], Lane.ACCOUNT: counts[1]})
    assert place.next_block == first_block
    again = _resumed(chain, first, *counts)
    assert again.last_request_id(Lane.SWAP) == counts[0]
    assert _amounts(again.poll()) == rest
    chain.mine(6, -7)
    for _ in range(CONFIRMATIONS):
        chain.mine()
    assert _amounts(again.poll()) == [6, -7]
    assert again.find_place({Lane.SWAP: 4, Lane.ACCOUNT: 3}) == first_place(chain, 4, 3)


def first_place(chain: FakeChain, swaps: int, deposits: int) -> QueuePlace:
    """The same place as a watcher knows it that has read everything."""
    whole = _watcher(chain)
    whole.poll()
    return whole.find_place({Lane.SWAP: swaps, Lane.ACCOUNT: deposits})


def test_rewind__what_the_place_had_is_gone__ids_below_it() -> None:
    chain = FakeChain()
    for amounts in ((1,), (2,), (3,), (), (), ()):
        chain.mine(*amounts)
    first = _watcher(chain)
    first.poll()
    again = _resumed(chain, first, 2, 0)
    assert _amounts(again.poll()) == [3]
    chain.reorg(6, [9], [8], [7], [], [], [], [])
    with pytest.raises(RequestRewritten):
        again.poll()
    assert again.rewind()[Lane.SWAP] == 1


def test_poll__answer_from_a_node_that_lags__unavailable_and_nothing_moves() -> None:
    chain = FakeChain()
    watcher = _watcher(chain)
    for amounts in ([4], [5], [], []):
        chain.mine(*amounts)
    assert _amounts(watcher.poll()) == [4, 5]
    ahead = list(chain.blocks)
    for known in range(1, len(ahead)):
        chain.blocks = ahead[:known]
        with pytest.raises(RpcUnavailable):
            watcher.poll()
        with pytest.raises(RpcUnavailable):
            watcher.rewind()
        assert (watcher.last_request_id(Lane.SWAP), watcher.next_block) == (2, 3)
    chain.blocks = [*ahead, [6], [], []]
    assert _amounts(watcher.poll()) == [6]


def test_poll__views_from_a_node_that_lags__unavailable_and_nothing_moves() -> None:
    # Two nodes behind one address: the head comes from the first, the contract's views from one far behind.
    chain = FakeChain()
    watcher = _watcher(chain)
    for amounts in ([5], [], []):
        chain.mine(*amounts)
    assert _amounts(watcher.poll()) == [5]
    chain.lag = CONFIRMATIONS
    with pytest.raises(RpcUnavailable):
        watcher.poll()
    with pytest.raises(RpcUnavailable):
        watcher.rewind()
    assert watcher.last_request_id(Lane.SWAP) == 1
    chain.lag = 0
    assert watcher.poll() == []


BLOCK = st.lists(st.integers(-50, 50).filter(bool), max_size=2)
MINE = st.tuples(st.just("mine"), st.lists(BLOCK, min_size=1, max_size=3))
REORG = st.tuples(st.just("reorg"), st.lists(BLOCK, min_size=CONFIRMATIONS, max_size=CONFIRMATIONS + 1))


@given(st.lists(MINE | REORG, max_size=12))
def test_poll__any_shallow_reorgs__exactly_the_confirmed_requests_in_order(
    steps: list[tuple[str, list[list[int]]]],
) -> None:
    chain = FakeChain()
    watcher = _watcher(chain)
    given_out: list[int] = []
    for kind, blocks in steps:
        if kind == "mine":
            for block in blocks:
                chain.mine(*block)
        else:
            chain.reorg(min(CONFIRMATIONS - 1, chain.head), *blocks)
        given_out += _amounts(watcher.poll())
        confirmed = chain.all_requests(max(chain.confirmed_height(), 0))
        assert given_out == [_amount(request) for _, request in confirmed]
    assert watcher.last_request_id(Lane.SWAP) + watcher.last_request_id(Lane.ACCOUNT) == len(given_out)

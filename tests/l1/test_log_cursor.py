"""A cursor over logs moves only as far as the contract's own views agree, whatever single answers say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zklink.l1.contracts.bridge_events import (
    BlockAccepted,
    BlockCommitted,
    BlockExecuted,
    BlocksProven,
    BlocksReverted,
    BridgeEvent,
    Frozen,
    SwapRequested,
)
from zklink.l1.contracts.bridge_structs import RequestCounts, Stages
from zklink.l1.log_cursor import LogCursor
from zklink.l1.tallies import BridgeTally, QueueTally
from zklink.l1.transport.receipts import Log
from zklink.operations.swap import SwapRequest
from zklink.protocol.bridge_hashes import next_queue_hash
from zklink.protocol.errors import LogsIncomplete, RequestGap, RpcUnavailable
from zklink.protocol.ids import Amount, BlockNumber, ChainId, Lane, RequestId, TokenId

START = 3
DEPLOYMENT_HASH = b"\x07" * 32
REQUEST = SwapRequest(
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
Answer = Callable[[list[int]], list[int]]


@dataclass
class Contract:
    """Counts its events: `blocks[i]` are those of block START + i. `answers` is what a node makes of its next ones."""

    blocks: list[list[int]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    asked: list[tuple[int, int]] = field(default_factory=list)

    def read(self, first: int, last: int) -> list[int]:
        self.asked.append((first, last))
        shown = [event for block in self.blocks[first - START : last - START + 1] for event in block]
        return self.answers.pop(0)(shown) if self.answers else shown

    def count(self, height: int) -> int:
        return sum(map(len, self.blocks[: height - START + 1]))

    @property
    def height(self) -> int:
        return START + len(self.blocks) - 1


@dataclass(frozen=True)
class Sum:
    """How many events there were: what the contract counts."""

    contract: Contract
    count: int = 0

    def after(self, events: Sequence[int]) -> Self:
        return replace(self, count=self.count + len(events))

    def check(self, height: int) -> None:
        if self.contract.count(height) != self.count:
            raise LogsIncomplete("fake", f"{self.count} of {self.contract.count(height)}")


def open_cursor(contract: Contract) -> LogCursor[int, Sum]:
    return LogCursor("fake", contract.read, START, Sum(contract))


def nothing(shown: list[int]) -> list[int]:
    return []


def test_advance__first_answer_empty__fails_loudly_and_reads_again() -> None:
    contract = Contract([[1], [2]], [nothing])
    cursor = open_cursor(contract)
    with pytest.raises(LogsIncomplete, match="0 of 2"):
        cursor.advance(contract.height)
    assert cursor.next_block == START
    assert cursor.advance(contract.height) == (1, 2)
    assert contract.asked == [(START, START + 1)] * 2


def test_advance__first_block_too_late__fails_however_often_it_is_asked() -> None:
    contract = Contract([[1], [2], []])
    cursor = LogCursor("fake", contract.read, START + 1, Sum(contract))
    for _ in range(5):
        with pytest.raises(LogsIncomplete):
            cursor.advance(contract.height)


def test_advance__what_was_believed_was_wrong__everything_is_read_again() -> None:
    # A node that is behind answers both questions alike, from an older state.
    contract = Contract([[1], []], [nothing])
    cursor = open_cursor(contract)
    contract.count, count = (lambda height: 0), contract.count  # type: ignore[method-assign]
    assert cursor.advance(contract.height) == ()
    contract.count = count  # type: ignore[method-assign]
    contract.blocks.append([2])
    for _ in range(2):
        with pytest.raises(LogsIncomplete):
            cursor.advance(contract.height)
    assert cursor.advance(contract.height) == (1, 2)


def test_advance__node_behind_what_was_read__unavailable() -> None:
    contract = Contract([[1], [2]])
    cursor = open_cursor(contract)
    cursor.advance(contract.height)
    with pytest.raises(RpcUnavailable, match="behind block 4"):
        cursor.advance(contract.height - 1)
    assert cursor.advance(contract.height) == ()


def test_advance__nothing_confirmed_yet__nothing() -> None:
    assert open_cursor(Contract()).advance(START - 2) == ()


LIES: list[Answer] = [nothing, lambda shown: shown[1:], lambda shown: shown[:-1], lambda shown: [*shown, *shown]]


@given(st.lists(st.tuples(st.integers(0, 3), st.lists(st.sampled_from(LIES), max_size=3)), max_size=12))
def test_advance__any_lies__in_the_end_each_event_once_in_order(steps: list[tuple[int, list[Answer]]]) -> None:
    contract = Contract()
    cursor = open_cursor(contract)
    given_out: list[int] = []
    number = 0
    for events, lies in steps:
        contract.blocks.append([number := number + 1 for _ in range(events)])
        contract.answers = list(lies)
        for _ in range(len(lies) + 1):
            try:
                found = cursor.advance(contract.height)
            except LogsIncomplete:
                continue
            given_out = sorted({*given_out, *found})
    contract.answers = []
    for _ in range(2):
        given_out = sorted({*given_out, *cursor.advance(contract.height)})
    assert given_out == list(range(1, number + 1))
    assert cursor.tally.count == number


# -- what a bridge's events add up to --------------------------------------------------------------------------------

LOG = Log("", (), b"", 1, b"", b"", 0)


@dataclass
class Bridge:
    """Says what its events, told to `log`, add up to."""

    stages: Stages = field(default_factory=lambda: Stages(0, 0, 0, 0))
    frozen: bool = False
    requests: list[SwapRequest] = field(default_factory=list)
    client: Any = None

    def __post_init__(self) -> None:
        self.client = self
        self.profile = type("Profile", (), {"name": "fake"})

    def status(self, block: int) -> Stages:
        return self.stages

    def is_frozen(self, block: int) -> bool:
        return self.frozen

    def sync_hash(self, number: int, block: int) -> bytes:
        return hash_of(number)

    def request_counts(self, lane: Lane, block: int) -> RequestCounts:
        return RequestCounts(len(self.requests) if lane is Lane.SWAP else 0, 0)

    def queue_hash(self, lane: Lane, request_id: int, block: int) -> bytes:
        queue_hash = DEPLOYMENT_HASH
        for request in self.requests[:request_id]:
            queue_hash = next_queue_hash(queue_hash, request.words())
        return queue_hash

    def tally(self) -> BridgeTally:
        return BridgeTally(QueueTally.empty(self, DEPLOYMENT_HASH))  # type: ignore[arg-type]


def hash_of(number: int) -> bytes:
    return bytes([number]) * 32


def swap(number: int, amount: int = 1) -> SwapRequested:
    return SwapRequested(LOG, replace(REQUEST, request_id=RequestId(number), amount=Amount(amount)), 1, 1)


def committed(number: int) -> BlockCommitted:
    return BlockCommitted(LOG, BlockNumber(number), bytes(32), hash_of(number))


HISTORY: list[BridgeEvent] = [
    swap(1),
    committed(1),
    committed(2),
    BlocksProven(LOG, BlockNumber(1), BlockNumber(2)),
    BlockAccepted(LOG, BlockNumber(1), hash_of(1)),
    swap(2),
    BlocksReverted(LOG, BlockNumber(1)),
    committed(2),
    BlocksProven(LOG, BlockNumber(2), BlockNumber(2)),
    BlockAccepted(LOG, BlockNumber(2), hash_of(2)),
    BlockExecuted(LOG, BlockNumber(1)),
    BlockExecuted(LOG, BlockNumber(2)),
    committed(3),
    Frozen(LOG, BlockNumber(2), hash_of(2)),
]
BRIDGE = Bridge(Stages(2, 2, 2, 2), True, [swap(1).request, swap(2).request])
COVERED = (4, 12)
"""Events on which nothing rests: an acceptance below a later one, a block that the freeze dropped."""


@pytest.mark.parametrize("left_out", [index for index in range(len(HISTORY)) if index not in COVERED])
def test_bridge_tally__any_event_left_out__refused(left_out: int) -> None:
    with pytest.raises((LogsIncomplete, RequestGap)):
        BRIDGE.tally().after([event for at, event in enumerate(HISTORY) if at != left_out]).check(9)


@pytest.mark.parametrize("cut", range(len(HISTORY)))
def test_bridge_tally__the_end_left_out__refused(cut: int) -> None:
    with pytest.raises((LogsIncomplete, RequestGap)):
        BRIDGE.tally().after(HISTORY[:cut]).check(9)


@pytest.mark.parametrize("cut", range(len(HISTORY) + 1))
def test_bridge_tally__all_events_in_any_two_readings__agrees(cut: int) -> None:
    BRIDGE.tally().after(HISTORY[:cut]).after(HISTORY[cut:]).check(9)
    BRIDGE.tally().after([HISTORY[index] for index in range(len(HISTORY)) if index not in COVERED]).check(9)


def test_bridge_tally__request_or_block_made_up__refused() -> None:
    for made_up in (swap(3), committed(3)):
        with pytest.raises((LogsIncomplete, RequestGap)):
            BRIDGE.tally().after([*HISTORY, made_up]).check(9)
    other = [swap(1, amount=99) if event == HISTORY[0] else event for event in HISTORY]
    with pytest.raises(RequestGap):
        BRIDGE.tally().after(other).check(9)
    wrong = BlockCommitted(LOG, BlockNumber(1), bytes(32), hash_of(9))
    with pytest.raises(LogsIncomplete, match="another block 1"):
        Bridge(Stages(1, 0, 0, 0)).tally().after([wrong]).check(9)

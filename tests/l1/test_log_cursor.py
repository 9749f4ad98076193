"""A cursor over logs moves only as far as the contract's own views agree, whatever single answers say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zklink.l1.contracts.bridge_events import (
    BlockExecuted,
    BlocksAccepted,
    BlocksImported,
    BridgeEvent,
    Frozen,
    PayoutsOwed,
    SwapRequested,
)
from zklink.l1.contracts.bridge_structs import RequestCounts
from zklink.l1.log_cursor import LogCursor
from zklink.l1.tallies import BridgeTally, HistoryTally, QueueTally
from zklink.l1.transport.receipts import Log
from zklink.operations.swap import SwapRequest
from zklink.protocol.bridge_hashes import Tip, next_queue_hash
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


# -- what the events of a bridge and of a history add up to -----------------------------------------------------------

LOG = Log("", (), b"", 1, b"", b"", 0)


@dataclass
class Bridge:
    """Says what its events add up to."""

    frozen: bool = False
    requests: list[SwapRequest] = field(default_factory=list)
    client: Any = None

    def __post_init__(self) -> None:
        self.client = self
        self.profile = type("Profile", (), {"name": "fake"})

    def is_frozen(self, block: int) -> bool:
        return self.frozen

    def request_counts(self, lane: Lane, block: int) -> RequestCounts:
        return RequestCounts(len(self.requests) if lane is Lane.SWAP else 0, 0)

    def queue_hash(self, lane: Lane, request_id: int, block: int) -> bytes:
        queue_hash = DEPLOYMENT_HASH
        for request in self.requests[:request_id]:
            queue_hash = next_queue_hash(queue_hash, request.words())
        return queue_hash

    def tally(self) -> BridgeTally:
        return BridgeTally(QueueTally.empty(self, DEPLOYMENT_HASH))  # type: ignore[arg-type]


@dataclass
class History:
    """Says what its events add up to."""

    last: int
    unpaid: int
    client: Any = None

    def __post_init__(self) -> None:
        self.client = self
        self.profile = type("Profile", (), {"name": "fake"})

    def tip(self, block: int) -> Tip:
        return Tip(BlockNumber(self.last), 0, self.unpaid, False, 7, hash_of(self.last))

    def tally(self) -> HistoryTally:
        return HistoryTally.empty(self, DEPLOYMENT_HASH)  # type: ignore[arg-type]


def hash_of(number: int) -> bytes:
    return bytes([number]) * 32 if number else DEPLOYMENT_HASH


def swap(number: int, amount: int = 1) -> SwapRequested:
    return SwapRequested(LOG, replace(REQUEST, request_id=RequestId(number), amount=Amount(amount)), 1, 1)


def accepted(first: int, last: int) -> BlocksAccepted:
    return BlocksAccepted(LOG, BlockNumber(first), BlockNumber(last), hash_of(last))


def imported(first: int, last: int) -> BlocksImported:
    return BlocksImported(LOG, BlockNumber(first), BlockNumber(last), hash_of(last))


def owed(number: int) -> PayoutsOwed:
    return PayoutsOwed(LOG, BlockNumber(number))


def executed(number: int) -> BlockExecuted:
    return BlockExecuted(LOG, BlockNumber(number))


BRIDGE_EVENTS: list[BridgeEvent] = [swap(1), swap(2), Frozen(LOG, 1, 0)]
BRIDGE = Bridge(True, [swap(1).request, swap(2).request])
HISTORY_EVENTS: list[BridgeEvent] = [
    accepted(1, 1),
    owed(1),
    accepted(2, 4),
    owed(3),
    owed(4),
    executed(4),
    imported(5, 5),
    executed(1),
]
HISTORY = History(5, 1)
Whole = tuple[list[BridgeEvent], BridgeTally | HistoryTally]
WHOLES: list[Whole] = [(BRIDGE_EVENTS, BRIDGE.tally()), (HISTORY_EVENTS, HISTORY.tally())]
COVERED = ((HISTORY_EVENTS, 1), (HISTORY_EVENTS, 4))
"""Events on which nothing rests: payouts that were owed, and are paid by a later one."""
CASES = [(whole, index) for whole in WHOLES for index in range(len(whole[0])) if (whole[0], index) not in COVERED]


def name_case(value: object) -> str:
    return str(value) if isinstance(value, int) else ""


@pytest.mark.parametrize(("whole", "left_out"), CASES, ids=name_case)
def test_tally__any_event_left_out__refused(whole: Whole, left_out: int) -> None:
    events, tally = whole
    with pytest.raises((LogsIncomplete, RequestGap)):
        tally.after([event for at, event in enumerate(events) if at != left_out]).check(9)


@pytest.mark.parametrize("whole", WHOLES, ids=["bridge", "history"])
def test_tally__all_events_in_any_two_readings__agrees(whole: Whole) -> None:
    events, tally = whole
    for cut in range(len(events) + 1):
        tally.after(events[:cut]).after(events[cut:]).check(9)
    tally.after([event for at, event in enumerate(events) if (events, at) not in COVERED]).check(9)


def test_bridge_tally__request_made_up_or_changed__refused() -> None:
    with pytest.raises(RequestGap):
        BRIDGE.tally().after([*BRIDGE_EVENTS, swap(3)]).check(9)
    with pytest.raises(RequestGap):
        BRIDGE.tally().after([swap(1, amount=99), *BRIDGE_EVENTS[1:]]).check(9)


def test_history_tally__block_made_up_or_another__refused() -> None:
    wrong = BlocksAccepted(LOG, BlockNumber(1), BlockNumber(1), hash_of(9))
    for events in ([*HISTORY_EVENTS, accepted(6, 6)], [*HISTORY_EVENTS, owed(5)]):
        with pytest.raises(LogsIncomplete):
            HISTORY.tally().after(events).check(9)
    with pytest.raises(LogsIncomplete, match="another block 1"):
        History(1, 0).tally().after([wrong]).check(9)
    for gap in (accepted(2, 2), accepted(1, 0)):
        with pytest.raises(LogsIncomplete, match="follow block 0"):
            HISTORY.tally().after([gap])


def test_history_tally__what_is_owed__is_named() -> None:
    assert HISTORY.tally().after(HISTORY_EVENTS).owed == {3}

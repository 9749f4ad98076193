"""DAT-2, the Python side: records have one exact length, unused bits are zero, counts agree with the header."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.account_strategies import Record, records, roll_any_payout
from tests.strategies import Case, cases, rolled
from tests.support.refute import check_refuted
from tests.support.rule import run
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.operations.change_pub_key import KeyChange
from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitPart, FullExitRequest
from zklink.operations.key_request import KeyRequest
from zklink.operations.ledger_data import LedgerData
from zklink.operations.order_match import OrderData
from zklink.operations.payout import Payout, payout_layouts
from zklink.operations.pool_data import PoolData
from zklink.operations.swap import SwapRequest
from zklink.protocol.errors import ProtocolError, UnusedBitsSet, WrongWordCount
from zklink.protocol.ids import MAX_CHAINS, WORD_BITS, Kind
from zklink.protocol.words import (
    ACCOUNT_REQUEST_LAYOUTS,
    LEDGER_DATA_LAYOUTS,
    ORDER_DATA_LAYOUTS,
    PAYOUT_LAYOUTS,
    PAYOUT_WORDS,
    POOL_DATA_LAYOUTS,
    SWAP_REQUEST_LAYOUTS,
    SWAP_REQUEST_WORDS,
    Layout,
)
from zklink.transition import swap_block

LAYOUTS: dict[type[Record], tuple[Layout, ...]] = {
    SwapRequest: SWAP_REQUEST_LAYOUTS,
    Payout: PAYOUT_LAYOUTS,
    DepositRequest: ACCOUNT_REQUEST_LAYOUTS,
    FullExitRequest: ACCOUNT_REQUEST_LAYOUTS,
    FullExitPart: ACCOUNT_REQUEST_LAYOUTS,
    KeyRequest: ACCOUNT_REQUEST_LAYOUTS,
    KeyChange: ACCOUNT_REQUEST_LAYOUTS,
    LedgerData: LEDGER_DATA_LAYOUTS,
    PoolData: POOL_DATA_LAYOUTS,
    OrderData: ORDER_DATA_LAYOUTS,
}


def check_exact_length(record: Record, length: int) -> None:
    """Any other number of words is refused."""
    words = (*record.words(), 0, 0, 0, 0, 0, 0, 0)[:length]
    try:
        type(record).from_words(words)
    except WrongWordCount:
        assert length != len(record.words())
    except ProtocolError as error:
        raise AssertionError(f"refused for another reason: {error}") from error
    else:
        assert length == len(record.words())


def check_unused_bits(record: Record, choice: int) -> None:
    """A bit set where the page has zeros, or above bit 247, is refused."""
    words = list(record.words())
    layouts = LAYOUTS[type(record)][: len(words)]
    if isinstance(record, Payout):
        layouts = payout_layouts(record.kind)
    places = [(index, bit) for index, layout in enumerate(layouts) for bit in range(256) if _is_unused(layout, bit)]
    index, bit = places[choice % len(places)]
    words[index] |= 1 << bit
    try:
        type(record).from_words(words)
    except UnusedBitsSet:
        return
    raise AssertionError(f"bit {bit} of word {index} was accepted")


def _is_unused(layout: Layout, bit: int) -> bool:
    return not any(field.shift <= bit < field.shift + field.bits for field in layout.fields)


def check_slices(case: Case) -> None:
    """Slice k is exactly the records of chain k in slot order; together they are all records; slice 0 is empty."""
    slots = tuple(swap_block.Slot(step.request, step.payout) for step in run(case))
    slices = swap_block.compute_slices(slots)
    assert len(slices) == MAX_CHAINS + 1
    assert slices[0] == ()
    assert sum(map(len, slices)) == len(slots) * (SWAP_REQUEST_WORDS + PAYOUT_WORDS)
    for chain, words in enumerate(slices):
        assert all(0 <= word < 1 << WORD_BITS for word in words)
        assert list(_read(words)) == [record for slot in slots for record in slot if _chain(record) == chain]


def _read(words: Sequence[int]) -> list[Record]:
    """A chain's reader: the kind says how many words follow."""
    found: list[Record] = []
    while words:
        if words[0] >> 240 == Kind.SWAP_REQUEST:
            found.append(SwapRequest.from_words(words[:SWAP_REQUEST_WORDS]))
            words = words[SWAP_REQUEST_WORDS:]
        else:
            found.append(Payout.from_words(words[:PAYOUT_WORDS]))
            words = words[PAYOUT_WORDS:]
    return found


def _chain(record: SwapRequest | Payout) -> int:
    return record.source if isinstance(record, SwapRequest) else record.chain


@upholds("DAT-2")
class TestRecords:
    """One exact length, no spare bits, and slices that split all records among their chains."""

    @given(records(), st.integers(0, 8))
    @tries(1_000)
    def test_from_words__another_length__is_refused(self, record: Record, length: int) -> None:
        check_exact_length(record, length)

    @given(records(), st.integers(0, 1_000))
    @tries(1_000)
    def test_from_words__an_unused_bit__is_refused(self, record: Record, choice: int) -> None:
        check_unused_bits(record, choice)

    @given(cases())
    @tries(500)
    def test_compute_slices__any_slots__are_split_by_chain(self, case: Case) -> None:
        check_slices(case)


def test_check_unused_bits__masked_away__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Layout.unpack
    used = "_unused"
    monkeypatch.setattr(Layout, "unpack", lambda layout, word: original(layout, word & ~getattr(layout, used)))
    check_refuted(check_unused_bits, records(), st.integers(0, 1_000))


# breaks: DAT-2
def test_check_exact_length__tail_ignored__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Payout.from_words.__func__  # type: ignore[attr-defined]
    mutant = classmethod(lambda cls, words: original(cls, words[:PAYOUT_WORDS]))
    monkeypatch.setattr(Payout, "from_words", mutant)
    check_refuted(check_exact_length, rolled(roll_any_payout), st.integers(0, 8))


def test_check_slices__payouts_in_the_source_slice__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    def mutant(slots: Sequence[swap_block.Slot]) -> tuple[tuple[int, ...], ...]:
        slices: tuple[list[int], ...] = tuple([] for _ in range(MAX_CHAINS + 1))
        for request, payout in slots:
            slices[request.source].extend((*request.words(), *payout.words()))
        return tuple(map(tuple, slices))

    monkeypatch.setattr(swap_block, "compute_slices", mutant)
    check_refuted(check_slices, cases())

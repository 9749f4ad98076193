"""DAT-1, the Python side: what is encoded is decoded, and nothing else is."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import swap_payouts, swap_requests, words_248
from tests.support.refute import check_refuted
from tests.support.upholds import upholds
from zklink.operations import swap
from zklink.operations.swap import SwapPayout, SwapRequest
from zklink.protocol.errors import ProtocolError
from zklink.protocol.words import PAYOUT_WORDS, REQUEST_WORDS, Layout


def check_request_round_trip(request: SwapRequest) -> None:
    """A request reads back from its words."""
    try:
        assert SwapRequest.from_words(request.words()) == request
    except ProtocolError as error:
        raise AssertionError(str(error)) from error


def check_payout_round_trip(payout: SwapPayout) -> None:
    """A payout reads back from its words."""
    try:
        assert SwapPayout.from_words(payout.words()) == payout
    except ProtocolError as error:
        raise AssertionError(str(error)) from error


def check_canonical(kind: type[SwapRequest] | type[SwapPayout], words: Sequence[int]) -> None:
    """Whatever decodes, encodes to the same words: no two lists of words mean the same record."""
    try:
        record = kind.from_words(words)
    except ProtocolError:
        return
    assert record.words() == tuple(words)


@st.composite
def bent_records(draw: st.DrawFn) -> tuple[type[SwapRequest] | type[SwapPayout], tuple[int, ...]]:
    """The words of a record with some bits flipped, or words from nowhere."""
    record: SwapRequest | SwapPayout = draw(st.one_of(swap_requests(), swap_payouts()))
    size = REQUEST_WORDS if isinstance(record, SwapRequest) else PAYOUT_WORDS
    if draw(st.integers(0, 9)) == 0:
        return type(record), tuple(draw(st.lists(words_248, min_size=size, max_size=size)))
    words = list(record.words())
    for flip in draw(st.lists(st.integers(0, size * 256 - 1), max_size=2)):
        words[flip // 256] ^= 1 << flip % 256
    return type(record), tuple(words)


@upholds("DAT-1")
class TestWords:
    """decode(encode(record)) = record, and encode(decode(words)) = words wherever decode accepts."""

    @given(swap_requests())
    @settings(max_examples=500, deadline=None)
    def test_words__any_request__reads_back(self, request: SwapRequest) -> None:
        check_request_round_trip(request)

    @given(swap_payouts())
    @settings(max_examples=500, deadline=None)
    def test_words__any_payout__reads_back(self, payout: SwapPayout) -> None:
        check_payout_round_trip(payout)

    @given(bent_records())
    @settings(max_examples=500, deadline=None)
    def test_from_words__any_words__are_canonical_or_refused(
        self, case: tuple[type[SwapRequest] | type[SwapPayout], tuple[int, ...]]
    ) -> None:
        check_canonical(*case)


def test_round_trips__address_top_byte_dropped__refute(monkeypatch: pytest.MonkeyPatch) -> None:
    original = swap.split_address
    monkeypatch.setattr(swap, "split_address", lambda what, address: (0, original(what, address)[1]))
    check_refuted(check_request_round_trip, swap_requests())
    check_refuted(check_payout_round_trip, swap_payouts())


def test_round_trips__fields_overlap__refute(monkeypatch: pytest.MonkeyPatch) -> None:
    original = Layout.pack

    def mutant(layout: Layout, **values: int) -> int:
        values = {name: value >> 1 << 1 if name == "fill_fee" else value for name, value in values.items()}
        return original(layout, **values)

    monkeypatch.setattr(Layout, "pack", mutant)
    check_refuted(check_request_round_trip, swap_requests())
    check_refuted(check_payout_round_trip, swap_payouts())


def test_check_canonical__unused_bits_ignored__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    def mutant(layout: Layout, word: int) -> dict[str, int]:
        return {field.name: (word >> field.shift) & field.mask for field in layout.fields}

    monkeypatch.setattr(Layout, "unpack", mutant)
    check_refuted(lambda case: check_canonical(*case), bent_records())

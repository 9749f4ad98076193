"""DAT-1, the Python side: what is encoded is decoded, and nothing else is."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.account_strategies import Record, records
from tests.strategies import words_248
from tests.support.refute import check_refuted
from tests.support.tries import tries
from tests.support.upholds import upholds
from zklink.operations import account_record, payout, swap
from zklink.protocol.addresses import split_address
from zklink.protocol.errors import ProtocolError
from zklink.protocol.words import Layout


def check_round_trip(record: Record) -> None:
    """A record reads back from its words."""
    try:
        assert type(record).from_words(record.words()) == record
    except ProtocolError as error:
        raise AssertionError(str(error)) from error


def check_canonical(kind: type[Record], words: Sequence[int]) -> None:
    """Whatever decodes, encodes to the same words: no two lists of words mean the same record."""
    try:
        record = kind.from_words(words)
    except ProtocolError:
        return
    assert record.words() == tuple(words)


@st.composite
def bent_records(draw: st.DrawFn) -> tuple[type[Record], tuple[int, ...]]:
    """The words of a record with some bits flipped, or words from nowhere."""
    record = draw(records())
    words = list(record.words())
    if draw(st.integers(0, 9)) == 0:
        return type(record), tuple(draw(st.lists(words_248, min_size=len(words), max_size=len(words))))
    for flip in draw(st.lists(st.integers(0, len(words) * 256 - 1), max_size=2)):
        words[flip // 256] ^= 1 << flip % 256
    return type(record), tuple(words)


@upholds("DAT-1")
class TestWords:
    """decode(encode(record)) = record, and encode(decode(words)) = words wherever decode accepts: for every record."""

    @given(records())
    @tries(2_000)
    def test_words__any_record__reads_back(self, record: Record) -> None:
        check_round_trip(record)

    @given(bent_records())
    @tries(2_000)
    def test_from_words__any_words__are_canonical_or_refused(self, case: tuple[type[Record], tuple[int, ...]]) -> None:
        check_canonical(*case)


@pytest.mark.parametrize("module", [swap, payout, account_record])
def test_round_trips__address_top_byte_dropped__refute(monkeypatch: pytest.MonkeyPatch, module: object) -> None:
    monkeypatch.setattr(module, "split_address", lambda what, address: (0, split_address(what, address)[1]))
    check_refuted(check_round_trip, records())


# breaks: DAT-1
@pytest.mark.parametrize("field", ["fill_fee", "queued_at", "fee", "shares", "taker_nonce"])
def test_round_trips__fields_overlap__refute(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    original = Layout.pack

    def mutant(layout: Layout, **values: int) -> int:
        return original(layout, **{name: value >> 1 << 1 if name == field else value for name, value in values.items()})

    monkeypatch.setattr(Layout, "pack", mutant)
    check_refuted(check_round_trip, records())


def test_check_canonical__unused_bits_ignored__refutes(monkeypatch: pytest.MonkeyPatch) -> None:
    def mutant(layout: Layout, word: int) -> dict[str, int]:
        return {field.name: (word >> field.shift) & field.mask for field in layout.fields}

    monkeypatch.setattr(Layout, "unpack", mutant)
    check_refuted(lambda case: check_canonical(*case), bent_records())

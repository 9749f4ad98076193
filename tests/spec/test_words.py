"""Layouts: they are those of the page, every word reads back, and nothing else does."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.tries import tries
from zklink.protocol.errors import FieldMismatch, FieldOutOfRange, UnusedBitsSet, WrongWordCount
from zklink.protocol.ids import WORD_BITS
from zklink.protocol.words import (
    ACCOUNT_REQUEST_LAYOUTS,
    EXIT_LAYOUTS,
    EXIT_MESSAGE_LAYOUTS,
    LEDGER_DATA_LAYOUTS,
    LEDGER_MESSAGE_LAYOUTS,
    MESSAGE_LAYOUTS,
    ORDER_DATA_LAYOUTS,
    ORDER_MESSAGE_LAYOUTS,
    PAYOUT_LAYOUTS,
    POOL_DATA_LAYOUTS,
    POOL_MESSAGE_LAYOUTS,
    RECORD_LAYOUTS,
    SWAP_PAID_LAYOUTS,
    SWAP_REQUEST_LAYOUTS,
    ZERO,
    Layout,
    unpack_record,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "protocol.md"
LAYOUTS = (*RECORD_LAYOUTS, *MESSAGE_LAYOUTS)
layouts = st.sampled_from(LAYOUTS)
many = tries(300)


def _unused_bits(layout: Layout) -> list[int]:
    used = {field.shift + bit for field in layout.fields for bit in range(field.bits)}
    return [bit for bit in range(256) if bit not in used]


@st.composite
def packed(draw: st.DrawFn) -> tuple[Layout, dict[str, int]]:
    layout = draw(layouts)
    return layout, {field.name: draw(st.integers(0, field.mask)) for field in layout.fields}


@given(packed())
@many
def test_pack__any_fields__reads_back(case: tuple[Layout, dict[str, int]]) -> None:
    layout, fields = case
    word = layout.pack(**fields)
    assert 0 <= word < 1 << WORD_BITS
    assert layout.unpack(word) == fields


@given(layouts, st.integers(0, (1 << 256) - 1))
@many
def test_unpack__any_number__is_refused_or_packs_back(layout: Layout, word: int) -> None:
    masked = word & sum(field.mask << field.shift for field in layout.fields)
    if word == masked:
        assert layout.pack(**layout.unpack(word)) == word
    else:
        with pytest.raises(UnusedBitsSet):
            layout.unpack(word)
    assert layout.pack(**layout.unpack(masked)) == masked


@given(packed(), st.data())
@many
def test_unpack__an_unused_bit_set__is_refused(case: tuple[Layout, dict[str, int]], data: st.DataObject) -> None:
    layout, fields = case
    bit = data.draw(st.sampled_from(_unused_bits(layout)))
    with pytest.raises(UnusedBitsSet):
        layout.unpack(layout.pack(**fields) | 1 << bit)


@given(packed(), st.data())
@many
def test_pack__a_field_out_of_range__is_refused(case: tuple[Layout, dict[str, int]], data: st.DataObject) -> None:
    layout, fields = case
    field = data.draw(st.sampled_from(layout.fields))
    fields[field.name] = data.draw(st.sampled_from((-1, field.mask + 1, (field.mask + 1) << 3)))
    with pytest.raises(FieldOutOfRange):
        layout.pack(**fields)


def test_pack__missing_or_unknown_field__is_refused() -> None:
    layout = SWAP_REQUEST_LAYOUTS[2]
    with pytest.raises(FieldMismatch):
        layout.pack(fill_fee=1, deadline=2)
    with pytest.raises(FieldMismatch):
        layout.pack(fill_fee=1, deadline=2, queued_at=3, amount=4)


def test_layout__not_248_bits__is_refused() -> None:
    with pytest.raises(ValueError, match="248"):
        Layout("short", ("a", 240))


def test_unpack_record__one_word_too_many__is_refused() -> None:
    with pytest.raises(WrongWordCount):
        unpack_record("payout", PAYOUT_LAYOUTS, (0, 0, 0, 0))


Fields = list[tuple[str, int]]


def _read_fields(cell: str) -> Fields:
    """(name, bits) of a cell such as `kind 8, 0:16, fee 16 (packed)`; a run of zeros has no name."""
    cell = re.sub(r"\(.*?\)", "", cell)
    pairs = (re.fullmatch(r"(?:(\w+) |0:)(\d+)", part.strip()) for part in cell.split(","))
    return [(pair[1] or ZERO, int(pair[2])) for pair in pairs if pair]


def _read_table(header: str) -> list[list[str]]:
    """The cells of the page's table with this header, without header and rule."""
    lines = PAGE.read_text().split(f"| {header} |", 1)[1].split("\n\n", 1)[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def _place(fields: Fields) -> list[tuple[str, int, int]]:
    """(name, bits, shift) of fields whose last one ends at bit 0."""
    ends = [sum(bits for _, bits in fields[i + 1 :]) for i in range(len(fields))]
    return [(name, bits, end) for (name, bits), end in zip(fields, ends, strict=True) if name != ZERO]


def _placed(layouts: tuple[Layout, ...]) -> list[list[tuple[str, int, int]]]:
    return [[(field.name, field.bits, field.shift) for field in layout.fields] for layout in layouts]


def test_layouts__records__are_those_of_the_page() -> None:
    rows = _read_table("record | word | fields (bits)")
    assert [word for _, word, _ in rows] == [
        *("w0", "w1", "w2", "w3", "w4", "p0", "p1", "p2", "p2 (kind 2)", "r0", "r1", "r2", "r3"),
        *("d0", "d1 (kind 7 only)", "d0", "d1", "d0", "d1"),
    ]
    fields = [_read_fields(cell) for _, _, cell in rows]
    assert all(sum(bits for _, bits in word) == WORD_BITS for word in fields)
    expected = (
        *SWAP_REQUEST_LAYOUTS,
        *PAYOUT_LAYOUTS,
        SWAP_PAID_LAYOUTS[2],
        *ACCOUNT_REQUEST_LAYOUTS,
        *LEDGER_DATA_LAYOUTS,
        *POOL_DATA_LAYOUTS,
        *ORDER_DATA_LAYOUTS,
    )
    assert [_place(word) for word in fields] == _placed(expected)


def test_layouts__messages__are_those_of_the_page() -> None:
    ledger, pool, order = ([_read_fields(cell) for cell in row[1:]] for row in _read_table("for | m0 | m1 | m2"))
    assert [_place(word) for word in ledger[:2]] == _placed(LEDGER_MESSAGE_LAYOUTS)
    assert [_place(word) for word in pool] == _placed(POOL_MESSAGE_LAYOUTS)
    assert [_place(word) for word in order[:2]] == _placed(ORDER_MESSAGE_LAYOUTS)
    assert ledger[2] == order[2] == []


def test_layouts__exits__are_those_of_the_page() -> None:
    exits = [_read_fields(cell) for _, cell in _read_table("word | fields")]
    assert [_place(word) for word in exits] == _placed(EXIT_LAYOUTS)
    signed = re.search(r"m0 = ([^.]*)\.", PAGE.read_text())
    assert signed is not None
    assert [_place(_read_fields(signed[1]))] == _placed(EXIT_MESSAGE_LAYOUTS)

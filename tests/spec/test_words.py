"""Layouts: every word reads back, and nothing else does."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zklink.protocol.errors import FieldMismatch, FieldOutOfRange, UnusedBitsSet
from zklink.protocol.ids import WORD_BITS
from zklink.protocol.words import SWAP_PAYOUT_LAYOUTS, SWAP_REQUEST_LAYOUTS, ZERO, Layout

LAYOUTS = (*SWAP_REQUEST_LAYOUTS, *SWAP_PAYOUT_LAYOUTS)
layouts = st.sampled_from(LAYOUTS)
many = settings(max_examples=300, deadline=None)


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


def test_layouts__widths__are_the_protocols() -> None:
    widths = [[(field.name, field.bits, field.shift) for field in layout.fields] for layout in LAYOUTS]
    assert widths == [
        [
            ("kind", 8, 240),
            ("source", 8, 232),
            ("destination", 8, 224),
            ("request_id", 64, 160),
            ("token_in", 16, 144),
            ("token_out", 16, 128),
            ("amount", 112, 0),
        ],
        [("min_out", 112, 128), ("operator_fee", 112, 16), ("recipient_hi", 8, 8), ("sender_hi", 8, 0)],
        [("fill_fee", 112, 80), ("deadline", 40, 40), ("queued_at", 40, 0)],
        [("recipient_lo", 248, 0)],
        [("sender_lo", 248, 0)],
        [
            ("kind", 8, 240),
            ("source", 8, 232),
            ("chain", 8, 224),
            ("request_id", 64, 160),
            ("token", 16, 144),
            ("amount", 112, 0),
        ],
        [("recipient_lo", 248, 0)],
        [("recipient_hi", 8, 112), ("fill_fee", 112, 0)],
    ]
    assert ZERO not in {name for layout in widths for name, _, _ in layout}

"""Packed fees: one canonical form, the nearest where there is none, and every form is read."""

from bisect import bisect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.tries import tries
from zklink.protocol.errors import FeeNotPackable, FieldOutOfRange
from zklink.protocol.ids import AMOUNT_LIMIT
from zklink.protocol.packing import compute_nearest_fee, pack_fee, split_fee, unpack_fee

many = tries(1_000)
amounts = st.one_of(
    st.integers(0, AMOUNT_LIMIT - 1),
    st.integers(0, 112).flatmap(lambda bits: st.integers(0, (1 << bits) - 1)),
    st.builds(lambda m, e: m * 10**e, st.integers(0, 2_100), st.integers(0, 30)),
)
ASCENDING = sorted({m * 10**e for e in range(32) for m in range(2048) if m * 10**e < AMOUNT_LIMIT})


def test_pack_fee__every_value_that_can_be__reads_back_canonically() -> None:
    for value in ASCENDING:
        packed = pack_fee(value)
        exponent, mantissa = split_fee(packed)
        assert unpack_fee(packed) == value == mantissa * 10**exponent
        assert exponent == 0 or mantissa * 10 >= 2048, "a smaller exponent represents it"


@given(amounts)
@many
def test_pack_fee__any_amount__is_packed_or_refused_with_the_nearest(value: int) -> None:
    if value in ASCENDING:
        assert unpack_fee(pack_fee(value)) == value == compute_nearest_fee(value)
        return
    with pytest.raises(FeeNotPackable) as caught:
        pack_fee(value)
    place = bisect(ASCENDING, value)
    below, above = ASCENDING[place - 1], ASCENDING[place] if place < len(ASCENDING) else None
    assert (caught.value.below, caught.value.above) == (below, above)
    assert compute_nearest_fee(value) == below
    assert all(str(fee) in str(caught.value) for fee in (below, above) if fee is not None)


def test_unpack_fee__all_16_bits__are_their_value_or_refused() -> None:
    refused = 0
    for packed in range(1 << 16):
        value = (packed % 2048) * 10 ** (packed // 2048)
        try:
            assert unpack_fee(packed) == value
        except FieldOutOfRange:
            refused += 1
            assert value >= AMOUNT_LIMIT
    assert refused == sum(m * 10**31 >= AMOUNT_LIMIT for m in range(2048))


@pytest.mark.parametrize("value", [-1, AMOUNT_LIMIT])
def test_pack_fee__not_an_amount__is_refused(value: int) -> None:
    with pytest.raises(FieldOutOfRange):
        pack_fee(value)


@pytest.mark.parametrize("packed", [-1, 1 << 16])
def test_unpack_fee__not_16_bits__is_refused(packed: int) -> None:
    with pytest.raises(FieldOutOfRange):
        unpack_fee(packed)

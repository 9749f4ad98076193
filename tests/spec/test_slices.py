"""Slice hashes, evaluation and aggregation against their written-out definitions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import scalars, timestamps, words_248
from tests.support.tries import tries
from zklink.primitives.field import R
from zklink.primitives.keccak import keccak256, keccak_words
from zklink.protocol.commitment import (
    BlockHeader,
    aggregate,
    challenge,
    compute_block_commitment,
    compute_block_hash,
    compute_commitment,
    pack_counts,
    unpack_counts,
)
from zklink.protocol.errors import FieldOutOfRange, NotAScalar, WrongWordCount
from zklink.protocol.ids import SLICE_COUNT, BlockNumber
from zklink.protocol.slices import EMPTY_SLICE_HASH, compute_slice_hash, evaluate

word_lists = st.lists(words_248, max_size=12) | st.lists(words_248, min_size=30, max_size=70)
count_lists = st.lists(st.integers(0, 0xFFFF), min_size=SLICE_COUNT, max_size=SLICE_COUNT).map(tuple)
many = tries(300)
HEADER = BlockHeader(1, BlockNumber(2), 3, (0,) * SLICE_COUNT, 4, 5)


def test_keccak256__nothing__is_the_known_hash() -> None:
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"


@pytest.mark.parametrize("item", [b"", bytes(31), bytes(33), -1, 1 << 256])
def test_keccak_words__not_a_word__is_refused(item: int | bytes) -> None:
    with pytest.raises(ValueError, match="word"):
        keccak_words(item)


@given(word_lists)
@many
def test_compute_slice_hash__any_words__takes_in_pieces_of_powers_of_two(words: list[int]) -> None:
    digest, rest = keccak256(len(words).to_bytes(32, "big")), words
    for size in (32, 16, 8, 4, 2, 1):
        while len(rest) >= size:
            digest = keccak256(digest + b"".join(word.to_bytes(32, "big") for word in rest[:size]))
            rest = rest[size:]
    assert compute_slice_hash(words) == digest


def test_empty_slice_hash__is_keccak_of_one_zero_word() -> None:
    assert keccak256(bytes(32)) == EMPTY_SLICE_HASH


@given(word_lists, scalars)
@many
def test_evaluate__any_words__is_the_polynomial(words: list[int], z: int) -> None:
    degree = len(words) - 1
    assert evaluate(words, z) == sum(word * pow(z, degree - i, R) for i, word in enumerate(words)) % R


@given(scalars, st.lists(scalars, min_size=SLICE_COUNT, max_size=SLICE_COUNT), scalars)
@many
def test_aggregate__any_values__is_the_power_sum(header: int, values: list[int], lambda_: int) -> None:
    expected = header + sum(pow(lambda_, k + 1, R) * value for k, value in enumerate(values))
    assert aggregate(header, values, lambda_) == expected % R


@given(count_lists)
@many
def test_pack_counts__any_counts__reads_back(counts: tuple[int, ...]) -> None:
    packed = pack_counts(counts)
    assert packed == sum(count << 16 * k for k, count in enumerate(counts))
    assert unpack_counts(packed) == counts


def test_pack_counts__wrong_number_or_size__is_refused() -> None:
    with pytest.raises(WrongWordCount):
        pack_counts((0,) * 8)
    with pytest.raises(FieldOutOfRange):
        pack_counts((1 << 16,) + (0,) * 8)
    with pytest.raises(FieldOutOfRange):
        unpack_counts(1 << 16 * SLICE_COUNT)


@given(words_248, st.integers(0, (1 << 64) - 1), timestamps, count_lists, scalars, scalars)
@many
def test_elements__any_header__are_five_scalars(
    domain: int, number: int, timestamp: int, counts: tuple[int, ...], old: int, new: int
) -> None:
    elements = BlockHeader(domain, BlockNumber(number), timestamp, counts, old, new).elements()
    assert elements == (domain, number * 2**40 + timestamp, pack_counts(counts), old, new)
    assert all(0 <= element < R for element in elements)


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("domain", 1 << 248, FieldOutOfRange),
        ("number", 1 << 64, FieldOutOfRange),
        ("timestamp", 1 << 40, FieldOutOfRange),
        ("timestamp", -1, FieldOutOfRange),
        ("old_root", R, NotAScalar),
        ("new_root", R, NotAScalar),
    ],
)
def test_elements__not_canonical__is_refused(field: str, value: int, error: type[Exception]) -> None:
    values = {name: getattr(HEADER, name) for name in HEADER.__slots__} | {field: value}
    with pytest.raises(error):
        BlockHeader(**values).elements()


def test_challenge__hash_above_r__is_reduced() -> None:
    assert challenge((R + 5).to_bytes(32, "big")) == 5


def test_commitments__wrong_lengths__are_refused() -> None:
    with pytest.raises(WrongWordCount):
        compute_block_hash(HEADER, 1, [EMPTY_SLICE_HASH] * 8)
    with pytest.raises(WrongWordCount):
        compute_block_commitment(bytes(32), 1, [0] * 10)


@given(st.data())
@tries(60)
def test_compute_commitment__any_element_changed__changes(data: st.DataObject) -> None:
    elements = data.draw(st.lists(words_248, min_size=1, max_size=24))
    commitment = compute_commitment(HEADER, elements)
    elements[data.draw(st.integers(0, len(elements) - 1))] ^= 1 << data.draw(st.integers(0, 247))
    assert compute_commitment(HEADER, elements) != commitment

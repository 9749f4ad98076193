"""Blocks in the forms of the calls that take them: what is packed is read back, and nothing else is."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.tries import tries
from zklink.primitives.field import R
from zklink.protocol.block_preimage import (
    BlockPlace,
    compute_full_preimage,
    compute_member_block,
    compute_member_preimage,
)
from zklink.protocol.bridge_blocks import (
    AcceptAgainCall,
    AcceptCall,
    FullBlock,
    build_block,
    pack_words,
    read_full_blocks,
    unpack_words,
)
from zklink.protocol.commitment import aggregate
from zklink.protocol.errors import WrongRecordKind, WrongWordCount
from zklink.protocol.facts import QueueFact
from zklink.protocol.ids import SLICE_COUNT, BlockNumber, ChainId, Kind, Lane
from zklink.protocol.slices import RECORD_WORDS, count_records, select_payouts, split_records
from zklink.transition.replay.replay_records import ACCOUNT_FORMATS, SWAP_FORMATS

PRIMARY = ChainId(2)
KINDS = {
    Lane.SWAP: (Kind.SWAP_REQUEST, Kind.SWAP_PAID, Kind.SWAP_REFUNDED),
    Lane.ACCOUNT: (
        Kind.DEPOSIT,
        Kind.FULL_EXIT,
        Kind.FULL_EXIT_PART,
        Kind.KEY_REQUEST,
        Kind.CHANGE_PUB_KEY,
        Kind.WITHDRAW_PAYOUT,
        Kind.FULL_EXIT_PAYOUT,
        Kind.FORCED_EXIT_PAYOUT,
    ),
}
words = st.integers(0, (1 << 240) - 1)


@st.composite
def records(draw: st.DrawFn, kinds: tuple[Kind, ...]) -> tuple[int, ...]:
    """One record of some kind."""
    kind = draw(st.sampled_from(kinds))
    first, *rest = [draw(words) for _ in range(RECORD_WORDS[kind])]
    return (kind << 240 | first, *rest)


@st.composite
def full_blocks(draw: st.DrawFn) -> FullBlock:
    """A block of either lane with whole records in chains' slices, anything in slice 0, and its consents."""
    lane = draw(st.sampled_from(Lane))
    slices = [tuple(draw(st.lists(words, max_size=3))) if lane is Lane.ACCOUNT else ()]
    for _ in range(1, SLICE_COUNT):
        found = draw(st.lists(records(KINDS[lane]), max_size=2))
        slices.append(tuple(word for record in found for word in record))
    consents = count_records(slices[PRIMARY], Kind.CHANGE_PUB_KEY)
    block = build_block(lane, draw(st.integers(0, 2**40 - 1)), tuple(map(len, slices)), 7, draw(st.integers(0, R - 1)))
    return FullBlock(block, tuple(slices), tuple(bytes([i + 1]) * 65 for i in range(consents)))


@given(st.lists(full_blocks(), min_size=1, max_size=3), st.booleans())
@tries(100)
def test_accept_call__any_blocks__are_read_back(blocks: list[FullBlock], pay: bool) -> None:
    facts = (QueueFact(ChainId(1), Lane.SWAP, 3, b"\3" * 32),)
    call = AcceptCall(BlockNumber(5), tuple(blocks), facts, b"seal", b"watchers", pay)
    assert AcceptCall.from_abi(call.abi(), PRIMARY) == call
    again = AcceptAgainCall(BlockNumber(5), tuple(blocks), (b"\1" * 32,), b"validators", b"watchers", pay)
    assert AcceptAgainCall.from_abi(again.abi(), PRIMARY) == again


@given(full_blocks(), st.integers(1, SLICE_COUNT - 1))
@tries(100)
def test_member_block__any_chain__opens_to_the_same_commitment(full: FullBlock, chain: int) -> None:
    place = BlockPlace(11, BlockNumber(3), 13)
    preimage = compute_full_preimage(full, place)
    member = compute_member_block(full, preimage, ChainId(chain))
    assert compute_member_preimage(member, ChainId(chain), place) == preimage
    inputs = preimage.inputs()
    assert inputs.commitment == full.block.commitment
    assert inputs.y == aggregate(preimage.header_value, preimage.values, inputs.lambda_)


@given(full_blocks())
@tries(50)
def test_compute_member_preimage__claims_missing__is_refused(full: FullBlock) -> None:
    place = BlockPlace(11, BlockNumber(3), 13)
    preimage = compute_full_preimage(full, place)
    member = compute_member_block(full, preimage, PRIMARY)
    bent = replace(member, slice_hashes=(*member.slice_hashes, bytes(32)))
    with pytest.raises(WrongWordCount):
        compute_member_preimage(bent, PRIMARY, place)
    with pytest.raises(WrongWordCount):
        compute_member_preimage(replace(member, words=(*member.words, 1)), PRIMARY, place)


def _block(*slices: tuple[int, ...], lane: Lane = Lane.ACCOUNT) -> FullBlock:
    padded = (*slices, *[()] * (SLICE_COUNT - len(slices)))
    return FullBlock(build_block(lane, 1, tuple(map(len, padded)), 2, 3), padded)


CHANGE = (Kind.CHANGE_PUB_KEY << 240, 0, 0, 0)


@pytest.mark.parametrize(
    ("words", "consents"),
    [
        (CHANGE[:-1], bytes(65)),
        ((*CHANGE, 0), bytes(65)),
        (CHANGE, b""),
        (CHANGE, bytes(64)),
        (CHANGE, bytes(66)),
        (CHANGE, bytes(130)),
    ],
    ids=["a word missing", "a word left over", "no consent", "consent cut short", "a byte left over", "one too many"],
)
def test_read_full_blocks__bytes_of_other_blocks__are_refused(words: tuple[int, ...], consents: bytes) -> None:
    full = _block((), (), CHANGE)
    assert read_full_blocks([full.block.abi()], pack_words(CHANGE), bytes(65), PRIMARY)[0].slices == full.slices
    with pytest.raises(WrongWordCount):
        read_full_blocks([full.block.abi()], pack_words(words), consents, PRIMARY)


def test_unpack_words__no_whole_words__is_refused() -> None:
    with pytest.raises(WrongWordCount):
        unpack_words(bytes(33))


def test_split_records__unknown_kind_or_cut_short__is_refused() -> None:
    with pytest.raises(WrongRecordKind):
        list(split_records((99 << 240,)))
    with pytest.raises(WrongWordCount):
        list(split_records(CHANGE[:3]))


def test_record_words__every_kind_that_is_read_back__has_its_length() -> None:
    """A kind that replay reads and this table does not know would make a block unreadable."""
    for formats in (SWAP_FORMATS, ACCOUNT_FORMATS):
        for kind, (count, _) in formats.items():
            assert RECORD_WORDS[kind] == count
    assert {*RECORD_WORDS} == {*SWAP_FORMATS, *ACCOUNT_FORMATS}


def test_select_payouts__a_slice__are_its_payouts_in_order() -> None:
    one, two = (Kind.WITHDRAW_PAYOUT << 240, 1, 2), (Kind.FORCED_EXIT_PAYOUT << 240, 3, 4)
    assert select_payouts((*one, *CHANGE, *two)) == (*one, *two)

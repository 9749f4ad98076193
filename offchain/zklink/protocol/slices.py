"""Slices: the words of a block that concern one chain (docs/protocol.md, section 7)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from zklink.primitives.field import R
from zklink.primitives.keccak import keccak_words
from zklink.protocol.errors import WrongRecordKind, WrongWordCount
from zklink.protocol.ids import KIND_BITS, WORD_BITS, Kind
from zklink.protocol.words import ACCOUNT_REQUEST_WORDS, PAYOUT_WORDS, SWAP_REQUEST_WORDS

RECORD_WORDS: Final[Mapping[int, int]] = {
    Kind.SWAP_REQUEST: SWAP_REQUEST_WORDS,
    **dict.fromkeys(
        (Kind.DEPOSIT, Kind.FULL_EXIT, Kind.FULL_EXIT_PART, Kind.KEY_REQUEST, Kind.CHANGE_PUB_KEY),
        ACCOUNT_REQUEST_WORDS,
    ),
    **dict.fromkeys(
        (
            Kind.SWAP_PAID,
            Kind.SWAP_REFUNDED,
            Kind.WITHDRAW_PAYOUT,
            Kind.FULL_EXIT_PAYOUT,
            Kind.FORCED_EXIT_PAYOUT,
        ),
        PAYOUT_WORDS,
    ),
}
"""The words of each kind of record in a chain's slice."""

REQUEST_KINDS: Final = (Kind.SWAP_REQUEST, Kind.DEPOSIT, Kind.FULL_EXIT, Kind.KEY_REQUEST)
"""Records that consume the next request of their chain; a full exit that is served in part does not."""

PAYOUT_KINDS: Final = tuple(kind for kind, count in RECORD_WORDS.items() if count == PAYOUT_WORDS)


PIECE_WORDS: Final = 32
"""Words that a slice's hash takes in at once, while there are as many."""


def compute_slice_hash(words: Sequence[int]) -> bytes:
    """Starts with keccak256(count), then takes in the words piece by piece, keccak256(hash || piece): pieces of
    PIECE_WORDS words, then at most one each of 16, 8, 4, 2 and 1. A chain copies a piece from the call as a whole.
    """
    slice_hash, at, size = keccak_words(len(words)), 0, PIECE_WORDS
    while at < len(words):
        while size > len(words) - at:
            size //= 2
        slice_hash = keccak_words(slice_hash, *words[at : at + size])
        at += size
    return slice_hash


def evaluate(words: Sequence[int], z: int) -> int:
    """Read the words as a polynomial, highest power first, at `z`; no words give 0."""
    result = 0
    for word in words:
        result = (result * z + word) % R
    return result


def split_records(words: Sequence[int]) -> Iterator[tuple[int, tuple[int, ...]]]:
    """The kind and the words of each record of a chain's slice, in order. WrongRecordKind, or WrongWordCount for one
    that is cut short.
    """
    at = 0
    while at < len(words):
        kind = words[at] >> WORD_BITS - KIND_BITS
        if kind not in RECORD_WORDS:
            raise WrongRecordKind(tuple(map(int, RECORD_WORDS)), kind)
        record = tuple(words[at : at + RECORD_WORDS[kind]])
        if len(record) != RECORD_WORDS[kind]:
            raise WrongWordCount(f"record of kind {kind}", RECORD_WORDS[kind], len(record))
        yield kind, record
        at += len(record)


def count_records(words: Sequence[int], *kinds: Kind) -> int:
    """How many records of these kinds stand in a chain's slice."""
    return sum(kind in kinds for kind, _ in split_records(words))


def select_payouts(words: Sequence[int]) -> tuple[int, ...]:
    """The words of all payouts in a chain's slice, in order."""
    return tuple(word for kind, record in split_records(words) if kind in PAYOUT_KINDS for word in record)


EMPTY_SLICE_HASH: Final = compute_slice_hash(())

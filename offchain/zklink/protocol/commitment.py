"""The block commitment and both challenges (docs/protocol.md, section 7).

The order of the steps makes it sound: C binds all data; z comes after C and every slice; lambda comes after every
claimed evaluation. Never reorder them. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from zklink.primitives.field import R, is_scalar
from zklink.primitives.keccak import keccak_words
from zklink.primitives.poseidon import MAX_INPUTS, poseidon
from zklink.protocol.errors import FieldOutOfRange, NotAScalar, WrongWordCount
from zklink.protocol.ids import BLOCK_NUMBER_BITS, COUNT_BITS, SLICE_COUNT, TIME_BITS, WORD_BITS, BlockNumber
from zklink.protocol.slices import evaluate

SPONGE_RATE = MAX_INPUTS - 1
"""Elements absorbed by one permutation, beside the running state."""


@dataclass(frozen=True, slots=True)
class BlockHeader:
    """The header of a block, which every chain knows. `counts[k]` is the number of words in slice k, k = 0..8."""

    domain: int
    number: BlockNumber
    timestamp: int
    counts: tuple[int, ...]
    old_root: int
    new_root: int

    def elements(self) -> tuple[int, int, int, int, int]:
        """The five field elements h0..h4; FieldOutOfRange or NotAScalar when one is not canonical."""
        _check_bits("domain", self.domain, WORD_BITS)
        _check_bits("number", self.number, BLOCK_NUMBER_BITS)
        _check_bits("timestamp", self.timestamp, TIME_BITS)
        for what, root in (("old_root", self.old_root), ("new_root", self.new_root)):
            if not is_scalar(root):
                raise NotAScalar(what, root)
        return (
            self.domain,
            self.number << TIME_BITS | self.timestamp,
            pack_counts(self.counts),
            self.old_root,
            self.new_root,
        )


@dataclass(frozen=True, slots=True)
class PublicInputs:
    """The public inputs of a block's proof, in the circuit's order."""

    commitment: int
    z: int
    lambda_: int
    y: int

    def as_tuple(self) -> tuple[int, int, int, int]:
        """(C, z, lambda, y)."""
        return self.commitment, self.z, self.lambda_, self.y


def pack_counts(counts: Sequence[int]) -> int:
    """h2: the nine word counts, 16 bits each, count_0 lowest."""
    if len(counts) != SLICE_COUNT:
        raise WrongWordCount("counts", SLICE_COUNT, len(counts))
    packed = 0
    for k, count in enumerate(counts):
        _check_bits(f"counts[{k}]", count, COUNT_BITS)
        packed |= count << (COUNT_BITS * k)
    return packed


def unpack_counts(packed: int) -> tuple[int, ...]:
    """The nine word counts in h2; FieldOutOfRange if anything else is in it."""
    _check_bits("counts", packed, COUNT_BITS * SLICE_COUNT)
    mask = (1 << COUNT_BITS) - 1
    return tuple((packed >> (COUNT_BITS * k)) & mask for k in range(SLICE_COUNT))


def compute_commitment(header: BlockHeader, elements: Iterable[int]) -> int:
    """C: the Poseidon sponge over the header and the words of every slot of the preset, zeros for the empty ones.

    Both lanes have the same frame; how many elements there are is fixed by lane and preset (section 7).
    """
    return _absorb([*header.elements(), *elements])


def _absorb(elements: list[int]) -> int:
    state = 0
    for start in range(0, len(elements), SPONGE_RATE):
        chunk = elements[start : start + SPONGE_RATE]
        state = poseidon([state, *chunk, *([0] * (SPONGE_RATE - len(chunk)))])
    return state


def compute_block_hash(header: BlockHeader, commitment: int, slice_hashes: Sequence[bytes]) -> bytes:
    """keccak256(abi(h0..h4, C, slice_hash_0..8)): fixes z after all data and C."""
    if len(slice_hashes) != SLICE_COUNT:
        raise WrongWordCount("slice hashes", SLICE_COUNT, len(slice_hashes))
    return keccak_words(*header.elements(), commitment, *slice_hashes)


def compute_block_commitment(block_hash: bytes, header_value: int, evaluations: Sequence[int]) -> bytes:
    """keccak256(abi(block_hash, V_header(z), V_0(z)..V_8(z))): fixes lambda after all claims."""
    if len(evaluations) != SLICE_COUNT:
        raise WrongWordCount("evaluations", SLICE_COUNT, len(evaluations))
    return keccak_words(block_hash, header_value, *evaluations)


def challenge(digest: bytes) -> int:
    """A field element from a hash: the 256-bit number modulo R."""
    return int.from_bytes(digest, "big") % R


def evaluate_header(header: BlockHeader, z: int) -> int:
    """V_header(z)."""
    return evaluate(header.elements(), z)


def aggregate(header_value: int, evaluations: Sequence[int], lambda_: int) -> int:
    """y = V_header + sum of lambda^(k+1) * V_k."""
    result = 0
    for value in reversed(evaluations):
        result = (result + value) * lambda_ % R
    return (result + header_value) % R


def _check_bits(field: str, value: int, bits: int) -> None:
    if not 0 <= value < 1 << bits:
        raise FieldOutOfRange("header", field, value, bits)

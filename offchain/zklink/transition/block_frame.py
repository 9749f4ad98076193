"""What both lanes' blocks have in common: slices, the commitment and both challenges (docs/protocol.md, section 7).

Takes slots that say which words they publish where and which they commit to; gives a `SealedFrame`. Knows no operation.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, Protocol

from zklink.protocol.commitment import (
    BlockHeader,
    PublicInputs,
    aggregate,
    challenge,
    compute_block_commitment,
    compute_block_hash,
    compute_commitment,
    evaluate_header,
)
from zklink.protocol.ids import SLICE_COUNT, Lane
from zklink.protocol.slices import compute_slice_hash, evaluate

Slices = tuple[tuple[int, ...], ...]
"""The words of slices 0..8."""

Record = tuple[int, tuple[int, ...]]
"""The number of a slice, and words that go there."""


class Publishes(Protocol):
    """One slot of a block."""

    def records(self) -> Iterable[Record]:
        """What the slot publishes, in the order of section 7; nothing for an empty slot."""

    def elements(self) -> tuple[int, ...]:
        """What the commitment absorbs of the slot: always equally many, zeros for what it does not have."""


@dataclass(frozen=True, slots=True)
class SealedFrame:
    """A block's data, commitment and challenges. Sequences over slices have nine items, k = 0..8."""

    lane: Lane
    header: BlockHeader
    slices: Slices
    slice_hashes: tuple[bytes, ...]
    block_hash: bytes
    header_value: int
    evaluations: tuple[int, ...]
    block_commitment: bytes
    inputs: PublicInputs

    @property
    def commitment(self) -> int:
        """C."""
        return self.inputs.commitment

    @property
    def z(self) -> int:
        """The first challenge."""
        return self.inputs.z

    @property
    def lambda_(self) -> int:
        """The second challenge."""
        return self.inputs.lambda_

    @property
    def y(self) -> int:
        """The aggregate of all evaluations."""
        return self.inputs.y

    def parts(self) -> dict[str, Any]:
        """Every field by name, for a block that adds its own."""
        return {field.name: getattr(self, field.name) for field in fields(SealedFrame)}


def compute_slices(slots: Iterable[Publishes]) -> Slices:
    """The nine slices: each record in its slice, in slot order."""
    slices: tuple[list[int], ...] = tuple([] for _ in range(SLICE_COUNT))
    for slot in slots:
        for k, words in slot.records():
            slices[k].extend(words)
    return tuple(map(tuple, slices))


def seal(lane: Lane, header: BlockHeader, slices: Slices, elements: Iterable[int]) -> SealedFrame:
    """Commit to a block's data, then draw z, evaluate, and draw lambda, in this order."""
    commitment = compute_commitment(header, elements)
    slice_hashes = tuple(map(compute_slice_hash, slices))
    block_hash = compute_block_hash(header, commitment, slice_hashes)
    z = challenge(block_hash)
    header_value = evaluate_header(header, z)
    evaluations = tuple(evaluate(words, z) for words in slices)
    block_commitment = compute_block_commitment(block_hash, header_value, evaluations)
    lambda_ = challenge(block_commitment)
    y = aggregate(header_value, evaluations, lambda_)
    return SealedFrame(
        lane=lane,
        header=header,
        slices=slices,
        slice_hashes=slice_hashes,
        block_hash=block_hash,
        header_value=header_value,
        evaluations=evaluations,
        block_commitment=block_commitment,
        inputs=PublicInputs(commitment, z, lambda_, y),
    )

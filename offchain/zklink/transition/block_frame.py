"""The common frame of both lanes' blocks: slices, the commitment and both challenges (docs/protocol.md, section 7).

Takes slots that name the words they publish, their slices, and the elements they commit to; gives a `SealedFrame`.
Never knows an operation.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, NamedTuple, Protocol

from zklink.operations.change_pub_key import KeyChange
from zklink.operations.payout import Payout
from zklink.operations.requests import Request
from zklink.operations.swap import SwapRequest
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
from zklink.protocol.ids import SLICE_COUNT, ChainId, Lane
from zklink.protocol.slices import compute_slice_hash, evaluate
from zklink.transition.hot_rows import RowOpening
from zklink.transition.swap import SwapOutcome

Slices = tuple[tuple[int, ...], ...]
"""The words of slices 0..8."""

Record = tuple[int, tuple[int, ...]]
"""The number of a slice, and words that go into it."""


class SwapResult(NamedTuple):
    """The result of one swap in a block: its request, its payout, and its outcome."""

    request: SwapRequest
    payout: Payout
    outcome: SwapOutcome


class Publishes(Protocol):
    """One slot of a block."""

    def records(self) -> Iterable[Record]:
        """The records that the slot publishes, in the order of section 7; none for an empty slot."""

    def elements(self) -> tuple[int, ...]:
        """The elements of the slot that the commitment absorbs: always equally many, with zeros for absent ones."""


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


class LaneBlock(Protocol):
    """An applied block of either lane, in the form that every layer above the transition takes."""

    @property
    def lane(self) -> Lane: ...

    @property
    def header(self) -> BlockHeader: ...

    @property
    def slices(self) -> Slices: ...

    @property
    def slice_hashes(self) -> tuple[bytes, ...]: ...

    @property
    def header_value(self) -> int: ...

    @property
    def evaluations(self) -> tuple[int, ...]: ...

    @property
    def block_commitment(self) -> bytes: ...

    @property
    def inputs(self) -> PublicInputs: ...

    @property
    def opening(self) -> RowOpening:
        """The token and pool rows that the block loaded, before and after it."""
        ...

    def requests(self, chain_id: ChainId) -> tuple[Request, ...]:
        """The requests of a chain that the block consumes, in order."""
        ...

    def payouts(self, chain_id: ChainId) -> tuple[Payout, ...]:
        """The payouts that a chain owes for the block, in slice order."""
        ...

    def key_changes(self, chain_id: ChainId) -> tuple[KeyChange, ...]:
        """The key changes in a chain's slice, in order."""
        ...

    def results(self) -> tuple[SwapResult, ...]:
        """The result of each swap, in slot order."""
        ...


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

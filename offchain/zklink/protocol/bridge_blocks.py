"""The structs of blocks that a bridge takes, as records (contracts/interfaces/IBlockReader.vyi, IBridge.vyi,
ISyncLedger.vyi). `abi()` gives the tuple that the ABI takes, `from_abi` reads it back. Never calls a chain.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zklink.protocol.bridge_hashes import StoredBlock
from zklink.protocol.commitment import PublicInputs
from zklink.protocol.ids import BlockNumber, Lane


@dataclass(frozen=True, slots=True)
class CommitBlock:
    """A block for one chain: its own slice's words, on the primary also the layer-2-only `data` (elsewhere empty).

    `slice_hashes` and `evaluations` are claims about the other slices that are not empty, ascending. `signatures`: one
    for each key change of the own slice, in order; an empty one says that the owner's consent is recorded on the chain.
    """

    lane: Lane
    timestamp: int
    counts: int
    new_root: int
    commitment: int
    words: tuple[int, ...]
    data: tuple[int, ...]
    slice_hashes: tuple[bytes, ...]
    evaluations: tuple[int, ...]
    signatures: tuple[bytes, ...]

    def abi(self) -> tuple[object, ...]:
        return (
            int(self.lane),
            self.timestamp,
            self.counts,
            self.new_root,
            self.commitment,
            list(self.words),
            list(self.data),
            list(self.slice_hashes),
            list(self.evaluations),
            list(self.signatures),
        )

    @classmethod
    def from_abi(cls, values: Sequence[Any]) -> "CommitBlock":
        """Read a block out of a transaction's arguments; ValueError if there is no such lane."""
        lane, timestamp, counts, root, commitment, words, data, hashes, evaluations, signatures = values
        return cls(
            lane=Lane(lane),
            timestamp=timestamp,
            counts=counts,
            new_root=root,
            commitment=commitment,
            words=tuple(words),
            data=tuple(data),
            slice_hashes=tuple(map(bytes, hashes)),
            evaluations=tuple(evaluations),
            signatures=tuple(map(bytes, signatures)),
        )


@dataclass(frozen=True, slots=True)
class ProveBlock:
    """A committed block with its public inputs and its proof: eight numbers in the precompile's order."""

    block: StoredBlock
    inputs: PublicInputs
    proof: tuple[int, ...]

    def abi(self) -> tuple[object, ...]:
        return (stored_block_abi(self.block), list(self.inputs.as_tuple()), list(self.proof))


@dataclass(frozen=True, slots=True)
class ExecuteBlock:
    """An accepted block with the payout words of the chain's own slice, three per payout."""

    block: StoredBlock
    payouts: tuple[int, ...]

    def abi(self) -> tuple[object, ...]:
        return (stored_block_abi(self.block), list(self.payouts))


@dataclass(frozen=True, slots=True)
class BlockPreimage:
    """The preimages of a block's sync hash, without its words: `header` is h0..h4, `values` are V_0(z)..V_8(z)."""

    previous_sync_hash: bytes
    header: tuple[int, ...]
    commitment: int
    slice_hashes: tuple[bytes, ...]
    header_value: int
    values: tuple[int, ...]

    def abi(self) -> tuple[object, ...]:
        return (
            self.previous_sync_hash,
            list(self.header),
            self.commitment,
            list(self.slice_hashes),
            self.header_value,
            list(self.values),
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One step down a chain's history: the two preimages of its sync hash at one number."""

    previous_sync_hash: bytes
    block_commitment: bytes

    def abi(self) -> tuple[object, ...]:
        return (self.previous_sync_hash, self.block_commitment)


def stored_block_abi(block: StoredBlock) -> tuple[object, ...]:
    """A stored block as the ABI takes it."""
    return (
        block.number,
        block.timestamp,
        block.lane,
        block.counts,
        block.root,
        block.swap_requests,
        block.account_requests,
        block.payouts_hash,
        block.inputs_hash,
        block.sync_hash,
    )


def stored_block_from_abi(values: Sequence[Any]) -> StoredBlock:
    """Read a stored block out of a transaction."""
    number, timestamp, lane, counts, root, swaps, accounts, payouts_hash, inputs_hash, sync_hash = values
    return StoredBlock(
        number=BlockNumber(number),
        timestamp=timestamp,
        lane=lane,
        counts=counts,
        root=root,
        swap_requests=swaps,
        account_requests=accounts,
        payouts_hash=bytes(payouts_hash),
        inputs_hash=bytes(inputs_hash),
        sync_hash=bytes(sync_hash),
    )

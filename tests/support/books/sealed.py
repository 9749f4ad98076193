"""A sealed block as each chain gets it, and what the dishonest make of it.

Takes a block of the transition and its parent; gives what the primary and the members are told. Written again here,
from docs/protocol.md, so that the property tests do not inherit a mistake of the sequencer's own encoder.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tests.support.three_chains import PRIMARY
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.primitives.keccak import keccak_words
from zklink.protocol.bridge_blocks import Block, FullBlock, MemberBlock
from zklink.protocol.commitment import (
    BlockHeader,
    PublicInputs,
    aggregate,
    challenge,
    compute_block_commitment,
    compute_block_hash,
    evaluate_header,
    pack_counts,
)
from zklink.protocol.ids import SLICE_COUNT, ChainId, Lane
from zklink.protocol.slices import EMPTY_SLICE_HASH, compute_slice_hash, evaluate
from zklink.protocol.words import PAYOUT_WORDS, SWAP_REQUEST_WORDS
from zklink.state.state import State
from zklink.transition.swap_block import SwapBlock

REQUEST_KIND = 1
KIND_SHIFT = 240


@dataclass(frozen=True)
class View:
    """A block as one chain is told it: header data, the words of the slices that it gets, claims about the others."""

    chain: ChainId
    header: BlockHeader
    commitment: int
    held: Mapping[int, tuple[int, ...]]
    slice_hashes: tuple[bytes, ...]
    evaluations: tuple[int, ...]

    def __str__(self) -> str:
        return f"block {self.header.number} (requests: {len(self.requests())}, payouts: {len(self.payouts())})"

    @property
    def words(self) -> tuple[int, ...]:
        """The chain's own slice."""
        return self.held[self.chain]

    @property
    def block_hash(self) -> bytes:
        """The chain's own computation of it, from the words and the claims."""
        held = {k: compute_slice_hash(words) for k, words in self.held.items()}
        hashes = [held.get(k, self.slice_hashes[k]) for k in range(SLICE_COUNT)]
        return compute_block_hash(self.header, self.commitment, hashes)

    def _values(self, z: int) -> list[int]:
        held = {k: evaluate(words, z) for k, words in self.held.items()}
        return [held.get(k, self.evaluations[k]) for k in range(SLICE_COUNT)]

    @property
    def inputs(self) -> PublicInputs:
        """The public inputs that the chain will demand a proof of."""
        z, lambda_ = challenge(self.block_hash), challenge(self.block_commitment)
        y = aggregate(evaluate_header(self.header, z), self._values(z), lambda_)
        return PublicInputs(self.commitment, z, lambda_, y)

    @property
    def block_commitment(self) -> bytes:
        """What the sync hash takes in."""
        z = challenge(self.block_hash)
        return compute_block_commitment(self.block_hash, evaluate_header(self.header, z), self._values(z))

    def block(self) -> Block:
        """Block, with an empty proof: the ideal verifier looks at the inputs only."""
        header = self.header
        counts = pack_counts(header.counts)
        return Block(Lane.SWAP, header.timestamp, counts, header.new_root, self.commitment)

    def full(self) -> FullBlock:
        """What the primary takes."""
        return FullBlock(self.block(), tuple(self.held.get(k, ()) for k in range(SLICE_COUNT)))

    def member(self) -> MemberBlock:
        """What a member takes."""
        others = [k for k in range(SLICE_COUNT) if k not in self.held and self.header.counts[k]]
        hashes = tuple(self.slice_hashes[k] for k in others)
        return MemberBlock(self.block(), self.words, hashes, tuple(self.evaluations[k] for k in others))

    def records(self) -> list[tuple[int, ...]]:
        """The words of the own slice, cut into records."""
        return split_records(self.words)

    def payouts(self) -> list[tuple[int, ...]]:
        """The payout records among them."""
        return [r for r in self.records() if len(r) == PAYOUT_WORDS]

    def requests(self, chain: ChainId | None = None) -> list[tuple[int, ...]]:
        """The request records among them, or among those of another slice that the chain gets."""
        words = self.words if chain is None else self.held.get(chain, ())
        return [r for r in split_records(words) if len(r) == SWAP_REQUEST_WORDS]


@dataclass(frozen=True, eq=False)
class Entry:
    """One block on one chain, after the blocks before it there."""

    view: View | None
    parent: "Entry | None"
    sync_hash: bytes
    root: int
    consumed: Mapping[ChainId, int] = field(default_factory=dict)
    """Requests consumed up to here, of every chain whose slice this one gets."""

    def __str__(self) -> str:
        return f"block {self.number}"

    @property
    def number(self) -> int:
        """The block's number; 0 is the genesis."""
        return 0 if self.parent is None else self.parent.number + 1

    def follow(self, view: View) -> "Entry":
        """The next block."""
        consumed = dict(self.consumed)
        for k in view.held:
            consumed[ChainId(k)] = consumed.get(ChainId(k), 0) + len(view.requests(ChainId(k)))
        sync_hash = keccak_words(self.sync_hash, view.block_commitment)
        return Entry(view, self, sync_hash, view.header.new_root, consumed)

    def payouts(self) -> list[Payout]:
        """What the chain owes for the block."""
        return [] if self.view is None else [Payout.from_words(words) for words in self.view.payouts()]


@dataclass(frozen=True, eq=False)
class Sealed:
    """A block of the transition after a history of others; `state` is the state after it."""

    parent: "Sealed | None"
    block: SwapBlock | None
    state: State
    requests: tuple[SwapRequest, ...]
    counts: dict[ChainId, int] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"block {self.number}"

    @property
    def number(self) -> int:
        """0 for the genesis."""
        return 0 if self.parent is None else self.parent.number + 1

    @property
    def timestamp(self) -> int:
        """The block's, 0 for the genesis."""
        return 0 if self.block is None else self.block.header.timestamp

    def consumed(self, chain: ChainId) -> int:
        """Requests of the chain consumed up to here."""
        return self.counts.get(chain, 0)

    def view(self, chain: ChainId) -> View:
        """What an honest sequencer tells the chain."""
        assert self.block is not None
        return honest_view(self.block, chain)

    def at(self, number: int) -> "Sealed":
        """The block `number` in this history."""
        sealed = self
        while sealed.number > number:
            assert sealed.parent is not None
            sealed = sealed.parent
        return sealed

    def payouts(self) -> list[Payout]:
        """All payouts of the block, on every chain."""
        assert self.block is not None
        words = [r for s in self.block.slices for r in split_records(s) if len(r) == PAYOUT_WORDS]
        return [Payout.from_words(w) for w in words]


def honest_view(block: SwapBlock, chain: ChainId) -> View:
    """The block as it is: the primary gets every slice."""
    hashes = tuple(compute_slice_hash(w) if w else EMPTY_SLICE_HASH for w in block.slices)
    z = challenge(compute_block_hash(block.header, block.commitment, hashes))
    return View(
        chain=chain,
        header=block.header,
        commitment=block.commitment,
        held={k: tuple(block.slices[k]) for k in range(SLICE_COUNT) if chain in (PRIMARY, k)},
        slice_hashes=hashes,
        evaluations=tuple(evaluate(w, z) for w in block.slices),
    )


def forge_view(view: View, words: Sequence[int], chain: ChainId | None = None) -> View:
    """The same block, but with other words of the chain's own slice, or of another that it gets (and the counts to
    match).
    """
    k = view.chain if chain is None else chain
    counts = list(view.header.counts)
    counts[k] = len(words)
    header = replace(view.header, counts=tuple(counts))
    return replace(view, held={**view.held, k: tuple(words)}, header=header)


def genesis_entry(genesis_root: int, deployment_hash: bytes) -> Entry:
    """Block 0, the same on every chain."""
    return Entry(None, None, deployment_hash, genesis_root)


def split_records(words: Sequence[int]) -> list[tuple[int, ...]]:
    """Cut a slice into records, by the kind in each one's first word."""
    records = []
    start = 0
    while start < len(words):
        length = SWAP_REQUEST_WORDS if words[start] >> KIND_SHIFT == REQUEST_KIND else PAYOUT_WORDS
        records.append(tuple(words[start : start + length]))
        start += length
    return records

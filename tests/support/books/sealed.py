"""A sealed block as each chain gets it, and what a dishonest validator makes of it.

Takes a block of the transition and its parent; gives the arguments of commit, prove and execute for each chain. Written
again here, from docs/protocol.md, so that the property tests do not inherit a mistake of the sequencer's own encoder.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from tests.support.drafts.draft import stored_args
from zklink.operations.payout import Payout
from zklink.operations.swap import SwapRequest
from zklink.protocol.bridge_hashes import (
    EMPTY_PAYOUTS_HASH,
    StoredBlock,
    compute_inputs_hash,
    genesis_block,
    next_payouts_hash,
    next_sync_hash,
)
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
from zklink.protocol.ids import MAX_CHAINS, SLICE_COUNT, BlockNumber, ChainId, Lane
from zklink.protocol.slices import EMPTY_SLICE_HASH, compute_slice_hash, evaluate
from zklink.protocol.words import PAYOUT_WORDS, SWAP_REQUEST_WORDS
from zklink.state.state import State
from zklink.transition.swap_block import SwapBlock

REQUEST_KIND = 1
KIND_SHIFT = 240


@dataclass(frozen=True)
class View:
    """A block as one chain is told it: header data, the chain's own words, claims about the others."""

    chain: ChainId
    header: BlockHeader
    commitment: int
    words: tuple[int, ...]
    slice_hashes: tuple[bytes, ...]
    evaluations: tuple[int, ...]

    def __str__(self) -> str:
        return f"block {self.header.number} (requests: {len(self.requests())}, payouts: {len(self.payouts())})"

    @property
    def block_hash(self) -> bytes:
        """The chain's own computation of it, from its words and the claims."""
        hashes = list(self.slice_hashes)
        hashes[self.chain] = compute_slice_hash(self.words)
        return compute_block_hash(self.header, self.commitment, hashes)

    @property
    def inputs(self) -> PublicInputs:
        """The public inputs that the chain will demand a proof of."""
        z = challenge(self.block_hash)
        values = list(self.evaluations)
        values[self.chain] = evaluate(self.words, z)
        header_value = evaluate_header(self.header, z)
        lambda_ = challenge(compute_block_commitment(self.block_hash, header_value, values))
        return PublicInputs(self.commitment, z, lambda_, aggregate(header_value, values, lambda_))

    @property
    def block_commitment(self) -> bytes:
        """What the sync hash takes in."""
        z = challenge(self.block_hash)
        values = list(self.evaluations)
        values[self.chain] = evaluate(self.words, z)
        return compute_block_commitment(self.block_hash, evaluate_header(self.header, z), values)

    def commit_args(self) -> tuple[object, ...]:
        """CommitBlock."""
        others = [k for k in range(1, MAX_CHAINS + 1) if k != self.chain and self.header.counts[k]]
        return (
            Lane.SWAP,
            self.header.timestamp,
            pack_counts(self.header.counts),
            self.header.new_root,
            self.commitment,
            list(self.words),
            [],
            [self.slice_hashes[k] for k in others],
            [self.evaluations[k] for k in others],
            [],
        )

    def records(self) -> list[tuple[int, ...]]:
        """The words, cut into records."""
        return split_records(self.words)

    def payouts(self) -> list[tuple[int, ...]]:
        """The payout records among the words."""
        return [r for r in split_records(self.words) if len(r) == PAYOUT_WORDS]

    def requests(self) -> list[tuple[int, ...]]:
        """The request records among the words."""
        return [r for r in split_records(self.words) if len(r) == SWAP_REQUEST_WORDS]


@dataclass(frozen=True, eq=False)
class CommittedView:
    """One block on one chain, after the blocks before it there: what the bridge keeps the hash of."""

    view: View | None
    parent: "CommittedView | None"
    stored: StoredBlock

    @property
    def number(self) -> int:
        """The block's number; 0 is the genesis."""
        return self.stored.number

    def follow(self, view: View) -> "CommittedView":
        """The next block."""
        payouts_hash = EMPTY_PAYOUTS_HASH
        for words in view.payouts():
            payouts_hash = next_payouts_hash(payouts_hash, words)
        stored = StoredBlock(
            number=BlockNumber(self.stored.number + 1),
            timestamp=view.header.timestamp,
            lane=Lane.SWAP,
            counts=pack_counts(view.header.counts),
            root=view.header.new_root,
            swap_requests=self.stored.swap_requests + len(view.requests()),
            account_requests=self.stored.account_requests,
            payouts_hash=payouts_hash,
            inputs_hash=compute_inputs_hash(view.inputs),
            sync_hash=next_sync_hash(self.stored.sync_hash, view.block_commitment),
        )
        return CommittedView(view, self, stored)

    def ancestor(self, number: int) -> "CommittedView":
        """The block `number` below (or at) this one."""
        entry = self
        while entry.number > number:
            assert entry.parent is not None
            entry = entry.parent
        return entry

    def stored_args(self) -> tuple[object, ...]:
        """StoredBlock."""
        return stored_args(self.stored)

    def prove_args(self) -> tuple[object, ...]:
        """ProveBlock, with an empty proof: the ideal verifier looks at the inputs only."""
        assert self.view is not None
        return (self.stored_args(), list(self.view.inputs.as_tuple()), [0] * 8)

    def execute_args(self) -> tuple[object, ...]:
        """ExecuteBlock."""
        assert self.view is not None
        return (self.stored_args(), [word for payout in self.view.payouts() for word in payout])


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
        """What an honest validator tells the chain."""
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
    """The block as it is."""
    hashes = tuple(compute_slice_hash(w) if w else EMPTY_SLICE_HASH for w in block.slices)
    z = challenge(compute_block_hash(block.header, block.commitment, hashes))
    return View(
        chain=chain,
        header=block.header,
        commitment=block.commitment,
        words=tuple(block.slices[chain]),
        slice_hashes=hashes,
        evaluations=tuple(evaluate(w, z) for w in block.slices),
    )


def forge_view(view: View, words: Sequence[int]) -> View:
    """The same block, but with other words of the chain's own (and the counts to match)."""
    counts = list(view.header.counts)
    counts[view.chain] = len(words)
    return replace(view, words=tuple(words), header=replace(view.header, counts=tuple(counts)))


def genesis_entry(genesis_root: int, deployment_hash: bytes) -> CommittedView:
    """Block 0, the same on every chain."""
    return CommittedView(None, None, genesis_block(genesis_root, deployment_hash))


def split_records(words: Sequence[int]) -> list[tuple[int, ...]]:
    """Cut a slice into records, by the kind in each one's first word."""
    records = []
    start = 0
    while start < len(words):
        length = SWAP_REQUEST_WORDS if words[start] >> KIND_SHIFT == REQUEST_KIND else PAYOUT_WORDS
        records.append(tuple(words[start : start + length]))
        start += length
    return records


assert SLICE_COUNT == MAX_CHAINS + 1

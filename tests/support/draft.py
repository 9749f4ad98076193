"""Blocks whose slices a test writes itself, as each chain gets them.

Takes words by chain; gives the arguments of commit_blocks, the public inputs, and what a bridge remembers, all computed
with the core's own hashes. No state, no circuit: such a block need not make sense beyond its form.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from zklink.operations.swap import SwapPayout
from zklink.protocol.chain import StoredBlock, compute_inputs_hash, compute_payouts_hash, next_sync_hash
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
from zklink.protocol.ids import Amount, BlockNumber, ChainId, RecordKind, RequestId, TokenId
from zklink.protocol.messages import SyncMessage
from zklink.protocol.slices import compute_slice_hash, evaluate

PAYEE = "0x" + "9a" * 20
"""Who is paid where a test names nobody."""


@dataclass(frozen=True)
class Draft:
    """A block whose slices a test has written. Honest by itself; `claims` of one chain can be bent with `replace`."""

    domain: int
    number: int
    timestamp: int
    old_root: int
    new_root: int
    commitment: int
    slices: Mapping[ChainId, tuple[int, ...]]

    @cached_property
    def _all(self) -> list[tuple[int, ...]]:
        return [self.slices.get(ChainId(k), ()) for k in range(9)]

    @cached_property
    def header(self) -> BlockHeader:
        """h0..h4."""
        counts = tuple(map(len, self._all))
        return BlockHeader(self.domain, BlockNumber(self.number), self.timestamp, counts, self.old_root, self.new_root)

    @cached_property
    def block_hash(self) -> bytes:
        """Fixes z."""
        return compute_block_hash(self.header, self.commitment, [compute_slice_hash(words) for words in self._all])

    @cached_property
    def evaluations(self) -> list[int]:
        """V_0..V_8 at z."""
        return [evaluate(words, challenge(self.block_hash)) for words in self._all]

    @cached_property
    def block_commitment(self) -> bytes:
        """Fixes lambda."""
        header_value = evaluate_header(self.header, challenge(self.block_hash))
        return compute_block_commitment(self.block_hash, header_value, self.evaluations)

    @cached_property
    def inputs(self) -> PublicInputs:
        """What a proof of it must have."""
        z, lambda_ = challenge(self.block_hash), challenge(self.block_commitment)
        y = aggregate(evaluate_header(self.header, z), self.evaluations, lambda_)
        return PublicInputs(self.commitment, z, lambda_, y)

    def commit_args(self, chain: ChainId) -> tuple[object, ...]:
        """CommitBlock for one chain."""
        others = [k for k in range(1, 9) if k != chain and self._all[k]]
        return (
            self.timestamp,
            pack_counts(self.header.counts),
            self.new_root,
            self.commitment,
            list(self._all[chain]),
            [compute_slice_hash(self._all[k]) for k in others],
            [self.evaluations[k] for k in others],
        )

    def payouts(self, chain: ChainId) -> list[tuple[int, ...]]:
        """The payouts in the chain's slice."""
        found, words = [], list(self._all[chain])
        while words:
            size = 5 if words[0] >> 240 == RecordKind.SWAP_REQUEST else 3
            record, words = tuple(words[:size]), words[size:]
            if size == 3:
                found.append(record)
        return found

    def store(self, chain: ChainId, parent: StoredBlock) -> StoredBlock:
        """What the chain's bridge remembers of it."""
        requests = (len(self._all[chain]) - 3 * len(self.payouts(chain))) // 5
        return StoredBlock(
            number=BlockNumber(self.number),
            timestamp=self.timestamp,
            counts=pack_counts(self.header.counts),
            root=self.new_root,
            request_count=parent.request_count + requests,
            payouts_hash=compute_payouts_hash(self.payouts(chain)),
            inputs_hash=compute_inputs_hash(self.inputs),
            sync_hash=next_sync_hash(parent.sync_hash, self.block_commitment),
        )


def stored_args(b: StoredBlock) -> tuple[object, ...]:
    """StoredBlock as the ABI takes it."""
    return (b.number, b.timestamp, b.counts, b.root, b.request_count, b.payouts_hash, b.inputs_hash, b.sync_hash)


def message_args(message: SyncMessage) -> tuple[object, ...]:
    """SyncMessage as the ABI takes it."""
    return (message.kind, message.source_chain, message.number, message.sync_hash)


def payment(chain: ChainId, token: TokenId, amount: int, request_id: int = 1, **changes: object) -> SwapPayout:
    """A payment on `chain` for a request of another chain."""
    plain = SwapPayout(
        kind=RecordKind.SWAP_PAID,
        source=ChainId(5 if chain != 5 else 1),
        chain=chain,
        request_id=RequestId(request_id),
        token=token,
        amount=Amount(amount),
        recipient=bytes(12) + bytes.fromhex(PAYEE[2:]),
        fill_fee=Amount(0),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]

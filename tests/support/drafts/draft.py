"""Blocks whose slices a test writes itself, as each chain gets them.

Takes a lane and words by chain (0: the layer-2-only data); gives the arguments of commit_blocks, the public inputs, and
what a bridge remembers, all computed with the core's own hashes. No state, no circuit: such a block need not make sense
beyond its form.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from tests.support.three_chains import RECIPIENT
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.operations.payout import Payout
from zklink.protocol.bridge_hashes import StoredBlock, compute_inputs_hash, compute_payouts_hash, next_sync_hash
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
from zklink.protocol.ids import Amount, BlockNumber, ChainId, Kind, Lane, RequestId, TokenId
from zklink.protocol.messages import SyncMessage
from zklink.protocol.slices import compute_slice_hash, evaluate

DATA = ChainId(0)
"""In place of a chain: the layer-2-only slice."""

RECORD_SIZES = {
    Kind.SWAP_REQUEST: 5,
    Kind.DEPOSIT: 4,
    Kind.FULL_EXIT: 4,
    Kind.CHANGE_PUB_KEY: 4,
}
"""Words of a record in a chain's slice, by kind; the others are payouts."""

REQUEST_KINDS = (Kind.SWAP_REQUEST, Kind.DEPOSIT, Kind.FULL_EXIT)


@dataclass(frozen=True)
class Draft:
    """A block whose slices a test has written. Honest by itself; `claims` of one chain can be bent with `replace`.

    `signatures` are those of a chain's key changes; where there are none, every consent is a recorded one.
    """

    domain: int
    number: int
    timestamp: int
    old_root: int
    new_root: int
    commitment: int
    slices: Mapping[ChainId, tuple[int, ...]]
    primary: ChainId
    lane: Lane = Lane.SWAP
    signatures: Mapping[ChainId, Sequence[bytes]] = field(default_factory=dict)

    @cached_property
    def _all(self) -> list[tuple[int, ...]]:
        return [self.slices.get(ChainId(k), ()) for k in range(9)]

    @cached_property
    def header(self) -> BlockHeader:
        """h0..h4."""
        counts = tuple(map(len, self._all))
        return BlockHeader(self.domain, BlockNumber(self.number), self.timestamp, counts, self.old_root, self.new_root)

    @cached_property
    def slice_hashes(self) -> list[bytes]:
        """slice_hash_0..8."""
        return [compute_slice_hash(words) for words in self._all]

    @cached_property
    def block_hash(self) -> bytes:
        """Fixes z."""
        return compute_block_hash(self.header, self.commitment, self.slice_hashes)

    @cached_property
    def evaluations(self) -> list[int]:
        """V_0..V_8 at z."""
        return [evaluate(words, challenge(self.block_hash)) for words in self._all]

    @cached_property
    def header_value(self) -> int:
        """V_header at z."""
        return evaluate_header(self.header, challenge(self.block_hash))

    @cached_property
    def block_commitment(self) -> bytes:
        """Fixes lambda."""
        return compute_block_commitment(self.block_hash, self.header_value, self.evaluations)

    @cached_property
    def inputs(self) -> PublicInputs:
        """What a proof of it must have."""
        z, lambda_ = challenge(self.block_hash), challenge(self.block_commitment)
        return PublicInputs(self.commitment, z, lambda_, aggregate(self.header_value, self.evaluations, lambda_))

    def commit_args(self, chain: ChainId) -> tuple[object, ...]:
        """CommitBlock for one chain."""
        held = {chain, DATA} if chain == self.primary else {chain}
        others = [k for k in range(9) if k not in held and self._all[k]]
        recorded = [b"" for record in self.records(chain) if record[0] >> 240 == Kind.CHANGE_PUB_KEY]
        return (
            self.lane,
            self.timestamp,
            pack_counts(self.header.counts),
            self.new_root,
            self.commitment,
            list(self._all[chain]),
            list(self._all[DATA]) if DATA in held else [],
            [self.slice_hashes[k] for k in others],
            [self.evaluations[k] for k in others],
            list(self.signatures.get(chain, recorded)),
        )

    def opening_args(self, previous_sync_hash: bytes) -> tuple[object, ...]:
        """Opening: the preimages of its sync hash."""
        return (
            previous_sync_hash,
            list(self.header.elements()),
            self.commitment,
            self.slice_hashes,
            self.header_value,
            self.evaluations,
        )

    def records(self, chain: ChainId) -> list[tuple[int, ...]]:
        """The records in the chain's slice."""
        found, words = [], self._all[chain]
        while words:
            size = RECORD_SIZES.get(Kind(words[0] >> 240), 3)
            found.append(words[:size])
            words = words[size:]
        return found

    def payouts(self, chain: ChainId) -> list[tuple[int, ...]]:
        """The payouts in the chain's slice."""
        return [record for record in self.records(chain) if len(record) == 3]

    def store(self, chain: ChainId, parent: StoredBlock) -> StoredBlock:
        """What the chain's bridge remembers of it."""
        requests = sum(1 for record in self.records(chain) if record[0] >> 240 in REQUEST_KINDS)
        return StoredBlock(
            number=BlockNumber(self.number),
            timestamp=self.timestamp,
            lane=self.lane,
            counts=pack_counts(self.header.counts),
            root=self.new_root,
            swap_requests=parent.swap_requests + (requests if self.lane == Lane.SWAP else 0),
            account_requests=parent.account_requests + (requests if self.lane == Lane.ACCOUNT else 0),
            payouts_hash=compute_payouts_hash(self.payouts(chain)),
            inputs_hash=compute_inputs_hash(self.inputs),
            sync_hash=next_sync_hash(parent.sync_hash, self.block_commitment),
        )


def stored_args(b: StoredBlock) -> tuple[object, ...]:
    """StoredBlock as the ABI takes it."""
    return (
        b.number,
        b.timestamp,
        b.lane,
        b.counts,
        b.root,
        b.swap_requests,
        b.account_requests,
        b.payouts_hash,
        b.inputs_hash,
        b.sync_hash,
    )


def message_args(message: SyncMessage) -> tuple[object, ...]:
    """SyncMessage as the ABI takes it."""
    return (message.kind, message.source_chain, message.number, message.sync_hash)


def payment(chain: ChainId, token: TokenId, amount: int, request_id: int = 1, **changes: object) -> Payout:
    """A payment on `chain` for a request of another chain."""
    plain = Payout(
        kind=Kind.SWAP_PAID,
        source=ChainId(5 if chain != 5 else 1),
        chain=chain,
        id=RequestId(request_id),
        token=token,
        amount=Amount(amount),
        recipient=universal_address(RECIPIENT),
        fill_fee=Amount(0),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]

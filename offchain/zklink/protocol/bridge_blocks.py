"""Blocks in the form that chains take them (contracts/interfaces/IHistory.vyi): the primary gets every slice, a member
its own one and claims about the others.

`abi()` gives what the ABI takes, `from_abi` reads a call's arguments back. Never calls a chain, never judges a block.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from zklink.protocol.commitment import pack_counts, unpack_counts
from zklink.protocol.errors import WrongWordCount
from zklink.protocol.facts import QueueFact
from zklink.protocol.ids import SLICE_COUNT, BlockNumber, ChainId, Kind, Lane
from zklink.protocol.messages import SIGNATURE_BYTES
from zklink.protocol.slices import count_records

Items = TypeVar("Items", bytes, tuple[int, ...])

WORD_BYTES: Final = 32
NO_PROOF: Final = (0,) * 8


@dataclass(frozen=True, slots=True)
class Block:
    """A block without its words, the struct that both histories take. `counts` is packed as h2 of the header, `proof`
    is eight numbers in the precompile's order.
    """

    lane: Lane
    timestamp: int
    counts: int
    new_root: int
    commitment: int
    proof: tuple[int, ...] = NO_PROOF

    def abi(self) -> tuple[object, ...]:
        """The struct `Block`."""
        return (int(self.lane), self.timestamp, self.counts, self.new_root, self.commitment, list(self.proof))

    @classmethod
    def from_abi(cls, values: Sequence[Any]) -> "Block":
        """Read a block out of a transaction's arguments; ValueError if there is no such lane."""
        lane, timestamp, counts, root, commitment, proof = values
        return cls(Lane(lane), timestamp, counts, root, commitment, tuple(proof))

    def slice_counts(self) -> tuple[int, ...]:
        """The number of words of slices 0..8; FieldOutOfRange if `counts` has anything else in it."""
        return unpack_counts(self.counts)


@dataclass(frozen=True, slots=True)
class FullBlock:
    """A block for the primary: the words of slices 0..8, and the owners' signatures of the key changes in the primary's
    slice, in order, 65 bytes each.
    """

    block: Block
    slices: tuple[tuple[int, ...], ...]
    consents: tuple[bytes, ...] = ()

    @property
    def words(self) -> tuple[int, ...]:
        """The words of all slices, in order."""
        return tuple(word for words in self.slices for word in words)

    def with_proof(self, proof: Sequence[int]) -> "FullBlock":
        """The same block with its proof."""
        return replace(self, block=replace(self.block, proof=tuple(proof)))


@dataclass(frozen=True, slots=True)
class MemberBlock:
    """A block for a member: the words of its own slice, and for each other slice that is not empty, ascending, its hash
    and its evaluation.
    """

    block: Block
    words: tuple[int, ...]
    slice_hashes: tuple[bytes, ...]
    evaluations: tuple[int, ...]

    @property
    def claims(self) -> tuple[int, ...]:
        """The hashes, then the evaluations, as a call takes them."""
        return (*(int.from_bytes(slice_hash, "big") for slice_hash in self.slice_hashes), *self.evaluations)


@dataclass(frozen=True, slots=True)
class AcceptCall:
    """The primary's `accept`: blocks from `first` on, the validators' seal of the last one, and the watchers' word for
    the members' queues that they serve.
    """

    first: BlockNumber
    blocks: tuple[FullBlock, ...]
    queues: tuple[QueueFact, ...]
    seal: bytes
    watchers: bytes
    pay: bool

    def abi(self) -> tuple[object, ...]:
        """The arguments, in order."""
        queues = [queue.abi() for queue in self.queues]
        evidence = (queues, self.seal, self.watchers)
        return (
            self.first,
            _blocks_abi(self.blocks),
            pack_consents(self.blocks),
            *evidence,
            self.pay,
            _words(self.blocks),
        )

    @classmethod
    def from_abi(cls, values: Iterable[Any], primary: ChainId, since: int = 0) -> "AcceptCall":
        """Read a call's arguments. Blocks below `since` were on the chain before: it has skipped them, whatever they
        are, and they are left out. A fact of no lane serves no block, and is left out, too. WrongWordCount or
        FieldOutOfRange if its bytes are not these blocks'.
        """
        first, blocks, consents, queues, seal, watchers, pay, words = values
        skipped = max(since - first, 0)
        full = read_full_blocks(blocks, words, consents, primary, skipped)
        lanes = set(Lane)
        facts = tuple(
            QueueFact(ChainId(k), Lane(at), count, bytes(hash)) for k, at, count, hash in queues if at in lanes
        )
        return cls(BlockNumber(first + skipped), full, facts, bytes(seal), bytes(watchers), pay)


@dataclass(frozen=True, slots=True)
class AcceptAgainCall:
    """The primary's `accept_again`: blocks from `first` on that an ACC contains. `later` are the commitments of the
    blocks that follow, up to the one that the ACC names.
    """

    first: BlockNumber
    blocks: tuple[FullBlock, ...]
    later: tuple[bytes, ...]
    validators: bytes
    watchers: bytes
    pay: bool

    def abi(self) -> tuple[object, ...]:
        """The arguments, in order."""
        evidence = (list(self.later), self.validators, self.watchers)
        return (
            self.first,
            _blocks_abi(self.blocks),
            pack_consents(self.blocks),
            *evidence,
            self.pay,
            _words(self.blocks),
        )

    @classmethod
    def from_abi(cls, values: Iterable[Any], primary: ChainId, since: int = 0) -> "AcceptAgainCall":
        """As AcceptCall's."""
        first, blocks, consents, later, validators, watchers, pay, words = values
        skipped = max(since - first, 0)
        full = read_full_blocks(blocks, words, consents, primary, skipped)
        return cls(
            BlockNumber(first + skipped), full, tuple(map(bytes, later)), bytes(validators), bytes(watchers), pay
        )


@dataclass(frozen=True, slots=True)
class ImportCall:
    """A member's `import_blocks`: blocks from `first` on that an ACC, or the standing END, contains. `later` are the
    commitments of the blocks that follow, up to the one that the fact names. Once END stands, the evidence is not read.
    """

    first: BlockNumber
    blocks: tuple[MemberBlock, ...]
    later: tuple[bytes, ...]
    validators: bytes
    watchers: bytes
    pay: bool

    def abi(self) -> tuple[object, ...]:
        """The arguments, in order."""
        claims = [claim for member in self.blocks for claim in member.claims]
        evidence = (claims, list(self.later), self.validators, self.watchers)
        return (self.first, _blocks_abi(self.blocks), *evidence, self.pay, _words(self.blocks))


@dataclass(frozen=True, slots=True)
class MismatchCall:
    """A member's `show_mismatch`: the block next to its tip, whose own slice its queue cannot match, opened from a
    fact.
    """

    block: MemberBlock
    later: tuple[bytes, ...]
    validators: bytes
    watchers: bytes

    def abi(self) -> tuple[object, ...]:
        """The arguments, in order."""
        evidence = (list(self.block.claims), list(self.later), self.validators, self.watchers)
        return (self.block.block.abi(), *evidence, pack_words(self.block.words))


def pack_words(words: Iterable[int]) -> bytes:
    """Words as one byte string, 32 bytes each."""
    return b"".join(word.to_bytes(WORD_BYTES, "big") for word in words)


def pack_consents(blocks: Iterable[FullBlock]) -> bytes:
    """The owners' signatures of all blocks, side by side."""
    return b"".join(consent for full in blocks for consent in full.consents)


def unpack_words(data: bytes) -> tuple[int, ...]:
    """The words of a byte string; WrongWordCount unless it is whole words."""
    if len(data) % WORD_BYTES:
        raise WrongWordCount("bytes of words", len(data) // WORD_BYTES * WORD_BYTES, len(data))
    return tuple(int.from_bytes(data[at : at + WORD_BYTES], "big") for at in range(0, len(data), WORD_BYTES))


def read_full_blocks(
    blocks: Sequence[Sequence[Any]], words: bytes, consents: bytes, primary: ChainId, skipped: int = 0
) -> tuple[FullBlock, ...]:
    """Cut a call's byte strings into its blocks, as the primary does. The first `skipped` blocks, with their words and
    consents, may be anything. WrongWordCount unless both are used up exactly, FieldOutOfRange for counts that are none,
    WrongRecordKind for a record without a kind.
    """
    kept, left, cut = tuple(map(Block.from_abi, blocks[skipped:])), unpack_words(bytes(words)), []
    if skipped:
        left = _take_last(left, sum(sum(block.slice_counts()) for block in kept))
    for block in kept:
        slices, left = _cut(block.slice_counts(), left)
        count = count_records(slices[primary], Kind.CHANGE_PUB_KEY) if block.lane is Lane.ACCOUNT else 0
        cut.append((block, slices, count * SIGNATURE_BYTES))
    signatures, found = bytes(consents), []
    if skipped:
        signatures = _take_last(signatures, sum(size for _, _, size in cut))
    for block, slices, size in cut:
        taken, signatures = signatures[:size], signatures[size:]
        if len(taken) != size:
            raise WrongWordCount("consents", size // SIGNATURE_BYTES, len(taken) // SIGNATURE_BYTES)
        found.append(FullBlock(block, slices, split_signatures(taken)))
    if left or signatures:
        raise WrongWordCount("what follows the last block", 0, len(left) + len(signatures))
    return tuple(found)


def split_signatures(data: bytes) -> tuple[bytes, ...]:
    """Whole signatures, 65 bytes each; the last one is shorter if bytes are missing."""
    return tuple(data[at : at + SIGNATURE_BYTES] for at in range(0, len(data), SIGNATURE_BYTES))


def build_block(lane: Lane, timestamp: int, counts: Sequence[int], new_root: int, commitment: int) -> Block:
    """A block that is not proven yet."""
    return Block(lane, timestamp, pack_counts(counts), new_root, commitment)


def _cut(counts: Sequence[int], words: tuple[int, ...]) -> tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]:
    """The slices that stand first in `words`, and the words after them."""
    if len(words) < sum(counts):
        raise WrongWordCount("the words of a block", sum(counts), len(words))
    slices, at = [], 0
    for k in range(SLICE_COUNT):
        slices.append(words[at : at + counts[k]])
        at += counts[k]
    return tuple(slices), words[at:]


def _take_last(items: Items, count: int) -> Items:
    return items[max(len(items) - count, 0) :]


def _blocks_abi(blocks: Iterable[FullBlock | MemberBlock]) -> list[tuple[object, ...]]:
    return [item.block.abi() for item in blocks]


def _words(blocks: Iterable[FullBlock | MemberBlock]) -> bytes:
    """The words of all blocks, side by side."""
    return pack_words(word for item in blocks for word in item.words)

"""The line of blocks that a test has given the primary, and what each chain is told of it: one vocabulary for every
harness.

Takes blocks with all their words, in order; gives what `accept`, `import_blocks` and `execute` take, with the true
evidence of both groups. Never asks a chain, except for the true hash of a queue (`ask`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from tests.support.groups import NO_ACC, Acc, KnownGroups
from zklink.protocol.block_preimage import BlockPlace, BlockPreimage, compute_full_preimage, compute_member_block
from zklink.protocol.bridge_blocks import (
    AcceptAgainCall,
    AcceptCall,
    FullBlock,
    ImportCall,
    MemberBlock,
    MismatchCall,
)
from zklink.protocol.bridge_hashes import next_queue_hash, next_sync_hash
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.facts import QueueFact
from zklink.protocol.ids import BlockNumber, ChainId, Kind, Lane
from zklink.protocol.slices import PAYOUT_KINDS, REQUEST_KINDS, select_payouts, split_records

AskQueue = Callable[[ChainId, Lane, int], bytes]
"""A chain's queue hash at a count."""


@dataclass(frozen=True)
class Link:
    """A block in its place."""

    number: BlockNumber
    full: FullBlock
    preimage: BlockPreimage
    sync_hash: bytes

    @property
    def lane(self) -> Lane:
        """The block's."""
        return self.full.block.lane

    @property
    def commitment(self) -> bytes:
        """The block commitment, from which the sync hash follows."""
        return self.preimage.block_commitment()

    def member(self, chain: ChainId) -> MemberBlock:
        """The block as a member imports it."""
        return compute_member_block(self.full, self.preimage, chain)

    def requests(self, chain: ChainId) -> list[tuple[int, ...]]:
        """The requests of a chain that it consumes, by their words."""
        return [words for kind, words in split_records(self.full.slices[chain]) if kind in REQUEST_KINDS]

    def part(self, chain: ChainId) -> tuple[int, ...] | None:
        """The full exit of a chain that it serves in part at its end, by the request's words."""
        records = [(k, w) for k, w in split_records(self.full.slices[chain]) if k not in PAYOUT_KINDS]
        kind, words = records[-1] if records else (0, ())
        if kind != Kind.FULL_EXIT_PART:
            return None
        return (words[0] ^ (Kind.FULL_EXIT_PART ^ Kind.FULL_EXIT) << 240, *words[1:])

    def serves(self, chain: ChainId) -> bool:
        """Whether it serves a request of a chain, in whole or in part."""
        return bool(self.requests(chain)) or self.part(chain) is not None

    def payouts(self, chain: ChainId) -> tuple[int, ...]:
        """The words of what a chain owes for it."""
        return select_payouts(self.full.slices[chain])


@dataclass
class Line:
    """Blocks 1, 2, .. of a deployment as a test wants them, whatever chains have of it."""

    groups: KnownGroups
    genesis_root: int
    primary: ChainId
    members: tuple[ChainId, ...]
    links: list[Link] = field(default_factory=list)

    @property
    def deployment_hash(self) -> bytes:
        """The sync hash before block 1."""
        return self.groups.deployment_hash

    @property
    def height(self) -> BlockNumber:
        """The last block's number."""
        return BlockNumber(len(self.links))

    def __getitem__(self, number: int) -> Link:
        return self.links[number - 1]

    def root(self, number: int | None = None) -> int:
        """The root at a block, by default the last one."""
        at = self.height if number is None else number
        return self[at].full.block.new_root if at else self.genesis_root

    def sync_hash(self, number: int | None = None) -> bytes:
        """The sync hash at a block, by default the last one."""
        at = self.height if number is None else number
        return self[at].sync_hash if at else self.deployment_hash

    def commitments(self, after: int, last: int) -> tuple[bytes, ...]:
        """The commitments of blocks after + 1 .. last."""
        return tuple(link.commitment for link in self.links[after:last])

    def append(self, *blocks: FullBlock) -> tuple[Link, ...]:
        """The next blocks."""
        for full in blocks:
            domain = compute_lane_domain(self.deployment_hash, full.block.lane)
            place = BlockPlace(domain, BlockNumber(self.height + 1), self.root())
            preimage = compute_full_preimage(full, place)
            sync_hash = next_sync_hash(self.sync_hash(), preimage.block_commitment())
            self.links.append(Link(place.number, full, preimage, sync_hash))
        return tuple(self.links[len(self.links) - len(blocks) :])

    def branch(self, number: int) -> "Line":
        """Another line that has the same blocks up to a number."""
        return Line(self.groups, self.genesis_root, self.primary, self.members, self.links[:number])

    def consumed(self, chain: ChainId, lane: Lane, number: int | None = None) -> int:
        """How many requests of a queue blocks up to a number consume."""
        return sum(len(link.requests(chain)) for link in self.links[:number] if link.lane is lane)

    def queue_hash(self, chain: ChainId, lane: Lane, number: int | None = None) -> bytes:
        """The hash of these requests, by their words."""
        queue_hash = self.deployment_hash
        for link in self.links[:number]:
            for words in link.requests(chain) if link.lane is lane else ():
                queue_hash = next_queue_hash(queue_hash, words)
        return queue_hash

    # What watchers say of queues

    def touched(self, after: int, last: int) -> list[tuple[ChainId, Lane]]:
        """The members' queues that blocks after + 1 .. last serve, in whole or in part."""
        pairs = {(k, link.lane) for link in self.links[after:last] for k in self.members if link.serves(k)}
        return sorted(pairs)

    def que(self, after: int, last: int, ask: AskQueue | None = None) -> tuple[QueueFact, ...]:
        """The facts that blocks after + 1 .. last need: as members tell them, or without `ask` as the blocks want
        them. Each is for the highest place used, one that is served in part included.
        """
        facts = []
        for chain, lane in self.touched(after, last):
            count, queue_hash = self.consumed(chain, lane, last), self.queue_hash(chain, lane, last)
            served = [link for link in self.links[:last] if link.lane is lane and link.serves(chain)]
            part = served[-1].part(chain)
            if part is not None:
                count, queue_hash = count + 1, next_queue_hash(queue_hash, part)
            facts.append(QueueFact(chain, lane, count, queue_hash if ask is None else ask(chain, lane, count)))
        return tuple(facts)

    # Calls, with the evidence of both groups

    def acc(self, number: int | None = None) -> Acc:
        """ACC for a block, by default the last one."""
        at = self.height if number is None else number
        return self.groups.acc(at, self.sync_hash(at))

    def seal(self, number: int | None = None) -> bytes:
        """The seal of a block, by default the last one."""
        at = self.height if number is None else number
        return self.groups.seal(at, self.sync_hash(at))

    def accept_call(
        self, first: int, last: int, ask: AskQueue | None = None, *, at: int | None = None, pay: bool = True
    ) -> AcceptCall:
        """`accept` of blocks first .. last, on a primary that has `at` (by default all before them)."""
        facts = self.que(first - 1 if at is None else at, last, ask)
        full = self.fulls(first, last)
        return AcceptCall(BlockNumber(first), full, facts, self.seal(last), self.groups.queues(facts), pay)

    def accept_again_call(self, first: int, last: int, top: int | None = None, *, pay: bool = True) -> AcceptAgainCall:
        """`accept_again` of blocks first .. last by the ACC for `top`, by default the last one given."""
        top = last if top is None else top
        evidence = self.acc(top)
        return AcceptAgainCall(BlockNumber(first), self.fulls(first, last), self.commitments(last, top), *evidence, pay)

    def import_call(
        self, chain: ChainId, first: int, last: int, top: int | None = None, *, by_end: bool = False, pay: bool = True
    ) -> ImportCall:
        """`import_blocks` of blocks first .. last by the fact for `top`, by default the last one given: ACC, or the END
        that stands, which needs no evidence.
        """
        top = last if top is None else top
        evidence = NO_ACC if by_end else self.acc(top)
        blocks = tuple(link.member(chain) for link in self.links[first - 1 : last])
        return ImportCall(BlockNumber(first), blocks, self.commitments(last, top), *evidence, pay)

    def mismatch_call(
        self, chain: ChainId, number: int, top: int | None = None, *, by_end: bool = False
    ) -> MismatchCall:
        """`show_mismatch` of a block by the fact for `top`, by default the block itself."""
        top = number if top is None else top
        evidence = NO_ACC if by_end else self.acc(top)
        return MismatchCall(self[number].member(chain), self.commitments(number, top), *evidence)

    def fulls(self, first: int, last: int) -> tuple[FullBlock, ...]:
        """Blocks first .. last with all their words."""
        return tuple(link.full for link in self.links[first - 1 : last])


def cut_payouts(words: Sequence[int]) -> list[tuple[int, ...]]:
    """The payouts in their words."""
    return [tuple(words[at : at + 3]) for at in range(0, len(words), 3)]


def join(records: Iterable[Sequence[int]]) -> tuple[int, ...]:
    """The words of records, side by side."""
    return tuple(word for record in records for word in record)

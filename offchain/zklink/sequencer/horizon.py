"""The sequencer's blocks as submitters see them: sealed blocks with their proofs and their evidence. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from zklink.protocol.facts import Accepted, QueueFact
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.sequencer.sealed_block import BlockRecord, SealedBlock


@dataclass(frozen=True, slots=True)
class Vouched:
    """What the primary asks for a block: the watchers' word for these queues of members (QUE) and the validators' seal
    of the block. The queues are all that blocks after `since` and up to it serve.
    """

    since: BlockNumber
    queues: tuple[QueueFact, ...]
    watchers: bytes
    seal: bytes


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """ACC: both groups' evidence that the primary has accepted a block."""

    fact: Accepted
    validators: bytes
    watchers: bytes


@dataclass(frozen=True, slots=True)
class Horizon:
    """The blocks that the sequencer can offer: the record of the last settled block (at first the genesis), all sealed
    blocks after it, and proofs (eight numbers in the precompile's order) and evidence of some of them. `acknowledged`
    is in ascending order. `now` is the primary's newest time that is known, in UNIX seconds.
    """

    primary: ChainId
    base: BlockRecord
    blocks: Sequence[SealedBlock]
    proofs: Mapping[BlockNumber, Sequence[int]]
    vouched: Mapping[BlockNumber, Vouched] = field(default_factory=dict)
    acknowledged: Sequence[Acknowledged] = ()
    now: int = 0
    is_replaying: bool = False

    @property
    def start(self) -> BlockNumber:
        """The last settled block."""
        return self.base.number

    @property
    def height(self) -> BlockNumber:
        return BlockNumber(self.start + len(self.blocks))

    def block(self, number: BlockNumber) -> SealedBlock:
        """A block that is not settled."""
        return self.blocks[number - self.start - 1]

    def record(self, number: BlockNumber) -> BlockRecord:
        """The record of a block that is not settled, or of the last settled one."""
        return self.base if number == self.start else self.block(number).record

    def commitments(self, after: BlockNumber, last: BlockNumber) -> tuple[bytes, ...]:
        """The commitments of blocks `after` + 1 .. `last`, which are not settled."""
        return tuple(self.record(number).commitment for number in number_range(after, last))

    def count_proven(self, after: BlockNumber, last: BlockNumber) -> int:
        """How many blocks after `after` and up to `last`, one after the other, have a proof."""
        count = 0
        while after + count < last and BlockNumber(after + count + 1) in self.proofs:
            count += 1
        return count


def number_range(after: int, last: int) -> list[BlockNumber]:
    """`after` + 1 .. `last`."""
    return [BlockNumber(number) for number in range(after + 1, last + 1)]

"""The records of all sealed blocks from a first one on, and the commitments of every block before and after it.

Takes records as blocks are sealed; gives a block's record, and what follows from several. The first record is the
genesis, or the block of a checkpoint: of blocks below it only their commitments are known.
"""

from collections.abc import Sequence

from zklink.protocol.errors import UnknownBlock
from zklink.protocol.ids import BlockNumber, ChainId, Lane, RequestId
from zklink.sequencer.sealed_block import BlockRecord


class RecordLine:
    """Blocks without gaps. `commitments` are those of blocks 1 .. `first`."""

    def __init__(self, first: BlockRecord, commitments: Sequence[bytes] = ()) -> None:
        self._records, self._commitments = [first], list(commitments)

    @property
    def base(self) -> BlockNumber:
        """The lowest block whose record is known."""
        return self._records[0].number

    @property
    def height(self) -> BlockNumber:
        """The last block."""
        return self.last.number

    @property
    def last(self) -> BlockRecord:
        """The record of the last block."""
        return self._records[-1]

    def get(self, number: BlockNumber) -> BlockRecord:
        """The record of a block. Raises UnknownBlock."""
        if not self.base <= number <= self.height:
            raise UnknownBlock(number, self.height)
        return self._records[number - self.base]

    def append(self, record: BlockRecord) -> None:
        """The next block."""
        self._records.append(record)
        self._commitments.append(record.commitment)

    def cut(self, last: BlockNumber) -> None:
        """Forget the blocks after `last`, which is not below the first one."""
        del self._records[last - self.base + 1 :], self._commitments[last:]

    def commitments(self, after: BlockNumber, last: BlockNumber | None = None) -> tuple[bytes, ...]:
        """The commitments of the blocks after `after`, up to `last`."""
        return tuple(self._commitments[after:last])

    def served(self, after: BlockNumber, last: BlockNumber) -> dict[tuple[Lane, ChainId], int]:
        """The highest place of each queue that the blocks `after` + 1 .. `last` use. Raises UnknownBlock."""
        self.get(after), self.get(last)
        found: dict[tuple[Lane, ChainId], int] = {}
        for record in self._records[after - self.base + 1 : last - self.base + 1]:
            found |= record.served
        return found

    def last_before(self, lane: Lane, chain: ChainId, request_id: RequestId) -> BlockNumber:
        """The last block before the one that consumed a request; one below the first if that one has it."""
        before = sum(record.consumed[lane, chain] < request_id for record in self._records)
        return BlockNumber(max(self.base + before - 1, 0))

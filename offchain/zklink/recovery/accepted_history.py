"""The primary's history: every block that it has, opened from the calls that stand in its calldata.

Takes the blocks of calls in the chain's order, and the sync hash that the chain's event gives for each call. Never
believes a node: a call counts only if its blocks give the event's hash, which binds every word before it. Blocks that
the chain has lost in a reorganisation are kept, so that anybody can bring them again. Pure.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from zklink.protocol.bridge_blocks import FullBlock
from zklink.protocol.errors import HistoryDisagrees, HistoryIncomplete, ProtocolError
from zklink.protocol.ids import BlockNumber
from zklink.recovery.accepted_block import AcceptedBlock, open_block


@dataclass
class AcceptedHistory:
    """The blocks of a deployment's primary up to its tip. `seen` also holds the blocks that it has lost, by sync
    hash.
    """

    name: str
    deployment_hash: bytes
    genesis_root: int
    line: list[AcceptedBlock] = field(default_factory=list)
    seen: dict[bytes, AcceptedBlock] = field(default_factory=dict)

    @property
    def height(self) -> BlockNumber:
        """The number of the last block; 0 for the genesis."""
        return BlockNumber(len(self.line))

    def block(self, number: int) -> AcceptedBlock:
        """A block by number. Raises HistoryIncomplete."""
        if not 1 <= number <= len(self.line):
            raise HistoryIncomplete(self.name, number, "the primary chain has no such block")
        return self.line[number - 1]

    def sync_hash(self, number: int) -> bytes:
        """The sync hash at a block, 0 for the genesis. Raises HistoryIncomplete."""
        return self.block(number).sync_hash if number else self.deployment_hash

    def root(self, number: int) -> int:
        """The root at a block, 0 for the genesis. Raises HistoryIncomplete."""
        return self.block(number).root if number else self.genesis_root

    def has(self, number: int, sync_hash: bytes) -> bool:
        """Whether the primary has this block."""
        return 0 <= number <= len(self.line) and self.sync_hash(number) == sync_hash

    def lead(self, base: int, base_hash: bytes, top: bytes) -> list[AcceptedBlock] | None:
        """The blocks that lead from one sync hash up to another, lost ones among them; None if the way is not known."""
        found, at = list[AcceptedBlock](), top
        while at != base_hash:
            block = self.seen.get(at)
            if block is None or block.number <= base:
                return None
            found.append(block)
            at = block.previous_sync_hash
        return found[::-1]

    def take(self, first: int, blocks: Sequence[FullBlock], sync_hash: bytes) -> None:
        """Append those of a call's blocks that are new. Raises HistoryDisagrees, and then nothing is appended, unless
        they end in `sync_hash`.
        """
        root, end, opened = self.root(self.height), self.sync_hash(self.height), list[AcceptedBlock]()
        for number, full in enumerate(blocks, start=first):
            if number > self.height:
                try:
                    opened.append(open_block(full, number, root, end, self.deployment_hash))
                except ProtocolError as error:
                    raise HistoryDisagrees(self.name, number, f"its calldata is no block: {error}") from error
                root, end = opened[-1].root, opened[-1].sync_hash
        if end != sync_hash or first > self.height + 1:
            what = "the calldata gives another block than the chain has accepted"
            raise HistoryDisagrees(self.name, first + len(blocks) - 1, what)
        self._append(opened)

    def take_seen(self, sync_hash: bytes) -> bool:
        """Append a block that was seen before, and those below it; false if the way from the tip to it is not known."""
        found = self.trace(sync_hash)
        if found is not None:
            self._append(found)
        return found is not None

    def trace(self, sync_hash: bytes) -> list[AcceptedBlock] | None:
        """The seen blocks that lead from the tip to a sync hash, which the chain has lost; None if some are not
        known.
        """
        return self.lead(self.height, self.sync_hash(self.height), sync_hash)

    def list_lost(self) -> list[AcceptedBlock]:
        """The blocks above the tip that continue it, which the chain has lost."""
        return [block for block in self.seen.values() if block.number > self.height and self.trace(block.sync_hash)]

    def go_back(self, height: int) -> None:
        """The chain was rewritten: it has no block above `height` any more. They stay seen."""
        del self.line[height:]

    def _append(self, blocks: Sequence[AcceptedBlock]) -> None:
        self.line += blocks
        self.seen.update((block.sync_hash, block) for block in blocks)


def list_commitments(blocks: Iterable[AcceptedBlock]) -> tuple[bytes, ...]:
    """The block commitments that fold the sync hash before the first block to that of the last."""
    return tuple(block.block_commitment for block in blocks)

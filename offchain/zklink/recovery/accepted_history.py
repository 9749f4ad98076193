"""The primary's history: every block that it has, opened from the calls that stand in its calldata.

Takes calls in the chain's order, and the sync hash that the chain's event gives for each; gives blocks. Never believes a
node: a call counts only if its blocks give the event's hash, which binds every word before it. Blocks that the chain has
lost in a reorganisation are kept, so that anybody can bring them again. Pure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from zklink.protocol.errors import HistoryDisagrees, HistoryIncomplete, ProtocolError
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.recovery.accepted_block import (
    CONSENT_BYTES,
    AcceptedBlock,
    GivenBlock,
    Tip,
    count_key_changes,
    open_block,
)


@dataclass(frozen=True, slots=True)
class GivenBlocks:
    """The blocks of one call on the primary; `first` is the number of the first, `consents` are those of all key
    changes in them, in order.
    """

    first: int
    blocks: tuple[GivenBlock, ...]
    consents: bytes = b""


@dataclass
class AcceptedHistory:
    """The blocks of a deployment's primary up to its tip. `seen` also holds the blocks that it has lost, by sync
    hash.
    """

    name: str
    deployment_hash: bytes
    primary: ChainId
    genesis_root: int
    line: list[AcceptedBlock] = field(default_factory=list)
    seen: dict[bytes, AcceptedBlock] = field(default_factory=dict)

    @property
    def tip(self) -> Tip:
        """The last block's, or the genesis'."""
        return self.line[-1].tip if self.line else Tip(BlockNumber(0), self.genesis_root, self.deployment_hash)

    def block(self, number: int) -> AcceptedBlock:
        """A block by number. Raises HistoryIncomplete."""
        if not 1 <= number <= len(self.line):
            raise HistoryIncomplete(self.name, number, "the primary chain has no such block")
        return self.line[number - 1]

    def sync_hash(self, number: int) -> bytes:
        """The sync hash at a block, 0 for the genesis. Raises HistoryIncomplete."""
        return self.block(number).tip.sync_hash if number else self.deployment_hash

    def commitments(self, after: int, last: int) -> list[bytes]:
        """The block commitments of `after + 1` .. `last`: they fold the sync hash of `after` to that of `last`."""
        return [self.block(number).block_commitment for number in range(after + 1, last + 1)]

    def has(self, number: int, sync_hash: bytes) -> bool:
        """Whether the history has this block."""
        return 0 <= number <= len(self.line) and self.sync_hash(number) == sync_hash

    def take(self, call: GivenBlocks, sync_hash: bytes) -> None:
        """Append the blocks of a call that are new. Raises HistoryDisagrees, and then nothing is appended, unless they
        end in `sync_hash`.
        """
        before, opened = self.tip, list[AcceptedBlock]()
        try:
            for given, consents in self._after(call, before.number):
                opened.append(open_block(given, before, self.deployment_hash, consents))
                before = opened[-1].tip
        except ProtocolError as error:
            raise HistoryDisagrees(self.name, before.number + 1, f"its calldata is no block: {error}") from error
        if before.sync_hash != sync_hash:
            what = "the calldata gives another block than the chain has accepted"
            raise HistoryDisagrees(self.name, before.number, what)
        self._append(opened)

    def take_seen(self, sync_hash: bytes) -> bool:
        """Append a block that was seen before, and those between; false if the way from the tip to it is not known."""
        found = self.trace(sync_hash)
        if found is not None:
            self._append(found)
        return found is not None

    def trace(self, sync_hash: bytes) -> list[AcceptedBlock] | None:
        """The seen blocks that lead from the tip to a sync hash, lost ones among them; None if some are not known."""
        found, at = list[AcceptedBlock](), sync_hash
        while at != self.tip.sync_hash:
            block = self.seen.get(at)
            if block is None or block.number <= self.tip.number:
                return None
            found.append(block)
            at = block.before.sync_hash
        return found[::-1]

    def forget(self, after: int) -> None:
        """The chain was rewritten: it has no block above `after` any more. They stay seen."""
        del self.line[after:]

    def lost(self) -> Sequence[AcceptedBlock]:
        """The blocks seen above the tip that continue it, the longest such line; none while nothing was lost."""
        lines = [found for sync_hash in self.seen if (found := self.trace(sync_hash))]
        return max(lines, key=len, default=[])

    def _append(self, blocks: Sequence[AcceptedBlock]) -> None:
        self.line += blocks
        self.seen.update((block.tip.sync_hash, block) for block in blocks)

    def _after(self, call: GivenBlocks, tip: int) -> Iterator[tuple[GivenBlock, bytes]]:
        """The blocks of a call above `tip`, each with its consents."""
        at = 0
        for number, given in enumerate(call.blocks, start=call.first):
            size = CONSENT_BYTES * count_key_changes(given, self.primary)
            if number > tip:
                yield given, call.consents[at : at + size]
            at += size

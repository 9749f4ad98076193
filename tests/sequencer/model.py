"""Bridges as counters: docs/protocol.md section 8 without money, for tests of who sends what and when."""

from dataclasses import dataclass, field

from zklink.protocol.ids import BlockNumber, ChainId
from zklink.sequencer.decision import Action, ApplyMessage, ChainView, Commit, Execute, Prove, Revert
from zklink.sequencer.lifecycle import Counters
from zklink.sequencer.sealed_block import SealedBlock


class Refused(Exception):
    """The bridge reverts."""


@dataclass
class ModelBridge:
    """One chain. `log` lists what had an effect; a call that must revert raises Refused."""

    chain: ChainId
    primary: ChainId
    blocks: list[SealedBlock] = field(default_factory=list)
    proven: int = 0
    accepted: int = 0
    executed: int = 0
    known: set[tuple[ChainId, BlockNumber, bytes]] = field(default_factory=set)
    acknowledged: dict[ChainId, BlockNumber] = field(default_factory=dict)
    log: list[Action] = field(default_factory=list)

    def view(self) -> ChainView:
        counters = (len(self.blocks), self.proven, self.accepted, self.executed)
        announced = sorted((k, n) for k, n, h in self.known if n <= len(self.blocks) and self.sync_hash(n) == h)
        return ChainView(self.chain, Counters(*map(BlockNumber, counters)), dict(self.acknowledged), announced)

    def sync_hash(self, number: BlockNumber) -> bytes:
        return self.blocks[number - 1].stored[self.chain].sync_hash

    def apply(self, action: Action, blocks: list[SealedBlock]) -> None:
        """Send `action`; `blocks` are the sealed blocks it refers to by number."""
        match action:
            case Commit(numbers):
                self._expect(numbers, len(self.blocks))
                self.blocks.extend(blocks[number - 1] for number in numbers)
            case Prove(numbers):
                self._expect(numbers, self.proven)
                if numbers[-1] > len(self.blocks):
                    raise Refused
                self.proven = numbers[-1]
                if self.chain == self.primary:
                    self.accepted = self.proven
            case ApplyMessage(source, number):
                if number > len(self.blocks) or (source, number, self.sync_hash(number)) not in self.known:
                    raise Refused
                self._count(source, number)
            case Execute(numbers):
                self._expect(numbers, self.executed)
                if numbers[-1] > self.accepted:
                    raise Refused
                for number in numbers:
                    block = self.blocks[number - 1]
                    concerned = [k for k in block.stored if k != self.chain and block.is_concerned(k)]
                    if any(self.acknowledged.get(k, 0) < number for k in concerned):
                        raise Refused
                self.executed = numbers[-1]
            case Revert(to_block):
                if not self.accepted <= to_block < len(self.blocks):
                    raise Refused
                del self.blocks[to_block:]
                self.proven = min(self.proven, to_block)
        self.log.append(action)

    def receive(self, source: ChainId, number: BlockNumber, sync_hash: bytes) -> None:
        """A message arrives; it has an effect at once if this chain is far enough."""
        self.known.add((source, number, sync_hash))
        if number <= self.proven and self.sync_hash(number) == sync_hash:
            self._count(source, number)

    def _count(self, source: ChainId, number: BlockNumber) -> None:
        if source == self.primary and self.chain != self.primary and number <= self.proven:
            self.accepted = max(self.accepted, number)
        if number <= self.accepted:
            self.acknowledged[source] = max(self.acknowledged.get(source, BlockNumber(0)), number)

    @staticmethod
    def _expect(numbers: tuple[BlockNumber, ...], after: int) -> None:
        if list(numbers) != list(range(after + 1, after + 1 + len(numbers))) or not numbers:
            raise Refused

"""The histories of chains as counters: docs/star-model.md without money, for tests of who sends what and when."""

from dataclasses import dataclass, field

from zklink.protocol.bridge_hashes import ZERO_HASH, Tip, compute_owed_hash
from zklink.protocol.facts import Accepted
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.sequencer.bridge_calls import encode_action
from zklink.sequencer.decision import Accept, AcceptAgain, Action, ChainView, Execute, Import
from zklink.sequencer.horizon import Acknowledged, Horizon, Vouched
from zklink.sequencer.sealed_block import BlockRecord, SealedBlock


class Refused(Exception):
    """The chain reverts."""


@dataclass
class ModelChain:
    """One chain. `log` lists what had an effect; a call that must revert raises Refused."""

    chain: ChainId
    primary: ChainId
    base: BlockRecord
    blocks: list[SealedBlock] = field(default_factory=list)
    left: dict[BlockNumber, tuple[int, ...]] = field(default_factory=dict)
    """The words of the payouts that are not paid."""
    paid: list[tuple[BlockNumber, int]] = field(default_factory=list)
    log: list[Action] = field(default_factory=list)
    is_closed: bool = False

    @property
    def tip(self) -> Tip:
        record = self.blocks[-1].record if self.blocks else self.base
        return Tip(record.number, record.timestamp, len(self.left), False, record.root, record.sync_hash)

    def view(self) -> ChainView:
        owed = {number: compute_owed_hash(words) for number, words in self.left.items()}
        return ChainView(self.chain, self.tip, owed, self.is_closed)

    def apply(self, action: Action, horizon: Horizon) -> None:
        """Send `action`; its calldata must be what the chain takes."""
        match action:
            case Accept(numbers, pays):
                vouched = horizon.vouched.get(numbers[-1])
                if self.chain != self.primary or self.is_closed or vouched is None:
                    raise Refused
                if vouched.seal != seal_of(horizon.block(numbers[-1])) or vouched.since >= numbers[0]:
                    raise Refused
                self._take(numbers, pays, horizon)
            case AcceptAgain(numbers, pays, evidence) | Import(numbers, pays, evidence):
                if isinstance(action, AcceptAgain) is not (self.chain == self.primary):
                    raise Refused
                if numbers[-1] > evidence.fact.number:
                    raise Refused
                if evidence.fact.sync_hash != horizon.record(evidence.fact.number).sync_hash:
                    raise Refused
                self._take(numbers, pays, horizon)
            case Execute(number, paid, count):
                words = horizon.block(number).payout_words(self.chain)[3 * paid :]
                if compute_owed_hash(words) != compute_owed_hash(self.left.get(number, ())) or not count > 0:
                    raise Refused
                self._pay(number, count)
        encode_action(action, self.chain, horizon)
        self.log.append(action)

    def _take(self, numbers: tuple[BlockNumber, ...], pays: bool, horizon: Horizon) -> None:
        last = self.tip.number
        if list(numbers) != list(range(last + 1, last + 1 + len(numbers))):
            raise Refused
        if any(number not in horizon.proofs for number in numbers):
            raise Refused
        for number in numbers:
            block = horizon.block(number)
            self.blocks.append(block)
            if block.payouts(self.chain):
                self.left[number] = block.payout_words(self.chain)
                if pays:
                    self._pay(number, len(block.payouts(self.chain)))

    def _pay(self, number: BlockNumber, count: int) -> None:
        words = self.left.pop(number)
        done = sum(1 for paid, _ in self.paid if paid == number)
        self.paid += [(number, done + place) for place in range(count)]
        if compute_owed_hash(words[3 * count :]) != ZERO_HASH:
            self.left[number] = words[3 * count :]


def seal_of(block: SealedBlock) -> bytes:
    """The seal that the model asks for."""
    return b"seal of " + block.record.sync_hash


def vouch(block: SealedBlock, since: int = 0) -> Vouched:
    """Evidence that the model takes."""
    return Vouched(BlockNumber(since), (), b"", seal_of(block))


def acknowledge(record: BlockRecord) -> Acknowledged:
    """ACC that the model takes."""
    return Acknowledged(Accepted(record.number, record.sync_hash), b"v", b"w")

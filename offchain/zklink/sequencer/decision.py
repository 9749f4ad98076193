"""Decides which transactions a chain needs next: a pure function of the chain's state and of the sealed and proven
blocks.

Takes the chain's own tip and debts and the horizon; gives actions. Never remembers anything: after a restart, a lost
receipt or a competitor's transaction the same question gives the right answer, and a step that the chain has taken is
not asked for again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from zklink.protocol.bridge_hashes import Tip, compute_owed_hash
from zklink.protocol.errors import HistoryDiverged
from zklink.protocol.ids import MAX_AGE_SECONDS, BlockNumber, ChainId
from zklink.protocol.limits import MAX_BLOCKS, MAX_CALL_WORDS, MAX_CONSENTS, MAX_LATER
from zklink.protocol.words import PAYOUT_WORDS
from zklink.sequencer.horizon import Acknowledged, Horizon, number_range
from zklink.sequencer.lifecycle import Counters
from zklink.sequencer.sealed_block import SealedBlock

MAX_FUSED_PAYOUTS: Final = 24
"""Payouts that are pushed in the call that accepts or imports their block, beside up to eight full blocks."""

MAX_EXECUTED_PAYOUTS: Final = 64
"""Payouts pushed by one call of their own, so that the worst tokens still fit into one transaction's gas (2**24 on
Ethereum).
"""


@dataclass(frozen=True, slots=True)
class Accept:
    """The primary accepts `blocks`, and pays its payouts of them at once if it `pays`."""

    blocks: tuple[BlockNumber, ...]
    pays: bool


@dataclass(frozen=True, slots=True)
class AcceptAgain:
    """The primary accepts `blocks` that an ACC contains and that it has lost."""

    blocks: tuple[BlockNumber, ...]
    pays: bool
    evidence: Acknowledged


@dataclass(frozen=True, slots=True)
class Import:
    """A member imports `blocks`, which an ACC contains, and pays its payouts of them at once if it `pays`."""

    blocks: tuple[BlockNumber, ...]
    pays: bool
    evidence: Acknowledged


@dataclass(frozen=True, slots=True)
class Execute:
    """Pay `count` payouts of a block, of which the first `paid` are paid already."""

    block: BlockNumber
    paid: int
    count: int

    @property
    def blocks(self) -> tuple[BlockNumber, ...]:
        return (self.block,)


Action = Accept | AcceptAgain | Import | Execute


@dataclass(frozen=True, slots=True)
class ChainView:
    """The state of one chain, as it says itself. `owed`: for each block that is not fully paid, the hash of the payouts
    that are left. A primary that `is_closed` (frozen or silent) accepts nothing new.
    """

    chain: ChainId
    tip: Tip
    owed: Mapping[BlockNumber, bytes]
    is_closed: bool = False

    @property
    def counters(self) -> Counters:
        """How far the chain is."""
        return Counters(self.tip.number, BlockNumber(min(self.owed, default=self.tip.number + 1) - 1))


@dataclass(frozen=True, slots=True)
class ImportPolicy:
    """A member imports at once when a block pays somebody there. Other blocks wait until there are `batch` of them, or
    until the first is `patience_seconds` old by the primary's clock, well below the three days after which a request
    that is not consumed can freeze its chain.
    """

    batch: int = 1
    patience_seconds: int = 6 * 3_600


def decide(view: ChainView, horizon: Horizon, policy: ImportPolicy) -> tuple[Action, ...]:
    """The transactions this chain needs next; those that release funds come first.

    Each is valid on the chain as it is now, even if the others fail, so they can share an L1 block. The caller has
    checked that the chain's history is ours (see `check_history`).
    """
    taken = _decide_primary(view, horizon) if view.chain == horizon.primary else _decide_member(view, horizon, policy)
    return (*_decide_execute(view, horizon), *(() if taken is None else (taken,)))


def check_history(view: ChainView, horizon: Horizon) -> None:
    """Raise HistoryDiverged unless the chain's history is the one that is sealed here: the journal is not this
    deployment's, or a chain has lost what another one has accepted, and sending anything would be wrong.
    """
    number = view.tip.number
    if number > horizon.height:
        if not horizon.is_replaying:
            raise HistoryDiverged(view.chain, number)
    elif view.tip.sync_hash != horizon.record(number).sync_hash:
        raise HistoryDiverged(view.chain, number)


def find_evidence(tip: BlockNumber, acknowledged: Sequence[Acknowledged]) -> Acknowledged | None:
    """The last ACC from which a chain can take the blocks after `tip`: not farther than one call can show."""
    return next((a for a in reversed(acknowledged) if tip < a.fact.number <= tip + MAX_LATER), None)


def _decide_primary(view: ChainView, horizon: Horizon) -> Accept | AcceptAgain | None:
    evidence = find_evidence(view.tip.number, horizon.acknowledged)
    if evidence is not None:
        lost = _take(view, horizon, evidence.fact.number)
        return AcceptAgain(lost, _does_pay(lost, view, horizon), evidence) if lost else None
    blocks = () if view.is_closed else _take(view, horizon, horizon.height)
    if blocks and horizon.now > horizon.block(blocks[0]).timestamp + MAX_AGE_SECONDS:
        return None
    while blocks and not _is_vouched(blocks, horizon):
        blocks = blocks[:-1]
    return Accept(blocks, _does_pay(blocks, view, horizon)) if blocks else None


def _is_vouched(blocks: Sequence[BlockNumber], horizon: Horizon) -> bool:
    """Whether there is a seal of the last block, and QUE for all of them."""
    vouched = horizon.vouched.get(blocks[-1])
    return vouched is not None and vouched.since < blocks[0]


def _decide_member(view: ChainView, horizon: Horizon, policy: ImportPolicy) -> Import | None:
    evidence = find_evidence(view.tip.number, horizon.acknowledged)
    if evidence is None:
        return None
    blocks = _take(view, horizon, evidence.fact.number)
    if not blocks or not _is_due(number_range(view.tip.number, evidence.fact.number), view, horizon, policy):
        return None
    return Import(blocks, _does_pay(blocks, view, horizon), evidence)


def _is_due(waiting: Sequence[BlockNumber], view: ChainView, horizon: Horizon, policy: ImportPolicy) -> bool:
    if any(horizon.block(number).payouts(view.chain) for number in waiting):
        return True
    age = horizon.now - horizon.block(waiting[0]).timestamp
    return len(waiting) >= policy.batch or age >= policy.patience_seconds


def _take(view: ChainView, horizon: Horizon, last: BlockNumber) -> tuple[BlockNumber, ...]:
    """The next blocks up to `last` that have proofs, as many as fit into one call."""
    tip = view.tip.number
    proven = number_range(tip, tip + horizon.count_proven(tip, min(last, horizon.height)))
    is_primary = view.chain == horizon.primary
    taken: list[BlockNumber] = []
    words = consents = 0
    for number in proven[:MAX_BLOCKS]:
        block = horizon.block(number)
        words += sum(block.block.header.counts) if is_primary else block.block.header.counts[view.chain]
        consents += len(block.block.key_changes(view.chain)) if is_primary else 0
        if taken and (words > MAX_CALL_WORDS or consents > MAX_CONSENTS):
            break
        taken.append(number)
    return tuple(taken)


def _does_pay(blocks: Iterable[BlockNumber], view: ChainView, horizon: Horizon) -> bool:
    """Whether the payouts of these blocks fit into the call that takes them; else they are owed, and executed after."""
    return sum(len(horizon.block(number).payouts(view.chain)) for number in blocks) <= MAX_FUSED_PAYOUTS


def _decide_execute(view: ChainView, horizon: Horizon) -> Iterable[Execute]:
    """Payouts that are owed, the oldest first, as many as fit into one call of each block."""
    left = MAX_EXECUTED_PAYOUTS
    for number in sorted(view.owed):
        if not horizon.start < number <= horizon.height or left == 0:
            return
        block = horizon.block(number)
        paid = find_paid(block, view.chain, view.owed[number])
        if paid is not None:
            count = min(len(block.payouts(view.chain)) - paid, left)
            left -= count
            yield Execute(number, paid, count)


def find_paid(block: SealedBlock, chain: ChainId, owed: bytes) -> int | None:
    """How many of a block's payouts on a chain are paid, by the hash of those that it still owes; None if that is the
    hash of nothing known.
    """
    words = block.payout_words(chain)
    for paid in range(len(words) // PAYOUT_WORDS + 1):
        if compute_owed_hash(words[paid * PAYOUT_WORDS :]) == owed:
            return paid
    return None

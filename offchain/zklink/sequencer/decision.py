"""Decides which transactions a chain needs next: a pure function of the chain's state and of the sealed and proven
blocks.

Takes the chain's own counters and messages and the sealed blocks; gives at most one action of each kind. Never
remembers anything: after a restart, a lost receipt or a competitor's transaction the same question gives the right
answer, and a step that the chain has taken is not asked for again.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from zklink.protocol.bridge_hashes import StoredBlock
from zklink.protocol.errors import HistoryDiverged
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.protocol.limits import MAX_COMMIT_BLOCKS, MAX_EXECUTE_BLOCKS, MAX_PROVE_BLOCKS
from zklink.sequencer.lifecycle import Counters
from zklink.sequencer.sealed_block import SealedBlock

MAX_EXECUTE_PAYOUTS = 64
"""Payouts pushed by one call, so that the worst tokens still fit into one transaction's gas (2**24 on Ethereum)."""


@dataclass(frozen=True, slots=True)
class Revert:
    """Drop this chain's blocks above `to_block`; they were sealed before a rollback."""

    to_block: BlockNumber


@dataclass(frozen=True, slots=True)
class Commit:
    """Commit `blocks` on top of the chain's last one."""

    blocks: tuple[BlockNumber, ...]


@dataclass(frozen=True, slots=True)
class Prove:
    """Prove `blocks`, all of one lane, in one call."""

    blocks: tuple[BlockNumber, ...]


@dataclass(frozen=True, slots=True)
class ApplyMessage:
    """Look again at a message that came before this chain had proven (or accepted) its block."""

    source: ChainId
    number: BlockNumber


@dataclass(frozen=True, slots=True)
class Execute:
    """Execute `blocks`, which pays this chain's payouts."""

    blocks: tuple[BlockNumber, ...]


Action = Revert | Commit | Prove | ApplyMessage | Execute


@dataclass(frozen=True, slots=True)
class ChainView:
    """The state of one chain, as it says itself.

    `acknowledged[k]`: the last block of which this chain counts chain k's acknowledgement.
    `announced`: (k, n) of messages that this chain remembers with its own sync hash of n, applied or not.
    A chain that `is_frozen` takes no more blocks from a sequencer.
    """

    chain: ChainId
    counters: Counters
    acknowledged: Mapping[ChainId, BlockNumber]
    announced: Collection[tuple[ChainId, BlockNumber]] = ()
    is_frozen: bool = False


@dataclass(frozen=True, slots=True)
class Horizon:
    """The blocks that the sequencer can offer: every chain's record of the last settled block (at first the genesis),
    all sealed blocks after it, and proofs (eight numbers in the precompile's order) of some of them. `committed[k]` is
    the last block that chain k was seen to have committed.
    """

    primary: ChainId
    base: Mapping[ChainId, StoredBlock]
    blocks: Sequence[SealedBlock]
    proofs: Mapping[BlockNumber, Sequence[int]]
    committed: Mapping[ChainId, BlockNumber]
    is_replaying: bool = False

    @property
    def start(self) -> BlockNumber:
        """The last settled block."""
        return self.base[self.primary].number

    @property
    def height(self) -> BlockNumber:
        return BlockNumber(self.start + len(self.blocks))

    def block(self, number: BlockNumber) -> SealedBlock:
        """A block that is not settled."""
        return self.blocks[number - self.start - 1]

    def stored(self, chain: ChainId, number: BlockNumber) -> StoredBlock:
        """A chain's record of a block that is not settled, or of the last settled one."""
        return self.base[chain] if number == self.start else self.block(number).stored[chain]


@dataclass(frozen=True, slots=True)
class ImportPolicy:
    """A chain that a block does not concern may lag: it imports when `batch` such blocks wait, or with the next one
    that concerns it.
    """

    batch: int = 1


def decide(view: ChainView, horizon: Horizon, policy: ImportPolicy) -> tuple[Action, ...]:
    """The transactions this chain needs next, at most one of each kind; those that release funds come first.

    Each is valid on the chain as it is now, even if the others fail, so they can share an L1 block. The caller has
    checked that the chain's blocks are ours (see `find_fork`).
    """
    decided = (
        _decide_execute(view, horizon),
        _decide_apply(view, horizon),
        _decide_prove(view, horizon),
        _decide_commit(view, horizon, policy),
    )
    return tuple(action for action in decided if action is not None)


def find_fork(view: ChainView, horizon: Horizon, is_ours: Callable[[BlockNumber], bool]) -> Revert | None:
    """Whether the chain holds committed blocks that were unsealed here; `is_ours(n)` compares its record of block n
    with ours.

    Raises HistoryDiverged if such a block is accepted there: then the journal is not this deployment's, and
    sending anything would be wrong.
    """
    last: int = min(view.counters.committed, horizon.height)
    if view.counters.committed > horizon.height and horizon.is_replaying:
        return None
    if view.counters.committed == last and is_ours(BlockNumber(last)):
        return None
    while last >= view.counters.accepted and not is_ours(BlockNumber(last)):
        last -= 1
    if last < view.counters.accepted:
        raise HistoryDiverged(view.chain, view.counters.accepted)
    return Revert(BlockNumber(last))


def list_awaited(source: ChainId, view: ChainView, horizon: Horizon) -> list[BlockNumber]:
    """The blocks of which a message of `source`, that it has accepted them, would bring a chain on; the newest first.

    The primary's message counts for blocks that are proven here. Another chain's counts for blocks that are accepted
    here, from the first one on whose execution waits for it.
    """
    at = view.counters
    if source == horizon.primary:
        return _range(at.accepted, min(at.proven, horizon.height))[::-1]
    accepted = min(at.accepted, horizon.height)
    waiting = _range(max(view.acknowledged[source], at.executed), accepted)
    first = next((number for number in waiting if horizon.block(number).is_concerned(source)), None)
    return [] if first is None else _range(BlockNumber(first - 1), accepted)[::-1]


def _decide_commit(view: ChainView, horizon: Horizon, policy: ImportPolicy) -> Commit | None:
    waiting = horizon.blocks[view.counters.committed - horizon.start :]
    must = view.chain == horizon.primary or any(block.is_concerned(view.chain) for block in waiting)
    if not waiting or not (must or len(waiting) >= policy.batch):
        return None
    return Commit(tuple(block.number for block in waiting[:MAX_COMMIT_BLOCKS]))


def _decide_prove(view: ChainView, horizon: Horizon) -> Prove | None:
    """When the primary proves a block, it accepts it for good. So on the primary a block waits until every chain that
    it concerns has committed it and thereby found its own requests in it; until then a block that lost requests to a
    reorganisation can be sealed anew. Meanwhile the prover works. A concerned chain that is down holds the primary up.
    """
    numbers: list[BlockNumber] = []
    for number in _range(view.counters.proven, min(view.counters.committed, horizon.height)):
        is_other_lane = bool(numbers) and horizon.block(number).lane is not horizon.block(numbers[0]).lane
        if number not in horizon.proofs or len(numbers) == MAX_PROVE_BLOCKS or is_other_lane:
            break
        if view.chain == horizon.primary and not _is_committed_by_all(horizon, horizon.block(number)):
            break
        numbers.append(number)
    return Prove(tuple(numbers)) if numbers else None


def _decide_apply(view: ChainView, horizon: Horizon) -> ApplyMessage | None:
    """A message of the primary counts for blocks that are proven here, a message of another chain for blocks that are
    accepted here.
    """
    best: dict[ChainId, BlockNumber] = {}
    for source, number in view.announced:
        if source == horizon.primary:
            is_useful = view.chain != horizon.primary and view.counters.accepted < number <= view.counters.proven
        else:
            is_useful = source != view.chain and view.acknowledged.get(source, 0) < number <= view.counters.accepted
        if is_useful and number > best.get(source, 0):
            best[source] = number
    for source in sorted(best, key=lambda chain: chain != horizon.primary):
        return ApplyMessage(source, best[source])
    return None


def _decide_execute(view: ChainView, horizon: Horizon) -> Execute | None:
    numbers: list[BlockNumber] = []
    payouts = 0
    for number in _range(view.counters.executed, min(view.counters.accepted, horizon.height)):
        block = horizon.block(number)
        payouts += len(block.payouts(view.chain))
        is_full = len(numbers) == MAX_EXECUTE_BLOCKS or (numbers and payouts > MAX_EXECUTE_PAYOUTS)
        if is_full or not _is_acknowledged(view, block):
            break
        numbers.append(number)
    return Execute(tuple(numbers)) if numbers else None


def _is_acknowledged(view: ChainView, block: SealedBlock) -> bool:
    others = (chain for chain in block.stored if chain != view.chain and block.is_concerned(chain))
    return all(view.acknowledged.get(chain, 0) >= block.number for chain in others)


def _is_committed_by_all(horizon: Horizon, block: SealedBlock) -> bool:
    others = (chain for chain in block.stored if chain != horizon.primary and block.is_concerned(chain))
    return all(horizon.committed.get(chain, 0) >= block.number for chain in others)


def _range(after: BlockNumber, last: int) -> list[BlockNumber]:
    return [BlockNumber(number) for number in range(after + 1, last + 1)]

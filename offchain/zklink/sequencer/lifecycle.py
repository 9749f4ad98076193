"""The life of a block on one chain, as one table; everything that depends on a block's status reads it here.

Takes counters and steps, gives statuses. A block is sealed once, off chain; then it walks through this table on every
chain separately. The numbers are those of the bridge's `block_status` view. Never asks a chain.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from zklink.protocol.errors import NoSuchTransition
from zklink.protocol.ids import BlockNumber


class BlockStatus(IntEnum):
    """Status of a block on one chain."""

    SEALED = 0
    COMMITTED = 1
    PROVEN = 2
    ACCEPTED = 3
    EXECUTED = 4


class BlockStep(StrEnum):
    """The steps that a block can take on one chain."""

    COMMIT = "commit"
    PROVE = "prove"
    ACCEPT = "accept"
    EXECUTE = "execute"
    REVERT = "revert"


TRANSITIONS: dict[tuple[BlockStatus, BlockStep], BlockStatus] = {
    (BlockStatus.SEALED, BlockStep.COMMIT): BlockStatus.COMMITTED,
    (BlockStatus.COMMITTED, BlockStep.PROVE): BlockStatus.PROVEN,
    (BlockStatus.PROVEN, BlockStep.ACCEPT): BlockStatus.ACCEPTED,
    (BlockStatus.ACCEPTED, BlockStep.EXECUTE): BlockStatus.EXECUTED,
    (BlockStatus.COMMITTED, BlockStep.REVERT): BlockStatus.SEALED,
    (BlockStatus.PROVEN, BlockStep.REVERT): BlockStatus.SEALED,
}


def compute_next_status(status: BlockStatus, step: BlockStep) -> BlockStatus:
    """The status after `step`. Raises NoSuchTransition if the table does not allow it."""
    try:
        return TRANSITIONS[status, step]
    except KeyError:
        raise NoSuchTransition(status.name.lower(), step.value) from None


def compute_path(before: BlockStatus, after: BlockStatus) -> tuple[BlockStep, ...]:
    """The steps that lead from one status to a later one. Raises NoSuchTransition if `after` is earlier."""
    steps = []
    while before != after:
        step = next((s for (b, s), a in TRANSITIONS.items() if b == before and a > b), None)
        if step is None or before > after:
            raise NoSuchTransition(before.name.lower(), f"reach {after.name.lower()}")
        steps.append(step)
        before = TRANSITIONS[before, step]
    return tuple(steps)


@dataclass(frozen=True, slots=True)
class Counters:
    """The four counters of a bridge: the last block committed, proven, accepted and executed there."""

    committed: BlockNumber
    proven: BlockNumber
    accepted: BlockNumber
    executed: BlockNumber

    def status(self, number: BlockNumber) -> BlockStatus:
        """The status of block `number` on this chain."""
        reached = sum(number <= counter for counter in (self.committed, self.proven, self.accepted, self.executed))
        return BlockStatus(reached)


GENESIS_COUNTERS = Counters(BlockNumber(0), BlockNumber(0), BlockNumber(0), BlockNumber(0))

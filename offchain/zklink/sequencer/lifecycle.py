"""The life of a block on one chain, as one table; everything that depends on a block's status reads it here.

Takes counters and steps, gives statuses. A block is sealed once, off chain; then the primary accepts it and each member
imports it, which is one step here, and each pays what it owes of it. Never asks a chain.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from zklink.protocol.errors import NoSuchTransition
from zklink.protocol.ids import BlockNumber


class BlockStatus(IntEnum):
    """Status of a block on one chain."""

    SEALED = 0
    ACCEPTED = 1
    EXECUTED = 2


class BlockStep(StrEnum):
    """The steps that a block can take on one chain; `LOSE` is a reorganisation."""

    ACCEPT = "accept"
    EXECUTE = "execute"
    LOSE = "lose"


TRANSITIONS: Final[dict[tuple[BlockStatus, BlockStep], BlockStatus]] = {
    (BlockStatus.SEALED, BlockStep.ACCEPT): BlockStatus.ACCEPTED,
    (BlockStatus.ACCEPTED, BlockStep.EXECUTE): BlockStatus.EXECUTED,
    (BlockStatus.ACCEPTED, BlockStep.LOSE): BlockStatus.SEALED,
    (BlockStatus.EXECUTED, BlockStep.LOSE): BlockStatus.SEALED,
}


def compute_next_status(status: BlockStatus, step: BlockStep) -> BlockStatus:
    """The status after `step`. Raises NoSuchTransition if the table does not allow it."""
    try:
        return TRANSITIONS[status, step]
    except KeyError:
        raise NoSuchTransition(status.name.lower(), step.value) from None


@dataclass(frozen=True, slots=True)
class Counters:
    """How far a chain is: the last block that it has accepted or imported, and the last one up to which it has paid
    everything that it owes.
    """

    accepted: BlockNumber
    executed: BlockNumber

    def status(self, number: BlockNumber) -> BlockStatus:
        """The status of block `number` on this chain."""
        return BlockStatus(sum(number <= counter for counter in (self.accepted, self.executed)))


GENESIS_COUNTERS: Final = Counters(BlockNumber(0), BlockNumber(0))

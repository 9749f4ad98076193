"""Recovery: the effects of published blocks on a state, from the data on L1 alone (docs/protocol.md, section 12).

Takes a block's slices and roots; adds their effects to the state, and checks both roots. Never decides anything again:
a proof has shown the effects, and a state with the right root is the right state.
"""

from dataclasses import dataclass

from zklink.protocol.errors import ProtocolError, ReplayIncomplete, ReplayMismatch, ReplayRefused, StateError
from zklink.protocol.ids import BlockNumber, Lane
from zklink.state.state import State
from zklink.transition.block_frame import Slices
from zklink.transition.replay.replay_account import replay_account
from zklink.transition.replay.replay_records import read_records
from zklink.transition.replay.replay_swap import replay_swap


@dataclass(frozen=True, slots=True)
class PublishedBlock:
    """A block as all chains together have published it: each chain its own slice, the primary also slice 0."""

    lane: Lane
    number: BlockNumber
    old_root: int
    new_root: int
    slices: Slices


def replay_block(state: State, block: PublishedBlock) -> None:
    """Move the state to the block's new root.

    Raises, leaving the state as it was: ReplayMismatch (names the number that disagrees, e.g. a root), ReplayIncomplete
    (a record without its counterpart), ReplayRefused (words that are not a record, or numbers that no state can have).
    """
    check_root(block.number, "the old root", block.old_root, state)
    mark = state.begin()
    try:
        add_effects(state, block)
        check_root(block.number, "the new root", block.new_root, state)
    except BaseException:
        state.rollback(mark)
        raise


def add_effects(state: State, block: PublishedBlock) -> None:
    """Add the block's effects to the state, without a look at roots: hashing them is nine tenths of a replay. Raises
    ReplayMismatch, ReplayIncomplete, ReplayRefused, and then the state has a part of the effects.
    """
    records = read_records(block.number, block.lane, block.slices)
    replay = replay_account if block.lane == Lane.ACCOUNT else replay_swap
    try:
        replay(state, records)
    except (ReplayIncomplete, ReplayMismatch, ReplayRefused):
        raise
    except (ProtocolError, StateError) as error:
        raise ReplayRefused(block.number, 0, str(error)) from error


def check_root(number: BlockNumber, what: str, expected: int, state: State) -> None:
    """Raise ReplayMismatch unless the state has the root that is expected at a block."""
    if state.root != expected:
        raise ReplayMismatch(number, what, expected, state.root)

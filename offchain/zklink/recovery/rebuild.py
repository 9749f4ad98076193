"""Rebuilds the state from the primary's history alone, without anybody's database.

Takes the blocks that stand in the primary's calldata; gives the state after one of them. A state with the right root is
the right state, so roots are hashed once for many blocks; where one is wrong, those blocks are replayed one by one, to
name the first that is. Never asks a chain.
"""

from typing import Final

from zklink.protocol.errors import StateError
from zklink.protocol.ids import BlockNumber
from zklink.prover.progress import SILENT, Progress
from zklink.recovery.accepted_history import AcceptedHistory
from zklink.state.state import State
from zklink.transition.replay.replay_block import add_effects, check_root, replay_block

STRIDE: Final = 512
"""Blocks between two roots that are hashed."""


def rebuild(genesis: State, history: AcceptedHistory, last: BlockNumber, progress: Progress = SILENT) -> State:
    """The state after block `last`, by a copy of the one before block 1. Raises HistoryIncomplete, ReplayMismatch,
    ReplayIncomplete or ReplayRefused.
    """
    state = genesis.copy()
    with progress.step(f"replaying {last} blocks", last) as step:
        for first in range(1, last + 1, STRIDE):
            numbers = range(first, min(first + STRIDE, last + 1))
            _replay(state, history, numbers)
            for _ in numbers:
                step.advance()
    return state


def _replay(state: State, history: AcceptedHistory, numbers: range) -> None:
    mark = state.begin()
    try:
        for number in numbers:
            add_effects(state, history.block(number).published())
        end = history.block(numbers[-1])
        check_root(end.number, "the new root", end.root, state)
    except StateError:
        state.rollback(mark)
        for number in numbers:
            replay_block(state, history.block(number).published())
        raise

"""Rebuilds the state from the primary's history alone, without anybody's database.

Takes the blocks that stand in the primary's calldata; gives the state after one of them. A state with the right root is
the right state, so roots are hashed once for many blocks; where one is wrong, those blocks are replayed one by one, to
name the first that is. Never asks a chain.
"""

from collections.abc import Sequence
from typing import Final

from zklink.protocol.errors import StateError
from zklink.prover.progress import SILENT, Progress
from zklink.recovery.accepted_block import AcceptedBlock
from zklink.recovery.outcome import show_count
from zklink.state.state import State
from zklink.transition.replay.replay_block import add_effects, check_root, replay_block

STRIDE: Final = 512
"""Blocks between two roots that are hashed."""


def rebuild(before: State, blocks: Sequence[AcceptedBlock], progress: Progress = SILENT) -> State:
    """The state after blocks that follow one another, by a copy of the one before them. Raises ReplayMismatch,
    ReplayIncomplete or ReplayRefused.
    """
    state = before.copy()
    with progress.step(f"replaying {show_count(len(blocks), 'block')}", len(blocks)) as step:
        for first in range(0, len(blocks), STRIDE):
            piece = blocks[first : first + STRIDE]
            _replay(state, piece)
            for _ in piece:
                step.advance()
    return state


def _replay(state: State, blocks: Sequence[AcceptedBlock]) -> None:
    mark = state.begin()
    try:
        for block in blocks:
            add_effects(state, block.published())
        check_root(blocks[-1].number, "the new root", blocks[-1].root, state)
    except StateError:
        state.rollback(mark)
        for block in blocks:
            replay_block(state, block.published())
        raise

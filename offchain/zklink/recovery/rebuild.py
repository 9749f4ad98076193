"""Rebuilds the state from the chains alone, without anybody's database.

Takes the histories of all chains; gives the state after a block, and checks every root on the way. Never asks a chain.
"""

from collections.abc import Mapping

from zklink.l1.deployment.records import Deployment
from zklink.protocol.block_preimage import compute_opened_sync_hash
from zklink.protocol.commitment import unpack_counts
from zklink.protocol.errors import HistoryDisagrees, HistoryIncomplete
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.prover.progress import SILENT, Progress
from zklink.recovery.chain_history import ChainHistory
from zklink.state.state import State
from zklink.transition.replay.replay_block import PublishedBlock, replay_block

Histories = Mapping[ChainId, ChainHistory]


def rebuild(deployment: Deployment, histories: Histories, last: BlockNumber, progress: Progress = SILENT) -> State:
    """The state after block `last`. Raises HistoryIncomplete, HistoryDisagrees, ReplayMismatch, ReplayIncomplete or
    ReplayRefused.
    """
    state = deployment.genesis.state()
    with progress.step(f"replaying {last} blocks", last) as step:
        for number in range(1, last + 1):
            replay_block(state, publish(deployment, histories, BlockNumber(number)))
            step.advance()
    return state


def find_last(deployment: Deployment, histories: Histories) -> BlockNumber:
    """The last block that every chain it concerns, and the primary, have published."""
    number = BlockNumber(0)
    while _is_published(deployment, histories, BlockNumber(number + 1)):
        number = BlockNumber(number + 1)
    return number


def publish(deployment: Deployment, histories: Histories, number: BlockNumber) -> PublishedBlock:
    """A block put together from the slices of all chains. Raises HistoryIncomplete, HistoryDisagrees."""
    primary = histories[deployment.primary]
    if number not in primary.blocks:
        raise HistoryIncomplete(primary.name, number, "the primary chain has no such block")
    committed = primary.blocks[number]
    _, _, counts, old_root, new_root = committed.preimage.header
    sync_hash = compute_opened_sync_hash(committed.preimage)
    slices: list[tuple[int, ...]] = []
    for k, count in enumerate(unpack_counts(counts)):
        words: tuple[int, ...] = ()
        if count and k == 0:
            words = committed.block.data
        elif count:
            words = _own_slice(histories, ChainId(k), number, sync_hash)
        slices.append(words)
    return PublishedBlock(committed.block.lane, number, old_root, new_root, tuple(slices))


def _own_slice(histories: Histories, chain: ChainId, number: BlockNumber, sync_hash: bytes) -> tuple[int, ...]:
    history = histories[chain]
    if number not in history.blocks:
        raise HistoryIncomplete(history.name, number, "its slice is not published")
    if compute_opened_sync_hash(history.blocks[number].preimage) != sync_hash:
        raise HistoryDisagrees(history.name, number, "it holds another block than the primary chain")
    return history.blocks[number].block.words


def _is_published(deployment: Deployment, histories: Histories, number: BlockNumber) -> bool:
    try:
        publish(deployment, histories, number)
    except (HistoryIncomplete, HistoryDisagrees):
        return False
    return True

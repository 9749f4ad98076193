"""Reads committed blocks back out of the inputs of calls; recovery starts from them.

Takes an input; gives the blocks that stand in it with the preimages of their hashes. Never decides whether a chain took
them: a block counts only when it gives the sync hash that the chain's event names.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from zklink.l1.contracts.bridge import BridgeClient, bridge_artifact
from zklink.l1.contracts.bridge_events import BlockCommitted
from zklink.l1.published.abi_reader import Function, Limits
from zklink.protocol.block_preimage import BlockPlace, compute_opened_sync_hash, compute_preimage
from zklink.protocol.bridge_blocks import BlockPreimage, CommitBlock, stored_block_from_abi
from zklink.protocol.bridge_hashes import StoredBlock
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.errors import CalldataUnreadable, CallRefused, ProtocolError
from zklink.protocol.ids import SLICE_COUNT, BlockNumber, ChainId, Lane
from zklink.protocol.limits import MAX_COMMIT_BLOCKS, MAX_DATA_WORDS, MAX_SIGNATURES, MAX_SLICE_WORDS

COMMIT: Final = "commit_blocks"
LIMITS: Final[Limits] = {
    "blocks": (MAX_COMMIT_BLOCKS,),
    "words": (MAX_SLICE_WORDS,),
    "data": (MAX_DATA_WORDS,),
    "slice_hashes": (SLICE_COUNT,),
    "evaluations": (SLICE_COUNT,),
    "signatures": (MAX_SIGNATURES, 65),
}
"""The lengths that contracts/Bridge.vy and interfaces/IBlockReader.vyi declare."""


@dataclass(frozen=True, slots=True)
class CommitCall:
    """The arguments of one `commit_blocks`: the block before, and the blocks."""

    last: StoredBlock
    blocks: tuple[CommitBlock, ...]


@dataclass(frozen=True, slots=True)
class CommittedBlock:
    """A block in the form that a chain was given, the preimages of its hash, and the event by which the chain took
    it.
    """

    number: BlockNumber
    block: CommitBlock
    preimage: BlockPreimage
    event: BlockCommitted


@dataclass(frozen=True, slots=True)
class History:
    """The deployment whose blocks are read: its hash fixes their domains, and its primary chain carries the
    layer-2-only data.
    """

    deployment_hash: bytes
    primary: ChainId

    def place(self, chain: ChainId, lane: Lane, number: int, old_root: int, previous_sync_hash: bytes) -> BlockPlace:
        """The place of a block on a chain."""
        domain = compute_lane_domain(self.deployment_hash, lane)
        return BlockPlace(chain, chain == self.primary, domain, BlockNumber(number), old_root, previous_sync_hash)


@dataclass(frozen=True, slots=True)
class Commits:
    """The blocks that a chain has by its events; only blocks that give the hashes in the events are believed."""

    history: History
    chain: ChainId
    events: Mapping[BlockNumber, BlockCommitted]

    def find(self, data: bytes, number: BlockNumber) -> list[tuple[CommitBlock, BlockPreimage]]:
        """The blocks of the first `commit_blocks` in an input that gives this block, as far as the chain has them;
        none if there is no such call. The work is bounded for each place where the selector stands.
        """
        for call in decode_commit_calls(data, lambda last: last.number < number and self._is_known(last)):
            found = list(self._open(call))
            if len(found) >= number - call.last.number:
                return found
        return []

    def _is_known(self, last: StoredBlock) -> bool:
        return self._sync_hash(last.number) == last.sync_hash

    def _sync_hash(self, number: int) -> bytes | None:
        """The sync hash that the chain keeps for a block; None if it has no such block."""
        if number == 0:
            return self.history.deployment_hash
        event = self.events.get(BlockNumber(number))
        return event.sync_hash if event is not None else None

    def _open(self, call: CommitCall) -> Iterator[tuple[CommitBlock, BlockPreimage]]:
        """The blocks of a call as the chain would have read them; ends at one that is not the chain's."""
        root, sync_hash = call.last.root, call.last.sync_hash
        for number, block in enumerate(call.blocks, start=call.last.number + 1):
            try:
                preimage = compute_preimage(block, self.history.place(self.chain, block.lane, number, root, sync_hash))
            except ProtocolError:
                return
            root, sync_hash = block.new_root, compute_opened_sync_hash(preimage)
            if sync_hash != self._sync_hash(number):
                return
            yield block, preimage


@lru_cache(maxsize=1)
def commit_function() -> Function:
    """`commit_blocks` as the bridge reads it."""
    return Function.of(bridge_artifact().abi, COMMIT, LIMITS)


def decode_commit_calls(
    data: bytes, is_wanted: Callable[[StoredBlock], bool] = lambda last: True
) -> Iterator[CommitCall]:
    """Every possible `commit_blocks` in an input: the call itself, or calls that the input hands to another contract.
    Blocks are read only after a block that is wanted.
    """
    function = commit_function()
    for place in function.find(data):
        arguments = function.read(place)
        try:
            last = stored_block_from_abi(next(arguments))
            if is_wanted(last):
                yield CommitCall(last, tuple(map(CommitBlock.from_abi, next(arguments))))
        except (CallRefused, ValueError):
            pass  # no call that a bridge takes


def read_input(bridge: BridgeClient, tx_hash: bytes) -> bytes:
    """A transaction's input. Raises CalldataUnreadable if the node does not have the transaction, RpcUnavailable."""
    client = bridge.client
    found = client.find_input(tx_hash)
    if found is None:
        raise CalldataUnreadable(client.profile.name, tx_hash, "the node does not have the transaction")
    return found

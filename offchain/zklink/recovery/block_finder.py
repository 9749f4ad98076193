"""Finds the words of committed blocks: in the transaction's input, in what other chains were given, in a trace.

A commit may come from a contract that puts its call together (after a freeze anybody's), so that the words stand in no
input. A block that does not concern a chain has no words there: it follows from its opening, which any other chain's
calldata gives. Otherwise the call inside the transaction is looked for in a trace. Nothing is believed: a block is
found only when the sync hash recomputed from it, over its header, counts and slices, is the one of the chain's event.
"""

from collections.abc import Callable, Iterable, Mapping

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_events import BlockCommitted
from zklink.l1.published.commit_calldata import Commits, CommittedBlock, History, read_input
from zklink.l1.transport.traces import Tracer
from zklink.protocol.block_preimage import DATA_SLICE, compute_opened_sync_hash
from zklink.protocol.bridge_blocks import BlockPreimage, CommitBlock
from zklink.protocol.commitment import unpack_counts
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.errors import BlockUnreadable, CalldataUnreadable, TraceUnavailable
from zklink.protocol.ids import TIME_BITS, BlockNumber, ChainId, Lane
from zklink.recovery.chain_log import ChainLog


class BlockFinder:
    """The blocks of all chains, each found once: a sync hash never means another block."""

    def __init__(
        self,
        history: History,
        bridges: Mapping[ChainId, BridgeClient],
        tracers: Mapping[ChainId, Tracer],
        tell: Callable[[ChainId], ChainLog],
    ) -> None:
        self._history, self._bridges, self._tracers, self._tell = history, bridges, tracers, tell
        self._found: dict[tuple[ChainId, bytes], CommitBlock] = {}
        self._openings: dict[bytes, BlockPreimage] = {}

    def find(self, chain: ChainId, number: BlockNumber, told: ChainLog) -> CommittedBlock:
        """The block that a chain says it was given. Raises BlockUnreadable, RpcUnavailable."""
        event = told.committed[number]
        if not any(self._is_found(chain, event, told, is_traced) for is_traced in (False, True)):
            name, tx_hash = self._bridges[chain].client.profile.name, event.log.tx_hash
            raise BlockUnreadable(name, number, tx_hash, self._explain(chain, tx_hash))
        return CommittedBlock(number, self._found[chain, event.sync_hash], self._openings[event.sync_hash], event)

    def find_opening(self, event: BlockCommitted) -> BlockPreimage | None:
        """The preimages of a block's sync hash, from whichever chain shows them. Raises RpcUnavailable."""
        for is_traced in (False, True):
            self._look_at(self._chains(), event, is_traced)
        return self._openings.get(event.sync_hash)

    def list_inputs(self, chain: ChainId, tx_hash: bytes, is_traced: bool) -> list[bytes]:
        """Where calls of a chain's bridge may stand; nothing if the node does not show it. Raises RpcUnavailable."""
        try:
            if is_traced:
                return self._tracers[chain].inputs_to(tx_hash, self._bridges[chain].address)
            return [read_input(self._bridges[chain], tx_hash)]
        except (TraceUnavailable, CalldataUnreadable):
            return []

    def _is_found(self, chain: ChainId, event: BlockCommitted, told: ChainLog, is_traced: bool) -> bool:
        """Whether a block is known now. A chain that it does not concern is asked last: what stands there is noise."""
        if chain == self._history.primary:
            return self._look(chain, event, told, is_traced) or self._complete(chain, event, is_traced)
        return self._complete(chain, event, is_traced) or self._look(chain, event, told, is_traced)

    def _look(self, chain: ChainId, event: BlockCommitted, told: ChainLog, is_traced: bool) -> bool:
        """Whether the block is in what the transaction was given."""
        key = (chain, event.sync_hash)
        if key not in self._found:
            commits = Commits(self._history, chain, told.committed)
            for data in self.list_inputs(chain, event.log.tx_hash, is_traced):
                self._keep(chain, commits.find(data, event.number))
                if key in self._found:
                    break
        return key in self._found

    def _look_at(self, chains: Iterable[ChainId], event: BlockCommitted, is_traced: bool) -> None:
        """Look for a block's opening in what some chains were given, as long as it is not known."""
        for chain in chains:
            if event.sync_hash in self._openings:
                return
            told = self._tell(chain)
            theirs = told.committed.get(event.number)
            if theirs is not None and theirs.sync_hash == event.sync_hash:
                self._look(chain, theirs, told, is_traced)

    def _keep(self, chain: ChainId, opened: Iterable[tuple[CommitBlock, BlockPreimage]]) -> None:
        for block, opening in opened:
            sync_hash = compute_opened_sync_hash(opening)
            self._found[chain, sync_hash] = block
            self._openings[sync_hash] = opening

    def _complete(self, chain: ChainId, event: BlockCommitted, is_traced: bool) -> bool:
        """Whether the block has no words for this chain, so that its opening says everything."""
        self._look_at((other for other in self._chains() if other != chain), event, is_traced)
        opening = self._openings.get(event.sync_hash)
        if opening is None:
            return False
        counts = unpack_counts(opening.header[2])
        if counts[chain] or (chain == self._history.primary and counts[DATA_SLICE]):
            return False
        block = build_import(opening, self._history.deployment_hash)
        self._keep(chain, [(block, opening)])
        return (chain, event.sync_hash) in self._found

    def _chains(self) -> list[ChainId]:
        """The primary first: it concerns every block."""
        return sorted(self._bridges, key=lambda chain: (chain != self._history.primary, chain))

    def _explain(self, chain: ChainId, tx_hash: bytes) -> str:
        """Why even a trace does not help."""
        try:
            self._tracers[chain].inputs_to(tx_hash, self._bridges[chain].address)
        except TraceUnavailable as error:
            return f"this node does not show such calls: {error.detail}"
        return "the call that this node shows does not give the block that the chain keeps"


def build_import(opening: BlockPreimage, deployment_hash: bytes) -> CommitBlock:
    """A block as a chain is given it that it does not concern: every slice is a claim."""
    domain, number_and_time, packed, _, new_root = opening.header
    claimed = [k for k, count in enumerate(unpack_counts(packed)) if count]
    return CommitBlock(
        lane=next(lane for lane in Lane if compute_lane_domain(deployment_hash, lane) == domain),
        timestamp=number_and_time & ((1 << TIME_BITS) - 1),
        counts=packed,
        new_root=new_root,
        commitment=opening.commitment,
        words=(),
        data=(),
        slice_hashes=tuple(opening.slice_hashes[k] for k in claimed),
        evaluations=tuple(opening.values[k] for k in claimed),
        signatures=(),
    )

"""Finds the words of committed blocks: in the transaction's input, in other chains' calldata, or in a trace.

Takes the events of chains and their transactions; gives blocks. A contract can commit a block by a call that it puts
together itself (after a freeze anybody's contract can), and then the words stand in no input. A block that does not
concern a chain has no words there: it follows from its preimage, which the calldata of any other chain gives. Otherwise
the finder looks for the call in a trace of the transaction. Never believes what it reads: a block is found only when
the sync hash recomputed from its header, counts and slices is the one of the chain's event.
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
        read_log: Callable[[ChainId], ChainLog],
    ) -> None:
        self._history, self._bridges, self._tracers, self._read_log = history, bridges, tracers, read_log
        self._found: dict[tuple[ChainId, bytes], CommitBlock] = {}
        self._preimages: dict[bytes, BlockPreimage] = {}

    def find(self, chain: ChainId, number: BlockNumber, log: ChainLog) -> CommittedBlock:
        """The block that a chain says it was given. Raises BlockUnreadable, RpcUnavailable."""
        event = log.committed[number]
        if not any(self._is_found(chain, event, log, is_traced) for is_traced in (False, True)):
            name, tx_hash = self._bridges[chain].client.profile.name, event.log.tx_hash
            raise BlockUnreadable(name, number, tx_hash, self._explain(chain, tx_hash))
        return CommittedBlock(number, self._found[chain, event.sync_hash], self._preimages[event.sync_hash], event)

    def find_preimage(self, event: BlockCommitted) -> BlockPreimage | None:
        """The preimages of a block's sync hash, from whichever chain shows them. Raises RpcUnavailable."""
        for is_traced in (False, True):
            self._look_at(self._chains(), event, is_traced)
        return self._preimages.get(event.sync_hash)

    def list_inputs(self, chain: ChainId, tx_hash: bytes, is_traced: bool) -> list[bytes]:
        """The byte strings of a transaction in which calls to the chain's bridge can stand; none if the node does not
        show them. Raises RpcUnavailable.
        """
        try:
            if is_traced:
                return self._tracers[chain].inputs_to(tx_hash, self._bridges[chain].address)
            return [read_input(self._bridges[chain], tx_hash)]
        except (TraceUnavailable, CalldataUnreadable):
            return []

    def _is_found(self, chain: ChainId, event: BlockCommitted, log: ChainLog, is_traced: bool) -> bool:
        """Whether a block is known now. The calldata of a chain that the block does not concern is read last, because
        it has no words of the block.
        """
        if chain == self._history.primary:
            return self._look(chain, event, log, is_traced) or self._complete(chain, event, is_traced)
        return self._complete(chain, event, is_traced) or self._look(chain, event, log, is_traced)

    def _look(self, chain: ChainId, event: BlockCommitted, log: ChainLog, is_traced: bool) -> bool:
        """Whether the block stands in the transaction's input, or in a call within the transaction."""
        key = (chain, event.sync_hash)
        if key not in self._found:
            commits = Commits(self._history, chain, log.committed)
            for data in self.list_inputs(chain, event.log.tx_hash, is_traced):
                self._keep(chain, commits.find(data, event.number))
                if key in self._found:
                    break
        return key in self._found

    def _look_at(self, chains: Iterable[ChainId], event: BlockCommitted, is_traced: bool) -> None:
        """Look for a block's preimage in the calldata of some chains, as long as it is not known."""
        for chain in chains:
            if event.sync_hash in self._preimages:
                return
            log = self._read_log(chain)
            theirs = log.committed.get(event.number)
            if theirs is not None and theirs.sync_hash == event.sync_hash:
                self._look(chain, theirs, log, is_traced)

    def _keep(self, chain: ChainId, opened: Iterable[tuple[CommitBlock, BlockPreimage]]) -> None:
        for block, preimage in opened:
            sync_hash = compute_opened_sync_hash(preimage)
            self._found[chain, sync_hash] = block
            self._preimages[sync_hash] = preimage

    def _complete(self, chain: ChainId, event: BlockCommitted, is_traced: bool) -> bool:
        """Whether the block has no words for this chain, so that its preimage says everything."""
        self._look_at((other for other in self._chains() if other != chain), event, is_traced)
        preimage = self._preimages.get(event.sync_hash)
        if preimage is None:
            return False
        counts = unpack_counts(preimage.header[2])
        if counts[chain] or (chain == self._history.primary and counts[DATA_SLICE]):
            return False
        block = build_import(preimage, self._history.deployment_hash)
        self._keep(chain, [(block, preimage)])
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


def build_import(preimage: BlockPreimage, deployment_hash: bytes) -> CommitBlock:
    """A block in the form for a chain that it does not concern: every slice is a claim. Anyone can commit it after a
    freeze.
    """
    domain, number_and_time, packed, _, new_root = preimage.header
    claimed = [k for k, count in enumerate(unpack_counts(packed)) if count]
    return CommitBlock(
        lane=next(lane for lane in Lane if compute_lane_domain(deployment_hash, lane) == domain),
        timestamp=number_and_time & ((1 << TIME_BITS) - 1),
        counts=packed,
        new_root=new_root,
        commitment=preimage.commitment,
        words=(),
        data=(),
        slice_hashes=tuple(preimage.slice_hashes[k] for k in claimed),
        evaluations=tuple(preimage.values[k] for k in claimed),
        signatures=(),
    )

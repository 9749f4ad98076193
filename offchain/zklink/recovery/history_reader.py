"""Reads the histories of a deployment's chains from their events and calldata alone; each reading asks only for new
data.

Takes a bridge per chain and the published deployment; gives one history per chain. Never believes a node: the record of
each block is recomputed from its words, and the last one is compared with the bridge's own hash, which binds all before
it.
"""

from collections.abc import Iterator, Mapping
from itertools import product

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.deployment.records import Deployment
from zklink.l1.published.commit_calldata import CommittedBlock, History
from zklink.l1.published.prove_calldata import decode_prove_calls
from zklink.l1.transport.traces import NodeTracer, Tracer
from zklink.operations.requests import Request
from zklink.protocol.bridge_blocks import BlockPreimage, ProveBlock
from zklink.protocol.bridge_hashes import StoredBlock, compute_inputs_hash, genesis_block
from zklink.protocol.errors import BlockUnreadable, HistoryDisagrees, HistoryIncomplete
from zklink.protocol.ids import BlockNumber, ChainId, Lane
from zklink.recovery.block_finder import BlockFinder
from zklink.recovery.chain_history import ChainHistory, Kept, compute_kept
from zklink.recovery.chain_log import ChainLog, EventReader
from zklink.recovery.connect import check_bridge


class HistoryReader:
    """The histories of all chains of a deployment. `tracers` show the calls within transactions: by default the chains'
    nodes do.
    """

    def __init__(
        self,
        deployment: Deployment,
        bridges: Mapping[ChainId, BridgeClient],
        tracers: Mapping[ChainId, Tracer] | None = None,
    ) -> None:
        self._deployment, self._bridges = deployment, bridges
        self._events = {
            k: EventReader(bridge, deployment.chains[k].from_block, deployment.deployment_hash)
            for k, bridge in bridges.items()
        }
        self._finder = BlockFinder(
            History(deployment.deployment_hash, deployment.primary),
            bridges,
            tracers or {k: NodeTracer(bridge.client) for k, bridge in bridges.items()},
            self.read_events,
        )
        self._genesis = genesis_block(deployment.genesis.root, deployment.deployment_hash)
        self._kept: dict[tuple[ChainId, bytes], Kept] = {}
        self._checked: set[ChainId] = set()

    def read_events(self, chain: ChainId) -> ChainLog:
        """The events of a chain's bridge, without the words of blocks. Raises HistoryDisagrees, LogsIncomplete,
        RequestGap, RpcUnavailable.
        """
        if chain not in self._checked:
            check_bridge(self._bridges[chain], self._deployment)
            self._checked.add(chain)
        return self._events[chain].read()

    def requests(self, chain: ChainId, lane: Lane) -> list[Request]:
        """All requests of a lane's queue, in order, from the chain's events. Raises HistoryDisagrees,
        RpcUnavailable.
        """
        return list(self.read_events(chain).requests[lane])

    def read(self, chain: ChainId) -> ChainHistory:
        """A chain's history up to now. Blocks that cannot be read and can still be reverted are left out, since nothing
        rests on them.

        Raises HistoryDisagrees, BlockUnreadable, RpcUnavailable.
        """
        deployment, bridge, log = self._deployment, self._bridges[chain], self.read_events(chain)
        name, last = deployment.chains[chain].name, self._genesis
        blocks: dict[BlockNumber, CommittedBlock] = {}
        kept: dict[BlockNumber, Kept] = {last.number: (last, ())}
        for number in sorted(log.committed):
            try:
                blocks[number] = self._finder.find(chain, number, log)
            except BlockUnreadable:
                if number <= bridge.status().accepted or bridge.is_frozen():
                    raise
                break
            kept[number] = self._keep(chain, last, blocks[number])
            last = kept[number][0]
        if bridge.stored_block_hash(last.number) != last.hash():
            raise HistoryDisagrees(name, last.number, "the bridge keeps another block than its calldata gives")
        return ChainHistory(
            chain=chain,
            name=name,
            blocks=blocks,
            stored={number: stored for number, (stored, _) in kept.items()},
            payouts={number: payouts for number, (_, payouts) in kept.items() if number},
            requests=log.requests,
        )

    def read_all(self) -> dict[ChainId, ChainHistory]:
        """Every chain up to now. Raises what `read` does."""
        return {chain: self.read(chain) for chain in self._bridges}

    def preimage(self, number: BlockNumber) -> BlockPreimage:
        """The preimages of one of the primary's blocks. Raises HistoryIncomplete, BlockUnreadable, RpcUnavailable."""
        primary = self._deployment.primary
        log = self.read_events(primary)
        event = log.committed.get(number)
        if event is None:
            name = self._deployment.chains[primary].name
            raise HistoryIncomplete(name, number, "the primary chain has no such block")
        return self._finder.find_preimage(event) or self._finder.find(primary, number, log).preimage

    def proofs(self, stored: StoredBlock) -> Iterator[ProveBlock]:
        """Every proof of a block that somebody sent to any chain; some may be false. Raises HistoryDisagrees,
        RpcUnavailable.
        """
        seen: set[tuple[int, ...]] = set()
        for is_traced, chain in product((False, True), self._bridges):
            for event in self.read_events(chain).proven:
                if not event.first <= stored.number <= event.last:
                    continue
                for data in self._finder.list_inputs(chain, event.log.tx_hash, is_traced):
                    for item in decode_prove_calls(data):
                        is_of_block = compute_inputs_hash(item.inputs) == stored.inputs_hash
                        if is_of_block and item.proof not in seen:
                            seen.add(item.proof)
                            yield ProveBlock(stored, item.inputs, item.proof)

    def _keep(self, chain: ChainId, last: StoredBlock, block: CommittedBlock) -> Kept:
        """Computed once: the sync hash binds the block and all before it."""
        key = (chain, block.event.sync_hash)
        if key not in self._kept:
            self._kept[key] = compute_kept(chain, last, block)
        return self._kept[key]

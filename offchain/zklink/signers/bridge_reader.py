"""A chain as a signer reads it: the views of its contracts, at a block that the signer's own node shows."""

from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_structs import EndWord
from zklink.l1.transport.receipts import BlockInfo
from zklink.protocol.bridge_hashes import Tip
from zklink.protocol.facts import Accepted
from zklink.protocol.ids import ChainId, Lane
from zklink.signers.ports import EndState


class BridgeReader:
    """The ChainReader of one chain; final is what has the profile's confirmations."""

    def __init__(self, bridge: BridgeClient, primary: ChainId) -> None:
        self._bridge, self._is_primary = bridge, bridge.chain_id == primary

    def newest(self) -> BlockInfo:
        return self._bridge.client.head()

    def final(self) -> BlockInfo | None:
        height = self._bridge.client.confirmed_height()
        return self._bridge.client.block(height) if height >= 0 else None

    def tip(self, height: int) -> Tip:
        return self._bridge.history.tip(block=height)

    def is_frozen(self, height: int) -> bool:
        return self._bridge.end.is_frozen(block=height)

    def queue_hash(self, lane: Lane, count: int, height: int) -> bytes:
        return self._bridge.queue_hash(lane, count, block=height)

    def end_state(self, height: int) -> EndState:
        if self._is_primary:
            return EndState(0, None)
        state = self._bridge.member_end.end_state(block=height)
        is_raised = state.word is not EndWord.NONE
        return EndState(state.round, Accepted(state.number, state.sync_hash) if is_raised else None)

"""A Solana chain as a signer reads it: the bridge's account, at `finalized`."""

from zklink.l1.transport.receipts import BlockInfo
from zklink.primitives.base58 import decode_base58
from zklink.protocol.bridge_hashes import ZERO_HASH, Tip
from zklink.protocol.errors import RpcUnavailable
from zklink.protocol.facts import Accepted
from zklink.protocol.ids import BlockNumber, Lane
from zklink.signers.ports import EndState
from zklink.solana.client.bridge import BridgeReading, SolanaBridge
from zklink.solana.client.node import CONFIRMED, FINALIZED, Level


class SolanaReader:
    """The ChainReader of a Solana member. A height is a slot; what stood there is known of the last final one alone, so
    every answer but END's is of the slot that `final` gave last. A block's hash is a recent blockhash of its level.
    """

    def __init__(self, bridge: SolanaBridge) -> None:
        self._bridge = bridge
        self._reading: BridgeReading | None = None

    def newest(self) -> BlockInfo:
        return self._info(self._bridge.node.slot(CONFIRMED), CONFIRMED)

    def final(self) -> BlockInfo | None:
        self._reading = self._bridge.read_queues(FINALIZED)
        return self._info(self._reading.slot, FINALIZED)

    def tip(self, height: int) -> Tip:
        return self._at(height).tip

    def is_frozen(self, height: int) -> bool:
        return self._at(height).is_frozen

    def queue_hash(self, lane: Lane, count: int, height: int) -> bytes:
        return self._at(height).queue_hash(lane, count)

    def end_state(self, height: int) -> EndState:
        """As the bridge is now, in slot `height` or later: what is said of END is asked at the newest one."""
        reading = self._bridge.read(CONFIRMED)
        if reading.slot < height:
            raise RpcUnavailable(self._bridge.node.name, "getMultipleAccounts", 1, f"the node is behind slot {height}")
        known = reading.fields
        place = Accepted(BlockNumber(known["end_number"]), bytes(known["end_hash"]))
        return EndState(known["end_round"], place if known["end_word"] else None)

    def _at(self, height: int) -> BridgeReading:
        if self._reading is None or self._reading.slot != height:
            raise RpcUnavailable(
                self._bridge.node.name, "getMultipleAccounts", 0, f"slot {height} is not the last read"
            )
        return self._reading

    def _info(self, slot: int, level: Level) -> BlockInfo:
        node = self._bridge.node
        blockhash, _ = node.newest_blockhash(level)
        return BlockInfo(slot, decode_base58(blockhash, 32), ZERO_HASH, node.block_time(slot))

"""A node's knowledge of the chains, as far as it has asked them, and of its own proofs.

Takes results on the thread that calls `Node.step`; gives the latest of each. Never stored: after a restart the node
asks the chains again.
"""

from collections.abc import Iterable

from zklink.l1.transport.receipts import BlockInfo
from zklink.operations.requests import RequestKey
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.sequencer.lifecycle import GENESIS_COUNTERS, Counters


class Knowledge:
    """The counters of each chain (`counters`); a chain that has not answered yet counts as at genesis. `asked` are the
    chains that have answered.
    """

    def __init__(self, chains: Iterable[ChainId], primary: ChainId) -> None:
        self.primary = primary
        self.counters: dict[ChainId, Counters] = dict.fromkeys(chains, GENESIS_COUNTERS)
        self.heads: dict[ChainId, BlockInfo] = {}
        self.asked: set[ChainId] = set()
        self.frozen: set[ChainId] = set()
        self.accepted = BlockNumber(0)
        """The last block that any chain was seen to have accepted, whatever a node that lags says afterwards."""
        self.request_blocks: dict[RequestKey, int] = {}
        """The L1 block of each swap request."""
        self.proofs: dict[BlockNumber, tuple[int, ...]] = {}

    @property
    def now(self) -> int:
        """The primary chain's last known time in UNIX seconds; 0 before its first answer."""
        head = self.heads.get(self.primary)
        return 0 if head is None else head.timestamp

    def take_counters(self, chain: ChainId, counters: Counters) -> Counters:
        """Note a chain's counters; gives those that were known before."""
        before, self.counters[chain] = self.counters[chain], counters
        self.accepted = max(self.accepted, counters.accepted)
        self.asked.add(chain)
        return before

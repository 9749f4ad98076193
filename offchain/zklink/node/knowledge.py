"""What a node knows: of the chains as far as it has asked them, and of its own proofs.

Written by the thread that calls `Node.step`, as results come in. Nothing here is stored: after a restart the chains are
asked again.
"""

from collections.abc import Iterable

from zklink.l1.transport.receipts import BlockInfo
from zklink.operations.requests import RequestKey
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.sequencer.lifecycle import GENESIS_COUNTERS, Counters


class Knowledge:
    """`progress` of chains that have not answered yet is that of the genesis; `asked` are those that have."""

    def __init__(self, chains: Iterable[ChainId], primary: ChainId) -> None:
        self.primary = primary
        self.progress: dict[ChainId, Counters] = dict.fromkeys(chains, GENESIS_COUNTERS)
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
        """The primary chain's time, as far as it is known: UNIX seconds, else 0."""
        head = self.heads.get(self.primary)
        return 0 if head is None else head.timestamp

    def take_progress(self, chain: ChainId, progress: Counters) -> Counters:
        """Note what a chain says of itself; gives what was known before."""
        before, self.progress[chain] = self.progress[chain], progress
        self.accepted = max(self.accepted, progress.accepted)
        self.asked.add(chain)
        return before

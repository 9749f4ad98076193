"""A node's knowledge of the chains, as far as it has asked them, and of its own proofs and evidence.

Takes results on the thread that calls `Node.step`; gives the latest of each. Never stored: after a restart the node
asks the chains and the signers again.
"""

from collections.abc import Iterable

from zklink.l1.transport.receipts import BlockInfo
from zklink.operations.requests import RequestKey
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.sequencer.horizon import Acknowledged, Vouched
from zklink.sequencer.lifecycle import GENESIS_COUNTERS, Counters
from zklink.sequencer.submitter import FinalView


class Knowledge:
    """The counters of each chain (`counters`); a chain that has not answered yet counts as at genesis. `asked` are the
    chains that have answered. `final` is the newest final view of the primary.
    """

    def __init__(self, chains: Iterable[ChainId], primary: ChainId) -> None:
        self.primary = primary
        self.counters: dict[ChainId, Counters] = dict.fromkeys(chains, GENESIS_COUNTERS)
        self.heads: dict[ChainId, BlockInfo] = {}
        self.asked: set[ChainId] = set()
        self.frozen: set[ChainId] = set()
        self.final: FinalView | None = None
        self.request_blocks: dict[RequestKey, int] = {}
        """The L1 block of each swap request."""
        self.proofs: dict[BlockNumber, tuple[int, ...]] = {}
        self.vouched: dict[BlockNumber, Vouched] = {}
        self.acknowledged: list[Acknowledged] = []

    @property
    def now(self) -> int:
        """The primary chain's last known time in UNIX seconds; 0 before its first answer."""
        head = self.heads.get(self.primary)
        return 0 if head is None else head.timestamp

    @property
    def accepted(self) -> BlockNumber:
        """The last block that the primary has accepted, final or not."""
        return self.counters[self.primary].accepted

    @property
    def covered(self) -> BlockNumber:
        """The last block for which there is ACC."""
        return self.acknowledged[-1].fact.number if self.acknowledged else BlockNumber(0)

    @property
    def final_number(self) -> BlockNumber:
        """The last block that the primary has accepted for good: it is final there, or there is ACC for it."""
        return max(self.covered, BlockNumber(0) if self.final is None else self.final.tip.number)

    def take_counters(self, chain: ChainId, counters: Counters) -> Counters:
        """Note a chain's counters; gives those that were known before."""
        before, self.counters[chain] = self.counters[chain], counters
        self.asked.add(chain)
        return before

    def take_final(self, final: FinalView) -> None:
        """Note what is final on the primary; a node that lags says less than was known."""
        if self.final is None or final.timestamp >= self.final.timestamp:
            self.final = final

    def forget_after(self, height: BlockNumber) -> None:
        """Blocks above this one were unsealed: their proofs and their evidence are worth nothing."""
        for known in (self.proofs, self.vouched):
            for number in [number for number in known if number > height]:
                del known[number]

    def forget_up_to(self, settled: BlockNumber) -> None:
        """Blocks up to this one are settled: nobody needs their proofs and evidence any more."""
        for known in (self.proofs, self.vouched):
            for number in [number for number in known if number <= settled]:
                del known[number]
        self.acknowledged = [a for a in self.acknowledged if a.fact.number > settled or a is self.acknowledged[-1]]

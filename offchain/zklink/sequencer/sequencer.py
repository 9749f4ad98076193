"""Turns confirmed requests into a chain of sealed blocks.

Takes requests as they are confirmed and, at each `seal`, the primary chain's time; gives sealed blocks. Works on a
copy of the state and keeps the state after every block, so a reorganisation that removes a request rolls back to
the block before it. Never talks to a chain.
"""

from collections.abc import Sequence
from itertools import takewhile

from zklink.operations.swap import SwapRequest
from zklink.protocol.chain import StoredBlock
from zklink.protocol.errors import JournalOutdated, NothingToSeal, UnknownBlock
from zklink.protocol.ids import BlockNumber, ChainId, RequestId
from zklink.sequencer.builder import choose_timestamp, select_requests
from zklink.sequencer.journal import Journal, JournalEntry, compute_requests_hash
from zklink.sequencer.mempool import Mempool
from zklink.sequencer.sealed import Parameters, SealedBlock, SealedGenesis, compute_genesis, compute_sealed
from zklink.state.state import State
from zklink.transition.block import apply_block


class Sequencer:
    """The one writer of sealed blocks. Blocks are numbered from 1 without gaps."""

    def __init__(self, parameters: Parameters, genesis: State, journal: Journal) -> None:
        self.parameters = parameters
        self.mempool = Mempool(parameters.chains)
        self._genesis: SealedGenesis = compute_genesis(genesis.copy(), parameters)
        self._blocks: list[SealedBlock] = []
        self._journal = journal
        self._replay: list[JournalEntry] = list(journal.entries())

    @property
    def height(self) -> BlockNumber:
        """The last sealed block; 0 before the first."""
        return BlockNumber(len(self._blocks))

    @property
    def is_replaying(self) -> bool:
        """Whether blocks of an earlier run are still to be sealed again, because their requests are not confirmed
        here yet.
        """
        return bool(self._replay)

    @property
    def has_waiting(self) -> bool:
        """Whether any confirmed request is in no sealed block."""
        return any(self.mempool.waiting(self._consumed()).values())

    def blocks(self, after: BlockNumber, limit: int | None = None) -> Sequence[SealedBlock]:
        """Sealed blocks `after + 1`, `after + 2`, ..; at most `limit` of them."""
        end = None if limit is None else after + limit
        return self._blocks[after:end]

    def block(self, number: BlockNumber) -> SealedBlock:
        """Sealed block `number`. Raises UnknownBlock."""
        if not 1 <= number <= self.height:
            raise UnknownBlock(number, self.height)
        return self._blocks[number - 1]

    def stored(self, chain: ChainId, number: BlockNumber) -> StoredBlock:
        """What `chain` keeps of block `number`; block 0 is the genesis. Raises UnknownBlock."""
        return self._genesis.stored[chain] if number == 0 else self.block(number).stored[chain]

    def state_after(self, number: BlockNumber) -> State:
        """The state after block `number`; do not change it. Raises UnknownBlock."""
        return self._genesis.state if number == 0 else self.block(number).state

    def add(self, request: SwapRequest) -> bool:
        """Take a confirmed request; False if it was already known."""
        return self.mempool.add(request)

    def seal(self, now: int) -> SealedBlock:
        """Seal the next block at the primary chain's time `now`. Raises NothingToSeal or JournalOutdated.

        Blocks of an earlier run come first, exactly as they were: the chains may hold parts of them already. One
        with a request that is another now is forgotten, and so are those after it.
        """
        if self._replay:
            return self._seal_again(self._replay[0])
        requests = select_requests(self.mempool.waiting(self._consumed()), self.parameters.preset, self.height)
        if not requests:
            raise NothingToSeal
        timestamp = choose_timestamp(requests, self._last_timestamp(), now)
        sealed = self._compute_next(requests, timestamp)
        keys = tuple((request.source, request.request_id) for request in requests)
        self._journal.append(JournalEntry(sealed.number, timestamp, keys, compute_requests_hash(requests)))
        self._blocks.append(sealed)
        return sealed

    def roll_back(self, last: BlockNumber) -> tuple[SealedBlock, ...]:
        """Unseal every block after `last`; their requests wait again, unless they are dropped from the mempool."""
        dropped = tuple(self._blocks[last:])
        self._journal.cut(last)
        self._replay.clear()
        del self._blocks[last:]
        return dropped

    def drop_from(self, chain: ChainId, request_id: RequestId) -> tuple[SealedBlock, ...]:
        """`request_id` and what follows it on `chain` are gone from that chain: forget them and unseal what consumed
        them.
        """
        dropped: tuple[SealedBlock, ...] = ()
        last = self.last_before(chain, request_id)
        if last < self.height:
            dropped = self.roll_back(last)
        else:
            still_valid = takewhile(
                lambda entry: all(c != chain or i < request_id for c, i in entry.requests), self._replay
            )
            self._replay = list(still_valid)
            self._journal.cut(BlockNumber(self.height + len(self._replay)))
        self.mempool.drop_from(chain, request_id)
        return dropped

    def last_before(self, chain: ChainId, request_id: RequestId) -> BlockNumber:
        """The last sealed block before the one that consumed `request_id` of `chain`."""
        return BlockNumber(sum(block.stored[chain].request_count < request_id for block in self._blocks))

    def _seal_again(self, entry: JournalEntry) -> SealedBlock:
        known = all(request_id <= self.mempool.last_request_id(chain) for chain, request_id in entry.requests)
        if not known:
            raise NothingToSeal
        requests = tuple(self.mempool.get(chain, request_id) for chain, request_id in entry.requests)
        if compute_requests_hash(requests) != entry.requests_hash:
            self.roll_back(self.height)
            raise JournalOutdated(entry.number)
        sealed = self._compute_next(requests, entry.timestamp)
        self._replay.pop(0)
        self._blocks.append(sealed)
        return sealed

    def _compute_next(self, requests: tuple[SwapRequest, ...], timestamp: int) -> SealedBlock:
        state = self.state_after(self.height).copy()
        number = BlockNumber(self.height + 1)
        block = apply_block(state, requests, number, timestamp, self.parameters.domain, self.parameters.preset)
        previous = {chain: self.stored(chain, self.height) for chain in self.parameters.chains}
        return compute_sealed(block, state, previous)

    def _consumed(self) -> dict[ChainId, int]:
        return {chain: self.stored(chain, self.height).request_count for chain in self.parameters.chains}

    def _last_timestamp(self) -> int:
        return self.stored(self.parameters.primary, self.height).timestamp

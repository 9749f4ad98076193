"""Chains that remember what they said at every height, blocks to seal, and signers on them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from eth_account import Account

from tests.sequencer.requests import make_request
from zklink.l1.transport.receipts import BlockInfo
from zklink.operations.full_exit import FullExitPart
from zklink.operations.requests import AccountRequest, Request, lane_of
from zklink.operations.swap import SwapRequest
from zklink.protocol.block_preimage import BlockPlace, compute_full_preimage
from zklink.protocol.bridge_blocks import FullBlock, build_block
from zklink.protocol.bridge_hashes import ZERO_HASH, Tip, next_queue_hash
from zklink.protocol.domain import compute_lane_domain
from zklink.protocol.errors import RpcUnavailable
from zklink.protocol.facts import Accepted
from zklink.protocol.ids import SLICE_COUNT, BlockNumber, ChainId, Lane
from zklink.signers.history import Path
from zklink.signers.journal import MemorySignerJournal, SignerJournal
from zklink.signers.ports import EndState
from zklink.signers.proposal import Proposal
from zklink.signers.signer import Deployment
from zklink.signers.validator import Validator
from zklink.signers.watcher import Watcher

P, K, L = (ChainId(chain) for chain in (1, 2, 3))
DEPLOYMENT = bytes([9]) * 32
NOW = 10_000
STARTED = NOW - 100
GENESIS = Accepted(BlockNumber(0), DEPLOYMENT)
NO_END = EndState(0, None)


@dataclass(frozen=True)
class State:
    """What a chain says at one height."""

    timestamp: int = NOW
    tip: Accepted = GENESIS
    tip_time: int = 0
    is_frozen: bool = False
    queue: tuple[SwapRequest, ...] = ()
    account_queue: tuple[AccountRequest, ...] = ()
    end: EndState = NO_END


@dataclass
class FakeChain:
    """A ChainReader: one state for each height. All but the last `pending` of them are final."""

    states: list[State] = field(default_factory=lambda: [State()])
    pending: int = 0
    is_away: bool = False

    def mine(self, seconds: int = 1, **changes: object) -> None:
        """One more block, in which something changes."""
        last = self.states[-1]
        changed = replace(last, timestamp=last.timestamp + seconds, **changes)  # type: ignore[arg-type]
        self.states.append(changed)

    def accept(self, block: "Draft", seconds: int = 1) -> None:
        """One more block, in which this is accepted."""
        self.mine(seconds, tip=block.place, tip_time=block.proposal.full.block.timestamp)

    def queue(self, *requests: SwapRequest) -> None:
        """One more block with further requests."""
        self.mine(queue=(*self.states[-1].queue, *requests))

    def queue_account(self, *requests: AccountRequest) -> None:
        """The same in the account lane."""
        self.mine(account_queue=(*self.states[-1].account_queue, *requests))

    def newest(self) -> BlockInfo:
        return self._block(len(self.states) - 1)

    def final(self) -> BlockInfo | None:
        height = len(self.states) - 1 - self.pending
        return self._block(height) if height >= 0 else None

    def tip(self, height: int) -> Tip:
        state = self._at(height)
        return Tip(state.tip.number, state.tip_time, 0, False, 0, state.tip.sync_hash)

    def is_frozen(self, height: int) -> bool:
        return self._at(height).is_frozen

    def queue_hash(self, lane: Lane, count: int, height: int) -> bytes:
        state = self._at(height)
        requests = state.queue if lane is Lane.SWAP else state.account_queue
        return roll(requests[:count]) if count <= len(requests) else ZERO_HASH

    def end_state(self, height: int) -> EndState:
        return self._at(height).end

    def _at(self, height: int) -> State:
        if self.is_away:
            raise RpcUnavailable("fake", "eth_call", 1, "connection refused")
        return self.states[height]

    def _block(self, height: int) -> BlockInfo:
        return BlockInfo(height, bytes(32), bytes(32), self._at(height).timestamp)


def roll(requests: Sequence[Request]) -> bytes:
    """The hash of a queue."""
    queue_hash = DEPLOYMENT
    for request in requests:
        queue_hash = next_queue_hash(queue_hash, request.words())
    return queue_hash


@dataclass(frozen=True)
class Draft:
    """A block on top of another one, and its place in the history."""

    proposal: Proposal
    commitments: tuple[bytes, ...]

    @property
    def place(self) -> Accepted:
        return Accepted(self.proposal.number, self.proposal.sync_hash(DEPLOYMENT))

    @property
    def path(self) -> Path:
        """From the genesis up to it."""
        return Path(BlockNumber(0), self.commitments)


def draft(
    parent: Draft | None = None,
    *servings: Request | FullExitPart,
    timestamp: int = NOW,
    places: dict[ChainId, int] | None = None,
    mark: int = 0,
) -> Draft:
    """The next block, which serves these requests of one lane; `mark` makes it another one."""

    number = BlockNumber(1 if parent is None else parent.proposal.number + 1)
    slices: list[tuple[int, ...]] = [()] * SLICE_COUNT
    served: dict[ChainId, int] = {}
    lane = Lane.SWAP
    for serving in servings:
        slices[serving.source] += serving.words()
        request = serving.request if isinstance(serving, FullExitPart) else serving
        lane, served[request.source] = lane_of(request), request.request_id
    block = build_block(lane, timestamp, [len(words) for words in slices], 0, mark)
    full = FullBlock(block, tuple(slices))
    place = BlockPlace(compute_lane_domain(DEPLOYMENT, lane), number, 0)
    commitment = compute_full_preimage(full, place).block_commitment()
    previous = DEPLOYMENT if parent is None else parent.place.sync_hash
    proposal = Proposal(number, previous, 0, full, served if places is None else places)
    return Draft(proposal, (*(() if parent is None else parent.commitments), commitment))


def swap(chain: ChainId, number: int, **fields: object) -> SwapRequest:
    """A request in a chain's queue."""
    return make_request(chain, number, **fields)


@dataclass
class World:
    """Three chains, the first of them the primary, and the world's clock."""

    chains: dict[ChainId, FakeChain] = field(default_factory=lambda: {chain: FakeChain() for chain in (P, K, L)})
    now: float = NOW

    @property
    def primary(self) -> FakeChain:
        return self.chains[P]

    def validator(
        self, seed: int = 1, journal: SignerJournal | None = None, kind: type[Validator] = Validator
    ) -> Validator:
        key, journal = Account.from_key(bytes([seed]) * 32), journal or MemorySignerJournal()
        return kind(key, Deployment(DEPLOYMENT, P, STARTED), self.chains, journal, lambda: self.now)

    def watcher(self, seed: int = 2, journal: SignerJournal | None = None) -> Watcher:
        key, journal = Account.from_key(bytes([seed]) * 32), journal or MemorySignerJournal()
        return Watcher(key, Deployment(DEPLOYMENT, P, STARTED), self.chains, journal, lambda: self.now)


def is_signed(fact: object, signature: bytes, address: str) -> bool:
    """Whether this signer has signed a fact of the deployment."""
    digest = fact.digest(DEPLOYMENT)  # type: ignore[attr-defined]
    return str(Account._recover_hash(digest, signature=signature)) == address

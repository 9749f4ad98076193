"""A node's actions and observations as typed events, each with its second. Timeline, demo and logs read only these."""

from collections.abc import Mapping
from dataclasses import dataclass

from zklink.broker.policy import Verdict
from zklink.broker.records import FillOutcome
from zklink.operations.operation_id import OperationId
from zklink.operations.payout import Payout
from zklink.operations.requests import Request, lane_of
from zklink.operations.requests import RequestKey as RequestKey
from zklink.protocol.ids import AccountId, Amount, BlockNumber, ChainId, Lane, Nonce, RequestId
from zklink.sequencer.lifecycle import Counters
from zklink.transition.swap import SwapOutcome

PayoutKey = tuple[ChainId, int]
"""The cause of a payout: a swap's request, or, with source 0, a withdrawal by account and nonce."""


@dataclass(frozen=True, slots=True)
class RequestConfirmed:
    """A request has its chain's confirmations. It stands in block `l1_block` of its chain; transaction `tx_hash` made
    it.
    """

    at: float
    request: Request
    l1_block: int
    tx_hash: bytes

    @property
    def lane(self) -> Lane:
        return lane_of(self.request)

    @property
    def key(self) -> RequestKey:
        """Which request of its lane."""
        return self.request.source, self.request.request_id


@dataclass(frozen=True, slots=True)
class RequestsLost:
    """A reorganisation removed confirmed requests of a chain: `first` and all later ones of the lane."""

    at: float
    lane: Lane
    chain: ChainId
    first: RequestId


@dataclass(frozen=True, slots=True)
class QueuesRead:
    """A chain was read for the first time since this node started: of each lane it has confirmed the requests up to
    `last`, and no further ones.
    """

    at: float
    chain: ChainId
    last: Mapping[Lane, RequestId]


@dataclass(frozen=True, slots=True)
class OperationAccepted:
    """A signed operation was checked and waits for a block, or a signed order rests in the book. `nonce` is an order's
    own; a match has neither account nor nonce.
    """

    at: float
    id: OperationId
    kind: str
    account: AccountId | None = None
    nonce: Nonce | None = None


@dataclass(frozen=True, slots=True)
class OperationRefused:
    """A signed operation was not taken; `reason` says what the signer should change."""

    at: float
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class OperationDropped:
    """An accepted operation became impossible before it was sealed, and was dropped; or an order left the book."""

    at: float
    id: OperationId
    reason: str


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one swap in a sealed block."""

    key: RequestKey
    outcome: SwapOutcome
    payout: Payout


@dataclass(frozen=True, slots=True)
class SignedItem:
    """A signed operation or a match of a sealed block; a match has neither account nor nonce."""

    id: OperationId
    kind: str
    account: AccountId | None
    nonce: Nonce | None


@dataclass(frozen=True, slots=True)
class BlockSealed:
    """A block was built; its outcomes are final unless it is rolled back. A block of the swap lane has results. A block
    of the account lane has requests (deposits and full exits) and signed operations and matches. `root` is the state
    after it, `commitment` the block commitment.
    """

    at: float
    number: BlockNumber
    lane: Lane
    timestamp: int
    results: tuple[Result, ...] = ()
    requests: tuple[RequestKey, ...] = ()
    operations: tuple[OperationId, ...] = ()
    signed: tuple[SignedItem, ...] = ()
    root: int = 0
    commitment: bytes = b""


@dataclass(frozen=True, slots=True)
class BlockVouched:
    """The validators have sealed a block, and the watchers vouch for the requests of members that it serves: until it
    grows too old, no other block will take its place.
    """

    at: float
    number: BlockNumber


@dataclass(frozen=True, slots=True)
class BlockProven:
    """A block has a proof that verifies. Seconds are of this machine's clock."""

    at: float
    number: BlockNumber
    witness_seconds: float
    proof_seconds: float


@dataclass(frozen=True, slots=True)
class BlockAcknowledged:
    """Both groups have signed that the primary has accepted a block, finally: members can import it and those below."""

    at: float
    number: BlockNumber


@dataclass(frozen=True, slots=True)
class ChainMoved:
    """A chain's counters changed."""

    at: float
    chain: ChainId
    before: Counters
    after: Counters


@dataclass(frozen=True, slots=True)
class TransactionMined:
    """A transaction of this node was mined. `purpose` is accept, accept again, import, execute or fill."""

    at: float
    chain: ChainId
    purpose: str
    blocks: tuple[BlockNumber, ...]
    tx_hash: bytes
    gas_used: int
    gas_price_wei: int


@dataclass(frozen=True, slots=True)
class FillTried:
    """The broker tried to fill a payout; `reason` says who refused and why."""

    at: float
    key: PayoutKey
    chain: ChainId
    outcome: FillOutcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FillLost:
    """A reorganisation took a fill of this broker: it has its tokens back, and is not repaid."""

    at: float
    key: PayoutKey
    chain: ChainId


@dataclass(frozen=True, slots=True)
class FillDeclined:
    """The broker declines a payout for good."""

    at: float
    key: PayoutKey
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class FillMissed:
    """The chain has paid a payout that waited for the broker; `verdict` is the last one before the chain had its block,
    None if its turn never came.
    """

    at: float
    key: PayoutKey
    chain: ChainId
    verdict: Verdict | None

    @property
    def reason(self) -> str:
        """In a word."""
        if self.verdict is None:
            return "no_turn"
        return "late" if self.verdict is Verdict.FILL else self.verdict.name.lower()


@dataclass(frozen=True, slots=True)
class BrokerRepaid:
    """A filled payout was executed: `receiver` has `amount` (layer-2 units) for it, of which `earned` is the broker's
    fee, in proportion to its lead; the rest of the fill fee is the recipient's.
    """

    at: float
    key: PayoutKey
    chain: ChainId
    receiver: str
    amount: Amount
    earned: int


@dataclass(frozen=True, slots=True)
class Retried:
    """A job failed and will be tried again. Nothing is lost: the next attempt asks the chain first."""

    at: float
    job: str
    failures: int
    delay_seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class RolledBack:
    """Sealed blocks after `to_block` were unsealed; their requests wait again, or their chains no longer have them."""

    at: float
    to_block: BlockNumber
    reason: str


@dataclass(frozen=True, slots=True)
class ChainFrozen:
    """A chain has frozen, or the primary was silent: nothing more is sealed, and what is accepted is imported."""

    at: float
    chain: ChainId
    accepted: BlockNumber


Event = (
    RequestConfirmed
    | RequestsLost
    | QueuesRead
    | OperationAccepted
    | OperationRefused
    | OperationDropped
    | ChainFrozen
    | BlockSealed
    | BlockVouched
    | BlockProven
    | BlockAcknowledged
    | ChainMoved
    | TransactionMined
    | FillTried
    | FillLost
    | FillDeclined
    | FillMissed
    | BrokerRepaid
    | Retried
    | RolledBack
)

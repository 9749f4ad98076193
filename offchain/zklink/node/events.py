"""What a node did and saw, as typed events with the second at which it did. The timeline, the demo and logs read
these alone.
"""

from dataclasses import dataclass

from zklink.broker.broker import FillOutcome
from zklink.broker.policy import Verdict
from zklink.operations.swap import SwapPayout, SwapRequest
from zklink.protocol.ids import BlockNumber, ChainId, RequestId
from zklink.sequencer.lifecycle import Progress
from zklink.transition.swap import SwapOutcome

RequestKey = tuple[ChainId, RequestId]


@dataclass(frozen=True, slots=True)
class RequestConfirmed:
    """A request has its chain's confirmations. `l1_block` is where it is, `tx_hash` what made it."""

    at: float
    request: SwapRequest
    l1_block: int
    tx_hash: bytes

    @property
    def key(self) -> RequestKey:
        return self.request.source, self.request.request_id


@dataclass(frozen=True, slots=True)
class Result:
    """What a sealed block says about one request."""

    key: RequestKey
    outcome: SwapOutcome
    payout: SwapPayout


@dataclass(frozen=True, slots=True)
class BlockSealed:
    """A block was sealed; its results are final unless it is rolled back."""

    at: float
    number: BlockNumber
    timestamp: int
    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class BlockProven:
    """A block has a proof that verifies. Seconds are of this machine's clock."""

    at: float
    number: BlockNumber
    witness_seconds: float
    proof_seconds: float


@dataclass(frozen=True, slots=True)
class ChainMoved:
    """A chain's counters changed."""

    at: float
    chain: ChainId
    before: Progress
    after: Progress


@dataclass(frozen=True, slots=True)
class TransactionMined:
    """A transaction of this node was mined. `purpose` is commit, prove, apply, execute, revert, message or fill;
    `source` is the chain whose message it brings or applies.
    """

    at: float
    chain: ChainId
    purpose: str
    blocks: tuple[BlockNumber, ...]
    tx_hash: bytes
    gas_used: int
    gas_price_wei: int
    source: ChainId | None = None


@dataclass(frozen=True, slots=True)
class FillTried:
    """The broker tried to fill a payout; `reason` says who refused and why."""

    at: float
    key: RequestKey
    chain: ChainId
    outcome: FillOutcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FillDeclined:
    """The broker will not fill a payout."""

    at: float
    key: RequestKey
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class BrokerRepaid:
    """A filled payout was executed: the broker has the gross amount."""

    at: float
    key: RequestKey
    chain: ChainId


@dataclass(frozen=True, slots=True)
class Retried:
    """A job failed and will be tried again. Nothing is lost: the next attempt asks the chain first."""

    at: float
    lane: str
    failures: int
    delay_seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class RolledBack:
    """Sealed blocks after `to_block` were unsealed; their requests wait again or are gone."""

    at: float
    to_block: BlockNumber
    reason: str


Event = (
    RequestConfirmed
    | BlockSealed
    | BlockProven
    | ChainMoved
    | TransactionMined
    | FillTried
    | FillDeclined
    | BrokerRepaid
    | Retried
    | RolledBack
)

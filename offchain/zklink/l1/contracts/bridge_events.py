"""The events of a deployment's contracts, as records; `event_codec.py` reads them out of logs."""

from dataclasses import dataclass

from zklink.l1.contracts.bridge_structs import EndWord
from zklink.l1.contracts.governance_events import GovernanceEvent
from zklink.l1.transport.receipts import Log
from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.key_request import KeyRequest
from zklink.operations.swap import SwapRequest
from zklink.protocol.facts import Group
from zklink.protocol.ids import AccountId, Amount, BlockNumber, ChainId, Lane, RequestId, TokenId


@dataclass(frozen=True, slots=True)
class SwapRequested:
    """A request entered the swap lane's queue. The user paid `l1_amount`, in L1 units."""

    log: Log
    request: SwapRequest
    l1_amount: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class DepositRequested:
    """A deposit entered the account lane's queue. The sender paid `l1_amount`, in L1 units."""

    log: Log
    request: DepositRequest
    l1_amount: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class FullExitRequested:
    """A full exit entered the account lane's queue. It burnt `burnt_gwei` because others crowd the queue."""

    log: Log
    request: FullExitRequest
    expires_at: int
    burnt_gwei: int


@dataclass(frozen=True, slots=True)
class KeyRequested:
    """A request for a new key entered the account lane's queue."""

    log: Log
    request: KeyRequest
    expires_at: int


RequestEvent = SwapRequested | DepositRequested | FullExitRequested | KeyRequested
"""The events of requests that enter a queue; `event.request` is the request."""


@dataclass(frozen=True, slots=True)
class PayoutFilled:
    """A broker paid a recipient ahead of the block; `repay_to` is repaid."""

    log: Log
    key: bytes
    broker: str
    repay_to: str
    recipient: bytes
    token_id: TokenId
    amount: Amount
    fee: Amount


@dataclass(frozen=True, slots=True)
class PayoutPaid:
    """A payout was executed, or a share of one that was filled: the fill is repaid, and the recipient gets what its
    lead has not earned of the fee. `kind` is the record's.
    """

    log: Log
    key: bytes
    receiver: str
    token_id: TokenId
    l1_amount: int
    kind: int


@dataclass(frozen=True, slots=True)
class PayoutDeferred:
    """A payout could not be sent: the bridge owes it to the receiver, who pulls it."""

    log: Log
    key: bytes
    receiver: str
    token_id: TokenId
    l1_amount: int
    kind: int


@dataclass(frozen=True, slots=True)
class PendingBalanceWithdrawn:
    """An owner pulled its pending balance."""

    log: Log
    owner: str
    receiver: str
    token_id: TokenId
    l1_amount: int


@dataclass(frozen=True, slots=True)
class PendingBalancePushed:
    """Somebody pushed to an owner what it was owed, as wrapped coin if it refuses coin."""

    log: Log
    owner: str
    token_id: TokenId
    l1_amount: int
    is_wrapped: bool


@dataclass(frozen=True, slots=True)
class PushRefused:
    """An owner refuses coin that it is owed: WRAP_DELAY_SECONDS later so much can be sent as wrapped coin."""

    log: Log
    owner: str
    token_id: TokenId
    l1_amount: int


@dataclass(frozen=True, slots=True)
class FeesCollected:
    """The recipient of fees got what blocks have earned, in wei."""

    log: Log
    receiver: str
    l1_amount: int


@dataclass(frozen=True, slots=True)
class BlocksAccepted:
    """The primary has accepted blocks first..last, for good; both groups sign this fact as ACC."""

    log: Log
    first: BlockNumber
    last: BlockNumber
    sync_hash: bytes


@dataclass(frozen=True, slots=True)
class BlocksImported:
    """A member has imported blocks first..last."""

    log: Log
    first: BlockNumber
    last: BlockNumber
    sync_hash: bytes


@dataclass(frozen=True, slots=True)
class PayoutsOwed:
    """A block's payouts here wait for `execute`."""

    log: Log
    number: BlockNumber


@dataclass(frozen=True, slots=True)
class BlockExecuted:
    """A block has payouts here, and all of them are paid."""

    log: Log
    number: BlockNumber


@dataclass(frozen=True, slots=True)
class EndSet:
    """A member's history ends with this block."""

    log: Log
    number: BlockNumber
    sync_hash: bytes


@dataclass(frozen=True, slots=True)
class Frozen:
    """The chain has frozen: it takes no requests. The numbers are what blocks had consumed; watchers sign FRZ."""

    log: Log
    swap_requests: int
    account_requests: int


@dataclass(frozen=True, slots=True)
class FreezeCalled:
    """A request waits too long: a day later anyone may freeze the chain."""

    log: Log
    lane: Lane
    request_id: RequestId


@dataclass(frozen=True, slots=True)
class FreezeAnnounced:
    """FRZ of a member is shown: the primary freezes a day later, unless the governor voids it."""

    log: Log
    member: ChainId
    round: int


@dataclass(frozen=True, slots=True)
class FreezeVoided:
    """FRZ of a member is void."""

    log: Log
    member: ChainId
    round: int


@dataclass(frozen=True, slots=True)
class EndRaised:
    """END is raised on a member."""

    log: Log
    number: BlockNumber
    sync_hash: bytes
    round: int
    word: EndWord


@dataclass(frozen=True, slots=True)
class PathShown:
    """Somebody raised END, or opened a path: these block commitments lead on from block `number` of a history."""

    log: Log
    number: BlockNumber
    sync_hash: bytes
    path: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class EndDenied:
    """The END that is raised is denied; `by` is 1 for validators, 2 for watchers, 3 for the governor."""

    log: Log
    number: BlockNumber
    sync_hash: bytes
    round: int
    by: int


@dataclass(frozen=True, slots=True)
class EndFell:
    """The END of this round fell."""

    log: Log
    number: BlockNumber
    sync_hash: bytes
    round: int


@dataclass(frozen=True, slots=True)
class EndStands:
    """END stands: this member ends with this block."""

    log: Log
    number: BlockNumber
    sync_hash: bytes


@dataclass(frozen=True, slots=True)
class MismatchShown:
    """The own queue cannot match the block after `number`: the chain freezes."""

    log: Log
    number: BlockNumber
    sync_hash: bytes


@dataclass(frozen=True, slots=True)
class Seceded:
    """The own queue cannot match the block after `number`, which END contains: the chain ends at `number`."""

    log: Log
    number: BlockNumber
    sync_hash: bytes


@dataclass(frozen=True, slots=True)
class MembersAnnounced:
    """A group gets these members when the governor's delay is over."""

    log: Log
    group: Group
    members: tuple[str, ...]
    threshold: int


@dataclass(frozen=True, slots=True)
class MembersReplaced:
    """A group has the members that were announced."""

    log: Log
    group: Group


@dataclass(frozen=True, slots=True)
class MemberRemoved:
    """A group has one member less; its threshold is what it was."""

    log: Log
    group: Group
    member: str


@dataclass(frozen=True, slots=True)
class ExodusBegun:
    """Exits are open here against the root of block `number`."""

    log: Log
    number: BlockNumber
    root: int


@dataclass(frozen=True, slots=True)
class RequestCancelled:
    """A request that no block contains was cancelled and paid back: the tokens that it brought in, and what it paid at
    the door, in gwei.
    """

    log: Log
    lane: Lane
    request_id: RequestId
    receiver: str
    token_id: TokenId
    l1_amount: int
    fee_gwei: int


@dataclass(frozen=True, slots=True)
class Exited:
    """An owner's share was paid by proof. Amounts are layer-2 units; token_b is 0 but for shares of a pool."""

    log: Log
    account: AccountId
    token_id: TokenId
    receiver: str
    token_a: TokenId
    amount_a: Amount
    token_b: TokenId
    amount_b: Amount


BridgeEvent = (
    SwapRequested
    | DepositRequested
    | FullExitRequested
    | KeyRequested
    | PayoutFilled
    | PayoutPaid
    | PayoutDeferred
    | PendingBalanceWithdrawn
    | PendingBalancePushed
    | PushRefused
    | FeesCollected
    | BlocksAccepted
    | BlocksImported
    | PayoutsOwed
    | BlockExecuted
    | EndSet
    | Frozen
    | FreezeCalled
    | FreezeAnnounced
    | FreezeVoided
    | EndRaised
    | PathShown
    | EndDenied
    | EndFell
    | EndStands
    | MismatchShown
    | Seceded
    | MembersAnnounced
    | MembersReplaced
    | MemberRemoved
    | ExodusBegun
    | RequestCancelled
    | Exited
    | GovernanceEvent
)
"""The events of all contracts of a chain."""

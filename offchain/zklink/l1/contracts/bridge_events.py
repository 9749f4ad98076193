"""The events of a deployment's contracts, as records; `event_codec.py` reads them out of logs."""

from dataclasses import dataclass

from zklink.l1.transport.receipts import Log
from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.swap import SwapRequest
from zklink.protocol.ids import AccountId, Amount, BlockNumber, ChainId, Lane, Nonce, RequestId, TokenId
from zklink.protocol.messages import MessageKind


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
    """A full exit entered the account lane's queue."""

    log: Log
    request: FullExitRequest
    expires_at: int


RequestEvent = SwapRequested | DepositRequested | FullExitRequested
"""The events of requests that enter a queue; `event.request` is the request."""


@dataclass(frozen=True, slots=True)
class PayoutFilled:
    """A broker paid a recipient ahead of the block."""

    log: Log
    key: bytes
    broker: str
    recipient: bytes
    token_id: TokenId
    amount: Amount
    fee: Amount


@dataclass(frozen=True, slots=True)
class PayoutPaid:
    """A payout was executed; `kind` is the record's."""

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
class BlockCommitted:
    """A block was committed here."""

    log: Log
    number: BlockNumber
    block_commitment: bytes
    sync_hash: bytes


@dataclass(frozen=True, slots=True)
class BlocksProven:
    """Blocks first..last were proven here."""

    log: Log
    first: BlockNumber
    last: BlockNumber


@dataclass(frozen=True, slots=True)
class BlockAccepted:
    """Every block up to `number` is accepted here, for good; the committee signs this fact."""

    log: Log
    number: BlockNumber
    sync_hash: bytes


@dataclass(frozen=True, slots=True)
class BlockExecuted:
    """A block was executed here."""

    log: Log
    number: BlockNumber


@dataclass(frozen=True, slots=True)
class BlocksReverted:
    """Blocks above `to` were reverted here."""

    log: Log
    to: BlockNumber


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """This chain received a message: another chain has accepted blocks, or has frozen."""

    log: Log
    source_chain: ChainId
    number: BlockNumber
    sync_hash: bytes
    kind: MessageKind


@dataclass(frozen=True, slots=True)
class FactOpened:
    """Somebody opened a later fact about another chain down to this one."""

    log: Log
    source_chain: ChainId
    number: BlockNumber
    sync_hash: bytes


@dataclass(frozen=True, slots=True)
class Frozen:
    """The chain has frozen; `number` is the last block that it had accepted. The committee signs this fact as FRZ."""

    log: Log
    number: BlockNumber
    sync_hash: bytes


@dataclass(frozen=True, slots=True)
class CommonBlockFound:
    """The last block that every chain executes is known here."""

    log: Log
    number: BlockNumber


@dataclass(frozen=True, slots=True)
class ExodusBegun:
    """Exits are open here against the root of the last common block."""

    log: Log
    number: BlockNumber
    root: int


@dataclass(frozen=True, slots=True)
class RequestCancelled:
    """A request that no common block contains was cancelled and paid back (a full exit: nothing)."""

    log: Log
    lane: Lane
    request_id: RequestId
    receiver: str
    token_id: TokenId
    l1_amount: int


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


@dataclass(frozen=True, slots=True)
class TokenRegistered:
    """A token id got its meaning on this chain."""

    log: Log
    token_id: TokenId
    token: str
    chains: int
    l1_decimals: int
    layer2_decimals: int


@dataclass(frozen=True, slots=True)
class TokenLimitsChanged:
    """A token's smallest swap and largest custody here, in layer-2 units."""

    log: Log
    token_id: TokenId
    minimum: Amount
    cap: Amount


@dataclass(frozen=True, slots=True)
class TokenPaused:
    """New swaps and deposits of a token are stopped, or admitted again."""

    log: Log
    token_id: TokenId
    is_paused: bool


@dataclass(frozen=True, slots=True)
class KeyAuthorised:
    """An owner's consent to a new key was recorded."""

    log: Log
    deployment_hash: bytes
    owner: str
    account: AccountId
    nonce: Nonce
    public_key_hash: int


BridgeEvent = (
    SwapRequested
    | DepositRequested
    | FullExitRequested
    | PayoutFilled
    | PayoutPaid
    | PayoutDeferred
    | PendingBalanceWithdrawn
    | BlockCommitted
    | BlocksProven
    | BlockAccepted
    | BlockExecuted
    | BlocksReverted
    | MessageReceived
    | FactOpened
    | Frozen
    | CommonBlockFound
    | ExodusBegun
    | RequestCancelled
    | Exited
    | TokenRegistered
    | TokenLimitsChanged
    | TokenPaused
    | KeyAuthorised
)
"""The events of a chain's bridge, sync ledger and registries."""

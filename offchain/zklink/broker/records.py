"""What the broker is told, what it says, and what stands in its books; and its port to a chain. Never decides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Protocol

from zklink.l1.transport.receipts import Receipt
from zklink.operations.payout import Payout
from zklink.protocol.ids import Amount, BlockNumber, ChainId, TokenId


class FillState(Enum):
    """The state of a payout on its bridge."""

    OPEN = "open"
    MINE = "filled by this broker"
    OTHERS = "filled by another broker"
    EXECUTED = "already executed"


@dataclass(frozen=True, slots=True)
class Repayment:
    """What the execution of a filled payout paid for the fill: `amount` in layer-2 units to `receiver`. `is_ours`: that
    is where this broker wants to be repaid. `lead_seconds` lay between fill and payment.
    """

    receiver: str
    amount: Amount
    is_ours: bool
    lead_seconds: int


class FillPort(Protocol):
    """Port: one chain's bridge and tokens, with the broker's account behind it, and the address where it is repaid."""

    def fill_state(self, key: bytes) -> FillState:
        """The state of the payout with this key (32 bytes). Raises RpcUnavailable."""
        ...

    def l1_amount(self, token: TokenId, amount: Amount) -> int:
        """An amount in layer-2 units, converted to units of the token's contract on this chain."""
        ...

    def spendable(self, token: TokenId) -> int:
        """The balance that the bridge may pull from the broker, in L1 units; for native coin less a reserve for gas."""
        ...

    def gas_price(self) -> int:
        """The present price of gas, in wei. Raises RpcUnavailable."""
        ...

    def head(self) -> int:
        """The number of the newest block. Raises RpcUnavailable."""
        ...

    def find_repayment(self, key: bytes, from_block: int) -> Repayment | None:
        """What the execution of the payout with this key, in block `from_block` or later, paid for a fill, or to the
        recipient where nobody had filled. None if the node shows no such execution. Raises RpcUnavailable.
        """
        ...

    def fill(self, payout: Payout, l1_amount: int, block: BlockNumber) -> Receipt:
        """Pay the recipient `l1_amount` of a payout of `block` through the bridge, for a bounded amount of gas. Raises
        CallReverted and TransactionReverted if the bridge, the token or the recipient refuses, or if it takes more gas
        than that.
        """
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A payout of sealed block `block`; its request is in block `l1_block` of the source chain. A withdrawal has no
    request, so `l1_block` is None. `expires` is the last second (UNIX) of a block that can have this payout: the swap's
    deadline, or the withdrawal's `valid_until`.
    """

    payout: Payout
    block: BlockNumber
    l1_block: int | None
    expires: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """The chains as the node sees them: the newest block of each, the time (UNIX seconds), and the last block that the
    primary has accepted, finally; `paying`, the last block that each chain has, which it pays any moment. The time is
    the later one of the primary's and the world's: a primary that was halted comes back at the world's.
    """

    heights: Mapping[ChainId, int]
    now: int
    final: BlockNumber
    paying: Mapping[ChainId, BlockNumber] = field(default_factory=dict)


NOTHING_KNOWN: Final = Outlook({}, 0, BlockNumber(0))


class FillOutcome(Enum):
    """How an attempt ended."""

    FILLED = "filled"
    FOUND_FILLED = "found as filled by this broker"
    TAKEN = "somebody else was faster"
    TOO_LATE = "already executed"
    NO_INVENTORY = "not enough of the token, or not enough approved"
    HELD = "the bridge, the token or the recipient refuses it at present"
    REFUSED = "reverted when it was mined, left to execution"
    TOO_DEAR = "the fee does not pay for the gas at present"
    FAILED = "the chain, its node or this account failed"


AGAIN: Final = (FillOutcome.NO_INVENTORY, FillOutcome.TOO_DEAR, FillOutcome.FAILED, FillOutcome.HELD)
"""Outcomes after which the payout is tried again, behind the others."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to fill. The recipient gets `l1_amount`, in L1 units; there is a receipt only if this call sent a
    transaction; `reason` says who refused and why. `is_unclear`: it failed, and a transaction may be mined yet.
    """

    candidate: Candidate
    key: bytes
    outcome: FillOutcome
    l1_amount: int
    receipt: Receipt | None = None
    reason: str = ""
    is_unclear: bool = False


@dataclass(frozen=True, slots=True)
class Position:
    """A fill of this broker: it has paid the net amount, and the chain repays it at execution, with what its lead has
    earned of the fee. The fill was seen in block `l1_block` of its chain, 0 if unknown, and a reorganisation may have
    moved it since; the repayment was seen at height `repaid_at`.
    """

    candidate: Candidate
    key: bytes
    l1_block: int
    repaid_at: int | None = None
    is_retracted: bool = False
    """Whether the payout's block was unsealed, and no block has the payout since."""
    repayment: Repayment | None = None
    """What was paid to whom; None before that."""
    gas_wei: int = 0
    """The gas of the fill, in wei of its chain's coin; 0 if its receipt was lost."""

    @property
    def is_repaid(self) -> bool:
        return self.repaid_at is not None

    @property
    def net(self) -> Amount:
        """The amount that the broker paid, in layer-2 units."""
        return Amount(self.candidate.payout.amount - self.candidate.payout.fill_fee)

    @property
    def earned(self) -> int:
        """What the repayment gave beyond that, in layer-2 units; 0 before it."""
        return 0 if self.repayment is None else self.repayment.amount - self.net


@dataclass(frozen=True, slots=True)
class Look:
    """What a chain says about a fill at height `height`; `repayment` is None before execution, and where the node does
    not show it.
    """

    key: bytes
    state: FillState
    height: int
    repayment: Repayment | None

    @property
    def is_ours(self) -> bool:
        """Whether the chain has, or has repaid, a fill of this broker."""
        return self.state is FillState.MINE or (self.repayment is not None and self.repayment.is_ours)

    @property
    def is_others(self) -> bool:
        """Whether the payout was paid, and not to this broker."""
        return self.repayment is not None and not self.repayment.is_ours


@dataclass(frozen=True, slots=True)
class Books:
    """One token on one chain, in layer-2 units: paid in fills, of which `open` is not repaid yet; repaid, of which
    `earned` is fees. `fills` counts them, and `gas_wei` is the gas of those whose receipt is known.
    """

    paid: int = 0
    open: int = 0
    repaid: int = 0
    earned: int = 0
    fills: int = 0
    gas_wei: int = 0

    def add(self, position: Position) -> "Books":
        """With one more fill."""
        net, repayment = position.net, position.repayment
        return Books(
            paid=self.paid + net,
            open=self.open + (net if repayment is None else 0),
            repaid=self.repaid + (0 if repayment is None else repayment.amount),
            earned=self.earned + position.earned,
            fills=self.fills + 1,
            gas_wei=self.gas_wei + position.gas_wei,
        )


@dataclass(frozen=True, slots=True)
class Settlement:
    """What changed in the books: fills that are repaid, fills that a reorganisation took, and fills that were mined
    after their attempt had failed or that came back.
    """

    repaid: tuple[Position, ...]
    lost: tuple[Position, ...]
    found: tuple[Position, ...] = ()

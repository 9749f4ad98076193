"""The events of a chain's registry and timelock, as records; `event_codec.py` reads them out of logs."""

from dataclasses import dataclass

from zklink.l1.transport.receipts import Log
from zklink.protocol.ids import Amount, TokenId


@dataclass(frozen=True, slots=True)
class TokenRegistered:
    """A token id got its meaning on this chain."""

    log: Log
    token_id: TokenId
    token: str
    chains: int
    l1_decimals: int
    layer2_decimals: int
    token_class: int


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
class PriceChanged:
    """A door's price in gwei, from a time (UNIX seconds) on."""

    log: Log
    kind: int
    price_gwei: int
    counts_from: int


@dataclass(frozen=True, slots=True)
class PriceBoundsChanged:
    """The lowest and the highest price of a door, in gwei."""

    log: Log
    kind: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class SetterChanged:
    """Who sets prices."""

    log: Log
    setter: str


@dataclass(frozen=True, slots=True)
class FeeRecipientChanged:
    """Whom the fees belong to."""

    log: Log
    fee_recipient: str


@dataclass(frozen=True, slots=True)
class ProposedCall:
    """A call that a timelock makes later; `value_wei` goes with it."""

    target: str
    value_wei: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Proposed:
    """A timelock's owner proposes calls; anybody can execute them after the delay."""

    log: Log
    proposal_id: bytes
    calls: tuple[ProposedCall, ...]
    salt: bytes


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The owner takes a proposal back."""

    log: Log
    proposal_id: bytes


@dataclass(frozen=True, slots=True)
class Executed:
    """The calls of a proposal are made."""

    log: Log
    proposal_id: bytes


@dataclass(frozen=True, slots=True)
class Acted:
    """The owner has made a call at once."""

    log: Log
    target: str
    selector: bytes


@dataclass(frozen=True, slots=True)
class SwiftAllowed:
    """A function that the owner may call at once, told when the timelock is created."""

    log: Log
    target: str
    selector: bytes


@dataclass(frozen=True, slots=True)
class FoundingClosed:
    """The owner acts at once no more, but for what is swift."""

    log: Log


@dataclass(frozen=True, slots=True)
class OwnerNamed:
    """Who becomes the timelock's owner when it accepts."""

    log: Log
    coming: str


@dataclass(frozen=True, slots=True)
class OwnerChanged:
    """Who owns the timelock."""

    log: Log
    owner: str


GovernanceEvent = (
    TokenRegistered
    | TokenLimitsChanged
    | TokenPaused
    | PriceChanged
    | PriceBoundsChanged
    | SetterChanged
    | FeeRecipientChanged
    | Proposed
    | Cancelled
    | Executed
    | Acted
    | SwiftAllowed
    | FoundingClosed
    | OwnerNamed
    | OwnerChanged
)
"""What a governor has proposed, done and decided on a chain."""

"""When a fill is worth its risk. Pure: takes a payout and how final its request is, gives a verdict with the reason.

Until execution the broker carries the risk of a reseal and of a reorganisation on the source. The more a payout is
worth, the more confirmations its request must have; above the last tier it is left to execution.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from zklink.operations.swap import SwapPayout
from zklink.protocol.ids import FEE_DENOMINATOR, Amount, RecordKind, TokenId

ONE: Final = Amount(1)


class Verdict(Enum):
    """What to do about a payout, and why."""

    FILL = "fill"
    WAIT = "its request needs more confirmations"
    REFUND = "a refund is never filled"
    NO_FEE = "nobody offers a fill fee"
    LOW_FEE = "the fill fee is too low"
    UNKNOWN_TOKEN = "no policy for this token"
    TOO_LARGE = "too large for any tier"


@dataclass(frozen=True, slots=True)
class Tier:
    """Payouts up to `limit` (layer-2 units) need `extra_confirmations` beyond those of the source chain's profile."""

    limit: Amount
    extra_confirmations: int


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """Terms for one token: least fee (absolute and in 1/10,000 of the amount), tiers by ascending limit."""

    tiers: tuple[Tier, ...]
    minimum_fee: Amount = ONE
    minimum_rate: int = 0


@dataclass(frozen=True, slots=True)
class FillPolicy:
    """Terms per token; a token without terms is not filled."""

    tokens: Mapping[TokenId, TokenPolicy]

    def assess(self, payout: SwapPayout, confirmations: int, required: int) -> Verdict:
        """Judge a payout whose request has `confirmations`, where the source chain's profile asks for `required`."""
        if payout.kind != RecordKind.SWAP_PAID:
            return Verdict.REFUND
        if payout.fill_fee == 0:
            return Verdict.NO_FEE
        terms = self.tokens.get(payout.token)
        if terms is None:
            return Verdict.UNKNOWN_TOKEN
        if payout.fill_fee < max(terms.minimum_fee, payout.amount * terms.minimum_rate // FEE_DENOMINATOR):
            return Verdict.LOW_FEE
        tier = next((tier for tier in terms.tiers if payout.amount <= tier.limit), None)
        if tier is None:
            return Verdict.TOO_LARGE
        return Verdict.FILL if confirmations >= required + tier.extra_confirmations else Verdict.WAIT

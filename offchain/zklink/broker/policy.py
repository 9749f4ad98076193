"""Decides whether a fill is worth its risk: takes a payout and its request's confirmations, gives a verdict. Pure.

Until execution the broker carries the risk of a reseal and of a reorganisation on the source. The more a payout is
worth, the more confirmations its request must have; above the last tier it is left to execution. A payout depends on
the whole order of its block, also on requests of other chains: a tier with extra confirmations therefore also waits
until the primary has accepted the block, from when on no reseal can change it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from zklink.operations.payout import Payout
from zklink.protocol.ids import FEE_DENOMINATOR, Amount, TokenId


class Verdict(Enum):
    """The decision about a payout, with its reason."""

    FILL = "fill"
    WAIT = "its request needs more confirmations, or its block the primary's acceptance"
    NOT_FILLABLE = "the bridge pays it at execution: brokers advance swaps and withdrawals, no refunds"
    NO_FEE = "nobody offers a fill fee"
    LOW_FEE = "the fill fee is too low"
    NO_NET = "the fill fee leaves nothing for the recipient"
    EXCLUDED = "this recipient is never filled"
    UNKNOWN_TOKEN = "no policy for this token"
    TOO_LARGE = "too large for any tier"


@dataclass(frozen=True, slots=True)
class Tier:
    """Payouts up to `limit` (layer-2 units) need `extra_confirmations` beyond those of the source chain's profile; if
    that is more than none, their block must also be accepted by the primary.
    """

    limit: Amount
    extra_confirmations: int


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """Terms for one token: tiers by ascending limit, least fee (absolute and in 1/10,000 of the amount).

    `minimum_fee` has no default: it is the price of a fill's gas, in layer-2 units of this token.
    """

    tiers: tuple[Tier, ...]
    minimum_fee: Amount
    minimum_rate: int = 0


@dataclass(frozen=True, slots=True)
class FillPolicy:
    """Terms per token; the broker does not fill a token without terms, nor a payout to an `excluded` recipient. The
    broker itself is excluded, since the bridge cannot measure a transfer to oneself.
    """

    tokens: Mapping[TokenId, TokenPolicy]
    excluded: frozenset[bytes] = frozenset()

    def assess(self, payout: Payout, confirmations: int | None, required: int, *, is_accepted: bool) -> Verdict:
        """Judge a payout whose request has `confirmations`, where the source chain's profile asks for `required`; a
        withdrawal has no request, None. `is_accepted` says whether the primary has accepted its block.
        """
        if not payout.is_fillable:
            return Verdict.NOT_FILLABLE
        if payout.fill_fee == 0:
            return Verdict.NO_FEE
        if payout.fill_fee >= payout.amount:
            return Verdict.NO_NET
        if payout.recipient in self.excluded:
            return Verdict.EXCLUDED
        terms = self.tokens.get(payout.token)
        if terms is None:
            return Verdict.UNKNOWN_TOKEN
        if payout.fill_fee < max(terms.minimum_fee, payout.amount * terms.minimum_rate // FEE_DENOMINATOR):
            return Verdict.LOW_FEE
        tier = next((tier for tier in terms.tiers if payout.amount <= tier.limit), None)
        if tier is None:
            return Verdict.TOO_LARGE
        is_final = is_accepted or tier.extra_confirmations == 0
        is_confirmed = confirmations is None or confirmations >= required + tier.extra_confirmations
        return Verdict.FILL if is_final and is_confirmed else Verdict.WAIT

"""Decides whether a fill is worth its risk: takes a payout and its request's confirmations, gives a verdict. Pure.

Until execution the broker carries the risk of a reorganisation on the source and, until the primary has accepted the
block, finally, of a block that grows too old and is sealed again. The more a payout is worth, the more confirmations
its request must have; above the last tier it is left to execution. There are two kinds of tiers: those without extra
confirmations fill when a block is sealed, the others when the primary's acceptance of it is final, from when on nothing
can change it. A block that is sealed again gets a later time, at which what has expired is refunded or dropped: a
payout that would not outlive that waits for final acceptance, too.

A fill earns its fee in proportion to its lead before the payment, so what counts is the fee that is earned at the lead
that the broker expects (`leads.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from zklink.operations.payout import Payout
from zklink.protocol.ids import (
    DRIFT_SECONDS,
    FEE_DENOMINATOR,
    FILL_LEAD_SECONDS,
    MAX_AGE_SECONDS,
    Amount,
    ChainId,
    TokenId,
)

FINALITY_SECONDS: Final = 1_800
"""Longer than a chain takes to make a block final, and than its clock may be ahead."""

SLACK_SECONDS: Final = MAX_AGE_SECONDS + DRIFT_SECONDS + FINALITY_SECONDS
"""How long a payout must still be valid when it is filled. A block is sealed again only when a final block of the
primary is MAX_AGE_SECONDS younger; its own time may be DRIFT_SECONDS ahead of the primary, and what shows that it is
too old must become final first.
"""

FILL_GAS: Final = 130_000
"""Gas of a usual fill in a token."""

COIN_WEI: Final = 10**18

FIRST_LEAD_SECONDS: Final = FILL_LEAD_SECONDS
"""The lead that a broker expects on a chain where it has seen none: a proof alone takes longer."""


class Verdict(Enum):
    """The decision about a payout, with its reason."""

    FILL = "fill"
    WAIT = "its request needs more confirmations, or its block final acceptance; or it may expire in a reseal"
    NOT_FILLABLE = "the bridge pays it at execution: brokers advance swaps and withdrawals, no refunds"
    NO_FEE = "nobody offers a fill fee"
    LOW_FEE = "the fill fee is too low"
    SHORT_LEAD = "the payment comes so soon that a fill earns too little of its fee"
    NO_NET = "the fill fee leaves nothing for the recipient"
    EXCLUDED = "this recipient is never filled"
    UNKNOWN_TOKEN = "no policy for this token"
    TOO_LARGE = "too large for any tier"
    NOT_ASKED_FOR = "no confirmed request of its source chain asks for this payment"


@dataclass(frozen=True, slots=True)
class Tier:
    """Payouts up to `limit` (layer-2 units) need `extra_confirmations` beyond those of the source chain's profile; if
    that is more than none, their block must also be accepted by the primary, finally.
    """

    limit: Amount
    extra_confirmations: int


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """Terms for one token: tiers by ascending limit, least fee that is earned (absolute and in 1/10,000 of the amount).

    `minimum_fee` is in layer-2 units of this token; it covers a fill's gas where no price of the chain's coin is given.
    `coin_prices` are those prices: layer-2 units of this token for one whole coin (10^18 wei) of the destination. With
    them the least fee follows the destination's price of gas. At most `most_open` (layer-2 units) is paid on one chain
    and not repaid at a time.
    """

    tiers: tuple[Tier, ...]
    minimum_fee: Amount
    minimum_rate: int = 0
    coin_prices: Mapping[ChainId, int] = field(default_factory=dict)
    most_open: Amount | None = None


@dataclass(frozen=True, slots=True)
class FillPolicy:
    """Terms per token; the broker does not fill a token without terms, nor a payout to an `excluded` recipient. The
    broker itself is excluded, since the bridge cannot measure a transfer to oneself. `fill_gas` is what a fill takes,
    in gas; `slack_seconds` is for how long a payout must still be valid while its block may be sealed again;
    `first_lead_seconds` is the lead to expect on a chain before one was seen there.
    """

    tokens: Mapping[TokenId, TokenPolicy]
    excluded: frozenset[bytes] = frozenset()
    fill_gas: int = FILL_GAS
    slack_seconds: int = SLACK_SECONDS
    first_lead_seconds: int = FIRST_LEAD_SECONDS

    def compute_gas_fee(self, payout: Payout, gas_price_wei: int) -> Amount:
        """The price of a fill's gas at `gas_price_wei` (wei per gas), in layer-2 units of the payout's token, rounded
        up: gas x gas price x price of the coin. 0 without a price of the destination's coin.
        """
        terms = self.tokens.get(payout.token)
        coin_price = 0 if terms is None else terms.coin_prices.get(payout.chain, 0)
        return Amount(-(-self.fill_gas * gas_price_wei * coin_price // COIN_WEI))

    def assess(
        self,
        payout: Payout,
        confirmations: int | None,
        required: int,
        *,
        seconds_left: int,
        is_final: bool,
        lead_seconds: int = FILL_LEAD_SECONDS,
    ) -> Verdict:
        """Judge a payout whose request has `confirmations`, where the source chain's profile asks for `required`; a
        withdrawal has no request, None. `is_final` says whether the primary has accepted its block, finally.
        `seconds_left` is how long its cause is still valid, `lead_seconds` how long before the payment a fill is
        expected to be.
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
        least = max(terms.minimum_fee, payout.amount * terms.minimum_rate // FEE_DENOMINATOR, 1)
        if payout.fill_fee < least:
            return Verdict.LOW_FEE
        tier = next((tier for tier in terms.tiers if payout.amount <= tier.limit), None)
        if tier is None:
            return Verdict.TOO_LARGE
        if payout.compute_earned_fee(lead_seconds) < least:
            return Verdict.SHORT_LEAD
        is_settled = is_final or tier.extra_confirmations == 0
        is_lasting = is_final or seconds_left >= self.slack_seconds
        is_confirmed = confirmations is None or confirmations >= required + tier.extra_confirmations
        return Verdict.FILL if is_settled and is_lasting and is_confirmed else Verdict.WAIT

"""An operator's terms: the least fees of operations, and who may create which pools.

Takes a state and an operation that its own rules allow; refuses one that pays too little. Fees are counted in units of
work, so that the whole schedule is one number per token: the price of a unit of work. Never moves anything, and binds
only this sequencer: the state itself takes every fee.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from zklink.operations.add_liquidity import AddLiquidity
from zklink.operations.change_pub_key import ChangePubKey
from zklink.operations.claim_fees import ClaimFees
from zklink.operations.create_pool import CreatePool
from zklink.operations.forced_exit import ForcedExit
from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.pool_swap import PoolSwap
from zklink.operations.remove_liquidity import RemoveLiquidity
from zklink.operations.signed import Signed
from zklink.operations.transfer import Transfer
from zklink.operations.withdraw import Withdraw
from zklink.protocol.errors import (
    BalanceTooSmall,
    FeeTokenRefused,
    FeeTooLow,
    FieldInvalid,
    MatchFeesTooLow,
    PoolCreationReserved,
    PoolTokenUnknown,
)
from zklink.protocol.ids import FEE_DENOMINATOR, OPERATOR_ACCOUNT, Amount, TokenId
from zklink.protocol.packing import round_up_fee
from zklink.state.state import State
from zklink.transition.order_match import compute_fill

WORK: Final[Mapping[type, int]] = {
    Transfer: 1,
    Withdraw: 3,  # its payout is a transfer on L1
    ForcedExit: 3,
    ChangePubKey: 2,  # its chain reads four words and checks a consent
    PoolSwap: 2,  # a block has few pool slots
    AddLiquidity: 2,
    RemoveLiquidity: 2,
    CreatePool: 1_000,  # for ever, one of few, and no other of its pair can follow
    ClaimFees: 0,  # the operator's own
}
"""Units of work by operation; one unit is a ledger slot's share of the cost of proving and committing a block."""

OPENING_WORK: Final = 9
"""Extra units for a transfer that creates an account: its place in the tree is taken for ever."""

MATCH_WORK: Final = 2
"""Units of work of a match, which its two sides pay together by their fee rates."""


@dataclass(frozen=True, slots=True)
class PoolTerms:
    """The pools that may be created: by anyone or by the operator alone, with at most this fee (in 1/FEE_DENOMINATOR),
    between these tokens (None: any).
    """

    is_open: bool = True
    greatest_fee: int = FEE_DENOMINATOR - 1
    tokens: frozenset[TokenId] | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """The price of a unit of work in each token that fees are taken in, in layer-2 units; None: everything is free."""

    prices: Mapping[TokenId, int] | None = None
    pools: PoolTerms = field(default_factory=PoolTerms)

    def __post_init__(self) -> None:
        """ValueError for a price below 1."""
        for token, price in (self.prices or {}).items():
            if price < 1:
                raise ValueError(f"a unit of work costs {price} of token {token}: at least 1")

    def compute_least(self, work: int, token: TokenId) -> Amount:
        """The least fee for so many units of work that can be packed, in layer-2 units. Raises FeeTokenRefused."""
        if self.prices is None or not work:
            return Amount(0)
        return round_up_fee(work * self._price(token))

    def compute_fee(self, state: State, operation: Any) -> Amount:
        """The least fee of an operation in its own fee token, on this state. Raises FeeTokenRefused."""
        if self.prices is None:
            return Amount(0)
        return self.compute_least(compute_work(state, operation), operation.fee_token)

    def compute_fee_rate(self, token_buy: TokenId, amount_buy: int) -> int:
        """The least fee rate of an order that buys this much; FEE_DENOMINATOR if none is enough."""
        least = self.compute_least(MATCH_WORK, token_buy)
        return min(-(-least * FEE_DENOMINATOR // max(amount_buy, 1)), FEE_DENOMINATOR)

    def check(self, state: State, operation: Signed[Any] | OrderMatch) -> None:
        """Refuse an operation that pays too little: FeeTooLow, FeeTokenRefused, MatchFeesTooLow; for a new pool
        PoolCreationReserved, PoolTokenUnknown and FieldInvalid. The caller has run the operation's own check on this
        state.
        """
        if isinstance(operation, OrderMatch):
            self._check_match(state, operation)
            return
        signed = operation.operation
        if isinstance(signed, CreatePool):
            self._check_pool(signed)
        least = self.compute_fee(state, signed)
        if signed.fee < least:
            raise FeeTooLow(type(signed).__name__, signed.fee, signed.fee_token, least)

    def check_order(self, state: State, order: Order) -> None:
        """An order must pay for one match alone when it is filled in full, and its account must have the balance for
        that: FeeTooLow, FeeTokenRefused, BalanceTooSmall. So only the remainder of a partly filled order can be too
        small to pay.
        """
        least = self.compute_least(MATCH_WORK, order.token_buy)
        fee = order.amount_buy * order.fee_rate // FEE_DENOMINATOR
        if fee < least:
            raise FeeTooLow("Order", fee, order.token_buy, least)
        if least:
            bought = -(-least * FEE_DENOMINATOR // order.fee_rate)
            needed = -(-bought * order.amount_sell // order.amount_buy)
            if (balance := state.balance(order.account, order.token_sell)) < needed:
                raise BalanceTooSmall(order.account, order.token_sell, balance, needed)

    def _price(self, token: TokenId) -> int:
        prices = self.prices or {}
        if token not in prices:
            raise FeeTokenRefused(token, tuple(sorted(prices)))
        return prices[token]

    def _check_match(self, state: State, match: OrderMatch) -> None:
        """Both fees together, each at its token's price; without rounding."""
        if self.prices is None:
            return
        token_a, token_b = match.maker.operation.token_sell, match.maker.operation.token_buy
        price_a, price_b = self._price(token_a), self._price(token_b)
        fill = compute_fill(state, match)
        if fill.fee_maker * price_a + fill.fee_taker * price_b < MATCH_WORK * price_a * price_b:
            raise MatchFeesTooLow(
                fill.fee_taker, token_a, MATCH_WORK * price_a, fill.fee_maker, token_b, MATCH_WORK * price_b
            )

    def _check_pool(self, created: CreatePool) -> None:
        terms = self.pools
        if not terms.is_open and created.account != OPERATOR_ACCOUNT:
            raise PoolCreationReserved(created.account, OPERATOR_ACCOUNT)
        for token in (created.token_a, created.token_b):
            if terms.tokens is not None and token not in terms.tokens:
                raise PoolTokenUnknown(token, tuple(sorted(terms.tokens)))
        if created.pool_fee > terms.greatest_fee:
            raise FieldInvalid("create pool", "pool_fee", created.pool_fee, f"at most {terms.greatest_fee}")


FREE_OF_CHARGE: Final = Terms()
"""Terms without fees, for tests and measurements."""


def compute_work(state: State, operation: Any) -> int:
    """Units of work of a signed operation on this state, which decides whether a transfer creates an account."""
    opens = isinstance(operation, Transfer) and not state.accounts_of(operation.recipient)
    return WORK[type(operation)] + OPENING_WORK * opens

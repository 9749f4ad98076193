"""Pools and orders that do not allow a signed operation; each error says how to mend it (protocol, section 5)."""

from dataclasses import dataclass

from zklink.protocol.errors.base import OperationError


@dataclass(eq=False)
class SameToken(OperationError):
    """Both sides of a trade, a pool or an order are one token.
    Do: Name two different tokens.
    """

    token: int

    def __str__(self) -> str:
        return f"token {self.token} is on both sides: two different tokens are needed"


@dataclass(eq=False)
class TokensNotAscending(OperationError):
    """A pool's tokens are named with the higher id first.
    Do: Name the lower token id first.
    """

    token_a: int
    token_b: int

    def __str__(self) -> str:
        return f"a pool is named by its lower token id first: ({self.token_b}, {self.token_a})"


@dataclass(eq=False)
class PoolExists(OperationError):
    """The pair has a pool already.
    Do: Add liquidity to the pool that there is.
    """

    lower: int
    higher: int
    lp_token: int

    def __str__(self) -> str:
        return f"tokens {self.lower} and {self.higher} have a pool (LP token {self.lp_token}): add liquidity to it"


@dataclass(eq=False)
class NoSuchPool(OperationError):
    """The pair has no pool.
    Do: Create the pool first, or choose another pair.
    """

    lower: int
    higher: int

    def __str__(self) -> str:
        return f"tokens {self.lower} and {self.higher} have no pool: create one first"


@dataclass(eq=False)
class PoolsExhausted(OperationError):
    """No LP token id is left.
    Do: Use a pool that there is.
    """

    limit: int

    def __str__(self) -> str:
        return f"all {self.limit} LP token ids are in use"


@dataclass(eq=False)
class NoShares(OperationError):
    """Liquidity that would give no share, or shares that would give nothing.
    Do: Bring or give back more.
    """

    amount_a: int
    amount_b: int

    def __str__(self) -> str:
        return f"{self.amount_a} and {self.amount_b} are worth no share: offer more of both"


@dataclass(eq=False)
class SupplyTooSmall(OperationError):
    """More shares are given back than the pool has issued.
    Do: Give back at most `supply`.
    """

    lp_token: int
    supply: int
    shares: int

    def __str__(self) -> str:
        return f"LP token {self.lp_token} has a supply of {self.supply}, not {self.shares}"


@dataclass(eq=False)
class LimitNotMet(OperationError):
    """The result is worse than the signer's limit: less than asked for (`is_least`), or more than offered.
    Do: Sign again with another limit, or wait for a better price.
    """

    what: str
    value: int
    limit: int
    is_least: bool

    def __str__(self) -> str:
        side = "less than the least" if self.is_least else "more than the most"
        return f"{self.what} would be {self.value}, {side} that was signed: {self.limit}"


@dataclass(eq=False)
class OrderReplaced(OperationError):
    """A newer order has taken the order's slot.
    Do: Use the newer order.
    """

    account: int
    slot: int
    order_nonce: int
    current: int

    def __str__(self) -> str:
        return (
            f"order slot {self.slot} of account {self.account} is at order nonce {self.current}:"
            f" order {self.order_nonce} was replaced"
        )


@dataclass(eq=False)
class OrderFilled(OperationError):
    """An order does not have this much left to sell.
    Do: Match at most `remaining`.
    """

    account: int
    slot: int
    remaining: int
    needed: int

    def __str__(self) -> str:
        return (
            f"the order in slot {self.slot} of account {self.account} has {self.remaining} left to sell,"
            f" not {self.needed}"
        )


@dataclass(eq=False)
class PricesDoNotCross(OperationError):
    """The taker would get less than its price: amount_a * taker.amount_sell < amount_b * taker.amount_buy.
    Do: Leave the orders in the book until a price changes.
    """

    amount_a: int
    amount_b: int
    least_amount_a: int

    def __str__(self) -> str:
        return (
            f"for {self.amount_b} the taker asks for at least {self.least_amount_a},"
            f" and the maker gives {self.amount_a}"
        )


@dataclass(eq=False)
class OrdersDoNotMatch(OperationError):
    """Two orders do not sell the tokens that the other buys.
    Do: Match orders that sell each other's tokens.
    """

    maker_sells: int
    maker_buys: int
    taker_sells: int
    taker_buys: int

    def __str__(self) -> str:
        return (
            f"the maker sells token {self.maker_sells} for {self.maker_buys},"
            f" the taker sells {self.taker_sells} for {self.taker_buys}: they must be each other's reverse"
        )


@dataclass(eq=False)
class NothingToMatch(OperationError):
    """No amount above zero satisfies both orders.
    Do: Leave the orders unmatched: too little is left of one.
    """

    maker_remaining: int
    taker_remaining: int

    def __str__(self) -> str:
        return (
            f"nothing can be exchanged: the maker has {self.maker_remaining} left to sell,"
            f" the taker {self.taker_remaining}"
        )

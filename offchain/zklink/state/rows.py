"""The two kinds of leaves of the state: token rows and pools (docs/protocol.md, section 3)."""

from dataclasses import dataclass, replace
from typing import Final

from zklink.primitives.poseidon import poseidon
from zklink.protocol.errors import AmountOutOfRange, WrongReserveCount
from zklink.protocol.ids import AMOUNT_LIMIT, FEE_DENOMINATOR, MAX_CHAINS, TOKEN_BITS, Amount, ChainId, TokenId


@dataclass(frozen=True, slots=True)
class TokenRow:
    """The reserve of one token on each chain and the operator fees accrued in it. Chain k is `reserves[k - 1]`."""

    reserves: tuple[int, ...]
    fees: int

    def reserve(self, chain: ChainId) -> Amount:
        """The reserve of the token on `chain`, in layer-2 units."""
        return Amount(self.reserves[chain - 1])

    def add(self, chain: ChainId, delta: int, fee: int = 0) -> "TokenRow":
        """The row after `chain`'s reserve changed by `delta` and `fee` accrued; ranges are checked on storing."""
        reserves = list(self.reserves)
        reserves[chain - 1] += delta
        return TokenRow(tuple(reserves), self.fees + fee)

    def leaf(self) -> int:
        """H_9(reserve_1, .., reserve_8, fees)."""
        return poseidon([*self.reserves, self.fees])

    def check(self) -> None:
        """AmountOutOfRange or WrongReserveCount unless every number is an amount."""
        if len(self.reserves) != MAX_CHAINS:
            raise WrongReserveCount(MAX_CHAINS, len(self.reserves))
        for index, reserve in enumerate(self.reserves):
            check_amount(f"reserve on chain {index + 1}", reserve)
        check_amount("accrued fees", self.fees)


@dataclass(frozen=True, slots=True)
class Pool:
    """A constant-product pool between two tokens; `fee` in 1/FEE_DENOMINATOR, `lp_token` the id of its shares."""

    reserve_lower: int
    reserve_higher: int
    lp_supply: int
    fee: int
    lp_token: int

    @property
    def is_empty(self) -> bool:
        """Whether the pair has no pool."""
        return not self.lp_token

    def oriented(self, token_in: TokenId, token_out: TokenId) -> tuple[int, int]:
        """(x, y): the reserves on the side of `token_in` and of `token_out`."""
        if token_in < token_out:
            return self.reserve_lower, self.reserve_higher
        return self.reserve_higher, self.reserve_lower

    def traded(self, token_in: TokenId, token_out: TokenId, dx: int, out: int) -> "Pool":
        """The pool after `dx` came in and `out` went out; ranges are checked when it is stored."""
        if token_in < token_out:
            return replace(self, reserve_lower=self.reserve_lower + dx, reserve_higher=self.reserve_higher - out)
        return replace(self, reserve_lower=self.reserve_lower - out, reserve_higher=self.reserve_higher + dx)

    def leaf(self) -> int:
        """H_5(reserve_lower, reserve_higher, lp_supply, fee, lp_token)."""
        return poseidon([self.reserve_lower, self.reserve_higher, self.lp_supply, self.fee, self.lp_token])

    def check(self) -> None:
        """AmountOutOfRange unless every number is an amount and the fee is below FEE_DENOMINATOR."""
        check_amount("lower pool reserve", self.reserve_lower)
        check_amount("higher pool reserve", self.reserve_higher)
        check_amount("LP supply", self.lp_supply)
        if not 0 <= self.fee < FEE_DENOMINATOR:
            raise AmountOutOfRange("pool fee", self.fee, FEE_DENOMINATOR)
        if not 0 <= self.lp_token < 1 << TOKEN_BITS:
            raise AmountOutOfRange("LP token", self.lp_token, 1 << TOKEN_BITS)


EMPTY_TOKEN: Final = TokenRow((0,) * MAX_CHAINS, 0)
EMPTY_POOL: Final = Pool(0, 0, 0, 0, 0)


def check_amount(what: str, value: int) -> None:
    """AmountOutOfRange unless 0 <= value < 2^112."""
    if not 0 <= value < AMOUNT_LIMIT:
        raise AmountOutOfRange(what, value, AMOUNT_LIMIT)

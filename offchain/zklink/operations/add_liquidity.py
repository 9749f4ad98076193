"""The addition of liquidity to a pool (docs/protocol.md, section 5.10)."""

from dataclasses import dataclass
from typing import ClassVar

from zklink.operations.pool_data import PoolData, compute_pool_message
from zklink.protocol.ids import AccountId, Amount, Kind, Nonce, TokenId
from zklink.protocol.packing import pack_fee


@dataclass(frozen=True, slots=True)
class AddLiquidity:
    """At most `limit_a` and `limit_b` in, at least `limit_shares` shares out; `token_a` < `token_b`."""

    kind: ClassVar[Kind] = Kind.ADD_LIQUIDITY

    account: AccountId
    nonce: Nonce
    valid_until: int
    token_a: TokenId
    token_b: TokenId
    limit_a: Amount
    limit_b: Amount
    limit_shares: Amount
    fee: Amount
    fee_token: TokenId

    def message(self, domain: int) -> int:
        """M, the message that the account's key signs; FieldOutOfRange or FeeNotPackable."""
        return compute_pool_message(
            domain,
            self.kind,
            account=self.account,
            nonce=self.nonce,
            valid_until=self.valid_until,
            token_a=self.token_a,
            token_b=self.token_b,
            fee=self.fee,
            fee_token=self.fee_token,
            limit_a=self.limit_a,
            limit_b=self.limit_b,
            limit_shares=self.limit_shares,
        )

    def data(self, lp_token: TokenId, amount_a: Amount, amount_b: Amount, shares: Amount) -> PoolData:
        """The data record of its slot: the amounts that go in and the shares that come out."""
        return PoolData(
            self.kind,
            account=self.account,
            token_a=self.token_a,
            token_b=self.token_b,
            packed_fee=pack_fee(self.fee),
            fee_token=self.fee_token,
            lp_token=lp_token,
            amount_a=amount_a,
            amount_b=amount_b,
            shares=shares,
        )

"""The creation of a pool between two tokens (docs/protocol.md, section 5.9)."""

from dataclasses import dataclass
from typing import ClassVar

from zklink.operations.pool_data import PoolData, compute_pool_message
from zklink.protocol.ids import AccountId, Amount, Kind, Nonce, TokenId
from zklink.protocol.packing import pack_fee


@dataclass(frozen=True, slots=True)
class CreatePool:
    """A pool between `token_a` < `token_b`; `pool_fee` in 1/FEE_DENOMINATOR is for good."""

    kind: ClassVar[Kind] = Kind.CREATE_POOL

    account: AccountId
    nonce: Nonce
    valid_until: int
    token_a: TokenId
    token_b: TokenId
    pool_fee: int
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
            pool_fee=self.pool_fee,
        )

    def data(self, lp_token: TokenId) -> PoolData:
        """The data record of its slot; `lp_token` is the id that the pool's shares get."""
        return PoolData(
            self.kind,
            account=self.account,
            token_a=self.token_a,
            token_b=self.token_b,
            packed_fee=pack_fee(self.fee),
            fee_token=self.fee_token,
            lp_token=lp_token,
            pool_fee=self.pool_fee,
        )

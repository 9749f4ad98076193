"""The data that a pool slot publishes, and the message that its signer signs (docs/protocol.md, section 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from zklink.protocol.errors import WrongRecordField, WrongRecordKind
from zklink.protocol.ids import NO_TOKEN, AccountId, Amount, ChainId, Kind, Nonce, TokenId
from zklink.protocol.packing import pack_fee, unpack_fee
from zklink.protocol.signing import compute_message
from zklink.protocol.words import POOL_DATA_LAYOUTS, POOL_MESSAGE_LAYOUTS, unpack_record

POOL_KINDS: Final = (
    Kind.CREATE_POOL,
    Kind.ADD_LIQUIDITY,
    Kind.REMOVE_LIQUIDITY,
    Kind.POOL_SWAP,
    Kind.SHARE_EXIT,
)
NO_CHAIN: Final = ChainId(0)
NOTHING: Final = Amount(0)


@dataclass(frozen=True, slots=True)
class PoolData:
    """The decoded data record of a pool slot; a field that a kind does not use is 0. `packed_fee` is as it was
    signed; `chain` is the one that asked for a full exit of shares (kind 23).
    """

    kind: Kind
    account: AccountId
    token_a: TokenId
    token_b: TokenId
    packed_fee: int
    fee_token: TokenId
    lp_token: TokenId = NO_TOKEN
    pool_fee: int = 0
    amount_a: Amount = NOTHING
    amount_b: Amount = NOTHING
    shares: Amount = NOTHING
    chain: ChainId = NO_CHAIN

    @property
    def fee(self) -> Amount:
        """The operator's fee; FieldOutOfRange if it is no amount."""
        return unpack_fee(self.packed_fee)

    def words(self) -> tuple[int, int]:
        """d0 and d1; FieldOutOfRange, WrongRecordKind or WrongRecordField if the record is not well formed."""
        self._check()
        d0, d1 = POOL_DATA_LAYOUTS
        return (
            d0.pack(
                kind=self.kind,
                account=self.account,
                token_a=self.token_a,
                token_b=self.token_b,
                fee=self.packed_fee,
                fee_token=self.fee_token,
                lp_token=self.lp_token,
                pool_fee=self.pool_fee,
                amount_a=self.amount_a,
            ),
            d1.pack(chain=self.chain, amount_b=self.amount_b, shares=self.shares),
        )

    @classmethod
    def from_words(cls, words: Sequence[int]) -> "PoolData":
        """Read d0 and d1 back; refuses any other kind, length or set unused bit."""
        fields = unpack_record("pool data", POOL_DATA_LAYOUTS, words)
        if fields["kind"] not in POOL_KINDS:
            raise WrongRecordKind(POOL_KINDS, fields["kind"])
        data = cls(
            kind=Kind(fields["kind"]),
            account=AccountId(fields["account"]),
            token_a=TokenId(fields["token_a"]),
            token_b=TokenId(fields["token_b"]),
            packed_fee=fields["fee"],
            fee_token=TokenId(fields["fee_token"]),
            lp_token=TokenId(fields["lp_token"]),
            pool_fee=fields["pool_fee"],
            amount_a=Amount(fields["amount_a"]),
            amount_b=Amount(fields["amount_b"]),
            shares=Amount(fields["shares"]),
            chain=ChainId(fields["chain"]),
        )
        data._check()
        return data

    def _check(self) -> None:
        if self.kind not in POOL_KINDS:
            raise WrongRecordKind(POOL_KINDS, self.kind)
        if self.kind != Kind.SHARE_EXIT and self.chain:
            raise WrongRecordField("pool data", "chain", 0, self.chain)


def compute_pool_message(
    domain: int,
    kind: Kind,
    *,
    account: AccountId,
    nonce: Nonce,
    valid_until: int,
    token_a: TokenId,
    token_b: TokenId,
    fee: Amount,
    fee_token: TokenId,
    pool_fee: int = 0,
    limit_a: Amount = NOTHING,
    limit_b: Amount = NOTHING,
    limit_shares: Amount = NOTHING,
) -> int:
    """M of a pool operation; FieldOutOfRange or FeeNotPackable."""
    m0, m1, m2 = POOL_MESSAGE_LAYOUTS
    return compute_message(
        domain,
        m0.pack(
            kind=kind,
            account=account,
            nonce=nonce,
            valid_until=valid_until,
            token_a=token_a,
            token_b=token_b,
            fee=pack_fee(fee),
            fee_token=fee_token,
            pool_fee=pool_fee,
        ),
        m1.pack(limit_a=limit_a, limit_b=limit_b),
        m2.pack(limit_shares=limit_shares),
    )

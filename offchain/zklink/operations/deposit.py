"""The deposit: a token in on one chain, a balance out (docs/protocol.md, sections 4 and 5.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from zklink.operations.account_record import AccountWords, pack_account_record, unpack_account_record
from zklink.operations.ledger_data import NO_ACCOUNT, LedgerData
from zklink.protocol.errors import WrongRecordField
from zklink.protocol.ids import AccountId, Amount, ChainId, Kind, RequestId, TokenId


@dataclass(frozen=True, slots=True)
class DepositRequest:
    """One entry of a chain's account-lane queue. Addresses are universal (32 bytes), times are UNIX seconds.

    `refund_to` gets the amount back in exodus. `account` is the one that the depositor names, 0 for none; `by_owner`
    says that the owner itself sent it.
    """

    kind: ClassVar[Kind] = Kind.DEPOSIT

    source: ChainId
    request_id: RequestId
    token: TokenId
    amount: Amount
    owner: bytes
    refund_to: bytes
    queued_at: int
    account: AccountId = NO_ACCOUNT
    by_owner: bool = False
    native_fee_gwei: int = 0

    def words(self) -> AccountWords:
        """r0..r3; FieldOutOfRange or WrongAddressLength if the request is not well formed."""
        return pack_account_record(
            self.kind,
            source=self.source,
            id=self.request_id,
            token=self.token,
            account=self.account,
            amount=self.amount,
            owner=self.owner,
            second=self.refund_to,
            by_owner=self.by_owner,
            native_fee_gwei=self.native_fee_gwei,
            time=self.queued_at,
        )

    @classmethod
    def from_words(cls, words: Sequence[int]) -> "DepositRequest":
        """Read r0..r3 back; refuses anything that is not exactly a deposit."""
        fields, owner, refund_to = unpack_account_record("deposit", cls.kind, ("mask",), words)
        if fields["by_owner"] > 1:
            raise WrongRecordField("deposit", "by_owner", 1, fields["by_owner"])
        return cls(
            source=ChainId(fields["source"]),
            request_id=RequestId(fields["id"]),
            token=TokenId(fields["token"]),
            amount=Amount(fields["amount"]),
            owner=owner,
            refund_to=refund_to,
            queued_at=fields["time"],
            account=AccountId(fields["account"]),
            by_owner=bool(fields["by_owner"]),
            native_fee_gwei=fields["native_fee_gwei"],
        )

    def data(self, target: AccountId) -> LedgerData:
        """The data record of its slot; `target` is the account that is credited."""
        return LedgerData(
            self.kind,
            account=self.account,
            target=target,
            token=self.token,
            chain=self.source,
            amount=self.amount,
        )

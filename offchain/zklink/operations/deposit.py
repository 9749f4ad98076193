"""The deposit: a token in on one chain, a balance out (docs/protocol.md, sections 4 and 5.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from zklink.operations.account_record import AccountWords, pack_account_record, unpack_account_record
from zklink.operations.ledger_data import LedgerData
from zklink.protocol.ids import AccountId, Amount, ChainId, Kind, RequestId, TokenId


@dataclass(frozen=True, slots=True)
class DepositRequest:
    """One entry of a chain's account-lane queue. Addresses are universal (32 bytes), times are UNIX seconds."""

    kind: ClassVar[Kind] = Kind.DEPOSIT

    source: ChainId
    request_id: RequestId
    token: TokenId
    amount: Amount
    owner: bytes
    sender: bytes
    queued_at: int

    def words(self) -> AccountWords:
        """r0..r3; FieldOutOfRange or WrongAddressLength if the request is not well formed."""
        return pack_account_record(
            self.kind,
            source=self.source,
            id=self.request_id,
            token=self.token,
            amount=self.amount,
            owner=self.owner,
            second=self.sender,
            queued_at=self.queued_at,
        )

    @classmethod
    def from_words(cls, words: Sequence[int]) -> "DepositRequest":
        """Read r0..r3 back; refuses anything that is not exactly a deposit."""
        fields, owner, sender = unpack_account_record("deposit", cls.kind, ("account",), words)
        return cls(
            source=ChainId(fields["source"]),
            request_id=RequestId(fields["id"]),
            token=TokenId(fields["token"]),
            amount=Amount(fields["amount"]),
            owner=owner,
            sender=sender,
            queued_at=fields["queued_at"],
        )

    def data(self, target: AccountId) -> LedgerData:
        """The data record of its slot; `target` is the account that is credited."""
        return LedgerData(self.kind, target=target, token=self.token, chain=self.source, amount=self.amount)

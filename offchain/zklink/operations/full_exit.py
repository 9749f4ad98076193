"""The full exit: a request by which an owner takes a balance out, made on L1 (docs/protocol.md, sections 4 and 5.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from zklink.operations.account_record import AccountWords, pack_account_record, unpack_account_record
from zklink.operations.ledger_data import LedgerData
from zklink.operations.payout import Payout
from zklink.protocol.errors import WrongRecordField
from zklink.protocol.ids import AccountId, Amount, ChainId, Kind, RequestId, TokenId


@dataclass(frozen=True, slots=True)
class FullExitRequest:
    """One entry of a chain's account-lane queue; `owner` (32 bytes) sent it. Times are UNIX seconds."""

    kind: ClassVar[Kind] = Kind.FULL_EXIT

    source: ChainId
    request_id: RequestId
    account: AccountId
    token: TokenId
    owner: bytes
    queued_at: int

    def words(self) -> AccountWords:
        """r0..r3; FieldOutOfRange or WrongAddressLength if the request is not well formed."""
        return pack_account_record(
            self.kind,
            source=self.source,
            id=self.request_id,
            token=self.token,
            account=self.account,
            owner=self.owner,
            second=self.owner,
            queued_at=self.queued_at,
        )

    @classmethod
    def from_words(cls, words: Sequence[int]) -> "FullExitRequest":
        """Read r0..r3 back; refuses anything that is not exactly a full exit."""
        fields, owner, second = unpack_account_record("full exit", cls.kind, ("amount",), words)
        if second != owner:
            raise WrongRecordField("full exit", "second", int.from_bytes(owner, "big"), int.from_bytes(second, "big"))
        return cls(
            source=ChainId(fields["source"]),
            request_id=RequestId(fields["id"]),
            account=AccountId(fields["account"]),
            token=TokenId(fields["token"]),
            owner=owner,
            queued_at=fields["queued_at"],
        )

    def data(self, amount: Amount) -> LedgerData:
        """The data record of its slot; `amount` is the amount paid, possibly 0."""
        return LedgerData(self.kind, target=self.account, token=self.token, chain=self.source, amount=amount)

    def payout(self, amount: Amount) -> Payout:
        """The payout of its chain; one of amount 0 is a payout, too."""
        return Payout(
            kind=Kind.FULL_EXIT_PAYOUT,
            source=self.source,
            chain=self.source,
            id=self.request_id,
            token=self.token,
            amount=amount,
            recipient=self.owner,
            fill_fee=Amount(0),
        )

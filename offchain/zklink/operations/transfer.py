"""The transfer, also to an owner that has no account yet (docs/protocol.md, section 5.4)."""

from dataclasses import dataclass
from typing import ClassVar

from zklink.operations.ledger_data import LedgerData, compute_ledger_message
from zklink.protocol.addresses import ZERO_ADDRESS
from zklink.protocol.ids import AccountId, Amount, Kind, Nonce, TokenId
from zklink.protocol.packing import pack_fee


@dataclass(frozen=True, slots=True)
class Transfer:
    """`amount` of `token` to an account of the owner `recipient` (32 bytes); the fee is in the same token."""

    kind: ClassVar[Kind] = Kind.TRANSFER

    account: AccountId
    nonce: Nonce
    valid_until: int
    token: TokenId
    amount: Amount
    fee: Amount
    recipient: bytes

    @property
    def fee_token(self) -> TokenId:
        """The token that the fee is paid in."""
        return self.token

    def message(self, domain: int) -> int:
        """M, the message that the account's key signs; FieldOutOfRange, WrongAddressLength or FeeNotPackable."""
        return compute_ledger_message(
            domain,
            self.kind,
            account=self.account,
            nonce=self.nonce,
            valid_until=self.valid_until,
            token=self.token,
            fee=self.fee,
            fee_token=self.token,
            party=self.recipient,
            amount=self.amount,
        )

    def data(self, target: AccountId, *, is_new: bool) -> LedgerData:
        """The data record of its slot; `target` is the account that is credited, created by it or not."""
        return LedgerData(
            Kind.TRANSFER_NEW if is_new else Kind.TRANSFER,
            account=self.account,
            target=target,
            token=self.token,
            packed_fee=pack_fee(self.fee),
            fee_token=self.token,
            amount=self.amount,
            owner=self.recipient if is_new else ZERO_ADDRESS,
        )

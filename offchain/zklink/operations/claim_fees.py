"""The operator's claim of accrued fees (docs/protocol.md, section 5.7)."""

from dataclasses import dataclass
from typing import ClassVar

from zklink.operations.ledger_data import LedgerData, compute_ledger_message
from zklink.protocol.ids import AccountId, Amount, Kind, Nonce, TokenId
from zklink.protocol.packing import pack_fee


@dataclass(frozen=True, slots=True)
class ClaimFees:
    """Moves `amount` of the accrued fees of `token` to account 0, which is the only one that may."""

    kind: ClassVar[Kind] = Kind.CLAIM_FEES

    account: AccountId
    nonce: Nonce
    valid_until: int
    token: TokenId
    amount: Amount
    fee: Amount

    @property
    def fee_token(self) -> TokenId:
        """The token that the fee is paid in."""
        return self.token

    def message(self, domain: int) -> int:
        """M, the message that the operator's key signs; FieldOutOfRange or FeeNotPackable."""
        return compute_ledger_message(
            domain,
            self.kind,
            account=self.account,
            nonce=self.nonce,
            valid_until=self.valid_until,
            token=self.token,
            fee=self.fee,
            fee_token=self.token,
            amount=self.amount,
        )

    def data(self) -> LedgerData:
        """The data record of its slot."""
        return LedgerData(
            self.kind,
            account=self.account,
            token=self.token,
            packed_fee=pack_fee(self.fee),
            fee_token=self.token,
            amount=self.amount,
        )

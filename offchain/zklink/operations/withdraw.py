"""The withdrawal to any address on a chain, normal or fast (docs/protocol.md, section 5.5)."""

from dataclasses import dataclass
from typing import ClassVar

from zklink.operations.ledger_data import LedgerData, compute_ledger_message
from zklink.operations.payout import NO_CHAIN, Payout, compute_operation_id
from zklink.protocol.ids import AccountId, Amount, ChainId, Kind, Nonce, TokenId
from zklink.protocol.packing import pack_fee


@dataclass(frozen=True, slots=True)
class Withdraw:
    """`amount` of `token` to `recipient` (32 bytes) on `chain`; a `fill_fee` asks a broker to pay the rest at once."""

    kind: ClassVar[Kind] = Kind.WITHDRAW

    account: AccountId
    nonce: Nonce
    valid_until: int
    token: TokenId
    amount: Amount
    fee: Amount
    chain: ChainId
    recipient: bytes
    fill_fee: Amount

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
            chain=self.chain,
            party=self.recipient,
            amount=self.amount,
            fill_fee=self.fill_fee,
        )

    def data(self) -> LedgerData:
        """The data record of its slot."""
        return LedgerData(
            self.kind,
            account=self.account,
            token=self.token,
            packed_fee=pack_fee(self.fee),
            fee_token=self.token,
            chain=self.chain,
            amount=self.amount,
        )

    def payout(self) -> Payout:
        """The payout of its chain; the amount includes the fill fee."""
        return Payout(
            kind=Kind.WITHDRAW_PAYOUT,
            source=NO_CHAIN,
            chain=self.chain,
            id=compute_operation_id(self.account, self.nonce),
            token=self.token,
            amount=self.amount,
            recipient=self.recipient,
            fill_fee=self.fill_fee,
        )

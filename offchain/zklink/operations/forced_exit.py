"""The forced exit of another's account that has no key (docs/protocol.md, section 5.6)."""

from dataclasses import dataclass
from typing import ClassVar

from zklink.operations.ledger_data import LedgerData, compute_ledger_message
from zklink.operations.payout import NO_CHAIN, Payout, compute_operation_id
from zklink.protocol.ids import AccountId, Amount, ChainId, Kind, Nonce, TokenId
from zklink.protocol.packing import pack_fee


@dataclass(frozen=True, slots=True)
class ForcedExit:
    """Pays the whole balance of `token` of `target` to its owner on `chain`; `account` pays the fee."""

    kind: ClassVar[Kind] = Kind.FORCED_EXIT

    account: AccountId
    nonce: Nonce
    valid_until: int
    target: AccountId
    token: TokenId
    chain: ChainId
    fee: Amount
    fee_token: TokenId

    def message(self, domain: int) -> int:
        """M, the message that the initiator's key signs; FieldOutOfRange or FeeNotPackable. It names no amount."""
        return compute_ledger_message(
            domain,
            self.kind,
            account=self.account,
            nonce=self.nonce,
            valid_until=self.valid_until,
            token=self.token,
            fee=self.fee,
            fee_token=self.fee_token,
            chain=self.chain,
            target=self.target,
        )

    def data(self, amount: Amount) -> LedgerData:
        """The data record of its slot; `amount` is the target's balance."""
        return LedgerData(
            self.kind,
            account=self.account,
            target=self.target,
            token=self.token,
            packed_fee=pack_fee(self.fee),
            fee_token=self.fee_token,
            chain=self.chain,
            amount=amount,
        )

    def payout(self, owner: bytes, amount: Amount) -> Payout:
        """The payout of its chain to the target's owner, in layer-2 units."""
        return Payout(
            kind=Kind.FORCED_EXIT_PAYOUT,
            source=NO_CHAIN,
            chain=self.chain,
            id=compute_operation_id(self.account, self.nonce),
            token=self.token,
            amount=amount,
            recipient=owner,
            fill_fee=Amount(0),
        )

"""The order: a signed offer to exchange one token for another (docs/protocol.md, section 5.13)."""

from dataclasses import dataclass
from typing import ClassVar

from zklink.protocol.ids import AccountId, Amount, Kind, Nonce, OrderSlot, TokenId
from zklink.protocol.signing import compute_message
from zklink.protocol.words import ORDER_MESSAGE_LAYOUTS


@dataclass(frozen=True, slots=True)
class Order:
    """Sells up to `amount_sell` of `token_sell` for `token_buy` at no worse than amount_sell : amount_buy.

    It lives in the account's order slot until a higher `order_nonce` replaces it there; `fee_rate` is the operator's
    share of the amount bought, in 1/FEE_DENOMINATOR.
    """

    kind: ClassVar[Kind] = Kind.ORDER

    account: AccountId
    slot: OrderSlot
    order_nonce: Nonce
    valid_until: int
    token_sell: TokenId
    token_buy: TokenId
    amount_sell: Amount
    amount_buy: Amount
    fee_rate: int

    def message(self, domain: int) -> int:
        """M, the message that the account's key signs; FieldOutOfRange."""
        m0, m1 = ORDER_MESSAGE_LAYOUTS
        return compute_message(
            domain,
            m0.pack(
                kind=self.kind,
                account=self.account,
                slot=self.slot,
                order_nonce=self.order_nonce,
                valid_until=self.valid_until,
                token_sell=self.token_sell,
                token_buy=self.token_buy,
                fee_rate=self.fee_rate,
            ),
            m1.pack(amount_sell=self.amount_sell, amount_buy=self.amount_buy),
            0,
        )

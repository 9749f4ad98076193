"""The match of two orders, and the data that its slot publishes (docs/protocol.md, sections 4 and 5.13)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from zklink.operations.order import Order
from zklink.operations.signed import Signed
from zklink.protocol.errors import WrongRecordKind
from zklink.protocol.ids import AccountId, Amount, Kind, Nonce, OrderSlot, TokenId
from zklink.protocol.words import ORDER_DATA_LAYOUTS, unpack_record


@dataclass(frozen=True, slots=True)
class OrderMatch:
    """Two signed orders; `amount_a` is the amount that the maker sells, None for the largest that both orders allow."""

    kind: ClassVar[Kind] = Kind.ORDER_MATCH

    maker: Signed[Order]
    taker: Signed[Order]
    amount_a: Amount | None = None

    def data(self, amount_a: Amount, amount_b: Amount) -> "OrderData":
        """The data record of its slot: the two amounts that are exchanged."""
        maker, taker = self.maker.operation, self.taker.operation
        return OrderData(
            maker=maker.account,
            taker=taker.account,
            token_a=maker.token_sell,
            token_b=maker.token_buy,
            maker_slot=maker.slot,
            taker_slot=taker.slot,
            amount_a=amount_a,
            amount_b=amount_b,
            maker_nonce=maker.order_nonce,
            taker_nonce=taker.order_nonce,
            maker_fee_rate=maker.fee_rate,
            taker_fee_rate=taker.fee_rate,
        )


@dataclass(frozen=True, slots=True)
class OrderData:
    """The decoded data record of an order slot: `amount_a` from maker to taker, `amount_b` the other way."""

    kind: ClassVar[Kind] = Kind.ORDER_MATCH

    maker: AccountId
    taker: AccountId
    token_a: TokenId
    token_b: TokenId
    maker_slot: OrderSlot
    taker_slot: OrderSlot
    amount_a: Amount
    amount_b: Amount
    maker_nonce: Nonce
    taker_nonce: Nonce
    maker_fee_rate: int
    taker_fee_rate: int

    def words(self) -> tuple[int, int]:
        """d0 and d1; FieldOutOfRange if the record is not well formed."""
        d0, d1 = ORDER_DATA_LAYOUTS
        return (
            d0.pack(
                kind=self.kind,
                maker=self.maker,
                taker=self.taker,
                token_a=self.token_a,
                token_b=self.token_b,
                maker_slot=self.maker_slot,
                taker_slot=self.taker_slot,
                amount_a=self.amount_a,
            ),
            d1.pack(
                maker_nonce=self.maker_nonce,
                taker_nonce=self.taker_nonce,
                maker_fee_rate=self.maker_fee_rate,
                taker_fee_rate=self.taker_fee_rate,
                amount_b=self.amount_b,
            ),
        )

    @classmethod
    def from_words(cls, words: Sequence[int]) -> "OrderData":
        """Read d0 and d1 back; refuses any other kind, length or set unused bit."""
        fields = unpack_record("order data", ORDER_DATA_LAYOUTS, words)
        if fields["kind"] != cls.kind:
            raise WrongRecordKind((cls.kind,), fields["kind"])
        return cls(
            maker=AccountId(fields["maker"]),
            taker=AccountId(fields["taker"]),
            token_a=TokenId(fields["token_a"]),
            token_b=TokenId(fields["token_b"]),
            maker_slot=OrderSlot(fields["maker_slot"]),
            taker_slot=OrderSlot(fields["taker_slot"]),
            amount_a=Amount(fields["amount_a"]),
            amount_b=Amount(fields["amount_b"]),
            maker_nonce=Nonce(fields["maker_nonce"]),
            taker_nonce=Nonce(fields["taker_nonce"]),
            maker_fee_rate=fields["maker_fee_rate"],
            taker_fee_rate=fields["taker_fee_rate"],
        )

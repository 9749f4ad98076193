"""The swap's request and its words (docs/protocol.md, sections 4 and 5.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from zklink.protocol.addresses import join_address, split_address
from zklink.protocol.errors import WrongRecordKind
from zklink.protocol.ids import NO_TOKEN, Amount, ChainId, Kind, RequestId, TokenId
from zklink.protocol.words import SWAP_REQUEST_LAYOUTS, unpack_record

Leg: TypeAlias = tuple[TokenId, TokenId]
"""A trade: token in, token out."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way from one token to another: `via` is the token between, 0 for none; `out` is in units of the token out."""

    via: TokenId
    out: Amount


@dataclass(frozen=True, slots=True)
class SwapRequest:
    """One entry of a chain's priority queue. Addresses are universal (32 bytes), times are UNIX seconds.

    `amount` and `operator_fee` are in units of `token_in`; `min_out` and `fill_fee` in units of `token_out`. A refund
    pays `refund_to` on the source. `via` is the token between, 0 for none.
    """

    kind: ClassVar[Kind] = Kind.SWAP_REQUEST

    source: ChainId
    destination: ChainId
    request_id: RequestId
    token_in: TokenId
    token_out: TokenId
    amount: Amount
    min_out: Amount
    operator_fee: Amount
    fill_fee: Amount
    deadline: int
    queued_at: int
    recipient: bytes
    refund_to: bytes
    native_fee_gwei: int = 0
    via: TokenId = NO_TOKEN

    def legs(self) -> tuple[Leg, ...]:
        """The trades in order: none between equal tokens, two with a token between."""
        return split_route(self.token_in, self.via, self.token_out)

    def words(self) -> tuple[int, int, int, int, int]:
        """w0..w4; FieldOutOfRange or WrongAddressLength if the request is not well formed."""
        recipient_hi, recipient_lo = split_address("recipient", self.recipient)
        refund_to_hi, refund_to_lo = split_address("refund_to", self.refund_to)
        w0, w1, w2, w3, w4 = SWAP_REQUEST_LAYOUTS
        return (
            w0.pack(
                kind=self.kind,
                source=self.source,
                destination=self.destination,
                request_id=self.request_id,
                token_in=self.token_in,
                token_out=self.token_out,
                amount=self.amount,
            ),
            w1.pack(
                min_out=self.min_out,
                operator_fee=self.operator_fee,
                recipient_hi=recipient_hi,
                refund_to_hi=refund_to_hi,
            ),
            w2.pack(
                native_fee_gwei=self.native_fee_gwei,
                via=self.via,
                fill_fee=self.fill_fee,
                deadline=self.deadline,
                queued_at=self.queued_at,
            ),
            w3.pack(recipient_lo=recipient_lo),
            w4.pack(refund_to_lo=refund_to_lo),
        )

    @classmethod
    def from_words(cls, words: Sequence[int]) -> "SwapRequest":
        """Read w0..w4 back; refuses any other kind, length or set unused bit."""
        fields = unpack_record("swap request", SWAP_REQUEST_LAYOUTS, words)
        if fields["kind"] != cls.kind:
            raise WrongRecordKind((cls.kind,), fields["kind"])
        return cls(
            source=ChainId(fields["source"]),
            destination=ChainId(fields["destination"]),
            request_id=RequestId(fields["request_id"]),
            token_in=TokenId(fields["token_in"]),
            token_out=TokenId(fields["token_out"]),
            amount=Amount(fields["amount"]),
            min_out=Amount(fields["min_out"]),
            operator_fee=Amount(fields["operator_fee"]),
            fill_fee=Amount(fields["fill_fee"]),
            deadline=fields["deadline"],
            queued_at=fields["queued_at"],
            recipient=join_address(fields["recipient_hi"], fields["recipient_lo"]),
            refund_to=join_address(fields["refund_to_hi"], fields["refund_to_lo"]),
            native_fee_gwei=fields["native_fee_gwei"],
            via=TokenId(fields["via"]),
        )


def split_route(token_in: TokenId, via: TokenId, token_out: TokenId) -> tuple[Leg, ...]:
    """The trades of a swap in order: none between equal tokens, two with a token between (`via` not 0)."""
    if via != NO_TOKEN:
        return (token_in, via), (via, token_out)
    return () if token_in == token_out else ((token_in, token_out),)

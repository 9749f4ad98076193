"""The swap: its request, its payout and their words (docs/protocol.md, sections 4 and 5.1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from zklink.protocol.chain import compute_fill_key
from zklink.protocol.errors import WrongAddressLength, WrongRecordKind, WrongWordCount
from zklink.protocol.ids import WORD_BITS, WORD_LIMIT, Amount, ChainId, RecordKind, RequestId, TokenId
from zklink.protocol.words import PAYOUT_WORDS, REQUEST_WORDS, SWAP_PAYOUT_LAYOUTS, SWAP_REQUEST_LAYOUTS

PAYOUT_KINDS = (RecordKind.SWAP_PAID, RecordKind.SWAP_REFUNDED)


@dataclass(frozen=True, slots=True)
class SwapRequest:
    """One entry of a chain's priority queue. Addresses are universal (32 bytes), times are UNIX seconds.

    `amount` and `operator_fee` are in units of `token_in`; `min_out` and `fill_fee` in units of `token_out`.
    """

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
    sender: bytes

    def words(self) -> tuple[int, int, int, int, int]:
        """w0..w4; FieldOutOfRange or WrongAddressLength if the request is not well formed."""
        recipient_hi, recipient_lo = split_address("recipient", self.recipient)
        sender_hi, sender_lo = split_address("sender", self.sender)
        w0, w1, w2, w3, w4 = SWAP_REQUEST_LAYOUTS
        return (
            w0.pack(
                kind=RecordKind.SWAP_REQUEST,
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
                sender_hi=sender_hi,
            ),
            w2.pack(fill_fee=self.fill_fee, deadline=self.deadline, queued_at=self.queued_at),
            w3.pack(recipient_lo=recipient_lo),
            w4.pack(sender_lo=sender_lo),
        )

    @classmethod
    def from_words(cls, words: Sequence[int]) -> "SwapRequest":
        """Read w0..w4 back; refuses any other kind, length or set unused bit."""
        fields = _unpack_record("swap request", REQUEST_WORDS, words)
        if fields["kind"] != RecordKind.SWAP_REQUEST:
            raise WrongRecordKind((RecordKind.SWAP_REQUEST,), fields["kind"])
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
            sender=join_address(fields["sender_hi"], fields["sender_lo"]),
        )


@dataclass(frozen=True, slots=True)
class SwapPayout:
    """What `chain` owes for a request of `source`: the output (paid) or the whole input (refunded)."""

    kind: RecordKind
    source: ChainId
    chain: ChainId
    request_id: RequestId
    token: TokenId
    amount: Amount
    recipient: bytes
    fill_fee: Amount

    @classmethod
    def paid(cls, request: SwapRequest, out: Amount) -> "SwapPayout":
        """The payout of `out` on the destination."""
        return cls(
            kind=RecordKind.SWAP_PAID,
            source=request.source,
            chain=request.destination,
            request_id=request.request_id,
            token=request.token_out,
            amount=out,
            recipient=request.recipient,
            fill_fee=request.fill_fee,
        )

    @classmethod
    def refunded(cls, request: SwapRequest) -> "SwapPayout":
        """The refund of everything on the source, without fees."""
        return cls(
            kind=RecordKind.SWAP_REFUNDED,
            source=request.source,
            chain=request.source,
            request_id=request.request_id,
            token=request.token_in,
            amount=request.amount,
            recipient=request.sender,
            fill_fee=Amount(0),
        )

    def words(self) -> tuple[int, int, int]:
        """p0..p2; FieldOutOfRange, WrongAddressLength or WrongRecordKind if the payout is not well formed."""
        if self.kind not in PAYOUT_KINDS:
            raise WrongRecordKind(PAYOUT_KINDS, self.kind)
        recipient_hi, recipient_lo = split_address("recipient", self.recipient)
        p0, p1, p2 = SWAP_PAYOUT_LAYOUTS
        return (
            p0.pack(
                kind=self.kind,
                source=self.source,
                chain=self.chain,
                request_id=self.request_id,
                token=self.token,
                amount=self.amount,
            ),
            p1.pack(recipient_lo=recipient_lo),
            p2.pack(recipient_hi=recipient_hi, fill_fee=self.fill_fee),
        )

    @classmethod
    def from_words(cls, words: Sequence[int]) -> "SwapPayout":
        """Read p0..p2 back; refuses any other kind, length or set unused bit."""
        fields = _unpack_record("swap payout", PAYOUT_WORDS, words)
        if fields["kind"] not in PAYOUT_KINDS:
            raise WrongRecordKind(PAYOUT_KINDS, fields["kind"])
        return cls(
            kind=RecordKind(fields["kind"]),
            source=ChainId(fields["source"]),
            chain=ChainId(fields["chain"]),
            request_id=RequestId(fields["request_id"]),
            token=TokenId(fields["token"]),
            amount=Amount(fields["amount"]),
            recipient=join_address(fields["recipient_hi"], fields["recipient_lo"]),
            fill_fee=Amount(fields["fill_fee"]),
        )

    def fill_key(self, domain: int) -> bytes:
        """What a broker's fill of this payout is kept under."""
        return compute_fill_key(domain, self.words())


def split_address(what: str, address: bytes) -> tuple[int, int]:
    """The top 8 and the low 248 bits of a universal address."""
    if len(address) != 32:
        raise WrongAddressLength(what, len(address))
    value = int.from_bytes(address, "big")
    return value >> WORD_BITS, value % WORD_LIMIT


def join_address(hi: int, lo: int) -> bytes:
    """The universal address with these top 8 and low 248 bits."""
    return (hi << WORD_BITS | lo).to_bytes(32, "big")


def _unpack_record(what: str, expected: int, words: Sequence[int]) -> dict[str, int]:
    if len(words) != expected:
        raise WrongWordCount(what, expected, len(words))
    layouts = SWAP_REQUEST_LAYOUTS if expected == REQUEST_WORDS else SWAP_PAYOUT_LAYOUTS
    fields: dict[str, int] = {}
    for layout, word in zip(layouts, words, strict=True):
        fields |= layout.unpack(word)
    return fields

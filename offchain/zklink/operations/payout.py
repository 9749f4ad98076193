"""The payout, a chain's debt after a block of either lane, and its words (docs/protocol.md, section 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from zklink.operations.swap import SwapRequest
from zklink.protocol.addresses import join_address, split_address
from zklink.protocol.bridge_hashes import compute_fill_key
from zklink.protocol.errors import WrongRecordField, WrongRecordKind, WrongWordCount
from zklink.protocol.ids import (
    FILL_LEAD_SECONDS,
    GENESIS,
    KIND_BITS,
    NONCE_BITS,
    WORD_BITS,
    AccountId,
    Amount,
    BlockNumber,
    ChainId,
    Kind,
    Nonce,
    TokenId,
)
from zklink.protocol.words import PAYOUT_LAYOUTS, PAYOUT_WORDS, SWAP_PAID_LAYOUTS, Layout, unpack_record

PAYOUT_KINDS: Final = (
    Kind.SWAP_PAID,
    Kind.SWAP_REFUNDED,
    Kind.WITHDRAW_PAYOUT,
    Kind.FULL_EXIT_PAYOUT,
    Kind.FORCED_EXIT_PAYOUT,
)
FILLABLE_KINDS: Final = (Kind.SWAP_PAID, Kind.WITHDRAW_PAYOUT)
"""Payouts that a broker may pay in advance."""

NOTHING: Final = Amount(0)
NO_CHAIN: Final = ChainId(0)
"""The source of a payout that a signed operation caused."""


@dataclass(frozen=True, slots=True)
class Payout:
    """The amount of `token` that `chain` owes to `recipient` (32 bytes), in layer-2 units.

    `source` and `id` name the cause: a request of that chain, or for source 0 a signed operation
    (`compute_operation_id`). A broker who pays `amount - fill_fee` in advance is owed that and what it earns of
    the fee. `block_number` and `slot` name the ledger slot of a full exit's payout, of which a request may have
    several, and are 0 otherwise. `between` is the amount of the token between that a paid swap went through, 0 if
    there was none.
    """

    kind: Kind
    source: ChainId
    chain: ChainId
    id: int
    token: TokenId
    amount: Amount
    recipient: bytes
    fill_fee: Amount
    block_number: BlockNumber = GENESIS
    slot: int = 0
    between: Amount = NOTHING

    @classmethod
    def paid(cls, request: SwapRequest, out: Amount, between: Amount = NOTHING) -> "Payout":
        """The output of a swap, on its destination; `between` is what its first trade gave if it has two."""
        return cls(
            kind=Kind.SWAP_PAID,
            source=request.source,
            chain=request.destination,
            id=request.request_id,
            token=request.token_out,
            amount=out,
            recipient=request.recipient,
            fill_fee=request.fill_fee,
            between=between,
        )

    @classmethod
    def refunded(cls, request: SwapRequest) -> "Payout":
        """The refund of everything on the source, without fees."""
        return cls(
            kind=Kind.SWAP_REFUNDED,
            source=request.source,
            chain=request.source,
            id=request.request_id,
            token=request.token_in,
            amount=request.amount,
            recipient=request.refund_to,
            fill_fee=Amount(0),
        )

    @property
    def is_fillable(self) -> bool:
        """Whether a broker may pay it in advance."""
        return self.kind in FILLABLE_KINDS

    def compute_earned_fee(self, lead_seconds: int) -> Amount:
        """What a broker earns that fills so long before the payment: the part of the fill fee that its lead is of
        FILL_LEAD_SECONDS, rounded down. The recipient gets the rest.
        """
        return Amount(self.fill_fee * max(0, min(lead_seconds, FILL_LEAD_SECONDS)) // FILL_LEAD_SECONDS)

    def words(self) -> tuple[int, int, int]:
        """p0..p2; FieldOutOfRange, WrongAddressLength, WrongRecordKind or WrongRecordField if the payout is not well
        formed.
        """
        self._check()
        recipient_hi, recipient_lo = split_address("recipient", self.recipient)
        p0, p1, p2 = payout_layouts(self.kind)
        is_paid = self.kind == Kind.SWAP_PAID
        more = {"between": self.between} if is_paid else {"block_number": self.block_number, "slot": self.slot}
        return (
            p0.pack(
                kind=self.kind,
                source=self.source,
                chain=self.chain,
                id=self.id,
                token=self.token,
                amount=self.amount,
            ),
            p1.pack(recipient_lo=recipient_lo),
            p2.pack(
                **more,
                recipient_hi=recipient_hi,
                fill_fee=self.fill_fee,
            ),
        )

    @classmethod
    def from_words(cls, words: Sequence[int]) -> "Payout":
        """Read p0..p2 back; refuses any other kind, length or set unused bit."""
        if len(words) != PAYOUT_WORDS:
            raise WrongWordCount("payout", PAYOUT_WORDS, len(words))
        kind = words[0] >> WORD_BITS - KIND_BITS & (1 << KIND_BITS) - 1
        if kind not in PAYOUT_KINDS:
            raise WrongRecordKind(PAYOUT_KINDS, kind)
        fields = {"block_number": GENESIS, "slot": 0, "between": 0}
        fields |= unpack_record("payout", payout_layouts(kind), words)
        payout = cls(
            kind=Kind(fields["kind"]),
            source=ChainId(fields["source"]),
            chain=ChainId(fields["chain"]),
            id=fields["id"],
            token=TokenId(fields["token"]),
            amount=Amount(fields["amount"]),
            recipient=join_address(fields["recipient_hi"], fields["recipient_lo"]),
            fill_fee=Amount(fields["fill_fee"]),
            block_number=BlockNumber(fields["block_number"]),
            slot=fields["slot"],
            between=Amount(fields["between"]),
        )
        payout._check()
        return payout

    def fill_key(self, deployment_hash: bytes) -> bytes:
        """The 32-byte key that identifies this payout on its chain; the bridge keeps a broker's fill under it."""
        return compute_fill_key(deployment_hash, *self.words())

    def _check(self) -> None:
        if self.kind not in PAYOUT_KINDS:
            raise WrongRecordKind(PAYOUT_KINDS, self.kind)
        owners = (
            ("block_number", self.block_number, Kind.FULL_EXIT_PAYOUT),
            ("slot", self.slot, Kind.FULL_EXIT_PAYOUT),
            ("between", self.between, Kind.SWAP_PAID),
        )
        for name, value, kind in owners:
            if value and self.kind != kind:
                raise WrongRecordField("payout", name, 0, value)


def payout_layouts(kind: int) -> tuple[Layout, ...]:
    """The layouts of a payout's three words."""
    return SWAP_PAID_LAYOUTS if kind == Kind.SWAP_PAID else PAYOUT_LAYOUTS


def compute_operation_id(account: AccountId, nonce: Nonce) -> int:
    """The id of the payout that a signed operation causes."""
    return account << NONCE_BITS | nonce


def split_operation_id(id: int) -> tuple[AccountId, Nonce]:
    """(account, nonce) of an operation's id."""
    return AccountId(id >> NONCE_BITS), Nonce(id % (1 << NONCE_BITS))

"""Public data words of 248 bits (docs/protocol.md, section 4).

Takes named fields and gives one integer, or the other way round; both directions refuse anything that is not exactly
one value of the layout.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from zklink.protocol.errors import FieldMismatch, FieldOutOfRange, UnusedBitsSet, WrongWordCount
from zklink.protocol.ids import (
    ACCOUNT_BITS,
    ADDRESS_HI_BITS,
    AMOUNT_BITS,
    BLOCK_NUMBER_BITS,
    CHAIN_BITS,
    CHAIN_SET_BITS,
    FLAG_BITS,
    KIND_BITS,
    NATIVE_FEE_BITS,
    NONCE_BITS,
    ORDER_SLOT_BITS,
    PACKED_FEE_BITS,
    REQUEST_ID_BITS,
    SLOT_BITS,
    TIME_BITS,
    TOKEN_BITS,
    WORD_BITS,
)

RATE_BITS: Final = 16
"""The field of a pool's fee or an order's fee rate, whose values are below FEE_DENOMINATOR."""

ZERO: Final = ""
"""Name of a run of bits that is always zero."""


@dataclass(frozen=True, slots=True)
class Field:
    """`bits` bits called `name`, whose lowest bit is bit `shift` of the word."""

    name: str
    bits: int
    shift: int

    @property
    def mask(self) -> int:
        """The field's largest value."""
        return (1 << self.bits) - 1


class Layout:
    """The fields of one word, most significant first; fields called ZERO are always zero."""

    __slots__ = ("_unused", "fields", "name")

    def __init__(self, name: str, *fields: tuple[str, int]) -> None:
        total = sum(bits for _, bits in fields)
        if total != WORD_BITS:
            raise ValueError(f"{name} has {total} bits, not {WORD_BITS}")
        self.name = name
        self.fields = tuple(field for field in _place(fields) if field.name != ZERO)
        used = sum(field.mask << field.shift for field in self.fields)
        self._unused = ~used

    def pack(self, **values: int) -> int:
        """Concatenate the fields; FieldMismatch or FieldOutOfRange unless every one is given and fits."""
        names = {field.name for field in self.fields}
        if names != values.keys():
            raise FieldMismatch(self.name, tuple(sorted(names - values.keys())), tuple(sorted(values.keys() - names)))
        word = 0
        for field in self.fields:
            value = values[field.name]
            if not 0 <= value <= field.mask:
                raise FieldOutOfRange(self.name, field.name, value, field.bits)
            word |= value << field.shift
        return word

    def unpack(self, word: int) -> dict[str, int]:
        """Split a word into its fields; UnusedBitsSet if a zero bit is set or the word is too long."""
        if word & self._unused:
            raise UnusedBitsSet(self.name, word)
        return {field.name: (word >> field.shift) & field.mask for field in self.fields}


def _place(fields: tuple[tuple[str, int], ...]) -> Iterator[Field]:
    shift = WORD_BITS
    for name, bits in fields:
        shift -= bits
        yield Field(name, bits, shift)


def unpack_record(what: str, layouts: Sequence[Layout], words: Sequence[int]) -> dict[str, int]:
    """All fields of a record whose words have these layouts; WrongWordCount or UnusedBitsSet."""
    if len(words) != len(layouts):
        raise WrongWordCount(what, len(layouts), len(words))
    fields: dict[str, int] = {}
    for layout, word in zip(layouts, words, strict=True):
        fields |= layout.unpack(word)
    return fields


SWAP_REQUEST_LAYOUTS: Final = (
    Layout(
        "swap_request_0",
        ("kind", KIND_BITS),
        ("source", CHAIN_BITS),
        ("destination", CHAIN_BITS),
        ("request_id", REQUEST_ID_BITS),
        ("token_in", TOKEN_BITS),
        ("token_out", TOKEN_BITS),
        (ZERO, 16),
        ("amount", AMOUNT_BITS),
    ),
    Layout(
        "swap_request_1",
        (ZERO, 8),
        ("min_out", AMOUNT_BITS),
        ("operator_fee", AMOUNT_BITS),
        ("recipient_hi", ADDRESS_HI_BITS),
        ("refund_to_hi", ADDRESS_HI_BITS),
    ),
    Layout(
        "swap_request_2",
        ("native_fee_gwei", NATIVE_FEE_BITS),
        ("via", TOKEN_BITS),
        ("fill_fee", AMOUNT_BITS),
        ("deadline", TIME_BITS),
        ("queued_at", TIME_BITS),
    ),
    Layout("swap_request_3", ("recipient_lo", WORD_BITS)),
    Layout("swap_request_4", ("refund_to_lo", WORD_BITS)),
)
"""The five words of a swap request, w0..w4."""

PAYOUT_LAYOUTS: Final = (
    Layout(
        "payout_0",
        ("kind", KIND_BITS),
        ("source", CHAIN_BITS),
        ("chain", CHAIN_BITS),
        ("id", REQUEST_ID_BITS),
        ("token", TOKEN_BITS),
        (ZERO, 32),
        ("amount", AMOUNT_BITS),
    ),
    Layout("payout_1", ("recipient_lo", WORD_BITS)),
    Layout(
        "payout_2",
        (ZERO, 48),
        ("block_number", BLOCK_NUMBER_BITS),
        ("slot", SLOT_BITS),
        ("recipient_hi", ADDRESS_HI_BITS),
        ("fill_fee", AMOUNT_BITS),
    ),
)
"""The three words of a payout of either lane, p0..p2; `block_number` and `slot` are a full exit's."""

SWAP_PAID_LAYOUTS: Final = (
    *PAYOUT_LAYOUTS[:2],
    Layout(
        "swap_paid_2",
        (ZERO, 16),
        ("between", AMOUNT_BITS),
        ("recipient_hi", ADDRESS_HI_BITS),
        ("fill_fee", AMOUNT_BITS),
    ),
)
"""The three words of a swap's payout; `between` is the amount of the token between, 0 without one."""

ACCOUNT_REQUEST_LAYOUTS: Final = (
    Layout(
        "account_request_0",
        ("kind", KIND_BITS),
        ("source", CHAIN_BITS),
        (ZERO, 8),
        ("id", REQUEST_ID_BITS),
        ("token", TOKEN_BITS),
        ("account", ACCOUNT_BITS),
        ("amount", AMOUNT_BITS),
    ),
    Layout("account_request_1", ("owner_lo", WORD_BITS)),
    Layout(
        "account_request_2",
        (ZERO, 136),
        ("native_fee_gwei", NATIVE_FEE_BITS),
        ("by_owner", FLAG_BITS),
        ("mask", CHAIN_SET_BITS),
        ("owner_hi", ADDRESS_HI_BITS),
        ("second_hi", ADDRESS_HI_BITS),
        ("time", TIME_BITS),
    ),
    Layout("account_request_3", ("second_lo", WORD_BITS)),
)
"""The four words of a deposit, a full exit, a key request or a key change, r0..r3; `time` is a request's `queued_at`
and a key change's `valid_until`.
"""

LEDGER_DATA_LAYOUTS: Final = (
    Layout(
        "ledger_data_0",
        ("kind", KIND_BITS),
        ("account", ACCOUNT_BITS),
        ("target", ACCOUNT_BITS),
        ("token", TOKEN_BITS),
        ("fee", PACKED_FEE_BITS),
        ("fee_token", TOKEN_BITS),
        ("chain", CHAIN_BITS),
        ("owner_hi_or_source", 8),
        ("amount", AMOUNT_BITS),
    ),
    Layout("ledger_data_1", ("owner_lo", WORD_BITS)),
)
"""A ledger slot's data, d0 and, for a transfer that creates its account only, d1.

`owner_hi_or_source` is the new owner's for such a transfer, and for a full exit the chain that asked.
"""

POOL_DATA_LAYOUTS: Final = (
    Layout(
        "pool_data_0",
        ("kind", KIND_BITS),
        ("account", ACCOUNT_BITS),
        ("token_a", TOKEN_BITS),
        ("token_b", TOKEN_BITS),
        ("fee", PACKED_FEE_BITS),
        ("fee_token", TOKEN_BITS),
        ("lp_token", TOKEN_BITS),
        ("pool_fee", RATE_BITS),
        ("amount_a", AMOUNT_BITS),
    ),
    Layout("pool_data_1", (ZERO, 16), ("chain", CHAIN_BITS), ("amount_b", AMOUNT_BITS), ("shares", AMOUNT_BITS)),
)
"""A pool slot's data, d0 and d1; `chain` is the one that asked for the full exit of shares."""

ORDER_DATA_LAYOUTS: Final = (
    Layout(
        "order_data_0",
        ("kind", KIND_BITS),
        ("maker", ACCOUNT_BITS),
        ("taker", ACCOUNT_BITS),
        ("token_a", TOKEN_BITS),
        ("token_b", TOKEN_BITS),
        ("maker_slot", ORDER_SLOT_BITS),
        ("taker_slot", ORDER_SLOT_BITS),
        (ZERO, 16),
        ("amount_a", AMOUNT_BITS),
    ),
    Layout(
        "order_data_1",
        ("maker_nonce", NONCE_BITS),
        ("taker_nonce", NONCE_BITS),
        ("maker_fee_rate", RATE_BITS),
        ("taker_fee_rate", RATE_BITS),
        (ZERO, 40),
        ("amount_b", AMOUNT_BITS),
    ),
)
"""An order slot's data, d0 and d1."""

LEDGER_MESSAGE_LAYOUTS: Final = (
    Layout(
        "ledger_message_0",
        (ZERO, 40),
        ("kind", KIND_BITS),
        ("account", ACCOUNT_BITS),
        ("nonce", NONCE_BITS),
        ("valid_until", TIME_BITS),
        ("token", TOKEN_BITS),
        ("fee", PACKED_FEE_BITS),
        ("fee_token", TOKEN_BITS),
        ("chain", CHAIN_BITS),
        ("party_hi", ADDRESS_HI_BITS),
        ("target", ACCOUNT_BITS),
    ),
    Layout("ledger_message_1", (ZERO, 24), ("amount", AMOUNT_BITS), ("fill_fee", AMOUNT_BITS)),
)
"""The message of a ledger operation's signer, m0 and m1; m2 is one whole number."""

POOL_MESSAGE_LAYOUTS: Final = (
    Layout(
        "pool_message_0",
        (ZERO, 56),
        ("kind", KIND_BITS),
        ("account", ACCOUNT_BITS),
        ("nonce", NONCE_BITS),
        ("valid_until", TIME_BITS),
        ("token_a", TOKEN_BITS),
        ("token_b", TOKEN_BITS),
        ("fee", PACKED_FEE_BITS),
        ("fee_token", TOKEN_BITS),
        ("pool_fee", RATE_BITS),
    ),
    Layout("pool_message_1", (ZERO, 24), ("limit_a", AMOUNT_BITS), ("limit_b", AMOUNT_BITS)),
    Layout("pool_message_2", (ZERO, 136), ("limit_shares", AMOUNT_BITS)),
)
"""The message of a pool operation's signer, m0..m2."""

ORDER_MESSAGE_LAYOUTS: Final = (
    Layout(
        "order_message_0",
        (ZERO, 72),
        ("kind", KIND_BITS),
        ("account", ACCOUNT_BITS),
        ("slot", 16),
        ("order_nonce", NONCE_BITS),
        ("valid_until", TIME_BITS),
        ("token_sell", TOKEN_BITS),
        ("token_buy", TOKEN_BITS),
        ("fee_rate", RATE_BITS),
    ),
    Layout("order_message_1", (ZERO, 24), ("amount_sell", AMOUNT_BITS), ("amount_buy", AMOUNT_BITS)),
)
"""The message of an order's signer, m0 and m1; m2 is 0."""

EXIT_LAYOUTS: Final = (
    Layout(
        "exit_0",
        (ZERO, 144),
        ("account", ACCOUNT_BITS),
        ("token", TOKEN_BITS),
        ("chain", CHAIN_BITS),
        ("recipient_hi", ADDRESS_HI_BITS),
        ("is_signed", 8),
        ("token_a", TOKEN_BITS),
        ("token_b", TOKEN_BITS),
    ),
    Layout("exit_1", (ZERO, 24), ("amount_a", AMOUNT_BITS), ("amount_b", AMOUNT_BITS)),
)
"""The two packed public inputs of an exit, x0 and x1."""

EXIT_MESSAGE_LAYOUTS: Final = (
    Layout(
        "exit_message_0",
        (ZERO, 184),
        ("account", ACCOUNT_BITS),
        ("token", TOKEN_BITS),
        ("chain", CHAIN_BITS),
        ("recipient_hi", ADDRESS_HI_BITS),
    ),
)
"""The message by which the holder of a key exits to any recipient, m0; m1 is recipient_lo and m2 the root."""

ACCOUNT_LEAF_LAYOUTS: Final = (
    Layout(
        "account_leaf_1",
        (ZERO, 200),
        ("known", CHAIN_SET_BITS),
        ("owner_hi", ADDRESS_HI_BITS),
        ("nonce", NONCE_BITS),
    ),
)
"""The second input of an account's leaf; the others are whole numbers."""

RECORD_LAYOUTS: Final = (
    *SWAP_REQUEST_LAYOUTS,
    *PAYOUT_LAYOUTS,
    *SWAP_PAID_LAYOUTS[2:],
    *ACCOUNT_REQUEST_LAYOUTS,
    *LEDGER_DATA_LAYOUTS,
    *POOL_DATA_LAYOUTS,
    *ORDER_DATA_LAYOUTS,
)
"""Every word that a slice may hold."""

MESSAGE_LAYOUTS: Final = (
    *LEDGER_MESSAGE_LAYOUTS,
    *POOL_MESSAGE_LAYOUTS,
    *ORDER_MESSAGE_LAYOUTS,
    *EXIT_LAYOUTS,
    *EXIT_MESSAGE_LAYOUTS,
    *ACCOUNT_LEAF_LAYOUTS,
)
"""Every packed number that is signed, hashed or a public input, but in no slice."""

SWAP_REQUEST_WORDS: Final = len(SWAP_REQUEST_LAYOUTS)
PAYOUT_WORDS: Final = len(PAYOUT_LAYOUTS)
ACCOUNT_REQUEST_WORDS: Final = len(ACCOUNT_REQUEST_LAYOUTS)
LEDGER_DATA_WORDS: Final = len(LEDGER_DATA_LAYOUTS)
"""The words of a ledger slot's data in the commitment; in slice 0 only kind 7 has both."""

POOL_DATA_WORDS: Final = len(POOL_DATA_LAYOUTS)
ORDER_DATA_WORDS: Final = len(ORDER_DATA_LAYOUTS)

SWAP_SLOT_WORDS: Final = SWAP_REQUEST_WORDS + PAYOUT_WORDS
LEDGER_SLOT_WORDS: Final = ACCOUNT_REQUEST_WORDS + LEDGER_DATA_WORDS + PAYOUT_WORDS
POOL_SLOT_WORDS: Final = ACCOUNT_REQUEST_WORDS + POOL_DATA_WORDS

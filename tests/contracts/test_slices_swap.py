"""A slice of the swap lane, read by itself: every refusal, and what a good one contains."""

import pytest

from tests.support.desk import ANY_BITS, BRIDGE, Desk, Words, expected_content, open_desk
from tests.support.drafts.rig import payment
from tests.support.evm import reverts
from tests.support.lines import join
from tests.support.three_chains import A, B, C
from zklink.operations.swap import SwapRequest
from zklink.primitives.field import R
from zklink.protocol.ids import Amount, Kind, Lane, RequestId, TokenId
from zklink.protocol.slices import compute_slice_hash

TOKEN = TokenId(2)
ANYBODY = b"\x07" * 32
SWAP = SwapRequest(
    A, B, RequestId(1), TOKEN, TokenId(3), Amount(9), Amount(8), Amount(1), Amount(2), 1_900_000_000, 1_800_000_000,
    ANYBODY, ANYBODY,
).words()  # fmt: skip
PAID = payment(A, TOKEN, 1_000).words()
REFUND = payment(A, TOKEN, 1_000, kind=Kind.SWAP_REFUNDED, source=A).words()
LAST_SWAP = (SWAP[0] + (1 << 160), SWAP[1], SWAP[2] + 7, *SWAP[3:])


@pytest.fixture(scope="module")
def desk() -> Desk:
    """The readers, for all tests of this file."""
    return open_desk()


@pytest.mark.parametrize(
    "words",
    [
        (),
        SWAP,
        PAID,
        join((PAID, SWAP)),
        join((SWAP, REFUND)),
        join((SWAP, PAID, REFUND, LAST_SWAP)),
        join((LAST_SWAP, SWAP, PAID)),
        (*PAID[:2], PAID[2] | A << 112),
        (*PAID[:2], PAID[2] | 1 << 120),
        (*PAID[:2], PAID[2] | (2**112 - 1) << 120),
        join((SWAP, REFUND) * 64),
    ],
)
def test_read__whole_records__give_what_python_says(desk: Desk, words: Words) -> None:
    for z in (0, 1, 12_345, R - 1):
        assert desk.read(Lane.SWAP, words, z=z) == expected_content(words, z)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("slice: no record of this chain", join(((0,), SWAP))),
        ("slice: no record of this chain", (4 << 240 | A << 232 | A << 224, 0, 0)),
        ("slice: no record of this chain", (2**255, 0, 0)),
        ("slice: no record of this chain", payment(A, TOKEN, 6, kind=Kind.WITHDRAW_PAYOUT).words()),
        ("slice: record cut short", SWAP[:1]),
        ("slice: record cut short", join((SWAP, PAID[:2]))),
        ("slice: record cut short", join((PAID, SWAP[:2]))),
        ("slice: record cut short", SWAP[:4]),
        ("slice: record cut short", join((PAID, SWAP[:3]))),
        ("slice: request of another chain", (SWAP[0] + (1 << 232), *SWAP[1:])),
        ("slice: request word too long", (SWAP[0], SWAP[1] | 1 << 248, *SWAP[2:])),
        ("slice: request word too long", (*SWAP[:2], SWAP[2] | 1 << 251, *SWAP[3:])),
        ("slice: request word too long", (*SWAP[:3], SWAP[3] | 1 << 255, SWAP[4])),
        ("slice: request word too long", (*SWAP[:4], SWAP[4] | 1 << 248)),
        ("slice: payout of another chain", payment(B, TOKEN, 1).words()),
        ("slice: payout of another chain", payment(B, TOKEN, 1, source=A).words()),
        ("slice: no record of this chain", (REFUND[0] + (1 << 232), *REFUND[1:])),
        ("slice: no record of this chain", (REFUND[0] + (1 << 224), *REFUND[1:])),
        ("slice: unused bits of a payout", (PAID[0] | 1 << 112, *PAID[1:])),
        ("slice: unused bits of a payout", (PAID[0] | 1 << 143, *PAID[1:])),
        ("slice: unused bits of a payout", (PAID[0], PAID[1] | 1 << 248, PAID[2])),
        ("slice: unused bits of a payout", (PAID[0], PAID[1], PAID[2] | 1 << 232)),
        ("slice: unused bits of a payout", (REFUND[0], REFUND[1], REFUND[2] | 1 << 120)),
        ("slice: unused bits of a payout", (REFUND[0] | 1 << 130, *REFUND[1:])),
        ("slice: recipient format", (PAID[0], 0, PAID[2])),
        ("slice: recipient format", (PAID[0], PAID[1] | 1 << 160, PAID[2])),
        ("slice: recipient format", (PAID[0], PAID[1], PAID[2] | C << 112)),
        ("slice: recipient format", (PAID[0], 0, PAID[2] | A << 112)),
        ("slice: recipient is a bridge", (PAID[0], BRIDGE, PAID[2] | A << 112)),
        ("slice: recipient format", (REFUND[0], 1 << 200, REFUND[2])),
        ("slice: recipient is a bridge", (PAID[0], BRIDGE, PAID[2])),
        ("slice: recipient is a bridge", (REFUND[0], BRIDGE, REFUND[2])),
    ],
)
def test_read__bad_record__is_refused(desk: Desk, reason: str, words: Words) -> None:
    for slice_words in (words, join((SWAP, REFUND, words))):
        with reverts(reason):
            desk.read(Lane.SWAP, slice_words)


def test_read__slice_of_another_chain__is_refused(desk: Desk) -> None:
    for words, reason in (
        (SWAP, "slice: request of another chain"),
        (PAID, "slice: payout of another chain"),
        (REFUND, "slice: no record of this chain"),
    ):
        with reverts(reason):
            desk.read(Lane.SWAP, words, C)


def test_read__recipients_of_32_bytes__only_where_the_chain_has_them(desk: Desk) -> None:
    wide = payment(A, TOKEN, 5, recipient=ANYBODY).words()
    assert desk.read(Lane.SWAP, wide, bits=ANY_BITS) == expected_content(wide)
    with reverts("slice: recipient format"):
        desk.read(Lane.SWAP, wide)
    with reverts("slice: recipient format"):
        desk.read(Lane.SWAP, payment(A, TOKEN, 5, recipient=bytes(32)).words(), bits=ANY_BITS)
    with reverts("slice: recipient is a bridge"):
        desk.read(Lane.SWAP, wide, bits=ANY_BITS, bridge=int.from_bytes(ANYBODY, "big"))


@pytest.mark.parametrize("bound", [0, A, C, 8])
def test_read__recipient_of_20_bytes__not_where_the_chain_has_32(desk: Desk, bound: int) -> None:
    """Bound to any chain or to none; an address whose first byte is no chain's id is one of 32 bytes."""
    name = bytes([bound]) + bytes(11) + b"\x05" * 20
    with reverts("slice: recipient format"):
        desk.read(Lane.SWAP, payment(A, TOKEN, 5, recipient=name).words(), bits=ANY_BITS)
    for other in (bytes([9]) + name[1:], bytes([bound]) + bytes(10) + b"\x01" + name[12:]):
        words = payment(A, TOKEN, 5, recipient=other).words()
        assert desk.read(Lane.SWAP, words, bits=ANY_BITS) == expected_content(words)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 95, 511, 512, 1_500])
def test_compute_hash__any_count__is_what_python_says(desk: Desk, count: int) -> None:
    words = tuple(range(1, count + 1))
    assert desk.compute_hash(words) == compute_slice_hash(words)

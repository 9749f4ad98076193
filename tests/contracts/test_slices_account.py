"""A slice of the account lane, read by itself: every refusal, and what a good one contains; slice 0; consents."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from eth_keys.datatypes import PrivateKey

from tests.support.desk import ANY_BITS, BRIDGE, DEPLOYMENT_HASH, Desk, Words, expected_content, open_desk, sign_change
from tests.support.drafts.rig import payment
from tests.support.evm import reverts
from tests.support.lines import join
from tests.support.three_chains import A, B, C
from zklink.operations.change_pub_key import KeyChange
from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.key_request import KeyRequest
from zklink.primitives.field import R
from zklink.protocol.ids import AccountId, Amount, ChainId, ChainSet, Kind, Lane, Nonce, RequestId, TokenId
from zklink.protocol.messages import HALF_ORDER
from zklink.protocol.slices import evaluate

TOKEN, NOWHERE = TokenId(2), ChainId(0)
HI = 112
"""Where the third word of a payout has the top byte of its recipient: the chain that an address is bound to."""
SECP256K1_ORDER = 2 * HALF_ORDER + 1
OWNER_KEY = PrivateKey(b"\x07" * 32)
OWNER = bytes(12) + OWNER_KEY.public_key.to_canonical_address()
CHANGE = KeyChange(A, AccountId(3), Nonce(4), OWNER, R - 1, 1_900_000_000)
DEPOSIT = DepositRequest(A, RequestId(1), TOKEN, Amount(5), b"\x01" * 32, b"\x02" * 32, 1_700_000_000).words()
REQUEST = FullExitRequest(A, RequestId(2), AccountId(7), TOKEN, OWNER, OWNER, ChainSet(1 << A >> 1), 1_700_000_009)
EXIT, PART = REQUEST.words(), REQUEST.part_words()
KEY_REQUEST = KeyRequest(A, RequestId(3), AccountId(7), OWNER, R - 1, 1_700_000_010).words()
OTHER_PART = replace(REQUEST, account=AccountId(8)).part_words()
WITHDRAWAL = payment(A, TOKEN, 6, kind=Kind.WITHDRAW_PAYOUT, source=NOWHERE).words()
FORCED_EXIT = payment(A, TOKEN, 7, kind=Kind.FORCED_EXIT_PAYOUT, source=NOWHERE).words()
FULL_EXIT = payment(A, TOKEN, 0, kind=Kind.FULL_EXIT_PAYOUT, source=A).words()
CHANGED = CHANGE.words()


@pytest.fixture(scope="module")
def desk() -> Desk:
    """The readers, for all tests of this file."""
    return open_desk()


@pytest.mark.parametrize(
    "words",
    [
        (),
        DEPOSIT,
        FULL_EXIT,
        join((EXIT, FULL_EXIT)),
        join((PART, FULL_EXIT)),
        join((PART, PART, FULL_EXIT, PART)),
        join((PART, WITHDRAWAL, PART, EXIT, KEY_REQUEST, DEPOSIT, OTHER_PART)),
        (*FULL_EXIT[:2], FULL_EXIT[2] | 9 << 136 | 5 << 120),
        (*WITHDRAWAL[:2], WITHDRAWAL[2] | A << HI),
        KEY_REQUEST,
        join((FORCED_EXIT, DEPOSIT, WITHDRAWAL)),
        join((WITHDRAWAL, FORCED_EXIT, EXIT, DEPOSIT)),
        DEPOSIT * 128,
        FORCED_EXIT * 40,
    ],
)
def test_read__whole_records__give_what_python_says(desk: Desk, words: Words) -> None:
    for z in (0, 1, 12_345, R - 1):
        assert desk.read(Lane.ACCOUNT, words, z=z) == expected_content(words, z)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("slice: unknown account record", (1 << 240 | A << 232, 2, 3, 4)),
        ("slice: unknown account record", (3 << 240 | A << 232, 2, 3, 4)),
        ("slice: unknown account record", (17 << 240 | A << 232, 0, 0, 0)),
        ("slice: another full exit", join((PART, DEPOSIT))),
        ("slice: another full exit", join((PART, OTHER_PART))),
        ("slice: another full exit", join((PART, WITHDRAWAL, KEY_REQUEST))),
        ("slice: another full exit", join((PART, EXIT, OTHER_PART, EXIT))),
        ("slice: account words cut short", DEPOSIT[:2]),
        ("slice: account words cut short", join((DEPOSIT, WITHDRAWAL[:2]))),
        ("slice: account words cut short", DEPOSIT[:3]),
        ("slice: account words cut short", join((WITHDRAWAL, EXIT[:3]))),
        ("slice: record of another chain", (DEPOSIT[0] + (1 << 232), *DEPOSIT[1:])),
        ("slice: record of another chain", replace(CHANGE, chain=C).words()),
        ("slice: account word too long", (*DEPOSIT[:3], DEPOSIT[3] | 1 << 248)),
        ("slice: account word too long", (DEPOSIT[0], DEPOSIT[1] | 1 << 255, *DEPOSIT[2:])),
        ("slice: account word too long", (*EXIT[:2], EXIT[2] | 1 << 250, EXIT[3])),
        ("slice: unknown account payout", (23 << 240 | A << 224, 0, 0)),
        ("slice: unknown account payout", (2**255, 0, 0)),
        ("slice: payout of other chains", (WITHDRAWAL[0] + (1 << 224), *WITHDRAWAL[1:])),
        ("slice: source of a payout", (WITHDRAWAL[0] + (A << 232), *WITHDRAWAL[1:])),
        ("slice: source of a payout", (FORCED_EXIT[0] + (C << 232), *FORCED_EXIT[1:])),
        ("slice: unused payout bits", (WITHDRAWAL[0] | 1 << 143, *WITHDRAWAL[1:])),
        ("slice: unused payout bits", (WITHDRAWAL[0], WITHDRAWAL[1] | 1 << 248, WITHDRAWAL[2])),
        ("slice: unused payout bits", (*WITHDRAWAL[:2], WITHDRAWAL[2] | 1 << 120)),
        ("slice: unused payout bits", (*FULL_EXIT[:2], FULL_EXIT[2] | 1 << 200)),
        ("slice: no address there", (WITHDRAWAL[0], 0, WITHDRAWAL[2])),
        ("slice: no address there", (WITHDRAWAL[0], 0, WITHDRAWAL[2] | A << HI)),
        ("slice: payout to a bridge", (WITHDRAWAL[0], BRIDGE, WITHDRAWAL[2] | A << HI)),
        ("slice: no address there", (FORCED_EXIT[0], FORCED_EXIT[1] | 1 << 160, FORCED_EXIT[2])),
        ("slice: no address there", (*FULL_EXIT[:2], FULL_EXIT[2] | C << HI)),
        ("slice: payout to a bridge", (WITHDRAWAL[0], BRIDGE, WITHDRAWAL[2])),
        ("slice: payout to a bridge", (FORCED_EXIT[0], BRIDGE, FORCED_EXIT[2])),
        ("slice: unused bits of a change", (CHANGED[0] | 1, *CHANGED[1:])),
        ("slice: unused bits of a change", (CHANGED[0] | 1 << 224, *CHANGED[1:])),
        ("slice: unused bits of a change", (*CHANGED[:2], CHANGED[2] | 1 << 56, CHANGED[3])),
    ],
)
def test_read__bad_record__is_refused(desk: Desk, reason: str, words: Words) -> None:
    for slice_words in (words, join((DEPOSIT, FULL_EXIT, words))):
        with reverts(reason):
            desk.read(Lane.ACCOUNT, slice_words, consents=[sign_change(CHANGE, OWNER_KEY)])


def test_read__recipient_of_32_bytes__only_where_the_chain_has_them(desk: Desk) -> None:
    kind = Kind.WITHDRAW_PAYOUT
    wide = payment(A, TOKEN, 5, kind=kind, source=NOWHERE, recipient=b"\x05" * 32).words()
    assert desk.read(Lane.ACCOUNT, wide, bits=ANY_BITS) == expected_content(wide)
    with reverts("slice: no address there"):
        desk.read(Lane.ACCOUNT, wide)
    with reverts("slice: payout of other chains"):
        desk.read(Lane.ACCOUNT, wide, B, bits=ANY_BITS)
    for narrow in (WITHDRAWAL, FORCED_EXIT, FULL_EXIT, (*WITHDRAWAL[:2], WITHDRAWAL[2] | A << HI)):
        with reverts("slice: no address there"):
            desk.read(Lane.ACCOUNT, narrow, bits=ANY_BITS)


def test_read__request_served_in_part_before__goes_on_with_it_alone(desk: Desk) -> None:
    """From one block of a call to the next."""
    part = desk.read(Lane.ACCOUNT, PART).part
    for words in ((), WITHDRAWAL, EXIT, PART, join((WITHDRAWAL, EXIT, DEPOSIT))):
        assert desk.read(Lane.ACCOUNT, words, part=part) == expected_content(words, part=part)
    for words in (DEPOSIT, OTHER_PART, KEY_REQUEST, join((WITHDRAWAL, DEPOSIT))):
        with reverts("slice: another full exit"):
            desk.read(Lane.ACCOUNT, words, part=part)


# --- slice 0 ---


@pytest.mark.parametrize("count", [1, 2, 31, 256])
def test_evaluate_data__words__give_their_polynomial(desk: Desk, count: int) -> None:
    words = tuple(2**248 - 1 - i for i in range(count))
    for z in (0, 1, 12_345, R - 1):
        assert desk.evaluate_data(words, z) == evaluate(words, z)


@pytest.mark.parametrize("bad", [(2**248, 1), (1, 2**255), (1, 2, 2**256 - 1)])
def test_evaluate_data__word_too_long__is_refused(desk: Desk, bad: Words) -> None:
    with reverts("slice: data word too long"):
        desk.evaluate_data(bad)


# --- consents ---


def test_read__key_changes__each_by_its_own_consent_in_order(desk: Desk) -> None:
    second = replace(CHANGE, nonce=Nonce(5))
    words = join((CHANGED, DEPOSIT, second.words()))
    consents = [sign_change(change, OWNER_KEY) for change in (CHANGE, second)]
    assert desk.read(Lane.ACCOUNT, words, consents=consents) == expected_content(words)
    assert desk.count_key_changes(words) == 2
    for wrong in (consents[::-1], consents[:1] * 2):
        with reverts("consent: not the owner's"):
            desk.read(Lane.ACCOUNT, words, consents=wrong)


def test_read__key_change_elsewhere_than_on_the_primary__is_refused(desk: Desk) -> None:
    with reverts("slice: key change off primary"):
        desk.read(Lane.ACCOUNT, CHANGED, consents=[sign_change(CHANGE, OWNER_KEY)], may_change_keys=False)


OTHERS: dict[str, KeyChange] = {
    "account": replace(CHANGE, account=AccountId(4)),
    "nonce": replace(CHANGE, nonce=Nonce(3)),
    "key": replace(CHANGE, public_key_hash=5),
    "owner": replace(CHANGE, owner=bytes(31) + b"\x01"),
    "valid until": replace(CHANGE, valid_until=CHANGE.valid_until + 1),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_read__consent_to_something_else__is_refused(desk: Desk, other: KeyChange) -> None:
    with reverts("consent: not the owner's"):
        desk.read(Lane.ACCOUNT, other.words(), consents=[sign_change(CHANGE, OWNER_KEY)])


@pytest.mark.parametrize("owner", [bytes(32), b"\x01" + OWNER[1:], OWNER[:11] + b"\x01" + OWNER[12:]])
def test_read__owner_is_no_evm_account__is_refused(desk: Desk, owner: bytes) -> None:
    change = replace(CHANGE, owner=owner)
    for consent in (sign_change(change, OWNER_KEY), bytes(65)):
        with reverts("consent: owner format"):
            desk.read(Lane.ACCOUNT, change.words(), consents=[consent])


def with_s(signature: bytes, s: int) -> bytes:
    """The same with another s, which is nobody's that is known."""
    return signature[:32] + s.to_bytes(32, "big") + signature[64:]


def flip(signature: bytes) -> bytes:
    """The other signature of the same digest: s and its negative."""
    s = SECP256K1_ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([27 + 28 - signature[64]])


BAD_SIGNATURES: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "high s": ("consent: large s", flip),
    "s just too large": ("consent: large s", lambda s: with_s(s, HALF_ORDER + 1)),
    "greatest s": ("consent: not the owner's", lambda s: with_s(s, HALF_ORDER)),
    "other v": ("consent: not the owner's", lambda s: s[:64] + bytes([27 + 28 - s[64]])),
    "no v": ("consent: not the owner's", lambda s: s[:64] + b"\x00"),
    "zeros": ("consent: not the owner's", lambda s: bytes(65)),
}


@pytest.mark.parametrize(("reason", "bend"), BAD_SIGNATURES.values(), ids=BAD_SIGNATURES)
def test_read__bad_signature__is_refused(desk: Desk, reason: str, bend: Callable[[bytes], bytes]) -> None:
    with reverts(reason):
        desk.read(Lane.ACCOUNT, CHANGED, consents=[bend(sign_change(CHANGE, OWNER_KEY))])


def test_read__signed_for_another_deployment__is_refused(desk: Desk) -> None:
    with reverts("consent: not the owner's"):
        desk.read(Lane.ACCOUNT, CHANGED, consents=[sign_change(CHANGE, OWNER_KEY, DEPLOYMENT_HASH[::-1])])


@pytest.mark.parametrize("words", [join((DEPOSIT, CHANGED, WITHDRAWAL)), join((CHANGED, EXIT, CHANGED)), FORCED_EXIT])
def test_count_key_changes__any_slice__by_the_kinds_alone(desk: Desk, words: Words) -> None:
    assert desk.count_key_changes(words) == expected_content(words).consents

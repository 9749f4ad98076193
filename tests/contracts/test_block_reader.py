"""The reader of blocks by itself: every refusal, the claims, slice 0, key changes, and the opening of a hash."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from eth_keys.datatypes import PrivateKey

from tests.support.committee import KnownCommittee
from tests.support.desk import DEPLOYMENT_HASH, SENDER, Desk, Words, expected_reading, flat, make_draft, open_desk
from tests.support.drafts.draft import DATA, payment
from tests.support.evm import reverts
from tests.support.three_chains import RECIPIENT, A, B, C
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import universal_address
from zklink.operations.change_pub_key import KeyChange
from zklink.operations.deposit import DepositRequest
from zklink.primitives.field import R
from zklink.protocol.bridge_hashes import next_sync_hash
from zklink.protocol.ids import AccountId, Amount, ChainId, Kind, Lane, Nonce, RequestId, TokenId
from zklink.protocol.messages import compute_key_change_digest

TOKEN = TokenId(2)
OWNER_KEY = PrivateKey(b"\x07" * 32)
OWNER = bytes(12) + OWNER_KEY.public_key.to_canonical_address()
CHANGE = KeyChange(A, AccountId(3), Nonce(4), OWNER, R - 1, 1_800_000_000)
DEPOSIT = DepositRequest(A, RequestId(1), TOKEN, Amount(5), b"\x01" * 32, b"\x02" * 32, 1_700_000_000).words()
WITHDRAWAL = payment(A, TOKEN, 6, kind=Kind.WITHDRAW_PAYOUT, source=ChainId(0)).words()
FORCED_EXIT = payment(A, TOKEN, 7, kind=Kind.FORCED_EXIT_PAYOUT, source=ChainId(0)).words()
FULL_EXIT = payment(A, TOKEN, 0, kind=Kind.FULL_EXIT_PAYOUT, source=A).words()
SWAP = (Kind.SWAP_REQUEST << 240 | A << 232 | B << 224 | 1 << 160, 2, 3, 4, 5)
PAYMENT = payment(A, TOKEN, 1_000).words()
REFUND = payment(A, TOKEN, 1_000, kind=Kind.SWAP_REFUNDED, source=A).words()


@pytest.fixture(scope="module")
def desk() -> Desk:
    """One reader for all tests of this file."""
    return open_desk()


def sign_change(change: KeyChange, key: PrivateKey = OWNER_KEY) -> bytes:
    """The consent that comes with a block."""
    what = change.account, change.nonce, change.public_key_hash, change.valid_until
    digest = compute_key_change_digest(DEPLOYMENT_HASH, *what)
    return KnownCommittee.sign(digest, key)


def test_reader__registry_without_code__is_refused(desk: Desk) -> None:
    with reverts("reader: registry has no code"):
        desk.evm.deploy(SENDER, load_contract("BlockReader"), "0x" + "77" * 20)


# --- records ---


@pytest.mark.parametrize(
    ("reason", "lane", "words"),
    [
        ("slice: unknown record", Lane.SWAP, flat((0,), SWAP)),
        ("slice: unknown record", Lane.SWAP, (4 << 240 | A << 232 | A << 224, 0, 0)),
        ("slice: unknown record", Lane.SWAP, (2**255, 0, 0)),
        ("slice: request cut short", Lane.SWAP, SWAP[:4]),
        ("slice: payout cut short", Lane.SWAP, flat(SWAP, PAYMENT[:2])),
        ("slice: request of another chain", Lane.SWAP, (SWAP[0] + (1 << 232), *SWAP[1:])),
        ("slice: request word too long", Lane.SWAP, (*SWAP[:3], SWAP[3] | 1 << 255, SWAP[4])),
        ("slice: payout of another chain", Lane.SWAP, payment(B, TOKEN, 1).words()),
        ("slice: refund of another chain", Lane.SWAP, (REFUND[0] + (1 << 232), *REFUND[1:])),
        ("slice: refund of another chain", Lane.SWAP, (REFUND[0] + (1 << 224), *REFUND[1:])),
        ("slice: unused bits of a payout", Lane.SWAP, (PAYMENT[0] | 1 << 112, *PAYMENT[1:])),
        ("slice: unused bits of a payout", Lane.SWAP, (PAYMENT[0], PAYMENT[1] | 1 << 248, PAYMENT[2])),
        ("slice: unknown record", Lane.SWAP, WITHDRAWAL),
        ("slice: unknown account record", Lane.ACCOUNT, flat(SWAP)),
        ("slice: unknown account record", Lane.ACCOUNT, flat(REFUND, (0,))),
        ("slice: unknown account record", Lane.ACCOUNT, (19 << 240 | A << 232, 0, 0, 0)),
        ("slice: account record cut short", Lane.ACCOUNT, DEPOSIT[:3]),
        ("slice: account payout cut short", Lane.ACCOUNT, flat(DEPOSIT, WITHDRAWAL[:2])),
        ("slice: record of another chain", Lane.ACCOUNT, (DEPOSIT[0] + (1 << 232), *DEPOSIT[1:])),
        ("slice: record of another chain", Lane.ACCOUNT, replace(CHANGE, chain=C).words()),
        ("slice: account word too long", Lane.ACCOUNT, (*DEPOSIT[:3], DEPOSIT[3] | 1 << 248)),
        ("slice: unknown account payout", Lane.ACCOUNT, (23 << 240 | A << 224, 0, 0)),
        ("slice: unknown account payout", Lane.ACCOUNT, (2**255, 0, 0)),
        ("slice: payout of other chains", Lane.ACCOUNT, (WITHDRAWAL[0] + (1 << 224), *WITHDRAWAL[1:])),
        ("slice: payout of other chains", Lane.ACCOUNT, (WITHDRAWAL[0] + (A << 232), *WITHDRAWAL[1:])),
        ("slice: payout of other chains", Lane.ACCOUNT, (FULL_EXIT[0] - (A << 232), *FULL_EXIT[1:])),
        ("slice: unused payout bits", Lane.ACCOUNT, (WITHDRAWAL[0] | 1 << 143, *WITHDRAWAL[1:])),
        ("slice: unused payout bits", Lane.ACCOUNT, (*WITHDRAWAL[:2], WITHDRAWAL[2] | 1 << 120)),
        ("slice: payout to no address", Lane.ACCOUNT, (WITHDRAWAL[0], 0, WITHDRAWAL[2])),
        ("slice: payout to no address", Lane.ACCOUNT, (FORCED_EXIT[0], 0, FORCED_EXIT[2])),
        ("slice: payout to no address", Lane.ACCOUNT, (FORCED_EXIT[0], FORCED_EXIT[1] | 1 << 160, FORCED_EXIT[2])),
        ("slice: payout to no address", Lane.ACCOUNT, (*FORCED_EXIT[:2], FORCED_EXIT[2] | 1 << 112)),
        ("slice: too many forced exits", Lane.ACCOUNT, FORCED_EXIT * 17),
        ("slice: unused bits of a change", Lane.ACCOUNT, (CHANGE.words()[0] | 1, *CHANGE.words()[1:])),
        ("slice: unused bits of a change", Lane.ACCOUNT, (CHANGE.words()[0] | 1 << 224, *CHANGE.words()[1:])),
        ("slice: unused bits of a change", Lane.ACCOUNT, (*CHANGE.words()[:2], CHANGE.words()[2] | 1, 1)),
        ("slice: unused bits of a change", Lane.ACCOUNT, (*CHANGE.words()[:2], CHANGE.words()[2] | 1 << 56, 1)),
        ("slice: too many key changes", Lane.ACCOUNT, CHANGE.words() * 17),
    ],
)
def test_read_block__bad_record__is_refused(desk: Desk, reason: str, lane: Lane, words: Words) -> None:
    draft = make_draft(lane, {})
    arguments = list(draft.commit_args(A))
    arguments[COUNTS], arguments[WORDS] = len(words) << 16 * A, list(words)
    with reverts(reason):
        desk.read_raw(draft, A, arguments)


@pytest.mark.parametrize(
    ("lane", "words", "data"), [(Lane.SWAP, (SWAP + PAYMENT) * 64, ()), (Lane.ACCOUNT, DEPOSIT * 128, (7,) * 256)]
)
def test_read_block__full_slices__are_read(desk: Desk, lane: Lane, words: Words, data: Words) -> None:
    """The most words that a call takes: 512 of the own slice, 256 of slice 0."""
    draft = make_draft(lane, {A: words, DATA: data}, primary=A)
    assert desk.read(draft, A) == expected_reading(draft, A)


# --- counts, claims, field elements ---

LANE, TIME, COUNTS, ROOT, C_, WORDS, DATA_WORDS, HASHES, VALUES, SIGNATURES = range(10)
"""The fields of a CommitBlock."""


def bend(index: int, change: Callable[[Any], object]) -> Callable[[list[Any]], None]:
    """Change one field of a CommitBlock."""

    def apply(arguments: list[Any]) -> None:
        arguments[index] = change(arguments[index])

    return apply


BENT: list[tuple[str, ChainId, Callable[[list[Any]], None]]] = [
    ("block: unknown lane", A, bend(LANE, lambda v: 0)),
    ("block: unknown lane", A, bend(LANE, lambda v: 3)),
    ("block: root above r", A, bend(ROOT, lambda v: R)),
    ("block: root above r", A, bend(ROOT, lambda v: v + R)),
    ("block: commitment above r", A, bend(C_, lambda v: v + R)),
    ("block: counts above chain 8", A, bend(COUNTS, lambda v: v | 1 << 144)),
    ("block: words of an unknown chain", A, bend(COUNTS, lambda v: v | 3 << 16 * 3)),
    ("block: words of an unknown chain", A, bend(COUNTS, lambda v: v | 3 << 16 * 8)),
    ("block: own word count", A, bend(COUNTS, lambda v: v + (1 << 16 * A))),
    ("block: own word count", A, bend(WORDS, lambda v: v[:-1])),
    ("block: data word count", B, bend(DATA_WORDS, lambda v: v[:-1])),
    ("block: data word count", B, bend(DATA_WORDS, lambda v: [*v, 0])),
    ("block: data word count", B, bend(DATA_WORDS, lambda v: [])),
    ("block: data is for the primary", A, bend(DATA_WORDS, lambda v: [1])),
    ("slice: data word too long", B, bend(DATA_WORDS, lambda v: [v[0] | 1 << 248, *v[1:]])),
    ("slice: data word too long", B, bend(DATA_WORDS, lambda v: [*v[:-1], v[-1] | 1 << 255])),
    ("block: slice hash missing", A, bend(HASHES, lambda v: v[:-1])),
    ("block: slice hash left over", A, bend(HASHES, lambda v: [*v, bytes(32)])),
    ("block: slice hash left over", B, bend(HASHES, lambda v: [*v, bytes(32)])),
    ("block: evaluation missing", A, bend(VALUES, lambda v: v[:-1])),
    ("block: evaluation left over", A, bend(VALUES, lambda v: [*v, 0])),
    ("block: evaluation left over", B, bend(VALUES, lambda v: [*v, 0])),
    ("block: evaluation above r", A, bend(VALUES, lambda v: [v[0] + R, *v[1:]])),
    ("block: slice hash left over", A, bend(COUNTS, lambda v: v & ~(0xFFFF << 16 * C))),
]

SLICES = {A: WITHDRAWAL, C: (8, 9), DATA: (10, 11)}


@pytest.mark.parametrize(("reason", "chain", "apply"), BENT)
def test_read_block__bad_header_or_claim__is_refused(
    desk: Desk, reason: str, chain: ChainId, apply: Callable[[list[Any]], None]
) -> None:
    draft = make_draft(Lane.ACCOUNT, SLICES)
    assert desk.read(draft, chain) == expected_reading(draft, chain)
    arguments = list(draft.commit_args(chain))
    apply(arguments)
    with reverts(reason):
        desk.read_raw(draft, chain, arguments)


def test_read_block__data_in_the_swap_lane__is_refused(desk: Desk) -> None:
    draft = make_draft(Lane.SWAP, {A: PAYMENT, DATA: (1,)})
    for chain in (A, B):
        with reverts("block: words of an unknown chain"):
            desk.read(draft, chain)


@pytest.mark.parametrize(
    ("chain", "apply"),
    [
        (A, bend(ROOT, lambda v: v + 1)),
        (A, bend(C_, lambda v: v + 1)),
        (A, bend(HASHES, lambda v: [v[1], v[0]])),
        (A, bend(VALUES, lambda v: [v[1], v[0]])),
        (A, bend(VALUES, lambda v: [(v[0] + 1) % R, v[1]])),
        (A, bend(COUNTS, lambda v: v + (3 << 16 * C))),
        (A, bend(COUNTS, lambda v: v + 1)),
        (A, bend(TIME, lambda v: v + 1)),
        (A, bend(WORDS, lambda v: [v[0] + 1, *v[1:]])),
        (B, bend(DATA_WORDS, lambda v: [v[0] + 1, *v[1:]])),
        (B, bend(DATA_WORDS, lambda v: [v[1], v[0]])),
    ],
)
def test_read_block__false_claim__gives_other_public_inputs(
    desk: Desk, chain: ChainId, apply: Callable[[list[Any]], None]
) -> None:
    """Whatever differs from the sealed block gives inputs that its proof does not fit, and another commitment."""
    draft = make_draft(Lane.ACCOUNT, SLICES)
    honest = desk.read(draft, chain)
    arguments = list(draft.commit_args(chain))
    apply(arguments)
    bent = desk.read_raw(draft, chain, arguments)
    assert (bent[4] != honest[4], bent[5] != honest[5]) == (True, True)


# --- key changes ---


def test_read_block__signed_and_recorded_consents__each_for_its_own_change(desk: Desk) -> None:
    second = replace(CHANGE, nonce=Nonce(5))
    signed = sign_change(CHANGE)
    draft = make_draft(Lane.ACCOUNT, {A: flat(CHANGE.words(), DEPOSIT, second.words())})
    with desk.rollback():
        with reverts("keys: no consent"):
            desk.read(replace(draft, signatures={A: [signed, b""]}), A)
        desk.consent(second)
        good = replace(draft, signatures={A: [signed, b""]})
        assert desk.read(good, A) == expected_reading(good, A)
        with reverts("keys: no consent"):
            desk.read(replace(draft, signatures={A: [b"", b""]}), A)
        with reverts("keys: not the owner's signature"):
            desk.read(replace(draft, signatures={A: [signed, signed]}), A)


@pytest.mark.parametrize("count", [0, 2])
def test_read_block__not_one_signature_per_change__is_refused(desk: Desk, count: int) -> None:
    draft = make_draft(Lane.ACCOUNT, {A: CHANGE.words()}, signatures={A: [sign_change(CHANGE)] * count})
    with reverts("block: key change signatures"):
        desk.read(draft, A)


def test_read_block__signature_in_the_swap_lane__is_refused(desk: Desk) -> None:
    with reverts("block: key change signatures"):
        desk.read(make_draft(Lane.SWAP, {A: PAYMENT}, signatures={A: [b""]}), A)


@pytest.mark.parametrize(
    "other",
    [
        replace(CHANGE, account=AccountId(4)),
        replace(CHANGE, nonce=Nonce(3)),
        replace(CHANGE, public_key_hash=5),
        replace(CHANGE, owner=bytes(31) + b"\x01"),
    ],
)
def test_read_block__consent_to_something_else__is_refused(desk: Desk, other: KeyChange) -> None:
    draft = make_draft(Lane.ACCOUNT, {A: other.words()}, signatures={A: [sign_change(CHANGE)]})
    with reverts("keys: not the owner's signature"):
        desk.read(draft, A)


# --- forced exits ---


def test_read_block__forced_exit__each_owner_must_be_known(desk: Desk) -> None:
    other = payment(A, TOKEN, 7, 2, kind=Kind.FORCED_EXIT_PAYOUT, source=ChainId(0), recipient=OWNER)
    draft = make_draft(Lane.ACCOUNT, {A: flat(FORCED_EXIT, DEPOSIT, other.words())})
    with desk.rollback():
        for owner in (universal_address(RECIPIENT), OWNER):
            with reverts("block: owner not known here"):
                desk.read(draft, A)
            desk.know(owner)
        assert desk.read(draft, A) == expected_reading(draft, A)


def test_read_block__forced_exit_elsewhere__asks_nobody_here(desk: Desk) -> None:
    draft = make_draft(Lane.ACCOUNT, {C: (FORCED_EXIT[0] + (C - A << 224), *FORCED_EXIT[1:])})
    assert desk.read(draft, A) == expected_reading(draft, A)


# --- opening ---


def test_open_block__any_block__gives_its_hash_and_header(desk: Desk) -> None:
    draft, previous = make_draft(Lane.ACCOUNT, SLICES), b"\x05" * 32
    opening = draft.opening_args(previous)
    expected = next_sync_hash(previous, draft.block_commitment)
    assert desk.reader.open_block(opening) == (expected, 7, draft.header.elements()[2], draft.new_root)


def test_open_block__anything_bent__gives_another_hash(desk: Desk) -> None:
    draft, previous = make_draft(Lane.ACCOUNT, SLICES), b"\x05" * 32
    expected = next_sync_hash(previous, draft.block_commitment)
    good = draft.opening_args(previous)
    previous_hash, header, commitment, hashes, header_value, values = good
    bent = [
        (b"\x06" * 32, header, commitment, hashes, header_value, values),
        (previous_hash, header, draft.commitment + 1, hashes, header_value, values),
        (previous_hash, header, commitment, hashes, draft.header_value + 1, values),
    ]
    elements, own_hashes = list(draft.header.elements()), list(draft.slice_hashes)
    for i in range(5):
        changed = [*elements[:i], elements[i] + 1, *elements[i + 1 :]]
        bent.append((previous_hash, changed, commitment, hashes, header_value, values))
    for k in range(9):
        bent.append((previous_hash, header, commitment, replace_at(own_hashes, k, b"\x09" * 32), header_value, values))
        bent.append((previous_hash, header, commitment, hashes, header_value, replace_at(draft.evaluations, k, 3)))
    for opening in bent:
        assert desk.reader.open_block(opening)[0] != expected


def replace_at(items: list[Any], index: int, value: object) -> list[Any]:
    """The list with another item in one place."""
    return [*items[:index], value, *items[index + 1 :]]

"""Seeded bugs in the reader of blocks: test_dat_1_to_3_block_reader.py refutes each, on one example."""

import pytest

from tests.properties.test_dat_1_to_3_block_reader import check_reading, check_refusal
from tests.support.desk import Desk, Words, open_desk
from tests.support.drafts.draft import DATA
from tests.support.three_chains import A, B
from zklink.l1.contract_artifacts import CONTRACTS
from zklink.operations.change_pub_key import KeyChange
from zklink.operations.deposit import DepositRequest
from zklink.operations.payout import NO_CHAIN, Payout
from zklink.primitives.field import R
from zklink.protocol.ids import AccountId, Amount, ChainId, Kind, Lane, Nonce, RequestId, TokenId

SOME_OWNER = bytes(12) + b"\x11" * 20
DEPOSIT = DepositRequest(A, RequestId(1), TokenId(2), Amount(5), b"\x01" * 32, b"\x02" * 32, 1_700_000_000).words()
CHANGE = KeyChange(A, AccountId(3), Nonce(4), SOME_OWNER, R - 1, 1_800_000_000).words()
WITHDRAWAL = Payout(Kind.WITHDRAW_PAYOUT, NO_CHAIN, A, 7, TokenId(2), Amount(5), SOME_OWNER, Amount(0)).words()


def bend(words: Words, index: int, bit: int) -> Words:
    """The words with one bit flipped."""
    return *words[:index], words[index] ^ 1 << bit, *words[index + 1 :]


READS: dict[str, tuple[str, str, str, tuple[ChainId, dict[ChainId, Words]]]] = {
    "queue-hash-without-last-word": (
        "account_slices",
        "content.queue_hash, w0, r1, r2, r3",
        "content.queue_hash, w0, r1, r2",
        (A, {A: DEPOSIT}),
    ),
    "account-payouts-not-chained": (
        "account_slices",
        "content.payouts_hash, w0, p1, p2",
        "empty(bytes32), w0, p1, p2",
        (A, {A: WITHDRAWAL * 2}),
    ),
    "requests-not-counted": ("account_slices", "unsafe_add(content.requests, 1)", "1", (A, {A: DEPOSIT * 2})),
    "key-top-byte-dropped": (
        "account_slices",
        "((owner_and_key & 255) << constants.WORD_BITS) | r3",
        "r3",
        (A, {A: CHANGE}),
    ),
    "data-not-evaluated": (
        "slices",
        "uint256_mulmod(value, z, constants.R), word",
        "value, word",
        (B, {DATA: (1, 2, 3)}),
    ),
}
"""Mutants that read something else: file, text, what replaces it, and a block of the account lane that shows it."""

REFUSALS: dict[str, tuple[str, str, str, Words]] = {
    "owner-top-byte-dropped": (
        "account_slices",
        "((owner_and_key >> 8) << constants.WORD_BITS) | r1",
        "r1",
        bend(CHANGE, 2, 50),
    ),
    "record-of-any-chain": (
        "account_slices",
        'assert (w0 >> constants.ACCOUNT_REQUEST_0_SOURCE_SHIFT) & 255 == own, "slice: record of another chain"',
        "pass",
        bend(DEPOSIT, 0, 233),
    ),
    "account-payout-of-any-chain": (
        "account_slices",
        'assert p0 >> constants.PAYOUT_0_CHAIN_SHIFT == prefix, "slice: payout of other chains"',
        "pass",
        bend(WITHDRAWAL, 0, 225),
    ),
    "unused-bits-of-an-account-payout": (
        "account_slices",
        'assert records.is_payout(p0, p1, p2), "slice: unused payout bits"',
        "pass",
        bend(WITHDRAWAL, 0, 112),
    ),
    "payout-to-no-address": (
        "account_slices",
        'assert receiver != empty(address), "slice: payout to no address"',
        "pass",
        bend(WITHDRAWAL, 1, 161),
    ),
    "payout-to-an-address-cut-short": (
        "account_slices",
        "((p2 >> constants.PAYOUT_2_RECIPIENT_HI_SHIFT) << constants.WORD_BITS) | p1",
        "p1",
        bend(WITHDRAWAL, 2, 113),
    ),
    "unused-bits-of-a-key-change": (
        "account_slices",
        "| (r2 & TIME_MASK)",
        "",
        bend(CHANGE, 2, 7),
    ),
    "amount-in-a-key-change": (
        "account_slices",
        "(r0 & KEY_CHANGE_0_ZERO_BITS) |",
        "",
        bend(CHANGE, 0, 9),
    ),
    "words-of-249-bits": (
        "account_slices",
        "(r1 | r2 | r3) >> constants.WORD_BITS == 0",
        "True",
        bend(DEPOSIT, 1, 248),
    ),
    "any-kind-is-a-request": (
        "account_slices",
        'assert kind == constants.DEPOSIT_KIND or kind == constants.FULL_EXIT_KIND, "slice: unknown account record"',
        "pass",
        bend(DEPOSIT, 0, 241),
    ),
    "any-kind-is-a-payout": (
        "account_slices",
        'assert kind <= constants.FORCED_EXIT_PAYOUT_KIND, "slice: unknown account payout"',
        "pass",
        bend(WITHDRAWAL, 0, 243),
    ),
}
"""Mutants that take what is no slice of chain A: file, text, what replaces it, and such words of the account lane."""


@pytest.fixture(scope="module")
def desk() -> Desk:
    """The reader of the product."""
    return open_desk()


def mutate(file: str, old: str, new: str) -> Desk:
    """A reader with a bug in it, compiled without optimizer, in half the time."""
    path, reader = CONTRACTS / "modules" / f"{file}.vy", CONTRACTS / "BlockReader.vy"
    text = path.read_text()
    assert text.count(old) == 1, f"{file} has {text.count(old)} times {old!r}"
    plain = reader.read_text().replace("# pragma optimize gas", "# pragma optimize none")
    return open_desk(((path, text.replace(old, new)), (reader, plain)))


# breaks: DAT-1
@pytest.mark.parametrize("name", READS)
def test_check_reading__mutated__refuted(desk: Desk, name: str) -> None:
    *bug, (chain, slices) = READS[name]
    check_reading(desk, (Lane.ACCOUNT, chain, slices))
    with pytest.raises(AssertionError):
        check_reading(mutate(*bug), (Lane.ACCOUNT, chain, slices))


# breaks: EXI-4, DAT-2, DAT-3
@pytest.mark.parametrize("name", REFUSALS)
def test_check_refusal__mutated__refuted(desk: Desk, name: str) -> None:
    *bug, words = REFUSALS[name]
    check_refusal(desk, (Lane.ACCOUNT, words))
    with pytest.raises(AssertionError):
        check_refusal(mutate(*bug), (Lane.ACCOUNT, words))

"""Seeded bugs in the readers of slices: test_dat_1_to_3_slices.py refutes each, on one example."""

import pytest

from tests.properties.test_dat_1_to_3_slices import OWNERS, check_reading, check_refusal
from tests.support.desk import ANY_BITS, BRIDGE, Desk, Words, open_desk
from tests.support.evm import reverts
from tests.support.three_chains import A, B
from zklink.l1.contract_artifacts import CONTRACTS
from zklink.operations.change_pub_key import KeyChange
from zklink.operations.deposit import DepositRequest
from zklink.operations.full_exit import FullExitRequest
from zklink.operations.payout import NO_CHAIN, Payout
from zklink.operations.swap import SwapRequest
from zklink.primitives.field import R
from zklink.protocol.ids import AccountId, Amount, ChainSet, Kind, Lane, Nonce, RequestId, TokenId
from zklink.protocol.slices import evaluate

SOME_OWNER = next(iter(OWNERS))
DEPOSIT = DepositRequest(A, RequestId(1), TokenId(2), Amount(5), b"\x01" * 32, b"\x02" * 32, 1_700_000_000).words()
CHANGE = KeyChange(A, AccountId(3), Nonce(4), SOME_OWNER, R - 1, 1_800_000_000).words()
EXIT = FullExitRequest(A, RequestId(2), AccountId(7), TokenId(2), SOME_OWNER, SOME_OWNER, ChainSet(1), 9)
WITHDRAWAL = Payout(Kind.WITHDRAW_PAYOUT, NO_CHAIN, A, 7, TokenId(2), Amount(5), SOME_OWNER, Amount(0)).words()


Z = 12_345


def bend(words: Words, index: int, bit: int) -> Words:
    """The words with one bit flipped."""
    return *words[:index], words[index] ^ 1 << bit, *words[index + 1 :]


SWAP = SwapRequest(
    A, B, RequestId(1), TokenId(2), TokenId(3), Amount(9), Amount(8), Amount(1), Amount(2), 7, 8, SOME_OWNER, SOME_OWNER
).words()  # fmt: skip
PAID = Payout(Kind.SWAP_PAID, B, A, 7, TokenId(2), Amount(5), SOME_OWNER, Amount(0)).words()
REFUND = Payout(Kind.SWAP_REFUNDED, A, A, 7, TokenId(2), Amount(5), SOME_OWNER, Amount(0)).words()


def find_large_sum() -> Words:
    """A swap for which Horner's rule ends above r, where it must be reduced."""
    for first in range(SWAP[0], SWAP[0] + 10_000):
        words = (first, *SWAP[1:4], 2**248 - 1)
        if evaluate(words[:4], Z) * Z % R + words[4] >= R:
            return words
    raise AssertionError("about one in forty is such")


READS: dict[str, tuple[str, str, str, Lane, Words]] = {
    "queue-not-rolled": (
        "account_slices",
        "keccak256(abi_encode(content.queue_hash, r))",
        "keccak256(abi_encode(place.queue_hash, r))",
        Lane.ACCOUNT,
        DEPOSIT * 2,
    ),
    "swaps-not-rolled": (
        "swap_slices",
        "keccak256(abi_encode(content.queue_hash, w))",
        "keccak256(abi_encode(place.queue_hash, w))",
        Lane.SWAP,
        SWAP * 2,
    ),
    "requests-not-counted": (
        "account_slices",
        "unsafe_add(content.requests, 1)",
        "1",
        Lane.ACCOUNT,
        DEPOSIT * 2,
    ),
    "part-counted": (
        "account_slices",
        "                if not is_part:\n",
        "                if True:\n",
        Lane.ACCOUNT,
        EXIT.part_words(),
    ),
    "part-hashed-as-it-is": (
        "account_slices",
        "r[0] ^= PART_BITS",
        "pass",
        Lane.ACCOUNT,
        EXIT.part_words(),
    ),
    "part-forgotten": (
        "account_slices",
        "content.part = place.part",
        "content.part = empty(bytes32)",
        Lane.ACCOUNT,
        EXIT.part_words(),
    ),
    "swaps-not-counted": ("swap_slices", "unsafe_add(content.requests, 1)", "1", Lane.SWAP, SWAP * 2),
    "key-top-byte-dropped": (
        "account_slices",
        "((owner_and_key & 255) << constants.WORD_BITS) | r[3]",
        "r[3]",
        Lane.ACCOUNT,
        CHANGE,
    ),
    "last-word-not-evaluated": (
        "account_slices",
        "sum = unsafe_add(uint256_mulmod(sum, z, constants.R), r[3])",
        "sum = uint256_mulmod(sum, z, constants.R)",
        Lane.ACCOUNT,
        DEPOSIT,
    ),
    "third-word-of-a-payout-not-evaluated": (
        "swap_slices",
        "sum = unsafe_add(uint256_mulmod(sum, z, constants.R), w[2])",
        "sum = uint256_mulmod(sum, z, constants.R)",
        Lane.SWAP,
        bend(PAID, 2, 3),
    ),
    "value-not-reduced": (
        "swap_slices",
        "content.value = sum % constants.R",
        "content.value = sum",
        Lane.SWAP,
        find_large_sum(),
    ),
    "queued-at-of-the-first": (
        "swap_slices",
        "content.queued_at = w[2] & (2**constants.TIME_BITS - 1)",
        "content.queued_at = max(content.queued_at, w[2] & (2**constants.TIME_BITS - 1))",
        Lane.SWAP,
        (*bend(SWAP, 2, 30), *SWAP),
    ),
    "count-not-hashed": (
        "slices",
        "keccak256(convert(count, bytes32))",
        "empty(bytes32)",
        Lane.SWAP,
        PAID,
    ),
    "one-consent-for-all": (
        "account_slices",
        "content.consents = unsafe_add(content.consents, constants.SIGNATURE_BYTES)",
        "content.consents = content.consents",
        Lane.ACCOUNT,
        CHANGE,
    ),
}
"""Mutants that read something else: file, text, what replaces it, and a slice of chain A that shows it."""

REFUSALS: dict[str, tuple[str, str, str, Lane, Words]] = {
    "owner-top-byte-dropped": (
        "account_slices",
        "((owner_and_key >> 8) << constants.WORD_BITS) | r[1]",
        "r[1]",
        Lane.ACCOUNT,
        bend(CHANGE, 2, 50),
    ),
    "nobody-signs": (
        "owner_consents",
        'checks.require(convert(signer, uint256) == owner, "consent: not the owner\'s")',
        "pass",
        Lane.ACCOUNT,
        bend(CHANGE, 1, 3),
    ),
    "record-of-any-chain": (
        "account_slices",
        'assert (r[0] >> constants.ACCOUNT_REQUEST_0_SOURCE_SHIFT) & 255 == own, "slice: record of another chain"',
        "pass",
        Lane.ACCOUNT,
        bend(DEPOSIT, 0, 233),
    ),
    "swap-of-any-chain": (
        "swap_slices",
        'assert w[0] >> constants.SWAP_REQUEST_0_SOURCE_SHIFT == request_prefix, "slice: request of another chain"',
        "pass",
        Lane.SWAP,
        bend(SWAP, 0, 233),
    ),
    "payout-of-any-chain": (
        "swap_slices",
        'assert (w[0] >> constants.PAYOUT_0_CHAIN_SHIFT) & 255 == own, "slice: payout of another chain"',
        "pass",
        Lane.SWAP,
        bend(PAID, 0, 225),
    ),
    "refund-of-any-chain": (
        "swap_slices",
        'assert w[0] >> constants.PAYOUT_0_CHAIN_SHIFT == refund_prefix, "slice: no record of this chain"',
        "pass",
        Lane.SWAP,
        bend(REFUND, 0, 233),
    ),
    "account-payout-of-any-chain": (
        "account_slices",
        'assert prefix & 255 == own, "slice: payout of other chains"',
        "pass",
        Lane.ACCOUNT,
        bend(WITHDRAWAL, 0, 225),
    ),
    "unused-bits-of-an-account-payout": (
        "account_slices",
        'assert records.find_unused_bits(r[0], r[1], r[2]) == 0, "slice: unused payout bits"',
        "pass",
        Lane.ACCOUNT,
        bend(WITHDRAWAL, 0, 112),
    ),
    "unused-bits-of-a-payout": (
        "swap_slices",
        'assert records.find_unused_bits(w[0], w[1], w[2]) == 0, "slice: unused bits of a payout"',
        "pass",
        Lane.SWAP,
        bend(PAID, 0, 130),
    ),
    "payout-to-no-address": (
        "account_slices",
        'assert recipient != 0, "slice: no address there"',
        "pass",
        Lane.ACCOUNT,
        bend(WITHDRAWAL, 1, 161),
    ),
    "swap-paid-to-no-address": (
        "swap_slices",
        'assert recipient != 0, "slice: recipient format"',
        "pass",
        Lane.SWAP,
        bend(PAID, 1, 161),
    ),
    "paid-to-a-bridge": (
        "swap_slices",
        'assert recipient != bridge, "slice: recipient is a bridge"',
        "pass",
        Lane.SWAP,
        (PAID[0], BRIDGE, PAID[2]),
    ),
    "withdrawn-to-a-bridge": (
        "account_slices",
        'assert recipient != bridge, "slice: payout to a bridge"',
        "pass",
        Lane.ACCOUNT,
        (WITHDRAWAL[0], BRIDGE, WITHDRAWAL[2]),
    ),
    "payout-to-an-address-cut-short": (
        "records",
        "(((p2 >> constants.PAYOUT_2_RECIPIENT_HI_SHIFT) & 255) << constants.WORD_BITS) | p1",
        "p1",
        Lane.ACCOUNT,
        bend(WITHDRAWAL, 2, 113),
    ),
    "amount-in-a-key-change": (
        "account_slices",
        "(r[0] & KEY_CHANGE_0_ZERO_BITS) |",
        "",
        Lane.ACCOUNT,
        bend(CHANGE, 0, 9),
    ),
    "words-of-249-bits": (
        "account_slices",
        "(r[1] | r[2] | r[3]) >> constants.WORD_BITS == 0",
        "True",
        Lane.ACCOUNT,
        bend(DEPOSIT, 1, 248),
    ),
    "swaps-of-249-bits": (
        "swap_slices",
        "(w[1] | w[2] | w[3] | w[4]) >> constants.WORD_BITS == 0",
        "True",
        Lane.SWAP,
        bend(SWAP, 4, 248),
    ),
    "any-kind-is-a-request": (
        "account_slices",
        'assert kind == constants.KEY_REQUEST_KIND, "slice: unknown account record"',
        "pass",
        Lane.ACCOUNT,
        bend(DEPOSIT, 0, 241),
    ),
    "source-of-a-withdrawal": (
        "account_slices",
        'assert (prefix >> 8) & 255 == 0 or kind == constants.FULL_EXIT_PAYOUT_KIND, "slice: source of a payout"',
        "pass",
        Lane.ACCOUNT,
        bend(WITHDRAWAL, 0, 233),
    ),
    "another-exit-after-a-part": (
        "account_slices",
        'assert content.part == empty(bytes32) or content.part == next_hash, "slice: another full exit"',
        "pass",
        Lane.ACCOUNT,
        (*EXIT.part_words(), *DEPOSIT),
    ),
    "bound-to-any-chain": (
        "records",
        "(bound == 0 or bound == k)",
        "True",
        Lane.ACCOUNT,
        bend(WITHDRAWAL, 2, 114),
    ),
    "any-kind-is-a-payout": (
        "account_slices",
        'assert kind <= constants.FORCED_EXIT_PAYOUT_KIND, "slice: unknown account payout"',
        "pass",
        Lane.ACCOUNT,
        bend(WITHDRAWAL, 0, 243),
    ),
}
"""Mutants that take what is no slice of chain A: file, text, what replaces it, and such words."""


@pytest.fixture(scope="module")
def desk() -> Desk:
    """The readers of the product."""
    return open_desk()


def mutate(file: str, old: str, new: str) -> Desk:
    """Readers with a bug in them, compiled without optimizer, in half the time."""
    path, contract = CONTRACTS / "modules" / f"{file}.vy", CONTRACTS / "testing" / "SliceDesk.vy"
    text = path.read_text()
    assert text.count(old) == 1, f"{file} has {text.count(old)} times {old!r}"
    plain = contract.read_text().replace("# pragma optimize gas", "# pragma optimize none")
    return open_desk(((path, text.replace(old, new)), (contract, plain)))


# breaks: DAT-1
@pytest.mark.parametrize("name", READS)
def test_check_reading__mutated__refuted(desk: Desk, name: str) -> None:
    *bug, lane, words = READS[name]
    check_reading(desk, (lane, words))
    with pytest.raises(AssertionError):
        check_reading(mutate(*bug), (lane, words))


# breaks: DAT-2, DAT-3
@pytest.mark.parametrize("name", REFUSALS)
def test_check_refusal__mutated__refuted(desk: Desk, name: str) -> None:
    *bug, lane, words = REFUSALS[name]
    check_refusal(desk, (lane, words))
    with pytest.raises(AssertionError):
        check_refusal(mutate(*bug), (lane, words))


# breaks: DAT-3
@pytest.mark.parametrize(("lane", "words"), [(Lane.ACCOUNT, WITHDRAWAL), (Lane.SWAP, PAID)])
def test_name_of_20_bytes__not_checked__is_paid_where_names_have_32(desk: Desk, lane: Lane, words: Words) -> None:
    bug = ("records", "return 0 if is_evm else account", "return account")
    check_refusal(desk, (lane, words), ANY_BITS)
    with pytest.raises(AssertionError):
        check_refusal(mutate(*bug), (lane, words), ANY_BITS)


# breaks: DAT-2
def test_owner_format__not_checked__nobody_changes_the_key_of_an_account_without_owner(desk: Desk) -> None:
    """An invalid signature recovers to the zero address."""
    bug = ("owner_consents", 'checks.require(owner != 0 and owner >> 160 == 0, "consent: owner format")', "pass")
    nobodys = (CHANGE[0], 0, CHANGE[2], CHANGE[3])
    with reverts("consent: owner format"):
        desk.read(Lane.ACCOUNT, nobodys, consents=[bytes(65)])
    assert mutate(*bug).read(Lane.ACCOUNT, nobodys, consents=[bytes(65)]).consents == 1

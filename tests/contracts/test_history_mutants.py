"""Seeded bugs in both histories: each guard and each step left out, and the test that notices."""

from functools import partial

import pytest

from tests.contracts import test_accept_again as again
from tests.contracts import test_history_calls as calls
from tests.contracts import test_history_payments as payments
from tests.contracts import test_member_history as member
from tests.contracts import test_primary_history as primary
from tests.contracts import test_primary_words as words
from tests.support.contract_mutants import ContractMutant, RigTest
from tests.support.drafts.rig import Rig
from tests.support.three_chains import A, B
from tests.support.upholds import upholds

PRIMARY, MEMBER = "PrimaryHistory.vy", "MemberHistory.vy"
READER, SETTLEMENT, TIPS, ACCS = (f"modules/{name}.vy" for name in ("block_reader", "settlement", "tips", "accs"))


def without(promise: str, file: str, guard: str, caught_by: RigTest) -> ContractMutant:
    """A line left out."""
    return ContractMutant(promise, file, guard, "pass", caught_by)


def header(name: str) -> RigTest:
    """The test of one bad header."""
    reason, bend = primary.HEADERS[name]
    return partial(primary.test_accept__bad_header__is_refused, reason=reason, bend=bend)


UNVOUCHED = words.test_accept__queue_served_without_the_watchers_word__is_refused
LANES = primary.test_accept__blocks_of_both_lanes_in_one_call__queues_go_on_from_block_to_block
EXECUTE = partial(payments.test_execute__other_payouts__are_refused, chain=A)
PARTLY = partial(payments.test_execute__some_and_then_the_rest__each_once_in_any_order_of_blocks, chain=B)

# breaks: DAT-1, DAT-2, QUE-1, SYN-2, SYN-7, SYN-8, VER-1, VER-8, EXI-2, SOL-3
MUTANTS = {
    "any-caller": without(
        "DAT-1",
        PRIMARY,
        'checks.require(msg.sender == tx.origin and not msg.sender.is_contract, "history: not a plain account")',
        primary.test_accept__by_a_contract__is_refused,
    ),
    "frozen-and-on": without(
        "SYN-7",
        PRIMARY,
        'checks.require(not staticcall settlement.BRIDGE.is_frozen(), "accept: frozen")',
        primary.test_accept__frozen__is_refused,
    ),
    "silent-and-on": without(
        "SYN-7",
        PRIMARY,
        'checks.require(not self._is_silent(last), "accept: silent")',
        partial(primary.test_accept__silent__is_refused_for_ever, blocks=1),
    ),
    "never-silent-before-the-first-block": ContractMutant(
        "SYN-7",
        PRIMARY,
        "if last.number > 0 else DEPLOYED_AT",
        "if last.number > 0 else block.timestamp",
        partial(primary.test_accept__silent__is_refused_for_ever, blocks=0),
    ),
    "silence-forgotten": without(
        "SYN-7",
        PRIMARY,
        "last.has_end = self._is_silent(last)",
        again.test_accept_again__silent__stays_silent_however_young_the_block,
    ),
    "again-after-exits": without(
        "SYN-7",
        PRIMARY,
        'checks.require(not staticcall IExodus(history_views.EXODUS).is_begun(), "accept: exodus has begun")',
        again.test_accept_again__exits_begun__is_refused,
    ),
    "again-without-acc": without(
        "SYN-8",
        PRIMARY,
        "accs.check(reading.number, reading.sync_hash, LATER_INDEX, validators, watchers)",
        again.test_accept_again__not_signed_by_both_groups__is_refused,
    ),
    "from-the-future": without(
        "QUE-1",
        PRIMARY,
        'checks.require(time <= block.timestamp + constants.DRIFT_SECONDS, "accept: in the future")',
        primary.test_accept__timestamp__has_bounds,
    ),
    "age-of-the-last-block-alone": ContractMutant(
        "QUE-1",
        PRIMARY,
        "checks.require(time >= oldest,",
        "checks.require(time >= oldest or reading.number == last.number + 1,",
        primary.test_accept__block_under_the_last_too_old__is_refused,
    ),
    "before-a-request": without(
        "QUE-1",
        PRIMARY,
        'checks.require(time >= reading.queued_at, "accept: before a request")',
        primary.test_accept__before_an_own_request_was_queued__is_refused,
    ),
    "consents-left-over": without(
        "DAT-2",
        PRIMARY,
        'checks.require(reading.consents == consents_end, "history: consents do not fit")',
        calls.test_accept__consent_without_a_change__is_refused,
    ),
    "consents-of-skipped-blocks": without(
        "SYN-2",
        PRIMARY,
        "reading.consents += constants.SIGNATURE_BYTES * self._count_skipped_changes(call.skipped)",
        calls.test_accept__blocks_that_are_there__are_skipped_with_words_and_consents,
    ),
    "served-queue-forgotten": without(
        "QUE-1",
        PRIMARY,
        "self.queues[i] = reading.queues[i]",
        primary.test_accept__slices_of_all_chains__tip_is_what_python_computes,
    ),
    "nobody-vouches": without(
        "SOL-3", PRIMARY, 'checks.require(missing == 0, "accept: no word for a queue")', UNVOUCHED
    ),
    "any-word-vouches": ContractMutant("SOL-3", PRIMARY, "missing &= ~(1 << index)", "missing = 0", UNVOUCHED),
    "no-such-queue": without(
        "SOL-3",
        PRIMARY,
        'checks.require(k < constants.SLICE_COUNT and block_reader.is_lane(lane), "accept: no such queue")',
        partial(words.test_accept__queue_that_cannot_be__is_refused, chain=1, lane=3),
    ),
    "anybody-ends-a-history": without(
        "SYN-8",
        MEMBER,
        'checks.require(msg.sender == history_views.END, "history: not the end contract")',
        member.test_set_end__anybody_else__is_refused,
    ),
    "another-end": without(
        "SYN-7",
        MEMBER,
        'checks.require(last_hash == self.end_hash, "import: not what END names")',
        member.test_import__end_stands__takes_what_it_contains_and_nothing_else,
    ),
    "beyond-end": ContractMutant(
        "SYN-7",
        MEMBER,
        "    if last.has_end:\n",
        "    if last.has_end and reading.number < self.end_number:\n",
        member.test_import__end_stands__takes_what_it_contains_and_nothing_else,
    ),
    "no-path-to-end": without(
        "SYN-7",
        MEMBER,
        'checks.require(is_opened, "import: no path to END")',
        member.test_import__end_far_away__by_a_path_that_was_opened,
    ),
    "claims-not-counted": without(
        "VER-8",
        MEMBER,
        'checks.require(total == claims, "history: claims do not fit")',
        partial(calls.test_import__claims_too_few_or_too_many__are_refused, change=2),
    ),
    "claims-of-skipped-blocks": ContractMutant(
        "SYN-2",
        MEMBER,
        "return at + 32 * before",
        "return at",
        calls.test_import__blocks_that_are_there__are_skipped_with_words_and_claims,
    ),
    "unmatched-claims": without(
        "VER-8",
        MEMBER,
        "checks.require(length == 2 * block_reader.count_claims(next_block.counts, held), "
        '"unmatched: claims do not fit")',
        member.test_is_unmatched__does_not_fit__is_refused,
    ),
    "unmatched-words": without(
        "DAT-2",
        MEMBER,
        'checks.require(length == block_reader.own_bytes(next_block.counts), "unmatched: words do not fit")',
        member.test_is_unmatched__does_not_fit__is_refused,
    ),
    "always-matched": ContractMutant(
        "SYN-7",
        MEMBER,
        "return not is_matched, reading.block_commitment",
        "return False, reading.block_commitment",
        member.test_is_unmatched__next_block__by_the_own_queue_alone,
    ),
    "block-missing": without(
        "SYN-2",
        READER,
        'checks.require(convert(first, uint256) <= next_number, "history: a block is missing")',
        calls.test_any_call__block_between_missing__is_refused,
    ),
    "words-not-counted": without(
        "DAT-2",
        READER,
        'checks.require(words == end, "history: words do not fit")',
        partial(calls.test_accept__words_cut_short_or_left_over__are_refused, blocks=2),
    ),
    "skipped-words": ContractMutant(
        "SYN-2",
        READER,
        "            call.words = words\n",
        "            call.words = words - 32 * self.add_counts(counts & held)\n",
        calls.test_accept__blocks_that_are_there__are_skipped_with_words_and_consents,
    ),
    "any-lane": ContractMutant(
        "VER-8",
        READER,
        "return lane == constants.SWAP_LANE or lane == constants.ACCOUNT_LANE",
        "return True",
        partial(primary.test_accept__unknown_lane__is_refused, lane=3),
    ),
    "any-root": without(
        "VER-1", READER, 'checks.require(new_block.new_root < constants.R, "block: root above r")', header("root is r")
    ),
    "any-commitment": without(
        "VER-1",
        READER,
        'checks.require(new_block.commitment < constants.R, "block: commitment above r")',
        header("C is r"),
    ),
    "back-in-time": without(
        "QUE-1",
        READER,
        'checks.require(new_block.timestamp >= last.timestamp, "block: before the last block")',
        primary.test_accept__timestamp__has_bounds,
    ),
    "any-chain": without(
        "VER-8",
        READER,
        'checks.require(counts & ~known == 0, "block: words of an unknown chain")',
        header("unknown chain"),
    ),
    "data-in-any-lane": ContractMutant(
        "VER-8",
        READER,
        "    if lane == constants.ACCOUNT_LANE:\n        known",
        "    if True:\n        known",
        header("data"),
    ),
    "any-evaluation": without(
        "VER-1",
        READER,
        'checks.require(values[k] < constants.R, "block: evaluation above r")',
        calls.test_import__evaluation_not_below_r__is_refused,
    ),
    "queue-stands-still": without("QUE-1", READER, "reading.queues[index] = content.queue_hash", LANES),
    "keys-change-anywhere": ContractMutant(
        "DAT-2",
        READER,
        "consents=consents if is_primary else 0,",
        "consents=consents,",
        partial(calls.test_accept__key_change_in_a_members_slice__is_refused, chain=A),
    ),
    "history-not-chained": ContractMutant(
        "SYN-8",
        READER,
        "keccak256(abi_encode(last.sync_hash, reading.block_commitment))",
        "keccak256(abi_encode(empty(bytes32), reading.block_commitment))",
        LANES,
    ),
    "later-blocks-not-folded": ContractMutant(
        "SYN-7",
        ACCS,
        "result = keccak256(concat(result, slice(msg.data, at, 32)))",
        "result = sync_hash",
        member.test_import__with_the_acc_of_a_later_block__is_taken,
    ),
    "own-requests-not-consumed": without(
        "QUE-1",
        SETTLEMENT,
        """extcall BRIDGE.consume(
                convert(lane, uint8),
                self.next_requests(lane)[0] + convert(requests & slices.REQUESTS_MASK, uint64),
                reading.queues[index],
                reading.parts[index],
                requests >> slices.FEES_SHIFT,
            )""",
        words.test_accept__requests_that_are_not_the_own_queue__are_refused,
    ),
    "payouts-cut-short": without(
        "EXI-2",
        SETTLEMENT,
        'checks.require(len(payouts) % constants.PAYOUT_WORDS == 0, "execute: payout words")',
        EXECUTE,
    ),
    "any-count": without(
        "EXI-2", SETTLEMENT, 'checks.require(0 < count and count <= total, "execute: count")', EXECUTE
    ),
    "any-payouts": without(
        "EXI-2", SETTLEMENT, 'checks.require(self.owed[number] == all_owed, "execute: other payouts")', EXECUTE
    ),
    "paid-twice": without("EXI-2", SETTLEMENT, "self.owed[number] = left", EXECUTE),
    "rest-forgotten": ContractMutant(
        "EXI-2", SETTLEMENT, "            left = keccak256(abi_encode(left, p))\n", "            pass\n", PARTLY
    ),
    "executed-too-early": ContractMutant("EXI-2", SETTLEMENT, "    if count == total:\n", "    if True:\n", PARTLY),
    "owed-not-counted": ContractMutant(
        "EXI-2",
        SETTLEMENT,
        "new_tip.unpaid += self._settle(last.number, call, False)",
        "self._settle(last.number, call, False)",
        partial(payments.test_enter__not_paid__owes_the_payouts_and_no_requests, chain=A),
    ),
    "first-batch-lost": ContractMutant(
        "EXI-2",
        SETTLEMENT,
        "            extcall BRIDGE.pay(batch)\n            batch = []\n",
        "            batch = []\n",
        partial(payments.test_enter__more_payouts_than_one_batch__all_are_paid, chain=A, pay=True),
    ),
    "slots-exchanged": ContractMutant(
        "SYN-8",
        TIPS,
        "    self.root = last.root\n    self.sync_hash = last.sync_hash\n",
        "    self.root = convert(last.sync_hash, uint256)\n    self.sync_hash = convert(last.root, bytes32)\n",
        partial(member.test_storage__slots_0_to_2__are_the_tip, chain=A),
    ),
}


@upholds("DAT-1", "DAT-2", "QUE-1", "SYN-2", "SYN-7", "SYN-8", "VER-1", "VER-8", "EXI-2", "SOL-3")
class TestGuards:
    """Every guard of a history is there for a case that a test has."""

    @pytest.mark.parametrize("name", MUTANTS)
    def test_history__mutated__is_noticed(self, name: str) -> None:
        MUTANTS[name].check_is_caught()

    def test_tests__on_the_product__pass(self, plain_rig: Rig) -> None:
        for mutant in MUTANTS.values():
            mutant.play(plain_rig)

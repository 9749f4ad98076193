"""Seeded bugs in ends, exodus and the bridge's doors to its partners: each makes one test fail, so each check is there
for a reason. The wrong rules of the model are in test_star_mutants.py, the bugs in groups in test_groups_mutants.py.
"""

from collections.abc import Callable
from functools import partial

import pytest

from tests.contracts import test_end_contest as contest
from tests.contracts import test_exits as exits
from tests.contracts import test_exodus as exodus
from tests.contracts import test_freeze as freeze
from tests.contracts import test_member_end as member
from tests.contracts import test_primary_end as primary
from tests.contracts import test_secession as secession
from tests.support.contract_mutants import ContractMutant
from tests.support.drafts.escape import make_escaping
from tests.support.drafts.rig import Rig
from tests.support.three_chains import A
from tests.support.upholds import upholds

CALLS, EXODUS, PATHS = "modules/freeze_calls.vy", "Exodus.vy", "modules/paths.vy"
PRIMARY_END, MEMBER_END, CONTEST = "PrimaryEnd.vy", "MemberEnd.vy", "modules/end_contest.vy"


def escaping(test: Callable[..., None]) -> Callable[[Rig], None]:
    """The test on a chain where exodus has begun."""
    return lambda rig: test(make_escaping(rig))


# breaks: EXI-1, EXI-2, QUE-1, QUE-2, QUE-4, SYN-9, SYN-11, VER-6, DAT-2
MUTANTS = {
    "called-twice": ContractMutant(
        "QUE-2",
        CALLS,
        'assert called <= consumed, "freeze: called already"',
        "pass",
        partial(freeze.test_call_freeze__again_while_it_waits__cannot_prolong_the_day, chain=A),
    ),
    "request-not-compared": ContractMutant(
        "QUE-2",
        CALLS,
        "priority_queue.hash_next(convert(lane, uint256), previous, request) == queue_hash",
        "True",
        freeze.test_call_freeze__not_the_oldest__is_refused,
    ),
    "expiry-not-waited-for": ContractMutant(
        "QUE-2",
        CALLS,
        'assert block.timestamp > records.queued_at(request) + constants.EXPIRY_SECONDS, "freeze: request not expired"',
        "pass",
        partial(freeze.test_call_freeze__after_the_expiry__by_anyone__is_noted, chain=A),
    ),
    "confirmed-at-once": ContractMutant(
        "QUE-4",
        CALLS,
        'constants.FREEZE_DELAY_SECONDS), "freeze: too early to confirm"',
        'constants.FREEZE_DELAY_SECONDS) or True, "freeze: too early to confirm"',
        partial(freeze.test_confirm_freeze__a_day_later__freezes_for_good, chain=A),
    ),
    "confirmed-though-consumed": ContractMutant(
        "QUE-4",
        CALLS,
        'assert called > consumed, "freeze: request was consumed"',
        "pass",
        freeze.test_call_freeze__request_in_a_block_of_the_primary_alone__is_noted,
    ),
    "a-halt-counts-as-a-day": ContractMutant(
        "QUE-4",
        "modules/windows.vy",
        " and block.number >= began_in + blocks",
        "",
        partial(freeze.test_confirm_freeze__a_chain_that_was_halted__waits_for_its_blocks, chain=A),
    ),
    "another-lane-confirmed": ContractMutant(
        "QUE-2",
        CALLS,
        "packed: uint256 = self.calls[convert(lane, uint256)]",
        "packed: uint256 = self.calls[constants.ACCOUNT_LANE]",
        partial(freeze.test_confirm_freeze__without_a_call__is_refused, chain=A),
    ),
    "announced-twice": ContractMutant(
        "SYN-9",
        PRIMARY_END,
        'assert self.announced[member] == 0, "freeze: announced already"',
        "pass",
        primary.test_announce_freeze__again__cannot_prolong_the_day,
    ),
    "any-round-announced": ContractMutant(
        "SYN-9",
        PRIMARY_END,
        'assert round == self.rounds[member], "freeze: of another round"',
        "pass",
        primary.test_void_freeze__by_the_governor__a_later_word_counts,
    ),
    "void-by-anybody": ContractMutant(
        "SYN-9",
        PRIMARY_END,
        '    end_partners.check_governor()\n    assert self.announced[member] != 0, "freeze: nothing to void"\n',
        '    assert self.announced[member] != 0, "freeze: nothing to void"\n',
        primary.test_void_freeze__anybody_else_or_nothing_there__is_refused,
    ),
    "frozen-for-noise": ContractMutant(
        "SYN-9",
        PRIMARY_END,
        'assert staticcall IPrimaryHistory(end_partners.HISTORY).is_silent(), "freeze: not silent"',
        "pass",
        primary.test_freeze_for_silence__an_empty_block_in_time__keeps_it_alive,
    ),
    "exits-before-payouts": ContractMutant(
        "EXI-2",
        PRIMARY_END,
        "is_paid and windows",
        "windows",
        primary.test_may_open__payouts_owed__not_before_they_are_paid,
    ),
    "member-exits-before-payouts": ContractMutant(
        "EXI-2",
        MEMBER_END,
        " and tip.unpaid == 0",
        "",
        secession.test_show_mismatch__with_payouts_owed__exits_wait_for_them,
    ),
    "end-after-end": ContractMutant(
        "SYN-9",
        CONTEST,
        'assert not self.state.stands, "end: stands already"',
        "pass",
        member.test_raise_end__one_that_stands__is_final,
    ),
    "end-hides-its-path": ContractMutant(
        "SYN-9",
        MEMBER_END,
        "    paths.publish(tip.number, tip.sync_hash, later)\n",
        "",
        member.test_raise_end__whoever_calls__publishes_the_path,
    ),
    "end-pushes-end-out": ContractMutant(
        "SYN-9",
        CONTEST,
        'assert word == BOTH_GROUPS or self.state.word == NOBODY, "end: another one waits"',
        "pass",
        member.test_raise_end__another_one_waits__is_refused,
    ),
    "denied-without-end": ContractMutant(
        "SYN-11",
        CONTEST,
        "if self.state.denied_by_validators or self.state.denied_by_governor:",
        "if self.state.denied_by_validators and self.state.denied_by_governor:",
        contest.test_deny_end__validators__adds_fourteen_days,
    ),
    "governor-denies-its-own": ContractMutant(
        "SYN-9",
        CONTEST,
        'assert self.state.word == WATCHERS, "end: not the watchers\'"',
        "pass",
        contest.test_deny_end__others_against_validators_and_governor__is_refused,
    ),
    "end-without-the-governor": ContractMutant(
        "SYN-9",
        "modules/end_evidence.vy",
        "    end_partners.check_governor()\n",
        "",
        member.test_raise_end__validators_alone__is_refused,
    ),
    "true-acc-fells-true-end": ContractMutant(
        "SYN-9",
        MEMBER_END,
        'assert ends_hash != sync_hash, "end: ACC agrees with END"',
        "pass",
        contest.test_fell_end__acc_agrees__is_refused,
    ),
    "any-hash-is-ends": ContractMutant(
        "SYN-9",
        MEMBER_END,
        'path), "end: not END\'s own history"\n',
        'path) or True, "end: not END\'s own history"\n',
        contest.test_fell_end__hash_that_is_not_ends__is_refused,
    ),
    "stands-within-its-window": ContractMutant(
        "SYN-11",
        MEMBER_END,
        'assert end_contest.is_window_over(), "end: within its window"',
        "pass",
        contest.test_deny_end__governor__adds_fourteen_days,
    ),
    "path-from-nowhere": ContractMutant(
        "SYN-9",
        PATHS,
        'assert self.does_lead(base, base_hash, number, sync_hash, []), "end: not opened so far"',
        "pass",
        secession.test_open_path__from_what_was_not_opened__is_refused,
    ),
    "path-of-any-base": ContractMutant(
        "SYN-9",
        PATHS,
        "keccak256(abi_encode(base, base_hash, number, sync_hash))",
        "keccak256(abi_encode(number, sync_hash))",
        secession.test_open_path__of_another_base__opens_nothing_here,
    ),
    "history-stranger": ContractMutant(
        "QUE-1",
        "modules/partners.vy",
        'checks.require(msg.sender == HISTORY, "bridge: not the history")',
        "pass",
        partial(freeze.test_bridge_consume_and_pay__only_by_its_history, chain=A),
    ),
    "end-stranger": ContractMutant(
        "QUE-2",
        "modules/partners.vy",
        'checks.require(msg.sender == END, "bridge: not the end")',
        "pass",
        freeze.test_bridge_freeze__only_by_its_end,
    ),
    "exodus-before-its-time": ContractMutant(
        "EXI-2",
        EXODUS,
        'assert staticcall IEnd(end).may_open(), "exodus: may not begin yet"',
        "pass",
        exodus.test_begin_exodus__chain_that_runs__is_refused,
    ),
    "consumed-requests-cancelled": ContractMutant(
        "EXI-2",
        EXODUS,
        "self.settled[lane] = convert(consumed, uint256)",
        "pass",
        exodus.test_cancel_requests__consumed_by_a_block__is_refused,
    ),
    "cancelled-twice": ContractMutant(
        "QUE-1",
        EXODUS,
        "    self.settled[key] = last\n",
        "",
        escaping(exodus.test_cancel_requests__twice_or_not_in_order__is_refused),
    ),
    "cancelled-unseen": ContractMutant(
        "QUE-1",
        EXODUS,
        "queue_hash == staticcall IBridge(bridge).queue_hash(lane, convert(last, uint64))",
        "True",
        escaping(exodus.test_cancel_requests__malformed__are_refused),
    ),
    "exit-not-remembered": ContractMutant(
        "EXI-1",
        EXODUS,
        "    self.exited[key] = True\n",
        "",
        escaping(exits.test_exit__unsigned_by_the_owner__is_paid_once),
    ),
    "exit-keyed-without-token": ContractMutant(
        "EXI-1",
        EXODUS,
        "key: uint256 = records.exit_key(e.account, e.token_id)",
        "key: uint256 = records.exit_key(e.account, 0)",
        escaping(exits.test_exit__unsigned_by_the_owner__is_paid_once),
    ),
    "exit-on-any-chain": ContractMutant(
        "EXI-1",
        EXODUS,
        'assert e.chain_id == staticcall IBridge(bridge).chain_id(), "exit: for another chain"',
        "pass",
        escaping(exits.test_exit__for_another_chain__is_refused),
    ),
    "exit-pushed-by-anybody": ContractMutant(
        "EXI-1",
        EXODUS,
        'assert e.is_signed or is_own, "exit: recipient must send it"',
        "pass",
        escaping(exits.test_exit__unsigned_by_somebody_else__is_refused),
    ),
    "exit-without-a-proof": ContractMutant(
        "VER-6",
        EXODUS,
        """    raw_call(
        verifier,
        abi_encode(proofs, inputs, method_id=method_id("check_proofs(uint256[8][],uint256[5][])")),
        is_static_call=True,
    )
""",
        "",
        escaping(exits.test_exit__proof_of_another_statement__is_refused),
    ),
    "exit-with-unused-bits": ContractMutant(
        "DAT-2",
        EXODUS,
        'assert records.is_exit(x0, recipient_lo, x1), "exit: unused bits"',
        "pass",
        escaping(exits.test_exit__unused_bits__are_refused),
    ),
}


@upholds("EXI-1", "EXI-2", "QUE-1", "QUE-2", "QUE-4", "SYN-9", "SYN-11", "VER-6", "DAT-2")
@pytest.mark.parametrize("name", MUTANTS)
def test_bug__in_a_contract__is_noticed(name: str) -> None:
    MUTANTS[name].check_is_caught()


def test_tests__on_the_product__pass(plain_rig: Rig) -> None:
    """The other half: what fails with a bug holds without."""
    for mutant in MUTANTS.values():
        mutant.play(plain_rig)

"""Each wrong rule of the star's model that a contract could have, as a bug in a contract that a test notices.

The names are those of tests/properties/star_model/mutants.py, where the model refutes the rule.
"""

import inspect
from functools import partial

import pytest

from tests.contracts import test_end_contest as contest
from tests.contracts import test_member_end as member
from tests.contracts import test_primary_end as primary
from tests.contracts import test_secession as secession
from tests.contracts import test_star_rules as rules
from tests.properties.star_model import mutants as model
from tests.support.contract_mutants import ContractMutant
from tests.support.drafts.end_words import WATCHERS
from tests.support.drafts.rig import Rig
from tests.support.upholds import upholds

PRIMARY_HISTORY, MEMBER_HISTORY = "PrimaryHistory.vy", "MemberHistory.vy"
PRIMARY_END, MEMBER_END = "PrimaryEnd.vy", "MemberEnd.vy"
CONTEST, EVIDENCE = "modules/end_contest.vy", "modules/end_evidence.vy"
IS_OPEN = "end_contest.state.stands and tip.number == end_contest.state.number and tip.unpaid == 0"
STAND = """    if word == end_contest.BOTH_GROUPS:
        self._stand()
"""
SECEDE = """end_contest.state.stands = True
        end_contest.secede(tip.number, tip.sync_hash)
        extcall IMemberHistory(end_partners.HISTORY).set_end(tip.number, tip.sync_hash)
"""
FREEZE = """        log IMemberEnd.MismatchShown(number=tip.number, sync_hash=tip.sync_hash)
        extcall end_partners.BRIDGE.freeze()
"""
ACCEPTED = 'method_id=method_id("check_accepted(bytes32,uint64,bytes32,bytes,bytes)")'

# breaks: EXI-2, EXI-5, SOL-3, SOL-4, SYN-7, SYN-8, SYN-9, SYN-11
MUTANTS = {
    "NoSeal": ContractMutant(
        "SYN-8",
        PRIMARY_HISTORY,
        "    self._check_seal(reading.number, reading.sync_hash, seal)\n",
        "",
        rules.test_accept__without_the_validators_seal__is_refused,
    ),
    "NoQue": ContractMutant(
        "SOL-3",
        PRIMARY_HISTORY,
        "        self._check_queues(queues, watchers)\n",
        "        pass\n",
        rules.test_accept__without_the_watchers_word_for_a_queue__is_refused,
    ),
    "QueBindsTheCount": ContractMutant(
        "SOL-3",
        PRIMARY_HISTORY,
        'checks.require(fact.hash == expected, "accept: not the queued requests")',
        "pass",
        rules.test_accept__word_for_the_count_alone__is_refused,
    ),
    "QueNamesWhatIsConsumed": ContractMutant(
        "SOL-3",
        PRIMARY_HISTORY,
        "expected: bytes32 = parts[index] if parts[index] != empty(bytes32) else hashes[index]",
        "expected: bytes32 = hashes[index]",
        rules.test_accept__part__needs_the_watchers_word_for_its_place,
    ),
    "PartIsAnAnswer": ContractMutant(
        "EXI-5",
        "modules/priority_queue.vy",
        "unsafe_sub(count, consumed) << 64",
        "unsafe_sub(count + convert(part != empty(bytes32), uint256), consumed) << 64",
        rules.test_import__part__is_no_answer,
    ),
    "AgeIsNotChecked": ContractMutant(
        "SYN-8",
        PRIMARY_HISTORY,
        'checks.require(time >= oldest, "accept: too old")',
        "pass",
        rules.test_accept__older_than_max_age__is_refused,
    ),
    "ImportsAnything": ContractMutant(
        "SYN-7",
        MEMBER_HISTORY,
        "        accs.check(reading.number, reading.sync_hash, LATER_INDEX, validators, watchers)\n",
        "        pass\n",
        rules.test_import__without_both_groups_acc__is_refused,
    ),
    "ImportsBySeal": ContractMutant(
        "SYN-7",
        "modules/accs.vy",
        ACCEPTED,
        'method_id=method_id("check_seal(bytes32,uint64,bytes32,bytes)")',
        rules.test_import__by_the_seal__is_refused,
    ),
    "AccIsReadAfterEnd": ContractMutant(
        "SYN-7",
        MEMBER_HISTORY,
        "    if last.has_end:\n",
        "    if last.has_end and len(validators) == 0:\n",
        member.test_import__once_end_stands__acc_is_not_read,
    ),
    "SilenceIsForgotten": ContractMutant(
        "SYN-8",
        PRIMARY_HISTORY,
        "    last.has_end = self._is_silent(last)\n",
        "",
        primary.test_silence__block_taken_again__does_not_end_it,
    ),
    "NothingIsTakenAgain": ContractMutant(
        "SYN-8",
        PRIMARY_HISTORY,
        'not staticcall IExodus(history_views.EXODUS).is_begun(), "accept: exodus has begun"',
        'not staticcall settlement.BRIDGE.is_frozen(), "accept: exodus has begun"',
        primary.test_may_open__within_the_three_days__a_lost_block_is_taken_again,
    ),
    "ExitsDoNotWait": ContractMutant(
        "SYN-8",
        PRIMARY_END,
        "is_paid and windows.is_over(began_at, began_in, constants.EXIT_DELAY_SECONDS)",
        "is_paid",
        primary.test_may_open__three_days_after_the_freeze__not_before,
    ),
    "FrzIsVoidForGood": ContractMutant(
        "SYN-9",
        PRIMARY_END,
        "    self.announced[member] = 0\n",
        "",
        primary.test_void_freeze__by_the_governor__a_later_word_counts,
    ),
    "FrzFreezesNothing": ContractMutant(
        "SYN-9",
        PRIMARY_END,
        '"freeze: within the day"\n    extcall end_partners.BRIDGE.freeze()\n',
        '"freeze: within the day"\n',
        primary.test_freeze_for__a_day_later__freezes,
    ),
    "EndStandsAtOnce": ContractMutant(
        "SYN-11",
        MEMBER_END,
        STAND,
        "    self._stand()\n",
        member.test_raise_end__watchers__waits_three_days,
    ),
    "EndWithoutSeal": ContractMutant(
        "SYN-9",
        EVIDENCE,
        "    if number > 0:\n",
        "    if False:\n",
        partial(member.test_raise_end__without_the_seal__is_refused, groups=(WATCHERS,)),
    ),
    "EndIsNotOpened": ContractMutant(
        "SYN-9",
        EVIDENCE,
        'sync_hash, later), "end: not above the tip"',
        'sync_hash, later) or True, "end: not above the tip"',
        member.test_raise_end__below_or_beside_what_is_imported__is_refused,
    ),
    "AccFellsNothing": ContractMutant(
        "SYN-9",
        MEMBER_END,
        '"end: not END\'s own history"\n    end_contest.fall()\n',
        '"end: not END\'s own history"\n',
        contest.test_fell_end__acc_above__it_falls,
    ),
    "DenialIsIgnored": ContractMutant(
        "SYN-9",
        CONTEST,
        "self.state.denied_by_validators = True",
        "pass",
        contest.test_deny_end__validators__adds_fourteen_days,
    ),
    "DenialOnlyAdds": ContractMutant(
        "SYN-9",
        CONTEST,
        "        self.fall()\n        return\n",
        "        return\n",
        contest.test_deny_end__watchers_against_validators_and_governor__it_falls,
    ),
    "RoundIsNotRaised": ContractMutant(
        "SYN-9",
        CONTEST,
        "self._clear(round + 1)",
        "self._clear(round)",
        contest.test_round__after_a_fall__old_words_count_no_more,
    ),
    "WordsNameNoMember": ContractMutant(
        "SYN-9",
        EVIDENCE,
        """    member: uint8 = staticcall end_partners.BRIDGE.chain_id()
    is_said: bool = staticcall end_partners.GROUPS.check_denial(""",
        """    member: uint8 = 1
    is_said: bool = staticcall end_partners.GROUPS.check_denial(""",
        contest.test_round__of_one_member__is_not_anothers,
    ),
    "OnlyValidatorsDeny": ContractMutant(
        "SYN-11",
        CONTEST,
        "self.state.denied_by_governor = True",
        "pass",
        contest.test_deny_end__governor__adds_fourteen_days,
    ),
    "GovernorVoidsAlone": ContractMutant(
        "SYN-9",
        MEMBER_END,
        'assert end_contest.state.denied_by_validators, "end: validators do not deny it"',
        "pass",
        contest.test_void_end__governor_alone__is_refused,
    ),
    "WindowsCountSeconds": ContractMutant(
        "SYN-9",
        "modules/windows.vy",
        " and block.number >= began_in + blocks",
        "",
        member.test_stand_end__a_member_that_was_halted__waits_for_its_blocks,
    ),
    "ExitsBeforeF": ContractMutant(
        "EXI-2",
        MEMBER_END,
        IS_OPEN,
        "end_contest.state.stands and tip.unpaid == 0",
        member.test_may_open__end_stands_and_is_imported_and_paid__not_before,
    ),
    "RefundsWhilePending": ContractMutant(
        "SOL-4",
        MEMBER_END,
        IS_OPEN,
        "end_contest.state.word != 0 and tip.number == end_contest.state.number and tip.unpaid == 0",
        member.test_may_open__end_waits_at_the_tip__not_before_it_stands,
    ),
    "FreezeIsEnd": ContractMutant(
        "SOL-4",
        MEMBER_END,
        IS_OPEN,
        "staticcall end_partners.BRIDGE.is_frozen() and tip.unpaid == 0",
        secession.test_show_mismatch__from_acc__freezes,
    ),
    "DoorShutsEarly": ContractMutant(
        "SYN-9",
        MEMBER_END,
        STAND,
        f"{STAND}    else:\n        extcall end_partners.BRIDGE.freeze()\n",
        member.test_raise_end__waiting__shuts_no_door_and_stops_no_block,
    ),
    "NoSecession": ContractMutant(
        "SYN-9",
        MEMBER_END,
        "    if end_contest.state.stands:\n",
        "    if False:\n",
        secession.test_show_mismatch__from_end__secedes,
    ),
    "SecedesByTime": ContractMutant(
        "SOL-4",
        MEMBER_END,
        IS_OPEN,
        "end_contest.state.stands and tip.unpaid == 0 and (tip.number == end_contest.state.number or windows.is_over("
        "end_contest.state.raised_at, end_contest.state.raised_in, constants.DENIAL_WINDOW_SECONDS))",
        secession.test_show_mismatch__time_alone__never_ends_a_member,
    ),
    "SecedesBySeal": ContractMutant(
        "SYN-7",
        MEMBER_END,
        "end_evidence.check_accepted(last, paths.fold(next_hash, later), validators, watchers)",
        "end_evidence.check_seal(last, paths.fold(next_hash, later), validators)",
        secession.test_show_mismatch__without_acc__is_refused,
    ),
    "SecedesByAcc": ContractMutant(
        "SYN-11",
        MEMBER_END,
        FREEZE,
        f"        {SECEDE}        extcall end_partners.BRIDGE.freeze()\n",
        secession.test_show_mismatch__from_acc__freezes,
    ),
    "SecedesByAnyBlock": ContractMutant(
        "SOL-4",
        MEMBER_END,
        'later), "end: no mismatch in END"\n',
        'later) or True, "end: no mismatch in END"\n',
        secession.test_show_mismatch__not_the_next_block__is_refused,
    ),
}

NOT_A_CONTRACTS = {
    "VoidIsWrittenElsewhere": "a member's end writes to no other member",
}
"""Wrong rules of the model that no contract here could have, and why."""


@upholds("EXI-2", "EXI-5", "SOL-3", "SOL-4", "SYN-7", "SYN-8", "SYN-9", "SYN-11")
@pytest.mark.parametrize("name", MUTANTS)
def test_wrong_rule__in_a_contract__is_noticed(name: str) -> None:
    MUTANTS[name].check_is_caught()


def test_tests__on_the_product__pass(plain_rig: Rig) -> None:
    """The other half: what fails with a bug holds without."""
    for mutant in MUTANTS.values():
        mutant.play(plain_rig)


def test_mutants__every_wrong_rule_of_the_model__is_here() -> None:
    wrong = {name for name, item in vars(model).items() if inspect.isclass(item) and item.__module__ == model.__name__}
    assert wrong == MUTANTS.keys() | NOT_A_CONTRACTS.keys()

"""Seeded bugs in the timelock: each guard that is removed, or says something else, makes one test fail."""

from dataclasses import dataclass

import pytest

from tests.contracts import test_timelock as rules
from tests.support.compile_vyper import PLAIN
from tests.support.contract_mutants import CAUGHT, replace_text
from tests.support.timelock import deploy_lock
from tests.support.upholds import upholds

TIMELOCK = "Timelock.vy"


@dataclass(frozen=True)
class Mutant:
    """A bug, and the rule that it breaks; a founding one is played before the founding is closed."""

    old: str
    new: str
    caught_by: rules.Check
    file: str = TIMELOCK

    @property
    def is_founding(self) -> bool:
        return self.caught_by in rules.FOUNDING_CHECKS


# breaks: GOV-2
MUTANTS = {
    "anybody-owns": Mutant(
        'assert msg.sender == self.owner, "timelock: not the owner"', "pass", rules.check_act_is_the_owners
    ),
    "anybody-proposes": Mutant(
        '    self._check_owner()\n    assert len(calls) > 0, "timelock: nothing proposed"\n',
        '    assert len(calls) > 0, "timelock: nothing proposed"\n',
        rules.check_owner_alone_proposes,
    ),
    "nothing-is-proposed": Mutant(
        'assert len(calls) > 0, "timelock: nothing proposed"', "pass", rules.check_owner_alone_proposes
    ),
    "wait-begins-anew": Mutant(
        'assert self.proposals[proposal_id] == 0, "timelock: proposed already"',
        "pass",
        rules.check_proposed_again_does_not_begin_anew,
    ),
    "never-proposed": Mutant(
        'assert moment != 0, "timelock: not proposed"', "pass", rules.check_only_what_was_proposed
    ),
    "no-delay": Mutant(
        'assert windows.is_over(began_at, began_in, constants.GROUP_DELAY_SECONDS), "timelock: too early to execute"',
        "pass",
        rules.check_not_before_seconds_and_blocks,
    ),
    "delay-of-another-kind": Mutant(
        'assert windows.is_over(began_at, began_in, constants.GROUP_DELAY_SECONDS), "timelock: too early',
        'assert windows.is_over(began_at, began_in, constants.DENIAL_WINDOW_SECONDS), "timelock: too early',
        rules.check_not_before_seconds_and_blocks,
    ),
    "a-halt-counts": Mutant(
        " and block.number >= began_in + blocks", "", rules.check_not_before_seconds_and_blocks, "modules/windows.vy"
    ),
    "no-end-of-the-grace": Mutant(
        "began_at, began_in, constants.GROUP_DELAY_SECONDS + constants.GRACE_SECONDS",
        "began_at, began_in, 1000 * constants.GROUP_DELAY_SECONDS",
        rules.check_not_after_the_grace,
    ),
    "executed-twice": Mutant(
        "    self.proposals[proposal_id] = 0\n    value_wei", "    value_wei", rules.check_executed_once
    ),
    "value-from-nowhere": Mutant(
        'assert value_wei == msg.value, "timelock: not the calls\' value"', "pass", rules.check_coin_goes_through
    ),
    "coin-stays-here": Mutant(
        "self._call(one.target, one.data, one.value_wei)",
        "self._call(one.target, one.data, 0)",
        rules.check_coin_goes_through,
    ),
    "salt-is-not-in-the-id": Mutant(
        "keccak256(abi_encode(chain.id, self, calls, salt))",
        "keccak256(abi_encode(chain.id, self, calls))",
        rules.check_only_what_was_proposed,
    ),
    "cancelled-by-anybody": Mutant(
        "    self._check_owner()\n    assert self.proposals[proposal_id] != 0",
        "    assert self.proposals[proposal_id] != 0",
        rules.check_cancelled,
    ),
    "cancel-of-nothing": Mutant(
        'assert self.proposals[proposal_id] != 0, "timelock: nothing to cancel"', "pass", rules.check_cancelled
    ),
    "cancelled-and-executed": Mutant(
        "    self.proposals[proposal_id] = 0\n    log ITimelock.Cancelled",
        "    log ITimelock.Cancelled",
        rules.check_cancelled,
    ),
    "all-is-swift": Mutant(
        'assert self.is_swift[target][selector] or self._is_founding(), "timelock: not swift"',
        "pass",
        rules.check_act_is_for_the_list,
    ),
    "act-without-a-selector": Mutant(
        'assert len(data) >= 4, "timelock: no function"', "pass", rules.check_act_is_for_the_list
    ),
    "no-code-no-matter": Mutant(
        'assert target.is_contract, "timelock: target has no code"', "pass", rules.check_target_without_code
    ),
    "failures-are-swallowed": Mutant(
        "    raw_call(target, data, value=value_wei)\n",
        "    is_done: bool = raw_call(target, data, value=value_wei, revert_on_failure=False)\n",
        rules.check_all_or_nothing,
    ),
    "founding-without-end": Mutant(
        "return block.timestamp < self.founding_ends",
        "return self.founding_ends != 0",
        rules.check_founding_is_over_after_a_week,
    ),
    "founding-closed-by-anybody": Mutant(
        '    self._check_owner()\n    assert self._is_founding(), "timelock: founding is over"\n',
        '    assert self._is_founding(), "timelock: founding is over"\n',
        rules.check_founding_closed_for_good,
    ),
    "founding-is-not-closed": Mutant(
        "    self.founding_ends = 0\n", "    pass\n", rules.check_founding_closed_for_good
    ),
    "closed-twice": Mutant(
        'assert self._is_founding(), "timelock: founding is over"', "pass", rules.check_founding_closed_for_good
    ),
    "founding-admits-nothing": Mutant(
        "self.is_swift[target][selector] or self._is_founding()",
        "self.is_swift[target][selector]",
        rules.check_founding_acts_on_anything,
    ),
    "owner-named-by-anybody": Mutant(
        'assert msg.sender == self, "timelock: not by a proposal"', "pass", rules.check_owner_named_by_itself_alone
    ),
    "owner-without-its-consent": Mutant(
        'assert msg.sender == self.coming_owner, "timelock: not the coming owner"',
        "pass",
        rules.check_owner_changes_by_a_proposal,
    ),
    "accepted-twice": Mutant("    self.coming_owner = empty(address)\n", "", rules.check_owner_changes_by_a_proposal),
    "named-is-owner": Mutant(
        "    self.coming_owner = account\n",
        "    self.coming_owner = account\n    self.owner = account\n",
        rules.check_owner_changes_by_a_proposal,
    ),
    "no-lock": Mutant("@payable\ndef execute", "@payable\n@reentrant\ndef execute", rules.check_nobody_comes_back_in),
}


@upholds("GOV-2")
@pytest.mark.parametrize("name", MUTANTS)
def test_bug__in_the_timelock__is_noticed(name: str) -> None:
    mutant = MUTANTS[name]
    lock = deploy_lock(replace_text(mutant.file, mutant.old, mutant.new), mutant.is_founding)
    with pytest.raises(CAUGHT):
        mutant.caught_by(lock)


@pytest.mark.parametrize("is_founding", [False, True])
def test_rules__on_the_product__hold(is_founding: bool) -> None:
    for caught_by in {mutant.caught_by for mutant in MUTANTS.values() if mutant.is_founding == is_founding}:
        caught_by(deploy_lock(PLAIN, is_founding))

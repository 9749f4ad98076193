"""Seeded bugs in the groups of validators and watchers: each makes one test fail, so each check has its reason."""

from collections.abc import Callable
from functools import partial

import pytest

from tests.contracts import test_groups as groups
from tests.support.compile_vyper import PLAIN, Replacements
from tests.support.contract_mutants import CAUGHT, replace_text
from tests.support.evm import EvmChain, EvmContract
from tests.support.three_chains import GOVERNOR, START_TIME, A
from tests.support.upholds import upholds
from zklink.protocol.facts import Frozen, Group

MEMBERS, GROUPS = "modules/group_members.vy", "Groups.vy"

GroupsTest = Callable[[EvmContract], None]


def refuse_list(reason: str, contract: EvmContract) -> None:
    """The test of bad lists, with the list of this reason."""
    bad = next(case for case in groups.REFUSED if case[0] == reason)
    groups.test_announce_members__bad_list__is_refused(contract, *bad)


FRZ = Frozen(A, 2)

# By name: file, what it says, what it says with the bug, and the test that notices.
# breaks: GOV-1, SYN-3, SYN-4
MUTANTS: dict[str, tuple[str, str, str, GroupsTest]] = {
    "threshold-off-by-one": (
        MEMBERS,
        "assert count >= threshold",
        "assert count + 1 >= threshold",
        partial(groups.test_check__too_few_members__is_refused, members=(1, 3)),
    ),
    "signer-counted-twice": (
        MEMBERS,
        'assert convert(signer, uint256) > previous, "groups: signer order"',
        "pass",
        partial(groups.test_check__member_twice_or_out_of_order__is_refused, members=(0, 0, 0)),
    ),
    "any-group-will-do": (
        MEMBERS,
        "assert self.group_of[signer] == group",
        "assert self.group_of[signer] != 0",
        partial(groups.test_check__another_group__is_refused, fact=FRZ, group=Group.WATCHERS),
    ),
    "strangers-are-group-zero": (
        MEMBERS,
        'assert threshold > 0, "groups: unknown group"',
        "pass",
        partial(groups.test_check__group_that_is_none__is_refused, group=0),
    ),
    "both-forms-of-a-signature": (
        MEMBERS,
        'assert s <= constants.HALF_ORDER, "groups: large s"',
        "pass",
        groups.test_check__mirrored_signature__is_refused,
    ),
    "evidence-cut-short": (
        MEMBERS,
        'assert len(evidence) % constants.SIGNATURE_BYTES == 0, "groups: evidence length"',
        "pass",
        groups.test_check__evidence_of_another_length__is_refused,
    ),
    "one-group-is-acc": (
        GROUPS,
        "    group_members.check(constants.WATCHERS_GROUP, digest, watchers)\n",
        "",
        groups.test_check_accepted__one_group_alone__is_refused,
    ),
    "signed-for-any-deployment": (
        "modules/fact_digests.vy",
        "            deployment_hash,\n        )\n    )\n",
        "            empty(bytes32),\n        )\n    )\n",
        partial(groups.test_check__true_evidence__passes, fact=FRZ, group=Group.WATCHERS),
    ),
    "replaced-at-once": (
        GROUPS,
        'assert windows.is_over(began_at, began_in, constants.GROUP_DELAY_SECONDS), "groups: too early to replace"',
        "pass",
        groups.test_replace_members__seconds_or_blocks_missing__is_refused,
    ),
    "announced-by-anybody": (
        GROUPS,
        'assert msg.sender == governor, "groups: not the governor"',
        "pass",
        groups.test_announce_members__not_the_governor__is_refused,
    ),
    "removed-by-anybody": (
        GROUPS,
        "    self._check_governor()\n    group_members.remove",
        "    group_members.remove",
        groups.test_remove_member__not_the_governor__is_refused,
    ),
    "removed-below-the-threshold": (
        MEMBERS,
        'assert len(kept) >= self.thresholds[group], "groups: too few would remain"',
        "pass",
        groups.test_remove_member__below_the_threshold__is_refused,
    ),
    "removed-one-after-the-other": (
        GROUPS,
        'assert is_over, "groups: too early to remove"',
        "pass",
        groups.test_remove_member__another_of_the_group__waits_as_long_as_new_members,
    ),
    "removal-not-noted": (
        GROUPS,
        "    self.removed[convert(group, uint256)] = windows.now()\n",
        "",
        groups.test_remove_member__another_of_the_group__waits_as_long_as_new_members,
    ),
    "removal-of-one-group-stops-the-other": (
        GROUPS,
        "last: uint256 = self.removed[convert(group, uint256)]",
        "last: uint256 = max(self.removed[1], self.removed[2])",
        groups.test_remove_member__another_of_the_group__waits_as_long_as_new_members,
    ),
    "removed-nobody": (
        MEMBERS,
        'assert len(kept) < len(self.lists[group]), "groups: not a member"',
        "pass",
        groups.test_remove_member__nobody_of_this_group__is_refused,
    ),
    "removed-keeps-a-word": (
        MEMBERS,
        "    self.group_of[member] = 0\n    self.lists[group] = kept\n",
        "    self.lists[group] = kept\n",
        groups.test_remove_member__at_once__has_no_word_and_the_threshold_stays,
    ),
    "removed-stays-on-the-list": (
        MEMBERS,
        "    self.group_of[member] = 0\n    self.lists[group] = kept\n",
        "    self.group_of[member] = 0\n",
        groups.test_remove_member__below_the_threshold__is_refused,
    ),
    "word-cheaper-by-a-removal": (
        MEMBERS,
        "    self.lists[group] = kept\n",
        "    self.lists[group] = kept\n    self.thresholds[group] = len(kept) // 2 + 1\n",
        groups.test_remove_member__below_the_threshold__is_refused,
    ),
    "delay-not-begun-anew": (
        GROUPS,
        "    self.announced = windows.now()\n",
        "    if self.announced == 0:\n        self.announced = windows.now()\n",
        groups.test_announce_members__again__waits_anew_and_replaces_the_first,
    ),
    "old-members-stay": (
        MEMBERS,
        "        self.group_of[member] = 0\n",
        "        pass\n",
        groups.test_replace_members__after_the_delay__new_members_alone_have_a_word,
    ),
    "member-of-both": (
        MEMBERS,
        'assert self.group_of[member] == 0 or self.group_of[member] == group, "groups: member of both"',
        "pass",
        partial(refuse_list, "groups: member of both"),
    ),
    "no-majority": (
        MEMBERS,
        'assert 2 * threshold > len(members), "groups: not a majority"',
        "pass",
        partial(refuse_list, "groups: not a majority"),
    ),
}


def deploy_groups(replacements: Replacements) -> EvmContract:
    """Groups on a chain of their own."""
    chain = EvmChain(1, START_TIME, is_roomy=True)
    chain.fund(GOVERNOR)
    return groups.deploy(chain, replacements)


@upholds("GOV-1", "GOV-2", "SYN-3", "SYN-4")
@pytest.mark.parametrize("name", MUTANTS)
def test_bug__in_the_groups__is_noticed(name: str) -> None:
    file, old, new, caught_by = MUTANTS[name]
    contract = deploy_groups(replace_text(file, old, new))
    with pytest.raises(CAUGHT):
        caught_by(contract)


def test_tests__on_the_product__pass() -> None:
    """The other half: what fails with a bug holds without."""
    for *_, caught_by in MUTANTS.values():
        caught_by(deploy_groups(PLAIN))

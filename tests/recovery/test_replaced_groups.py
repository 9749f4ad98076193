"""A chain has replaced its validators: what the old ones have signed counts there no more, and still counts elsewhere.
Real contracts; proofs are believed.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from tests.support.ending import OTHER, K, Story, open_groups
from tests.support.groups import KnownGroup, KnownGroups
from zklink.devnet.roles import GROUP_THRESHOLD
from zklink.devnet.system import LocalSystem
from zklink.l1.contracts.bridge_structs import EndWord
from zklink.primitives.keccak import keccak256
from zklink.protocol.facts import Accepted, End, EndDenial, Group
from zklink.protocol.ids import GROUP_DELAY_SECONDS, BlockNumber
from zklink.recovery.groups_asked import GroupsAsked
from zklink.recovery.judge import Judge
from zklink.recovery.words_kept import WordsKept

DELAY_DAYS = GROUP_DELAY_SECONDS // 86_400
NEW: tuple[LocalAccount, ...] = tuple(
    sorted((Account.from_key(keccak256(bytes([i]))) for i in range(3)), key=lambda account: int(account.address, 16))
)


@pytest.fixture
def story(credulous: LocalSystem) -> Iterator[Story]:
    """The primary has accepted blocks 3 and 4; then K, and no other chain, has replaced its validators."""
    found = Story(credulous)
    found.fund()
    found.settle(found.swap(K, OTHER))
    found.settle(found.swap(OTHER, K))
    found.confirm()
    yield found


def replace_validators(story: Story, keys: tuple[LocalAccount, ...] = NEW) -> None:
    """K's governor does, and all wait for it."""
    governor, groups = story.system.world.roles.governor, story.bridge(K).groups
    groups.announce_members(governor, Group.VALIDATORS, [key.address for key in keys], GROUP_THRESHOLD)
    story.pass_days(DELAY_DAYS + 1)
    groups.replace_members(governor)


def new_groups(story: Story) -> KnownGroups:
    """The groups with the new validators."""
    return replace(story.writer.groups, validators=KnownGroup.of(NEW, GROUP_THRESHOLD))


def keep_accs(story: Story, order: str) -> Accepted:
    """ACC of block 4, signed by the old validators, the new ones, or both one after the other."""
    line, kept = story.writer.line, story.read.groups.kept
    place = Accepted(line.height, line.sync_hash())
    by = {"old": story.writer.groups, "new": new_groups(story)}
    for name in order.split():
        kept.keep_both(place, *by[name].acc(place.number, place.sync_hash))
    return place


@pytest.mark.parametrize("order", ["old new", "new old"])
def test_round__both_accs_are_kept__each_chain_is_shown_the_one_that_it_takes(story: Story, order: str) -> None:
    story.open_read(GroupsAsked())
    replace_validators(story)
    keep_accs(story, order)
    said = story.keep()
    assert (story.tip(K), story.tip(OTHER)) == (4, 4)
    assert "polygon: 2 blocks from 3 on imported" in said and "bsc: 2 blocks from 3 on imported" in said
    assert not any("groups:" in line for line in said), "nothing was shown that a chain refuses"


@pytest.mark.parametrize("is_early", [True, False])
def test_round__the_kept_acc_is_refused__the_keeper_gets_as_far_as_end(story: Story, is_early: bool) -> None:
    if is_early:
        assert story.read.groups.find_accepted(story.read.history(), keep_accs(story, "old"), story.read.judge(K))
    kept = story.read.groups.kept
    replace_validators(story)
    signers = open_groups(story.system, NEW)
    story.open_read(GroupsAsked(None, signers.watchers, kept))
    keep_accs(story, "old")
    said = story.keep()
    assert "bsc: 2 blocks from 3 on imported" in said, "it still takes what the old ones have signed"
    assert story.tip(K) == 2 and not any("polygon: groups" in line for line in said)
    assert story.end(K).word is EndWord.NONE, "no validators' END, and the seal in calldata is by the old ones"
    reason = "block 4 has no seal that polygon takes, nor the validators' END"
    assert reason in story.run(K)
    story.open_read(GroupsAsked(signers.validators, signers.watchers, kept))
    said = story.keep(days=5)
    assert "polygon: 2 blocks from 3 on imported" in said and story.tip(K) == 4
    assert "polygon: END raised at block 4 by both groups; it stands" in said
    assert story.bridge(K).exodus.is_begun()


def test_round__the_signers_themselves_were_replaced__says_so_and_goes_on(story: Story) -> None:
    replace_validators(story)
    said = story.keep()
    assert "bsc: 2 blocks from 3 on imported" in said
    assert story.tip(K) == 2
    assert "block 4 has no seal that polygon takes, nor the validators' END" in story.run(K)


def test_fell_end__a_refused_acc__is_not_shown_and_a_good_one_is(story: Story) -> None:
    replace_validators(story)
    line, groups = story.writer.line, new_groups(story)
    fact = End(K, BlockNumber(2), line.sync_hash(2), 0)
    end = story.bridge(K).member_end
    seal = groups.seal(2, line.sync_hash(2))
    watchers = groups.end(fact, Group.WATCHERS)
    end.raise_end(story.system.world.roles.attacker, fact, (), seal, watchers=watchers)
    story.open_read(GroupsAsked())
    keep_accs(story, "old")
    assert not any(line.startswith("polygon") for line in story.keep())
    assert story.end(K).word is EndWord.WATCHERS
    keep_accs(story, "new")
    assert "polygon: END at block 2 fell: both groups have said that block 4 is accepted" in story.keep()
    assert (story.tip(K), story.end(K).round) == (4, 1)


def test_deny_end__the_kept_denial_is_of_replaced_validators__the_new_ones_are_asked(story: Story) -> None:
    line, old = story.writer.line, story.writer.groups
    fact = End(K, BlockNumber(2), line.sync_hash(2), 0)
    denial = EndDenial(fact.member, fact.number, fact.sync_hash, fact.round)
    story.read.groups.kept.keep(denial, Group.VALIDATORS, old.denial(fact, Group.VALIDATORS))
    kept = story.read.groups.kept
    replace_validators(story)
    groups, end = new_groups(story), story.bridge(K).member_end
    seal, watchers = groups.seal(2, line.sync_hash(2)), groups.end(fact, Group.WATCHERS)
    end.raise_end(story.system.world.roles.attacker, fact, (), seal, watchers=watchers)
    signers = open_groups(story.system, NEW)
    story.open_read(GroupsAsked(signers.validators, None, kept))
    assert "polygon: END at block 2 denied by the validators" in "\n".join(story.keep())
    assert story.end(K).denied_by_validators


def test_learn__the_importer_has_replaced_its_validators_since__others_still_learn_from_it(story: Story) -> None:
    story.writer.import_on(K)
    replace_validators(story)
    story.open_read(GroupsAsked())
    assert "bsc: 2 blocks from 3 on imported" in story.keep()


def test_judge__refused_words__asked_once_until_the_members_change(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups, line = story.bridge(K).groups, story.writer.line
    place, asked = Accepted(line.height, line.sync_hash()), list[bytes]()
    real = groups.check_accepted

    def check_accepted(deployment_hash: bytes, fact: Accepted, validators: bytes, watchers: bytes) -> None:
        asked.append(validators)
        real(deployment_hash, fact, validators, watchers)

    monkeypatch.setattr(groups, "check_accepted", check_accepted)
    judge, kept = Judge(groups, story.system.deployment.deployment_hash), WordsKept()
    old, new = (of.acc(place.number, place.sync_hash) for of in (story.writer.groups, new_groups(story)))
    kept.keep_both(place, *new)
    assert [judge.look().choose_both(kept, place) for _ in range(3)] == [None] * 3
    assert asked == [new.validators], "a refusal is remembered"
    kept.keep_both(place, *old)
    assert judge.look().choose_both(kept, place) == old
    replace_validators(story)
    assert judge.look().choose_both(kept, place) == new, "refused before, and set aside no longer"

"""What a watch from outside raises, on real contracts: ENDs, freezes, late imports, money that is missing, chains that
are away or forget. Proofs are believed.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from tests.support.ending import BLOCKS_A_DAY, DAY, OTHER, USD, K, P, Story
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC
from zklink.l1.contracts.bridge_structs import Solvency
from zklink.l1.contracts.timelock import Proposal, TimelockClient
from zklink.protocol.errors import HistoryDisagrees
from zklink.protocol.facts import End, Frozen, Group
from zklink.protocol.ids import GROUP_DELAY_SECONDS, SILENCE_SECONDS, BlockNumber, Lane
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.outcome import show_time
from zklink.service.health import Condition
from zklink.service.settings.watch import WatchLimits
from zklink.service.watching import money
from zklink.service.watching.alarms import DEPLOYMENT, Alarm, AlarmName
from zklink.service.watching.watch import Watch


@pytest.fixture
def story(credulous: LocalSystem) -> Iterator[Story]:
    found = Story(credulous)
    found.fund()
    yield found


class Look:
    """A watch of a story's chains, whose clock is that of the chain that is furthest."""

    def __init__(self, story: Story, limits: WatchLimits | None = None) -> None:
        self.story = story
        self.watch = Watch(ChainsRead(story.system.deployment, story.system.bridges), self.now, limits=limits)

    def now(self) -> float:
        heads = [chain.client.w3.eth.get_block("latest") for chain in self.story.system.world]
        return float(max(head["timestamp"] for head in heads))

    def __call__(self) -> dict[tuple[str, AlarmName], Alarm]:
        self.watch.round()
        return {(alarm.place, alarm.name): alarm for alarm in self.watch.alarms.on}

    def read(self, name: str, **labels: str) -> float | None:
        registry: CollectorRegistry = self.watch.metrics.registry
        return registry.get_sample_value(f"zklink_{name}", labels)


@pytest.fixture
def look(story: Story) -> Look:
    return Look(story)


def raise_end(story: Story, number: int, group: Group = Group.WATCHERS) -> None:
    line, state, roles = story.writer.line, story.end(K), story.system.world.roles
    fact = End(K, BlockNumber(number), line.sync_hash(number), state.round)
    evidence = {group.name.lower(): story.writer.groups.end(fact, group)}
    sender = roles.attacker if group is Group.WATCHERS else roles.governor
    later = line.commitments(story.tip(K), number)
    story.bridge(K).member_end.raise_end(sender, fact, later, line.seal(number), **evidence)


def test_round__all_is_well__nothing_is_raised_and_the_books_are_exact(story: Story, look: Look) -> None:
    story.settle(story.swap(K, OTHER))
    story.deposit(K)
    story.confirm()
    assert look() == {}
    assert {part.condition for part in look.watch.board.read().values()} == {Condition.READY}
    place = {"chain": "polygon", "token": "USDC"}
    assert look.read("custody", **place) == 1_040 * USD
    assert (look.read("custody_difference", **place), look.read("custody_surplus", **place)) == (0, 0)
    assert look.read("alarm", place="polygon", alarm="end_raised", level="critical") == 0


def test_round__an_end_of_watchers_is_pending__said_until_when_and_who_can_deny_it(story: Story, look: Look) -> None:
    story.everywhere(story.swap(K, OTHER))
    story.confirm()
    raise_end(story, story.tip(K))
    state = story.end(K)
    alarm = look()["polygon", AlarmName.END_RAISED]
    until = state.raised_at + 3 * DAY
    assert (alarm.until, alarm.level) == (until, "critical")
    assert f"END of block {state.number} (round 0) is raised by the watchers" in alarm.text
    assert (
        f"from {show_time(until)} and block {state.raised_in + 3 * story.bridge(K).end.blocks_per_day()} on"
        in alarm.text
    )
    assert "validators or governor can deny it, which adds 14 days" in alarm.text
    assert "It is the last block that the primary has accepted" in alarm.text
    assert look.read("alarm", place="polygon", alarm="end_raised", level="critical") == 1
    assert look.read("alarm_until_seconds", place="polygon", alarm="end_raised") == until
    assert "END of block" in look.watch.board.read()["chain polygon"].detail
    assert any("denied by the validators" in line for line in story.keep())
    denied = look()["polygon", AlarmName.END_RAISED]
    assert denied.until == until + 14 * DAY and "the governor can void it" in denied.text
    story.bridge(K).member_end.void_end(story.system.world.roles.governor)
    assert ("polygon", AlarmName.END_RAISED) not in look()


def test_round__an_end_below_what_the_primary_has__said_that_it_is_false(story: Story, look: Look) -> None:
    story.settle(story.swap(K, OTHER))
    story.confirm()
    raise_end(story, 2)
    assert "The primary has accepted 1 block after it: IT IS FALSE" in look()["polygon", AlarmName.END_RAISED].text


def test_round__an_end_of_validators_and_governor__the_watchers_can_deny_it(story: Story, look: Look) -> None:
    story.confirm()
    raise_end(story, 2, Group.VALIDATORS)
    alarm = look()["polygon", AlarmName.END_RAISED]
    assert "by validators and governor" in alarm.text and "The watchers can deny it, and then it falls" in alarm.text
    assert alarm.until == story.end(K).raised_at + 14 * DAY


def test_round__frz_is_shown__said_until_when_the_governor_can_void_it(story: Story, look: Look) -> None:
    end, roles = story.bridge(P).primary_end, story.system.world.roles
    end.announce_freeze(roles.attacker, Frozen(K, 0), story.writer.groups.frozen(K))
    alarm = look()["avalanche", AlarmName.FREEZE_ANNOUNCED]
    assert "FRZ of polygon (round 0)" in alarm.text and "the governor can void it" in alarm.text
    assert alarm.until == end.announcement(K).announced_at + DAY
    end.void_freeze(roles.governor, K)
    assert ("avalanche", AlarmName.FREEZE_ANNOUNCED) not in look()


def test_round__a_freeze_is_called_and_confirmed__said_over_which_request(story: Story, look: Look) -> None:
    request = story.deposit(K)
    story.pass_days(3)
    found = look()
    assert "has waited 100 % of the time to a freeze" in found["polygon", AlarmName.REQUEST_WAITS].text
    assert ("avalanche", AlarmName.FROZEN) in found and ("avalanche", AlarmName.SILENCE) not in found
    end, stranger = story.bridge(K).end, story.system.world.roles.stranger
    end.call_freeze(stranger, Lane.ACCOUNT, request.words())
    called = look()["polygon", AlarmName.FREEZE_CALLED]
    assert called.until == end.freeze_call(Lane.ACCOUNT).called_at + DAY
    assert f"over request {request.request_id} of lane account" in called.text
    story.pass_days(1)
    end.confirm_freeze(stranger, Lane.ACCOUNT)
    found = look()
    assert ("polygon", AlarmName.FROZEN) in found and ("polygon", AlarmName.FREEZE_CALLED) not in found


def test_round__the_primary_accepts_nothing__said_before_it_is_its_end(story: Story, look: Look) -> None:
    assert ("avalanche", AlarmName.SILENCE) not in look()
    story.pass_days(1.6)
    last = story.bridge(P).history.tip().timestamp
    assert look()["avalanche", AlarmName.SILENCE].until == last + SILENCE_SECONDS


def test_round__a_member_imports_late_and_the_primary_owes__said_after_their_limits(story: Story, look: Look) -> None:
    story.writer.accept(story.build(story.swap(K, P)), pay=False)
    story.confirm()
    assert look() == {}
    for chain in story.system.world:
        chain.advance_time(1_900)
        chain.mine(1)
    found = look()
    late = found["bsc", AlarmName.LAG]
    assert "it lacks 1 block of the primary" in late.text and late.level == "warning"
    assert "1 block owes payouts, the oldest is block 3" in found["avalanche", AlarmName.UNPAID].text
    assert {name for place, name in found if place == "polygon"} == {AlarmName.LAG}


def distort(story: Story, monkeypatch: pytest.MonkeyPatch, **by: int) -> None:
    """The bridge of K says so much more of USDC than is true."""
    bridge = story.bridge(K)
    true = bridge.solvency

    def solvency(token_id: int, block: int | None = None) -> Solvency:
        said = true(token_id, block)
        changed = {name: getattr(said, name) + more for name, more in by.items()}
        return replace(said, **changed) if token_id == USDC else said

    monkeypatch.setattr(bridge, "solvency", solvency)


def test_round__a_bridge_holds_less_than_it_owes__said_with_both_numbers(
    story: Story, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    scale = story.bridge(K).tokens.token_scale(USDC)
    with monkeypatch.context() as short:
        distort(story, short, balance=-scale)
        [((place, name), alarm)] = look().items()
        assert (place, name, alarm.level) == ("polygon", AlarmName.INSOLVENT, "critical")
        assert f"it holds {(1_000 * USD - 1) * scale} of USDC (L1 units), and owes {1_000 * USD * scale}" in alarm.text
        assert look.read("custody_surplus", chain="polygon", token="USDC") == -1
    assert look() == {}


def test_round__books_are_not_what_the_blocks_give__said(
    story: Story, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bridge that has paid what no block says."""
    distort(story, monkeypatch, custody=-5)
    [((place, name), alarm)] = look().items()
    assert (place, name, alarm.level) == ("polygon", AlarmName.CUSTODY, "critical")
    assert f"custody of USDC is {1_000 * USD - 5}" in alarm.text and f"is {1_000 * USD}" in alarm.text
    assert look.read("custody_difference", chain="polygon", token="USDC") == -5


def test_round__blocks_do_not_give_their_root__said_and_tried_again(
    story: Story, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The primary took a proof of what its words do not say."""
    with monkeypatch.context() as wrong:
        wrong.setattr(money, "add_effects", lambda state, block: None)
        for _ in range(2):
            [((place, name), alarm)] = look().items()
            assert (place, name, alarm.level) == (DEPLOYMENT, AlarmName.HISTORY_BROKEN, "critical")
            assert "do not give the state that they prove" in alarm.text
    assert look() == {}


def test_round__a_chain_is_away__what_was_on_stays_on(story: Story, look: Look) -> None:
    story.confirm()
    raise_end(story, 2)
    look()
    with story.silenced(K):
        found = look()
        assert ("polygon", AlarmName.UNREAD) in found and ("polygon", AlarmName.END_RAISED) in found
        assert "nobody answers" in look.watch.board.read()["chain polygon"].detail
    found = look()
    assert ("polygon", AlarmName.UNREAD) not in found and ("polygon", AlarmName.END_RAISED) in found


def test_round__a_chain_forgets_what_was_final__said_and_stays_said(story: Story, look: Look) -> None:
    chain = story.system.world[K]
    with story.system.world.isolated():
        chain.mine(chain.profile.confirmations + 1)
        assert look() == {}
    chain.advance_time(60)
    chain.mine(2 * chain.profile.confirmations + 3)
    for _ in range(2):
        assert look()["polygon", AlarmName.FINAL_LOST].level == "critical"


def test_round__the_governor_proposes_something__said_what_and_until_when(story: Story, look: Look) -> None:
    groups, roles = story.bridge(K).groups, story.system.world.roles
    timelock = TimelockClient(groups.client, groups.governor())
    call = groups.encode("announce_members", int(Group.WATCHERS), [roles.stranger.address], 1)
    timelock.propose(roles.governor, Proposal((call,)))
    story.confirm()
    [((place, name), alarm)] = look().items()
    assert (place, name, alarm.level) == ("polygon", AlarmName.PROPOSAL_WAITS, "warning")
    assert f"(0x{call.data[:4].hex()} of {groups.address})" in alarm.text
    waiting = timelock.waiting(timelock.compute_id(Proposal((call,))))
    assert waiting is not None and alarm.until == waiting.ready[0]
    timelock.cancel(roles.governor, timelock.compute_id(Proposal((call,))))
    story.confirm()
    assert look() == {}


def test_round__somebody_takes_a_timelock_over__said_when_named_and_when_owner(story: Story, look: Look) -> None:
    roles, system = story.system.world.roles, story.system
    timelock = TimelockClient(story.bridge(K).client, system.deployment.chains[K].timelock)
    call = timelock.encode("set_owner", roles.stranger.address)
    timelock.propose(roles.governor, Proposal((call,)))
    for chain in system.world:
        chain.advance_time(GROUP_DELAY_SECONDS + 1)
        chain.mine(GROUP_DELAY_SECONDS // DAY * BLOCKS_A_DAY + 1)
    timelock.execute(roles.attacker, Proposal((call,)))
    story.confirm()
    named = look()["polygon", AlarmName.OWNER_NAMED]
    assert named.level == "warning" and named.text.startswith(f"{roles.stranger.address} can make its timelock its own")
    assert ("polygon", AlarmName.OWNER_CHANGED) not in look()
    timelock.accept_ownership(roles.stranger)
    story.confirm()
    found = look()
    assert found["polygon", AlarmName.OWNER_CHANGED].level == "critical"
    assert ("polygon", AlarmName.OWNER_NAMED) not in found and ("avalanche", AlarmName.OWNER_CHANGED) not in found


def test_check__a_bridge_of_another_deployment__is_refused(story: Story) -> None:
    other = replace(story.system.deployment, deployment_hash=bytes(31) + b"\x01")
    watch = Watch(ChainsRead(other, story.system.bridges), lambda: 0.0)
    with pytest.raises(HistoryDisagrees, match="belongs to deployment"):
        watch.check()

"""Acts of government by command, and proposals in words: on real timelocks of four chains."""

import json
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner
from eth_utils import to_checksum_address

import zklink.cli.govern as govern
import zklink.cli.proposals as proposals
from tests.support.ending import OTHER, K, P
from tests.support.govern_desk import Desk, owner, send_as
from zklink.cli.act_inputs import pick_door, pick_token, read_bounds, read_limits, read_new_token
from zklink.devnet.tokens import USDC
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.bridge_structs import NATIVE
from zklink.l1.contracts.timelock import Proposal, Waiting
from zklink.l1.deployment.acts import Act
from zklink.l1.transport.submission import Call
from zklink.protocol.errors import ActRefused, TimelockMissing
from zklink.protocol.facts import End, Frozen, Group
from zklink.protocol.ids import DAY, GRACE_SECONDS, GROUP_DELAY_SECONDS, TokenId
from zklink.upkeep.acting import plan_tasks
from zklink.upkeep.call_words import say_call
from zklink.upkeep.proposals import Stand, judge_stand, list_matters, read_proposals

NEWCOMER = "0x0000000000000000000000000000000000000abc"
WAIT_DAYS = GROUP_DELAY_SECONDS // DAY


def limits(desk: Desk) -> set[tuple[int, int]]:
    configs = [bridge.tokens.token_config(USDC) for bridge in desk.story.system.bridges.values()]
    return {(int(config.minimum), int(config.cap)) for config in configs}


def test_limits__proposed_waited_executed__in_words_all_the_way(desk: Desk) -> None:
    before, change = limits(desk), ("--token", "USDC", "--at", "all=2000000:9000000000")
    said = desk.govern("limits", *change)
    assert "nothing is sent: --account sends it" in said and desk.run(proposals.proposals) == "nothing waits\n"
    assert f"polygon: the account {owner(desk.story).address} must send 1 call(s)" in said and "as a proposal" in said
    said = desk.govern("limits", *change, by=owner(desk.story))
    assert said.count(": proposed") == 4
    shown = desk.run(proposals.proposals)
    assert shown.startswith("USDC (token 1): at least 2, cap 9000\n  the chains say the same\n")
    assert shown.count(": waits, from ") == 4
    assert desk.govern("execute", by=desk.story.system.world.roles.stranger) == ""
    desk.wait(WAIT_DAYS)
    assert desk.run(proposals.proposals).count(": anybody can execute it, until ") == 4
    assert limits(desk) == before
    said = desk.govern("execute", by=desk.story.system.world.roles.stranger)
    assert said.count("executed: USDC (token 1): at least 2, cap 9000") == 4
    assert limits(desk) == {(2_000_000, 9_000_000_000)}
    assert desk.run(proposals.proposals) == "nothing waits\n"
    assert desk.run(proposals.proposals, "--all").count(": executed; id 0x") == 4


def test_proposals__one_chain_says_something_else__named_and_never_executed(desk: Desk) -> None:
    government, acts = desk.government, desk.government.acts
    act = acts.name_owner(NEWCOMER)
    government.propose(owner(desk.story), act, chains=[P, OTHER])
    other = acts.name_owner(desk.story.system.world.roles.attacker.address)
    government.propose(owner(desk.story), other, chains=[K])
    shown = desk.run(proposals.proposals, code=1)
    assert "NOT ALIKE: chain " in shown and shown.count(": waits, from ") == 3
    desk.wait(WAIT_DAYS)
    said = desk.govern("execute", by=desk.story.system.world.roles.stranger)
    assert said.startswith("left: ") and "executed" not in said


def test_proposals__a_chain_is_away__not_called_alike(desk: Desk) -> None:
    desk.away[K] = "nobody answers"
    assert "polygon: not read: nobody answers" in desk.run(proposals.proposals, code=1)


def test_proposals__cancelled_and_expired__do_not_wait(desk: Desk) -> None:
    government, act = desk.government, desk.government.acts.name_setter(NEWCOMER)
    government.propose(owner(desk.story), act)
    government.propose(owner(desk.story), act, salt=bytes([1] * 32))
    government.cancel(owner(desk.story), act)
    assert desk.run(proposals.proposals, "--all").count(": cancelled; id 0x") == 4
    desk.wait(WAIT_DAYS + GRACE_SECONDS // DAY)
    shown = desk.run(proposals.proposals, "--all")
    assert shown.startswith("nothing waits") and shown.count(": void: nobody has executed it in time") == 4


def test_matters__two_of_the_same_subject__each_compared_with_its_like(desk: Desk) -> None:
    government, acts = desk.government, desk.government.acts
    for cap in (5_000_000, 6_000_000):
        government.propose(owner(desk.story), acts.set_limits(USDC, {K: (1_000_000, cap)}))  # type: ignore[dict-item]
    found = read_proposals(desk.story.system.deployment, government.clients)
    matters = list_matters(desk.story.system.deployment, found)
    assert [len(matter.proposals) for matter in matters] == [1, 1]
    assert not any(matter.disagreement for matter in matters), "limits are each chain's own"


@pytest.mark.parametrize(
    ("seconds", "blocks", "stand"),
    [
        (GROUP_DELAY_SECONDS - 1, 10**6, Stand.WAITING),
        (10**9, WAIT_DAYS * 6 - 1, Stand.WAITING),
        (GROUP_DELAY_SECONDS, WAIT_DAYS * 6, Stand.EXECUTABLE),
        (10**9, (WAIT_DAYS + 14) * 6 - 1, Stand.EXECUTABLE),
        (GROUP_DELAY_SECONDS + GRACE_SECONDS, (WAIT_DAYS + 14) * 6, Stand.EXPIRED),
    ],
)
def test_judge_stand__time_and_blocks__both_must_have_come(seconds: int, blocks: int, stand: Stand) -> None:
    head: Any = SimpleNamespace(timestamp=1_000 + seconds, number=10 + blocks)
    assert judge_stand(Waiting(1_000, 10, 6), head) is stand


def test_act__a_chain_would_refuse_it__nothing_is_written(desk: Desk) -> None:
    change = ["limits", "--tighten", "--token", "USDC", "--at", "polygon=1:9"]
    found = CliRunner().invoke(govern.govern, [*change, "--out", str(desk.folder / "files"), str(desk.file)])
    assert "tighter limits of token 1: refused now by polygon: registry:" in str(found.exception)
    assert isinstance(found.exception, ActRefused) and not (desk.folder / "files").exists()


def test_pause__swift__done_at_once_and_admitted_again_after_the_delay(desk: Desk) -> None:
    said = desk.govern("pause", "--token", "USDC", by=owner(desk.story))
    assert said.count(": done") == 4 and "at once" in said
    assert all(bridge.tokens.is_paused(USDC) for bridge in desk.story.system.bridges.values())
    said = desk.govern("unpause", "--token", "1", "--chain", "polygon", by=owner(desk.story))
    assert said.count(": proposed") == 1


def test_send__another_account_than_the_owner__refused_before_anything_is_sent(desk: Desk) -> None:
    stranger = desk.story.system.world.roles.stranger
    said = desk.govern("pause", "--token", "USDC", by=stranger, code=1)
    assert f"{stranger.address} does not own the timelocks" in said
    assert not any(bridge.tokens.is_paused(USDC) for bridge in desk.story.system.bridges.values())


def test_act__a_chain_is_away__not_begun(desk: Desk) -> None:
    desk.away[K] = "polygon: nobody answers"
    assert "polygon: nobody answers" in desk.govern("pause", "--token", "USDC", code=1)


def test_members__announced__everywhere_and_named_by_status(desk: Desk) -> None:
    old = desk.story.bridge(P).groups.members(Group.WATCHERS)
    coming = [*old.members[1:], NEWCOMER]
    options = [word for member in coming for word in ("--member", member)]
    desk.govern("members", "--group", "watchers", *options, "--threshold", "2", by=owner(desk.story))
    for bridge in desk.story.system.bridges.values():
        found = bridge.groups.coming()
        assert found is not None and {int(m, 16) for m in found.signers.members} == {int(m, 16) for m in coming}
    desk.govern(
        "remove-member", "--group", "validators", "--member", desk.story.system.world.roles.validators[0].address
    )


def announce(desk: Desk, *members: str) -> None:
    """The governor announces watchers on every chain."""
    options = [word for member in members for word in ("--member", member)]
    desk.govern("members", "--group", "watchers", *options, "--threshold", "2", by=owner(desk.story))


def test_execute__announced_members__shown_and_put_in_their_place_when_the_delay_is_over(desk: Desk) -> None:
    stranger, groups = desk.story.system.world.roles.stranger, desk.story.bridge(P).groups
    coming = (*groups.members(Group.WATCHERS).members[1:], to_checksum_address(NEWCOMER))
    announce(desk, *coming)
    shown = desk.run(proposals.proposals)
    assert shown.startswith("announced: 3 watchers, of whom 2 sign: 0x") and to_checksum_address(NEWCOMER) in shown
    assert "  the chains say the same" in shown and shown.count(": waits, until ") == 4
    assert desk.govern("execute", by=stranger) == ""
    desk.wait(WAIT_DAYS)
    assert desk.run(proposals.proposals).count(": anybody can execute it") == 4
    desk.story.bridge(K).groups.replace_members(stranger)
    assert desk.govern("execute", by=stranger).count(": in their place: 3 watchers") == 3
    assert {*groups.members(Group.WATCHERS).members} == {*coming}
    assert desk.run(proposals.proposals) == "nothing waits\n"


def test_execute__members_that_one_chain_does_not_announce__named_and_left(desk: Desk) -> None:
    stranger, groups = desk.story.system.world.roles.stranger, desk.story.bridge(P).groups
    before = groups.members(Group.WATCHERS)
    announce(desk, *before.members[1:], NEWCOMER)
    others = sorted([*before.members[:2], NEWCOMER], key=lambda member: int(member, 16))
    desk.story.bridge(K).groups.announce_members(owner(desk.story), Group.WATCHERS, others, 2)
    assert "NOT ALIKE: " in desk.run(proposals.proposals, code=1)
    desk.wait(WAIT_DAYS)
    assert desk.govern("execute", by=stranger).startswith("left: 3 watchers, of whom 2 sign")
    assert groups.members(Group.WATCHERS) == before


def test_register_token__said_alike_on_all_chains__and_refused_where_the_id_is_taken(desk: Desk) -> None:
    options = (
        "--symbol",
        "NEW",
        "--decimals",
        "6",
        "--least",
        "1000000",
        "--cap",
        "5000000000",
        "--at",
        "polygon=coin",
    )
    found = CliRunner().invoke(govern.govern, ["register-token", "--id", "7", *options, str(desk.file)])
    assert isinstance(found.exception, ActRefused) and len(found.exception.refusals) == 4
    places = ("polygon=coin", f"avalanche={NEWCOMER}")
    token = read_new_token(desk.story.system.deployment, 9, "NEW", 6, places, (1_000_000, 5_000_000_000))
    desk.government.propose(owner(desk.story), desk.government.acts.register_token(token))
    shown = desk.run(proposals.proposals)
    assert "the chains say the same" in shown and shown.count("not on this chain") >= 2
    words = "register token 9 on polygon, avalanche: {}; 6 decimals, at least 1, cap 5000\n"
    assert words.format("the coin of this chain") in shown
    assert words.format(f"{to_checksum_address(NEWCOMER)} here") in shown


def test_ends__denied_and_voided__by_the_owner_of_the_timelocks(desk: Desk) -> None:
    story = desk.story
    story.fund()
    line, roles = story.writer.line, story.system.world.roles
    fact = End(K, line.height, line.sync_hash(), 0)
    watchers = story.writer.groups.end(fact, Group.WATCHERS)
    story.bridge(K).member_end.raise_end(roles.attacker, fact, (), line.seal(), watchers=watchers)
    desk.govern("deny-end", "--chain", "polygon", by=owner(story))
    assert story.end(K).denied_by_governor
    with pytest.raises(ActRefused):
        plan_tasks(desk.government, desk.government.acts.void_end(K))
    story.bridge(P).primary_end.announce_freeze(roles.attacker, Frozen(OTHER, 0), story.writer.groups.frozen(OTHER, 0))
    desk.govern("void-freeze", "--member", "bsc", by=owner(story))
    assert not story.bridge(P).primary_end.announcement(OTHER).announced_at


def test_safe__owns_the_timelocks__a_file_for_each_chain_that_makes_the_calls(desk: Desk) -> None:
    story, roles = desk.story, desk.story.system.world.roles
    safes = {}
    for chain, lock in desk.government.timelocks.items():
        safes[chain] = lock.client.deploy(roles.deployer, load_contract("Assembler"))
        call = lock.encode("set_owner", safes[chain])
        lock.propose(owner(story), Proposal((call,)))
    desk.wait(WAIT_DAYS)
    for chain, lock in desk.government.timelocks.items():
        lock.execute(roles.stranger, Proposal((lock.encode("set_owner", safes[chain]),)))
        send_as(lock.client, safes[chain], roles.deployer, lock.encode("accept_ownership"))
        assert lock.owner() == safes[chain]
    said = desk.govern("price-bounds", "--at", "polygon/deposit=1:5000000", "--at", "polygon/bsc=1:6000000")
    assert "the contract" in said and "Transaction Builder" in said
    (path,) = desk.folder.glob("*-polygon.json")
    batch = json.loads(path.read_text())
    assert (batch["version"], batch["chainId"]) == ("1.0", str(story.system.deployment.chains[K].evm_chain_id))
    assert batch["meta"]["createdFromSafeAddress"] == safes[K] and batch["meta"]["name"] == "other bounds of prices"
    lock = desk.government.timelocks[K]
    for made in batch["transactions"]:
        assert set(made) == {"to", "value", "data", "contractMethod", "contractInputsValues"} and made["value"] == "0"
        send_as(lock.client, safes[K], roles.deployer, Call(made["to"], bytes.fromhex(made["data"][2:]), "a Safe's"))
    shown = desk.run(proposals.proposals)
    assert "deposit: between 1 and 5000000 gwei; swaps to bsc: between 1 and 6000000 gwei" in shown


def test_plan_tasks__no_timelock__said(desk: Desk) -> None:
    lock = desk.government.timelocks[K]
    lock.address = to_checksum_address(NEWCOMER)  # nobody's contract
    with pytest.raises(TimelockMissing, match="polygon: no timelock"):
        plan_tasks(desk.government, desk.government.acts.pause_token(USDC, [K]))


def test_say_call__not_a_call_of_government__a_stranger_whatever_its_bytes_look_like(desk: Desk) -> None:
    deployment, registry = desk.story.system.deployment, desk.story.bridge(K).tokens
    call = registry.encode("pause_token", USDC)
    assert say_call(deployment, K, str(call.to), call.data) == "pause USDC (token 1)"
    assert say_call(deployment, K, NEWCOMER, call.data).startswith("a call that is none of government's")
    assert say_call(deployment, K, str(call.to), call.data[:5]).startswith("a call that is none of government's")
    assert say_call(deployment, K, str(call.to), b"").startswith("a call that is none of government's")
    act = Act("x", {K: (Call(NEWCOMER, b"abcd", "x"),)})
    desk.government.propose(owner(desk.story), act)
    shown = desk.run(proposals.proposals, code=1)
    assert "a call that is none of government's" in shown and "NOT ALIKE: a call in it is none" in shown
    desk.wait(WAIT_DAYS)
    assert desk.govern("execute", by=desk.story.system.world.roles.stranger).startswith("left: ")


def test_execute__one_chain_is_ready_before_the_others__they_follow(desk: Desk) -> None:
    """Anybody may execute a chain's part first; the others' is still the same act."""
    government, act = desk.government, desk.government.acts.name_owner(NEWCOMER)
    government.propose(owner(desk.story), act)
    desk.wait(WAIT_DAYS)
    stranger = desk.story.system.world.roles.stranger
    government.execute(stranger, act, chains=[K])
    assert "NOT ALIKE" not in desk.run(proposals.proposals)
    assert desk.govern("execute", by=stranger).count(": executed: ") == 3


def test_proposals__a_group_that_there_is_not__in_words(desk: Desk) -> None:
    groups = desk.story.bridge(K).groups
    act = Act("x", {K: (groups.encode("remove_member", 9, to_checksum_address(NEWCOMER)),)})
    desk.government.timelocks[K].propose(owner(desk.story), Proposal(act.calls[K]))
    assert "leaves the group 9, which there is not" in desk.run(proposals.proposals, code=1)


def test_proposals__on_one_chain_alone__said(desk: Desk) -> None:
    desk.government.propose(owner(desk.story), desk.government.acts.name_setter(NEWCOMER), chains=[K])
    assert "  on polygon alone" in desk.run(proposals.proposals)


def test_inputs__names_and_pairs__read_or_named(desk: Desk) -> None:
    deployment = desk.story.system.deployment
    assert pick_token(deployment, "77") == TokenId(77)
    assert pick_door(deployment, "full_exit") == 11 and pick_door(deployment, "bsc") == OTHER
    found = read_limits(deployment, "USDC", ("polygon=3:4", "all=1:2"))
    assert found[K] == (3, 4) and found[P] == (1, 2)
    assert read_new_token(deployment, 9, "X", 6, ("polygon=coin",), (1, 2)).contracts == {K: NATIVE}
    for read in (
        lambda: pick_token(deployment, "NOPE"),
        lambda: pick_door(deployment, "nope"),
        lambda: read_limits(deployment, "USDC", ("polygon=4:3",)),
        lambda: read_bounds(deployment, ("polygon/deposit=x:3",), pick_door),
        lambda: read_new_token(deployment, 9, "X", 6, ("polygon=0x12",), (1, 2)),
    ):
        with pytest.raises(click.BadParameter):
            read()

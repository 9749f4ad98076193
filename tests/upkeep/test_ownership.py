"""Timelocks are handed over in two steps, by command; whoever watches hears of both. Real timelocks of four chains."""

import json

from click.testing import CliRunner

import zklink.cli.govern as govern
from tests.support.ending import K, P, Story
from tests.support.govern_desk import Desk, owner, send_as
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.contracts.timelock import Proposal
from zklink.l1.transport.submission import Call
from zklink.protocol.errors import OwnerInGroup
from zklink.protocol.facts import Group
from zklink.protocol.ids import DAY, GROUP_DELAY_SECONDS, ChainId
from zklink.upkeep.status import read_status
from zklink.upkeep.status_forms import encode_status, show_status
from zklink.upkeep.status_records import Status


def name_heir(desk: Desk, heirs: dict[ChainId, str]) -> None:
    """A proposal on each chain that names another owner, waited for and executed."""
    for chain, heir in heirs.items():
        lock = desk.government.timelocks[chain]
        lock.propose(owner(desk.story), Proposal((lock.encode("set_owner", heir),)))
    desk.wait(GROUP_DELAY_SECONDS // DAY)
    for chain, heir in heirs.items():
        lock = desk.government.timelocks[chain]
        lock.execute(desk.story.system.world.roles.stranger, Proposal((lock.encode("set_owner", heir),)))


def look(story: Story) -> Status:
    """The status of a story's member alone: the other chains are away."""
    away = {chain: "away" for chain in story.system.bridges if chain != K}
    return read_status(story.read, 0, away=away)


def kinds(found: Status) -> list[str]:
    """The alarms of the member that government raises."""
    return [alarm.kind for alarm in found.alarms if alarm.kind.startswith(("owner_", "proposal_"))]


def test_owner__proposed_executed_accepted__named_by_status_at_each_step(desk: Desk) -> None:
    heir = desk.story.system.world.roles.attacker
    assert kinds(look(desk.story)) == []
    desk.govern("owner", "--to", heir.address, by=owner(desk.story))
    found = look(desk.story)
    assert kinds(found) == ["proposal_waits"]
    assert f"proposed: {heir.address} owns the timelock" in " ".join(show_status(found).split())
    desk.wait(GROUP_DELAY_SECONDS // DAY)
    desk.govern("execute", by=desk.story.system.world.roles.stranger)
    assert kinds(look(desk.story)) == ["owner_named"]
    said = desk.govern("accept-ownership")
    assert said.count(f"the account {heir.address} must send 1 call(s)") == 4 and "nothing is sent" in said
    said = desk.govern("accept-ownership", by=heir)
    assert said.count(": done") == 4
    assert {lock.owner() for lock in desk.government.timelocks.values()} == {heir.address}
    found = look(desk.story)
    assert kinds(found) == ["owner_changed"]
    one = next(each for each in json.loads(encode_status(found))["chains"] if each["chain_id"] == K)
    assert (one["owner"], one["governor"]) == (heir.address, owner(desk.story).address)


def test_accept_ownership__nobody_is_named__said_and_nothing_is_sent(desk: Desk) -> None:
    said = desk.govern("accept-ownership", by=desk.story.system.world.roles.stranger)
    assert said.count(f"nobody is named; {owner(desk.story).address} owns its timelock") == 4 and "done" not in said


def test_accept_ownership__somebody_else__refused_before_anything_is_sent(desk: Desk) -> None:
    roles = desk.story.system.world.roles
    name_heir(desk, {K: roles.attacker.address, P: roles.attacker.address})
    said = desk.govern("accept-ownership", by=roles.stranger, code=1)
    assert f"{roles.stranger.address} does not own the timelocks" in said
    assert {lock.owner() for lock in desk.government.timelocks.values()} == {owner(desk.story).address}
    assert desk.govern("accept-ownership", by=roles.attacker).count(": done") == 2


def test_accept_ownership__whoever_is_named_has_become_a_member__refused(desk: Desk) -> None:
    """Named first, announced later: the chains cannot see it."""
    roles = desk.story.system.world.roles
    name_heir(desk, {K: roles.attacker.address})
    groups, lock = desk.story.bridge(K).groups, desk.government.timelocks[K]
    lock.act(owner(desk.story), groups.encode("announce_members", int(Group.WATCHERS), [roles.attacker.address], 1))
    found = CliRunner().invoke(govern.govern, ["accept-ownership", str(desk.file)])
    assert isinstance(found.exception, OwnerInGroup)


def test_accept_ownership__a_safe_is_named__its_file_makes_the_call(desk: Desk) -> None:
    lock, roles = desk.government.timelocks[K], desk.story.system.world.roles
    safe = lock.client.deploy(roles.deployer, load_contract("Assembler"))
    name_heir(desk, {K: safe})
    desk.govern("accept-ownership")
    (path,) = desk.folder.glob("accept-ownership-*.json")
    (made,) = json.loads(path.read_text())["transactions"]
    send_as(lock.client, safe, roles.deployer, Call(made["to"], bytes.fromhex(made["data"][2:]), "a Safe's"))
    assert lock.owner() == safe

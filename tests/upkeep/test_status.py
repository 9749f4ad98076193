"""A status on real contracts: each fact that an alarm needs is read as it is; proofs are believed."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import zklink.cli.status as command
from tests.support.ending import OTHER, THIRD, K, P, Story
from zklink.devnet.system import LocalSystem
from zklink.devnet.tokens import USDC
from zklink.l1.contracts.bridge_structs import NATIVE, EndWord
from zklink.protocol.errors import RpcUnavailable
from zklink.protocol.facts import End, Frozen, Group
from zklink.protocol.ids import DAY, EXPIRY_SECONDS, ChainId, Lane
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.debts import Debts
from zklink.recovery.groups_asked import GroupsAsked
from zklink.upkeep.status import read_status
from zklink.upkeep.status_forms import WIDTH, encode_status, show_status
from zklink.upkeep.status_records import ChainStatus, Status, Unread, Urgency

PAGE = Path(__file__).resolve().parents[2] / "docs" / "status.md"


@pytest.fixture
def story(credulous: LocalSystem) -> Iterator[Story]:
    found = Story(credulous)
    found.fund()
    yield found


def look(story: Story, **options: object) -> Status:
    """A stranger's status, at the time of the chain that is furthest."""
    now = max(bridge.client.head().timestamp for bridge in story.system.bridges.values())
    read = ChainsRead(story.system.deployment, story.system.bridges, GroupsAsked())
    return read_status(read, now, **options)  # type: ignore[arg-type]


def chain(status: Status, wanted: ChainId) -> ChainStatus:
    found = next(each for each in status.chains if each.chain_id == wanted)
    assert isinstance(found, ChainStatus)
    return found


def kinds(status: Status, name: str) -> list[str]:
    return [alarm.kind for alarm in status.alarms if alarm.chain == name]


def test_status__in_peace__well_and_every_custody_is_what_the_state_says(story: Story) -> None:
    story.keep()
    story.settle(story.swap(OTHER, P))
    story.deposit(K)
    story.swap(OTHER, K)
    found = look(story, with_reserves=True, signers={"sequencer": story.system.world.roles.sequencer.address})
    assert found.alarms == () and found.urgency is Urgency.WELL
    tokens = [token for each in found.chains if isinstance(each, ChainStatus) for token in each.tokens]
    assert len(tokens) > 4 and all(token.custody == token.expected and token.surplus >= 0 for token in tokens)
    assert chain(found, OTHER).lag == 1 and chain(found, P).lag == 0
    assert [lane.waiting for lane in chain(found, K).lanes] == [0, 1]


def test_status__custody_that_no_state_gives__act_now(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    bridge = story.bridge(K)
    real = bridge.solvency

    def lie(token: int, block: int | None = None) -> object:
        at = real(token, block=block)
        return type(at)(at.balance, at.pending, at.custody - 1) if token == USDC else at

    monkeypatch.setattr(bridge, "solvency", lie)
    assert look(story).urgency is Urgency.WELL
    assert kinds(look(story, with_reserves=True), "polygon") == ["custody"]


@pytest.mark.parametrize("with_reserves", [True, False])
def test_status__requests_come_while_it_is_read__no_alarm(
    story: Story, monkeypatch: pytest.MonkeyPatch, with_reserves: bool
) -> None:
    """Between any two questions money may come: a chain's books are those of one block."""
    story.keep()
    story.deposit(K)
    bridge = story.bridge(K)
    real: dict[str, Callable[..., object]] = {"solvency": bridge.solvency, "fees": bridge.fees}
    asked: list[str] = []

    def busy(name: str) -> Callable[..., object]:
        def ask(*arguments: int, block: int | None = None) -> object:
            story.deposit(K)
            story.swap(K, P)
            asked.append(name)
            return real[name](*arguments, block=block)

        return ask

    for name in real:
        monkeypatch.setattr(bridge, name, busy(name))
    found = look(story, with_reserves=with_reserves)
    assert set(asked) == set(real)
    assert [alarm.kind for alarm in found.alarms if alarm.kind in ("custody", "insolvent")] == []


def test_status__tokens_are_gone_from_a_bridge__insolvent(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    bridge = story.bridge(K)
    real = bridge.solvency

    def lie(token: int, block: int | None = None) -> object:
        at = real(token, block=block)
        return type(at)(at.balance // 2, at.pending, at.custody) if token == USDC else at

    monkeypatch.setattr(bridge, "solvency", lie)
    assert kinds(look(story), "polygon") == ["insolvent"]


def test_status__a_request_waits_then_a_freeze_is_called__its_age_and_window(story: Story) -> None:
    request = story.deposit(K)
    story.pass_days(1)
    lane = chain(look(story), K).lanes[1]
    assert (lane.lane, lane.waiting, lane.oldest_since) == (Lane.ACCOUNT, 1, request.queued_at)
    assert lane.freeze_from == request.queued_at + EXPIRY_SECONDS and lane.called is None
    assert "request_waits" in kinds(look(story), "polygon")
    story.pass_days(2.1)
    story.bridge(K).end.call_freeze(story.system.world.roles.stranger, Lane.ACCOUNT, request.words())
    found = look(story)
    called = chain(found, K).lanes[1].called
    assert called is not None and called.ends_at == story.bridge(K).client.head().timestamp + DAY
    assert "freeze_called" in kinds(found, "polygon")
    story.pass_days(1.1)
    story.bridge(K).end.confirm_freeze(story.system.world.roles.stranger, Lane.ACCOUNT)
    found = look(story)
    assert "frozen" in kinds(found, "polygon") and found.urgency is Urgency.ACT_NOW


def test_status__a_member_is_behind__how_far_since_when_and_the_word_that_it_needs(story: Story) -> None:
    for _ in range(2):
        story.settle(story.swap(P, OTHER))
    story.confirm()
    found = chain(look(story), K)
    history = story.read.history()
    assert (found.lag, found.lag_since) == (2, history.block(3).full.block.timestamp)
    assert found.missing == ["ACC of block 3 or a later one, by both groups"]
    story.writer.import_on(OTHER)
    found = chain(look(story), K)
    assert found.lag == 2 and found.missing == [], "another member's calldata has it"


def test_status__payouts_are_owed__unpaid(story: Story) -> None:
    story.writer.accept(story.build(story.swap(OTHER, P)), pay=False)
    assert kinds(look(story), "avalanche") == ["unpaid"]


def test_status__an_end_and_a_freeze_are_shown__with_their_windows(story: Story) -> None:
    line, roles = story.writer.line, story.system.world.roles
    fact = End(K, line.height, line.sync_hash(), 0)
    watchers = story.writer.groups.end(fact, Group.WATCHERS)
    story.bridge(K).member_end.raise_end(roles.attacker, fact, (), line.seal(), watchers=watchers)
    frozen = Frozen(OTHER, 0)
    evidence = story.writer.groups.frozen(OTHER, 0)
    story.bridge(P).primary_end.announce_freeze(roles.attacker, frozen, evidence)
    found = look(story)
    assert kinds(found, "polygon") == ["end_raised"] and kinds(found, "avalanche") == ["freeze_announced"]
    end, window = chain(found, K).end, chain(found, K).end_window
    assert end is not None and (end.number, end.word) == (2, EndWord.WATCHERS)
    assert window is not None and window.ends_at == story.end(K).raised_at + 3 * DAY
    (freeze,) = chain(found, P).freezes
    assert freeze.member == "bsc" and freeze.window.ends_at == freeze.window.began_at + DAY


def test_status__the_primary_is_quiet__silence_then_the_words_that_ends_need(story: Story) -> None:
    story.pass_days(1.6)
    assert "silence" in kinds(look(story), "avalanche")
    story.pass_days(1)
    found = look(story)
    assert chain(found, K).missing == ["END at block 2, by the watchers"]
    story.run_all()
    assert "exodus" in kinds(look(story), "polygon")


def test_status__a_member_is_frozen__the_primary_lacks_its_frz(story: Story) -> None:
    request, stranger = story.deposit(K), story.system.world.roles.stranger
    for days in (1.6, 1.6):
        story.pass_days(days)
        story.settle(story.swap(P, OTHER))
    story.bridge(K).end.call_freeze(stranger, Lane.ACCOUNT, request.words())
    story.pass_days(1.1)
    story.bridge(K).end.confirm_freeze(stranger, Lane.ACCOUNT)
    primary = chain(look(story), P)
    assert not primary.is_frozen and primary.missing == ["FRZ of polygon, by the watchers"]


def test_status__balances_that_nobody_took__listed(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = story.system.world.roles.recipient.address
    monkeypatch.setattr(Debts, "list_pending", lambda self: [((owner, USDC), 5), ((owner, 0), 7)])
    (token, coin) = chain(look(story), THIRD).pending
    assert (token.owner, token.symbol, token.amount) == (owner, "USDC", 5) and coin.symbol == "coin"


def test_status__a_signer_without_coins__act_now(story: Story) -> None:
    found = look(story, signers={"sequencer": "0x" + "00" * 19 + "77"})
    assert kinds(found, "polygon") == ["signer_gas"] and found.urgency is Urgency.ACT_NOW


@pytest.mark.parametrize("away", [K, P])
def test_status__a_chain_is_away__never_well_and_the_others_are_read(story: Story, away: ChainId) -> None:
    with story.silenced(away):
        read = ChainsRead(story.system.deployment, story.system.bridges, GroupsAsked())
        found = read_status(read, story.bridge(OTHER if away != OTHER else K).client.head().timestamp)
    unread = [each for each in found.chains if isinstance(each, Unread)]
    assert away in {each.chain_id for each in unread} and found.urgency is Urgency.UNKNOWN
    if away == K:
        assert len(unread) == 1 and "nobody answers" in unread[0].reason
    bridges = {chain_id: bridge for chain_id, bridge in story.system.bridges.items() if chain_id != away}
    found = read_status(ChainsRead(story.system.deployment, bridges, GroupsAsked()), 0, away={away: "no node"})
    assert [each.chain_id for each in found.chains if isinstance(each, Unread)] == [away]
    assert found.urgency is Urgency.UNKNOWN


def test_show_status__every_line__fits_a_terminal(story: Story) -> None:
    story.settle(story.swap(P, OTHER))
    story.deposit(K)
    text = show_status(look(story, with_reserves=True, signers={"sequencer": NATIVE}))
    assert max(map(len, text.splitlines())) <= WIDTH
    assert text.startswith("act now: deployment 0x") and "send coin to" in text, "nobody has that signer's coins"
    assert "polygon: L1 block" in text and "1 behind the primary" in text


def keys(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from keys(part)
    elif isinstance(value, list):
        for part in value:
            yield from keys(part)


def test_encode_status__every_key__is_explained_on_the_page(story: Story) -> None:
    line = story.writer.line
    fact = End(K, line.height, line.sync_hash(), 0)
    watchers = story.writer.groups.end(fact, Group.WATCHERS)
    story.bridge(K).member_end.raise_end(story.system.world.roles.attacker, fact, (), line.seal(), watchers=watchers)
    data = json.loads(encode_status(look(story, away={OTHER: "away"}, signers={"sequencer": NATIVE})))
    page = PAGE.read_text()
    assert {key for key in keys(data) if f"`{key}`" not in page} == set()
    assert data["urgency"] == "act_now" and data["format"] in page
    for alarm in data["alarms"]:
        assert f"`{alarm['kind']}`" in page


def run(story: Story, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, away: dict[ChainId, str]) -> tuple[int, str]:
    path = tmp_path / "d.json"
    path.write_text(story.system.deployment.to_json())
    bridges = {chain_id: bridge for chain_id, bridge in story.system.bridges.items() if chain_id not in away}
    monkeypatch.setattr(command, "reach_bridges", lambda *given: (bridges, away))
    now = max(bridge.client.head().timestamp for bridge in story.system.bridges.values())
    monkeypatch.setattr("time.time", lambda: float(now))
    found = CliRunner().invoke(command.status, [str(path), "--json"])
    return found.exit_code, found.output


def test_command__exit_code__well_attention_act_now_cannot_tell(
    story: Story, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code, output = run(story, monkeypatch, tmp_path, {})
    assert code == 0 and json.loads(output)["urgency"] == "well"
    assert run(story, monkeypatch, tmp_path, {K: "away"})[0] == 3
    story.writer.accept(story.build(story.swap(OTHER, P)), pay=False)
    assert run(story, monkeypatch, tmp_path, {})[0] == 1
    story.pass_days(1.6)
    assert run(story, monkeypatch, tmp_path, {})[0] == 2


@pytest.mark.parametrize("error", [RpcUnavailable("polygon", "x", 1, "y"), ValueError("a mistake of ours")])
def test_command__whatever_goes_wrong__cannot_tell(
    story: Story, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception
) -> None:
    path = tmp_path / "d.json"
    path.write_text(story.system.deployment.to_json())

    def fail(*given: object) -> object:
        raise error

    monkeypatch.setattr(command, "reach_bridges", fail)
    assert CliRunner().invoke(command.status, [str(path)]).exit_code == 3


def test_command__called_wrongly__cannot_tell(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("{}")
    for arguments in ([], ["--nonsense"], ["nowhere"], [str(tmp_path / "x")], ["x", "--signer", "a=b"]):
        assert CliRunner().invoke(command.status, arguments).exit_code == 3


def test_command__no_node_is_given__every_chain_is_named(story: Story, tmp_path: Path) -> None:
    path = tmp_path / "d.json"
    path.write_text(story.system.deployment.to_json())
    found = CliRunner().invoke(command.status, [str(path)], env={})
    assert found.exit_code == 3
    assert found.output.count(": not read") == 4

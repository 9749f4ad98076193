"""A keeper with a purse: what it spends, what it leaves and why, and that it freezes only when asked. Real contracts;
proofs are believed.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from eth_account.signers.local import LocalAccount

import zklink.cli.keeper as command
from tests.support.ending import OTHER, K, P, Story
from zklink.cli.deployment_inputs import find_account, find_deployment
from zklink.cli.inputs import find_urls
from zklink.devnet.system import LocalSystem
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.submission import Call
from zklink.protocol.errors import BudgetSpent, CallReverted, FeeCeilingReached
from zklink.protocol.ids import BlockNumber, ChainId, Lane
from zklink.protocol.words import PAYOUT_WORDS
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.common_steps import execute_owed
from zklink.recovery.debts import Debts
from zklink.recovery.groups_asked import GroupsAsked
from zklink.recovery.keeper import Keeper
from zklink.recovery.outcome import Done
from zklink.upkeep.keeping import describe_left
from zklink.upkeep.purse import Purse, PurseClient

COIN = 10**18


@pytest.fixture
def story(credulous: LocalSystem) -> Iterator[Story]:
    found = Story(credulous)
    found.fund()
    found.keep()
    yield found


def purse_client(story: Story, chain: ChainId, budget: int, ceiling: int) -> PurseClient:
    client = story.bridge(chain).client
    return PurseClient(client.profile, client.w3, Purse(budget, ceiling))


def open_keeper(
    story: Story, budget: int = COIN, ceiling: int = COIN // 10, *, may_freeze: bool = False, knows: bool = True
) -> Keeper:
    """A stranger's, with the same purse on each chain."""
    bridges = {
        chain: BridgeClient(purse_client(story, chain, budget, ceiling), bridge.address)
        for chain, bridge in story.system.bridges.items()
    }
    read = ChainsRead(story.system.deployment, bridges, story.read.groups if knows else GroupsAsked())
    return Keeper(read, story.system.world.roles.stranger, may_freeze=may_freeze)


def keep(story: Story, keeper: Keeper) -> list[str]:
    said: list[str] = []
    while keeper.round(said.append):
        story.confirm()
    return said


def left(keeper: Keeper, story: Story, chain: ChainId) -> str:
    name = story.read.name(chain)
    return next(line for line in describe_left(keeper, {}) if line.startswith(f"{name}: ")).removeprefix(f"{name}: ")


def spent(keeper: Keeper, chain: ChainId) -> int:
    client = keeper.read.bridges[chain].client
    assert isinstance(client, PurseClient)
    return client.purse.spent_wei


def test_keeper__what_is_due__done_and_counted_to_the_wei(story: Story) -> None:
    story.writer.accept(story.build(story.swap(OTHER, P)), pay=False)
    story.confirm()
    account, keeper = story.system.world.roles.stranger.address, open_keeper(story)
    before = {chain: bridge.client.balance(account) for chain, bridge in story.system.bridges.items()}
    said = keep(story, keeper)
    assert "avalanche: 1 payout of block 3 paid" in said and "polygon: 1 block from 3 on imported" in said
    for chain, bridge in story.system.bridges.items():
        assert spent(keeper, chain) == before[chain] - bridge.client.balance(account) > 0
        assert left(keeper, story, chain) == f"nothing is due; {spent(keeper, chain)} wei spent"


def test_keeper__the_budget_is_spent__sends_nothing_and_says_so(story: Story) -> None:
    story.settle(story.swap(P, OTHER))
    story.confirm()
    account, keeper = story.system.world.roles.stranger.address, open_keeper(story, COIN // 10, COIN // 10 + 1)
    before = {chain: bridge.client.nonce(account) for chain, bridge in story.system.bridges.items()}
    said = keep(story, keeper)
    assert {chain: bridge.client.nonce(account) for chain, bridge in story.system.bridges.items()} == before
    assert sum("polygon: import_blocks is left" in line for line in said) == 1
    assert left(keeper, story, K).startswith(
        "left: polygon: import_blocks is left: 100000000000000000 wei of the budget"
    )
    assert spent(keeper, K) == 0 and story.tip(K) == 2


def test_keeper__a_word_is_missing__named(story: Story) -> None:
    story.settle(story.swap(P, OTHER))
    story.confirm()
    keeper = open_keeper(story, knows=False)
    keep(story, keeper)
    assert left(keeper, story, K).startswith("left: it needs ACC of block 3 or a later one, by both groups")
    assert left(keeper, story, P).startswith("nothing is due")


@pytest.mark.parametrize("may_freeze", [False, True])
def test_keeper__a_freeze_is_due_on_a_member__only_when_asked(story: Story, may_freeze: bool) -> None:
    request = story.deposit(K)
    for _ in range(2):
        story.pass_days(1.6)
        story.settle(story.swap(P, OTHER))
    story.confirm()
    keeper = open_keeper(story, may_freeze=may_freeze)
    keep(story, keeper)
    called = story.bridge(K).end.freeze_call(Lane.ACCOUNT).request_id == request.request_id
    assert called == may_freeze
    assert ("a freeze is due over request" in left(keeper, story, K)) != may_freeze


@pytest.mark.parametrize("may_freeze", [False, True])
def test_keeper__confirmations_and_the_primary__only_when_asked(story: Story, may_freeze: bool) -> None:
    stranger, request = story.system.world.roles.stranger, story.deposit(K)
    for _ in range(2):
        story.pass_days(1.6)
        story.settle(story.swap(P, OTHER))
    story.bridge(K).end.call_freeze(stranger, Lane.ACCOUNT, request.words())
    story.pass_days(1.1)
    story.settle(story.swap(P, OTHER))
    story.confirm()
    keeper = open_keeper(story, may_freeze=may_freeze)
    keep(story, keeper)
    assert story.bridge(K).is_frozen() == may_freeze
    assert bool(story.bridge(P).primary_end.announcement(K).announced_at) == may_freeze
    if not may_freeze:
        assert "a freeze is due" in left(keeper, story, K)
        story.bridge(K).end.confirm_freeze(stranger, Lane.ACCOUNT)
        story.confirm()
        keep(story, keeper)
        assert "a freeze is due: polygon is frozen, and that can be announced" in left(keeper, story, P)
        keep(story, open_keeper(story, may_freeze=True))
    story.pass_days(1.1)
    story.settle(story.swap(OTHER, P))
    later = open_keeper(story, may_freeze=may_freeze)
    keep(story, later)
    assert story.bridge(P).is_frozen() == may_freeze
    if not may_freeze:
        assert "a freeze is due: polygon is frozen, and nobody has voided that" in left(later, story, P)


@pytest.mark.parametrize("may_freeze", [False, True])
def test_keeper__the_primary_is_silent__frozen_only_when_asked(story: Story, may_freeze: bool) -> None:
    story.pass_days(2.1)
    keeper = open_keeper(story, may_freeze=may_freeze)
    keep(story, keeper)
    assert (story.bridge(P).frozen_at()[0] > 0) == may_freeze
    assert ("a freeze is due: it has accepted nothing" in left(keeper, story, P)) != may_freeze


def test_keeper__a_chain_is_away__left_with_the_reason(story: Story) -> None:
    lines = list(describe_left(open_keeper(story), {K: "nobody answers"}))
    assert "polygon: left alone: nobody answers" in lines


def fail(error: Exception, *given: object, **named: object) -> object:
    raise error


def test_send__refused_when_it_is_tried__nothing_is_sent_and_nothing_counts(story: Story) -> None:
    client, account = purse_client(story, K, COIN, COIN // 10), story.system.world.roles.stranger
    nonce = client.nonce(account.address)
    with pytest.raises(CallReverted):
        client.send(account, story.bridge(K).end.encode("confirm_freeze", 1))
    assert client.nonce(account.address) == nonce and client.purse.spent_wei == 0


@pytest.mark.parametrize(
    ("error", "counted"),
    [
        (FeeCeilingReached("polygon", "x", 2, 1, "s"), 0),
        (FeeCeilingReached("polygon", "x", 2, 1, "s", (b"1",)), COIN // 10),
        (RuntimeError("unclear"), COIN // 10),
    ],
)
def test_send__its_fate_is_unclear__counts_with_its_ceiling(
    story: Story, monkeypatch: pytest.MonkeyPatch, error: Exception, counted: int
) -> None:
    client = purse_client(story, K, COIN, COIN // 10)
    monkeypatch.setattr(ChainClient, "send", partial(fail, error))
    with pytest.raises(type(error)):
        client.send(story.system.world.roles.stranger, Call(story.bridge(K).address, b"", "x"))
    assert client.purse.spent_wei == counted


def test_send__the_same_call_stays_unclear__counts_once(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction that waits for a lower price in ten rounds is still one transaction."""
    client = purse_client(story, K, COIN, COIN // 10)
    error = FeeCeilingReached("polygon", "x", 2, 1, "s", (b"1",))
    monkeypatch.setattr(ChainClient, "send", partial(fail, error))
    for _ in range(12):
        with pytest.raises(FeeCeilingReached):
            client.send(story.system.world.roles.stranger, Call(story.bridge(K).address, b"", "x"))
    assert client.purse.spent_wei == COIN // 10


def test_execute_owed__many_payouts_are_dearer_than_the_ceiling__fewer_at_a_time(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[int]()

    def execute(self: object, account: object, number: int, words: object, count: int) -> None:
        asked.append(count)
        if count > 1:
            raise FeeCeilingReached("avalanche", "execute", 2, 1, "--most")

    payout = (1,) * PAYOUT_WORDS
    monkeypatch.setattr(type(story.read), "owed", lambda *_: [(BlockNumber(1), payout * 4)])
    monkeypatch.setattr(type(story.bridge(P).history), "execute", execute)
    outcome = execute_owed(story.read, P, story.system.world.roles.stranger)
    assert asked == [4, 2, 1] and isinstance(outcome, Done)


@pytest.mark.parametrize(("spent", "may_push"), [(0, True), (49, True), (50, False), (100, False)])
def test_purse__half_is_spent__nothing_is_pushed(spent: int, may_push: bool) -> None:
    assert Purse(100, 10, spent_wei=spent).may_push is may_push


def test_keeper__may_not_push__looks_at_no_debts(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[object]()
    monkeypatch.setattr(Debts, "push_next", lambda self, account: asked.append(self))
    Keeper(story.read, story.system.world.roles.stranger, may_push=lambda chain: False).round(print)
    assert not asked
    Keeper(story.read, story.system.world.roles.stranger).round(print)
    assert asked


def test_send__less_than_a_ceiling_is_left__refused_before_it_is_tried(story: Story) -> None:
    client = purse_client(story, K, 10, 6)
    client.purse.spent_wei = 5
    with pytest.raises(BudgetSpent, match="5 wei of the budget are left, and one transaction may cost 6 wei"):
        client.send(story.system.world.roles.stranger, Call(story.bridge(K).address, b"", "x"))


def test_send__dearer_than_its_ceiling__not_sent(story: Story) -> None:
    client, account = purse_client(story, K, COIN, 10), story.system.world.roles.stranger
    nonce = client.nonce(account.address)
    with pytest.raises(FeeCeilingReached):
        client.transfer(account, account.address, 0)
    assert client.nonce(account.address) == nonce and client.purse.spent_wei == 0


# -- the command --------------------------------------------------------------------------------------------------


def write_key(tmp_path: Path, account: LocalAccount) -> str:
    path = tmp_path / "key"
    path.write_text(account.key.hex())
    return str(path)


def run(story: Story, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *options: str) -> str:
    """The command on these chains; each budget has reached its client."""
    path = tmp_path / "d.json"
    path.write_text(story.system.deployment.to_json())

    def reach(deployment: object, urls: object, quorum: int, make: object) -> object:
        clients = {k: make(b.client.profile, b.client.w3) for k, b in story.system.bridges.items()}  # type: ignore[operator]
        return story.system.deployment.bridges(clients), {}

    monkeypatch.setattr(command, "reach_bridges", reach)
    monkeypatch.setattr(command, "end_on_signals", lambda stop: None)
    key = write_key(tmp_path, story.system.world.roles.stranger)
    found = CliRunner().invoke(command.keeper, [str(path), "--account", key, "--once", *options])
    assert found.exit_code == 0, found.output
    return found.output


def test_command__budgets_by_chain__spent_where_there_is_one(
    story: Story, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    story.writer.accept(story.build(story.swap(OTHER, P)), pay=False)
    output = run(story, monkeypatch, tmp_path, "--budget", "polygon=1")
    assert "avalanche: left: avalanche: execute is left: 0 wei of the budget are left" in output
    assert story.bridge(P).history.tip().unpaid == 1
    output = run(story, monkeypatch, tmp_path, "--budget", "1", "--budget", "polygon=2.5", "--gwei", "5000")
    assert "avalanche: 1 payout of block 3 paid" in output and "avalanche: nothing is due; " in output


@pytest.mark.parametrize(
    ("budgets", "ceilings"), [(["x=1"], []), (["a"], []), (["0"], []), (["-1"], []), (["1"], ["2"]), (["nan"], [])]
)
def test_read_purses__no_amount_or_no_chain__named(budgets: list[str], ceilings: list[str]) -> None:
    with pytest.raises(click.BadParameter):
        command.read_purses(["polygon", "bsc"], tuple(budgets), tuple(ceilings), None)


def test_read_purses__a_chains_own_value__goes_over_that_of_all() -> None:
    purses = command.read_purses(["polygon", "bsc"], ("polygon=2", "1"), ("0.5",), 7)
    assert purses == {"polygon": Purse(2 * COIN, COIN // 2, 7), "bsc": Purse(COIN, COIN // 2, 7)}


def test_find_account__an_alias_of_ape__its_keystore(tmp_path: Path) -> None:
    (tmp_path / "accounts").mkdir()
    keystore = tmp_path / "accounts" / "keeper.json"
    keystore.write_text("{}")
    assert find_account("keeper", {"APE_DATA_FOLDER": str(tmp_path)}) == keystore
    with pytest.raises(click.ClickException, match="neither a file nor an account of ape"):
        find_account("other", {"APE_DATA_FOLDER": str(tmp_path)})


def test_find_urls__the_environment__for_chains_without_an_option(story: Story) -> None:
    found = find_urls(story.system.deployment, ("bsc=http://a",), {"POLYGON_RPC": "http://b", "BSC_RPC": "http://c"})
    assert found == {"bsc": "http://a", "polygon": "http://b"}


def test_find_deployment__a_name__in_the_folder(story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deployments").mkdir()
    (tmp_path / "deployments" / "mine.json").write_text(story.system.deployment.to_json())
    assert find_deployment("mine") == story.system.deployment
    with pytest.raises(click.ClickException, match="there are mine"):
        find_deployment("yours")

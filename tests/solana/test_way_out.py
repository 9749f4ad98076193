"""A deployment with a Solana chain ends without its operator: anybody keeps and frees it by the ways that chains with
contracts have. Evidence is the groups' own, proofs are checked by the program.
"""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner
from solders.keypair import Keypair

from tests.solana.lossy_node import BLIND, BUSY, LOST, LossyNode
from tests.solana.test_node_story import USD, open_filled, swap_here
from tests.support.groups import KnownGroup, KnownGroups
from tests.support.solana.account_doors import deposit
from tests.support.solana.founding import prover
from tests.support.solana.machine import key_of
from tests.support.solana.on_ledger import LedgerMachine
from tests.support.solana.star import PRIMARY, PROFILES, SOLANA, SolanaStar, found_star, swap_away
from tests.support.solana.star_pipeline import SLOTS, StarPipeline
from zklink.cli.keep import keep
from zklink.cli.recover import recover
from zklink.devnet.roles import GROUP_THRESHOLD
from zklink.devnet.tokens import USDC
from zklink.devnet.world import open_world
from zklink.l1.contracts.bridge_structs import EndWord
from zklink.lab.rpc_http import serve_http
from zklink.lab.solana.chain import LocalSolana
from zklink.protocol.errors import CallReverted
from zklink.protocol.facts import Accepted, End, EndDenial, Group
from zklink.protocol.ids import BlockNumber
from zklink.prover.source import Statement
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.exit_places import find_ends, rebuild_ends
from zklink.recovery.exit_proofs import ExitOrder, find_exits, list_payable, prove_exits
from zklink.recovery.exodus_driver import ExodusDriver
from zklink.recovery.groups_asked import GroupsAsked
from zklink.recovery.keeper import Keeper
from zklink.recovery.leaving import leave
from zklink.recovery.program_view import ProgramView, is_exodus, read_end_state
from zklink.recovery.program_way import ProgramWay
from zklink.recovery.words_kept import write_words
from zklink.solana.client.sending import Sender

BOB = key_of("bob")
HELPER = key_of("helper")
DAY = 86_400

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def deployed() -> Iterator[SolanaStar]:
    """The star; Solana's clock begins at that of the other chains, for windows of one are judged by another's time."""
    with open_world("revm", PROFILES) as world:
        machine = LedgerMachine()
        machine.chain.ledger.time = float(max(chain.client.head().timestamp for chain in world))
        machine.chain.mine()
        star = found_star(world, machine)
        star.site.make_holding(BOB.pubkey(), star.site.mints[USDC])
        yield star


@dataclass
class Rescue:
    """A stranger's view of the star, who can ask the words that are put into `kept`."""

    star: SolanaStar
    troubles: list[str] = field(default_factory=list)
    payer: Keypair = HELPER
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        star = self.star
        star.site.machine.fund(self.payer.pubkey())
        self.chain.finalize()
        roles = star.world.roles
        known = (KnownGroup.of(group, GROUP_THRESHOLD) for group in (roles.validators, roles.watchers))
        self.groups = KnownGroups(star.deployment.deployment_hash, *known)
        node = LossyNode(self.chain, self.troubles).client()
        self.view = ProgramView(star.deployment.programs[SOLANA], node, star.deployment.deployment_hash)
        self.read = ChainsRead(star.deployment, star.bridges, GroupsAsked(), {SOLANA: self.view})
        sender = Sender(node, self.payer, pause=lambda seconds: self.chain.mine(SLOTS))
        self.way = ProgramWay(self.view, self.read, SOLANA, sender)

    @property
    def chain(self) -> LocalSolana:
        return self.star.site.machine.chain  # type: ignore[attr-defined, no-any-return]

    @property
    def keeper(self) -> Keeper:
        """A stranger's."""
        return Keeper(self.read, self.star.world.roles.stranger, programs={SOLANA: self.way})

    @property
    def driver(self) -> ExodusDriver:
        """The same."""
        return ExodusDriver(self.read, self.star.world.roles.stranger, programs={SOLANA: self.way})

    def keep(self) -> list[str]:
        """Keep until nothing is due; gives what was said of Solana."""
        keeper, said = self.keeper, list[str]()
        while keeper.round(said.append):
            self.mine()
        self.left = keeper.left[SOLANA]
        return [line for line in said if line.startswith("solana")]

    def mine(self) -> None:
        """A block on every chain."""
        self.star.world.mine()
        self.chain.mine(SLOTS)

    def pass_days(self, days: int) -> None:
        """Time on every chain, and as many blocks as windows want; a slot of Solana stands for its day's."""
        for _ in range(days):
            for chain in self.star.world:
                chain.advance_time(DAY)
                chain.mine(7)
            self.chain.advance_time(DAY)
        self.chain.finalize()

    def sign_acc(self) -> Accepted:
        """Both groups say what the primary has."""
        history = self.read.history()
        place = Accepted(BlockNumber(history.height), history.sync_hash(history.height))
        self.read.groups.kept.keep_both(place, *self.groups.acc(place.number, place.sync_hash))
        return place

    def sign_end(self, *groups: Group, number: int | None = None) -> End:
        """These groups say END at the primary's last block, or another one."""
        history, state = self.read.history(), read_end_state(self.view.read())
        at = BlockNumber(history.height if number is None else number)
        fact = End(SOLANA, at, history.sync_hash(at), state.round)
        for group in groups:
            self.read.groups.kept.keep(fact, group, self.groups.sign(fact, group))
        return fact

    def leave(self, orders: list[ExitOrder]) -> bool:
        """One run of `ape run exit`, said of Solana."""
        said = list[str]()
        is_done = leave(self.driver, orders, said.append)
        self.said += [line for line in said if line.startswith("solana")]
        return is_done


def fill(star: SolanaStar) -> StarPipeline:
    """Both chains have a reserve, and the node does not submit on Solana any more."""
    pipeline = open_filled(star)
    swap_away(star, 300 * USD)
    pipeline.finish(1)
    pipeline.halt(SOLANA)
    return pipeline


def accept_swap(star: SolanaStar, pipeline: StarPipeline) -> int:
    """A swap to Bob on Solana that the primary has accepted, and Solana lacks."""
    swap_here(star, 200 * USD, BOB.pubkey())
    height = pipeline.node.sequencer.height
    pipeline.run_until(lambda: pipeline.node.counters[PRIMARY].accepted > height)
    return pipeline.node.sequencer.height


@pytest.mark.parametrize("troubles", [[], [LOST, BUSY, BLIND, LOST, BLIND, BUSY]])
def test_keep__solana_lacks_blocks__brought_executed_and_paid_once(star: SolanaStar, troubles: list[str]) -> None:
    pipeline = fill(star)
    number = accept_swap(star, pipeline)
    rescue = Rescue(star, troubles)
    assert rescue.keep() == [] and "nothing waits there" in rescue.left, "without a word of the groups"
    rescue.sign_acc()
    before = star.site.machine.svm.get_balance(HELPER.pubkey()) or 0
    assert rescue.keep() == [f"solana: block {number} imported"]
    assert star.site.balance(USDC, BOB.pubkey()) == 200 * USD
    assert star.site.state()["number"] == number and star.site.state()["unpaid"] == 0
    assert before - (star.site.machine.svm.get_balance(HELPER.pubkey()) or 0) < 10**6, "the rent is back"
    assert rescue.keep() == []


def test_keep__somebody_else_has_brought_a_block__executed_and_paid_from_there(star: SolanaStar) -> None:
    pipeline = fill(star)
    number = accept_swap(star, pipeline)
    first = Rescue(star, payer=key_of("another helper"))
    first.sign_acc()
    first.way._blocks._settle = lambda key: 0  # type: ignore[method-assign]
    assert first.way.advance(may_freeze=True) is not None
    assert star.site.state()["unpaid"] == 1 and star.site.balance(USDC, BOB.pubkey()) == 0
    rescue = Rescue(star)
    assert rescue.keep() == ["solana: 1 block executed or paid"]
    assert star.site.balance(USDC, BOB.pubkey()) == 200 * USD and star.site.state()["number"] == number


def test_leave__operator_gone__solana_ends_refunds_and_pays_exits(star: SolanaStar) -> None:
    pipeline = fill(star)
    site, user = star.site, star.site.user
    deposit(site, token=USDC, l1_amount=500 * USD)
    pipeline.resume()
    pipeline.run_until(lambda: pipeline.node.sequencer.height > 2 and pipeline.node.is_settled())
    pipeline.halt(SOLANA)
    number = accept_swap(star, pipeline)
    deposit(site, token=USDC, l1_amount=40 * USD)
    held = site.balance(USDC, user.pubkey())
    rescue = Rescue(star, payer=user)
    assert not rescue.leave([])
    assert "waiting, request 2 of the account lane is in no block yet" in rescue.said[-1]
    rescue.pass_days(3)
    assert not rescue.leave([])
    assert any("needs the watchers' word" in line for line in rescue.said)
    rescue.sign_end(*Group)
    rescue.mine()
    assert not rescue.leave([]), "the primary waits for three days"
    assert f"solana: END raised at block {number} by both groups; it stands" in rescue.said
    assert f"solana: block {number} imported" in rescue.said
    assert f"solana: exits are open at block {number}" in rescue.said
    assert "solana: 1 request paid back" in rescue.said
    assert site.balance(USDC, user.pubkey()) == held + 40 * USD

    ends = find_ends(rescue.read)
    assert ends[SOLANA].is_known and ends[SOLANA].place.number == number
    states, owner = rebuild_ends(rescue.read, ends), bytes(user.pubkey())
    assert list_payable(star.deployment, states, owner) == [SOLANA]
    assert SOLANA not in list_payable(star.deployment, states, bytes(12) + bytes(range(1, 21)))
    statements = find_exits(states[SOLANA], owner, [SOLANA])
    orders = prove_exits(statements, star.deployment, prover(Statement.EXIT))
    assert [order.chain for order in orders] == [SOLANA] * len(orders) and orders
    rescue.leave(orders)
    got = sum(order.amount_a for order in orders)
    assert site.balance(USDC, user.pubkey()) == held + 40 * USD + got and got > 0
    rescue.leave(orders)
    assert "has left already" in rescue.said[-1]
    assert site.balance(USDC, user.pubkey()) == held + 40 * USD + got
    assert rescue.view.exit_root() == (states[SOLANA].root, number) and is_exodus(rescue.view.read())


def raise_false_end(rescue: Rescue) -> int:
    """The watchers say that the history ends where Solana stands; gives the block."""
    tip = rescue.view.tip()
    rescue.sign_end(Group.WATCHERS, number=tip.number)
    rescue.read.ends = lambda: [Accepted(tip.number, tip.sync_hash)]  # type: ignore[method-assign]
    rescue.way._raise_end(rescue.view.bridge.read_queues("confirmed"), read_end_state(rescue.view.read()))
    del rescue.read.ends
    raised = read_end_state(rescue.view.read())
    assert (raised.number, raised.word, raised.stands) == (tip.number, EndWord.WATCHERS, False)
    return tip.number


def test_keep__false_end__denied_then_felled_by_an_acc(star: SolanaStar) -> None:
    pipeline, rescue = fill(star), Rescue(star)
    accept_swap(star, pipeline)
    number = raise_false_end(rescue)
    raised = read_end_state(rescue.view.read())
    fact = EndDenial(SOLANA, raised.number, raised.sync_hash, raised.round)
    rescue.read.groups.kept.keep(fact, Group.VALIDATORS, rescue.groups.sign(fact, Group.VALIDATORS))
    assert rescue.keep() == [
        f"solana: END at block {number} denied by the validators: 14 days more, in which the governor may void it"
    ]
    assert read_end_state(rescue.view.read()).denied_by_validators
    assert "is contested until" in rescue.left and "the governor may void it" in rescue.left
    later = rescue.sign_acc().number
    assert rescue.keep() == [
        f"solana: block {later} imported",
        f"solana: END at block {number} fell: both groups have said that block {later} is accepted",
    ]
    assert read_end_state(rescue.view.read()).word is EndWord.NONE


def test_leave__the_watchers_alone_say_it__stands_after_three_days(star: SolanaStar) -> None:
    fill(star)
    rescue = Rescue(star)
    rescue.pass_days(3)
    number = rescue.read.history().height
    rescue.sign_end(Group.WATCHERS)
    assert not rescue.leave([])
    assert f"solana: END raised at block {number} by the watchers: three days for a denial" in rescue.said
    assert f"END at block {number} is contested until" in rescue.said[-1]
    rescue.pass_days(3)
    rescue.chain.mine(3 * star.site.state()["slots_per_day"])
    rescue.leave([])
    assert rescue.said[-2:] == [f"solana: END at block {number} stands", f"solana: exits are open at block {number}"]


def test_leave__a_request_that_nobody_takes__freezes_after_three_days_and_one(star: SolanaStar) -> None:
    deposit(star.site, token=USDC, l1_amount=40 * USD)
    rescue = Rescue(star)
    quiet = Keeper(rescue.read, star.world.roles.stranger, may_freeze=False, programs={SOLANA: rescue.way})
    rescue.chain.advance_time(3 * DAY + 60)
    rescue.chain.finalize()
    quiet.round(lambda line: None)
    assert quiet.left[SOLANA].startswith("a freeze is due over request 1 of the account lane")
    rescue.leave([])
    assert "solana: freeze called: request 1 of the account lane waits too long" in rescue.said[0]
    rescue.chain.advance_time(DAY)
    rescue.chain.mine(star.site.state()["slots_per_day"])
    rescue.leave([])
    assert "solana: frozen: request 1 of the account lane is in no block" in rescue.said
    assert rescue.view.is_frozen() and rescue.read.is_frozen(SOLANA)


@pytest.mark.parametrize("change", [0, 40, 64, "fewer", "twice", "disorder"])
def test_groups__evidence_that_the_program_refuses__is_refused_here(star: SolanaStar, change: int | str) -> None:
    rescue, place = Rescue(star), Accepted(BlockNumber(7), bytes(31) + b"\x07")
    groups = rescue.view.groups
    for group in Group:
        assert groups.members(group).members == rescue.groups.group(group).members
    validators, watchers = rescue.groups.acc(place.number, place.sync_hash)
    groups.check_accepted(star.deployment.deployment_hash, place, validators, watchers)
    signatures = [watchers[at : at + 65] for at in range(0, len(watchers), 65)]
    match change:
        case "fewer":
            signatures.pop()
        case "twice":
            signatures[1] = signatures[0]
        case "disorder":
            signatures.reverse()
        case int():
            signatures[0] = signatures[0][:change] + bytes([signatures[0][change] ^ 1]) + signatures[0][change + 1 :]
    with pytest.raises(CallReverted, match="watchers' evidence"):
        groups.check_accepted(star.deployment.deployment_hash, place, validators, b"".join(signatures))


def test_commands__a_program_among_the_chains__kept_and_recovered(star: SolanaStar, tmp_path: Path) -> None:
    """`zklink keep` and `zklink recover`, with nodes over HTTP by option and by variable, and words from a file."""
    pipeline = fill(star)
    number = accept_swap(star, pipeline)
    rescue, files = Rescue(star), {name: tmp_path / name for name in ("deployment", "words", "account", "keypair")}
    rescue.sign_acc()
    files["deployment"].write_text(star.deployment.to_json())
    write_words(files["words"], star.deployment.deployment_hash, rescue.read.groups.kept)
    files["account"].write_text(star.world.roles.stranger.key.hex())
    files["keypair"].write_text(json.dumps(list(bytes(HELPER))))
    with ExitStack() as nodes:
        urls = {chain.profile.name: nodes.enter_context(serve_http(chain)).url for chain in star.world}
        solana = nodes.enter_context(rescue.chain.serve_http()).url
        reached = ["--deployment", str(files["deployment"])]
        reached += [word for name, url in urls.items() for word in ("--rpc", f"{name}={url}")]
        paid = ["--account", str(files["account"]), "--keypair", str(files["keypair"])]
        rescue.chain.start_clock()
        nodes.callback(rescue.chain.stop_clock)
        asked = [*reached, *paid, "--words", str(files["words"]), "--once"]
        kept = CliRunner().invoke(keep, asked, env={"SOLANA_RPC": solana}, catch_exceptions=False)
        assert f"solana: block {number} imported" in kept.output.splitlines()
        assert star.site.balance(USDC, BOB.pubkey()) == 200 * USD
        told = CliRunner().invoke(recover, ["--from-l1", *reached, "--rpc", f"solana={solana}"], catch_exceptions=False)
    root = pipeline.node.sequencer.state.root
    assert f"block {number}: root {root:#066x} (polygon, avalanche, solana)" in told.output

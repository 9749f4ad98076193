"""What seldom happens on a Solana chain's way to its end: a queue that no block matches, a secession, an END that is
further away than a block's account reaches; and the commands that go the way.
"""

import json
import runpy
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from tests.docs.code_blocks import ROOT
from tests.solana.test_node_story import USD
from tests.solana.test_program_watch import change
from tests.solana.test_way_out import BOB, HELPER, Rescue, accept_swap, fill
from tests.solana.test_way_out import deployed as deployed
from tests.support.solana.account_doors import deposit
from tests.support.solana.founding import prover
from tests.support.solana.star import PRIMARY, SOLANA, SolanaStar, swap_away
from tests.support.solana.star_pipeline import StarPipeline
from zklink.cli.keeper import keeper
from zklink.devnet.tokens import USDC
from zklink.lab.rpc_http import serve_http
from zklink.protocol.facts import Group
from zklink.protocol.ids import Lane
from zklink.prover.source import Statement
from zklink.recovery import program_way
from zklink.recovery.exit_file import ExitFile, ExitPlace, write_exits
from zklink.recovery.exit_places import find_ends, rebuild_ends
from zklink.recovery.exit_proofs import find_exits, prove_exits
from zklink.recovery.outcome import Done, Waiting
from zklink.recovery.words_kept import write_words
from zklink.solana.interface import accounts

pytestmark = pytest.mark.slow


def accept_away(star: SolanaStar, pipeline: StarPipeline) -> int:
    """A swap from Solana that the primary has accepted in a block that Solana lacks; gives the block."""
    height = pipeline.node.sequencer.height
    swap_away(star, 50 * USD)
    pipeline.run_until(lambda: pipeline.node.counters[PRIMARY].accepted > height)
    return pipeline.node.sequencer.height


def spoil_queue(star: SolanaStar) -> None:
    """Solana's last swap is another one than the groups and the primary have seen: what they say of it is false."""
    last = star.site.state()["totals"][Lane.SWAP - 1]
    at = accounts.QUEUE_HEAD.size + last % accounts.SWAP_ENTRIES * accounts.SWAP_ENTRY.size
    change(star, star.site.swap_queue, at, 7)
    change(star, star.site.bridge, accounts.BRIDGE.offset("queue_hashes") + (Lane.SWAP - 1) * 32, 7)


def test_keep__a_block_whose_requests_solana_never_had__shown_and_frozen(star: SolanaStar) -> None:
    pipeline = fill(star)
    number = accept_away(star, pipeline)
    spoil_queue(star)
    rescue = Rescue(star)
    rescue.sign_acc()
    held = star.site.machine.lamports(HELPER.pubkey())
    outcome = rescue.way.advance(may_freeze=False)
    assert outcome == Done(f"frozen: its queue cannot match block {number}")
    assert rescue.view.is_frozen() and star.site.state()["number"] == number - 1
    assert held - star.site.machine.lamports(HELPER.pubkey()) < 10**6, "the rent is back"
    assert isinstance(rescue.way.advance(may_freeze=False), Waiting), "it is shown once"


@pytest.mark.parametrize("reach", [256, 0], ids=["near", "by a path"])
def test_leave__end_contains_a_block_that_its_queue_cannot_match__secedes_below(
    star: SolanaStar, reach: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """END is what all chains end with; one whose queue says something else ends at the block before."""
    monkeypatch.setattr(program_way, "MAX_LATER", reach)
    pipeline = fill(star)
    number = accept_away(star, pipeline)
    accept_swap(star, pipeline)
    spoil_queue(star)
    rescue = Rescue(star)
    rescue.pass_days(3)
    rescue.sign_end(*Group)
    rescue.mine()
    rescue.leave([])
    assert f"solana: seceded: its queue cannot match block {number}; it ends at block {number - 1}" in rescue.said
    rescue.leave([])
    assert f"solana: exits are open at block {number - 1}" in rescue.said
    assert rescue.view.exit_root()[1] == number - 1 and star.site.state()["has_end"]


def test_leave__end_is_further_away_than_a_block_s_account_reaches__imported_by_paths(
    star: SolanaStar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program_way, "MAX_LATER", 0)
    pipeline = fill(star)
    for member in star.bridges.keys() - {PRIMARY}:
        pipeline.halt(member)  # else its calldata has the groups' word of each block
    numbers = [accept_swap(star, pipeline), accept_swap(star, pipeline)]
    rescue = Rescue(star)
    rescue.pass_days(3)
    rescue.sign_end(*Group)
    rescue.mine()
    calls, send = list[str](), rescue.way._sender.send

    def note(call: str, *rest: Any) -> Any:
        calls.append(call)
        return send(call, *rest)

    monkeypatch.setattr(rescue.way._sender, "send", note)
    rescue.leave([])
    for number in numbers:
        assert f"solana: block {number} imported" in rescue.said
    assert f"solana: exits are open at block {numbers[-1]}" in rescue.said
    assert [calls.count(call) for call in ("import_by_path", "import_block")] == [1, 1], "the last one is END itself"
    assert calls.count("open_path") == calls.count("close_path") > 0, "the rent of paths is back"
    assert star.site.balance(USDC, BOB.pubkey()) == 200 * USD, "the reserve pays one of them"


# --- the commands ---


class Commands:
    """What a stranger has who runs them: files, and nodes of all chains over HTTP."""

    def __init__(self, rescue: Rescue, folder: Path, stack: ExitStack) -> None:
        self.rescue, self.folder, star = rescue, folder, rescue.star
        self.file = self._keep("deployment.json", star.deployment.to_json())
        self.words = folder / "words.json"
        self.paid = ["--account", self._keep("account", star.world.roles.stranger.key.hex())]
        self.paid += ("--keypair", self._keep("keypair.json", json.dumps(list(bytes(rescue.payer)))))
        urls = {chain.profile.name: stack.enter_context(serve_http(chain)).url for chain in star.world}
        urls["solana"] = stack.enter_context(rescue.chain.serve_http()).url
        self.reached = [word for name, url in urls.items() for word in ("--rpc", f"{name}={url}")]
        rescue.chain.start_clock()
        stack.callback(rescue.chain.stop_clock)

    def publish(self) -> tuple[str, str]:
        """The groups' words, in a file."""
        write_words(self.words, self.rescue.star.deployment.deployment_hash, self.rescue.read.groups.kept)
        return "--words", str(self.words)

    def run(self, command: click.Command, *arguments: str, code: int = 0) -> list[str]:
        found = CliRunner().invoke(command, [*self.reached, *self.paid, *arguments], catch_exceptions=False)
        assert found.exit_code == code, found.output
        return found.output.splitlines()

    def exit(self, *arguments: str, code: int = 0) -> list[str]:
        command: click.Command = runpy.run_path(str(ROOT / "scripts" / "exit.py"))["cli"]
        return self.run(command, "--deployment", self.file, *arguments, code=code)

    def _keep(self, name: str, content: str) -> str:
        path = self.folder / name
        path.write_text(content)
        return str(path)


@contextmanager
def open_commands(rescue: Rescue, folder: Path) -> Iterator[Commands]:
    with ExitStack() as stack:
        yield Commands(rescue, folder, stack)


def test_keeper__with_a_keypair__imports_executes_and_pays_on_solana(star: SolanaStar, tmp_path: Path) -> None:
    pipeline = fill(star)
    number = accept_swap(star, pipeline)
    rescue = Rescue(star)
    rescue.sign_acc()
    with open_commands(rescue, tmp_path) as commands:
        words = commands.publish()
        kept = commands.run(keeper, commands.file, "--budget", "1", "--once", *words)
        assert f"solana: block {number} imported" in kept
        assert star.site.balance(USDC, BOB.pubkey()) == 200 * USD and star.site.state()["unpaid"] == 0
        again = commands.run(keeper, commands.file, "--budget", "1", "--once", *words)
        assert not any("imported" in line for line in again)


def test_exit__with_a_keypair__brings_solana_to_its_end_and_sends_the_exits(star: SolanaStar, tmp_path: Path) -> None:
    pipeline = fill(star)
    deposit(star.site, token=USDC, l1_amount=500 * USD)
    pipeline.resume()
    pipeline.run_until(lambda: pipeline.node.sequencer.height > 2 and pipeline.node.is_settled())
    pipeline.halt(SOLANA)
    number = accept_swap(star, pipeline)
    rescue = Rescue(star, payer=star.site.user)
    rescue.pass_days(3)
    rescue.sign_end(*Group)
    rescue.mine()
    with open_commands(rescue, tmp_path) as commands:
        words = commands.publish()
        said = commands.exit(*words, code=1)
        assert f"solana: END raised at block {number} by both groups; it stands" in said
        assert f"solana: block {number} imported" in said and f"solana: exits are open at block {number}" in said
        assert "not finished" in said[-1], "the primary waits for three days"

        ends = find_ends(rescue.read)
        states, owner = rebuild_ends(rescue.read, ends), bytes(star.site.user.pubkey())
        orders = prove_exits(find_exits(states[SOLANA], owner, [SOLANA]), star.deployment, prover(Statement.EXIT))
        file = tmp_path / "exits.json"
        places = {SOLANA: ExitPlace(ends[SOLANA].place.number, states[SOLANA].root)}
        write_exits(file, ExitFile(star.deployment.deployment_hash, places, tuple(orders)))
        before = star.site.balance(USDC, star.site.user.pubkey())
        said = commands.exit(*words, "--exits", str(file), code=1)
        assert said[0] == f"{len(orders)} exit{'s' * (len(orders) != 1)} in exits.json"
        held = star.site.balance(USDC, star.site.user.pubkey())
        got = sum(order.amount_a for order in orders)
        assert orders and any(line.startswith("solana: account ") and "is paid" in line for line in said)
        assert got > 0 and held - before == got

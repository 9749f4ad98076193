"""A node put together from its settings file, on two EVM chains and a Solana chain that it reaches over HTTP."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.chains import send_deposit
from tests.support.solana.star import SOLANA, KeyProver, SolanaStar, open_star, swap_away
from zklink.devnet.profiles import POLYGON
from zklink.devnet.tokens import USDC
from zklink.lab.rpc_http import serve_http
from zklink.lab.solana.chain import LocalSolana
from zklink.node.node import Node
from zklink.node.workers import InlineWorkers
from zklink.protocol.errors import SettingsInvalid
from zklink.service.assembly import Assembly, assemble
from zklink.service.broker_assembly import assemble_broker
from zklink.service.settings.source import read_broker_settings, read_settings, read_watch_settings
from zklink.service.stock_taking import take_stock
from zklink.service.watching.assembly import assemble_watch

USD = 10**6
ROUNDS = 60

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Place:
    """The chains, and a folder with a node's settings."""

    star: SolanaStar
    settings: Path

    @property
    def chain(self) -> LocalSolana:
        return self.star.site.machine.chain  # type: ignore[attr-defined, no-any-return]

    def assemble(self) -> Assembly:
        """As `zklink node` does, with proofs that take no time."""
        return assemble(read_settings(self.settings, {}), str(self.settings), KeyProver())

    def run(self, node: Node, is_done: Callable[[], bool]) -> None:
        """Blocks and slots pass, a round each, until something is so."""
        for _ in range(ROUNDS):
            node.step()
            for chain in self.star.world:
                chain.mine()
            self.chain.mine(3)
            if is_done():
                return
        raise AssertionError(f"the node is at block {node.sequencer.height}")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("node")
    with open_star() as star, ExitStack() as nodes:
        chain: LocalSolana = star.site.machine.chain  # type: ignore[attr-defined]
        roles = star.world.roles
        (folder / "deployment.json").write_text(star.deployment.to_json())
        for number in range(3):
            (folder / f"validator{number}").write_text(roles.validators[number].key.hex())
            (folder / f"watcher{number}").write_text(roles.watchers[number].key.hex())
        (folder / "sequencer").write_text(roles.sequencer.key.hex())
        for name, keypair in {"payer.json": star.site.writer, "fills.json": star.site.broker}.items():
            (folder / name).write_text(json.dumps(list(bytes(keypair))))
        groups = {kind: [f"{kind}{number}" for number in range(3)] for kind in ("validator", "watcher")}
        lines = ['deployment = "deployment.json"']
        for each in star.world:
            url = nodes.enter_context(serve_http(each)).url
            lines += [f"[chains.{each.profile.name}]", f'nodes = ["{url}"]', "is_local = true"]
            lines += [f"confirmations = {each.profile.confirmations}", "block_time_seconds = 1.0"]
        url = nodes.enter_context(chain.serve_http()).url
        lines += ["[programs.solana]", f'nodes = ["{url}"]', 'payer = "payer.json"', 'broker = "fills.json"']
        lines += ["is_local = true", "[keys]", 'sequencer = "sequencer"']
        lines += [f"{kind}s = {json.dumps(names)}" for kind, names in groups.items()]
        (folder / "node.toml").write_text("\n".join(lines) + "\n")
        yield Place(star, folder / "node.toml")


def test_assemble__a_program_among_the_chains__the_node_brings_its_blocks(place: Place) -> None:
    assembly = place.assemble()
    try:
        assert set(assembly.parts.profiles) == set(assembly.parts.watches) == set(assembly.parts.submitters)
        assert set(assembly.programs) == {SOLANA} and SOLANA in assembly.parts.profiles
        place.chain.start_clock()
        node = Node(assembly.parts, InlineWorkers(), assembly.clock, assembly.config)
        send_deposit(place.star, POLYGON.chain_id, USDC, 5_000 * USD, sender=place.star.world.roles.provider)
        place.run(node, lambda: node.sequencer.height == 1 and node.is_settled())
        place.chain.stop_clock()
        swap_away(place.star, 300 * USD)
        place.chain.start_clock()
        place.run(node, lambda: node.sequencer.height == 2 and node.is_settled())
        assert place.star.site.state()["number"] == 2
    finally:
        place.chain.stop_clock()
        assembly.database.close()
    again = place.assemble()
    try:
        assert set(again.parts.submitters) == set(assembly.parts.submitters)
    finally:
        again.database.close()


def test_assemble_broker__a_program_among_the_chains__counts_what_its_keypair_holds_there(place: Place) -> None:
    text = place.settings.read_text()
    own = place.settings.with_name("broker.toml")
    programs = text[text.index("[programs.solana]") : text.index("[keys]")].replace('payer = "payer.json"\n', "")
    terms = "[tokens.USDC]\nminimum_fee = 1\ntiers = [{ limit = 1000 }]\ntargets = { solana = 5 }\n"
    own.write_text(text[: text.index("[programs.solana]")] + programs + '[keys]\nbroker = "sequencer"\n' + terms)
    assembly = assemble_broker(read_broker_settings(own, {}), str(own))
    try:
        for link in assembly.links.values():
            link.check_nodes()
        stock = take_stock(assembly, assembly.broker.books(), approves=False)
        site = place.star.site
        assert stock.stocks[SOLANA, USDC].held == site.balance(USDC, site.broker.pubkey()) > 5
        assert stock.stocks[SOLANA, USDC].target == 5 and assembly.name(SOLANA) == "solana"
        assert [len(link.meters()) for link in assembly.links.values()] == [1, 1, 1]
        assert not any("solana" in each for each in stock.unapproved)
    finally:
        assembly.database.close()


def test_assemble_watch__a_program_among_the_chains__is_reached_and_watched(place: Place) -> None:
    text = place.settings.read_text()
    own = place.settings.with_name("watch.toml")
    table = text[text.index("[programs.solana]") : text.index("[keys]")]
    lines = [line for line in table.splitlines() if not line.startswith(("payer", "broker"))]
    own.write_text(text[: text.index("[programs.solana]")] + "\n".join(lines) + "\n")
    watch = assemble_watch(read_watch_settings(own, {}), str(own), time.time)
    watch.check(needs_all=True)
    watch.round()
    assert watch.metrics.registry.get_sample_value("zklink_chain_accepted", {"chain": "solana"}) is not None
    own.write_text(text[: text.index("[programs.solana]")])
    with pytest.raises(SettingsInvalid, match=r"programs\.solana: the deployment has this program, and no node"):
        assemble_watch(read_watch_settings(own, {}), str(own), time.time)


@pytest.mark.parametrize(("name", "reason"), [("sol", "the deployment's programs are: solana"), ("", "no node of it")])
def test_assemble__program_under_another_name_or_none__is_refused(place: Place, name: str, reason: str) -> None:
    text = place.settings.read_text()
    start, end = text.index("[programs.solana]"), text.index("[keys]")
    own = place.settings.with_name("other.toml")
    table = text[start:end].replace("programs.solana", f"programs.{name}") if name else ""
    own.write_text(text[:start] + table + text[end:])
    with pytest.raises(SettingsInvalid, match=reason):
        assemble(read_settings(own, {}), str(own), KeyProver())

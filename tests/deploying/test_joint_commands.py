"""Commands of operators on a deployment of two networks and a Solana chain, whose nodes they reach over HTTP."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner
from solders.keypair import Keypair

from tests.deploying.solana import OWNER, SETTER, SOL, SOLANA, Built
from zklink.cli.main import main
from zklink.devnet.solana.people import Desk as People
from zklink.lab.rpc_http import serve_http
from zklink.prices.founding import BOUND_FACTOR
from zklink.protocol.ids import Door
from zklink.solana.client.bridge import SolanaBridge

COINS = ("sepolia=2500", "fuji=30", "SOL=150")
FIRST_DEPOSIT = 200_000


class Nodes:
    """The record, and the way to all nodes, as options."""

    def __init__(self, built: Built, folder: Path, stack: ExitStack) -> None:
        self.built, self.folder = built, folder
        self.file = folder / "pair.json"
        self.file.write_text(built.dossier.to_json())
        chain = built.star.chain
        urls = {each.profile.name: stack.enter_context(serve_http(each)).url for each in built.star.networks.world}
        urls["solana"] = stack.enter_context(chain.serve_http()).url
        self.reached = [word for name, url in urls.items() for word in ("--rpc", f"{name}={url}")]
        People(chain, SETTER).fund(SETTER.pubkey(), SOL)
        chain.finalize()
        chain.start_clock()
        stack.callback(chain.stop_clock)

    def key(self, key: Keypair) -> str:
        path = self.folder / f"{key.pubkey()}.json"
        path.write_text(json.dumps(list(bytes(key))))
        return str(path)

    def prices(self, *options: str, coins: tuple[str, ...] = COINS, code: int = 0) -> str:
        named = [part for coin in coins for part in ("--coin", coin)]
        found = CliRunner().invoke(main, ["prices", "--deployment", str(self.file), *self.reached, *named, *options])
        assert found.exit_code == code, (found.output, found.exception)
        return found.output


@pytest.fixture
def nodes(quick: Built, tmp_path: Path) -> Iterator[Nodes]:
    with ExitStack() as stack:
        yield Nodes(quick, tmp_path, stack)


def doors(nodes: Nodes) -> list[int]:
    """What the doors on Solana cost, or will."""
    place = nodes.built.side.place
    node = nodes.built.star.desk().node
    program, bridge = bytes(nodes.built.side.program.id), bytes(nodes.built.side.program.bridge)
    assert place.name == "solana"
    return list(SolanaBridge(node, program, bridge).read("confirmed").fields["next_prices"])


def test_prices__of_solana__shown_in_lamports_and_set_by_its_setter(nodes: Nodes) -> None:
    before = doors(nodes)
    shown = dict(line.rsplit(": ", 1) for line in nodes.prices().splitlines())
    assert shown["solana: deposit"].endswith(" lamports") and shown["sepolia: swap to solana"].endswith(" gwei")
    assert doors(nodes) == before, "nothing is set without a key"
    named = [*(f"solana: swap to {place.name}" for place in nodes.built.dossier.deployment.places.values())]
    wanted = {line: int(shown[line].split()[0].replace(",", "")) for line in (*named, "solana: deposit")}

    said = nodes.prices("--keypair", nodes.key(SETTER), "--once")
    assert said.startswith("solana: set (lamports by kind; rises count in 60 minutes) ") and said.count("\n") == 1
    now, goal = doors(nodes)[Door.DEPOSIT], wanted["solana: deposit"]
    lowest = max(FIRST_DEPOSIT // BOUND_FACTOR, min(goal, 2 * FIRST_DEPOSIT))
    assert now == lowest != before[Door.DEPOSIT], "as far as bounds and the day allow"
    assert nodes.prices("--keypair", nodes.key(SETTER), "--once") == "", "nothing has drifted since"


def test_prices__by_somebody_who_is_not_the_setter__said_and_nothing_is_set(nodes: Nodes) -> None:
    before = doors(nodes)
    said = nodes.prices("--keypair", nodes.key(OWNER), "--once")
    assert said.startswith("solana: ") and "setter" in said and doors(nodes) == before


def test_prices__sol_by_the_chain_s_name_or_its_symbol__or_not_at_all(nodes: Nodes) -> None:
    assert nodes.prices(coins=(*COINS[:2], "solana=150")) == nodes.prices()
    dear = nodes.prices(coins=(*COINS[:2], "SOL=1500"))
    assert dear != nodes.prices() and nodes.prices("--lamports", "50000") != nodes.prices()
    found = CliRunner().invoke(
        main, ["prices", "--deployment", str(nodes.file), *nodes.reached, "--coin", COINS[0], "--coin", COINS[1]]
    )
    assert found.exit_code == 1 and f"chain {SOLANA} has no price" in found.output


def test_prices__a_keypair_and_no_node_of_solana__refused(nodes: Nodes) -> None:
    reached = nodes.reached[:-2]
    asked = ["prices", "--deployment", str(nodes.file), *reached, "--keypair", nodes.key(SETTER), "--once"]
    found = CliRunner().invoke(main, [*asked, *(part for coin in COINS for part in ("--coin", coin))])
    assert found.exit_code == 1 and "none of this deployment has a node here" in found.output

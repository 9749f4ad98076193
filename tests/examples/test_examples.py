"""Each script under `examples/` runs, prints what its header says, and is short enough to be read at once."""

import json
import re
import runpy
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import pytest

import zklink
from tests.client.wire import Wire
from tests.scenarios.pipeline import Believer, Pipeline
from tests.scenarios.test_recovery import bring_to_exodus
from zklink import Client
from zklink.devnet.profiles import BSC, POLYGON
from zklink.devnet.system import LocalSystem, deploy_local_system
from zklink.devnet.tokens import USDC, token_by_id
from zklink.devnet.world import open_world
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.deployment.deploy import load_verifiers
from zklink.l1.deployment.records import Verifiers
from zklink.lab.chains import Backend
from zklink.lab.rpc_http import serve_http
from zklink.protocol.presets import MINIMAL
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.groups_asked import GroupsAsked

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "examples"
ON_A_DEVNET: Final = ("swap", "account")
LONGEST: Final = 79
VARIES: Final = re.compile(r"0x[0-9a-f]{4,64}\b|\b0\.\d+(?= BTC)|[0-9,]+(?= gas)")
"""Hashes, amounts of bitcoin, and gas: they depend on the chains."""
USD: Final = 10**6


def read_promised(name: str) -> list[str]:
    """The lines that a script's header promises, between `prints` or `prints something like` and its end."""
    head = (EXAMPLES / f"{name}.py").read_text().split('"""')[1]
    _, promised = re.split(r"prints(?:\ssomething like)?:\n", head)
    lines = [line.strip() for line in promised.splitlines() if line.strip()]
    assert lines
    return lines


def level(lines: list[str]) -> list[str]:
    """Lines without what varies."""
    return [VARIES.sub("..", line) for line in lines]


@pytest.mark.parametrize("name", ON_A_DEVNET)
def test_example__on_a_devnet__prints_what_its_header_says(
    name: str, wire: Wire, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "devnet.json").write_text(json.dumps(wire.described))
    monkeypatch.setattr(zklink, "Client", partial(Client, transport=wire))
    monkeypatch.setattr(sys, "argv", [name, str(tmp_path / "devnet.json")])
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    said = [
        re.sub(r"0x[0-9a-f]{64}", lambda found: f"{found[0][:6]}..", line)
        for line in capsys.readouterr().out.splitlines()
    ]
    assert level(said) == level(read_promised(name))


def test_example__verifier__prints_what_its_header_says(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLES / "verifier.py"), run_name="__main__")
    assert capsys.readouterr().out.splitlines() == read_promised("verifier")


@dataclass(frozen=True)
class Ended:
    """A deployment whose operator has died and whose chains have ended; its exit verifier takes real proofs alone."""

    system: LocalSystem
    folder: Path


@pytest.fixture
def ended(backend: Backend, tmp_path: Path) -> Iterator[Ended]:
    believing = load_contract("AcceptAllVerifier")
    with open_world(backend, (POLYGON, BSC)) as world:
        verifiers = Verifiers(believing, believing, load_verifiers(MINIMAL).exit)
        primary, tokens = POLYGON.chain_id, [token_by_id(USDC)]
        system = deploy_local_system(world, MINIMAL, primary=primary, tokens=tokens, verifiers=verifiers)
        pipeline, alice = Pipeline(system, Believer(), has_broker=False), world.roles.depositor
        pipeline.deposit(primary, USDC, 1_000 * USD, alice)
        pipeline.run_until(lambda: pipeline.node.sequencer.height > 0 and pipeline.node.is_settled())
        pipeline.node.close()
        for chain in (POLYGON, BSC):  # what nobody answers for three days lets anybody freeze a chain
            pipeline.deposit(chain.chain_id, USDC, 10 * USD, alice)
        groups = GroupsAsked(pipeline.parts.validators, pipeline.parts.watchers)
        bring_to_exodus(pipeline, ChainsRead(system.deployment, system.bridges, groups))
        (tmp_path / "deployment.json").write_text(system.deployment.to_json())
        yield Ended(system, tmp_path)


def test_example__exit_after_the_operators_end__prints_what_its_header_says(
    ended: Ended, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = ended.system.world
    first, second = list(world)
    with serve_http(first) as one, serve_http(second) as other:
        described = {
            "deployment": str(ended.folder / "deployment.json"),
            "chains": [{"name": first.name, "rpc": one.url}, {"name": second.name, "rpc": other.url}],
            "accounts": {"depositor": {"key": f"0x{bytes(world.roles.depositor.key).hex()}"}},
        }
        (ended.folder / "devnet.json").write_text(json.dumps(described))
        monkeypatch.setattr(sys, "argv", ["exit.py", str(ended.folder / "devnet.json")])
        before = ended.system.token(POLYGON.chain_id, USDC).balance(world.roles.depositor.address)
        runpy.run_path(str(EXAMPLES / "exit.py"), run_name="__main__")
        after = ended.system.token(POLYGON.chain_id, USDC).balance(world.roles.depositor.address)
    assert after - before == 1_000 * USD
    assert level(capsys.readouterr().out.splitlines()) == level(read_promised("exit"))


def test_examples__all_of_them__are_run_and_short() -> None:
    lengths = {path.stem: len(path.read_text().splitlines()) for path in EXAMPLES.glob("*.py")}
    assert lengths.keys() == {*ON_A_DEVNET, "exit", "verifier"}
    assert [name for name, length in lengths.items() if length > LONGEST] == []

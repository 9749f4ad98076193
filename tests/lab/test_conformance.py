"""The suite of known exploits has teeth: a sound bridge passes, a planted bug is found exactly where it is planted."""

import importlib.util
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.engines import note_engine
from zklink.devnet.anvil_command import anvil_path
from zklink.lab.chains import open_chains
from zklink.lab.conformance import SCENARIOS, SPECS, find_weaknesses, list_meaningless, list_played, run_scenario
from zklink.lab.conformance.adapter import AWAY
from zklink.lab.conformance.stage import EVE, Stage
from zklink.lab.errors import NoSuchScenario, NotForThisBridge
from zklink.lab.mutation import Mutant, read_mutants
from zklink.lab.new_project import TEMPLATE, write_project
from zklink.lab.world import LabWorld

PLANTED = Path(__file__).resolve().parents[2] / "examples" / "lock_and_mint" / "planted.toml"
BUGS = read_mutants(PLANTED)
BY_CHANCE = {each["name"]: set(each.get("by_chance", ())) for each in tomllib.loads(PLANTED.read_text())["mutant"]}


def bridge_in(project: Path) -> Callable[[], Any]:
    """What makes the bridge of a project: its adapter."""
    spec = importlib.util.spec_from_file_location("lock_and_mint", project / "tests" / "lock_and_mint.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made: Callable[[], Any] = module.LockAndMint
    return made


def plant(bug: Mutant, folder: Path) -> Callable[[], Any]:
    """What makes the bridge with a bug in it."""
    write_project(folder / "bridge")
    bug.plant(folder / "bridge")
    return bridge_in(folder / "bridge")


def test_conformance__sound_bridge__no_weakness() -> None:
    note_engine("revm")
    assert find_weaknesses(bridge_in(TEMPLATE)) == {}


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name.replace(" ", "-"))
def test_conformance__planted_bug__is_found_exactly_there(bug: Mutant, tmp_path: Path) -> None:
    note_engine("revm")
    found = set(find_weaknesses(plant(bug, tmp_path)))
    assert found - BY_CHANCE[bug.name] == set(bug.tests)


def test_planted__every_scenario__finds_at_least_one() -> None:
    found = {name for bug in BUGS for name in bug.tests}
    assert found == {each.name for each in SCENARIOS} - {"there_and_back"}


class Picky:
    """An adapter of which only one thing is asked."""

    def __init__(self, meaningless: dict[str, str]) -> None:
        self.meaningless = meaningless


def test_list_played__adapter_leaves_one_out__all_others() -> None:
    def make() -> Any:
        return Picky({"decimals": "there is one token, of 18"})

    assert list_meaningless(make) == {"decimals": "there is one token, of 18"}
    assert {*list_played(make), "decimals"} == {each.name for each in SCENARIOS}
    assert "decimals" not in list_played(make)
    with pytest.raises(NotForThisBridge, match="decimals means nothing for this bridge: there is one token, of 18"):
        find_weaknesses(make, ["decimals"])


def test_list_meaningless__no_such_scenario_or_no_reason__is_refused() -> None:
    with pytest.raises(NoSuchScenario, match="no scenario is called flood"):
        list_meaningless(lambda: Picky({"flood": "no water here"}))  # type: ignore[arg-type, return-value]
    with pytest.raises(ValueError, match="the adapter does not say why decimals means nothing"):
        list_meaningless(lambda: Picky({"decimals": " "}))  # type: ignore[arg-type, return-value]


def test_bring__node_answers_before_it_mines__is_no_refusal(tmp_path: Path) -> None:
    """As an anvil does now and then: a suite that took it for one would find a weak bridge sound."""
    note_engine("revm")
    make = plant(next(bug for bug in BUGS if bug.name == "any contract is the vault"), tmp_path)
    with LabWorld(open_chains("revm", SPECS)) as world:
        bridge = make()
        stage = Stage(world, bridge)
        message = stage.sign(bridge.look_alike(EVE, 100))
        world.chain(AWAY).set_automine(False)
        assert stage.bring(message)


def test_run_scenario__weak_bridge__lesson_and_story(tmp_path: Path) -> None:
    note_engine("anvil")
    make = plant(next(bug for bug in BUGS if bug.name == "any contract is the vault"), tmp_path)
    with LabWorld(open_chains("anvil", SPECS, anvil_path)) as world:
        with pytest.raises(AssertionError, match="what another contract said was believed") as caught:
            run_scenario(world, "look_alike", make)
        assert "How bridges were lost: another contract says the same (Poly Network 2021" in caught.value.__notes__[0]
        assert "Locked 1 is brought" in caught.value.__notes__[0]
        with pytest.raises(NoSuchScenario, match="no scenario is called flood; there are there_and_back, unin"):
            run_scenario(world, "flood", make)

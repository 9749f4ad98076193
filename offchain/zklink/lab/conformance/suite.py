"""The suite: every scenario against a bridge, each on chains as new.

Takes what makes an adapter; gives the weaknesses that were found, or raises the first.
"""

from collections.abc import Callable, Iterable

from zklink.lab.chains import Backend, open_chains
from zklink.lab.conformance.adapter import SPECS, Bridge
from zklink.lab.conformance.scenarios import SCENARIOS, Scenario
from zklink.lab.errors import NoSuchScenario
from zklink.lab.world import LabWorld

__all__ = ["SCENARIOS", "Scenario", "find_scenario", "find_weaknesses", "run_scenario"]

MakeBridge = Callable[[], Bridge]


def find_scenario(name: str) -> Scenario:
    """A scenario by its name. Raises NoSuchScenario."""
    for each in SCENARIOS:
        if each.name == name:
            return each
    raise NoSuchScenario(name, tuple(each.name for each in SCENARIOS))


def run_scenario(world: LabWorld, name: str, make: MakeBridge) -> None:
    """One scenario; the world is as before afterwards. Raises AssertionError where the bridge gives in, with the lesson
    and the story in its notes; NoSuchScenario.
    """
    chosen = find_scenario(name)
    with world.isolated():
        try:
            chosen.play(world, make())
        except AssertionError as error:
            error.add_note(f"\nHow bridges were lost: {chosen.lesson}.\n\nThe story:\n{world.story}\n")
            raise


def find_weaknesses(make: MakeBridge, names: Iterable[str] | None = None, backend: Backend = "revm") -> dict[str, str]:
    """The scenarios in which a bridge gives in, with what it did wrong."""
    chosen = [each.name for each in SCENARIOS] if names is None else list(names)
    found = {}
    with LabWorld(open_chains(backend, SPECS)) as world:
        for name in chosen:
            try:
                run_scenario(world, name, make)
            except AssertionError as error:
                found[name] = str(error)
    return found

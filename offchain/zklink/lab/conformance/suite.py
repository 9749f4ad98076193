"""The suite: every scenario against a bridge, each on chains as new.

Takes what makes an adapter; gives the weaknesses that were found, or raises the first.
"""

from collections.abc import Callable, Iterable

from zklink.lab.chains import Backend, open_chains
from zklink.lab.conformance.adapter import SPECS, Bridge
from zklink.lab.conformance.scenarios import SCENARIOS, Scenario
from zklink.lab.errors import NoSuchScenario, NotForThisBridge
from zklink.lab.world import LabWorld

__all__ = [
    "SCENARIOS",
    "Scenario",
    "find_scenario",
    "find_weaknesses",
    "list_meaningless",
    "list_played",
    "run_scenario",
]

MakeBridge = Callable[[], Bridge]


def find_scenario(name: str) -> Scenario:
    """A scenario by its name. Raises NoSuchScenario."""
    for each in SCENARIOS:
        if each.name == name:
            return each
    raise NoSuchScenario(name, tuple(each.name for each in SCENARIOS))


def list_meaningless(make: MakeBridge) -> dict[str, str]:
    """The scenarios that mean nothing for a bridge, with why, as its adapter says. Raises NoSuchScenario; ValueError
    for one without a reason.
    """
    said = dict(make().meaningless)
    for name, why in said.items():
        find_scenario(name)
        if not why.strip():
            raise ValueError(f"the adapter does not say why {name} means nothing")
    return said


def list_played(make: MakeBridge) -> tuple[str, ...]:
    """The names of all other scenarios. Raises what `list_meaningless` raises."""
    left_out = list_meaningless(make)
    return tuple(each.name for each in SCENARIOS if each.name not in left_out)


def run_scenario(world: LabWorld, name: str, make: MakeBridge) -> None:
    """One scenario; the world is as before afterwards. Raises AssertionError where the bridge gives in, with the lesson
    and the story in its notes; NoSuchScenario; NotForThisBridge where the adapter says so.
    """
    chosen, bridge = find_scenario(name), make()
    if name in bridge.meaningless:
        raise NotForThisBridge(name, bridge.meaningless[name])
    with world.isolated():
        try:
            chosen.play(world, bridge)
        except AssertionError as error:
            error.add_note(f"\nHow bridges were lost: {chosen.lesson}.\n\nThe story:\n{world.story}\n")
            raise


def find_weaknesses(make: MakeBridge, names: Iterable[str] | None = None, backend: Backend = "revm") -> dict[str, str]:
    """The scenarios in which a bridge gives in, with what it did wrong; by default of all that it plays. Raises
    NotForThisBridge for a name that it does not.
    """
    chosen = list_played(make) if names is None else names
    found = {}
    with LabWorld(open_chains(backend, SPECS)) as world:
        for name in chosen:
            try:
                run_scenario(world, name, make)
            except AssertionError as error:
                found[name] = str(error)
    return found

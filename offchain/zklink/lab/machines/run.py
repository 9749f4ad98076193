"""Many examples of a machine, or one saved one again.

Takes a machine's class, what its chains are made of, and a seed; gives how often each step succeeded. A failure is
shrunk to the fewest steps and smallest values, told as a story, and saved. The same seed plays the same examples.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from zklink.lab.anvil import anvil_on_path
from zklink.lab.causes import name_cause
from zklink.lab.chains import AnvilFinder, Backend, open_chains
from zklink.lab.errors import MachineUnusable, ReplayUnusable, StepsNeverDone
from zklink.lab.machines.base import SET_UP, Machine, check_machine
from zklink.lab.machines.draws import Act, DrawnSource, NotThere, PlayedSource, SavedSource, Source
from zklink.lab.machines.saved import Crash, name_machine, read_crash, write_crash
from zklink.lab.machines.shrink import shrink_acts
from zklink.lab.machines.steps import list_steps
from zklink.lab.world import LabWorld


@dataclass(frozen=True, slots=True)
class Run:
    """How machines are run. `depth` multiplies the number of examples; crashes are saved in `crashes`, if given; with
    `replay` nothing is drawn and that file is played.
    """

    backend: Backend = "revm"
    seed: int = 0
    depth: int = 1
    crashes: Path | None = None
    replay: Path | None = None
    find_anvil: AnvilFinder = anvil_on_path


def run_machine(machine: type[Machine], run: Run | None = None) -> Counter[str]:
    """Play. Raises what a step or an invariant raises, with the story in its notes; StepsNeverDone; ReplayUnusable."""
    asked = run or Run()
    check_machine(machine)
    with LabWorld(open_chains(asked.backend, machine.specs, asked.find_anvil)) as world:
        player = machine(world)
        player.deploy()
        if asked.replay is not None:
            return _replay(player, asked)
        return _explore(player, asked)


def _replay(player: Machine, run: Run) -> Counter[str]:
    assert run.replay is not None
    crash, done = read_crash(run.replay), Counter[str]()
    name = name_machine(type(player))
    if crash.machine != name:
        raise ReplayUnusable(str(run.replay), f"it is of the machine {crash.machine}, not of {name}")
    acts = _from_set_up(crash.acts)
    _play_once(player, SavedSource(str(run.replay), acts), done, len(acts) - 1)
    return done


def _explore(player: Machine, run: Run) -> Counter[str]:
    kind, done = type(player), Counter[str]()
    failed: list[tuple[str, list[Act]]] = []

    @seed(run.seed)
    @settings(
        max_examples=kind.examples * run.depth,
        database=None,
        deadline=None,
        print_blob=False,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def explore(data: st.DataObject) -> None:
        try:
            _play_once(player, DrawnSource(data), done, kind.most_steps)
        except Exception as error:
            failed.append((name_cause(error), list(player.last_acts)))
            raise

    try:
        explore()
    except Exception:
        if not failed:
            raise
    if failed:
        _fail(player, run, *failed[0])
    never = tuple(each.name for each in list_steps(kind) if not done[each.name] and _has_weight(player, each.weight))
    if never:
        raise StepsNeverDone(kind.__name__, never)
    return done


def _fail(player: Machine, run: Run, cause: str, acts: list[Act]) -> None:
    """Make an example small, and let it fail once more, to be told and saved."""

    def fails(fewer: Sequence[Act]) -> bool:
        try:
            _play_once(player, PlayedSource(_from_set_up(fewer)), Counter(), len(fewer))
        except NotThere:
            return False
        except Exception as error:
            return name_cause(error) == cause
        return False

    smallest = shrink_acts(acts, fails)
    try:
        _play_once(player, PlayedSource(_from_set_up(smallest)), Counter(), len(smallest))
    except Exception as error:
        if run.crashes is None:
            error.add_note(f"found with --lab-seed={run.seed}")
            raise
        last_words = f"{type(error).__name__}: {error}"
        story = tuple(error.__notes__[0].strip().splitlines()[1:])
        crash = Crash(name_machine(type(player)), run.seed, tuple(player.last_acts), last_words, story)
        file = write_crash(crash, run.crashes)
        error.add_note(f"found with --lab-seed={run.seed}; play it again with --lab-replay={file}")
        raise
    raise MachineUnusable(
        type(player).__name__, "fails, and does not fail again: something depends on more than the draws"
    )


def _from_set_up(acts: Sequence[Act]) -> list[Act]:
    return list(acts) if acts and acts[0].step == SET_UP else [Act(SET_UP), *acts]


def _has_weight(player: Machine, weight: int | str) -> bool:
    return bool(getattr(player, weight) if isinstance(weight, str) else weight)


def _play_once(player: Machine, source: Source, done: Counter[str], most_steps: int) -> None:
    world = player.world
    with world.isolated(), world.by_rounds():
        # What an example leaves on the machine must not reach the next.
        before = dict(vars(player))
        try:
            player.play(source, done, most_steps)
        except Exception as error:
            if not isinstance(error, ReplayUnusable | NotThere):
                error.add_note(f"\nThe story:\n{world.story}\n")
            raise
        finally:
            acts = player.acts
            vars(player).clear()
            vars(player).update({**before, "last_acts": acts})

"""Many examples of a machine, or one saved one again.

Takes a machine's class, what its chains are made of, and a seed; gives how often each step succeeded. A failure is
shrunk to the fewest steps and smallest values, told as a story, and saved. The same seed plays the same examples.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from zklink.lab.anvil import anvil_on_path
from zklink.lab.causes import name_cause
from zklink.lab.chains import AnvilFinder, Backend
from zklink.lab.errors import MachineUnusable, ReplayUnusable, StepsNeverDone
from zklink.lab.machines.draws import Act
from zklink.lab.machines.saved import Crash, name_machine, read_crash, write_crash
from zklink.lab.machines.shrink import shrink_acts
from zklink.lab.machines.sources import FINISH, SET_UP, DrawnSource, NotThere, PlayedSource, SavedSource, Source
from zklink.lab.machines.staged import StagedMachine


@dataclass(frozen=True, slots=True)
class Run:
    """How machines are run. `depth` multiplies the number of examples; crashes are saved in `crashes`, if given; with
    `replay` nothing is drawn and that file is played. Without `shrinks` the first example that fails is told as it is.
    """

    backend: Backend = "revm"
    seed: int = 0
    depth: int = 1
    crashes: Path | None = None
    replay: Path | None = None
    find_anvil: AnvilFinder = anvil_on_path
    shrinks: bool = True


def run_machine(machine: type[StagedMachine], run: Run | None = None, stage: Any = None) -> Counter[str]:
    """Play, on a stage that is there already or on one that the machine opens. Raises what a step or an invariant
    raises, with the story in its notes; StepsNeverDone; ReplayUnusable.
    """
    asked = run or Run()
    machine.check_class(stage)
    with machine.opened(asked.backend, asked.find_anvil, stage) as player:
        player.deploy()
        if asked.replay is not None:
            return _replay(player, asked.replay)
        return _explore(player, asked)


def _replay(player: StagedMachine, file: Path) -> Counter[str]:
    crash, done = read_crash(file), Counter[str]()
    name = name_machine(type(player))
    if crash.machine != name:
        raise ReplayUnusable(str(file), f"it is of the machine {crash.machine}, not of {name}")
    _play_once(player, SavedSource(str(file), crash.acts), done, len(crash.acts))
    return done


def _explore(player: StagedMachine, run: Run) -> Counter[str]:
    kind, done = type(player), Counter[str]()
    failed: list[Exception] = []

    @seed(run.seed)
    @settings(
        max_examples=kind.examples * run.depth,
        database=None,
        deadline=None,
        print_blob=False,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(0, 2**64 - 1), st.data())
    def explore(number: int, data: st.DataObject) -> None:
        if failed:  # Hypothesis asks for it once more, and it has been told
            raise failed[0]
        random = Random(f"{run.seed} {number}")
        try:
            _play_once(player, DrawnSource(random, data), done, kind.most_steps)
        except Exception as error:
            failed.append(error)
            raise

    try:
        explore()
    except Exception:
        if not failed:
            raise
    if failed:
        _fail(player, run, failed[0], player.last_acts)
    if never := player.never_done(done):
        raise StepsNeverDone(kind.__name__, never)
    return done


def _fail(player: StagedMachine, run: Run, first: Exception, acts: list[Act]) -> None:
    """Make an example small, and let it fail once more, to be told and saved."""
    if not run.shrinks:
        raise first
    cause = name_cause(first)

    def fails(fewer: Sequence[Act]) -> list[Act] | None:
        try:
            _play_once(player, PlayedSource(fewer), Counter(), len(fewer))
        except NotThere:
            return None
        except Exception as error:
            return player.last_acts if name_cause(error) == cause else None
        return None

    smallest = shrink_acts(acts, fails)
    try:
        _play_once(player, PlayedSource(smallest), Counter(), len(smallest))
    except Exception as error:
        if run.crashes is None:
            error.add_note(f"found with --lab-seed={run.seed}")
            raise
        last_words = f"{type(error).__name__}: {error}"
        story = tuple(error.__notes__[0].strip().splitlines()[1:])
        played = tuple(act for act in player.last_acts if act.draws or act.step not in (SET_UP, FINISH))
        file = write_crash(Crash(name_machine(type(player)), run.seed, played, last_words, story), run.crashes)
        error.add_note(f"found with --lab-seed={run.seed}; play it again with --lab-replay={file}")
        raise
    raise MachineUnusable(
        type(player).__name__, "fails, and does not fail again: something depends on more than the draws"
    )


def _play_once(player: StagedMachine, source: Source, done: Counter[str], most_steps: int) -> None:
    with player.example():
        try:
            player.play_example(source, done, most_steps)
        except Exception as error:
            if not isinstance(error, ReplayUnusable | NotThere):
                error.add_note(f"\nThe story:\n{player.story}\n")
            raise

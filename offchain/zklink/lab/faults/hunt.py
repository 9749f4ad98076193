"""Play one story under many plans of faults, and say which smallest set of them breaks it.

Takes a world and what is played on it, which raises where something is wrong; gives nothing, or raises the same with
the plan, the seed and the story in its notes. The world is as before in every case.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from zklink.lab.causes import name_cause
from zklink.lab.errors import FaultUnavailable, PlanInapplicable
from zklink.lab.faults.plan import FaultPlan
from zklink.lab.faults.strategies import plans as drawn_plans
from zklink.lab.world import LabWorld

Play = Callable[[LabWorld], Any]
"""What people and programs do, round by round, and what must hold in the end."""


def run_plan(world: LabWorld, plan: FaultPlan, play: Play) -> None:
    """Play once, from round 1, with these faults; transactions wait for rounds. Raises what the play raises, with the
    story in its notes, and PlanInapplicable, FaultUnavailable, NoSuchChain, NoSuchWay for a plan that does not fit.
    """
    plan.check(world)
    with world.isolated(), world.by_rounds(plan.strikes):
        try:
            play(world)
        except Exception as error:
            error.add_note(tell_failure(plan, str(world.story)))
            raise


def hunt(
    world: LabWorld,
    play: Play,
    plans: st.SearchStrategy[FaultPlan] | None = None,
    *,
    examples: int = 100,
    seed: int = 0,
) -> None:
    """Play without faults, then under so many drawn plans; the same seed draws the same ones. If one breaks the play,
    it is shrunk, and what the smallest raises is raised.
    """
    run_plan(world, FaultPlan(), play)
    causes: dict[str, FaultPlan] = {}

    def breaks(plan: FaultPlan) -> bool:
        cause = _find_cause(world, plan, play)
        if cause:
            causes.setdefault(cause, plan)
        return bool(cause)

    strategy = drawn_plans(world.places) if plans is None else plans
    try:
        find(strategy, breaks, settings=_settings(examples), random=Random(seed))
    except NoSuchExample:
        return
    cause, plan = next(iter(causes.items()))
    smallest = shrink_plan(world, plan, play, cause)
    try:
        run_plan(world, smallest, play)
    except Exception as error:
        error.add_note(f"found with --lab-seed={seed}")
        raise


def shrink_plan(world: LabWorld, plan: FaultPlan, play: Play, cause: str = "") -> FaultPlan:
    """The smallest plan under which the play fails as it does under this one: by the same error at the same line."""
    wanted = cause or _find_cause(world, plan, play)
    if not wanted:
        raise PlanInapplicable("the plan", "the play does not fail under it, so nothing can be made smaller")
    return plan.shrink(lambda smaller: _find_cause(world, smaller, play) == wanted)


def tell_failure(plan: FaultPlan, story: str) -> str:
    """What a developer reads: the faults, then the steps."""
    head = "with these faults" if len(plan) > 1 else "with this fault" if len(plan) else "without any fault"
    faults = "".join(f"\n  {strike}" for strike in plan.strikes)
    return f"\nIt fails {head}{':' if faults else '.'}{faults}\n\nThe story:\n{story}"


def _find_cause(world: LabWorld, plan: FaultPlan, play: Play) -> str:
    try:
        run_plan(world, plan, play)
    except (PlanInapplicable, FaultUnavailable):
        raise
    except Exception as error:
        return name_cause(error)
    return ""


def _settings(examples: int) -> settings:
    return settings(
        max_examples=examples,
        phases=(Phase.generate,),
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )

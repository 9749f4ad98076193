"""Hypothesis strategies of faults and plans, for the chains, ways and nodes that a world has.

Takes places; gives strategies that draw only what can be played there. They shrink to fewer, smaller, earlier faults.
"""

from collections.abc import Sequence
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from zklink.lab.faults.base import Fault, Strike
from zklink.lab.faults.of_chains import (
    Drift,
    Dropped,
    FeeSpike,
    FullPool,
    Halt,
    MissedBlocks,
    Reorg,
    Replaced,
    Skew,
    SlowBlocks,
    Withheld,
)
from zklink.lab.faults.of_messages import Censored, Delayed, Forged, Lost, Reordered, Repeated
from zklink.lab.faults.of_nodes import BadNode, kinds_of
from zklink.lab.faults.plan import FaultPlan
from zklink.lab.places import Places

MOST_ROUNDS: Final = 8
"""For how long a drawn fault goes on, at most."""

_DRAWN: Final = 8
_rounds: Final = st.integers(1, MOST_ROUNDS)
_backs: Final = st.none() | st.lists(st.integers(0, 5), max_size=6, unique=True).map(tuple)


def faults(places: Places, kinds: Sequence[type[Fault]] | None = None) -> st.SearchStrategy[Fault]:
    """Any fault that can strike there, of these kinds; all by default. Chains, ways and nodes come up equally often."""
    groups = []
    for drawn in (_of_chains(places), _of_ways(places), _of_nodes(places)):
        fitting = [strategy for kind, strategy in drawn.items() if kinds is None or kind in kinds]
        if fitting:
            groups.append(st.one_of(fitting))
    # Not `one_of`: it would make one group of all.
    return st.sampled_from(groups).flatmap(lambda group: group)


def plans(
    places: Places, kinds: Sequence[type[Fault]] | None = None, *, rounds: int = 6, most: int = 4
) -> st.SearchStrategy[FaultPlan]:
    """Plans of one to so many faults in the first rounds."""
    strikes = st.builds(Strike, st.integers(1, rounds), faults(places, kinds))
    return st.lists(strikes, min_size=1, max_size=most).map(
        lambda drawn: FaultPlan.of(*((each.at, each.fault) for each in drawn))
    )


def draw_plan(strategy: st.SearchStrategy[FaultPlan], number: int) -> FaultPlan:
    """One plan, by a seed: the same seed draws the same. Not the simplest, which Hypothesis draws first."""
    drawn: list[FaultPlan] = []

    @seed(number)
    @settings(
        max_examples=_DRAWN,
        phases=(Phase.generate,),
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(plan: FaultPlan) -> None:
        drawn.append(plan)

    draw()
    return drawn[-1]


def _of_chains(places: Places) -> dict[type[Fault], st.SearchStrategy[Fault]]:
    numbers: dict[type[Fault], tuple[st.SearchStrategy[Any], ...]] = {
        Reorg: (st.integers(1, MOST_ROUNDS), _backs),
        Halt: (_rounds,),
        SlowBlocks: (st.integers(2, 4), _rounds),
        MissedBlocks: (_rounds,),
        Skew: (st.integers(-900, 900),),
        Drift: (st.integers(-90, 300),),
        FeeSpike: (st.integers(1, 5_000), _rounds),
        FullPool: (_rounds,),
        Withheld: (_rounds,),
        Replaced: (st.integers(0, 5),),
        Dropped: (_rounds,),
    }
    names = {kind: places.made_of(*kind.backends) for kind in numbers}
    return {
        kind: st.builds(kind, st.sampled_from(names[kind]), *drawn) for kind, drawn in numbers.items() if names[kind]
    }


def _of_ways(places: Places) -> dict[type[Fault], st.SearchStrategy[Fault]]:
    if not places.ways:
        return {}
    way = st.sampled_from(places.ways)
    events, sources = st.sampled_from(["", *places.events]), st.sampled_from(["", *places.sources])
    drawn: dict[type[Fault], st.SearchStrategy[Fault]] = {
        Delayed: st.builds(Delayed, way, _rounds),
        Lost: st.builds(Lost, way, st.integers(1, 3)),
        Repeated: st.builds(Repeated, way, st.integers(0, MOST_ROUNDS)),
        Reordered: st.builds(Reordered, way, _rounds),
        Forged: st.builds(Forged, way, st.integers(0, 5), st.integers(1, 10**6)),
        Censored: st.builds(Censored, way, _rounds, events, sources),
    }
    return {kind: strategy for kind, strategy in drawn.items() if places.backend in kind.backends}


def _of_nodes(places: Places) -> dict[type[Fault], st.SearchStrategy[Fault]]:
    if not places.nodes:
        return {}
    made_of = dict(places.solana)
    sick = [(name, kind) for name in places.nodes for kind in kinds_of(made_of.get(name, places.backend))]
    return {BadNode: st.tuples(st.sampled_from(sick), _rounds).map(lambda at: BadNode(*at[0], at[1]))}

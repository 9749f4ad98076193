"""Visits every world that can be reached from the start, breadth first, and holds the laws against each.

Takes a setting; gives the number of worlds and, for each law that is broken, a shortest way there.
"""

from collections import deque
from dataclasses import dataclass, field

from .laws import LAWS, SETTLES, STEP_LAWS
from .setting import Setting
from .settle import Ending, settle
from .state import World
from .steps import take_steps


@dataclass(frozen=True, slots=True)
class Breach:
    """A law that does not hold, and how to get there."""

    law: str
    what: str
    trace: tuple[str, ...]

    def __str__(self) -> str:
        return f"{'; '.join(self.trace)}. Then {self.what}." if self.trace else f"At once {self.what}."


@dataclass(slots=True)
class Result:
    """What explorations have seen. `days` is the longest that a member waits for its exits, from any world, without
    anybody who has vanished."""

    worlds: int = 0
    steps: int = 0
    days: int = 0
    breaches: dict[str, Breach] = field(default_factory=dict)

    def add(self, other: "Result") -> None:
        """Counts are summed; of two ways to break a law the shorter is kept."""
        self.worlds += other.worlds
        self.steps += other.steps
        self.days = max(self.days, other.days)
        for law, breach in other.breaches.items():
            known = self.breaches.get(law)
            if known is None or len(breach.trace) < len(known.trace):
                self.breaches[law] = breach


class Exploration:
    """One search. `reached` maps each world to the step that first led there."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.reached: dict[World, tuple[str, World] | None] = {}
        self.endings: dict[tuple[object, ...], Ending] = {}
        self.result = Result()

    def run(self, until: str | None = None, depth: int | None = None) -> Result:
        """Until nothing new is reached, or this law is broken; worlds that are `depth` steps away lead no further."""
        start = self.setting.start
        self.reached[start] = None
        queue = deque([(start, 0)])
        while queue and (until is None or until not in self.result.breaches):
            world, steps = queue.popleft()
            self.check(world)
            if steps == depth:
                continue
            for name, after in take_steps(self.setting, world):
                self.result.steps += 1
                self.check_step(name, world, after)
                if after not in self.reached:
                    self.reached[after] = (name, world)
                    queue.append((after, steps + 1))
        self.result.worlds = len(self.reached)
        return self.result

    def check(self, world: World) -> None:
        for law in LAWS:
            if wrong := law(self.setting, world):
                self.report(law.__name__, wrong, world)
        for k in range(1, self.setting.members + 1):
            ending = self.find_ending(world, k)
            self.result.days = max(self.result.days, ending.days)
            if ending.stuck is not None:
                self.report(SETTLES, ending.stuck, world)

    def check_step(self, name: str, before: World, after: World) -> None:
        for law in STEP_LAWS:
            if law.__name__ not in self.result.breaches and (wrong := law(before, after)):
                self.report(law.__name__, wrong, before, name)

    def find_ending(self, world: World, k: int) -> Ending:
        """Worlds that look alike to this member need not be asked again."""
        key = (
            k,
            world.accepted,
            world.status,
            world.signed,
            world.is_unseen,
            world.queued,
            world.calls[k],
            world.members[k - 1],
        )
        if key not in self.endings:
            self.endings[key] = settle(self.setting, world, k)
        return self.endings[key]

    def report(self, law: str, what: str, world: World, *steps: str) -> None:
        if law not in self.result.breaches:
            self.result.breaches[law] = Breach(law, what, (*self.trace(world), *steps))

    def trace(self, world: World) -> tuple[str, ...]:
        steps: list[str] = []
        while (origin := self.reached[world]) is not None:
            step, world = origin
            steps.append(step)
        return tuple(reversed(steps))

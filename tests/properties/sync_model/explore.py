"""Visits every situation that can be reached from the start, breadth first, and holds the laws against each.

Takes rules, a menu of blocks and which steps are taken at once; gives the number of situations and, for each law
that is broken, a shortest way there.
"""

from collections import deque
from dataclasses import dataclass, field

from .laws import END_LAWS, LAWS, Law, Step, is_one_way
from .rules import Rules
from .situations import FAST, START, AtOnce, Menu, Situation, give_up, hurry, revert, settle, take_steps


@dataclass(frozen=True, slots=True)
class Breach:
    """A law that does not hold, and how to get there."""

    law: str
    what: str
    trace: tuple[str, ...]

    def __str__(self) -> str:
        return f"{'; '.join(self.trace)}. Then {self.what}."


@dataclass(slots=True)
class Result:
    """What explorations have seen."""

    situations: int = 0
    steps: int = 0
    ends: int = 0
    breaches: dict[str, Breach] = field(default_factory=dict)

    def add(self, other: "Result") -> None:
        self.situations += other.situations
        self.steps += other.steps
        self.ends += other.ends
        self.breaches = other.breaches | self.breaches


class Exploration:
    """One search. `reached` maps each situation to the step that first led there."""

    def __init__(self, rules: Rules, menu: Menu, at_once: AtOnce = FAST) -> None:
        self.rules, self.menu, self.at_once = rules, menu, at_once
        self.reached: dict[Situation, tuple[str, Situation] | None] = {}
        self.ends: dict[Situation, Situation] = {}
        self.result = Result()

    def run(self, until: Law | Step | None = None) -> Result:
        """Until nothing new is reached, or this law is broken."""
        start = hurry(self.rules, START, self.at_once)
        self.reached[start] = None
        queue = deque([start])
        while queue and (until is None or until.__name__ not in self.result.breaches):
            situation = queue.popleft()
            self.check(situation)
            for name, after in take_steps(self.rules, situation, self.menu, self.at_once):
                self.result.steps += 1
                if wrong := is_one_way(situation, after):
                    self.report(is_one_way.__name__, wrong, (*self.trace(situation), name))
                if after not in self.reached:
                    self.reached[after] = (name, situation)
                    queue.append(after)
        self.result.situations, self.result.ends = len(self.reached), len(self.ends)
        return self.result

    def check(self, situation: Situation) -> None:
        """Every law in this situation, and in its end if that is new."""
        laws, abandoned = LAWS, give_up(self.rules, situation)
        if abandoned not in self.ends:
            laws = LAWS + END_LAWS
            self.ends[abandoned] = settle(self.rules, abandoned)
        for law in laws:
            if wrong := law(self.rules, situation, self.ends[abandoned]):
                self.report(law.__name__, wrong, self.trace(situation))

    def report(self, law: str, what: str, trace: tuple[str, ...]) -> None:
        self.result.breaches.setdefault(law, Breach(law, what, trace))

    def trace(self, situation: Situation) -> tuple[str, ...]:
        steps: list[str] = []
        while (origin := self.reached[situation]) is not None:
            step, situation = origin
            steps.append(step)
        return tuple(reversed(steps))


def check_covered(slow: Exploration, fast: Exploration) -> None:
    """Taking steps at once loses nothing: every situation of a slower search, when all that can be done at once is done
    in it, is one that the fast search has looked at, and no chain has executed less there or ended otherwise."""
    for situation in slow.reached:
        hurried = hurry(slow.rules, tuple(map(revert, situation)), fast.at_once)
        assert hurried in fast.reached, slow.trace(situation)
        for before, after in zip(situation, hurried, strict=True):
            assert before.executed <= after.executed, slow.trace(situation)
            assert before.exodus in (None, after.exodus), slow.trace(situation)

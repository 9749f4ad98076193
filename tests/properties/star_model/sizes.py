"""How far the star is explored: for each size who is dishonest, the blocks there are, and how many members and
requests.

The suite visits every size of `SUITE` whole; `LARGE` takes minutes and gigabytes, and is visited so by the
Hypothesis profile `deep` and by `python -m tests.properties.star_model --large`.
"""

from dataclasses import dataclass

from . import adversaries as who
from .explore import Exploration, Result
from .menus import A2, B2, G2, Z2, A, B, C, D, E, H, M, N, P, Q, R, U, X, Y, Z
from .rules import Rules
from .setting import Menu, Setting
from .state import Adversary


@dataclass(frozen=True, slots=True)
class Size:
    """One exploration."""

    adversary: Adversary
    menu: Menu
    members: int = 1
    requests: int = 1
    ages: bool = False

    @property
    def name(self) -> str:
        blocks = " ".join(map(str, self.menu))
        sizes = f"{self.members} member{'s' * (self.members > 1)}, {self.requests} request{'s' * (self.requests > 1)}"
        return f"{self.adversary.name}: {blocks}; {sizes}{', ages' * self.ages}"

    def explore(self, rules: Rules, depth: int | None = None) -> Result:
        return Exploration(Setting(rules, self.adversary, self.menu, self.members, self.requests, self.ages)).run(
            depth=depth
        )


SUITE = (
    Size(who.FAIR, (A, B, C, D), requests=2),
    Size(who.FAIR, (A, B, C), ages=True),
    Size(who.FAIR, (A2, G2), members=2),
    Size(who.FAIR, (P, Q, R)),
    Size(who.REORGS, (A, B, C)),
    Size(who.REORGS, (A, B), ages=True),
    Size(who.REORGS, (P, Q, R)),
    Size(who.UNSEEN, (A, B, C)),
    Size(who.FORGETS, (A, B, C)),
    Size(who.FORGETS, (A, B), ages=True),
    Size(who.FORGETS_REQUESTS, (A, B, C)),
    Size(who.MEMBER_FORGETS, (A, X, C, N), requests=2),
    Size(who.MEMBER_FORGETS, (A, B, Y), requests=2),
    Size(who.MEMBER_FORGETS, (A, M, N), requests=2),
    Size(who.MEMBER_FORGETS, (P, Z, Q)),
    Size(who.MEMBER_FORGETS, (A, X, N), ages=True),
    Size(who.VALIDATORS, (A, B, X, U)),
    Size(who.VALIDATORS, (A, B, C, D), requests=2),
    Size(who.VALIDATORS, (A, M, N), requests=2),
    Size(who.VALIDATORS, (A, B, C), ages=True),
    Size(who.VALIDATORS, (P, Q, R, Z), requests=2),
    Size(who.VALIDATORS, (A2, Z2, G2), members=2),
    Size(who.VALIDATORS_HALTS, (A, B, C), requests=2),
    Size(who.VALIDATORS_REORGS, (A, B, C)),
    Size(who.VALIDATORS_WORST_HALT, (A, B, C)),
    Size(who.VALIDATORS_ALONE, (A, B, X, C)),
    Size(who.WATCHERS, (A, B, X, C)),
    Size(who.WATCHERS, (A, E, C), requests=2),
    Size(who.WATCHERS, (P, Q, R)),
    Size(who.WATCHERS_HALTS, (A, B, C)),
    Size(who.WATCHERS_SLOW_GOVERNOR, (A, B, X, C)),
    Size(who.WATCHERS_NO_GOVERNOR, (A, B, X, C)),
    Size(who.WATCHERS_NO_VALIDATORS, (A, B, X, C)),
    Size(who.WATCHERS_SLOW_VALIDATORS, (A, B, X, C)),
    Size(who.WATCHERS_ALONE, (A, B, X, C)),
    Size(who.SILENT, (E, C, H)),
    Size(who.GOVERNOR, (A, B, C)),
    Size(who.GOVERNOR_NO_VALIDATORS, (A, B, C)),
    Size(who.VALIDATORS_GOVERNOR, (A, B, X, C)),
    Size(who.VALIDATORS_GOVERNOR_SILENT, (A, E, C)),
    Size(who.WATCHERS_GOVERNOR, (A, B, X, C)),
    Size(who.BOTH, (A, X, N)),
)

LARGE = (
    Size(who.FAIR, (E, C, H), requests=2),
    Size(who.FAIR, (E,), members=2),
    Size(who.REORGS, (P, Q, R), requests=2),
    Size(who.REORGS, (A2,), members=2),
    Size(who.UNSEEN, (A2,), members=2),
    Size(who.FORGETS, (A2,), members=2),
    Size(who.MEMBER_FORGETS, (A2, Z2), members=2),
    Size(who.WATCHERS, (A2,), members=2),
    Size(who.WATCHERS_HALTS, (A, B, C), ages=True),
    Size(who.WATCHERS_SLOW_GOVERNOR, (A, E, C, D), requests=2),
    Size(who.WATCHERS_SLOW_VALIDATORS, (A2,), members=2),
    Size(who.WATCHERS_NO_VALIDATORS, (A2,), members=2),
    Size(who.GOVERNOR, (A2, B2), members=2),
    Size(who.VALIDATORS_GOVERNOR, (A2,), members=2),
    Size(who.BOTH, (A, B, X, N)),
)

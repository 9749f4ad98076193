"""The trust table: who, alone or together, can steal what or lock what, and for how long.

Takes an adversary, gives its row: the laws that it breaks, whether one of them means money, and how long a member can
wait.
"""

from dataclasses import dataclass

from . import adversaries as who
from .laws import SETTLES
from .state import Adversary

THEFT = frozenset({"one_history", "no_forged", "one_end", "one_root", "nothing_is_lost", "money_adds_up"})
"""Laws whose breach pays somebody with other people's money."""


@dataclass(frozen=True, slots=True)
class Row:
    """What this adversary can break; everything else holds in every world."""

    adversary: Adversary
    breaks: frozenset[str] = frozenset()

    @property
    def is_theft(self) -> bool:
        return bool(self.breaks & THEFT)

    def describe(self, days: int) -> str:
        """The first cells of its row on the page."""
        steals = "yes" if self.is_theft else "nothing"
        locks = "without limit" if SETTLES in self.breaks else f"{days} days"
        return f"| {self.adversary.name} | {steals} | {locks} |"


def row(adversary: Adversary, *breaks: str) -> Row:
    return Row(adversary, frozenset(breaks))


FALSE_END = ("one_history", "one_end", "one_root", "nothing_is_lost", "end_is_true")
ROWS = (
    row(who.FAIR),
    row(who.REORGS),
    row(who.UNSEEN, "one_end", "one_root", "nothing_is_lost", "end_is_true"),
    row(who.FORGETS, "is_one_way"),
    row(who.FORGETS_REQUESTS, "is_one_way", "no_forged", "one_root"),
    row(who.MEMBER_FORGETS, "no_forged", "one_end", "one_root", "nothing_is_lost"),
    row(who.VALIDATORS),
    row(who.VALIDATORS_HALTS),
    row(who.VALIDATORS_REORGS),
    row(who.VALIDATORS_WORST_HALT, "no_forged", "one_end", "one_root", "end_is_true"),
    row(who.VALIDATORS_ALONE),
    row(who.WATCHERS),
    row(who.WATCHERS_HALTS),
    row(who.WATCHERS_SLOW_GOVERNOR),
    row(who.WATCHERS_NO_GOVERNOR, *FALSE_END),
    row(who.WATCHERS_SLOW_VALIDATORS),
    row(who.WATCHERS_NO_VALIDATORS, *FALSE_END),
    row(who.WATCHERS_ALONE, *FALSE_END),
    row(who.SILENT),
    row(who.GOVERNOR),
    row(who.GOVERNOR_NO_VALIDATORS),
    row(who.VALIDATORS_GOVERNOR, SETTLES, "true_end_is_kept"),
    row(who.VALIDATORS_GOVERNOR_SILENT, SETTLES, "no_forged", "stays_ended", *FALSE_END),
    row(who.WATCHERS_GOVERNOR, SETTLES, "true_end_is_kept", *FALSE_END),
    row(who.BOTH, SETTLES, "no_forged", "stays_ended", *FALSE_END),
)

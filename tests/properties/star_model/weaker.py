"""Rules with a part left out, or done otherwise, that no promise depends on while everybody does what the right rules
ask: second lines of defence. Where somebody does not, mutants.py shows what each is for.
"""

from dataclasses import dataclass

from . import adversaries as who
from .blocks import History, count_consumed, has_forged
from .menus import A, B, C, M, N, P, Q, R, X
from .mutants import EndWithoutSeal
from .rules import Rules
from .sizes import Size
from .wrong_conduct import SealsOnAfterMismatch


class PartsAreNotMatched(Rules):
    """A member does not match what is served in part against its queue: the primary has asked QUE for it."""

    def does_match(self, k: int, history: History, queued: int) -> bool:
        if k == 0:
            return super().does_match(k, history, queued)
        return not has_forged(k, history) and count_consumed(k, history) <= queued


@dataclass(frozen=True, slots=True)
class Weaker:
    """A rule, and where it is explored."""

    rules: Rules
    sizes: tuple[Size, ...]

    @property
    def name(self) -> str:
        return type(self.rules).__name__


WEAKER = (
    Weaker(EndWithoutSeal(), (Size(who.WATCHERS, (A, B, X, C)), Size(who.WATCHERS_SLOW_GOVERNOR, (A, B, X, C)))),
    Weaker(
        SealsOnAfterMismatch(),
        (
            Size(who.MEMBER_FORGETS, (A, X, C, N), requests=2),
            Size(who.MEMBER_FORGETS, (A, M, N), requests=2),
        ),
    ),
    Weaker(PartsAreNotMatched(), (Size(who.VALIDATORS, (P, Q, R), requests=2), Size(who.FAIR, (P, Q, R)))),
)

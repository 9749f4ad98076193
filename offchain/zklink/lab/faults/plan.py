"""A plan of faults: what strikes when. It composes with others, is saved as JSON, and shrinks to what still fails.

Takes strikes; gives smaller plans and sentences. Never plays itself (`hunt` does).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import MISSING, asdict, dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

from zklink.lab.errors import PlanInapplicable
from zklink.lab.faults import of_chains, of_messages, of_nodes
from zklink.lab.faults.base import Fault, Strike, is_whole

if TYPE_CHECKING:
    from zklink.lab.world import LabWorld

FAULTS: Final[dict[str, type[Fault]]] = {
    kind.__name__: kind
    for kind in (
        of_chains.Reorg,
        of_chains.Halt,
        of_chains.SlowBlocks,
        of_chains.MissedBlocks,
        of_chains.Skew,
        of_chains.Drift,
        of_chains.FeeSpike,
        of_chains.FullPool,
        of_chains.Withheld,
        of_chains.Dropped,
        of_chains.Replaced,
        of_messages.Delayed,
        of_messages.Lost,
        of_messages.Repeated,
        of_messages.Reordered,
        of_messages.Forged,
        of_messages.Censored,
        of_nodes.BadNode,
    )
}
"""All kinds by name."""


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Strikes in the order of their rounds; in a round, in the order in which they are given."""

    strikes: tuple[Strike, ...] = ()

    @classmethod
    def of(cls, *pairs: tuple[int, Fault]) -> "FaultPlan":
        """From pairs of a round and a fault."""
        return cls._sorted(Strike(at, fault) for at, fault in pairs)

    @classmethod
    def _sorted(cls, strikes: Iterable[Strike]) -> "FaultPlan":
        return cls(tuple(sorted(strikes, key=lambda strike: strike.at)))

    def __add__(self, other: "FaultPlan") -> "FaultPlan":
        return self._sorted((*self.strikes, *other.strikes))

    def __len__(self) -> int:
        return len(self.strikes)

    def __str__(self) -> str:
        return "\n".join(map(str, self.strikes)) or "no fault"

    def check(self, world: "LabWorld") -> None:
        """Whether it can be played. Raises PlanInapplicable, FaultUnavailable, NoSuchChain, NoSuchWay."""
        for strike in self.strikes:
            if strike.at < 1:
                raise PlanInapplicable(strike.fault.title, f"rounds begin with 1, not {strike.at}")
            strike.fault.check(world)

    # -- smaller ones --------------------------------------------------------------------------------------------

    def shrink(self, fails: Callable[["FaultPlan"], bool]) -> "FaultPlan":
        """The smallest plan that still fails: no strike can be left out of it, no number in it be made smaller."""
        plan = self
        while (smaller := next(filter(fails, plan._smaller()), None)) is not None:
            plan = smaller
        return plan

    def _smaller(self) -> Iterator["FaultPlan"]:
        size = len(self.strikes)
        chunk = size
        while chunk:
            for start in range(0, size, chunk):
                yield FaultPlan(self.strikes[:start] + self.strikes[start + chunk :])
            chunk //= 2
        for place, strike in enumerate(self.strikes):
            others = self.strikes[:place] + self.strikes[place + 1 :]
            for fault in strike.fault.smaller():
                yield self._sorted((*others, replace(strike, fault=fault)))
            for at in dict.fromkeys((1, strike.at - 1)):
                if 1 <= at < strike.at:
                    yield self._sorted((*others, replace(strike, at=at)))

    # -- as data -------------------------------------------------------------------------------------------------

    def to_json(self) -> list[dict[str, Any]]:
        """As JSON knows it."""
        return [{"at": each.at, "fault": each.fault.title, **asdict(each.fault)} for each in self.strikes]

    @classmethod
    def from_json(cls, data: Sequence[dict[str, Any]]) -> "FaultPlan":
        """From `to_json`. Raises PlanInapplicable."""
        if not isinstance(data, list | tuple) or not all(isinstance(each, dict) for each in data):
            raise PlanInapplicable("a plan", "it is a list of objects, as `to_json` gives it")
        return cls._sorted(Strike(_read_round(each), read_fault(each)) for each in data)


def read_fault(data: dict[str, Any]) -> Fault:
    """A fault from its fields and its kind. Raises PlanInapplicable."""
    name = str(data.get("fault"))
    if name not in FAULTS:
        raise PlanInapplicable(name, f"there is no such fault; there are {', '.join(FAULTS)}")
    kind = FAULTS[name]
    known = {field.name for field in fields(kind)}
    given = {key: tuple(v) if isinstance(v, list) else v for key, v in data.items() if key not in ("at", "fault")}
    for key in given:
        if key not in known:
            raise PlanInapplicable(name, f"it has no field {key}; it has {', '.join(sorted(known))}")
    for field in fields(kind):
        if field.name not in given and field.default is MISSING:
            raise PlanInapplicable(name, f"it says nothing of its {field.name}")
    return kind(**given)


def _read_round(data: dict[str, Any]) -> int:
    if not is_whole(data.get("at")):
        raise PlanInapplicable(str(data.get("fault")), "it has no round `at`")
    return int(data["at"])

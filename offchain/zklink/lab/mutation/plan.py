"""How a project wants its generated mutants to be judged: a TOML file.

Takes a file; gives which tests concern which sources, how contracts are built, and which mutants change nothing.

    build = "tests.support.mutation_build:build"   # or nothing: the installed Vyper, as it is
    below = "contracts"                            # folder of all sources
    tests_below = "tests"
    last = ["test_sources.py"]                     # asked at last, of all

    [[tests]]
    files = ["Bridge.vy", "modules/requests.vy"]
    stages = [["test_bridge.py"], ["test_all.py"]] # the second only if nothing of the first notices
    # `below`, `tests_below` and `last` can stand here, too: for these files other than for all

    [[same]]
    mutant = "modules/fills.vy: bound moved by one: `>` -> `>=`"
    line = "if amount > 0:"                        # the text of the line, without spaces around
    why = "a payment of nothing pays nothing"
"""

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from zklink.lab.errors import MutantUnusable
from zklink.lab.mutation.mutants import Mutant

Stages = tuple[tuple[str, ...], ...]
_FORM: Final = "it has [[tests]] with files and stages, and [[same]] with mutant, line and why"


@dataclass(frozen=True, slots=True)
class Same:
    """Why no test can notice a mutant. `mutant` is what it is called without its line's number, `line` the whole line
    that it changes.
    """

    mutant: str
    line: str
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a project asks for."""

    stages: dict[str, Stages] = field(default_factory=dict)
    build: str = ""
    same: tuple[Same, ...] = ()

    @property
    def files(self) -> list[str]:
        """All sources, the first ones first."""
        return list(self.stages)


def read_plan(file: Path) -> Plan:
    """Raises MutantUnusable."""
    try:
        data = tomllib.loads(file.read_text())
    except OSError as error:
        raise MutantUnusable(str(file), error.strerror or "it cannot be read") from None
    except tomllib.TOMLDecodeError as error:
        raise MutantUnusable(str(file), f"it is no TOML: {error}") from None
    try:
        stages = {
            f"{_below(each, data)}{source}": _stages(each, data) for each in data["tests"] for source in each["files"]
        }
        same = tuple(
            Same(f"{_below(each, data)}{each['mutant']}", str(each["line"]), str(each["why"]))
            for each in data.get("same", ())
        )
        return Plan(stages, str(data.get("build", "")), same)
    except (AttributeError, KeyError, TypeError):
        raise MutantUnusable(str(file), _FORM) from None


def _below(one: Any, data: Any, key: str = "below") -> str:
    """The folder of one entry, or else of all."""
    folder = one.get(key, data.get(key, ""))
    return f"{folder}/" if folder else ""


def _stages(one: Any, data: Any) -> Stages:
    below, last = _below(one, data, "tests_below"), one.get("last", data.get("last", ()))
    return tuple(tuple(f"{below}{test}" for test in stage) for stage in [*one["stages"], last] if stage)


def name_without_line(mutant: Mutant) -> str:
    """What an explanation calls a mutant: a line's number changes when something stands above it."""
    place, _, told = mutant.name.partition(" ")
    return f"{place.rpartition(':')[0]}: {told}"


def explain(folder: Path, mutants: Sequence[Mutant], plan: Plan) -> dict[str, Same]:
    """The explanations, by the mutants' names."""
    wanted = {(same.mutant, same.line): same for same in plan.same}
    named = {mutant.name: (name_without_line(mutant), read_line(folder, mutant)) for mutant in mutants}
    return {name: wanted[key] for name, key in named.items() if key in wanted}


def find_stale(folder: Path, mutants: Sequence[Mutant], plan: Plan) -> list[Same]:
    """Explanations of mutants that are not among these any more."""
    used = set(explain(folder, mutants, plan).values())
    return [same for same in plan.same if same not in used]


def read_line(folder: Path, mutant: Mutant) -> str:
    """The line that a generated mutant changes, without spaces around."""
    lines = (folder / mutant.changes[0].file).read_text().splitlines()
    return lines[read_number(mutant) - 1].strip()


def read_number(mutant: Mutant) -> int:
    """The number of that line."""
    return int(mutant.name.partition(" ")[0].rpartition(":")[2])


def choose(mutants: Iterable[Mutant], most: int, seed: int) -> list[Mutant]:
    """At most so many of one source: of each operator in turn, by chance from a seed. A larger `most` has all that a
    smaller one has.
    """
    by_operator: dict[str, list[Mutant]] = {}
    for mutant in sorted(mutants, key=lambda each: _draw(seed, each)):
        by_operator.setdefault(mutant.operator, []).append(mutant)
    return list(_take_in_turn([by_operator[name] for name in sorted(by_operator)], most))


def _take_in_turn(queues: list[list[Mutant]], most: int) -> Iterator[Mutant]:
    taken = 0
    for place in range(max(map(len, queues), default=0)):
        for queue in queues:
            if place < len(queue) and taken < most:
                taken += 1
                yield queue[place]


def _draw(seed: int, mutant: Mutant) -> bytes:
    return sha256(f"{seed} {mutant.name}".encode()).digest()

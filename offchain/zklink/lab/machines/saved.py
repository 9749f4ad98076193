"""Crashes in files: the steps and values of the smallest example that failed, to be read, edited and played again.

Takes what was played; gives JSON, and the same again. Never plays.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from zklink.lab.errors import ReplayUnusable
from zklink.lab.machines.draws import Act, Draw, decode, encode

FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Crash:
    """A failed example. `machine` is the class by module and name, `error` its last words, `story` one line a step."""

    machine: str
    seed: int
    acts: tuple[Act, ...]
    error: str = ""
    story: tuple[str, ...] = ()


def name_machine(machine: type) -> str:
    """How a machine is called in files: by its own name, as modules have other names in other runs."""
    return machine.__name__


def write_crash(crash: Crash, folder: Path) -> Path:
    """Save it under the machine's name and seed; gives the file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{crash.machine}-{crash.seed}.json"
    data = {
        "format": FORMAT,
        "machine": crash.machine,
        "seed": crash.seed,
        "error": crash.error,
        "steps": [{"step": each.step, "draws": [_write_draw(draw) for draw in each.draws]} for each in crash.acts],
        "story": list(crash.story),
    }
    file.write_text(json.dumps(data, indent=1) + "\n")
    return file


def read_crash(file: Path) -> Crash:
    """Read it. Raises ReplayUnusable."""
    try:
        data: Any = json.loads(file.read_text())
    except OSError as error:
        raise ReplayUnusable(str(file), error.strerror or "it cannot be read") from None
    except ValueError as error:
        raise ReplayUnusable(str(file), f"it is not JSON ({error})") from None
    match data:
        case {"format": 1, "machine": str(machine), "seed": int(seed), "steps": list(steps)}:
            return Crash(machine, seed, _read_acts(steps, str(file)), str(data.get("error", "")))
    raise ReplayUnusable(str(file), "it is no crash of a machine: format, machine, seed and steps are needed")


def _write_draw(draw: Draw) -> list[Any]:
    """Name and value; of a place among values also what stands there, for whoever reads it."""
    return [draw.name, encode(draw.value), *([draw.words] if draw.words else [])]


def _is_draw(data: Any) -> bool:
    return isinstance(data, list) and len(data) in (2, 3)


def _read_acts(steps: Sequence[Any], file: str) -> tuple[Act, ...]:
    acts = []
    for number, each in enumerate(steps, 1):
        match each:
            case {"step": str(name), "draws": list(draws)} if all(map(_is_draw, draws)):
                acts.append(Act(name, [Draw(str(draw[0]), decode(draw[1], file)) for draw in draws]))
            case _:
                raise ReplayUnusable(file, f"step {number} has no name and list of drawn values")
    return tuple(acts)

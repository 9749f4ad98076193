"""A failed example made small: no step can be left out of it, and no value found that is simpler and still fails.

Takes steps with what they drew, and a way to play them; gives fewer steps with simpler values. Never plays itself.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any, Final

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.errors import NoSuchExample

from zklink.lab.machines.base import SET_UP
from zklink.lab.machines.draws import Act, Draw

TRIES: Final = 25
"""Examples per value, before those that make it simpler."""

Fails = Callable[[Sequence[Act]], bool]
"""Whether these steps, as far as they are possible, fail as the first example did."""


def shrink_acts(acts: Sequence[Act], fails: Fails) -> list[Act]:
    """The smallest that still fails."""
    fewest = _drop_steps(list(acts), fails)
    simplest = _simplify_values(fewest, fails)
    return _drop_steps(simplest, fails)


def _drop_steps(acts: list[Act], fails: Fails) -> list[Act]:
    while (fewer := next(filter(fails, _fewer(acts)), None)) is not None:
        acts = fewer
    return acts


def _fewer(acts: list[Act]) -> Iterator[list[Act]]:
    chunk = len(acts)
    while chunk:
        for start in reversed(range(0, len(acts), chunk)):
            rest = [*acts[:start], *acts[start + chunk :]]
            if len(rest) < len(acts) and not (start == 0 and acts[0].step == SET_UP and acts[0].draws):
                yield rest
        chunk //= 2


def _simplify_values(acts: list[Act], fails: Fails) -> list[Act]:
    for place, act in enumerate(acts):
        for number, draw in enumerate(act.draws):
            acts = _with_value(acts, place, number, _simplest(draw, partial(_fails_with, fails, acts, place, number)))
    return acts


def _fails_with(fails: Fails, acts: Sequence[Act], place: int, number: int, value: Any) -> bool:
    return fails(_with_value(acts, place, number, value))


def _with_value(acts: Sequence[Act], place: int, number: int, value: Any) -> list[Act]:
    act = acts[place]
    draws = [replace(draw, value=value) if at == number else draw for at, draw in enumerate(act.draws)]
    return [*acts[:place], Act(act.step, draws), *acts[place + 1 :]]


def _simplest(draw: Draw, still_fails: Callable[[Any], bool]) -> Any:
    if draw.strategy is None:
        return draw.value
    asked = settings(
        max_examples=TRIES,
        phases=(Phase.generate, Phase.shrink),
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    try:
        return find(draw.strategy, still_fails, settings=asked, random=Random(0))
    except NoSuchExample:
        return draw.value

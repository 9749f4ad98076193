"""A failed example made small: no step can be left out of it, and no value found that is simpler and still fails.

Takes steps with what they drew, and a way to play them; gives fewer steps with simpler values. Never plays itself.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from random import Random
from typing import Any, Final

from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.errors import NoSuchExample

from zklink.lab.machines.draws import Act, Draw, Span
from zklink.lab.machines.sources import FINISH, SET_UP

TRIES: Final = 25
"""Examples per value that Hypothesis draws, before those that make it simpler."""
PASSES: Final = 3
"""How often values are gone through again, after one has become simpler."""

Fails = Callable[[Sequence[Act]], list[Act] | None]
"""What was played of these steps, as far as they are possible, if it fails as the first example did."""


def shrink_acts(acts: Sequence[Act], fails: Fails) -> list[Act]:
    """The smallest that still fails."""
    fewest = _drop_steps(list(acts), fails)
    simplest = _simplify_values(fewest, fails)
    return _drop_steps(simplest, fails)


def _drop_steps(acts: list[Act], fails: Fails) -> list[Act]:
    """Leave out half of them, a quarter, .., one at a time, from the end on; all over again while that helps."""
    chunk = len(acts)
    while chunk:
        end, has_dropped = len(acts), False
        while end > 0:
            start = max(end - chunk, 0)
            fewer = [act for at, act in enumerate(acts) if not start <= at < end or act.step in (SET_UP, FINISH)]
            played = fails(fewer) if len(fewer) < len(acts) else None
            if played is not None:
                acts, has_dropped = played, True
            end = min(start, len(acts))
        if not (chunk == 1 and has_dropped):
            chunk //= 2
    return acts


def _simplify_values(acts: list[Act], fails: Fails) -> list[Act]:
    for _ in range(PASSES):
        before = [list(act.draws) for act in acts]
        for place in range(len(acts)):
            number = 0
            while place < len(acts) and number < len(acts[place].draws):
                acts = _simplify(acts, place, number, fails)
                number += 1
        if [act.draws for act in acts] == before:
            break
    return acts


def _simplify(acts: list[Act], place: int, number: int, fails: Fails) -> list[Act]:
    draw, smallest = acts[place].draws[number], acts

    def still_fails(value: Any) -> bool:
        nonlocal smallest
        played = fails(_with_value(acts, place, number, value))
        if played is not None:
            smallest = played
        return played is not None

    if isinstance(draw.strategy, Span):
        if draw.value != draw.strategy.least:
            _lower(draw.value, draw.strategy.least, still_fails)
    elif draw.strategy is not None:
        for found in _simplest(draw, still_fails):
            still_fails(found)
    return smallest


def _lower(value: int, least: int, still_fails: Callable[[int], bool]) -> None:
    """Halve the distance to the least number as long as that fails."""
    for lower in _lower_numbers(value, least):
        if still_fails(lower):
            if lower != least:
                _lower(lower, least + 1, still_fails)
            return


def _lower_numbers(value: int, least: int) -> Iterator[int]:
    distance = value - least
    while distance:
        yield value - distance
        distance //= 2


def _with_value(acts: Sequence[Act], place: int, number: int, value: Any) -> list[Act]:
    act = acts[place]
    draws = [replace(draw, value=value) if at == number else draw for at, draw in enumerate(act.draws)]
    return [*acts[:place], Act(act.step, draws), *acts[place + 1 :]]


def _simplest(draw: Draw, still_fails: Callable[[Any], bool]) -> list[Any]:
    assert draw.strategy is not None and not isinstance(draw.strategy, Span)
    asked = settings(
        max_examples=TRIES,
        phases=(Phase.generate, Phase.shrink),
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    try:
        return [find(draw.strategy, still_fails, settings=asked, random=Random(0))]
    except NoSuchExample:
        return []

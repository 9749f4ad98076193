"""How many examples a test tries: the number it names, in proportion to the Hypothesis profile (tests/conftest.py).

Takes the number for profile `ci`; gives Hypothesis settings as a decorator, or how deep a machine is run.
"""

from dataclasses import replace
from typing import Any

from hypothesis import settings

from zklink.lab.machines import Run

FULL = 100
"""`max_examples` of profile `ci`, where a test tries exactly the number it names."""


def tries(count: int, **options: Any) -> settings:
    """Settings with `count` examples in profile `ci`, and in proportion in the others."""
    return settings(max_examples=max(1, count * settings().max_examples // FULL), **options)


def at_least(count: int, **options: Any) -> settings:
    """The same for a test that says what its examples have reached: never fewer, and always the same ones."""
    factor = max(1, settings().max_examples // FULL)
    return settings(max_examples=count * factor, derandomize=True, database=None, **options)


def no_fewer(run: Run) -> Run:
    """The run of a machine, which says what its examples have reached: never fewer than it names, and always the same
    ones.
    """
    return replace(run, depth=run.depth * max(1, settings().max_examples // FULL))

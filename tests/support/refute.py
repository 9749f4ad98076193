"""Shows that a property has teeth: the same property, run on a mutant, must find a counterexample."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis.strategies import SearchStrategy, tuples

from tests.support.tries import at_least


def check_refuted(property_: Callable[..., None], *strategies: SearchStrategy[Any], examples: int = 2_000) -> None:
    """Fail unless some example makes `property_` raise AssertionError. Install the mutant before calling this."""
    search = at_least(examples, phases=(Phase.generate,), suppress_health_check=list(HealthCheck))

    def attempt(values: tuple[Any, ...]) -> None:
        property_(*values)

    with pytest.raises(AssertionError):
        search(given(tuples(*strategies))(attempt))()

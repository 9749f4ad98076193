"""How many examples a test tries is in proportion to the Hypothesis profile, for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.tries import at_least, tries

TESTS = Path(__file__).resolve().parents[1]
PLACES = {"conftest.py", "support/tries.py"}


@pytest.fixture
def back_to_the_profile() -> Iterator[None]:
    """Loads the run's own profile again afterwards."""
    name = settings.get_current_profile_name()
    yield
    settings.load_profile(name)


@pytest.mark.usefixtures("back_to_the_profile")
@pytest.mark.parametrize(
    ("profile", "tried", "never_fewer"), [("ci", 200, 200), ("dev", 20, 200), ("deep", 2_000, 2_000)]
)
def test_tries__each_profile__is_in_proportion(profile: str, tried: int, never_fewer: int) -> None:
    settings.load_profile(profile)
    assert (tries(200).max_examples, at_least(200).max_examples) == (tried, never_fewer)
    assert tries(1).max_examples >= 1


def test_tests__number_of_examples__is_named_with_tries_only() -> None:
    named = {str(path.relative_to(TESTS)) for path in TESTS.rglob("*.py") if "max_examples=" in path.read_text()}
    assert named == PLACES | {"spec/test_tries.py"}

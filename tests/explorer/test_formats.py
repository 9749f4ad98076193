"""Numbers, times and hashes as pages write them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.tries import tries
from zklink.explorer import formats
from zklink.schema.api.operations import OperationState
from zklink.schema.api.transfers import TransferStateName

N = formats.NOBREAK


@pytest.mark.parametrize(
    ("units", "decimals", "text"),
    [
        (0, 6, "0"),
        (150, 2, "1.5"),
        (1_234_567_000_000, 6, f"1{N}234{N}567"),
        (1, 18, "0." + "0" * 17 + "1"),
        (-5, 1, "-0.5"),
    ],
)
def test_show_units__is_exact(units: int, decimals: int, text: str) -> None:
    assert formats.show_units(units, decimals) == text


@tries(200)
@given(units=st.integers(-(10**40), 10**40), decimals=st.integers(0, 24))
def test_show_units__read_back__is_the_amount(units: int, decimals: int) -> None:
    assert Fraction(formats.show_units(units, decimals).replace(N, "")) == Fraction(units, 10**decimals)


@tries(200)
@given(ratio=st.fractions(min_value=Fraction(1, 10**30), max_value=10**30))
def test_show_ratio__has_six_figures(ratio: Fraction) -> None:
    shown = Fraction(formats.show_ratio(ratio).replace(N, ""))
    assert abs(shown - ratio) <= ratio / 10**5


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (3_600, "1 h"), (3_725, "1 h 2 min"), (90_000, "1 d 1 h")],
)
def test_show_span__two_largest_units(seconds: int, text: str) -> None:
    assert formats.show_span(seconds) == text


@tries(100)
@given(seconds=st.integers(0, 2**64), now=st.integers(0, 2**62))
def test_times__any_second__are_shown(seconds: int, now: int) -> None:
    assert formats.show_time(seconds) and formats.stamp_time(seconds).endswith("Z")
    assert bool(formats.show_distance(seconds, now)) == bool(now)
    assert formats.show_age(now + 5, now) == ("just now" if now else "")


def test_looks__every_state_of_the_api__has_a_word_an_icon_and_a_tone() -> None:
    names = {*TransferStateName.__args__, *OperationState.__origin__.__args__}  # type: ignore[attr-defined]
    assert names <= set(formats.LOOKS)


@pytest.mark.parametrize(("text", "cut"), [("1.5", "1.5"), ("0.123456789", "0.123456…"), ("12", "12")])
def test_cut_decimals__says_that_there_are_more(text: str, cut: str) -> None:
    assert formats.cut_decimals(text) == cut

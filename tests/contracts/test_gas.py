"""What each function costs: exactly what the snapshot says, and no more than the targets that are reached.

Measured on in-process chains of its own, whatever `--chains` says: only there are clocks and proofs the same each time.
"""

from functools import lru_cache

import pytest

from zklink.bench.comparison import ROWS
from zklink.bench.gas import MISSED, TARGETS
from zklink.bench.gas_coverage import FUNCTIONS, WHOLE
from zklink.bench.performance_page import render_gas
from zklink.bench.registry_gas import CREATION
from zklink.bench.snapshots import describe_changes, measure_gas_by_function, read_snapshot
from zklink.lab.gates.figures import find_changes


@lru_cache(maxsize=1)
def measured() -> dict[str, int]:
    return measure_gas_by_function()


def by_figure() -> dict[str, int]:
    """Without the functions in the names."""
    return {name.rpartition(": ")[2]: gas for name, gas in measured().items()}


@pytest.mark.slow
def test_gas__every_function__is_what_the_snapshot_says() -> None:
    assert describe_changes("gas", find_changes(read_snapshot("gas"), measured())) == ""


@pytest.mark.slow
def test_gas__every_figure_with_a_target__reaches_it_but_those_that_are_known_to_miss_it() -> None:
    gas = by_figure()
    assert {name for name, target in TARGETS.items() if gas[name] > target} == MISSED


@pytest.mark.slow
def test_gas__every_figure__has_its_place_on_the_page() -> None:
    listed = {name for names in FUNCTIONS.values() for name in names} | set(WHOLE)
    rest = by_figure().keys() - listed
    assert {name for name in rest if not name.startswith(CREATION) and "." not in name} == set()
    assert listed | {row.figure for row in ROWS} <= by_figure().keys()


def test_render_gas__version_1_and_now__a_target_that_is_missed_says_by_how_much() -> None:
    page = render_gas(
        by_figure() | {"accept, fixed part of a block": 385_000, "accept, per word": 720}, "main", "quiet"
    )
    assert (
        "| primary, a block, fixed part | commit, prove | 448,904 | 385,000 | -14% | 350,000, missed by 35,000 (10%) |"
        in page
    )
    assert "| primary, per word of a block | commit | 512 | 720 | +41% | 720, reached |" in page

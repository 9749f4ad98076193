"""What each function costs: exactly what the snapshot says, and less than the limits.

Measured on in-process chains of its own, whatever `--chains` says: only there are clocks and proofs the same each time.
"""

from functools import lru_cache

from zklink.bench.bridge_gas import LIMITS
from zklink.bench.snapshots import describe_changes, find_changes, measure_gas_by_function, read_snapshot


@lru_cache(maxsize=1)
def measured() -> dict[str, int]:
    return measure_gas_by_function()


def test_gas__every_function__is_what_the_snapshot_says() -> None:
    assert describe_changes("gas", find_changes(read_snapshot("gas"), measured())) == ""


def test_gas__every_figure_with_a_limit__stays_below_it() -> None:
    by_figure = {name.rpartition(": ")[2]: gas for name, gas in measured().items()}
    assert {name: by_figure[name] for name, limit in LIMITS.items() if by_figure[name] >= limit} == {}

"""The allowance of callers: spent by cost, given back by time, remembered for so many."""

import pytest

from zklink.api.allowance import Allowances, name_caller
from zklink.protocol.errors import RequestRefused


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_spend__used_up__refused_with_the_seconds_until_it_is_enough() -> None:
    clock = Clock()
    allowances = Allowances(10, 2, 5, clock)
    allowances.spend("a", 9)
    with pytest.raises(RequestRefused) as refused:
        allowances.spend("a", 6)
    assert (refused.value.code, refused.value.details["retry_after_seconds"]) == ("too_many_requests", "3")
    allowances.spend("b", 10)
    clock.now = 2.5
    allowances.spend("a", 6)
    clock.now = 1_000.0
    allowances.spend("a", 10)
    with pytest.raises(RequestRefused):
        allowances.spend("a", 1)


def test_spend__more_callers_than_are_kept__the_oldest_is_forgotten() -> None:
    allowances = Allowances(10, 1, 2, Clock())
    for caller in "abc":
        allowances.spend(caller, 10)
    allowances.spend("a", 10)
    with pytest.raises(RequestRefused):
        allowances.spend("c", 1)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        (None, "unknown"),
        ("testclient", "testclient"),
    ],
)
def test_name_caller__addresses__an_ipv6_network_is_one_caller(host: str | None, expected: str) -> None:
    assert name_caller(host) == expected

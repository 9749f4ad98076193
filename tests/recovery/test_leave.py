"""Leaving while a chain's node is away: the others go on, and a later run finishes."""

from types import SimpleNamespace
from typing import Any

import pytest

from zklink.protocol.errors import (
    FeeCeilingReached,
    HistoryDisagrees,
    L1Error,
    RpcUnavailable,
    TransactionReplaced,
    TransactionStuck,
)
from zklink.recovery.leaving import leave
from zklink.recovery.outcome import Done, Finished, Outcome

PASSING = [
    RpcUnavailable("a", "eth_call", 6, "timed out"),
    TransactionStuck("a", "freeze", 0, ()),
    TransactionReplaced("a", "freeze", 0, ()),
    FeeCeilingReached("a", "freeze", 2, 1, "FeePolicy.most_per_transaction_wei"),
]


class Road:
    """The Way of a chain that fails as often as told, then is a step from its end."""

    def __init__(self, failure: Exception | None = None, times: int = 0) -> None:
        self.failure, self.times, self.steps = failure, times, 1

    def advance(self, *, may_freeze: bool) -> Outcome:
        """A transaction, then the end."""
        if self.failure is not None and self.times:
            self.times -= 1
            raise self.failure
        if self.steps:
            self.steps -= 1
            return Done("frozen")
        return Finished()

    def send_exits(self, orders: Any, say: Any) -> None:
        """There are none."""


class Driver:
    """A driver of two chains, of which the first fails as often as told."""

    def __init__(self, failure: Exception, times: int) -> None:
        self.ways, self.may_freeze = {1: Road(failure, times), 2: Road()}, True
        self.read = SimpleNamespace(name={1: "a", 2: "b"}.get)


def run(driver: Any, said: list[str]) -> bool:
    return leave(driver, [], said.append)


@pytest.mark.parametrize("failure", PASSING, ids=lambda failure: type(failure).__name__)
def test_leave__one_chain_fails_for_a_while__the_other_goes_on_and_a_later_run_finishes(
    failure: L1Error,
) -> None:
    driver, said = Driver(failure, times=2), list[str]()
    assert [run(driver, said) for _ in range(3)] == [False, False, True]
    assert said[:2] == [f"{failure}; it is tried again by a later run", "b: frozen"]


def test_leave__the_history_itself_is_wrong__ends_it() -> None:
    with pytest.raises(HistoryDisagrees):
        run(Driver(HistoryDisagrees("a", 1, "another root"), times=1), [])

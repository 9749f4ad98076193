"""Leaving while a chain's node is away: the others go on, and a later run finishes."""

from types import SimpleNamespace
from typing import Any

import pytest

from zklink.devnet.roles import default_roles
from zklink.protocol.errors import (
    FeeCeilingReached,
    HistoryDisagrees,
    L1Error,
    RpcUnavailable,
    TransactionReplaced,
    TransactionStuck,
)
from zklink.recovery.exit_sender import leave
from zklink.recovery.outcome import Done, Finished, Outcome

PASSING = [
    RpcUnavailable("a", "eth_call", 6, "timed out"),
    TransactionStuck("a", "freeze", 0, ()),
    TransactionReplaced("a", "freeze", 0, ()),
    FeeCeilingReached("a", "freeze", 2, 1, "FeePolicy.most_per_transaction_wei"),
]


class Driver:
    """A driver of two chains that fails on the first as often as told."""

    def __init__(self, failure: Exception, times: int) -> None:
        self.bridges = {1: None, 2: None}
        self.deployment = SimpleNamespace(chains={1: SimpleNamespace(name="a"), 2: SimpleNamespace(name="b")})
        self.failure, self.times = failure, times
        self.steps = [1, 1]

    def advance(self, chain: int) -> Outcome:
        """A transaction, then the end."""
        if chain == 1 and self.times:
            self.times -= 1
            raise self.failure
        if self.steps[chain - 1]:
            self.steps[chain - 1] -= 1
            return Done("frozen")
        return Finished()


def run(driver: Any, said: list[str]) -> bool:
    return leave(driver, [], default_roles().stranger, said.append)


@pytest.mark.parametrize("failure", PASSING, ids=lambda failure: type(failure).__name__)
def test_leave__one_chain_fails_for_a_while__the_other_goes_on_and_a_later_run_finishes(
    failure: L1Error, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zklink.recovery.exit_sender.send_exits", lambda *arguments: None)
    driver, said = Driver(failure, times=2), list[str]()
    assert [run(driver, said) for _ in range(3)] == [False, False, True]
    assert said[:2] == [f"{failure}; it is tried again by a later run", "b: frozen"]


def test_leave__the_history_itself_is_wrong__ends_it() -> None:
    with pytest.raises(HistoryDisagrees):
        run(Driver(HistoryDisagrees("a", 1, "another root"), times=1), [])

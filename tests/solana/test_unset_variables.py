"""The programs, compiled so that every variable begins as a pattern: they do the same. What is on the stack is mostly
zero, so a variable that is read before it is written would be seen by nobody.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.solana import test_account_lane as account_lane
from tests.solana import test_end_conditions as end_conditions
from tests.solana import test_exits as exits
from tests.solana import test_freeze as freeze
from tests.solana import test_import_refusals as imports
from tests.solana import test_members as members
from tests.solana import test_payment_refusals as payments
from tests.solana import test_timelock as timelock
from tests.support.solana import lock
from tests.support.solana.blocks import History
from tests.support.solana.ends import Ends
from tests.support.solana.machine import Refused
from tests.support.solana.mutate import FILLED, compile_mutant, compile_with, find_mutants
from tests.support.solana.site import open_site
from zklink.solana.toolchain import build

STORIES: Final[dict[str, Callable[[History], None]]] = {
    "blocks": lambda history: imports.test_import__head_that_is_malformed__refused(history.site, history),
    "requests": lambda history: account_lane.test_import__requests_of_the_account_lane__consumed_and_paid(
        history.site, history
    ),
    "payments": lambda history: payments.test_pay__before_execution_twice_or_another_index__refused(
        payments.prepare(history)
    ),
    "end": lambda history: end_conditions.test_end__watchers_alone__each_denies_once(extend(history)),
    "mismatch": lambda history: freeze.test_show_mismatch__from_acc__freezes_and_nothing_more(Ends(history)),
    "exits": lambda history: exits.test_exit__shares_of_a_pool__pay_both_sides(exits.open_exodus(history)),
    "members": lambda history: members.test_withdraw__what_was_announced__never_comes_in(history.site, extend(history)),
}
LOCK_STORIES: Final[dict[str, Callable[[lock.Lock], None]]] = {
    "executed": timelock.test_execute__after_the_delay__by_anybody_and_once,
    "refused": timelock.test_execute__other_calls_than_were_proposed__refused,
    "closed": timelock.test_close_proposal__neither_waits_nor_can__rent_goes_back_to_who_has_paid,
}
NOTICED: Final = (
    "block.h: left out: word_zero(&pre->header[1])",
    "block.h: left out: word_zero(&values->values[k])",
)
"""Statements that write zero where it stands already, as the program is compiled today."""


@cache
def compile_filled(source: str | Path) -> bytes:
    return compile_with(build.SOURCES / source, FILLED)


def extend(history: History) -> Ends:
    """The ends of the site, whose primary has three blocks."""
    found = Ends(history)
    found.extend(count=3)
    return found


@pytest.mark.parametrize("name", STORIES)
def test_program__variables_begin_as_a_pattern__does_the_same(name: str) -> None:
    STORIES[name](History(open_site(compile_filled(build.PROGRAM))))


@pytest.mark.parametrize("name", LOCK_STORIES)
def test_timelock__variables_begin_as_a_pattern__does_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "PLANTED", [compile_filled(build.TIMELOCK)])
    LOCK_STORIES[name](lock.open_lock())


@pytest.mark.parametrize("name", NOTICED)
def test_program__zero_that_is_not_written__is_noticed(name: str) -> None:
    (mutant,) = (mutant for mutant in find_mutants() if mutant.name == name)
    program = compile_mutant(mutant, flags=FILLED)
    assert program is not None and program != compile_filled(build.PROGRAM)
    with pytest.raises((AssertionError, Refused)):
        STORIES["requests"](History(open_site(program)))

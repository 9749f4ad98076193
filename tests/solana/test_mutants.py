"""The program's mutants: what is made of the source, and that some that matter most are noticed. All of them:
`python -m tests.support.solana.judge_mutants`.
"""

from collections.abc import Callable
from typing import Final

import pytest

from tests.solana import test_import_refusals as imports
from tests.solana import test_payment_refusals as payments
from tests.solana import test_timelock as timelock
from tests.support.solana import lock
from tests.support.solana.blocks import History
from tests.support.solana.judge_mutants import BRIDGE, TIMELOCK, Target, compile_all, plant, read_explained
from tests.support.solana.machine import Refused
from tests.support.solana.mutate import Mutant, compile_mutant, find_mutants
from tests.support.solana.site import open_site
from zklink.solana.toolchain import build

LEAST: Final = 1_000

NOTICED: Final[dict[str, Callable[[History], None]]] = {
    "history.h: dropped: has_signed(b, WATCHERS_GROUP, &e->watchers, digest)": lambda history: (
        imports.test_import__evidence_that_is_no_word_of_a_group__refused(history.site, history)
    ),
    "history.h: dropped: check_proof(c, b, &parts, r->inputs)": lambda history: (
        imports.test_import__proof_of_other_inputs__refused(history.site, history)
    ),
    "payments.h: part: !is_paid(head, i) of i < head->payouts && !is_paid(head, i)": lambda history: (
        payments.test_pay__before_execution_twice_or_another_index__refused(payments.prepare(history))
    ),
    "payments.h: left out: note_left(head, i, &due)": lambda history: (
        payments.test_pay__before_execution_twice_or_another_index__refused(payments.prepare(history))
    ),
}
"""Mutants by name, and the test that must fail with them."""

NOTICED_LOCK: Final[dict[str, Callable[[lock.Lock], None]]] = {
    "timelock/proposals.h: dropped: is_over(l, p, &now, GROUP_DELAY_SECONDS)": (
        timelock.test_execute__before_seconds_or_slots__refused
    ),
    "timelock/calls.h: dropped: !(p->accounts[i].marks & SIGNS) || signs_here(l, &p->accounts[i].key)": (
        timelock.test_propose__signature_of_somebody_else__refused
    ),
}
"""The same of the timelock."""


def test_find_mutants__program__every_check_and_part_of_it() -> None:
    mutants = find_mutants()
    assert len(mutants) >= LEAST
    for mutant in mutants:
        text = (build.SOURCES / mutant.file).read_text()
        assert text[mutant.at : mutant.end].strip() and mutant.new not in text
        assert text.count("\n", 0, mutant.at) + 1 >= mutant.line
    checks = sum(path.read_text().count("  NEED(") for path in build.SOURCES.glob("*.h"))
    assert sum(mutant.what.startswith("dropped") and mutant.refusal != "" for mutant in mutants) >= checks


@pytest.mark.parametrize("target", [BRIDGE, TIMELOCK], ids=lambda target: str(target.source))
def test_read_explained__every_name__is_one_mutant_of_the_source(target: Target) -> None:
    names = [mutant.name for mutant in find_mutants(target.source)]
    explained = read_explained(target)
    assert explained and all(explained.values())
    assert [name for name in explained if names.count(name) != 1] == []


@pytest.mark.parametrize("name", [next(iter(NOTICED)), next(reversed(NOTICED))])
def test_compile_all__each_planted__is_that_mutant_and_no_other(name: str) -> None:
    mutants = find_mutants()
    program = compile_all(mutants)
    (number,) = (i for i, mutant in enumerate(mutants) if mutant.name == name)
    check = NOTICED[name]
    with pytest.raises((AssertionError, Refused)):
        check(History(open_site(plant(program, number))))
    check(History(open_site(plant(program, len(mutants)))))
    check(History(open_site(program)))


@pytest.mark.parametrize("name", NOTICED)
def test_mutant__that_matters_most__is_noticed(name: str) -> None:
    program = compile_mutant(find(name))
    assert program is not None and program != build.build_program()
    with pytest.raises((AssertionError, Refused)):
        NOTICED[name](History(open_site(program)))
    NOTICED[name](History(open_site()))


@pytest.mark.parametrize("name", NOTICED_LOCK)
def test_mutant__of_the_timelock__is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutants = find_mutants(build.TIMELOCK)
    (number,) = (i for i, mutant in enumerate(mutants) if mutant.name == name)
    program = compile_all(mutants, build.TIMELOCK)
    monkeypatch.setattr(lock, "PLANTED", [plant(program, number)])
    with pytest.raises(AssertionError):
        NOTICED_LOCK[name](lock.open_lock())
    monkeypatch.setattr(lock, "PLANTED", [program])
    NOTICED_LOCK[name](lock.open_lock())


def find(name: str) -> Mutant:
    """The mutant of that name."""
    (found,) = (mutant for mutant in find_mutants() if mutant.name == name)
    return found

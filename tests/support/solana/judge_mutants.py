"""Judges the mutants of the Solana programs by the tests of tests/solana.

    python -m tests.support.solana.judge_mutants [NAME ...]      a line of JSON for each mutant whose name begins so
    python -m tests.support.solana.judge_mutants timelock/       the same for the timelock's program

All mutants are in one program, and a constant says which of them is planted, so that one compilation is enough. A first
run of the tests notes by which a mutant would make a difference at the place where it stands: no other test is asked.
Each mutant is judged in a fork of the process that has run them, in which keys, proofs and founded sites are ready.
"""

import contextlib
import functools
import inspect
import itertools
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.solana import founding, lock
from tests.support.solana.machine import Machine
from tests.support.solana.mutate import FILLED, Mutant, compile_mutant, compile_with, find_mutants
from tests.support.solana.site import READY, open_site
from zklink.solana.toolchain import build

TESTS: Final = Path(__file__).resolve().parents[2] / "solana"
EXPLAINED: Final = TESTS / "explained.toml"
JUDGES: Final = (
    "test_conditions.py",
    "test_payment_refusals.py",
    "test_holding_up.py",
    "test_import_refusals.py",
    "test_door_refusals.py",
    "test_founding_refusals.py",
    "test_account_refusals.py",
    "test_account_lane.py",
    "test_end_conditions.py",
    "test_end_refusals.py",
    "test_exodus.py",
    "test_exits.py",
    "test_freeze.py",
    "test_end_twins.py",
    "test_members.py",
    "test_group_twins.py",
    "test_swap_lane.py",
    "test_spoofs.py",
    "test_planted.py",
    "test_real_block.py",
    "test_features.py",
)
LOCK_JUDGES: Final = (
    "test_timelock.py",
    "test_timelock_desk.py",
    "test_timelock_upgrades.py",
    "test_timelock_spoofs.py",
    "test_timelock_planted.py",
)
LOCK_FOLDER: Final = "timelock/"
SITES: Final = 8
"""Founded sites that a mutant finds ready."""
RECENT: Final = 3
PATIENCE: Final = 600
"""Seconds in which a mutant is judged: the machine's units end what has no end."""
NOBODY: Final = 0x5EED0FA11C0DE5ED
"""The constant in the program as it is compiled; the mutant's number takes its place."""
RECORD: Final = 1 << 62
"""In its place: log each mutant that would make a difference here."""
ANCHOR: Final = "#define APART static __attribute__((noinline))\n"
SWITCH: Final = f"""
static const volatile u64 PLANTED_MUTANT = {NOBODY}ull;
extern void sol_log_64_(u64, u64, u64, u64, u64);
APART u64 mutated(u64 mutant, u64 value, u64 neutral) {{
  u64 planted = PLANTED_MUTANT;
  if (planted == mutant) return neutral;
  if (planted == {RECORD}ull && (value != 0) != neutral) sol_log_64_({RECORD}ull, mutant, 0, 0, 0);
  return value;
}}
"""


@dataclass(frozen=True)
class Target:
    """A program whose mutants are judged: its source, the tests that judge, where a mutant is planted, and the mutants
    that no test can notice.
    """

    source: str | Path
    judges: tuple[str, ...]
    planted: list[bytes]
    explained: Path


BRIDGE: Final = Target(build.PROGRAM, JUDGES, founding.PLANTED, EXPLAINED)
TIMELOCK: Final = Target(build.TIMELOCK, LOCK_JUDGES, lock.PLANTED, TESTS / "explained_timelock.toml")
LOGGED: Final = re.compile(rf"Program log: {RECORD:#x}, (0x[0-9a-f]+), ")


def compile_all(mutants: Sequence[Mutant], source: str | Path = build.PROGRAM) -> bytes:
    """The program of that source with all mutants, none of them planted. A mutant's number is its place here."""
    with tempfile.TemporaryDirectory(prefix="zklink-mutants-") as folder:
        copy = Path(folder) / "solana"
        shutil.copytree(build.SOURCES, copy)
        for name in {mutant.file for mutant in mutants}:
            text = (copy / name).read_text()
            marks = [mark for mark in _marks(mutants) if mark[0] == name]
            for _, at, _, inserted in sorted(marks, key=lambda mark: (mark[1], mark[2]), reverse=True):
                text = text[:at] + inserted + text[at:]
            (copy / name).write_text(text)
        machine = copy / "machine.h"
        machine.write_text(machine.read_text().replace(ANCHOR, ANCHOR + SWITCH))
        return compile_with(copy / source, build.FLAGS)


def _marks(mutants: Sequence[Mutant]) -> Iterator[tuple[str, int, int, str]]:
    """What is inserted: file, place, order at that place, text. A whole condition stands around its parts."""
    for number, mutant in enumerate(mutants):
        length = mutant.stops - mutant.starts
        before, after = f"mutated({number}, (u64)(", f"), {mutant.neutral})"
        if mutant.is_statement:
            before, after = f"{{ if (mutated({number}, 1, 0)) ", " }"
        yield mutant.file, mutant.starts, -length, before
        yield mutant.file, mutant.stops, -(1 << 40) + length, after


def plant(program: bytes, number: int) -> bytes:
    """The program with this mutant."""
    before, after = program.split(NOBODY.to_bytes(8, "little"))
    return before + number.to_bytes(8, "little") + after


class Judge:
    """A plugin of pytest: in place of the tests, collected once, it runs for each mutant as many as it takes, in a
    process of its own.
    """

    def __init__(self, chosen: Sequence[str], target: Target = BRIDGE) -> None:
        self.chosen, self.target = chosen or ("",), target
        self.mutants = find_mutants(target.source)
        self.program = compile_all(self.mutants, target.source)
        self.explained = read_explained(target)
        self.record = Record()
        self.killers: list[str] = []
        self.has_failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test has failed in one of its phases."""
        self.has_failed |= report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Judge the mutants that are chosen, in that order, or all, a line of JSON for each."""
        self._note(session.items)
        nobody = len(self.mutants)
        self._make_ready()
        if self._find_killer(nobody, session.items):
            raise ValueError("a test fails with no mutant planted")
        for chosen in self.chosen:
            for number, mutant in enumerate(self.mutants):
                if mutant.name.startswith(chosen):
                    verdict = self.judge(number, session.items)
                    print(json.dumps(asdict(mutant) | {"name": mutant.name} | verdict), flush=True)
        return True

    def judge(self, number: int, items: Sequence[pytest.Item]) -> dict[str, str]:
        """The verdict on one mutant, and the test that noticed it. Those tests are asked first that have
        noticed the last ones, then the quickest.
        """
        mutant, reached = self.mutants[number], self.record.reached
        # A test that sends by other ways than the machine's is seen by the refusal that it names.
        asked = [item for item in items if number in reached[item.nodeid] or names(item, mutant)]
        recent = self.killers[-RECENT:]
        asked.sort(
            key=lambda item: (
                number not in reached[item.nodeid],
                item.nodeid not in recent,
                self.record.seconds[item.nodeid],
            )
        )
        killer = self._find_killer(number, asked)
        self.killers += [killer] if killer else []
        if killer:
            return {"verdict": "killed", "by": killer}
        # Compiled with the others it has other constants at other places, where a lookup that gave none may read them.
        alone = compile_mutant(mutant, self.target.source)
        # What is not written any more is mostly zero all the same.
        for program in (alone, compile_mutant(mutant, self.target.source, FILLED)):
            killer = self._find_killer(number, asked, program) if program else ""
            if killer:
                return {"verdict": "killed", "by": killer}
        verdict = "survived" if asked else "survived: no test gets there"
        is_same = alone == build.build_sources(build.SOURCES, self.target.source)
        verdict += ", the same program" if is_same else ""
        return {"verdict": verdict + (", explained" if mutant.name in self.explained else "")}

    def _note(self, items: Sequence[pytest.Item]) -> None:
        """Run every test once, here, so that what is computed once is there for each mutant."""
        self.target.planted.append(plant(self.program, RECORD))
        with self.record.watch():
            open_site()
            self.record.at_founding = self.record.take()
            # The first test is of another file than the last: what stands for all tests is not taken down.
            for item, after in zip(items, [*items[1:], items[0]], strict=True):
                began = time.monotonic()
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
                self.record.seconds[item.nodeid] = time.monotonic() - began
                self.record.reached[item.nodeid] = self.record.take()
        self.target.planted.clear()
        if self.has_failed:
            raise ValueError("a test fails while it is recorded")

    def _make_ready(self) -> None:
        self.target.planted.append(self.program)
        READY.extend([open_site() for _ in range(SITES)])
        self.target.planted.clear()

    def _find_killer(self, number: int, items: Sequence[pytest.Item], alone: bytes | None = None) -> str:
        """The first test that fails with this mutant, as one of all or compiled alone, or nothing."""

        def ask() -> str:
            self.target.planted.append(alone or plant(self.program, number))
            if number in self.record.at_founding:
                READY.clear()
            for item, after in itertools.zip_longest(items, items[1:]):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
                if self.has_failed:
                    return item.nodeid
            return ""

        return _ask_a_child(ask)


@dataclass
class Record:
    """What the tests do with no mutant planted: by test, the mutants that would make a difference in it, and its time;
    those that would make one before a site takes swaps.
    """

    reached: dict[str, set[int]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    at_founding: set[int] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)

    def take(self) -> set[int]:
        """What was seen since it was last taken."""
        taken, self.seen = self.seen, set()
        return taken

    @contextlib.contextmanager
    def watch(self) -> Iterator[None]:
        """See what every machine logs."""
        begin, run = Machine.__post_init__, Machine._run

        def begin_watched(machine: Machine) -> None:
            begin(machine)
            machine.svm = machine.svm.with_log_bytes_limit(None)

        def run_watched(machine: Machine, calls: Any, signers: Any, send: Callable[..., Any]) -> int:
            def logged(transaction: Any) -> Any:
                result = send(transaction)
                meta = result.meta() if hasattr(result, "meta") else result
                self.seen.update(int(number, 16) for number in LOGGED.findall("\n".join(meta.logs())))
                return result

            return run(machine, calls, signers, logged)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Machine, "__post_init__", begin_watched)
            patch.setattr(Machine, "_run", run_watched)
            yield


def _ask_a_child(ask: Callable[[], str]) -> str:
    """What a process of its own answers, or how it ended: a panic in the machine ends no other."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        signal.alarm(PATIENCE)
        with contextlib.suppress(BaseException):
            os.write(writing, ask().encode())
            status = 0
        os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code > 0 or code == -signal.SIGALRM:
        raise ValueError("the judge itself failed")
    return f"signal {-code}" if code else answer


def names(item: pytest.Item, mutant: Mutant) -> bool:
    """Whether a test names the mutant's refusal."""
    text = read_source(item.function) if isinstance(item, pytest.Function) else ""
    return mutant.refusal != "" and re.search(rf"Refusal\.{mutant.refusal.removeprefix('E_')}\b", text) is not None


read_source = functools.cache(inspect.getsource)


def read_explained(target: Target = BRIDGE) -> dict[str, str]:
    """Mutants that no test can notice, by name, and why."""
    groups = tomllib.loads(target.explained.read_text())["explained"]
    return {name: group["reason"] for group in groups for name in group["mutants"]}


def main(*chosen: str) -> None:
    """Judge the mutants whose names begin so, or all."""
    options = ["-q", "-s", "-n0", "-p", "no:cacheprovider", "-p", "no:terminalreporter", f"--confcutdir={TESTS}"]
    target = TIMELOCK if chosen and all(name.startswith(LOCK_FOLDER) for name in chosen) else BRIDGE
    sys.exit(pytest.main([*options, *(str(TESTS / name) for name in target.judges)], plugins=[Judge(chosen, target)]))


if __name__ == "__main__":
    main(*sys.argv[1:])

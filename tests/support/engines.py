"""What the chains of a test were made of: a run says how many tests did not follow `--chains`.

Tests that take `backend` (through `world` or `system`) run on what `--chains` names. The others may bring an engine of
their own: revm for unit tests of contracts and state machines, or chains that they open themselves. Whoever makes such
an engine calls `note_engine`; opening chains of the lab notes itself.
"""

from collections import Counter
from collections.abc import Generator, Iterable
from typing import Any

import pytest

from zklink.devnet.profiles import PROFILES
from zklink.lab import chains as lab_chains
from zklink.lab.chains import Backend, describe_backend

ENGINES: dict[Backend, str] = {"revm": "revm", "test": "py-evm", "anvil": "anvil", "fork": "forks"}
CHOSEN = "--chains"
MARK = "on_chains"
"""On each test that follows `--chains`: `ape test --chains anvil -m on_chains` runs these, and no others."""
PROPERTY = "engine"

_noted: set[str] = set()


def note_engine(name: str) -> None:
    """The test that runs now uses this engine."""
    _noted.add(name)


def describe_use(engines: Iterable[str], backend: Backend) -> str:
    """How many tests ran on which engine; `engines` has one name per test."""
    counts = Counter(engines)
    chosen = counts.pop(CHOSEN, 0)
    line = f"tests on --chains {backend} ({ENGINES[backend]}): {chosen}"
    if counts:
        own = ", ".join(f"{name} {count}" for name, count in counts.most_common())
        line += f"; on engines of their own, whatever --chains says: {counts.total()} ({own})"
    return line


def pytest_configure(config: pytest.Config) -> None:
    for backend, opener in lab_chains._OPENERS.items():
        lab_chains._OPENERS[backend] = _noting(backend, opener)


def pytest_report_header(config: pytest.Config) -> str:
    backend: Backend = config.getoption("--chains")
    return f"chains: {describe_backend(backend, [profile.name for profile in PROFILES])}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before `-m` chooses."""
    for item in items:
        if follows_chains(item):
            item.add_marker(MARK)


def follows_chains(item: pytest.Item) -> bool:
    """Whether `--chains` says what a test runs on."""
    return "backend" in getattr(item, "fixturenames", ())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    _noted.clear()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, Any, Any]:
    # Before the fixtures end: what a later test's module closes is not this test's.
    if follows_chains(item):
        item.user_properties.append((PROPERTY, CHOSEN))
    elif _noted:
        item.user_properties.append((PROPERTY, " and ".join(sorted(_noted))))
    return (yield)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """From the reports, so that it counts what other processes ran as well."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    engines = [
        value
        for report in reports
        if getattr(report, "when", None) == "teardown"
        for name, value in report.user_properties
        if name == PROPERTY
    ]
    if engines:
        terminalreporter.write_line(f"{describe_use(engines, config.getoption('--chains'))}")


def _noting(backend: Backend, opener: Any) -> Any:
    def opened(*args: Any) -> Any:
        note_engine(ENGINES[backend])
        return opener(*args)

    return opened

"""Gas tables in pytest: counts while tests run, tells at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from zklink.lab.gas_table import GasTable
from zklink.lab.gates.figures import write_figures
from zklink.lab.revm.chain import WATCHERS


class GasPlugin:
    """Registered where an option asks for it: tables at the end, a file of gas by test, one by function."""

    def __init__(self, is_told: bool, tests: Path | None, functions: Path | None) -> None:
        self.table, self.is_told, self.tests, self.functions = GasTable(), is_told, tests, functions
        WATCHERS.append(self.table.see)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """What a test itself sends counts; what its fixtures do does not."""
        self.table.test = item.nodeid
        try:
            yield
        finally:
            self.table.test = ""

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The tables."""
        if self.is_told:
            terminalreporter.section("gas on revm")
            for line in self.table.render():
                terminalreporter.line(line)

    def pytest_sessionfinish(self) -> None:
        """The files."""
        if self.tests is not None:
            write_figures(self.tests, self.table.figures())
        if self.functions is not None:
            write_figures(self.functions, self.table.functions())

    def pytest_unconfigure(self) -> None:
        """Nobody is told any more."""
        WATCHERS.remove(self.table.see)

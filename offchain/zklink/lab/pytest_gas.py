"""Gas tables in pytest: counts while tests run, tells at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from zklink.lab.gas_table import GasTable
from zklink.lab.gates.figures import write_figures
from zklink.lab.revm.chain import WATCHERS


class GasPlugin:
    """Registered where `--lab-gas` or `--lab-gas-file` asks for it."""

    def __init__(self, is_told: bool, file: Path | None) -> None:
        self.table, self.is_told, self.file = GasTable(), is_told, file
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
        """The file."""
        if self.file is not None:
            write_figures(self.file, self.table.figures())

    def pytest_unconfigure(self) -> None:
        """Nobody is told any more."""
        WATCHERS.remove(self.table.see)

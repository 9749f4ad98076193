"""Coverage of contracts in pytest: records while tests run, also in the processes of pytest-xdist, tells at the end."""

from pathlib import Path
from typing import Any, Final

import pytest

from zklink.lab.coverage import Recorder, probe_contracts, summarise
from zklink.lab.coverage.page import build_page
from zklink.lab.coverage.report import render
from zklink.lab.errors import LabError
from zklink.lab.gates.project import read_project

_SENT: Final = "zklink-lab-coverage"


class CoveragePlugin:
    """Registered where `--lab-coverage` asks for it. Raises pytest.UsageError for a project that cannot be compiled."""

    def __init__(self, root: Path, page: Path) -> None:
        self.root, self.page = root, page
        try:
            contracts = probe_contracts(read_project(root))
        except LabError as error:
            raise pytest.UsageError(f"--lab-coverage: {error}") from None
        self.recorder = Recorder(tuple(contracts))
        self.recorder.start()

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_teardown(self) -> None:
        """Chains that a test had for itself are gone soon."""
        self.recorder.gather()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A worker of xdist sends what it has."""
        self.recorder.gather()
        sent: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
        if sent is not None:
            sent[_SENT] = self.recorder.to_json()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take in what a worker has sent; one that crashed has sent nothing."""
        if (sent := getattr(node, "workeroutput", {}).get(_SENT)) is not None:
            self.recorder.add(sent)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The report, and the page."""
        files = summarise(self.recorder)
        terminalreporter.section("coverage of contracts on revm")
        for line in render(files, self.recorder):
            terminalreporter.line(line)
        self.page.parent.mkdir(parents=True, exist_ok=True)
        self.page.write_text(build_page(self.root, files, self.recorder))
        terminalreporter.line(f"lines in colour: {self.page}")

    def pytest_unconfigure(self) -> None:
        """Chains have no shadows any more."""
        self.recorder.stop()

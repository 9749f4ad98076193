"""Which statements of a project's Vyper contracts its tests run on revm, and which branches they take.

Each message is played twice: once as it is, and once with codes that have probes in them, whose outcome nobody sees. So
neither gas nor sizes nor results of tests change.
"""

from zklink.lab.coverage.probes import Mark, Probed, probe_contracts
from zklink.lab.coverage.report import FileCoverage, summarise
from zklink.lab.coverage.shadow import Recorder, find_recorder

__all__ = ["FileCoverage", "Mark", "Probed", "Recorder", "find_recorder", "probe_contracts", "summarise"]

"""Gates that the contracts of any Vyper project pass, or each place that does not is told in one line.

`compiler` patterns that the compiler is known to get wrong, `ascii` bytes, the `pragma`, `locks`, `natspec`, `reasons`
of reverts, `sizes` of code, and the table of `promises`.
"""

from zklink.lab.gates.finding import Finding
from zklink.lab.gates.project import Project, read_project
from zklink.lab.gates.run import GATES, find_findings

__all__ = ["GATES", "Finding", "Project", "find_findings", "read_project"]

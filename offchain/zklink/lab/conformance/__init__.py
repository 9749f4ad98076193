"""The known ways in which bridges were lost, played against any lock-and-mint bridge that an adapter describes."""

from zklink.lab.conformance.adapter import AWAY, ELSEWHERE, HOME, SPECS, Bridge, Setting
from zklink.lab.conformance.suite import SCENARIOS, find_weaknesses, list_meaningless, list_played, run_scenario

__all__ = [
    "AWAY",
    "ELSEWHERE",
    "HOME",
    "SCENARIOS",
    "SPECS",
    "Bridge",
    "Setting",
    "find_weaknesses",
    "list_meaningless",
    "list_played",
    "run_scenario",
]

"""The processor's cores, and provers that can be told how many of them to use."""

import os
from typing import Protocol, runtime_checkable


def count_cores() -> int:
    """Those that this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@runtime_checkable
class SpreadsOverCores(Protocol):
    """A prover that makes one proof on several cores."""

    def use_cores(self, count: int) -> None:
        """Make the next proofs on so many cores, from 1 on; never on more than it was opened for."""
        ...

"""All properties of the swap lane at once: random stories on three chains, with everybody at their worst but the
watchers.
"""

import pytest

from tests.properties.swap_lane.operators import Operators
from tests.support.books.chains import BookedChains
from tests.support.tries import no_fewer
from tests.support.upholds import upholds
from zklink.lab.machines import Run, run_machine


@upholds(
    "SOL-1", "SOL-2", "SOL-3", "SOL-4", "SOL-5", "SOL-7", "SOL-9", "QUE-1", "SYN-1", "SYN-2", "SYN-4", "SYN-8", "EXI-3"
)
class TestSwapLane:
    """After every step of every run: each bridge holds what it owes to the last unit, no chain has released more than
    came in, queues are consumed first in first out, no block is skipped, and all chains follow one history.

    At the end of every run everything can be settled; then each request has exactly one end, each fill that became
    true was repaid once, and what each bridge still holds are the state's reserves.
    """

    @pytest.mark.lab_machine("SwapLane")
    def test_machine__random_runs__every_rule_reached(self, three_chains: BookedChains, lab_run: Run) -> None:
        run_machine(Operators, no_fewer(lab_run), three_chains)

"""Every operation, end and exit at once: random lives of a deployment on three chains, each to its last exit."""

import pytest

from tests.properties.lifetime.actors import build_stage
from tests.properties.lifetime.machine import Lifetime
from tests.support.tries import no_fewer
from tests.support.upholds import upholds
from zklink.lab.machines import Run, run_machine


@upholds(
    "SOL-1",
    "SOL-2",
    "SOL-3",
    "SOL-4",
    "SOL-5",
    "EXI-1",
    "EXI-2",
    "EXI-3",
    "EXI-4",
    "OWN-1",
    "QUE-1",
    "QUE-2",
    "SYN-2",
    "SYN-4",
    "SYN-9",
)
class TestLifetime:
    """Whatever was going on when the operator stopped: the primary ends, END stands on every member with its last
    block, all chains import and pay up to it, give every later request back, and pay every account, over all chains,
    what the state of that block says, less than one unit short per rounding.

    After every step custody is exactly reserve, open requests and payouts that are owed, and the coin of the doors what
    open requests have paid and blocks have earned; a request that is cancelled gives back what it has paid. At the end
    custody is at most the number of roundings. Who was a member of a group and is gone has no word
    at any door, and those who took over have. The state itself comes back out of the primary's calldata.
    """

    @pytest.mark.lab_machine("Lifetime")
    def test_machine__random_lives__every_rule_reached(self, lab_run: Run) -> None:
        run_machine(Lifetime, no_fewer(lab_run), build_stage())

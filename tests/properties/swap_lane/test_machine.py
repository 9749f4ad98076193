"""All properties of the swap lane at once: random stories on three chains, with everybody at their worst but the
watchers.
"""

from collections import Counter

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.swap_lane.operators import Operators
from tests.support.books.chains import BookedChains
from tests.support.tries import at_least
from tests.support.upholds import upholds

EXAMPLES = 100
STEPS = 6

RULES = {
    "swap coin", "swap token", "swap FEE", "swap REENTER", "swap of a token that does not deliver",
    "fill", "fills: already filled", "fills: already executed", "fill of nonsense", "fill of another payout",
    "swap below the price", "swap of a router", "swap through a token between",
    "price rises", "price falls", "prices: more than doubled", "prices: out of bounds", "collect",
    "push paid", "push refused", "push noted", "push wrapped",
    "withdraw", "withdraw some", "donate", "token turns bad", "receiver turns bad", "pause", "wait",
    "seal", "seal beside another", "accept", "accept and pay", "accept too old",
    "import", "import and pay", "import again", "execute", "execute some",
    "forged fact", "accept unvouched",
    "skip requests", "reorder requests", "repeat requests", "invent requests",
    "forged payout", "request forged elsewhere", "finish",
}  # fmt: skip
"""What some run must have done, or the machine proves less than it says."""


def machine_on(chains: BookedChains) -> type[Operators]:
    """The machine, playing on these chains and counting for itself."""
    return type("Machine", (Operators,), {"chains": chains, "reached": Counter()})


@upholds(
    "SOL-1", "SOL-2", "SOL-3", "SOL-4", "SOL-5", "SOL-7", "SOL-9", "QUE-1", "SYN-1", "SYN-2", "SYN-4", "SYN-8", "EXI-3"
)
class TestSwapLane:
    """After every step of every run: each bridge holds what it owes to the last unit, no chain has released more than
    came in, queues are consumed first in first out, no block is skipped, and all chains follow one history.

    At the end of every run everything can be settled; then each request has exactly one end, each fill that became
    true was repaid once, and what each bridge still holds are the state's reserves.
    """

    @pytest.fixture(scope="class")
    def reached(self, three_chains: BookedChains) -> Counter[str]:
        machine = machine_on(three_chains)
        run_state_machine_as_test(machine, settings=at_least(EXAMPLES, stateful_step_count=STEPS))
        return machine.reached

    def test_machine__random_runs__every_rule_reached(self, reached: Counter[str]) -> None:
        assert RULES - reached.keys() == set()

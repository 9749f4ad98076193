"""Every operation, end and exit at once: random lives of a deployment on three chains, each to its last exit."""

from collections import Counter

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.lifetime.actors import Stage, build_stage
from tests.properties.lifetime.machine import Lifetime
from tests.support.tries import at_least
from tests.support.upholds import upholds

EXAMPLES = 34
STEPS = 4

RULES = {
    "DepositRequest", "FullExitRequest", "KeyRequest",
    "Transfer", "Withdraw", "ForcedExit", "ChangePubKey", "ClaimFees",
    "CreatePool", "AddLiquidity", "RemoveLiquidity", "PoolSwap", "OrderMatch", "SwapRequest",
    "transfer to a new owner", "order filled further", "full exit of another's account",
    "full exit in part", "full exit of shares",
    "key request", "key request for another's account",
    "swap paid", "swap refunded",
    "fill of SWAP_PAID", "fill of WITHDRAW_PAYOUT", "broker repaid for SWAP_PAID", "broker repaid for WITHDRAW_PAYOUT",
    "paid too little", "price rises", "price falls", "fees collected", "fees collected at the end",
    "wallet deposits for itself", "wallet asks for a key", "wallet asks for a full exit", "namesake asks elsewhere",
    "wallet cancels", "wallet pulls what it is owed", "wallet pulls a fee that it is owed",
    "new VALIDATORS", "new WATCHERS", "one of the VALIDATORS removed", "one of the WATCHERS removed",
    "second removal refused",
    "old word of VALIDATORS refused by accept", "old word of VALIDATORS refused by import",
    "old word of VALIDATORS refused by END", "old word of WATCHERS refused by accept",
    "old word of WATCHERS refused by import", "old word of WATCHERS refused by END",
    "consent forged", "wait", "accept", "accept several", "accept too old", "import", "execute",
    "frozen by a request of lane 1", "frozen by a request of lane 2",
    "ended by request", "ended by member", "ended by silence",
    "END of validators and watchers", "END of watchers", "END of validators", "END that falls",
    "imported while END waits", "imported by END",
    "cancelled SwapRequest", "cancelled DepositRequest", "cancelled FullExitRequest", "cancelled KeyRequest",
    "signed exit", "unsigned exit", "signed exit of a wallet", "unsigned exit of a wallet", "exit of shares", "finish",
}  # fmt: skip
"""What some life must have done, or the machine proves less than it says."""


def machine_on(stage: Stage) -> type[Lifetime]:
    """The machine, playing on this stage and counting for itself."""
    return type("Machine", (Lifetime,), {"stage": stage, "reached": Counter()})


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

    @pytest.fixture(scope="class")
    def reached(self) -> Counter[str]:
        machine = machine_on(build_stage())
        run_state_machine_as_test(machine, settings=at_least(EXAMPLES, stateful_step_count=STEPS))
        return machine.reached

    def test_machine__random_lives__every_rule_reached(self, reached: Counter[str]) -> None:
        assert RULES - reached.keys() == set()

"""A machine that finds a bug says what happened: every step with its values, and what it found in whose place."""

import re

import pytest
from hypothesis import Phase
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.swap_lane.test_machine import machine_on
from tests.support.books.chains import build_chains
from tests.support.mutants import MUTANTS
from tests.support.tries import at_least

BUG = next(mutant for mutant in MUTANTS if mutant.name == "custody-not-lowered")

BROKEN_LAW = r"custody of \w{3} on chain [ABC]: expected \d+, found \d+; last step: .+"
SWAP = r"depositor [12] swaps \d+ \w{3} on chain [ABC] into \w{3} on chain [ABC] for .* fill fee \d+, .*"
STORY = (
    SWAP,
    r"the sequencer seals .*request 1 of chain [ABC].* after block 0",
    r"chain B accepts block 1 \(requests: \d, payouts: \d\); paid at once: (True|False)",
)
"""What must have happened before a payout, in this order."""

SHORT = 40
"""Lines of a story of one or two requests; an unshrunk one has hundreds."""


@pytest.mark.slow  # a counterexample of hundreds of steps is shrunk to a few: two minutes by nature
def test_machine__finds_a_bug__tells_a_short_story_with_its_values() -> None:
    machine = machine_on(build_chains(BUG.replacements()))
    config = at_least(10, stateful_step_count=6, phases=[Phase.generate, Phase.shrink])
    with pytest.raises(AssertionError) as caught:
        run_state_machine_as_test(machine, settings=config)
    assert re.fullmatch(BROKEN_LAW, str(caught.value)), caught.value
    told = [line for line in "\n".join(caught.value.__notes__).splitlines() if not line.startswith(("state", "Fals"))]
    first = [next(i for i, line in enumerate(told) if re.fullmatch(pattern, line)) for pattern in STORY]
    assert first == sorted(first), told
    assert len(told) < SHORT, told

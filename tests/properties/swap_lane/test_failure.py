"""A machine that finds a bug says what happened: every step with its values, and what it found in whose place."""

import re
from pathlib import Path

import pytest

from tests.properties.swap_lane.operators import Operators
from tests.support.books.chains import BookedChains, build_chains
from tests.support.mutants import MUTANTS
from zklink.lab.machines import Run, run_machine

BUG = next(mutant for mutant in MUTANTS if mutant.name == "custody-not-lowered")

BROKEN_LAW = r"custody of \w{3} on chain [ABC]: expected \d+, found \d+; last step: .+"
SWAP = r"depositor [12] swaps \d+ \w{3} on chain [ABC] into \w{3} on chain [ABC] for .* fill fee \d+, .*"
STORY = (
    SWAP,
    r"the sequencer seals .*request 1 of chain [ABC].* after block 0",
    r"chain B accepts block 1 \(requests: \d, payouts: \d\); paid at once: (yes|no)",
)
"""What must have happened before a payout, in this order."""
SHORT = 12
"""Lines of a story of one or two requests; an unshrunk one has hundreds."""


def fail(run: Run, chains: BookedChains) -> list[str]:
    """The story that is told, without its columns, and how to play it again."""
    with pytest.raises(AssertionError) as caught:
        run_machine(Operators, run, chains)
    assert re.fullmatch(BROKEN_LAW, str(caught.value)), caught.value
    return [line[10:] for line in caught.value.__notes__[0].strip().splitlines()[1:]]


@pytest.mark.slow  # a counterexample of a hundred steps is shrunk to a few
def test_machine__finds_a_bug__tells_a_short_story_and_plays_it_again(tmp_path: Path) -> None:
    chains = build_chains(BUG.replacements())
    told = fail(Run(crashes=tmp_path), chains)
    first = [next(i for i, line in enumerate(told) if re.fullmatch(pattern, line)) for pattern in STORY]
    assert first == sorted(first), told
    assert len(told) < SHORT, told
    assert fail(Run(replay=tmp_path / "Operators-0.json"), chains) == told

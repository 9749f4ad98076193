"""The machine of swaps with a Solana chain, and what it finds."""

import pytest

from tests.solana.swap_machine import SolanaSwaps
from zklink.lab.machines import Run, run_machine


@pytest.mark.slow
def test_swaps__whatever_forks_solana_loses__each_has_one_end() -> None:
    done = run_machine(SolanaSwaps, Run(seed=5))
    assert min(done.values()) > 0

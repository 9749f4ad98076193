"""The machine of swaps with a Solana chain, and the node that it would find out."""

from typing import Any

import pytest

from tests.solana.swap_machine import USD, SolanaSwaps
from zklink.lab.chains import open_chains
from zklink.lab.faults import Reorg
from zklink.lab.machines import Run, run_machine
from zklink.lab.world import LabWorld
from zklink.protocol.errors import ZkLinkError
from zklink.solana.client.bridge import BridgeReading, SolanaBridge
from zklink.solana.client.node import CONFIRMED


@pytest.mark.slow
def test_swaps__whatever_forks_solana_loses__each_has_one_end() -> None:
    done = run_machine(SolanaSwaps, Run(seed=5))
    assert min(done.values()) > 0


def lose_a_swap() -> None:
    """A swap is confirmed, the node has a look at it, and the fork with it is lost."""
    with LabWorld(open_chains("revm", SolanaSwaps.specs)) as world:
        machine = SolanaSwaps(world)
        machine.deploy()
        with world.isolated(), world.by_rounds():
            machine.set_up()
            assert machine.swap_away(40 * USD)
            machine.pipeline.round()
            machine.pipeline.node.step()
            world.strike(Reorg("solana", 6, back=()))
            assert machine.star.site.state()["totals"][0] == 0, "the swap is not lost"
            machine.finish()


@pytest.mark.slow
def test_lost_fork__node_that_waits_for_finality__pays_nothing() -> None:
    lose_a_swap()


@pytest.mark.slow
def test_lost_fork__node_and_signers_that_take_what_is_confirmed__are_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read, read_queues = SolanaBridge.read, SolanaBridge.read_queues

    def read_early(self: SolanaBridge, *level: Any) -> BridgeReading:
        return read(self, CONFIRMED)

    def read_queues_early(self: SolanaBridge, *level: Any) -> BridgeReading:
        return read_queues(self, CONFIRMED)

    monkeypatch.setattr(SolanaBridge, "read", read_early)
    monkeypatch.setattr(SolanaBridge, "read_queues", read_queues_early)
    with pytest.raises((AssertionError, ZkLinkError)) as failure:
        lose_a_swap()
    assert "the swap is not lost" not in str(failure.value)

"""The one table of a block's life."""

import itertools

import pytest

from zklink.protocol.errors import NoSuchTransition
from zklink.protocol.ids import BlockNumber
from zklink.sequencer.lifecycle import TRANSITIONS, BlockStatus, BlockStep, Counters, compute_next_status

ALLOWED = {
    ("SEALED", "accept"): "ACCEPTED",
    ("ACCEPTED", "execute"): "EXECUTED",
    ("ACCEPTED", "lose"): "SEALED",
    ("EXECUTED", "lose"): "SEALED",
}


def test_transitions__table__is_the_protocols() -> None:
    assert {(status.name, step.value): after.name for (status, step), after in TRANSITIONS.items()} == ALLOWED


@pytest.mark.parametrize(("status", "step"), itertools.product(BlockStatus, BlockStep))
def test_compute_next_status__every_pair__allowed_or_refused(status: BlockStatus, step: BlockStep) -> None:
    expected = ALLOWED.get((status.name, step.value))
    if expected is not None:
        assert compute_next_status(status, step).name == expected
        return
    with pytest.raises(NoSuchTransition) as error:
        compute_next_status(status, step)
    assert (error.value.status, error.value.step) == (status.name.lower(), step.value)


def test_progress__counters__give_each_blocks_status() -> None:
    progress = Counters(BlockNumber(3), BlockNumber(1))
    expected = ["EXECUTED", "ACCEPTED", "ACCEPTED", "SEALED"]
    assert [progress.status(BlockNumber(number)).name for number in range(1, 5)] == expected

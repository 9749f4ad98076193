"""A node that starts from a checkpoint, on real contracts: as if it had sealed everything again, but for the time."""

import logging
from collections.abc import Iterator
from typing import cast

import pytest

from tests.scenarios.pipeline import BSC, POLYGON, Believer, LiquidSystem, Pipeline
from zklink.devnet.tokens import USDC
from zklink.node.parts import NodeConfig
from zklink.node.standing import BridgeStanding
from zklink.protocol.ids import BlockNumber
from zklink.sequencer.journal import MemoryJournal
from zklink.service.restoring import choose_checkpoint

USD = 10**6
CONFIG = NodeConfig(kept_blocks=1, checkpoint_blocks=1)


class MemoryCheckpoints:
    """A CheckpointStore that lives as long as the test."""

    def __init__(self) -> None:
        self.kept: dict[BlockNumber, bytes] = {}

    def keep(self, number: BlockNumber, data: bytes) -> None:
        self.kept = dict([*self.kept.items()][-1:]) | {number: data}

    def load(self) -> Iterator[tuple[BlockNumber, bytes]]:
        yield from sorted(self.kept.items(), reverse=True)


@pytest.fixture(scope="module")
def first(session_liquid: LiquidSystem) -> Iterator[Pipeline]:
    """A node that has kept two checkpoints, and has everything executed."""
    with session_liquid.world.isolated():
        store = MemoryCheckpoints()
        pipeline = Pipeline(session_liquid, Believer(), has_broker=False, config=CONFIG, checkpoints=store)
        for number in (1, 2):
            pipeline.swap(POLYGON, USDC, number * USD, (BSC, USDC))
            pipeline.finish(number)
        assert len(store.kept) == 2
        yield pipeline


@pytest.fixture
def store(first: Pipeline) -> Iterator[MemoryCheckpoints]:
    """What it has kept; what a test does is undone."""
    kept, journal = cast(MemoryCheckpoints, first.checkpoints), first.journal
    first.checkpoints, first.journal = MemoryCheckpoints(), MemoryJournal()
    first.checkpoints.kept = dict(kept.kept)
    assert journal is not None
    for entry in journal.entries():
        first.journal.append(entry)
    with first.system.world.isolated():
        yield first.checkpoints
    first.checkpoints, first.journal = kept, journal


def restart(first: Pipeline) -> Pipeline:
    """The node after it, on the same journal and checkpoints."""
    return Pipeline(
        first.system,
        Believer(),
        first.journal,
        has_broker=False,
        config=CONFIG,
        clock=first.clock,
        checkpoints=first.checkpoints,
    )


def test_restart__checkpoint__little_is_sealed_again_and_everything_goes_on(
    first: Pipeline, store: MemoryCheckpoints
) -> None:
    again = restart(first)
    sequencer, before = again.node.sequencer, first.node.sequencer
    assert sequencer.base == max(store.kept) == before.settled
    again.run_until(lambda: not sequencer.is_replaying and again.node.is_settled())
    assert (sequencer.height, sequencer.state.root) == (before.height, before.state.root)
    assert again.sent("accept") == again.sent("import") == []
    key = again.swap(BSC, USDC, 2 * USD, (POLYGON, USDC))
    again.run_until(lambda: key in again.timeline.swaps and again.node.is_settled())
    assert sequencer.height == before.height + 1
    again.check_books()
    assert max(store.kept) > sequencer.base


def test_restart__newest_checkpoint_damaged__the_older_one_then_none(
    first: Pipeline, store: MemoryCheckpoints, caplog: pytest.LogCaptureFixture
) -> None:
    older, newest = sorted(store.kept)
    store.kept[newest] = store.kept[newest][:-20]
    with caplog.at_level(logging.INFO):
        assert restart(first).node.sequencer.base == older
    assert f"block {newest}: the checkpoint does not hold: it cannot be read" in caplog.text
    assert f"goes on from its checkpoint at block {older}" in caplog.text
    store.kept[older] = b""
    again = restart(first)
    assert again.node.sequencer.base == 0
    again.run_until(lambda: not again.node.sequencer.is_replaying)
    assert again.node.sequencer.state.root == first.node.sequencer.state.root


def test_choose__chains_or_history_do_not_have_it__refused_in_words(
    first: Pipeline, store: MemoryCheckpoints, caplog: pytest.LogCaptureFixture
) -> None:
    sequencer = first.node.sequencer
    standings = {chain: BridgeStanding(bridge) for chain, bridge in first.system.bridges.items()}
    assert first.journal is not None
    asked = store, sequencer.parameters, first.journal, standings
    found = choose_checkpoint(*asked)
    assert found is not None and found.number == max(store.kept)
    assert choose_checkpoint(*asked, told_up_to=BlockNumber(1)) is None
    assert "the history that the API shows ends at block 1" in caplog.text
    first.journal.cut(BlockNumber(sequencer.height - 1))
    assert choose_checkpoint(*asked) is None
    assert f"has block {sequencer.height}, and the journal does not" in caplog.text

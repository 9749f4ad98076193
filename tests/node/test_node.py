"""The node on chains that only count: what it proves after a restart, and when sealed blocks are given up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from tests.sequencer.conftest import CHAINS, GENESIS, PARAMETERS, PRIMARY
from tests.sequencer.requests import make_request
from zklink.l1.profile import ChainProfile
from zklink.l1.receipts import BlockInfo
from zklink.node.adapters import Proved
from zklink.node.events import RolledBack
from zklink.node.lanes import InlineLanes
from zklink.node.node import Node
from zklink.node.parts import NodeConfig, NodeParts
from zklink.node.watch import Sighting
from zklink.protocol.errors import CallReverted, HistoryDiverged, L1Error, RpcUnavailable
from zklink.protocol.ids import MAX_AGE_SECONDS, BlockNumber, ChainId, RequestId
from zklink.protocol.presets import MINIMAL
from zklink.sequencer.decision import Commit, Horizon
from zklink.sequencer.journal import MemoryJournal
from zklink.sequencer.lifecycle import Progress
from zklink.sequencer.sequencer import Sequencer
from zklink.sequencer.submitter import Advance, Sent
from zklink.transition.block import Block

A, B, C = CHAINS
NOW = 5_000
LOST = RpcUnavailable("b", "eth_getTransactionReceipt", 1, "connection reset")
TOO_OLD = CallReverted("b", "commit_blocks", "commit: too old")


@dataclass
class CountingChain:
    """A watch and a submitter in one; `progress` None is a chain that does not answer."""

    chain: ChainId
    progress: tuple[int, int, int, int] | None = (0, 0, 0, 0)
    timestamp: int = NOW
    number: int = 1
    gone_from: RequestId | None = None
    error: L1Error | None = None

    def look(self) -> Sighting:
        gone, self.gone_from = self.gone_from, None
        self.number += 1
        return Sighting(BlockInfo(self.number, bytes(32), bytes(32), self.timestamp), (), gone)

    def advance(self, horizon: Horizon) -> Advance:
        if self.progress is None:
            raise RpcUnavailable("model", "status", 1, "connection refused")
        progress = Progress(*map(BlockNumber, self.progress))
        sent = () if self.error is None else (Sent(Commit((BlockNumber(progress.committed + 1),)), None, self.error),)
        return Advance(self.chain, progress, sent)


@dataclass
class RecordingProver:
    proven: list[int] = field(default_factory=list)

    def prove(self, block: Block) -> Proved:
        self.proven.append(block.header.number)
        return Proved((), 0.0, 0.0)


@dataclass
class Setting:
    """A node that was started again after `blocks` blocks of an earlier run."""

    blocks: int
    max_unproven: int = 2

    def __post_init__(self) -> None:
        self.journal, self.prover = MemoryJournal(), RecordingProver()
        self.chains = {chain: CountingChain(chain) for chain in CHAINS}
        first = Sequencer(PARAMETERS, GENESIS.state(MINIMAL), self.journal)
        for number in range(1, self.blocks + 1):
            first.add(make_request(1, number))
            first.seal(NOW)
        self.sequencer = Sequencer(PARAMETERS, GENESIS.state(MINIMAL), self.journal)
        for number in range(1, self.blocks + 1):
            self.sequencer.add(make_request(1, number))
        parts = NodeParts(
            profiles={chain: ChainProfile(f"chain {chain}", chain, chain, 1.0, 1, "ETH") for chain in CHAINS},
            sequencer=self.sequencer,
            prover=self.prover,
            watches=cast(Any, self.chains),
            submitters=cast(Any, self.chains),
            relayer=None,
            broker=None,
        )
        self.now = 0.0
        self.node = Node(parts, InlineLanes(), lambda: self.now, NodeConfig(max_unproven=self.max_unproven))

    def round(self, count: int = 1) -> None:
        for _ in range(count):
            self.node.step()
            self.now += 60

    def rolled_back(self) -> Sequence[int]:
        return [event.to_block for event in self.node.events if isinstance(event, RolledBack)]


def test_prove__restarted__only_what_some_chain_still_needs() -> None:
    setting = Setting(blocks=5)
    for chain, proven in zip(CHAINS, (5, 4, 3), strict=True):
        setting.chains[chain].progress = (5, proven, proven, proven)
    setting.round(10)
    assert setting.prover.proven == [4, 5]


def test_prove__restarted_while_a_chain_is_away__its_blocks_are_proven_when_it_is_back() -> None:
    setting = Setting(blocks=5)
    for chain in CHAINS:
        setting.chains[chain].progress = (5, 4, 4, 4)
    setting.chains[C].progress = None
    setting.round(10)
    assert setting.prover.proven == [5]
    setting.chains[C].progress = (2, 2, 2, 2)
    setting.round(10)
    assert setting.prover.proven == [5, 3, 4]


def test_seal__restarted_with_everything_proven__goes_on_without_proving_again() -> None:
    setting = Setting(blocks=3)
    for chain in CHAINS:
        setting.chains[chain].progress = (3, 3, 3, 3)
    setting.round(4)
    setting.sequencer.add(make_request(1, 4))
    setting.round(2)
    assert (setting.sequencer.height, setting.prover.proven) == (4, [4])


def start_with_an_old_block(change: Callable[[CountingChain], None]) -> Setting:
    """Two blocks, the first of them accepted, the second older than the primary takes."""
    setting = Setting(blocks=2)
    for chain in CHAINS:
        setting.chains[chain].progress = (1, 1, 1, 1)
    setting.round(3)
    primary = setting.chains[PRIMARY]
    primary.timestamp = NOW + MAX_AGE_SECONDS
    change(primary)
    setting.round(1)
    return setting


@pytest.mark.parametrize(
    ("error", "expected"), [(TOO_OLD, [1]), (None, [1]), (LOST, [])], ids=["refused", "nothing_sent", "fate_unknown"]
)
def test_reseal__old_block__only_while_the_counters_still_hold(error: L1Error | None, expected: list[int]) -> None:
    setting = start_with_an_old_block(lambda primary: setattr(primary, "error", error))
    assert setting.rolled_back() == expected


def test_reseal__a_node_that_lags_says_less__no_accepted_block_is_given_up() -> None:
    setting = start_with_an_old_block(lambda primary: setattr(primary, "progress", (0, 0, 0, 0)))
    assert setting.rolled_back() == [1]
    assert len(setting.journal.entries()) >= 1
    assert setting.sequencer.block(BlockNumber(1)).block.header.timestamp == NOW


def test_sighting__request_of_an_accepted_block_gone__stops_with_the_journal_as_it_is() -> None:
    setting = Setting(blocks=2)
    for chain in CHAINS:
        setting.chains[chain].progress = (2, 1, 1, 1)
    setting.round(3)
    setting.chains[A].gone_from = RequestId(1)
    with pytest.raises(HistoryDiverged):
        setting.round()
    assert [entry.number for entry in setting.journal.entries()] == [1, 2]


def test_sighting__request_of_a_committed_block_gone__rolled_back() -> None:
    setting = Setting(blocks=2)
    for chain in CHAINS:
        setting.chains[chain].progress = (2, 1, 1, 1)
    setting.round(3)
    setting.chains[A].gone_from = RequestId(2)
    setting.round()
    assert setting.rolled_back() == [1]

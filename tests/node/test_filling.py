"""The broker's part of a node: by which time and which acceptance it judges, and when it fills nothing more."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from tests.broker.test_broker import candidate
from tests.sequencer.conftest import CHAINS, PARAMETERS, PRIMARY
from tests.sequencer.model import vouch
from tests.sequencer.test_decision import seal
from zklink.broker.policy import Verdict
from zklink.broker.records import Candidate, Outlook, Position
from zklink.l1.transport.receipts import BlockInfo
from zklink.node.events import Event, FillMissed
from zklink.node.filling import Filling
from zklink.node.knowledge import Knowledge
from zklink.node.reporter import Reporter
from zklink.protocol.bridge_hashes import genesis_tip
from zklink.protocol.facts import Accepted
from zklink.protocol.ids import BlockNumber, ChainId
from zklink.sequencer.horizon import Acknowledged
from zklink.sequencer.lifecycle import Counters
from zklink.sequencer.submitter import FinalView


@dataclass
class WatchingBroker:
    """Remembers what it was told."""

    outlooks: list[Outlook] = field(default_factory=list)
    offered: list[int] = field(default_factory=list)
    left: tuple[tuple[Candidate, Verdict | None], ...] = ()

    def offer(self, candidates: Iterable[Candidate]) -> dict[Candidate, Verdict]:
        self.offered += [candidate.block for candidate in candidates]
        return {}

    def retract(self, after: BlockNumber) -> None:
        self.offered = [block for block in self.offered if block <= after]

    def select(self, chain: ChainId, outlook: Outlook) -> Candidate | None:
        self.outlooks.append(outlook)
        return None

    def note_executed(self, chain: ChainId, executed: BlockNumber) -> tuple[tuple[Candidate, Verdict | None], ...]:
        self.offered = [block for block in self.offered if block > executed]
        return self.left if chain == PRIMARY else ()

    def list_asked(self, chain: ChainId) -> tuple[tuple[bytes, Candidate], ...]:
        return ()

    def watched_positions(self, chain: ChainId) -> tuple[Position, ...]:
        return ()


def look_out(known: Knowledge, now: float, may_fill: bool = True) -> list[Outlook]:
    broker = WatchingBroker()
    Filling(cast(Any, broker), known, cast(Any, None), Reporter(lambda: now), 1.0).start(may_fill)
    return broker.outlooks


def test_start__clock_of_the_primary_or_of_the_world__the_later_one_counts() -> None:
    """A primary that is halted shows an old time, and comes back at the world's."""
    known = Knowledge(CHAINS, PRIMARY)
    known.heads[PRIMARY] = BlockInfo(1, bytes(32), bytes(32), 5_000)
    assert [look_out(known, now)[0].now for now in (4_000.0, 9_000.0)] == [5_000, 9_000]


def test_start__acceptance__counts_when_it_is_final_or_has_acc() -> None:
    known = Knowledge(CHAINS, PRIMARY)
    assert look_out(known, 0.0)[0].final == 0
    known.final = FinalView(5_000, genesis_tip(1, PARAMETERS.deployment_hash))
    known.acknowledged = [Acknowledged(Accepted(BlockNumber(3), bytes(32)), b"", b"")]
    assert look_out(known, 0.0)[0].final == 3


def test_start__chain_has_paid_what_waited__is_said_with_the_reason() -> None:
    verdicts = (Verdict.FILL, Verdict.SHORT_LEAD, None)
    cases = [candidate(number) for number in range(1, 4)]
    broker, events = WatchingBroker(left=tuple(zip(cases, verdicts, strict=True))), list[Event]()
    reporter = Reporter(lambda: 7.0)
    reporter.listen(events.append)
    Filling(cast(Any, broker), Knowledge(CHAINS, PRIMARY), cast(Any, None), reporter, 1.0).start()
    keys = [(case.payout.source, case.payout.id) for case in cases]
    assert events == [FillMissed(7.0, key, PRIMARY, verdict) for key, verdict in zip(keys, verdicts, strict=True)]
    assert [event.reason for event in events if isinstance(event, FillMissed)] == ["late", "short_lead", "no_turn"]


def test_start__nothing_is_sealed_any_more__nothing_is_filled() -> None:
    assert look_out(Knowledge(CHAINS, PRIMARY), 0.0, may_fill=False) == []


def test_offer__each_block_once__when_it_is_vouched_for_or_accepted_and_again_after_it_was_unsealed() -> None:
    """After a restart accepted blocks have no evidence here, and the broker must find its fills again."""
    blocks = seal([[1], [2], [3]])
    known, broker = Knowledge(CHAINS, PRIMARY), WatchingBroker()
    known.request_blocks = {(request.source, request.request_id): 1 for b in blocks for request in b.requests}
    filling = Filling(cast(Any, broker), known, cast(Any, None), Reporter(lambda: 0.0), 1.0)
    filling.offer(blocks)
    assert broker.offered == []
    known.take_counters(PRIMARY, Counters(BlockNumber(1), BlockNumber(0)))
    known.vouched[BlockNumber(3)] = vouch(blocks[2])  # not before the one below it
    for _ in range(2):
        filling.offer(blocks)
        assert (broker.offered, filling.offered) == ([1], 1)
    known.vouched[BlockNumber(2)] = vouch(blocks[1])
    filling.offer(blocks)
    assert broker.offered == [1, 2, 3]
    filling.retract(BlockNumber(2))
    filling.offer(blocks)
    assert broker.offered == [1, 2, 3]

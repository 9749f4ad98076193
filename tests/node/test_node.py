"""The node on chains that only count: what it proves after a restart, what evidence it gathers, and when sealed blocks
are given up.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from tests.sequencer.conftest import ALICE, BOB, CHAINS, PARAMETERS, PRIMARY, X, Y, build_state
from tests.sequencer.operations import change_key, consent, order, transfer, withdraw
from tests.sequencer.requests import make_request
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.receipts import BlockInfo
from zklink.node.events import (
    BlockAcknowledged,
    BlockProven,
    BlockSealed,
    BlockVouched,
    ChainFrozen,
    Event,
    OperationAccepted,
    OperationDropped,
    OperationRefused,
    QueuesRead,
    Retried,
    RolledBack,
)
from zklink.node.node import Node
from zklink.node.parts import NodeConfig, NodeParts
from zklink.node.ports import Proved
from zklink.node.watch import Sighting
from zklink.node.workers import InlineWorkers
from zklink.protocol.bridge_hashes import Tip
from zklink.protocol.errors import (
    BalanceTooSmall,
    CallReverted,
    ConsentMissing,
    DatabaseFailed,
    EvidenceMissing,
    HistoryDiverged,
    L1Error,
    RpcUnavailable,
)
from zklink.protocol.facts import Accepted, QueueFact
from zklink.protocol.ids import MAX_AGE_SECONDS, BlockNumber, ChainId, Lane, RequestId
from zklink.sequencer.decision import Accept
from zklink.sequencer.horizon import Horizon
from zklink.sequencer.journal import JournalEntry, MemoryJournal
from zklink.sequencer.lifecycle import Counters
from zklink.sequencer.sequencer import Sequencer
from zklink.sequencer.submitter import Advance, FinalView, Sent
from zklink.signers.history import Path
from zklink.signers.proposal import Proposal
from zklink.signers.validator import SEALS_AHEAD
from zklink.transition.block_frame import LaneBlock

A, B, C = CHAINS
NOW = 5_000
LOST = RpcUnavailable("b", "eth_getTransactionReceipt", 1, "connection reset")
TOO_OLD = CallReverted("b", "accept", "accept: too old")


@dataclass
class CountingChain:
    """A watch and a submitter in one; `counters` (accepted, executed) None is a chain that does not answer. `final` is
    the last block that is finally accepted, and the time by which it is, the newest by default.
    """

    chain: ChainId
    counters: tuple[int, int] | None = (0, 0)
    timestamp: int = NOW
    number: int = 1
    final: tuple[int, int] | None = None
    gone_from: dict[Lane, RequestId] = field(default_factory=dict)
    error: L1Error | None = None
    is_frozen: bool = False
    horizons: list[Horizon] = field(default_factory=list)

    def look(self) -> Sighting:
        gone, self.gone_from = self.gone_from, {}
        self.number += 1
        return Sighting(BlockInfo(self.number, bytes(32), bytes(32), self.timestamp), (), gone)

    def advance(self, horizon: Horizon) -> Advance:
        if self.counters is None:
            raise RpcUnavailable("model", "status", 1, "connection refused")
        self.horizons.append(horizon)
        counters = Counters(*map(BlockNumber, self.counters))
        lost = Accept((BlockNumber(counters.accepted + 1),), True)
        sent = () if self.error is None else (Sent(lost, None, self.error),)
        final = self._find_final(horizon) if self.chain == PRIMARY else None
        return Advance(self.chain, counters, sent, self.is_frozen, final)

    def _find_final(self, horizon: Horizon) -> FinalView:
        assert self.counters is not None
        number, timestamp = self.final or (self.counters[0], self.timestamp)
        record = horizon.record(BlockNumber(max(number, horizon.start)))
        return FinalView(timestamp, Tip(record.number, record.timestamp, 0, False, record.root, record.sync_hash))


GENESIS = Accepted(BlockNumber(0), PARAMETERS.deployment_hash)


@dataclass
class CountingGroup:
    """Either group: says what it is asked to say, unless it is `silent`, and remembers it."""

    silent: bool = False
    covered: Accepted = GENESIS
    sealed: list[Proposal] = field(default_factory=list)
    vouched: list[tuple[QueueFact, ...]] = field(default_factory=list)
    shown: Path | None = None

    def seal(self, proposal: Proposal) -> bytes:
        self._say("seal")
        self.sealed.append(proposal)
        return proposal.sync_hash(PARAMETERS.deployment_hash)

    def queues(self, queues: Sequence[QueueFact]) -> bytes:
        self._say("QUE")
        self.vouched.append(tuple(queues))
        return b"QUE"

    def accepted(self, fact: Accepted, path: Path) -> bytes:
        self._say("ACC")
        self.shown = path
        assert path.leads(self.covered, fact) or path.leads(fact, self.covered)
        self.covered = max(self.covered, fact, key=lambda place: place.number)
        return b"ACC"

    def _say(self, what: str) -> None:
        if self.silent:
            raise EvidenceMissing(what, 0, 2, "away")


@dataclass
class RecordingProver:
    proven: list[int] = field(default_factory=list)
    is_away: bool = False

    def prove(self, block: LaneBlock) -> Proved:
        if self.is_away:
            raise RpcUnavailable("prover", "prove", 1, "connection refused")
        self.proven.append(block.header.number)
        return Proved((), 0.0, 0.0)


@dataclass
class Setting:
    """A node that was started again after `blocks` blocks of an earlier run."""

    blocks: int
    proofs_at_once: int = 1
    kept_blocks: int = 256

    def __post_init__(self) -> None:
        self.journal, self.prover = MemoryJournal(), RecordingProver()
        self.validators, self.watchers = CountingGroup(), CountingGroup()
        self.chains = {chain: CountingChain(chain) for chain in CHAINS}
        first = Sequencer(PARAMETERS, build_state(), self.journal)
        for number in range(1, self.blocks + 1):
            first.add(make_request(1, number))
            first.seal(NOW)
        self.now = 0.0
        self.restart()

    def restart(self) -> None:
        """A node with the journal of the one before."""
        self.sequencer = Sequencer(PARAMETERS, build_state(), self.journal)
        for number in range(1, self.blocks + 1):
            self.sequencer.add(make_request(1, number))
        parts = NodeParts(
            profiles={chain: ChainProfile(f"chain {chain}", chain, chain, 1.0, 1, "ETH") for chain in CHAINS},
            sequencer=self.sequencer,
            prover=self.prover,
            watches=cast(Any, self.chains),
            submitters=cast(Any, self.chains),
            validators=cast(Any, self.validators),
            watchers=cast(Any, self.watchers),
            broker=None,
            started_at=NOW,
        )
        config = NodeConfig(proofs_at_once=self.proofs_at_once, kept_blocks=self.kept_blocks)
        self.node = Node(parts, InlineWorkers(), lambda: self.now, config)

    def round(self, count: int = 1) -> None:
        for _ in range(count):
            self.node.step()
            self.now += 60

    def events(self, *kinds: type[Event]) -> list[Event]:
        return [event for event in self.node.events if isinstance(event, kinds)]

    def rolled_back(self) -> Sequence[int]:
        return [event.to_block for event in self.node.events if isinstance(event, RolledBack)]


def test_prove__restarted__only_what_some_chain_still_needs() -> None:
    setting = Setting(blocks=5)
    for chain, accepted in zip(CHAINS, (5, 4, 3), strict=True):
        setting.chains[chain].counters = (accepted, accepted)
    setting.round(10)
    assert setting.prover.proven == [4, 5]


def test_prove__restarted_while_a_chain_is_away__its_blocks_are_proven_when_it_is_back() -> None:
    setting = Setting(blocks=5)
    for chain in CHAINS:
        setting.chains[chain].counters = (4, 4)
    setting.chains[C].counters = None
    setting.round(10)
    assert setting.prover.proven == [5]
    setting.chains[C].counters = (2, 2)
    setting.round(10)
    assert setting.prover.proven == [5, 3, 4]


def test_prove__several_at_once__each_block_once_and_the_lowest_first() -> None:
    setting = Setting(blocks=5, proofs_at_once=3)
    setting.round(1)
    setting.round(4)
    assert setting.prover.proven == [1, 2, 3, 4, 5]
    assert [e.number for e in setting.node.events if isinstance(e, BlockProven)] == [1, 2, 3, 4, 5]


def test_seal__proofs_are_behind__requests_gather_for_the_next_block() -> None:
    setting = Setting(blocks=0, proofs_at_once=2)
    setting.prover.is_away = True
    for number in range(1, 6):
        setting.sequencer.add(make_request(1, number))
        setting.round(1)
    assert setting.sequencer.height == 3


def test_seal__primary_accepts_nothing__not_farther_ahead_than_validators_seal() -> None:
    setting = Setting(blocks=0, proofs_at_once=20)
    for number in range(1, SEALS_AHEAD + 4):
        setting.sequencer.add(make_request(1, number))
        setting.round(1)
    assert setting.sequencer.height == SEALS_AHEAD
    setting.chains[PRIMARY].counters = (2, 2)
    setting.round(3)
    assert setting.sequencer.height == SEALS_AHEAD + 1


def test_seal__restarted_with_everything_accepted__goes_on_without_proving_again() -> None:
    setting = Setting(blocks=3)
    for chain in CHAINS:
        setting.chains[chain].counters = (3, 3)
    setting.round(4)
    setting.sequencer.add(make_request(1, 4))
    setting.round(2)
    assert (setting.sequencer.height, setting.prover.proven) == (4, [4])


# -- evidence ------------------------------------------------------------------------------------------------------


def test_vouch__each_block_in_order__seal_and_queues_of_members_since_what_is_accepted() -> None:
    setting = Setting(blocks=3)
    setting.chains[PRIMARY].counters = (1, 1)
    setting.round(5)
    assert [proposal.number for proposal in setting.validators.sealed] == [2, 3]
    assert [[(q.chain, q.count) for q in queues] for queues in setting.watchers.vouched] == [[(A, 2)], [(A, 3)]]
    assert [e.number for e in setting.node.events if isinstance(e, BlockVouched)] == [2, 3]
    vouched = setting.chains[PRIMARY].horizons[-1].vouched
    assert {number: found.since for number, found in vouched.items()} == {2: 1, 3: 1}
    for number, found in vouched.items():
        assert found.seal == setting.sequencer.record(number).sync_hash


def test_vouch__groups_are_away__asked_again_and_nothing_else_stops() -> None:
    setting = Setting(blocks=1)
    setting.watchers.silent = True
    setting.round(3)
    assert setting.prover.proven == [1] and not setting.chains[PRIMARY].horizons[-1].vouched
    assert {e.job for e in setting.node.events if isinstance(e, Retried)} == {"vouch"}
    setting.watchers.silent = False
    setting.round(3)
    assert list(setting.chains[PRIMARY].horizons[-1].vouched) == [1]


def test_vouch__restarted_with_many_blocks_accepted__acc_is_signed_again_before_the_next_seal() -> None:
    setting = Setting(blocks=SEALS_AHEAD + 3)
    for chain in CHAINS:
        setting.chains[chain].counters = (SEALS_AHEAD + 2, SEALS_AHEAD + 2)
    setting.round(5)
    assert [proposal.number for proposal in setting.validators.sealed] == [SEALS_AHEAD + 3]
    named = [type(e) for e in setting.node.events if isinstance(e, BlockAcknowledged | BlockVouched)]
    assert named == [BlockAcknowledged, BlockVouched]


def test_acknowledge__what_is_final_on_the_primary__acc_of_both_groups_once() -> None:
    setting = Setting(blocks=3)
    setting.chains[PRIMARY].counters, setting.chains[PRIMARY].final = (3, 3), (2, NOW)
    setting.round(4)
    assert [e.number for e in setting.node.events if isinstance(e, BlockAcknowledged)] == [2]
    assert setting.validators.shown == Path(BlockNumber(0), setting.sequencer.commitments(BlockNumber(0)))
    setting.chains[PRIMARY].final = (3, NOW)
    setting.round(4)
    [first, second] = setting.chains[A].horizons[-1].acknowledged
    assert (first.fact, second.fact) == (setting.sequencer.record(BlockNumber(2)).place, setting.validators.covered)
    assert setting.watchers.covered == second.fact


# -- blocks that are given up --------------------------------------------------------------------------------------


def start_with_an_old_block(**changes: object) -> Setting:
    """Two blocks, the first of them accepted, the second older than the primary takes."""
    setting = Setting(blocks=2)
    for chain in CHAINS:
        setting.chains[chain].counters = (1, 1)
    setting.round(3)
    primary = setting.chains[PRIMARY]
    primary.timestamp = NOW + MAX_AGE_SECONDS + 1
    for name, value in changes.items():
        setattr(primary, name, value)
    setting.round(1)
    return setting


@pytest.mark.parametrize("error", [TOO_OLD, None, LOST], ids=["refused", "nothing_sent", "fate_unknown"])
def test_reseal__a_final_block_shows_that_it_is_too_old__sealed_anew(error: L1Error | None) -> None:
    setting = start_with_an_old_block(error=error)
    assert setting.rolled_back() == [1]
    setting.round(1)
    assert setting.sequencer.block(BlockNumber(2)).timestamp == NOW + MAX_AGE_SECONDS + 1
    assert [proposal.number for proposal in setting.validators.sealed] == [2, 2]


@pytest.mark.parametrize("final", [(1, NOW + MAX_AGE_SECONDS), (2, NOW + MAX_AGE_SECONDS + 1)])
def test_reseal__too_old_by_the_newest_block_alone__or_accepted__stays(final: tuple[int, int]) -> None:
    setting = start_with_an_old_block(final=final)
    setting.round(3)
    assert setting.rolled_back() == []


def test_reseal__a_node_that_lags_says_less__no_block_with_acc_is_given_up() -> None:
    setting = start_with_an_old_block(counters=(0, 0))
    assert setting.rolled_back() == [1]
    assert setting.sequencer.block(BlockNumber(1)).timestamp == NOW


def test_sighting__request_of_an_accepted_block_gone__stops_with_the_journal_as_it_is() -> None:
    setting = Setting(blocks=2)
    setting.chains[PRIMARY].counters = (1, 1)
    setting.round(3)
    setting.chains[A].gone_from = {Lane.SWAP: RequestId(1)}
    with pytest.raises(HistoryDiverged):
        setting.round()
    assert [entry.number for entry in setting.journal.entries()] == [1, 2]


def test_sighting__request_of_a_sealed_block_gone__rolled_back_with_its_evidence() -> None:
    setting = Setting(blocks=2)
    setting.chains[PRIMARY].counters = (1, 1)
    setting.round(3)
    assert list(setting.chains[PRIMARY].horizons[-1].vouched) == [2]
    setting.chains[A].gone_from = {Lane.SWAP: RequestId(2)}
    setting.round(2)
    assert setting.rolled_back() == [1]
    horizon = setting.chains[PRIMARY].horizons[-1]
    assert (horizon.height, dict(horizon.vouched), list(horizon.proofs)) == (1, {}, [1])


def test_sighting__request_of_a_block_of_the_run_before_gone__said_though_it_was_not_sealed_again() -> None:
    setting = Setting(blocks=2)
    setting.chains[A].gone_from = {Lane.SWAP: RequestId(2)}
    setting.round()
    assert setting.rolled_back() == [1]
    assert [entry.number for entry in setting.journal.entries()] == [1]


def test_sighting__first_of_a_chain__says_how_long_its_queues_are() -> None:
    setting = Setting(blocks=2)
    setting.round(3)
    none = {Lane.SWAP: 0, Lane.ACCOUNT: 0}
    found = {event.chain: dict(event.last) for event in setting.node.events if isinstance(event, QueuesRead)}
    assert found == {chain: none | ({Lane.SWAP: 2} if chain == A else {}) for chain in CHAINS}
    assert len(setting.events(QueuesRead)) == len(CHAINS)


# -- a sign of life ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("blocks", [0, 1])
def test_seal__nothing_for_a_day__an_empty_block_that_is_sealed_and_proven_like_any_other(blocks: int) -> None:
    setting = Setting(blocks=blocks)
    for chain in CHAINS:
        setting.chains[chain].counters = (blocks, blocks)
    setting.round(3)
    setting.chains[PRIMARY].timestamp = NOW + setting.node.config.heartbeat_seconds - 1
    setting.round(3)
    assert setting.sequencer.height == blocks
    setting.chains[PRIMARY].timestamp += 1
    setting.round(3)
    assert (setting.sequencer.height, setting.prover.proven) == (blocks + 1, [blocks + 1])
    block = setting.sequencer.block(BlockNumber(blocks + 1))
    assert (block.items, [proposal.number for proposal in setting.validators.sealed]) == ((), [blocks + 1])
    assert setting.watchers.vouched == []  # it serves no member


# -- a full disk ---------------------------------------------------------------------------------------------------


@dataclass
class FullJournal(MemoryJournal):
    """A journal whose disk is full until told otherwise."""

    is_full: bool = True

    def __post_init__(self) -> None:
        super().__init__()

    def append(self, entry: JournalEntry) -> None:
        self._check()
        super().append(entry)

    def cut(self, last: BlockNumber) -> None:
        self._check()
        super().cut(last)

    def _check(self) -> None:
        if self.is_full:
            raise DatabaseFailed("node.db", "database or disk is full")


def start_with_a_full_disk() -> tuple[Setting, FullJournal]:
    setting = Setting(blocks=0)
    setting.journal = journal = FullJournal()
    setting.restart()
    return setting, journal


def test_seal__disk_full__reported_and_sealed_when_there_is_space() -> None:
    setting, journal = start_with_a_full_disk()
    setting.sequencer.add(make_request(1, 1))
    setting.round(2)
    assert setting.sequencer.height == 0
    retries = [event for event in setting.events(Retried) if isinstance(event, Retried)]
    assert [(retry.job, retry.failures) for retry in retries] == [("seal", 1), ("seal", 2)]
    assert "the database node.db failed: database or disk is full" in retries[0].reason
    journal.is_full = False
    setting.round(2)
    assert (setting.sequencer.height, setting.prover.proven) == (1, [1])


def test_sighting__request_gone_and_disk_full__unsealed_when_there_is_space() -> None:
    setting, journal = start_with_a_full_disk()
    journal.is_full = False
    setting.sequencer.add(make_request(1, 1))
    setting.round(2)
    journal.is_full = True
    setting.chains[A].gone_from = {Lane.SWAP: RequestId(1)}
    setting.round()
    setting.chains[A].gone_from = {}  # the watch says it once
    assert (setting.sequencer.height, len(journal.entries())) == (1, 1)
    journal.is_full = False
    setting.round(5)
    assert (setting.sequencer.height, len(journal.entries())) == (0, 0)


# -- signed operations ---------------------------------------------------------------------------------------------


def test_submit__signed_operation__accepted_sealed_and_proven_in_turn_with_the_swaps() -> None:
    setting = Setting(blocks=1)
    setting.round(2)
    ids = [setting.node.submit(transfer()), setting.node.submit(withdraw(nonce=1))]
    setting.sequencer.add(make_request(1, 2))
    setting.round(4)
    sealed = [event for event in setting.events(BlockSealed) if isinstance(event, BlockSealed)]
    assert [event.lane for event in sealed] == [Lane.SWAP, Lane.ACCOUNT, Lane.SWAP]
    assert list(sealed[1].operations) == ids
    assert setting.prover.proven == [1, 2, 3]
    assert [getattr(event, "id", None) for event in setting.events(OperationAccepted)] == ids


def test_submit__cannot_be_sealed__error_and_event_say_why() -> None:
    setting = Setting(blocks=0)
    setting.round()
    with pytest.raises(BalanceTooSmall) as error:
        setting.node.submit(transfer(amount=10**6))
    [refused] = setting.events(OperationRefused)
    assert isinstance(refused, OperationRefused) and refused.reason == str(error.value)
    setting.round()
    assert setting.sequencer.height == 0


def test_submit__impossible_before_it_is_sealed__dropped_with_its_reason() -> None:
    setting = Setting(blocks=0)
    setting.round()
    setting.sequencer.add(make_request(1, 1))
    expiring = transfer(valid_until=NOW + 100)
    id = setting.node.submit(expiring)
    for chain in setting.chains.values():
        chain.timestamp = NOW + 101
    setting.round(3)
    [dropped] = setting.events(OperationDropped)
    assert isinstance(dropped, OperationDropped) and (dropped.id, "valid until" in dropped.reason) == (id, True)


def test_submit__change_of_key__with_the_owners_signature_alone() -> None:
    setting = Setting(blocks=0)
    setting.round()
    with pytest.raises(ConsentMissing):
        setting.node.submit(change_key())
    setting.node.submit(change_key(), consent())
    setting.round()
    assert setting.sequencer.height == 1


def test_submit__orders_that_cross__matched_by_the_next_block() -> None:
    setting = Setting(blocks=0)
    setting.round()
    setting.node.submit(order(ALICE, (X, 100), (Y, 100)))
    setting.round()
    assert setting.sequencer.height == 0
    setting.node.submit(order(BOB, (Y, 100), (X, 100)))
    setting.round()
    assert setting.sequencer.height == 1
    assert setting.node.is_settled() is False


# -- a frozen chain ------------------------------------------------------------------------------------------------


def test_step__a_chain_has_frozen__nothing_new_is_sealed_and_what_is_sealed_goes_on() -> None:
    setting = Setting(blocks=2)
    setting.chains[PRIMARY].counters = (1, 1)
    setting.round(2)
    setting.chains[C].is_frozen = True
    setting.round(2)
    assert setting.node.is_frozen
    [frozen] = setting.events(ChainFrozen)
    assert isinstance(frozen, ChainFrozen) and frozen.chain == C
    setting.sequencer.add(make_request(1, 3))
    setting.round(2)
    setting.chains[PRIMARY].counters = (2, 2)
    setting.round(3)
    assert setting.sequencer.height == 2
    assert setting.validators.covered.number == 2  # members import what the primary has
    assert len(setting.events(ChainFrozen)) == 1


# -- what is kept --------------------------------------------------------------------------------------------------


def test_settle__executed_everywhere_long_ago__only_records_are_kept() -> None:
    setting = Setting(blocks=5, kept_blocks=2)
    for chain in CHAINS:
        setting.chains[chain].counters = (5, 5)
    setting.round(8)
    assert setting.sequencer.settled == 3
    setting.sequencer.add(make_request(1, 6))
    setting.round(2)
    assert (setting.sequencer.height, setting.prover.proven) == (6, [6])

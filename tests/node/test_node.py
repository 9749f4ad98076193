"""The node on chains that only count: what it proves after a restart, and when sealed blocks are given up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from tests.sequencer.conftest import ALICE, BOB, CHAINS, PARAMETERS, PRIMARY, X, Y, build_state, owner_of
from tests.sequencer.operations import change_key, consent, forced_exit, order, transfer, withdraw
from tests.sequencer.requests import make_request
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.receipts import BlockInfo
from zklink.node.events import (
    BlockSealed,
    ChainFrozen,
    Event,
    OperationAccepted,
    OperationDropped,
    OperationRefused,
    Retried,
    RolledBack,
)
from zklink.node.node import Node
from zklink.node.parts import NodeConfig, NodeParts
from zklink.node.ports import Asked, Proved
from zklink.node.watch import Sighting
from zklink.node.workers import InlineWorkers
from zklink.operations.operation_id import OperationId
from zklink.protocol.errors import (
    BalanceTooSmall,
    CallReverted,
    FileNotWritten,
    HistoryDiverged,
    L1Error,
    RpcUnavailable,
)
from zklink.protocol.ids import MAX_AGE_SECONDS, BlockNumber, ChainId, Lane, RequestId
from zklink.sequencer.decision import Commit, Horizon
from zklink.sequencer.journal import JournalEntry, MemoryJournal
from zklink.sequencer.lifecycle import Counters
from zklink.sequencer.operation_intake import ConsentQuestion
from zklink.sequencer.sequencer import Sequencer
from zklink.sequencer.submitter import Advance, Sent
from zklink.transition.block_frame import LaneBlock

A, B, C = CHAINS
NOW = 5_000
LOST = RpcUnavailable("b", "eth_getTransactionReceipt", 1, "connection reset")
TOO_OLD = CallReverted("b", "commit_blocks", "commit: too old")


@dataclass
class CountingChain:
    """A watch and a submitter in one; `counters` None is a chain that does not answer."""

    chain: ChainId
    counters: tuple[int, int, int, int] | None = (0, 0, 0, 0)
    timestamp: int = NOW
    number: int = 1
    gone_from: dict[Lane, RequestId] = field(default_factory=dict)
    error: L1Error | None = None
    is_frozen: bool = False

    def look(self) -> Sighting:
        gone, self.gone_from = self.gone_from, {}
        self.number += 1
        return Sighting(BlockInfo(self.number, bytes(32), bytes(32), self.timestamp), (), gone)

    def advance(self, horizon: Horizon) -> Advance:
        if self.counters is None:
            raise RpcUnavailable("model", "status", 1, "connection refused")
        counters = Counters(*map(BlockNumber, self.counters))
        sent = () if self.error is None else (Sent(Commit((BlockNumber(counters.committed + 1),)), None, self.error),)
        return Advance(self.chain, counters, sent, self.is_frozen)


@dataclass
class RecordingProver:
    proven: list[int] = field(default_factory=list)

    def prove(self, block: LaneBlock) -> Proved:
        self.proven.append(block.header.number)
        return Proved((), 0.0, 0.0)


@dataclass
class CountingRelayer:
    """Counts how often it was asked."""

    rounds: int = 0

    def message_count(self) -> int:
        self.rounds += 1
        return self.rounds

    def deliver(self, destination: ChainId) -> tuple[()]:
        return ()


@dataclass
class FakeConsents:
    """A registry that says yes when told to."""

    recorded: bool = False
    owner: bytes = owner_of(ALICE)

    def is_recorded(self, owner: bytes, operation: Asked) -> bool:
        return self.recorded and owner == self.owner


@dataclass
class Setting:
    """A node that was started again after `blocks` blocks of an earlier run."""

    blocks: int
    max_unproven: int = 2
    kept_blocks: int = 256

    def __post_init__(self) -> None:
        self.journal, self.prover = MemoryJournal(), RecordingProver()
        self.relayer, self.consents = CountingRelayer(), FakeConsents()
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
            relayer=cast(Any, self.relayer),
            broker=None,
            consents=dict.fromkeys(CHAINS, self.consents),
        )
        config = NodeConfig(max_unproven=self.max_unproven, kept_blocks=self.kept_blocks)
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
    for chain, proven in zip(CHAINS, (5, 4, 3), strict=True):
        setting.chains[chain].counters = (5, proven, proven, proven)
    setting.round(10)
    assert setting.prover.proven == [4, 5]


def test_prove__restarted_while_a_chain_is_away__its_blocks_are_proven_when_it_is_back() -> None:
    setting = Setting(blocks=5)
    for chain in CHAINS:
        setting.chains[chain].counters = (5, 4, 4, 4)
    setting.chains[C].counters = None
    setting.round(10)
    assert setting.prover.proven == [5]
    setting.chains[C].counters = (2, 2, 2, 2)
    setting.round(10)
    assert setting.prover.proven == [5, 3, 4]


def test_seal__restarted_with_everything_proven__goes_on_without_proving_again() -> None:
    setting = Setting(blocks=3)
    for chain in CHAINS:
        setting.chains[chain].counters = (3, 3, 3, 3)
    setting.round(4)
    setting.sequencer.add(make_request(1, 4))
    setting.round(2)
    assert (setting.sequencer.height, setting.prover.proven) == (4, [4])


def start_with_an_old_block(change: Callable[[CountingChain], None]) -> Setting:
    """Two blocks, the first of them accepted, the second older than the primary takes."""
    setting = Setting(blocks=2)
    for chain in CHAINS:
        setting.chains[chain].counters = (1, 1, 1, 1)
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
    setting = start_with_an_old_block(lambda primary: setattr(primary, "counters", (0, 0, 0, 0)))
    assert setting.rolled_back() == [1]
    assert len(setting.journal.entries()) >= 1
    assert setting.sequencer.block(BlockNumber(1)).block.header.timestamp == NOW


def test_sighting__request_of_an_accepted_block_gone__stops_with_the_journal_as_it_is() -> None:
    setting = Setting(blocks=2)
    for chain in CHAINS:
        setting.chains[chain].counters = (2, 1, 1, 1)
    setting.round(3)
    setting.chains[A].gone_from = {Lane.SWAP: RequestId(1)}
    with pytest.raises(HistoryDiverged):
        setting.round()
    assert [entry.number for entry in setting.journal.entries()] == [1, 2]


def test_sighting__request_of_a_committed_block_gone__rolled_back() -> None:
    setting = Setting(blocks=2)
    for chain in CHAINS:
        setting.chains[chain].counters = (2, 1, 1, 1)
    setting.round(3)
    setting.chains[A].gone_from = {Lane.SWAP: RequestId(2)}
    setting.round()
    assert setting.rolled_back() == [1]


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
            raise FileNotWritten("journal.jsonl", "No space left on device")


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
    assert "journal.jsonl is not written: No space left on device" in retries[0].reason
    journal.is_full = False
    setting.round(2)
    assert (setting.sequencer.height, setting.prover.proven) == (1, [1])


def test_sighting__request_gone_and_disk_full__stops_so_that_a_restart_asks_again() -> None:
    setting, journal = start_with_a_full_disk()
    journal.is_full = False
    setting.sequencer.add(make_request(1, 1))
    setting.round(2)
    journal.is_full = True
    setting.chains[A].gone_from = {Lane.SWAP: RequestId(1)}
    with pytest.raises(FileNotWritten):
        setting.round()
    assert (setting.sequencer.height, len(journal.entries())) == (1, 1)


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


@pytest.mark.parametrize("recorded", [True, False])
def test_submit__change_of_key_without_a_signature__its_chain_is_asked(recorded: bool) -> None:
    setting = Setting(blocks=0)
    setting.consents.recorded = recorded
    setting.round()
    id = setting.node.submit(change_key())
    setting.round(3)
    assert [type(event) for event in setting.events(OperationAccepted, OperationRefused)] == [
        OperationAccepted if recorded else OperationRefused
    ]
    assert (setting.sequencer.height == 1) is recorded
    if recorded:
        assert setting.sequencer.block(BlockNumber(1)).signed[0].id == id


NEWCOMER = bytes(12) + b"\x01" * 20


def play_forced_exit(setting: Setting, paying: ChainId) -> OperationId:
    """A forced exit of an owner whom the paying chain knows is in block 2; then a reorganisation takes that back."""
    setting.consents.recorded, setting.consents.owner = True, NEWCOMER
    setting.round(2)
    setting.node.submit(transfer(recipient=NEWCOMER))
    setting.round()
    [target] = setting.sequencer.state.accounts_of(NEWCOMER)
    id = setting.node.submit(forced_exit(target, paying, nonce=1))
    setting.round(2)
    setting.node.submit(transfer(nonce=2))
    setting.round()
    assert (setting.sequencer.block_with(id), setting.sequencer.height) == (2, 3)
    for chain in CHAINS:
        setting.chains[chain].counters = (1 if chain == paying else 3, 0, 0, 0)
    setting.consents.recorded = False
    setting.chains[paying].error = CallReverted("x", "commit_blocks", "block: owner not known here")
    return id


@pytest.mark.parametrize("paying", [PRIMARY, C])
@pytest.mark.parametrize("is_restarted", [False, True])
def test_commit__reorganisation_took_an_owners_consent_back__operation_withdrawn_and_the_rest_goes_on(
    paying: ChainId, is_restarted: bool
) -> None:
    setting = Setting(blocks=0, max_unproven=8)
    id = play_forced_exit(setting, paying)
    if is_restarted:
        setting.restart()
    setting.round(4)
    [rolled_back] = setting.rolled_back()
    assert rolled_back == 1
    dropped = [event for event in setting.node.events if isinstance(event, OperationDropped)]
    assert [event.id == id for event in dropped] == [True, False]  # and what its account wanted to do after it
    assert "has not acted on chain" in dropped[0].reason
    assert setting.sequencer.block_with(id) is None and not setting.sequencer.intake.has_waiting
    setting.chains[paying].error = None
    setting.node.submit(transfer(nonce=1))
    setting.round(2)
    assert (setting.sequencer.height, len(setting.rolled_back())) == (2, 1)


def test_commit__refused_but_the_chain_still_has_the_consent__nothing_is_withdrawn() -> None:
    setting = Setting(blocks=0, max_unproven=8)
    id = play_forced_exit(setting, C)
    setting.consents.recorded = True
    setting.round(4)
    assert setting.sequencer.block_with(id) and not setting.events(RolledBack, OperationDropped)


def test_commit__consent_taken_back_of_an_accepted_block__stays_and_the_refusal_is_said() -> None:
    setting = Setting(blocks=0, max_unproven=8)
    id = play_forced_exit(setting, C)
    setting.chains[PRIMARY].counters = (2, 2, 2, 0)
    setting.round(4)
    assert setting.events(Retried)
    [pending] = setting.sequencer.block(BlockNumber(2)).signed
    setting.node._rollback.withdraw(
        ConsentQuestion(id, NEWCOMER, cast(Any, pending.operation))
    )  # an answer that was on its way
    assert setting.sequencer.block_with(id) == 2 and not setting.rolled_back()


def test_commit__recorded_consent_taken_back__change_of_key_withdrawn_and_a_signed_one_stays() -> None:
    for signature, is_withdrawn in ((b"", True), (consent(), False)):
        setting = Setting(blocks=0)
        setting.consents.recorded = True
        setting.round()
        id = setting.node.submit(change_key(), signature)
        setting.round(2)
        setting.consents.recorded = False
        setting.chains[A].error = CallReverted("x", "commit_blocks", "keys: no consent")
        setting.round(4)
        assert (setting.sequencer.block_with(id) is None) is is_withdrawn


def test_submit__change_of_key_with_a_signature__nobody_is_asked() -> None:
    setting = Setting(blocks=0)
    setting.round()
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


def test_step__a_chain_has_frozen__nothing_is_sealed_or_sent_any_more_and_messages_are_relayed() -> None:
    setting = Setting(blocks=1)
    setting.round(2)
    setting.chains[C].is_frozen = True
    setting.round(2)
    assert setting.node.is_frozen
    [frozen] = setting.events(ChainFrozen)
    assert isinstance(frozen, ChainFrozen) and frozen.chain == C
    relayed, height = setting.relayer.rounds, setting.sequencer.height
    setting.sequencer.add(make_request(1, 2))
    setting.round(3)
    assert setting.sequencer.height == height
    assert setting.relayer.rounds == relayed + 3
    assert len(setting.events(ChainFrozen)) == 1


# -- what is kept --------------------------------------------------------------------------------------------------


def test_settle__executed_everywhere_long_ago__only_records_are_kept() -> None:
    setting = Setting(blocks=5, kept_blocks=2)
    for chain in CHAINS:
        setting.chains[chain].counters = (5, 5, 5, 5)
    setting.round(8)
    assert setting.sequencer.settled == 3
    setting.sequencer.add(make_request(1, 6))
    setting.round(2)
    assert (setting.sequencer.height, setting.prover.proven) == (6, [6])

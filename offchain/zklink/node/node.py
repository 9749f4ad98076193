"""The pipeline: one loop that watches, seals, gathers evidence, proves, submits and fills, for blocks of both lanes.

Takes the parts (see `zklink.service.wiring`); gives events. The thread that calls `step` makes every decision; a job
that waits for a chain, a signer or a proof runs on a worker. The node reports a job that fails, and tries it again.
Every part asks its chain first, so a retry never sends anything twice, and a node that restarts with the same journal
goes on from the state of the chains.
"""

import time
from collections.abc import Callable, Mapping, Set
from functools import partial
from typing import Any, Final

from zklink.broker.broker import Broker
from zklink.l1.transport.receipts import BlockInfo
from zklink.node.checkpointing import Checkpointing
from zklink.node.dispatcher import Dispatcher
from zklink.node.events import (
    ChainFrozen,
    ChainMoved,
    Event,
    OperationAccepted,
    OperationDropped,
    OperationRefused,
    QueuesRead,
    RequestConfirmed,
    RolledBack,
)
from zklink.node.filling import Filling
from zklink.node.jobs import ChainJobs
from zklink.node.knowledge import Knowledge
from zklink.node.parts import NodeConfig, NodeParts
from zklink.node.ports import CheckpointStore
from zklink.node.proving import Proving
from zklink.node.reporter import Reporter
from zklink.node.rollback import Rollback
from zklink.node.sealing import describe_block
from zklink.node.vouching import Vouching
from zklink.node.watch import Sighting
from zklink.node.workers import Workers
from zklink.operations.change_pub_key import NO_CONSENT
from zklink.operations.operation_id import OperationId
from zklink.operations.order import Order
from zklink.operations.order_match import OrderMatch
from zklink.operations.requests import lane_of
from zklink.operations.signed import Signed
from zklink.protocol.errors import JournalOutdated, NothingToSeal, ZkLinkError
from zklink.protocol.ids import AccountId, BlockNumber, ChainId, Lane, Nonce
from zklink.sequencer.decision import Accept, AcceptAgain, Action, Import
from zklink.sequencer.horizon import Horizon
from zklink.sequencer.lifecycle import Counters
from zklink.sequencer.sealed_block import SealedBlock
from zklink.sequencer.submitter import Advance
from zklink.signers.validator import SEALS_AHEAD
from zklink.transition.rules import type_of

PURPOSES: Final = {Accept: "accept", AcceptAgain: "accept again", Import: "import"}


class Node:
    """Drives the parts. `step` is one round; `run_until` is a loop of them in real time."""

    def __init__(
        self,
        parts: NodeParts,
        workers: Workers,
        clock: Callable[[], float] = time.time,
        config: NodeConfig | None = None,
    ) -> None:
        self.parts = parts
        self.sequencer = parts.sequencer
        self.config = config or NodeConfig()
        self._reporter = Reporter(clock, self.config.kept_events)
        self._dispatcher = Dispatcher(workers, clock, self.config.backoff, self._reporter.emit)
        self._jobs = ChainJobs(self._dispatcher, parts.profiles, self.config)
        self._known = Knowledge(parts.profiles, self.sequencer.parameters.primary)
        self._filling = None if parts.broker is None else self._fill_for(parts.broker)
        self._rollback = Rollback(self.sequencer, self._known, self._reporter, self._filling, parts.profiles)
        self._sightings: dict[ChainId, list[Sighting]] = {}
        groups = parts.validators, parts.watchers
        self._vouching = Vouching(self.sequencer, self._known, groups, self._dispatcher, self._reporter)
        self._proving = Proving(
            self.sequencer, self._known, parts.prover, self._dispatcher, self._reporter, self.config.max_unproven
        )

        self._checkpointing = None if parts.checkpoints is None else self._keep_in(parts.checkpoints)

    @property
    def events(self) -> list[Event]:
        """Everything that happened, in order."""
        return self._reporter.events

    @property
    def counters(self) -> Mapping[ChainId, Counters]:
        """Every chain's counters, as far as it was asked."""
        return self._known.counters

    @property
    def heads(self) -> Mapping[ChainId, BlockInfo]:
        """Every chain's newest block, as far as it was asked."""
        return self._known.heads

    @property
    def asked(self) -> Set[ChainId]:
        """The chains that have said what they have accepted."""
        return self._known.asked

    @property
    def frozen(self) -> Set[ChainId]:
        """The chains that have frozen."""
        return self._known.frozen

    def count_unproven(self) -> int:
        """Sealed blocks without a proof that some chain needs."""
        return len(self._proving.unproven())

    @property
    def is_frozen(self) -> bool:
        """Whether a chain has frozen: then this node seals nothing more; it goes on with what is sealed."""
        return bool(self._known.frozen)

    @property
    def has_heard_all(self) -> bool:
        """Whether every chain has answered for its counters."""
        return len(self._known.asked) == len(self.parts.profiles)

    @property
    def now(self) -> int:
        """The primary chain's last known time in UNIX seconds; 0 before its first answer."""
        return self._known.now

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Have every further event handed to `listener`, on the thread that calls `step`."""
        self._reporter.listen(listener)

    def submit(self, operation: Signed[Any] | OrderMatch, consent: bytes = NO_CONSENT) -> OperationId:
        """Take a signed operation, a signed order or a match; `consent` is the owner's signature for a change of key.

        Call it on the thread that calls `step`. Raises an OperationError or ProtocolError that says how to mend the
        operation.
        """
        name, now = type_of(operation).__name__, self._reporter.now()
        try:
            id = self.sequencer.submit(operation, self._known.now, consent)
        except ZkLinkError as error:
            self._reporter.emit(OperationRefused(now, name, str(error)))
            raise
        account, nonce = _signer_of(operation)
        self._reporter.emit(OperationAccepted(now, id, name, account, nonce))
        return id

    def step(self) -> None:
        """One round: take results, decide, start jobs.

        Raises HistoryDiverged, DatabaseInUse or RecordBroken; everything else is reported and tried again.
        """
        self._dispatcher.collect()
        for chain in self.parts.profiles:
            self._jobs.start("watch", chain, self.parts.watches[chain].look, self._on_sighting)
        self._dispatcher.collect()
        if not self.is_frozen or self.sequencer.is_replaying:
            while self._seal() and self.sequencer.is_replaying:
                pass
        if not self.is_frozen:
            self._vouching.vouch()
        self._vouching.acknowledge()
        self._proving.start()
        if not self.sequencer.is_replaying:
            self._submit()
        if self._filling is not None:
            self._filling.offer(self.sequencer.blocks(self._filling.offered))
            self._filling.start(may_fill=not self.is_frozen)
        self._dispatcher.collect()

    def run_until(self, is_done: Callable[[], bool], timeout_seconds: float, pause_seconds: float = 0.02) -> bool:
        """Step until `is_done`, or give up after `timeout_seconds`; says whether it is done."""
        end = time.monotonic() + timeout_seconds
        while not is_done():
            if time.monotonic() > end:
                return False
            self.step()
            time.sleep(pause_seconds)
        return True

    def is_settled(self) -> bool:
        """Whether every confirmed request is sealed and every sealed block executed on every chain, and fills are
        repaid.
        """
        height = self.sequencer.height
        if self.sequencer.has_waiting or self.sequencer.is_replaying:
            return False
        is_repaid = self._filling is None or self._filling.is_repaid
        return is_repaid and all(counters.executed == height for counters in self._known.counters.values())

    def close(self) -> None:
        """Wait for running jobs and stop."""
        self._dispatcher.close()

    # -- the parts of a round ------------------------------------------------------------------------------------

    def _seal(self) -> bool:
        """Seal the next block, if there is one and what was sealed before goes on; says whether there was."""
        primary = self._known.heads.get(self._known.primary)
        if primary is None or (self._is_held_up() and not self.sequencer.is_replaying):
            return False
        try:
            sealed = self._dispatcher.attempt("seal", lambda: self._build(primary.timestamp))
        except NothingToSeal:
            return False
        except JournalOutdated as error:
            self._reporter.emit(RolledBack(self._reporter.now(), self.sequencer.height, str(error)))
            return False
        finally:
            for dropped in self.sequencer.take_dropped():
                self._reporter.emit(OperationDropped(self._reporter.now(), dropped.pending.id, str(dropped.reason)))
        if sealed is None:
            return False
        self._reporter.emit(describe_block(sealed, self._reporter.now()))
        return True

    def _build(self, now: int) -> SealedBlock:
        """The next block; an empty one if nothing waits and the primary has heard nothing for long."""
        try:
            return self.sequencer.seal(now)
        except NothingToSeal:
            if not self._is_heartbeat_due(now):
                raise
        return self.sequencer.seal_empty(now)

    def _is_held_up(self) -> bool:
        """Whether proofs are behind, or the primary's acceptances: validators seal only so far above the last ACC."""
        height, known = self.sequencer.height, self._known
        is_ahead = height >= max(known.covered, known.accepted) + SEALS_AHEAD
        return is_ahead or len(self._proving.unproven()) >= self.config.max_unproven

    def _is_heartbeat_due(self, now: int) -> bool:
        height, known = self.sequencer.height, self._known
        if known.primary not in known.asked or known.accepted < height or self.sequencer.is_replaying:
            return False
        last = self.sequencer.record(height).timestamp or self.parts.started_at
        return now - last >= self.config.heartbeat_seconds

    def _submit(self) -> None:
        known, settled = self._known, self.sequencer.settled
        horizon = Horizon(
            primary=known.primary,
            base=self.sequencer.record(settled),
            blocks=tuple(self.sequencer.blocks(settled)),
            proofs=dict(known.proofs),
            vouched=dict(known.vouched),
            acknowledged=tuple(known.acknowledged),
            now=known.now,
            is_replaying=self.sequencer.is_replaying,
        )
        offered = horizon.height, horizon.blocks[-1:], len(known.proofs), len(known.vouched), horizon.acknowledged
        for chain, submitter in self.parts.submitters.items():
            seen = known.heads.get(chain), offered
            self._jobs.start("submit", chain, partial(submitter.advance, horizon), self._on_advance, seen=seen)

    # -- what becomes of jobs; each says whether there was anything to do ----------------------------------------

    def _on_sighting(self, chain: ChainId, sighting: Sighting) -> bool:
        """A watch never gives a sighting twice, so it stays here until it is taken in whole."""
        sightings = self._sightings.setdefault(chain, [])
        sightings.append(sighting)
        has_news = False
        while sightings:
            has_news = self._take_in(chain, sightings[0]) or has_news
            sightings.pop(0)
        return has_news

    def _take_in(self, chain: ChainId, sighting: Sighting) -> bool:
        for lane, request_id in sighting.gone_from.items():
            self._rollback.lose(lane, chain, request_id)
        is_first = chain not in self._known.heads
        self._known.heads[chain] = sighting.head
        for seen in sighting.requests:
            request = seen.request
            if lane_of(request) is Lane.SWAP:
                self._known.request_blocks[request.source, request.request_id] = seen.l1_block
            if self.sequencer.add(request):
                self._reporter.emit(RequestConfirmed(self._reporter.now(), request, seen.l1_block, seen.tx_hash))
        if is_first:
            last = {lane: self.sequencer.requests.last_request_id(lane, chain) for lane in Lane}
            self._reporter.emit(QueuesRead(self._reporter.now(), chain, last))
        return bool(sighting.requests)

    def _on_advance(self, chain: ChainId, advance: Advance) -> bool:
        before = self._known.take_counters(chain, advance.counters)
        if advance.is_closed and chain not in self._known.frozen:
            self._known.frozen.add(chain)
            self._reporter.emit(ChainFrozen(self._reporter.now(), chain, advance.counters.accepted))
        if advance.counters != before:
            self._reporter.emit(ChainMoved(self._reporter.now(), chain, before, advance.counters))
        for sent in advance.sent:
            if sent.receipt is not None:
                self._reporter.emit_mined(chain, _name(sent.action), sent.action.blocks, sent.receipt)
        if advance.final is not None:
            self._known.take_final(advance.final)
            self._rollback.reseal_if_old()
        self._settle()
        for sent in advance.sent:
            if sent.error is not None:
                raise sent.error
        return bool(advance.sent)

    def _settle(self) -> None:
        """Blocks that every chain executed more than `kept_blocks` ago are reduced to their records."""
        if not self.has_heard_all:
            return
        executed = min(counters.executed for counters in self._known.counters.values())
        self.sequencer.settle(BlockNumber(max(executed - self.config.kept_blocks, 0)))
        self._known.forget_up_to(self.sequencer.settled)
        if self._checkpointing is not None and not self.sequencer.is_replaying:
            self._checkpointing.start()

    def _keep_in(self, store: CheckpointStore) -> Checkpointing:
        every = self.config.checkpoint_blocks
        return Checkpointing(self.sequencer, self.parts.watches, store, self._dispatcher, every)

    def _fill_for(self, broker: Broker) -> Filling:
        return Filling(broker, self._known, self._jobs, self._reporter, self.config.fill_retry_seconds)


def _signer_of(operation: Signed[Any] | OrderMatch) -> tuple[AccountId | None, Nonce | None]:
    """The account and the nonce of an operation, or of an order; a match has neither."""
    if isinstance(operation, OrderMatch):
        return None, None
    signed = operation.operation
    return signed.account, signed.order_nonce if isinstance(signed, Order) else signed.nonce


def _name(action: Action) -> str:
    """What a transaction was for."""
    return PURPOSES.get(type(action), "execute")

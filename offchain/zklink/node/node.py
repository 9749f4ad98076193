"""The pipeline: one loop that watches, seals, proves, submits, relays and fills, for the blocks of both lanes.

Takes the parts (see `zklink.service.wiring`); gives events. The thread that calls `step` makes every decision; a job
that waits for a chain or a proof runs on a worker. The node reports a job that fails, and tries it again. Every part
asks its chain first, so a retry never sends anything twice, and a node that restarts with the same journal goes on from
the state of the chains.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeVar

from zklink.broker.broker import Broker
from zklink.node.dispatcher import Dispatcher
from zklink.node.events import (
    BlockProven,
    ChainFrozen,
    ChainMoved,
    Event,
    OperationDropped,
    RequestConfirmed,
    RolledBack,
)
from zklink.node.filling import Filling
from zklink.node.jobs import ChainJobs
from zklink.node.knowledge import Knowledge
from zklink.node.operation_entry import OperationEntry
from zklink.node.parts import NodeConfig, NodeParts
from zklink.node.ports import Proved
from zklink.node.reporter import Reporter
from zklink.node.rollback import Rollback
from zklink.node.sealing import describe_block
from zklink.node.watch import Sighting
from zklink.node.workers import Workers
from zklink.operations.change_pub_key import NO_CONSENT
from zklink.operations.operation_id import OperationId
from zklink.operations.order_match import OrderMatch
from zklink.operations.requests import lane_of
from zklink.operations.signed import Signed
from zklink.protocol.errors import CallReverted, JournalOutdated, NothingToSeal, TransactionReverted
from zklink.protocol.ids import BlockNumber, ChainId, Lane
from zklink.relayer.relayer import Delivered, Relayer
from zklink.sequencer.decision import Action, ApplyMessage, Commit, Horizon, Revert
from zklink.sequencer.lifecycle import Counters
from zklink.sequencer.operation_intake import ConsentQuestion
from zklink.sequencer.sealed_block import SealedBlock
from zklink.sequencer.submitter import Advance

T = TypeVar("T")

REVERTS: Final = (CallReverted, TransactionReverted)
"""The chain has looked at a transaction and refused it."""


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
        self._reporter = Reporter(clock)
        self._dispatcher = Dispatcher(workers, clock, self.config.backoff, self._reporter.emit)
        self._jobs = ChainJobs(self._dispatcher, parts.profiles, self.config)
        self._known = Knowledge(parts.profiles, self.sequencer.parameters.primary)
        self._consents = OperationEntry(self.sequencer, parts.consents, clock, self._reporter.emit)
        self._filling = None if parts.broker is None else self._fill_for(parts.broker)
        self._rollback = Rollback(
            self.sequencer,
            self._known,
            self._reporter,
            self._filling,
            parts.profiles,
            self.config.reseal_margin_seconds,
        )

    @property
    def events(self) -> list[Event]:
        """Everything that happened, in order."""
        return self._reporter.events

    @property
    def counters(self) -> Mapping[ChainId, Counters]:
        """Every chain's counters, as far as it was asked."""
        return self._known.counters

    @property
    def is_frozen(self) -> bool:
        """Whether a chain has frozen: then this node only relays messages about it, and may be closed."""
        return bool(self._known.frozen)

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Have every further event handed to `listener`, on the thread that calls `step`."""
        self._reporter.listen(listener)

    def submit(self, operation: Signed[Any] | OrderMatch, consent: bytes = NO_CONSENT) -> OperationId:
        """Take a signed operation, a signed order or a match; `consent` is the owner's signature for a change of key.

        Call it on the thread that calls `step`. Raises an OperationError or ProtocolError that says how to mend the
        operation. For a change of key without a signature and for a forced exit the node asks their chain first; an
        event says later whether the operation was accepted or refused.
        """
        return self._consents.take(operation, self._known.now, consent)

    def step(self) -> None:
        """One round: take results, decide, start jobs.

        Raises HistoryDiverged, ConflictingAcceptance or FileNotWritten; everything else is reported and tried again.
        """
        self._dispatcher.collect()
        for chain in self.parts.profiles:
            self._jobs.start("watch", chain, self.parts.watches[chain].look, self._on_sighting)
        self._dispatcher.collect()
        if not self.is_frozen:
            self._ask()
            while self._seal() and self.sequencer.is_replaying:
                pass
            self._prove()
            if not self.sequencer.is_replaying:
                self._submit()
            if self._filling is not None:
                self._filling.start()
        if self.parts.relayer is not None:
            self._relay(self.parts.relayer)
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
        """Seal the next block, if there is one and proofs are not far behind; says whether there was."""
        primary = self._known.heads.get(self.sequencer.parameters.primary)
        if primary is None or (len(self._unproven()) >= self.config.max_unproven and not self.sequencer.is_replaying):
            return False
        try:
            sealed = self._dispatcher.attempt("seal", lambda: self.sequencer.seal(primary.timestamp))
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
        if self._filling is not None:
            self._filling.offer(sealed)
        return True

    def _ask(self) -> None:
        """Ask chains for the consents of owners that operations depend on."""
        for chain, question in self._consents.questions().items():

            def answer(_: ChainId, answered: tuple[ConsentQuestion, bool]) -> bool:
                if not self._consents.answer(*answered, self._known.now):
                    self._rollback.withdraw(answered[0])
                return True

            self._jobs.start("consent", chain, question, answer)

    def _prove(self) -> None:
        sealed = next(iter(self._unproven()), None)
        if sealed is not None:
            prover, due = self.parts.prover, sealed
            self._dispatcher.start("prove", lambda: (due, prover.prove(due.block)), self._on_proved, 0.0)

    def _submit(self) -> None:
        settled = self.sequencer.settled
        base = {chain: self.sequencer.stored(chain, settled) for chain in self.parts.profiles}
        blocks = tuple(self.sequencer.blocks(settled))
        primary = self.sequencer.parameters.primary
        committed = {chain: counters.committed for chain, counters in self._known.counters.items()}
        horizon = Horizon(primary, base, blocks, dict(self._known.proofs), committed, self.sequencer.is_replaying)
        offered = horizon.height, blocks[-1:], len(self._known.proofs)
        for chain, submitter in self.parts.submitters.items():
            seen = self._known.heads.get(chain), offered, committed if chain == primary else None
            self._jobs.start("submit", chain, partial(submitter.advance, horizon), self._on_advance, seen=seen)

    def _relay(self, relayer: Relayer) -> None:
        messages = relayer.message_count()
        for chain in self.parts.profiles:
            seen = self._known.heads.get(chain), messages
            self._jobs.start("relay", chain, partial(relayer.deliver, chain), self._on_delivered, seen=seen)

    # -- what becomes of jobs; each says whether there was anything to do ----------------------------------------

    def _on_sighting(self, chain: ChainId, sighting: Sighting) -> bool:
        for lane, request_id in sighting.gone_from.items():
            self._rollback.lose(lane, chain, request_id)
        self._known.heads[chain] = sighting.head
        for event in sighting.requests:
            request, log = event.request, event.log
            if lane_of(request) is Lane.SWAP:
                self._known.request_blocks[request.source, request.request_id] = log.block_number
            if self.sequencer.add(request):
                self._reporter.emit(RequestConfirmed(self._reporter.now(), request, log.block_number, log.tx_hash))
        return bool(sighting.requests)

    def _on_proved(self, result: tuple[SealedBlock, Proved]) -> bool:
        sealed, proved = result
        number = sealed.number
        if number <= self.sequencer.height and self.sequencer.block(number) is sealed:  # else it was rolled back
            self._known.proofs[number] = proved.proof
            self._reporter.emit(BlockProven(self._reporter.now(), number, proved.witness_seconds, proved.proof_seconds))
        return True

    def _on_advance(self, chain: ChainId, advance: Advance) -> bool:
        before = self._known.take_counters(chain, advance.counters)
        if advance.is_frozen and chain not in self._known.frozen:
            self._known.frozen.add(chain)
            self._reporter.emit(ChainFrozen(self._reporter.now(), chain, advance.counters.accepted))
        if advance.counters != before:
            self._reporter.emit(ChainMoved(self._reporter.now(), chain, before, advance.counters))
        for sent in advance.sent:
            if sent.receipt is not None:
                purpose, blocks = _describe(sent.action)
                source = sent.action.source if isinstance(sent.action, ApplyMessage) else None
                self._reporter.emit_mined(chain, purpose, blocks, sent.receipt, source)
        is_unchanged = all(isinstance(sent.error, REVERTS) for sent in advance.sent)
        if chain == self.sequencer.parameters.primary and is_unchanged and not advance.is_frozen:
            self._rollback.reseal_if_old(advance.counters.committed)
        self._settle()
        if any(isinstance(sent.action, Commit) and isinstance(sent.error, REVERTS) for sent in advance.sent):
            refused = self.sequencer.blocks(advance.counters.committed)
            self._consents.doubt(chain, (pending for block in refused for pending in block.signed))
        for sent in advance.sent:
            if sent.error is not None:
                raise sent.error
        return bool(advance.sent)

    def _on_delivered(self, chain: ChainId, delivered: tuple[Delivered, ...]) -> bool:
        for delivery in delivered:
            message = delivery.message
            self._reporter.emit_mined(chain, "message", (message.number,), delivery.receipt, message.source_chain)
        return bool(delivered)

    def _unproven(self) -> list[SealedBlock]:
        """Sealed blocks without a proof that some chain still needs, so that a restart does not prove all of history
        again. A chain that has not answered yet needs none.
        """
        done = min((self._known.counters[chain].proven for chain in self._known.asked), default=self.sequencer.height)
        return [block for block in self.sequencer.blocks(done) if block.number not in self._known.proofs]

    def _settle(self) -> None:
        """Blocks that every chain executed more than `kept_blocks` ago are reduced to their records."""
        if len(self._known.asked) < len(self.parts.profiles):
            return
        executed = min(counters.executed for counters in self._known.counters.values())
        self.sequencer.settle(BlockNumber(max(executed - self.config.kept_blocks, 0)))
        for number in [number for number in self._known.proofs if number <= self.sequencer.settled]:
            del self._known.proofs[number]

    def _fill_for(self, broker: Broker) -> Filling:
        return Filling(broker, self._known, self._jobs, self._reporter, self.config.fill_retry_seconds)


def _describe(action: Action) -> tuple[str, tuple[BlockNumber, ...]]:
    """An action's name and the blocks it is about."""
    match action:
        case Revert(to_block):
            return "revert", (to_block,)
        case ApplyMessage(_, number):
            return "apply", (number,)
        case _:
            return type(action).__name__.lower(), action.blocks

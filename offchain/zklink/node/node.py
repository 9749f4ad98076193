"""The pipeline: one loop that watches, seals, proves, submits, relays and fills, for the blocks of both lanes.

Takes the parts (see `wiring`); gives events. All decisions are made by the thread that calls `step`; whatever
waits for a chain or a proof runs on a lane. A job that fails is reported and tried again; since every part asks
its chain first, no retry sends anything twice, and a node that is killed and started again with the same journal
goes on where the chains are.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar

from zklink.broker.broker import Attempt, Broker, Candidate, FillOutcome
from zklink.l1.transport.receipts import BlockInfo, Receipt
from zklink.node.consents import Consents
from zklink.node.dispatcher import Dispatcher
from zklink.node.events import (
    BlockProven,
    BrokerRepaid,
    ChainFrozen,
    ChainMoved,
    Event,
    FillDeclined,
    FillTried,
    OperationDropped,
    PayoutKey,
    RequestConfirmed,
    RequestKey,
    RolledBack,
    TransactionMined,
)
from zklink.node.parts import NodeConfig, NodeParts
from zklink.node.ports import Proved
from zklink.node.sealing import describe_block, list_candidates
from zklink.node.watch import Sighting
from zklink.node.workers import Workers
from zklink.operations.change_pub_key import NO_CONSENT
from zklink.operations.operation_id import OperationId
from zklink.operations.order_match import OrderMatch
from zklink.operations.requests import lane_of
from zklink.operations.signed import Signed
from zklink.protocol.errors import CallReverted, HistoryDiverged, JournalOutdated, NothingToSeal, TransactionReverted
from zklink.protocol.ids import MAX_AGE_SECONDS, BlockNumber, ChainId, Lane, RequestId
from zklink.relayer.relayer import Delivered, Relayer
from zklink.sequencer.decision import Action, ApplyMessage, Commit, Horizon, Revert
from zklink.sequencer.lifecycle import GENESIS_COUNTERS, Counters
from zklink.sequencer.operation_intake import ConsentQuestion
from zklink.sequencer.sealed_block import SealedBlock
from zklink.sequencer.submitter import Advance

T = TypeVar("T")

REVERTS: Final = (CallReverted, TransactionReverted)
"""The chain has looked at a transaction and refused it."""


class Node:
    """Drives the parts. `step` is one round; `run_until` is a loop of them in real time."""

    def __init__(
        self, parts: NodeParts, lanes: Workers, clock: Callable[[], float] = time.time, config: NodeConfig | None = None
    ) -> None:
        self.parts = parts
        self.sequencer = parts.sequencer
        self.config = config or NodeConfig()
        self.progress: dict[ChainId, Counters] = dict.fromkeys(parts.profiles, GENESIS_COUNTERS)
        self.events: list[Event] = []
        self._listeners: list[Callable[[Event], None]] = [self.events.append]
        self._clock = clock
        self._dispatcher = Dispatcher(lanes, clock, self.config.backoff, self._emit)
        self._proofs: dict[BlockNumber, tuple[int, ...]] = {}
        self._accepted = BlockNumber(0)
        self._asked: set[ChainId] = set()
        self._heads: dict[ChainId, BlockInfo] = {}
        self._l1_blocks: dict[RequestKey, int] = {}
        self._frozen: set[ChainId] = set()
        self._consents = Consents(self.sequencer, parts.consents, clock, self._emit)

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Have every further event handed to `listener`, on the thread that calls `step`."""
        self._listeners.append(listener)

    @property
    def is_frozen(self) -> bool:
        """Whether a chain has frozen: then this node only relays what chains say of it, and may be closed."""
        return bool(self._frozen)

    def submit(self, operation: Signed[Any] | OrderMatch, consent: bytes = NO_CONSENT) -> OperationId:
        """Take a signed operation, a signed order or a match; `consent` is the owner's signature for a change of key.

        On the thread that calls `step`. Raises an OperationError or ProtocolError that says what would be right. A
        change of key without a signature and a forced exit are accepted or refused later, when their chain was asked;
        an event says which.
        """
        return self._consents.take(operation, self._now(), consent)

    def step(self) -> None:
        """One round: take results, decide, start jobs.

        Raises HistoryDiverged or ConflictingAcceptance; everything else is reported and tried again.
        """
        self._dispatcher.collect()
        for chain in self.parts.profiles:
            self._start("watch", chain, self.parts.watches[chain].look, self._on_sighting)
        self._dispatcher.collect()
        if not self.is_frozen:
            self._ask()
            while self._seal() and self.sequencer.is_replaying:
                pass
            self._prove()
            if not self.sequencer.is_replaying:
                self._submit()
            if self.parts.broker is not None:
                self._fill(self.parts.broker)
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
        broker = self.parts.broker
        is_repaid = broker is None or all(position.is_repaid for position in broker.positions)
        return is_repaid and all(progress.executed == height for progress in self.progress.values())

    def close(self) -> None:
        """Wait for running jobs and stop."""
        self._dispatcher.close()

    # -- the parts of a round ------------------------------------------------------------------------------------

    def _seal(self) -> bool:
        """Seal the next block, if there is one and proofs are not far behind; says whether there was."""
        primary = self._heads.get(self.sequencer.parameters.primary)
        if primary is None or (len(self._unproven()) >= self.config.max_unproven and not self.sequencer.is_replaying):
            return False
        try:
            sealed = self.sequencer.seal(primary.timestamp)
        except NothingToSeal:
            return False
        except JournalOutdated as error:
            self._emit(RolledBack(self._clock(), self.sequencer.height, str(error)))
            return False
        finally:
            for dropped in self.sequencer.take_dropped():
                self._emit(OperationDropped(self._clock(), dropped.pending.id, str(dropped.reason)))
        self._emit(describe_block(sealed, self._clock()))
        if self.parts.broker is not None:
            for candidate, verdict in self.parts.broker.offer(list_candidates(sealed, self._l1_blocks)).items():
                self._emit(FillDeclined(self._clock(), _key(candidate), verdict))
        return True

    def _ask(self) -> None:
        """What chains have of the owners that operations depend on."""
        for chain, question in self._consents.questions().items():

            def answer(_: ChainId, answered: tuple[ConsentQuestion, bool]) -> bool:
                if not self._consents.answer(*answered, self._now()):
                    self._withdraw(answered[0])
                return True

            self._start("consent", chain, question, answer)

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
        committed = {chain: progress.committed for chain, progress in self.progress.items()}
        horizon = Horizon(primary, base, blocks, dict(self._proofs), committed, self.sequencer.is_replaying)
        offered = horizon.height, blocks[-1:], len(self._proofs)
        for chain, submitter in self.parts.submitters.items():
            seen = self._heads.get(chain), offered, committed if chain == primary else None
            self._start("submit", chain, partial(submitter.advance, horizon), self._on_advance, seen=seen)

    def _relay(self, relayer: Relayer) -> None:
        messages = relayer.message_count()
        for chain in self.parts.profiles:
            seen = self._heads.get(chain), messages
            self._start("relay", chain, partial(relayer.deliver, chain), self._on_delivered, seen=seen)

    def _fill(self, broker: Broker) -> None:
        heights = {chain: head.number for chain, head in self._heads.items()}
        accepted = self.progress[self.sequencer.parameters.primary].accepted
        for chain in self.parts.profiles:
            candidate = broker.select(chain, heights, accepted)
            executed = self.progress[chain].executed
            positions = [p for p in broker.open_positions(chain) if p.candidate.block <= executed]
            if candidate is not None:
                self._start(
                    "fill",
                    chain,
                    partial(broker.attempt, candidate),
                    self._on_attempt,
                    self.config.fill_retry_seconds,
                )
            if positions:
                self._start("repay", chain, partial(broker.find_repaid, chain, positions), self._on_repaid)

    # -- what becomes of jobs; each says whether there was anything to do ----------------------------------------

    def _on_sighting(self, chain: ChainId, sighting: Sighting) -> bool:
        for lane, request_id in sighting.gone_from.items():
            self._lose(lane, chain, request_id)
        self._heads[chain] = sighting.head
        for event in sighting.requests:
            request, log = event.request, event.log
            if lane_of(request) is Lane.SWAP:
                self._l1_blocks[request.source, request.request_id] = log.block_number
            if self.sequencer.add(request):
                self._emit(RequestConfirmed(self._clock(), request, log.block_number, log.tx_hash))
        return bool(sighting.requests)

    def _on_proved(self, result: tuple[SealedBlock, Proved]) -> bool:
        sealed, proved = result
        number = sealed.number
        if number <= self.sequencer.height and self.sequencer.block(number) is sealed:  # else it was rolled back
            self._proofs[number] = proved.proof
            self._emit(BlockProven(self._clock(), number, proved.witness_seconds, proved.proof_seconds))
        return True

    def _on_advance(self, chain: ChainId, advance: Advance) -> bool:
        before, self.progress[chain] = self.progress[chain], advance.progress
        self._accepted = max(self._accepted, advance.progress.accepted)
        self._asked.add(chain)
        if advance.is_frozen and chain not in self._frozen:
            self._frozen.add(chain)
            self._emit(ChainFrozen(self._clock(), chain, advance.progress.accepted))
        if advance.progress != before:
            self._emit(ChainMoved(self._clock(), chain, before, advance.progress))
        for sent in advance.sent:
            if sent.receipt is not None:
                purpose, blocks = _describe(sent.action)
                source = sent.action.source if isinstance(sent.action, ApplyMessage) else None
                self._mined(chain, purpose, blocks, sent.receipt, source)
        is_unchanged = all(isinstance(sent.error, REVERTS) for sent in advance.sent)
        if chain == self.sequencer.parameters.primary and is_unchanged and not advance.is_frozen:
            self._reseal_if_old(advance.progress.committed)
        self._settle()
        if any(isinstance(sent.action, Commit) and isinstance(sent.error, REVERTS) for sent in advance.sent):
            refused = self.sequencer.blocks(advance.progress.committed)
            self._consents.doubt(chain, (pending for block in refused for pending in block.signed))
        for sent in advance.sent:
            if sent.error is not None:
                raise sent.error
        return bool(advance.sent)

    def _on_delivered(self, chain: ChainId, delivered: tuple[Delivered, ...]) -> bool:
        for delivery in delivered:
            message = delivery.message
            self._mined(chain, "message", (message.number,), delivery.receipt, message.source_chain)
        return bool(delivered)

    def _on_attempt(self, chain: ChainId, attempt: Attempt) -> bool:
        assert self.parts.broker is not None
        self.parts.broker.record(attempt)
        self._emit(FillTried(self._clock(), _key(attempt.candidate), chain, attempt.outcome, attempt.reason))
        if attempt.receipt is not None:
            self._mined(chain, "fill", (attempt.candidate.block,), attempt.receipt)
        return attempt.outcome is not FillOutcome.NO_INVENTORY

    def _on_repaid(self, chain: ChainId, keys: tuple[bytes, ...]) -> bool:
        assert self.parts.broker is not None
        positions = {position.key: position for position in self.parts.broker.positions}
        self.parts.broker.settle(keys)
        for key in keys:
            self._emit(BrokerRepaid(self._clock(), _key(positions[key].candidate), chain))
        return bool(keys)

    def _unproven(self) -> list[SealedBlock]:
        """Sealed blocks without a proof that some chain still needs: after a restart not all of history. A chain that
        has not answered yet needs nothing.
        """
        done = min((self.progress[chain].proven for chain in self._asked), default=self.sequencer.height)
        return [block for block in self.sequencer.blocks(done) if block.number not in self._proofs]

    # -- inside --------------------------------------------------------------------------------------------------

    def _reseal_if_old(self, committed: BlockNumber) -> None:
        """A block that the primary would soon refuse as too old is sealed anew, with a timestamp of now; never one that
        any chain was seen to have accepted, whatever a node that lags says of the primary.
        """
        committed = max(committed, self._accepted)
        if committed >= self.sequencer.height or self.sequencer.is_replaying:
            return
        head = self._heads[self.sequencer.parameters.primary]
        oldest = self.sequencer.block(BlockNumber(committed + 1)).block.header.timestamp
        if head.timestamp - oldest > MAX_AGE_SECONDS - self.config.reseal_margin_seconds:
            self._forget(
                self.sequencer.roll_back(committed), f"block {committed + 1} waited too long for the primary chain"
            )

    def _settle(self) -> None:
        """Of blocks that every chain executed long ago only their records are kept."""
        if len(self._asked) < len(self.parts.profiles):
            return
        executed = min(progress.executed for progress in self.progress.values())
        self.sequencer.settle(BlockNumber(max(executed - self.config.kept_blocks, 0)))
        for number in [number for number in self._proofs if number <= self.sequencer.settled]:
            del self._proofs[number]

    def _lose(self, lane: Lane, chain: ChainId, request_id: RequestId) -> None:
        stays = self.sequencer.last_before(lane, chain, request_id)
        if stays < self._accepted:  # nothing can undo it: stop with the journal as it is
            raise HistoryDiverged(chain, BlockNumber(stays + 1))
        dropped = self.sequencer.drop_from(lane, chain, request_id)
        self._forget(dropped, f"{self._name(chain)} no longer has request {request_id} as it was")

    def _withdraw(self, question: ConsentQuestion) -> None:
        """A reorganisation removed the owner's consent. Drop the operation and reseal, unless its block is already
        accepted: then it stays, and the chain keeps refusing the block with its reason.
        """
        number = self.sequencer.block_with(question.id)
        if number is not None and number <= self._accepted:
            return
        unsealed = self.sequencer.withdraw(question.id)
        name = self._name(question.operation.operation.chain)
        self._forget(unsealed, f"{name} no longer has an owner's consent for an operation of block {number}")

    def _now(self) -> int:
        """The primary chain's time, as far as it is known."""
        head = self._heads.get(self.sequencer.parameters.primary)
        return 0 if head is None else head.timestamp

    def _forget(self, dropped: tuple[SealedBlock, ...], reason: str) -> None:
        if not dropped:
            return
        height = self.sequencer.height
        for block in dropped:
            self._proofs.pop(block.number, None)
        if self.parts.broker is not None:
            self.parts.broker.retract(height)
        self._emit(RolledBack(self._clock(), height, reason))

    def _start(
        self,
        kind: str,
        chain: ChainId,
        job: Callable[[], T],
        done: Callable[[ChainId, T], bool],
        idle_seconds: float | None = None,
        seen: object = None,
    ) -> None:
        profile = self.parts.profiles[chain]
        pause = min(profile.block_time_seconds * self.config.idle_share, self.config.longest_idle_seconds)
        idle = pause if idle_seconds is None else idle_seconds
        self._dispatcher.start(f"{kind} {profile.name}", job, lambda result: done(chain, result), idle, seen)

    def _mined(
        self,
        chain: ChainId,
        purpose: str,
        blocks: tuple[BlockNumber, ...],
        receipt: Receipt,
        source: ChainId | None = None,
    ) -> None:
        gas, price = receipt.gas_used, receipt.gas_price_wei
        self._emit(TransactionMined(self._clock(), chain, purpose, blocks, receipt.tx_hash, gas, price, source))

    def _name(self, chain: ChainId) -> str:
        return self.parts.profiles[chain].name

    def _emit(self, event: Event) -> None:
        for listener in self._listeners:
            listener(event)


def _key(candidate: Candidate) -> PayoutKey:
    return candidate.payout.source, candidate.payout.id


def _describe(action: Action) -> tuple[str, tuple[BlockNumber, ...]]:
    """An action's name and the blocks it is about."""
    match action:
        case Revert(to_block):
            return "revert", (to_block,)
        case ApplyMessage(_, number):
            return "apply", (number,)
        case _:
            return type(action).__name__.lower(), action.blocks

"""A broker without a node: it believes nobody but the chains, and fills what the primary has accepted.

Takes the chains; gives fills and events. A payout is filled only if the primary's calldata has it, in a block whose
commitment the primary's own view binds and whose proof the primary has verified, and only if the source chain's own
queue has a request, with its confirmations, that asks for just this payment. So neither an operator, nor signers, nor a
wrong proof can make it pay what is not asked for. It drives the same `Broker` that a node drives.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from zklink.broker.broker import Broker
from zklink.broker.policy import Verdict
from zklink.broker.records import Candidate
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.node.dispatcher import Dispatcher
from zklink.node.events import ChainMoved, Event
from zklink.node.filling import Filling
from zklink.node.jobs import ChainJobs
from zklink.node.knowledge import Knowledge
from zklink.node.parts import NodeConfig
from zklink.node.reporter import Reporter
from zklink.node.standing import Standing
from zklink.node.watch import Sighting, Watch
from zklink.node.workers import Workers
from zklink.operations.payout import Payout
from zklink.operations.requests import RequestKey
from zklink.operations.swap import SwapRequest
from zklink.protocol.bridge_hashes import Tip
from zklink.protocol.ids import BlockNumber, ChainId, Kind, Lane, RequestId
from zklink.protocol.words import PAYOUT_WORDS
from zklink.recovery.accepted_block import AcceptedBlock
from zklink.recovery.accepted_history import AcceptedHistory
from zklink.sequencer.lifecycle import Counters
from zklink.sequencer.submitter import FinalView

NOWHERE = BlockNumber(0), b""


@dataclass(frozen=True, slots=True)
class OutsideChain:
    """One chain as this broker sees it: its requests, and what its bridge says."""

    profile: ChainProfile
    watch: Watch
    standing: Standing


class OutsideBroker:
    """Drives one broker. `step` is one round; only the thread that calls it may use the broker. `read_history` gives
    the primary's, from its calldata.
    """

    def __init__(
        self,
        broker: Broker,
        primary: ChainId,
        read_history: Callable[[], AcceptedHistory],
        chains: Mapping[ChainId, OutsideChain],
        workers: Workers,
        clock: Callable[[], float],
        config: NodeConfig,
    ) -> None:
        self.broker, self._read_history, self._chains = broker, read_history, chains
        profiles = {chain: each.profile for chain, each in chains.items()}
        self.known = Knowledge(profiles, primary)
        self._reporter = Reporter(clock, config.kept_events or 10_000)
        self._dispatcher = Dispatcher(workers, clock, config.backoff, self._reporter.emit)
        self._jobs = ChainJobs(self._dispatcher, profiles, config)
        self._filling = Filling(broker, self.known, self._jobs, self._reporter, config.fill_retry_seconds)
        self._requests: dict[RequestKey, SwapRequest] = {}
        self._unmatched: dict[RequestKey, tuple[Payout, BlockNumber]] = {}
        """Payouts of blocks that were offered, whose requests have no confirmations here yet."""
        self._history: AcceptedHistory | None = None
        self._last = NOWHERE
        """Number and sync hash of the last block whose payouts were offered."""

    @property
    def events(self) -> list[Event]:
        """What happened lately, in order."""
        return self._reporter.events

    @property
    def offered(self) -> BlockNumber:
        """The last block whose payouts were offered."""
        return self._filling.offered

    @property
    def has_heard_all(self) -> bool:
        """Whether every chain has answered, and the primary's history was read."""
        return self._history is not None and len(self.known.asked) == len(self._chains)

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Have every further event handed to `listener`, on the thread that calls `step`."""
        self._reporter.listen(listener)

    def step(self) -> None:
        """One round: take results, decide, start jobs. Raises DatabaseInUse and RecordBroken."""
        self._dispatcher.collect()
        for chain, each in self._chains.items():
            self._jobs.start("watch", chain, each.watch.look, self._on_sighting)
            self._jobs.start("tip", chain, partial(self._ask_tip, chain), self._on_tip)
        self._jobs.start("read", self.known.primary, self._read_history, self._on_history)
        self._dispatcher.collect()
        if self.has_heard_all:
            self._offer()
            self._filling.start()
        self._dispatcher.collect()

    def close(self) -> None:
        """Wait for running jobs and stop."""
        self._dispatcher.close()

    # -- what is asked -----------------------------------------------------------------------------------------------

    def _ask_tip(self, chain: ChainId) -> tuple[Tip, FinalView | None]:
        standing = self._chains[chain].standing
        return standing.tip(), standing.final() if chain == self.known.primary else None

    def _on_tip(self, chain: ChainId, answer: tuple[Tip, FinalView | None]) -> bool:
        tip, final = answer
        executed = min(tip.number, self.known.counters[chain].executed) if tip.unpaid else tip.number
        counters = Counters(tip.number, executed)
        before = self.known.take_counters(chain, counters)
        if counters != before:
            self._reporter.emit(ChainMoved(self._reporter.now(), chain, before, counters))
            self._unmatched = {
                key: (payout, number)
                for key, (payout, number) in self._unmatched.items()
                if payout.chain != chain or number > executed
            }
        if final is not None:
            self.known.take_final(final)
        return False

    def _on_sighting(self, chain: ChainId, sighting: Sighting) -> bool:
        first = sighting.gone_from.get(Lane.SWAP)
        if first is not None:  # what it would have paid for may be gone: everything is judged anew
            gone = [key for key in self._requests if key[0] == chain and key[1] >= first]
            for key in gone:
                del self._requests[key], self.known.request_blocks[key]
            self._judge_anew()
        self.known.heads[chain] = sighting.head
        for seen in sighting.requests:
            if isinstance(seen.request, SwapRequest):
                key = seen.request.source, seen.request.request_id
                self._requests[key] = seen.request
                self.known.request_blocks[key] = seen.l1_block
        return bool(sighting.requests)

    def _on_history(self, chain: ChainId, history: AcceptedHistory) -> bool:
        self._history = history
        return False

    # -- what is offered ---------------------------------------------------------------------------------------------

    def _judge_anew(self) -> None:
        self._filling.retract(BlockNumber(0))
        self._unmatched.clear()
        self._last = NOWHERE

    def _offer(self) -> None:
        history = self._history
        assert history is not None
        if self._last is not NOWHERE and not history.has(*self._last):
            self._judge_anew()
        for block in history.line[self._filling.offered :]:
            self._offer_block(block)
            self._last = block.number, block.sync_hash
        for key in [key for key in self._unmatched if key in self._requests]:
            payout, number = self._unmatched.pop(key)
            self._filling.offer_late(self._judge([payout], number))

    def _offer_block(self, block: AcceptedBlock) -> None:
        """Offer what chains will pay for a block; what asks for it may be confirmed here later."""
        payouts = [
            payout
            for chain, counters in self.known.counters.items()
            if counters.accepted < block.number
            for payout in read_payouts(block, chain)
        ]
        for payout in payouts:
            key = payout.source, RequestId(payout.id)
            if payout.kind == Kind.SWAP_PAID and key not in self._requests:
                self._unmatched[key] = payout, block.number
        ready = [payout for payout in payouts if (payout.source, payout.id) not in self._unmatched]
        self._filling.offer_payouts(block.number, self._judge(ready, block.number))

    def _judge(self, payouts: Iterable[Payout], number: BlockNumber) -> list[Candidate]:
        """Payouts as candidates, but for those that nobody has asked for."""
        candidates = []
        for payout in payouts:
            key = payout.source, RequestId(payout.id)
            if payout.kind != Kind.SWAP_PAID:  # refunds are declined, withdrawals wait for final acceptance
                candidates.append(Candidate(payout, number, None, 0))
            elif answers(payout, self._requests[key]):
                l1_block, expires = self.known.request_blocks[key], self._requests[key].deadline
                candidates.append(Candidate(payout, number, l1_block, expires))
            else:
                self._filling.decline(payout, Verdict.NOT_ASKED_FOR)
        return candidates


def read_payouts(block: AcceptedBlock, chain: ChainId) -> Iterator[Payout]:
    """What a chain pays for a block."""
    words = block.payouts(chain)
    for start in range(0, len(words), PAYOUT_WORDS):
        yield Payout.from_words(words[start : start + PAYOUT_WORDS])


def answers(payout: Payout, request: SwapRequest) -> bool:
    """Whether a payment is what a swap asks for: to whom, where, in which token, no less, and with this fee."""
    asked = Payout.paid(request, payout.amount, payout.between)
    return payout == asked and payout.amount >= request.min_out

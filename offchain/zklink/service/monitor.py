"""Watches a node from its own thread: takes its events and what it knows, gives each part's health and the metrics."""

from collections.abc import Callable, Iterable
from typing import Final

from zklink.node.events import (
    BlockProven,
    BlockSealed,
    BrokerRepaid,
    Event,
    FillDeclined,
    FillLost,
    FillMissed,
    FillTried,
    OperationAccepted,
    OperationDropped,
    OperationRefused,
    RequestConfirmed,
    Retried,
    RolledBack,
    TransactionMined,
)
from zklink.node.node import Node
from zklink.protocol.ids import ChainId, Lane
from zklink.service.health import WELL, Condition, Health, HealthBoard
from zklink.service.metrics import Metrics

GRACE_SECONDS: Final = 10.0
"""A job that failed counts as mended this long after the pause that followed its last failure."""

JOBS: Final = ("watch", "submit", "fill", "repay", "clear", "prove", "seal", "vouch", "acknowledge", "checkpoint")
OTHER: Final = "other"


class Monitor:
    """Health and metrics of one node. Everything but `board` and `metrics` is for the thread that drives the node."""

    def __init__(self, node: Node, clock: Callable[[], float], board: HealthBoard, metrics: Metrics) -> None:
        self._node, self._clock, self._board, self._metrics = node, clock, board, metrics
        self._names = {chain: profile.name for chain, profile in node.parts.profiles.items()}
        self._failing: dict[tuple[str, str], tuple[float, str]] = {}
        """By job and chain: until when a failure counts, and its reason."""
        board.note_all({part: Health(Condition.NOT_READY, "not asked yet") for part in self.parts})

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of which this tells."""
        return ("sequencer", "prover", "signers", "broker", *(f"chain {name}" for name in self._names.values()))

    def take(self, event: Event) -> None:
        """Count an event: for `Node.listen`."""
        metrics, names = self._metrics, self._names
        match event:
            case RequestConfirmed():
                metrics.requests.labels(names[event.request.source], event.lane.name.lower()).inc()
            case OperationAccepted():
                metrics.operations.labels("accepted").inc()
            case OperationRefused():
                metrics.operations.labels("refused").inc()
            case OperationDropped():
                metrics.operations.labels("dropped").inc()
            case BlockSealed():
                metrics.sealed.labels(Lane(event.lane).name.lower()).inc()
            case BlockProven():
                metrics.prove_seconds.observe(event.witness_seconds + event.proof_seconds)
            case TransactionMined():
                metrics.transactions.labels(names[event.chain], event.purpose).inc()
                metrics.gas_wei.labels(names[event.chain]).inc(event.gas_used * event.gas_price_wei)
            case FillTried():
                metrics.fills.labels(names[event.chain], event.outcome.name.lower()).inc()
            case FillMissed():
                metrics.fills_missed.labels(names[event.chain], event.reason).inc()
            case FillDeclined():
                metrics.fills_declined.labels(event.verdict.name.lower()).inc()
            case FillLost():
                metrics.fills_lost.labels(names[event.chain]).inc()
            case BrokerRepaid():
                metrics.repaid.labels(names[event.chain]).inc()
            case RolledBack():
                metrics.rolled_back.inc()
            case Retried():
                self._take_failure(event)
            case _:
                pass

    def look(self) -> None:
        """After a step of the node: the gauges, and each part's health."""
        node, metrics, now = self._node, self._metrics, self._clock()
        sequencer = node.sequencer
        metrics.height.set(sequencer.height)
        metrics.waiting.set(len(sequencer.intake.queue))
        metrics.orders.set(len(sequencer.intake.book))
        metrics.unproven.set(node.count_unproven())
        metrics.frozen.set(len(node.frozen))
        accepted = node.counters[sequencer.parameters.primary].accepted
        waits = sequencer.blocks(accepted, 1) if sequencer.settled <= accepted < sequencer.height else ()
        metrics.oldest.set(max(0.0, now - waits[0].timestamp) if waits else 0.0)
        for chain, name in self._names.items():
            metrics.accepted.labels(name).set(node.counters[chain].accepted)
            metrics.executed.labels(name).set(node.counters[chain].executed)
            if (head := node.heads.get(chain)) is not None:
                metrics.head.labels(name).set(head.number)
                metrics.head_age.labels(name).set(max(0.0, now - head.timestamp))
        self._failing = {key: failure for key, failure in self._failing.items() if failure[0] > now}
        filling = self._judge(("fill", "repay", "clear"))
        self._board.note_all(
            {
                "sequencer": self._judge_sequencer(),
                "prover": self._judge(("prove",)),
                "signers": self._judge(("vouch", "acknowledge")),
                "broker": filling if node.parts.broker else Health(Condition.READY, "not here"),
                **{f"chain {name}": self._judge_chain(chain, name) for chain, name in self._names.items()},
            }
        )

    def _take_failure(self, event: Retried) -> None:
        kind, _, rest = event.job.partition(" ")
        job, chain = (kind if kind in JOBS else OTHER), (rest if rest in self._names.values() else "")
        self._metrics.retries.labels(job, chain).inc()
        self._failing[job, chain] = (self._clock() + event.delay_seconds + GRACE_SECONDS, event.reason)

    def _judge_sequencer(self) -> Health:
        node = self._node
        if node.sequencer.is_replaying:
            return Health(
                Condition.NOT_READY, f"blocks of the run before are sealed again: {node.sequencer.height} so far"
            )
        if node.frozen:
            names = ", ".join(self._names[chain] for chain in sorted(node.frozen))
            return Health(Condition.AFFECTED, f"nothing more is sealed: frozen are {names}")
        return self._judge(("seal", "checkpoint"))

    def _judge_chain(self, chain: ChainId, name: str) -> Health:
        if chain not in self._node.heads or chain not in self._node.asked:
            failure = next((reason for (_, at), (_, reason) in self._failing.items() if at == name), "not asked yet")
            return Health(Condition.NOT_READY, failure)
        return self._judge(("watch", "submit"), name)

    def _judge(self, jobs: Iterable[str], chain: str | None = None) -> Health:
        for (job, at), (_, reason) in self._failing.items():
            if job in jobs and (chain is None or at == chain):
                return Health(Condition.AFFECTED, f"{job}: {reason}")
        return WELL

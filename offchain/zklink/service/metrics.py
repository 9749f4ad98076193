"""The metrics of a node, in a registry of their own.

Labels are bounded: chains of the deployment, kinds of jobs, and closed sets; never a hash, an address or a number.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from zklink.service.relay_metrics import RelayMetrics
from zklink.service.rpc_metrics import RpcMetrics

PROVE_SECONDS: Final = (0.5, 1, 2, 5, 10, 20, 40, 80, 160, 320)
WRITE_SECONDS: Final = (0.005, 0.02, 0.05, 0.1, 0.5, 1, 5)


class Metrics:
    """Every metric; `registry` gives them to Prometheus."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(f"zklink_{name}", text, labels, registry=registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"zklink_{name}", text, labels, registry=registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...]) -> Histogram:
            return Histogram(f"zklink_{name}", text, buckets=buckets, registry=registry)

        self.requests = counter("requests_confirmed", "Requests that have their confirmations", "chain", "lane")
        self.operations = counter("operations", "Operations by what became of them", "outcome")
        self.sealed = counter("blocks_sealed", "Blocks that were sealed", "lane")
        self.rolled_back = counter("rollbacks", "How often blocks were unsealed")
        self.transactions = counter("transactions_mined", "Own transactions", "chain", "purpose")
        self.gas_wei = counter("gas_paid_wei", "Gas that was paid, in wei", "chain")
        self.fills = counter("fills", "Attempts to fill, by outcome", "chain", "outcome")
        self.fills_missed = counter(
            "fills_missed", "Payouts that waited for the broker and were paid without it", "chain", "reason"
        )
        self.fills_declined = counter("fills_declined", "Payouts that the broker has declined for good", "reason")
        self.fills_lost = counter("fills_lost", "Fills that a reorganisation took", "chain")
        self.repaid = counter("fills_repaid", "Fills that were repaid", "chain")
        self.broker_held = gauge("broker_held", "What the broker holds, in layer-2 units", "chain", "token")
        self.broker_target = gauge("broker_target", "What it wants to hold, in layer-2 units", "chain", "token")
        self.broker_open = gauge(
            "broker_open", "What it has paid and is not repaid, in layer-2 units", "chain", "token"
        )
        self.broker_earned = gauge("broker_earned", "What its fills have earned, in layer-2 units", "chain", "token")
        self.request_age = gauge("request_age_seconds", "How long the oldest request waits", "chain", "lane")
        self.blocks_unpaid = gauge("blocks_unpaid", "Blocks that owe payouts on a chain", "chain")
        self.chain_frozen = gauge("chain_is_frozen", "1 if a chain is frozen", "chain")
        self.signer_answers = counter("signer_answers", "Questions to this signer, by what became of them", "outcome")
        self.retries = counter("retries", "Jobs that failed and are tried again", "job", "chain")
        self.prove_seconds = histogram("prove_seconds", "Witness and proof of a block", PROVE_SECONDS)
        self.height = gauge("height", "The last sealed block")
        self.head = gauge("chain_head", "The newest block of a chain", "chain")
        self.head_age = gauge("chain_head_age_seconds", "Seconds since a chain's newest block", "chain")
        self.accepted = gauge("chain_accepted", "The last block that a chain has accepted", "chain")
        self.executed = gauge("chain_executed", "The last block that a chain has executed", "chain")
        self.waiting = gauge("operations_waiting", "Operations that wait for a block")
        self.orders = gauge("orders_resting", "Orders in the book")
        self.unproven = gauge("blocks_unproven", "Sealed blocks without a proof")
        self.oldest = gauge("unaccepted_age_seconds", "Age of the oldest block that the primary has not accepted")
        self.frozen = gauge("chains_frozen", "Chains that have frozen")
        self.condition = gauge("part_ready", "1 if a part is ready, 0.5 if it is affected, 0 else", "part")
        self.database_seconds = histogram("database_check_seconds", "A small durable write", WRITE_SECONDS)
        self.clock_drift = gauge("clock_drift_seconds", "By how much the machine's clock was set since the start")
        self.rpc = RpcMetrics()
        registry.register(self.rpc)
        self.relay = RelayMetrics()
        registry.register(self.relay)
        self.alarms = gauge("alarm", "Alarms of a watch that are on", "place", "alarm", "level")
        self.alarm_until = gauge(
            "alarm_until_seconds", "When the window of an alarm is over, in UNIX seconds; 0 for none", "place", "alarm"
        )
        self.watch_looked_at = gauge("watch_looked_at_seconds", "When a watch looked last, in UNIX seconds", "place")
        self.rent_lent = gauge("rent_lent_lamports", "Rent that blocks not yet closed hold", "chain", "state")
        self.custody = gauge("custody", "What a bridge holds by its books, in layer-2 units", "chain", "token")
        self.custody_surplus = gauge(
            "custody_surplus", "What it holds beyond what it owes, in layer-2 units", "chain", "token"
        )
        self.custody_difference = gauge(
            "custody_difference", "Its books less the replayed state, in layer-2 units", "chain", "token"
        )
        self.proof_jobs = gauge("proof_jobs", "Proof jobs since the start, by what became of them", "outcome")

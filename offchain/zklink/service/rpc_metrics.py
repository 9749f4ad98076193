"""The metrics of the nodes that a process asks, by chain and by the node's place in the settings, from 1; never by an
address. Takes the clients of chains; gives their counts to Prometheus when it asks.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.meters import SECONDS, NodeMeter, Outcome
from zklink.l1.transport.nodes import list_meters


class RpcMetrics(Collector):
    """Every node's requests, times, rests and head."""

    def __init__(self) -> None:
        self._meters: dict[tuple[str, str], NodeMeter] = {}

    def add(self, clients: Iterable[ChainClient]) -> None:
        """Tell of the nodes of these chains from now on."""
        for client in clients:
            self.add_meters(client.profile.name, list_meters(client.w3))

    def add_meters(self, chain: str, meters: Sequence[NodeMeter]) -> None:
        """Tell of one chain's nodes from now on."""
        for number, meter in enumerate(meters, start=1):
            self._meters[chain, str(number)] = meter

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily]:
        labels = ("chain", "node")
        requests = CounterMetricFamily("zklink_rpc_requests", "Requests to a node", labels=(*labels, "outcome"))
        rests = CounterMetricFamily("zklink_rpc_rests", "How often a node was left alone for a while", labels=labels)
        resting = GaugeMetricFamily("zklink_rpc_resting", "1 while a node is left alone", labels=labels)
        head = GaugeMetricFamily("zklink_rpc_head", "The newest block that a node has shown", labels=labels)
        seconds = HistogramMetricFamily("zklink_rpc_seconds", "How long a node takes to answer", labels=labels)
        for place, meter in self._meters.items():
            for outcome in Outcome:
                requests.add_metric((*place, outcome.value), meter.outcomes[outcome])
            rests.add_metric(place, meter.rests)
            resting.add_metric(place, meter.is_resting)
            if meter.head >= 0:
                head.add_metric(place, meter.head)
            bounds = [*map(str, SECONDS), "+Inf"]
            seconds.add_metric(place, list(zip(bounds, accumulate(meter.buckets), strict=True)), meter.seconds)
        yield from (requests, rests, resting, head, seconds)

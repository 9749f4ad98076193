"""The metrics of a node's relayer, by chain: how it has answered signed orders, what became of them, what it may still
lose today, and its coin. Takes a relayer's meter; gives its counts to Prometheus when it asks. Labels are the chains of
the deployment and the codes of `POST /v1/orders`; never an owner, an order or an amount.
"""

from collections.abc import Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from zklink.relayer.meter import RECEIVED, REPEATED, RelayMeter
from zklink.relayer.records import Standing
from zklink.schema.api.oif_signed import ORDER_CODES

ANSWERS: Final = (RECEIVED, REPEATED, *(code for code in ORDER_CODES if code))


class RelayMetrics(Collector):
    """One relayer's counts; nothing but names where a node has none."""

    def __init__(self) -> None:
        self._meter: RelayMeter | None = None

    def add(self, meter: RelayMeter) -> None:
        """Tell of this relayer from now on."""
        self._meter = meter

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        chain = ("chain",)
        orders = CounterMetricFamily(
            "zklink_relay_orders", "Signed orders by how they were answered", labels=(*chain, "answer")
        )
        ends = CounterMetricFamily("zklink_relay_ends", "Orders by what became of them", labels=(*chain, "outcome"))
        waiting = GaugeMetricFamily("zklink_relay_open", "Orders on their way", labels=chain)
        risk = GaugeMetricFamily(
            "zklink_relay_at_risk_wei", "What was lost in a day and may be by what is on its way", labels=chain
        )
        coin = GaugeMetricFamily("zklink_relay_coin_wei", "The coin of the relayer's account", labels=chain)
        budget = GaugeMetricFamily("zklink_relay_budget_wei", "What may be lost on a chain in a day", labels=chain)
        meter = self._meter
        for id, name in () if meter is None else meter.names.items():
            assert meter is not None
            for answer in ANSWERS:
                orders.add_metric((name, answer), meter.count_answers(id, answer))
            for standing in (Standing.BROUGHT, Standing.FAILED):
                ends.add_metric((name, standing.value), meter.count_ends(id, standing))
            budget.add_metric((name,), meter.budget_wei)
            if (holding := meter.holding(id)) is not None:
                waiting.add_metric((name,), holding.open_orders)
                risk.add_metric((name,), holding.at_risk_wei)
                coin.add_metric((name,), holding.coin_wei)
        yield from (orders, ends, waiting, risk, coin, budget)

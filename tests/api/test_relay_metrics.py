"""What a relayer's metrics tell: every order by its answer, what became of it, what is at risk; in closed sets."""

import re

from prometheus_client import CollectorRegistry, generate_latest

from tests.api.scene import Scene
from tests.api.signed_orders import COIN, FORTUNE, USD, Signer, build_terms, open_relayer
from tests.api.test_oif_orders import Spiteful, hand_in, take_back
from tests.scenarios.pipeline import BSC, POLYGON
from zklink.relayer.meter import RECEIVED, REPEATED
from zklink.relayer.relayer import Relayer
from zklink.service.relay_metrics import ANSWERS, RelayMetrics


class Registry:
    """The metrics of one relayer as Prometheus reads them."""

    def __init__(self, relayer: Relayer) -> None:
        metrics, self.registry = RelayMetrics(), CollectorRegistry()
        metrics.add(relayer.meter)
        self.registry.register(metrics)

    def read(self, name: str, chain: str = "polygon", **labels: str) -> float | None:
        return self.registry.get_sample_value(f"zklink_relay_{name}", {"chain": chain, **labels})

    def answers(self, chain: str = "polygon") -> dict[str, float]:
        """Every answer that was given."""
        found = {answer: self.read("orders_total", chain, answer=answer) for answer in ANSWERS}
        return {answer: count for answer, count in found.items() if count}


def test_metrics__orders_of_every_kind__are_counted_by_their_answer_and_their_end(still: Scene) -> None:
    system, user, other = still.pipeline.system, Signer(still.pipeline.system, POLYGON, BSC), "0x" + "11" * 20
    relayer = open_relayer(system)
    registry, body = Registry(relayer), user.body()
    assert registry.read("open") is None and registry.read("budget_wei") == COIN
    assert hand_in(relayer, still, body) == hand_in(relayer, still, body) == ""
    assert hand_in(relayer, still, user.body(relayer=other)) == "wrong_relayer"
    assert hand_in(relayer, still, user.body(order=user.order(l1_amount=FORTUNE))) == "short_balance"
    assert registry.answers() == {RECEIVED: 1, REPEATED: 1, "wrong_relayer": 1, "short_balance": 1}
    assert registry.answers("bsc") == {}
    assert registry.read("ends_total", outcome="brought") == 1 and registry.read("ends_total", outcome="failed") == 0
    relayer.look()
    coin = user.client.balance(relayer.address)
    assert [registry.read(name) for name in ("open", "at_risk_wei", "coin_wei")] == [0, 0, coin]


def test_metrics__orders_in_vain_and_on_their_way__are_at_risk(still: Scene) -> None:
    system, user = still.pipeline.system, Signer(still.pipeline.system, POLYGON, BSC)
    books = Spiteful(lambda order: take_back(still, user, order))
    relayer = open_relayer(system, books)
    registry = Registry(relayer)
    assert hand_in(relayer, still, user.body()) == ""
    relayer.look()
    (failed,) = books.load_failed(0)
    assert registry.read("at_risk_wei") == failed.risk_wei and registry.read("ends_total", outcome="failed") == 1
    waiting = Signer(system, POLYGON, BSC)
    stopped = open_relayer(system, start=lambda job: None)
    assert hand_in(stopped, still, waiting.body()) == ""
    stopped._held.clear()
    stopped._take_stock(POLYGON)
    (order,) = stopped.books.load_open()
    assert Registry(stopped).read("open") == 1 and Registry(stopped).read("at_risk_wei") == order.risk_wei


def test_metrics__whatever_is_handed_in__labels_stay_in_closed_sets(still: Scene) -> None:
    system, user = still.pipeline.system, Signer(still.pipeline.system, POLYGON, BSC)
    relayer = open_relayer(system, terms=build_terms(system))
    registry = Registry(relayer)
    for chain in (5, 6, 7):
        body = user.body(2 * USD)
        body["order"]["metadata"]["chain"] = chain
        assert hand_in(relayer, still, body) == "wrong_chain"
    text = generate_latest(registry.registry).decode()
    names = {chain.name for chain in system.deployment.chains.values()}
    assert set(re.findall(r'chain="([^"]*)"', text)) == names
    assert set(re.findall(r'answer="([^"]*)"', text)) == set(ANSWERS)
    assert not re.search(r"0x[0-9a-fA-F]{8}", text)

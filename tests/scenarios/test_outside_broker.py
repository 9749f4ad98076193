"""A broker without a node, on real contracts: it fills what the primary has accepted and the source has asked for."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.pipeline import BSC, POLYGON, Believer, LiquidSystem, Pipeline
from tests.sequencer.requests import make_request
from tests.storage.conftest import postgresql, url
from zklink.broker.policy import FillPolicy, Tier, TokenPolicy, Verdict
from zklink.broker.records import FillOutcome
from zklink.devnet.tokens import USDC
from zklink.node.events import BrokerRepaid, FillDeclined, FillTried, RequestKey
from zklink.node.outside_broker import OutsideBroker, answers
from zklink.node.parts import NodeConfig
from zklink.node.workers import InlineWorkers
from zklink.operations.payout import Payout
from zklink.protocol.ids import FILL_LEAD_SECONDS, Amount, BlockNumber
from zklink.recovery.chains_read import ChainsRead
from zklink.service.adapters import BridgeFillPort
from zklink.service.broker_alone import BrokerService
from zklink.service.broker_assembly import BrokerAssembly
from zklink.service.broker_report import read_report
from zklink.service.clock import SteadyClock
from zklink.service.evm_link import NodeKeys
from zklink.service.health import Condition
from zklink.service.settings.broker import AloneBrokerSettings
from zklink.service.wiring import link_chains, open_broker
from zklink.storage.database import Database, look_into, open_database
from zklink.storage.fills import SqlFillBooks

__all__ = ["postgresql", "url"]

USD = 10**6
FEE = Amount(20_000)
TERMS = TokenPolicy((Tier(Amount(100 * USD), 0), Tier(Amount(1_000 * USD), 3)), Amount(10_000))
SETTINGS: dict[str, Any] = {
    "deployment": "deployment.json",
    "chains": {"bsc": {"nodes": ["http://localhost"], "confirmations": 1, "block_time_seconds": 1}},
    "keys": {"broker": "key"},
    "tokens": {"USDC": {"tiers": [{"limit": 1}], "minimum_fee": 1}},
    "http": {"port": 0},
}
Open = Callable[..., OutsideBroker]


@pytest.fixture
def pipeline(system: LiquidSystem) -> Pipeline:
    """A node without a broker, which does not submit on BSC: what is owed there can be filled."""
    pipeline = Pipeline(system, Believer(), has_broker=False)
    pipeline.run_until(lambda: not pipeline.node.sequencer.is_replaying and pipeline.node.is_settled())
    pipeline.halt(BSC)
    return pipeline


def assemble(pipeline: Pipeline, database: Database, terms: TokenPolicy, **changes: Any) -> BrokerAssembly:
    """A broker's parts, with a stock on BSC and Polygon."""
    system, key = pipeline.system, pipeline.system.world.roles.broker
    links = link_chains(system.deployment, system.bridges, NodeKeys(key, key, (), ()))
    policy = FillPolicy({USDC: terms}, fill_gas=0)
    return BrokerAssembly(
        system.deployment,
        database,
        links,
        ChainsRead(system.deployment, system.bridges),
        open_broker(system.deployment, links, policy, SqlFillBooks(database)),
        {(chain, USDC): links[chain].store(system.deployment.token(USDC)) for chain in (BSC, POLYGON)},
        changes.get("targets", {}),
        SteadyClock(),
    )


@pytest.fixture
def start_broker(pipeline: Pipeline, url: str) -> Open:
    """Starts a broker on the same database; who had it before has been killed."""
    opened: list[Database] = []

    def start(terms: TokenPolicy = TERMS) -> OutsideBroker:
        for database in opened:
            database.close()
        opened[:] = [open_database(url, pipeline.system.deployment.deployment_hash)]
        parts = assemble(pipeline, opened[0], terms)
        asked = parts.broker, parts.deployment.primary, parts.read.history, parts.chains()
        return OutsideBroker(*asked, InlineWorkers(), pipeline.clock, NodeConfig())

    return start


def accept(pipeline: Pipeline, amount: int, **terms: Any) -> RequestKey:
    """A swap of so many USDC to BSC, in a block that the primary has accepted."""
    key = pipeline.swap(POLYGON, USDC, amount, (BSC, USDC), **({"fill_fee": FEE} | terms))
    pipeline.run_until(lambda: key in pipeline.timeline.swaps and pipeline.record(key).block is not None)
    block = pipeline.record(key).block
    assert block is not None
    primary = pipeline.node.sequencer.parameters.primary
    pipeline.run_until(lambda: pipeline.node.counters[primary].accepted >= block)
    return key


def drive(broker: OutsideBroker, pipeline: Pipeline, rounds: int = 6) -> None:
    for _ in range(rounds):
        broker.step()
        pipeline.system.world.mine()
        pipeline.clock.now += 10


def tried(broker: OutsideBroker) -> list[FillOutcome]:
    return [event.outcome for event in broker.events if isinstance(event, FillTried)]


def test_step__accepted_payout__filled_once_and_repaid_also_by_the_next_process(
    pipeline: Pipeline, start_broker: Open, url: str
) -> None:
    recipient = pipeline.system.world.roles.recipient
    pipeline.approve_broker((BSC, USDC))
    before = pipeline.balance(recipient, BSC, USDC)
    accept(pipeline, 10 * USD)
    broker = start_broker()
    drive(broker, pipeline)
    assert tried(broker) == [FillOutcome.FILLED]
    paid = pipeline.balance(recipient, BSC, USDC) - before
    assert paid > 0
    again = start_broker()
    drive(again, pipeline)
    assert tried(again) == []
    assert pipeline.balance(recipient, BSC, USDC) - before == paid
    pipeline.system.world.advance_time(FILL_LEAD_SECONDS)  # so far ahead of the payment, it earns the whole fee
    pipeline.resume()
    pipeline.finish(1)
    drive(again, pipeline)
    [repaid] = [event for event in again.events if isinstance(event, BrokerRepaid)]
    assert repaid.earned == FEE
    third = start_broker()
    [books] = third.broker.books().values()
    assert (books.fills, books.open, books.earned, books.gas_wei > 0) == (1, 0, FEE, True)
    assert third.broker.leads.expect(BSC) == again.broker.leads.expect(BSC)
    database = look_into(url, pipeline.system.deployment.deployment_hash)
    [line] = read_report(pipeline.system.deployment, database)
    assert (line.chain, line.token, line.fills, line.earned) == ("bsc", "USDC", 1, FEE)
    database.close()


def test_step__larger_amount__waits_until_its_acceptance_is_final(
    pipeline: Pipeline, start_broker: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.approve_broker((BSC, USDC))
    accept(pipeline, 200 * USD)
    broker = start_broker()
    with monkeypatch.context() as held:
        held.setattr(broker.known, "take_final", lambda view: None)
        drive(broker, pipeline)
        assert tried(broker) == []
    drive(broker, pipeline)
    assert tried(broker) == [FillOutcome.FILLED]


def test_step__more_open_than_allowed__the_second_waits_for_the_first(pipeline: Pipeline, start_broker: Open) -> None:
    pipeline.approve_broker((BSC, USDC))
    for _ in range(2):
        accept(pipeline, 10 * USD)
    broker = start_broker(replace(TERMS, most_open=Amount(15 * USD)))
    drive(broker, pipeline)
    assert tried(broker) == [FillOutcome.FILLED]


def test_step__waits_and_somebody_else_pays__waits_no_more_also_after_a_restart(
    pipeline: Pipeline, start_broker: Open
) -> None:
    """One payout is filled by another broker, one is executed, one stays open; this broker takes none of them."""
    system, patient = pipeline.system, replace(TERMS, tiers=(Tier(Amount(1_000 * USD), 10**6),))
    other = system.world.roles.provider
    system.token(BSC, USDC).ensure_allowance(other, system.bridges[BSC].address, 10**24)
    executed = accept(pipeline, 30 * USD)
    broker = start_broker(patient)
    drive(broker, pipeline)
    assert [waiting.payout.id for waiting in broker.broker.waiting] == [executed[1]]
    pipeline.resume()
    pipeline.finish(1)
    pipeline.halt(BSC)
    drive(broker, pipeline)
    assert not broker.broker.waiting
    filled, left = accept(pipeline, 10 * USD), accept(pipeline, 20 * USD)
    drive(broker, pipeline)
    waiting = {candidate.payout.id: candidate.payout for candidate in broker.broker.waiting}
    assert set(waiting) == {filled[1], left[1]}
    payout = waiting[filled[1]]
    port = BridgeFillPort(system.bridges[BSC], other, 0)
    port.fill(payout, port.l1_amount(USDC, Amount(payout.amount - payout.fill_fee)), BlockNumber(0))
    drive(broker, pipeline)
    for each in (broker, start_broker(patient)):
        drive(each, pipeline)
        assert [candidate.payout.id for candidate in each.broker.waiting] == [left[1]]
        assert FillOutcome.FILLED not in tried(each)
    assert FillOutcome.TAKEN in tried(broker)


def test_step__no_request_asks_for_it__never_filled(
    pipeline: Pipeline, start_broker: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A primary that has accepted what nobody has asked for: a false proof, or groups that lie."""
    pipeline.approve_broker((BSC, USDC))
    accept(pipeline, 10 * USD)
    module = "zklink.node.outside_broker.answers"
    monkeypatch.setattr(module, lambda payout, request: answers(replace(payout, recipient=bytes(32)), request))
    broker = start_broker()
    drive(broker, pipeline)
    assert tried(broker) == []
    verdicts = [event.verdict for event in broker.events if isinstance(event, FillDeclined)]
    assert Verdict.NOT_ASKED_FOR in verdicts


def test_service__approves_counts_and_suggests__then_fills(pipeline: Pipeline, tmp_path: Path) -> None:
    system = pipeline.system
    key = system.world.roles.broker
    token, bridge = system.token(BSC, USDC), system.bridges[BSC]
    token.approve(key, bridge.address, 0)
    held = {chain: system.token(chain, USDC).balance(key.address) for chain in (BSC, POLYGON)}
    scale = bridge.tokens.token_scale(USDC)
    targets = {(BSC, USDC): held[BSC] // scale + 7, (POLYGON, USDC): 1}
    database = open_database(f"sqlite:///{tmp_path / 'service.db'}", system.deployment.deployment_hash)
    assembly = assemble(pipeline, database, TERMS, targets=targets)
    settings = AloneBrokerSettings.model_validate(SETTINGS | {"approves": True})
    service = BrokerService(settings, assembly, "broker.toml", InlineWorkers())
    try:
        accept(pipeline, 10 * USD)
        for _ in range(6):
            service.step()
            system.world.mine()
        assert token.allowance(key.address, bridge.address) >= held[BSC] - 10 * USD * scale
        assert tried(service.driver) == [FillOutcome.FILLED]
        parts = service.board.read()
        assert "bring 7 USDC from polygon to bsc" in parts["stock"].detail
        assert {parts[name].condition for name in ("broker", "database", "chain bsc")} == {Condition.READY}
        read, place = service.metrics.registry.get_sample_value, {"chain": "bsc", "token": "USDC"}
        assert read("zklink_broker_held", place) == held[BSC] // scale
        assert read("zklink_fills_total", {"chain": "bsc", "outcome": "filled"}) == 1
    finally:
        service.stop()
        service.run()


@pytest.mark.parametrize(
    "change",
    [{"recipient": bytes(32)}, {"amount": Amount(4)}, {"fill_fee": Amount(2)}, {"id": 9}, {"token": 7}],
    ids=str,
)
def test_answers__another_payment__is_not_what_was_asked_for(change: dict[str, Any]) -> None:
    request = make_request(min_out=Amount(5), fill_fee=Amount(1))
    payout = Payout.paid(request, Amount(5))
    assert answers(payout, request)
    assert not answers(replace(payout, **change), request)

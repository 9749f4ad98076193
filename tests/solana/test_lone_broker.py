"""A broker without a node on two EVM chains and a Solana chain: it fills there what the primary has accepted and the
source has asked for, once, also over a restart; and a node's checkpoint asks the Solana chain, too.
"""

import logging
from pathlib import Path

import pytest

from tests.scenarios.pipeline import TestClock
from tests.scenarios.test_checkpoints import CONFIG, MemoryCheckpoints
from tests.solana.test_node_story import FEE, USD, open_filled, swap_here
from tests.support.chains import send_deposit
from tests.support.solana.machine import key_of
from tests.support.solana.star import SOLANA, KeyProver, SolanaStar, swap_away
from tests.support.solana.star_pipeline import StarPipeline, link
from zklink.broker.policy import FillPolicy, Tier, TokenPolicy
from zklink.broker.records import FillOutcome
from zklink.devnet.profiles import POLYGON
from zklink.devnet.tokens import USDC
from zklink.lab.solana.chain import LocalSolana
from zklink.node.events import BrokerRepaid, FillTried
from zklink.node.outside_broker import OutsideBroker
from zklink.node.parts import NodeConfig
from zklink.node.workers import InlineWorkers
from zklink.protocol.ids import Amount
from zklink.recovery.chains_read import ChainsRead
from zklink.sequencer.journal import MemoryJournal
from zklink.service.broker_assembly import BrokerAssembly
from zklink.service.broker_report import read_report
from zklink.service.clock import SteadyClock
from zklink.service.evm_link import NodeKeys
from zklink.service.stock_taking import take_stock
from zklink.service.wiring import link_chains, open_broker
from zklink.storage.database import Database, open_database
from zklink.storage.fills import SqlFillBooks

BOB = key_of("bob").pubkey()
TERMS = TokenPolicy((Tier(Amount(1_000 * USD), 0),), Amount(10_000))

pytestmark = pytest.mark.slow


def assemble(star: SolanaStar, pipeline: StarPipeline, database: Database) -> BrokerAssembly:
    """A broker's parts, as `zklink broker` has them."""
    key, usdc = star.world.roles.broker, star.deployment.token(USDC)
    programs = {SOLANA: link(star, pipeline.clock)}
    links = link_chains(star.deployment, star.bridges, NodeKeys(key, key, (), ()), programs)
    policy = FillPolicy({USDC: TERMS}, fill_gas=0)
    return BrokerAssembly(
        star.deployment,
        database,
        links,
        ChainsRead(star.deployment, star.bridges),
        open_broker(star.deployment, links, policy, SqlFillBooks(database)),
        {(chain, USDC): each.store(usdc) for chain, each in links.items()},
        {(SOLANA, USDC): 10**16, (POLYGON.chain_id, USDC): 1},
        SteadyClock(),
    )


def start(parts: BrokerAssembly, pipeline: StarPipeline) -> OutsideBroker:
    """The broker, driven by hand."""
    asked = parts.broker, parts.deployment.primary, parts.read.history, parts.chains()
    return OutsideBroker(*asked, InlineWorkers(), pipeline.clock, NodeConfig())


def drive(broker: OutsideBroker, pipeline: StarPipeline, rounds: int = 6) -> None:
    """Rounds in which every chain goes on."""
    for _ in range(rounds):
        broker.step()
        pipeline.system.world.mine()
        pipeline.chain.mine(6)
        pipeline.clock.now += 10


def tried(broker: OutsideBroker) -> list[FillOutcome]:
    return [event.outcome for event in broker.events if isinstance(event, FillTried)]


def test_step__swap_to_solana__filled_once_and_repaid_also_by_the_next_process(
    star: SolanaStar, tmp_path: Path
) -> None:
    pipeline, site, url = open_filled(star), star.site, f"sqlite:///{tmp_path}/broker.db"
    swap_away(star, 900 * USD)
    pipeline.finish(1)
    pipeline.halt(SOLANA)
    key = swap_here(star, 200 * USD, BOB, fill_fee=FEE)
    primary = star.deployment.primary
    pipeline.run_until(lambda: key in pipeline.timeline.swaps and pipeline.record(key).block is not None)
    pipeline.run_until(lambda: pipeline.node.counters[primary].accepted == pipeline.node.sequencer.height)

    database = open_database(url, star.deployment.deployment_hash)
    parts, before = assemble(star, pipeline, database), site.balance(USDC, site.broker.pubkey())
    broker = start(parts, pipeline)
    drive(broker, pipeline)
    assert tried(broker) == [FillOutcome.FILLED]
    assert site.balance(USDC, BOB) == 200 * USD - FEE
    stock = take_stock(parts, broker.broker.books(), approves=True)
    assert stock.stocks[SOLANA, USDC].held == before - 200 * USD + FEE and stock.unapproved == ()
    assert any("USDC from polygon to solana" in each for each in stock.suggestions)

    database.close()
    database = open_database(url, star.deployment.deployment_hash)
    again = start(assemble(star, pipeline, database), pipeline)
    drive(again, pipeline)
    assert tried(again) == [] and site.balance(USDC, BOB) == 200 * USD - FEE
    pipeline.resume()
    pipeline.finish(2)
    drive(again, pipeline)
    [repaid] = [event for event in again.events if isinstance(event, BrokerRepaid)]
    assert repaid.chain == SOLANA and 0 < repaid.earned <= FEE
    [line] = read_report(star.deployment, database)
    assert (line.chain, line.token, line.fills, line.earned) == ("solana", "USDC", 1, repaid.earned)
    database.close()


def test_restart__checkpoint__holds_while_solana_has_it_and_is_refused_when_that_was_lost(
    star: SolanaStar, caplog: pytest.LogCaptureFixture
) -> None:
    store, journal = MemoryCheckpoints(), MemoryJournal()
    chain: LocalSolana = star.site.machine.chain  # type: ignore[attr-defined]
    before, clock = chain.snapshot(), TestClock()

    def open_node() -> StarPipeline:
        return StarPipeline(
            star,
            KeyProver(),
            journal,
            has_broker=False,
            config=CONFIG,
            checkpoints=store,
            clock=clock,
            programs={SOLANA: link(star, clock)},
        )

    first = open_node()
    send_deposit(star, POLYGON.chain_id, USDC, 5_000 * USD, sender=star.world.roles.provider)
    first.run_until(lambda: first.node.sequencer.height > 0 and first.node.is_settled())
    for number in (1, 2):
        swap_away(star, number * USD)
        first.finish(number)
    first.run_until(lambda: len(store.kept) == 2)
    again = open_node()
    assert again.node.sequencer.base == max(store.kept) > 0
    again.run_until(lambda: not again.node.sequencer.is_replaying and again.node.is_settled())
    assert again.node.sequencer.state.root == first.node.sequencer.state.root
    chain.restore(before)
    with caplog.at_level(logging.WARNING):
        assert open_node().node.sequencer.base == 0
    assert "solana has blocks up to 0 alone: it was reorganised below it" in caplog.text

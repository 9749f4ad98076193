"""A whole node on two EVM chains and a Solana chain, in deterministic rounds: swaps from Solana and to it are paid,
with proofs that the program and the contracts check.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from tests.scenarios.pipeline import TestClock
from tests.support.chains import build_order, send_deposit, send_swap
from tests.support.solana.machine import key_of
from tests.support.solana.star import SOLANA, SolanaStar, swap_away
from tests.support.solana.star_pipeline import StarPipeline, link, open_pipeline
from zklink.broker.records import FillOutcome
from zklink.devnet.profiles import POLYGON
from zklink.devnet.tokens import USDC
from zklink.lab.solana.chain import LocalSolana
from zklink.node.events import BrokerRepaid, FillTried
from zklink.operations.requests import RequestKey
from zklink.protocol.errors import HistoryDisagrees, WrongChain
from zklink.protocol.ids import Lane, RequestId
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.exit_places import find_ends, rebuild_ends
from zklink.sequencer import program_gate
from zklink.sequencer.decision import Action, Import
from zklink.sequencer.horizon import Horizon
from zklink.sequencer.program_gate import AGAIN_SECONDS, MOST_ACCOUNTS, ProgramGate
from zklink.sequencer.submitter import Sent, Submitter
from zklink.service.health import WELL, HealthBoard
from zklink.service.metrics import Metrics
from zklink.service.monitor import Monitor
from zklink.service.program_connecting import connect_programs
from zklink.service.settings.model import PayingProgramSettings
from zklink.solana.client.acts import read_acts
from zklink.solana.client.bridge import BridgeReading
from zklink.solana.interface.instructions import IMPORT_BLOCK

USD = 10**6
FEE = 40_000
BOB = key_of("bob").pubkey()
POOR = key_of("no account of the token").pubkey()
STRANGER = key_of("stranger")

pytestmark = pytest.mark.slow


def swap_here(star: SolanaStar, amount: int, recipient: Pubkey, fill_fee: int = 0) -> RequestKey:
    """The depositor of Polygon swaps USDC to somebody on Solana."""
    bridge = star.bridges[POLYGON.chain_id]
    order = build_order(star, POLYGON.chain_id, USDC, amount, SOLANA, USDC, fill_fee=fill_fee)
    send_swap(star, POLYGON.chain_id, replace(order, recipient=bytes(recipient)))
    return POLYGON.chain_id, RequestId(bridge.request_counts(Lane.SWAP).total)


class Bringer:
    """A gate that imports blocks, and executes and pays nothing."""

    def __init__(self, gate: ProgramGate) -> None:
        gate._settle = lambda number, key, pause=0.0: None  # type: ignore[method-assign]
        self.chain, self.view, self.final, self._gate = gate.chain, gate.view, gate.final, gate

    def send(self, actions: Sequence[Action], horizon: Horizon) -> Sequence[Sent]:
        """Imports alone."""
        return self._gate.send([action for action in actions if isinstance(action, Import)], horizon)


def open_filled(star: SolanaStar, has_broker: bool = False) -> StarPipeline:
    """A node on the star, after a deposit on Polygon and a swap from Solana: both chains have a reserve."""
    pipeline = open_pipeline(star, has_broker)
    send_deposit(star, POLYGON.chain_id, USDC, 5_000 * USD, sender=star.world.roles.provider)
    pipeline.run_until(lambda: pipeline.node.sequencer.height > 0 and pipeline.node.is_settled())
    return pipeline


def test_swaps__from_solana_and_to_it__are_paid_by_one_node(star: SolanaStar) -> None:
    pipeline, site, roles = open_filled(star), star.site, star.world.roles
    board, metrics = HealthBoard(), Metrics()
    monitor = Monitor(pipeline.node, pipeline.clock, board, metrics)
    pipeline.node.listen(monitor.take)
    before = pipeline.balance(roles.recipient, POLYGON.chain_id, USDC)
    away = swap_away(star, 300 * USD)
    pipeline.finish(1)
    outgoing = pipeline.record(away)
    assert outgoing.payout is not None and not outgoing.is_refund and outgoing.paid_at is not None
    assert len(outgoing.tx_hash) == 64
    assert pipeline.balance(roles.recipient, POLYGON.chain_id, USDC) == before + 300 * USD

    here = [swap_here(star, 200 * USD, BOB), swap_here(star, 50 * USD, POOR)]
    pipeline.finish(3)
    incoming, waiting = map(pipeline.record, here)
    assert incoming.payout is not None and not incoming.is_refund and incoming.paid_at is not None
    assert site.balance(USDC, BOB) == 200 * USD == incoming.payout.amount
    assert site.books(USDC)["owed"] == 50 * USD and waiting.paid_at is not None

    site.make_holding(POOR, site.mints[USDC])
    pipeline.clock.now += AGAIN_SECONDS
    pipeline.round(2)
    assert site.balance(USDC, POOR) == 50 * USD and site.books(USDC)["owed"] == 0
    assert pipeline.retries() == []
    assert site.state()["number"] == pipeline.node.sequencer.height and site.state()["unpaid"] == 0

    monitor.look()
    assert board.read()["chain solana"] == WELL
    executed = metrics.registry.get_sample_value("zklink_chain_executed", {"chain": "solana"})
    assert executed == pipeline.node.sequencer.height

    read = ChainsRead(star.deployment, star.bridges)
    ends = find_ends(read)
    assert read.name(SOLANA) == "solana" and SOLANA not in ends
    states = rebuild_ends(read, ends)
    assert {state.root for state in states.values()} == {pipeline.node.sequencer.state.root}


def test_fill__on_solana__is_paid_at_once_and_repaid_by_the_block(star: SolanaStar) -> None:
    pipeline, site = open_filled(star, has_broker=True), star.site
    swap_away(star, 900 * USD)
    pipeline.finish(1)
    before = site.balance(USDC, site.broker.pubkey())
    pipeline.halt(SOLANA)
    swap_here(star, 200 * USD, BOB, fill_fee=FEE)
    pipeline.run_until(lambda: site.balance(USDC, BOB) > 0)
    assert site.balance(USDC, BOB) == 200 * USD - FEE
    assert site.balance(USDC, site.broker.pubkey()) == before - 200 * USD + FEE
    [tried] = pipeline.events(FillTried)
    assert (tried.chain, tried.outcome) == (SOLANA, FillOutcome.FILLED)

    pipeline.resume()
    pipeline.finish(2)
    [repaid] = pipeline.events(BrokerRepaid)
    earned = site.balance(USDC, site.broker.pubkey()) - before
    assert (repaid.chain, repaid.earned) == (SOLANA, earned) and 0 < earned <= FEE
    assert site.balance(USDC, BOB) == 200 * USD - earned
    assert pipeline.retries() == []


def test_start__on_a_journal_after_a_crash__goes_on_and_brings_nothing_twice(star: SolanaStar) -> None:
    pipeline, site = open_filled(star), star.site
    pipeline.halt(SOLANA)
    swap_away(star, 300 * USD)
    pipeline.run_until(lambda: pipeline.node.counters[POLYGON.chain_id].accepted == 2)
    assert site.state()["number"] == 1
    again = replace(pipeline)
    again.finish(1)
    assert site.state()["number"] == 2 and again.retries() == []
    bought = replace(again)
    swap_here(star, 20 * USD, BOB)
    bought.finish(2)
    assert site.balance(USDC, BOB) == 20 * USD and site.state()["number"] == bought.node.sequencer.height


def test_submit__somebody_else_brought_the_block__it_is_executed_and_paid_from_there(star: SolanaStar) -> None:
    pipeline, site = open_filled(star), star.site
    swap_away(star, 300 * USD)
    pipeline.finish(1)
    site.machine.fund(STRANGER.pubkey())
    stranger = Bringer(replace(link(star, pipeline.clock), payer=STRANGER).gate())
    pipeline.replace(SOLANA, Submitter(stranger))
    swap_here(star, 200 * USD, BOB)
    pipeline.run_until(lambda: site.state()["unpaid"] == 1)
    pipeline.round(2)
    assert site.balance(USDC, BOB) == 0
    pipeline.resume()
    pipeline.finish(2)
    assert site.balance(USDC, BOB) == 200 * USD
    assert (site.state()["unpaid"], site.books(USDC)["owed"], pipeline.retries()) == (0, 0, [])


def test_submit__somebody_else_brought_and_executed_the_block__it_is_paid_from_there(star: SolanaStar) -> None:
    pipeline, site = open_filled(star), star.site
    swap_away(star, 300 * USD)
    pipeline.finish(1)
    site.machine.fund(STRANGER.pubkey())
    gate = replace(link(star, pipeline.clock), payer=STRANGER).gate()
    stranger = Bringer(gate)
    gate._settle = lambda number, key, pause=0.0: gate._importer.execute(key)  # type: ignore
    pipeline.replace(SOLANA, Submitter(stranger))
    swap_here(star, 200 * USD, BOB)
    pipeline.run_until(lambda: site.books(USDC)["owed"] == 200 * USD)
    assert (site.state()["unpaid"], site.balance(USDC, BOB)) == (0, 0)
    pipeline.resume()
    pipeline.finish(2)
    assert site.balance(USDC, BOB) == 200 * USD
    assert (site.books(USDC)["owed"], pipeline.retries()) == (0, [])


def test_submit__a_stranger_hides_the_block_it_brought__found_all_the_same(
    star: SolanaStar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind transactions that name the bridge and cost next to nothing; the bridge names its account no more."""
    monkeypatch.setattr(BridgeReading, "block_place", lambda self, number: None)
    pipeline, site = open_filled(star), star.site
    swap_away(star, 300 * USD)
    pipeline.finish(1)
    site.machine.fund(STRANGER.pubkey())
    pipeline.replace(SOLANA, Submitter(Bringer(replace(link(star, pipeline.clock), payer=STRANGER).gate())))
    swap_here(star, 200 * USD, BOB)
    pipeline.run_until(lambda: site.state()["unpaid"] == 1)
    for lamports in range(1, 2 * MOST_ACCOUNTS):
        params = TransferParams(from_pubkey=STRANGER.pubkey(), to_pubkey=site.bridge, lamports=lamports)
        site.machine.send([transfer(params)], STRANGER)
    pipeline.resume()
    for _ in range(4):
        pipeline.round(2)
        pipeline.clock.now += AGAIN_SECONDS
    assert (site.balance(USDC, BOB), site.state()["unpaid"], pipeline.retries()) == (200 * USD, 0, [])


def test_submit__node_without_history__a_strangers_block_is_found_all_the_same(
    star: SolanaStar, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nodes drop it after days; the bridge names the accounts of its newest blocks."""
    monkeypatch.setattr(program_gate, "list_signatures", lambda *_, **__: [])
    pipeline, site = open_filled(star), star.site
    swap_away(star, 300 * USD)
    pipeline.finish(1)
    site.machine.fund(STRANGER.pubkey())
    pipeline.replace(SOLANA, Submitter(Bringer(replace(link(star, pipeline.clock), payer=STRANGER).gate())))
    swap_here(star, 200 * USD, BOB)
    pipeline.run_until(lambda: site.state()["unpaid"] == 1)
    pipeline.resume()
    pipeline.finish(2)
    assert (site.balance(USDC, BOB), site.state()["unpaid"], pipeline.retries()) == (200 * USD, 0, [])


def test_submit__a_stranger_sends_lamports_to_a_closed_block__the_next_is_brought(star: SolanaStar) -> None:
    pipeline, site = open_filled(star), star.site
    place, chain = link(star, pipeline.clock), pipeline.chain
    acts = read_acts(place.make_node(), place.program, str(site.bridge))
    [closed] = {act.places["block"] for act in acts if act.name == IMPORT_BLOCK.name}
    chain.ledger.give(Pubkey.from_string(closed), 10**6)
    chain.finalize()
    swap_away(star, 300 * USD)
    pipeline.finish(1)
    assert site.state()["number"] == pipeline.node.sequencer.height and pipeline.retries() == []


def test_connect__program_of_another_deployment_or_cluster__refused(star: SolanaStar) -> None:
    good = link(star, TestClock())
    good.check()
    with pytest.raises(HistoryDisagrees, match="belongs to deployment"):
        replace(good, deployment_hash=bytes(32)).check()
    with pytest.raises(WrongChain):
        replace(good, place=replace(good.place, genesis="1" * 32)).check()


def test_connect__settings_over_http__gives_the_deployments_program(star: SolanaStar, tmp_path: Path) -> None:
    payer = tmp_path / "payer.json"
    payer.write_text(json.dumps(list(bytes(STRANGER))))
    chain: LocalSolana = star.site.machine.chain  # type: ignore[attr-defined]
    node = chain.serve_http()
    try:
        nodes = (SecretStr("http://127.0.0.1:1"), SecretStr(node.url))
        settings = {"solana": PayingProgramSettings(nodes=nodes, payer=payer, is_local=True)}
        found = connect_programs(settings, star.deployment)[SOLANA]
        assert (found.profile.name, found.profile.native_symbol, found.profile.confirmations) == ("solana", "SOL", 1)
        assert found.broker_names() == {bytes(STRANGER.pubkey())}
        head = found.reader().newest()
        assert head.number == chain.ledger.height("confirmed")
    finally:
        node.close()

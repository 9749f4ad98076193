"""What breaks is reported and tried again; nothing is lost, nothing is sent twice, and the books still add up."""

from collections import Counter
from pathlib import Path

import pytest

from tests.scenarios.faults import CrashingProver, FaultyClient
from tests.scenarios.pipeline import AVALANCHE, BSC, ETHEREUM, POLYGON, Believer, LiquidSystem, Pipeline
from zklink.devnet.tokens import BNB, USDC
from zklink.l1.contract_artifacts import load_contract
from zklink.l1.transport.client import encode_call
from zklink.node.events import (
    BlockVouched,
    BrokerRepaid,
    FillDeclined,
    FillTried,
    RequestConfirmed,
    RequestKey,
    Retried,
    RolledBack,
    TransactionMined,
)
from zklink.operations.swap import SwapRequest
from zklink.protocol.errors import HistoryDiverged
from zklink.protocol.ids import FILL_LEAD_SECONDS, MAX_AGE_SECONDS, SILENCE_SECONDS
from zklink.sequencer import decision
from zklink.sequencer.journal import MemoryJournal
from zklink.service.adapters import FILL_GAS_LIMIT
from zklink.service.wiring import build_groups
from zklink.storage.database import open_database
from zklink.storage.journal import SqlJournal
from zklink.transition.swap import RefundReason

USD = 10**6
ALWAYS = 10**9
REFUSE, BURN_GAS, REENTER = 1, 2, 4
SCALE = 10**12
CHAINS = (ETHEREUM, POLYGON, BSC, AVALANCHE)


def received(pipeline: Pipeline) -> int:
    """USDC of the recipient on BSC, in whole tokens."""
    return pipeline.balance(pipeline.system.world.roles.recipient, BSC, USDC) // (SCALE * USD)


def check_each_step_once(*pipelines: Pipeline) -> None:
    """Over all nodes' lives, the primary accepted every block once, and every member imported it once."""
    for chain in CHAINS:
        purpose = "accept" if chain == AVALANCHE else "import"
        steps = Counter(n for p in pipelines for _, blocks in p.sent(purpose, chain) for n in blocks)
        assert set(steps.values()) <= {1}, (purpose, chain, steps)


def test_prover__crashes__tried_again_and_said(system: LiquidSystem) -> None:
    prover = CrashingProver(Believer(), crashes=2)
    pipeline = Pipeline(system, prover)
    before = received(pipeline)
    pipeline.swap(POLYGON, USDC, 10 * USD, (BSC, USDC))
    pipeline.finish(1)
    retries = pipeline.events(Retried)
    assert [(retry.job, retry.failures, retry.reason) for retry in retries] == [
        ("prove 1", 1, "RuntimeError: killed"),
        ("prove 1", 2, "RuntimeError: killed"),
    ]
    assert prover.calls == 3
    assert received(pipeline) - before == 10
    check_each_step_once(pipeline)
    pipeline.check_books()


def test_chain__node_away_receipts_lost_and_a_transaction_replaced__others_go_on_and_nothing_twice(
    system: LiquidSystem,
) -> None:
    clients = {chain.profile.chain_id: FaultyClient(chain) for chain in system.world}
    pipeline = Pipeline(system, Believer(), clients=clients)
    sequencer, counters = pipeline.node.sequencer, pipeline.node.counters
    pipeline.run_until(lambda: not sequencer.is_replaying and pipeline.node.is_settled())
    pipeline.approve_broker((BSC, USDC))
    before = received(pipeline)
    pipeline.swap(POLYGON, USDC, 10 * USD, (BSC, USDC), fill_fee=USD)
    pipeline.swap(POLYGON, USDC, 20 * USD, (BSC, USDC))
    clients[ETHEREUM].faults.is_down = True
    clients[BSC].faults.lost_receipts += ["fill", "import_blocks"]
    clients[AVALANCHE].faults.replaced += ["accept"]
    pipeline.halt(BSC)
    pipeline.run_until(lambda: len(pipeline.timeline.swaps) == 2 and len(pipeline.events(FillTried)) == 2)
    pipeline.system.world.advance_time(FILL_LEAD_SECONDS)  # so far ahead of the payment, the fill earns its whole fee
    pipeline.resume()
    pipeline.run_until(lambda: not sequencer.has_waiting and counters[BSC].executed == sequencer.height)
    assert received(pipeline) - before == 29
    assert counters[ETHEREUM].accepted == pipeline.base
    clients[ETHEREUM].faults.is_down = False
    pipeline.finish(2)
    workers = {retry.job for retry in pipeline.events(Retried)}
    assert {"watch ethereum", "submit ethereum", "submit bsc", "submit avalanche"} <= workers
    tried = [event.outcome.name for event in pipeline.events(FillTried)]  # the receipt was lost, the fill was not
    assert tried == ["FAILED", "FOUND_FILLED"]
    assert not any(client.faults.lost_receipts or client.faults.replaced for client in clients.values())
    assert received(pipeline) - before == 29
    check_each_step_once(pipeline)
    pipeline.check_books()


def test_node__killed_and_started_again__goes_on_where_the_chains_are(system: LiquidSystem, tmp_path: Path) -> None:
    url, deployment_hash = f"sqlite:///{tmp_path / 'node.db'}", system.deployment.deployment_hash
    first = Pipeline(system, Believer(), journal=system.journal(SqlJournal(open_database(url, deployment_hash))))
    before = received(first)
    first.swap(POLYGON, USDC, 10 * USD, (BSC, USDC))
    first.halt(ETHEREUM, POLYGON)
    first.run_until(lambda: first.node.counters[BSC].accepted == first.base + 1)
    second = Pipeline(system, Believer(), journal=SqlJournal(open_database(url, deployment_hash)))
    second.swap(POLYGON, USDC, 5 * USD, (BSC, USDC))
    second.finish(2)
    assert second.node.sequencer.block(system.number(1)).record == first.node.sequencer.block(system.number(1)).record
    assert first.sent("import", BSC) == [(BSC, (system.number(1),))]
    assert second.sent("import", BSC) == [(BSC, (system.number(2),))]
    assert received(second) - before == 15
    check_each_step_once(first, second)
    second.check_books()


def vouch_for_one(pipeline: Pipeline, amount: int = 10 * USD, **terms: int) -> RequestKey:
    """A swap from Polygon to BSC is in a block that is sealed and vouched for; a prover that never comes back holds it
    up.
    """
    key = pipeline.swap(POLYGON, USDC, amount, (BSC, USDC), **terms)
    pipeline.run_until(lambda: any(e.number == pipeline.base + 1 for e in pipeline.events(BlockVouched)))
    assert pipeline.node.counters[AVALANCHE].accepted == pipeline.base
    return key


def test_node__killed_and_a_request_is_another_when_it_starts_again__sealed_anew_when_the_first_block_is_too_old(
    system: LiquidSystem,
) -> None:
    polygon, journal = system.world[POLYGON], system.journal()
    roles = system.world.roles
    groups = build_groups(system.deployment, system.world.clients, roles.validators, roles.watchers)
    snapshot = polygon.snapshot()
    first = Pipeline(system, CrashingProver(Believer(), crashes=ALWAYS), journal=journal, groups=groups)
    before = received(first)
    vouch_for_one(first)
    polygon.restore(snapshot)
    second = Pipeline(system, Believer(), journal=journal, groups=groups)
    second.swap(POLYGON, USDC, 7 * USD, (BSC, USDC))
    second.round(8)
    rolled_back = [(event.to_block, event.reason) for event in second.events(RolledBack)]
    assert rolled_back == [(system.height, f"a request of block {system.number(1)} changed while the node was down")]
    assert second.node.counters[AVALANCHE].accepted == system.height
    assert f"another block {system.number(1)} is sealed" in second.retries()[0]
    system.world.advance_time(MAX_AGE_SECONDS + 1)
    second.finish(1)
    assert received(second) - before == 7
    check_each_step_once(second)
    second.check_books()


def test_node__started_without_its_journal__sends_nothing_on_top_of_a_foreign_history(system: LiquidSystem) -> None:
    first = Pipeline(system, Believer(), has_broker=False)
    first.swap(POLYGON, USDC, 10 * USD, (BSC, USDC))
    first.run_until(lambda: first.node.counters[AVALANCHE].accepted == first.base + 1)
    amnesiac = Pipeline(system, Believer(), journal=MemoryJournal(), has_broker=False)
    with pytest.raises(HistoryDiverged):
        amnesiac.round(10)
    assert [amnesiac.sent(purpose) for purpose in ("accept", "accept again", "import", "execute")] == [[], [], [], []]


def test_import__another_node_is_faster__nothing_is_sent_twice(system: LiquidSystem) -> None:
    """Anybody may import: the journal of another node, which has signers of its own, is enough."""
    slow = Pipeline(system, Believer())
    before = received(slow)
    slow.swap(POLYGON, USDC, 10 * USD, (BSC, USDC))
    slow.halt(BSC, ETHEREUM)
    slow.run_until(lambda: slow.node.counters[AVALANCHE].accepted == slow.base + 1)
    fast = Pipeline(system, Believer(), journal=slow.journal, has_broker=False)
    fast.run_until(lambda: fast.node.counters[BSC].executed == slow.base + 1)
    slow.resume()
    slow.finish(1)
    assert (slow.sent("import", BSC), fast.sent("import", BSC)) == ([], [(BSC, (system.number(1),))])
    assert received(slow) - before == 10
    check_each_step_once(slow, fast)
    slow.check_books()


def test_execute__payouts_that_do_not_fit_into_the_call__owed_and_paid_one_after_the_other(
    system: LiquidSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decision, "MAX_FUSED_PAYOUTS", 1)
    monkeypatch.setattr(decision, "MAX_EXECUTED_PAYOUTS", 1)
    pipeline = Pipeline(system, Believer(), has_broker=False)
    before = received(pipeline)
    for amount in (10, 20):
        pipeline.swap(POLYGON, USDC, amount * USD, (BSC, USDC))
    system.world.confirm()  # both stand in one block
    pipeline.run_until(lambda: system.bridges[BSC].history.tip().unpaid == 1)
    pipeline.check_books()  # what is owed is still in custody
    pipeline.finish(2)
    assert pipeline.sent("execute") == [(BSC, (system.number(1),))] * 2
    assert received(pipeline) - before == 30
    pipeline.check_books()


def test_primary__forgets_what_has_acc__takes_it_again_from_there(system: LiquidSystem) -> None:
    pipeline = Pipeline(system, Believer())
    before, avalanche = received(pipeline), system.world[AVALANCHE]
    pipeline.swap(POLYGON, USDC, 10 * USD, (BSC, USDC))
    snapshot = avalanche.snapshot()
    pipeline.halt(ETHEREUM)
    pipeline.run_until(lambda: pipeline.node.counters[BSC].executed == pipeline.base + 1)
    avalanche.restore(snapshot)
    system.world.advance_time(MAX_AGE_SECONDS + 1)
    pipeline.resume()
    pipeline.run_until(lambda: bool(pipeline.sent("accept again")))
    pipeline.finish(1)
    assert pipeline.sent("accept again") == [(AVALANCHE, (system.number(1),))]
    assert system.bridges[AVALANCHE].history.tip().sync_hash == system.bridges[BSC].history.tip().sync_hash
    assert pipeline.events(RolledBack) == []
    assert received(pipeline) - before == 10
    pipeline.check_books()


def test_reorg__request_gone_after_its_block_was_sealed__the_next_one_is_sealed_when_that_is_too_old(
    system: LiquidSystem,
) -> None:
    prover = CrashingProver(Believer(), crashes=ALWAYS)
    pipeline = Pipeline(system, prover)
    before = received(pipeline)
    polygon = system.world[POLYGON]
    snapshot = polygon.snapshot()
    vouch_for_one(pipeline)
    polygon.restore(snapshot)
    pipeline.swap(POLYGON, USDC, 7 * USD, (BSC, USDC))
    pipeline.round(8)
    assert [event.to_block for event in pipeline.events(RolledBack)] == [system.height]
    prover.crashes = 0
    system.world.advance_time(MAX_AGE_SECONDS + 1)
    pipeline.finish(1)
    assert [
        event.request.amount for event in pipeline.events(RequestConfirmed) if isinstance(event.request, SwapRequest)
    ] == [10 * USD, 7 * USD]
    assert received(pipeline) - before == 7
    pipeline.check_books()


def test_primary__gets_no_proof_for_ten_minutes__block_is_sealed_anew_and_the_deadline_holds(
    system: LiquidSystem,
) -> None:
    pipeline = Pipeline(system, CrashingProver(Believer(), crashes=6))
    depositor = system.world.roles.depositor
    before = pipeline.balance(depositor, POLYGON, USDC)
    key = vouch_for_one(pipeline, seconds=MAX_AGE_SECONDS)
    system.world.advance_time(MAX_AGE_SECONDS + 30)
    pipeline.finish(1)
    assert [event.to_block for event in pipeline.events(RolledBack)] == [system.height]
    outcome = pipeline.record(key).outcome
    assert outcome is not None and outcome.reason is RefundReason.DEADLINE_PASSED
    assert pipeline.balance(depositor, POLYGON, USDC) == before
    assert {retry.job.split()[0] for retry in pipeline.events(Retried)} == {"prove"}
    pipeline.check_books()


def test_primary__hears_nothing_for_a_day__an_empty_block_keeps_it_alive(system: LiquidSystem) -> None:
    pipeline = Pipeline(system, Believer())
    pipeline.run_until(lambda: not pipeline.node.sequencer.is_replaying and pipeline.node.is_settled())
    sequencer = pipeline.node.sequencer
    for day in (1, 2, 3):
        system.world.advance_time(SILENCE_SECONDS // 2 + 1)
        pipeline.run_until(lambda: sequencer.height > pipeline.node.counters[ETHEREUM].accepted)
        pipeline.finish()
        assert sequencer.height == pipeline.base + day
        assert not system.bridges[AVALANCHE].end.is_frozen()
    assert [len(pipeline.sent("accept")), pipeline.retries()] == [3, []]
    pipeline.check_books()


def test_broker__nothing_approved__says_so_and_execution_pays(system: LiquidSystem) -> None:
    pipeline = Pipeline(system, Believer())
    before = received(pipeline)
    pipeline.swap(POLYGON, USDC, 10 * USD, (BSC, USDC), fill_fee=USD)
    pipeline.finish(1)
    outcomes = [event.outcome.name for event in pipeline.events(FillTried)]
    assert outcomes and set(outcomes) <= {"NO_INVENTORY", "TOO_LATE"}
    assert received(pipeline) - before == 10
    assert pipeline.sent("fill") == []
    pipeline.check_books()


def test_broker__swap_that_expires_with_its_block__no_fill_that_a_reseal_would_not_repay(system: LiquidSystem) -> None:
    """Made on purpose: the block is sealed, but reaches the primary too late, and the swap is refunded in the next."""
    pipeline = Pipeline(system, CrashingProver(Believer(), crashes=6))
    depositor, client = system.world.roles.depositor, system.world[BSC].client
    inventory = client.balance(system.world.roles.broker.address)
    for _ in range(2):
        pipeline.swap(POLYGON, USDC, 60 * USD, (BSC, BNB), fill_fee=10**15, seconds=1_800)
    before = pipeline.balance(depositor, POLYGON, USDC)
    pipeline.run_until(lambda: any(e.number == pipeline.base + 1 for e in pipeline.events(BlockVouched)))
    pipeline.round(2)
    system.world.advance_time(1_801)
    pipeline.finish(2)
    assert pipeline.events(FillTried) == []
    assert client.balance(system.world.roles.broker.address) == inventory
    assert pipeline.balance(depositor, POLYGON, USDC) == before + 120 * USD
    pipeline.check_books()


def deploy_guest(pipeline: Pipeline, mode: int) -> str:
    """A contract on BSC that behaves badly when it is paid."""
    world = pipeline.system.world
    client, artifact = world[BSC].client, load_contract("AdversarialRecipient")
    address = client.deploy(world.roles.stranger, artifact)
    client.send(world.roles.stranger, encode_call(client.contract(address, artifact), "set_mode", mode))
    return address


def deploy_spender(pipeline: Pipeline) -> str:
    """A contract on BSC that takes its coin, but only after having another one burn nearly all the gas there is."""
    world = pipeline.system.world
    client, artifact = world[BSC].client, load_contract("AdversarialRecipient")
    address = deploy_guest(pipeline, REENTER)
    burner = deploy_guest(pipeline, BURN_GAS)
    client.send(world.roles.stranger, encode_call(client.contract(address, artifact), "set_call", burner, b""))
    return address


def test_broker__recipients_that_refuse_or_spend_its_gas_and_itself__left_to_execution_and_the_next_is_filled(
    system: LiquidSystem,
) -> None:
    pipeline = Pipeline(system, Believer())
    guests = [deploy_guest(pipeline, REFUSE), deploy_spender(pipeline)]
    for recipient in (*guests, system.world.roles.broker.address, None):
        pipeline.swap(POLYGON, USDC, 60 * USD, (BSC, BNB), fill_fee=10**15, recipient=recipient)
    pipeline.halt(BSC)
    pipeline.run_until(lambda: any(event.outcome.name == "FILLED" for event in pipeline.events(FillTried)))
    pipeline.resume()
    pipeline.finish(4)
    tried = [(event.key[1], event.outcome.name) for event in pipeline.events(FillTried)]
    assert tried[:3] == [(1, "HELD"), (2, "HELD"), (4, "FILLED")]
    assert set(tried[3:]) <= {(1, "TOO_LATE"), (2, "TOO_LATE")}
    assert [(event.key[1], event.verdict.name) for event in pipeline.events(FillDeclined)] == [(3, "EXCLUDED")]
    gas = [event.gas_used for event in pipeline.events(TransactionMined) if event.purpose == "fill"]
    assert len(gas) == 1 and gas[0] < FILL_GAS_LIMIT
    assert len(pipeline.events(BrokerRepaid)) == 1
    assert not any(retry.job == "fill bsc" for retry in pipeline.events(Retried))
    pipeline.check_books()

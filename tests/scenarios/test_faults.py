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
    BrokerRepaid,
    FillDeclined,
    FillTried,
    RequestConfirmed,
    Retried,
    RolledBack,
    TransactionMined,
)
from zklink.operations.swap import SwapRequest
from zklink.protocol.errors import HistoryDiverged
from zklink.protocol.ids import BlockNumber, ChainId, RequestId
from zklink.protocol.messages import SyncMessage, compute_digest
from zklink.sequencer.journal import FileJournal, MemoryJournal
from zklink.service.adapters import FILL_GAS_LIMIT
from zklink.transition.swap import RefundReason

USD = 10**6
REFUSE, BURN_GAS, REENTER = 1, 2, 4
SCALE = 10**12
CHAINS = (ETHEREUM, POLYGON, BSC, AVALANCHE)


def received(pipeline: Pipeline) -> int:
    """USDC of the recipient on BSC, in whole tokens."""
    return pipeline.balance(pipeline.system.world.roles.recipient, BSC, USDC) // (SCALE * USD)


def check_each_step_once(*pipelines: Pipeline) -> None:
    """Over all nodes' lives, every block was committed, proven and executed once on every chain."""
    for purpose in ("commit", "prove", "execute"):
        for chain in CHAINS:
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
        ("prove", 1, "RuntimeError: killed"),
        ("prove", 2, "RuntimeError: killed"),
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
    clients[BSC].faults.lost_receipts += ["fill", "commit_blocks", "prove_blocks", "receive_message", "execute_blocks"]
    clients[AVALANCHE].faults.replaced += ["commit_blocks", "prove_blocks"]
    pipeline.run_until(lambda: len(pipeline.timeline.swaps) == 2)
    pipeline.run_until(lambda: not sequencer.has_waiting and counters[BSC].executed == sequencer.height)
    assert received(pipeline) - before == 29
    assert counters[ETHEREUM].committed == pipeline.base
    clients[ETHEREUM].faults.is_down = False
    pipeline.finish(2)
    workers = {retry.job for retry in pipeline.events(Retried)}
    assert {"watch ethereum", "submit ethereum", "submit bsc", "relay bsc", "submit avalanche"} <= workers
    tried = [event.outcome.name for event in pipeline.events(FillTried)]  # the receipt was lost, the fill was not
    assert tried == ["FAILED", "FOUND_FILLED"]
    assert not any(client.faults.lost_receipts or client.faults.replaced for client in clients.values())
    assert received(pipeline) - before == 29
    check_each_step_once(pipeline)
    pipeline.check_books()


def test_node__killed_and_started_again__goes_on_where_the_chains_are(system: LiquidSystem, tmp_path: Path) -> None:
    first = Pipeline(system, Believer(), journal=system.journal(FileJournal(tmp_path / "journal.jsonl")))
    before = received(first)
    first.swap(POLYGON, USDC, 10 * USD, (BSC, USDC))
    first.halt(ETHEREUM, POLYGON)
    first.run_until(lambda: first.node.counters[BSC].proven == first.base + 1)
    second = Pipeline(system, Believer(), journal=FileJournal(tmp_path / "journal.jsonl"))
    second.swap(POLYGON, USDC, 5 * USD, (BSC, USDC))
    second.finish(2)
    assert second.node.sequencer.block(system.number(1)).stored == first.node.sequencer.block(system.number(1)).stored
    assert first.sent("commit", BSC) == [(BSC, (system.number(1),))]
    assert second.sent("commit", BSC) == [(BSC, (system.number(2),))]
    assert received(second) - before == 15
    check_each_step_once(first, second)
    second.check_books()


def test_node__killed_and_a_request_is_another_when_it_starts_again__sealed_anew_and_reverted(
    system: LiquidSystem,
) -> None:
    polygon, journal = system.world[POLYGON], system.journal()
    snapshot = polygon.snapshot()
    first = Pipeline(system, Believer(), journal=journal)
    before = received(first)
    first.swap(POLYGON, USDC, 10 * USD, (BSC, USDC))
    first.halt(AVALANCHE, POLYGON)
    first.run_until(lambda: first.node.counters[BSC].committed == first.base + 1)
    polygon.restore(snapshot)
    second = Pipeline(system, Believer(), journal=journal)
    second.swap(POLYGON, USDC, 7 * USD, (BSC, USDC))
    second.finish(1)
    rolled_back = [(event.to_block, event.reason) for event in second.events(RolledBack)]
    assert rolled_back == [(system.height, f"a request of block {system.number(1)} changed while the node was down")]
    assert second.sent("revert", BSC) == [(BSC, (system.height,))]
    assert received(second) - before == 7
    second.check_books()


def test_node__started_without_its_journal__sends_nothing_on_top_of_a_foreign_history(system: LiquidSystem) -> None:
    first = Pipeline(system, Believer(), has_broker=False)
    first.swap(POLYGON, USDC, 10 * USD, (BSC, USDC))
    first.run_until(lambda: first.node.counters[AVALANCHE].accepted == first.base + 1)
    amnesiac = Pipeline(system, Believer(), journal=MemoryJournal(), has_broker=False)
    with pytest.raises(HistoryDiverged):
        amnesiac.round(10)
    assert [amnesiac.sent(purpose) for purpose in ("commit", "prove", "execute", "revert")] == [[], [], [], []]


def test_messages__early_twice_and_from_a_stranger__harmless_and_applied_in_time(system: LiquidSystem) -> None:
    pipeline = Pipeline(system, Believer())
    before, ethereum = received(pipeline), system.bridges[ETHEREUM]
    pipeline.swap(POLYGON, USDC, 10 * USD, (BSC, USDC))
    pipeline.halt(ETHEREUM)
    pipeline.run_until(lambda: pipeline.node.counters[POLYGON].accepted == pipeline.base + 1)
    for _ in range(2):
        deliver(pipeline, POLYGON, ETHEREUM)
    pipeline.run_until(lambda: pipeline.node.counters[BSC].executed == pipeline.base + 1)
    assert ethereum.status().committed == system.height
    number = system.number(1)
    assert ethereum.is_message_known(POLYGON, number, system.bridges[POLYGON].sync_hash(number))
    pipeline.resume()
    pipeline.finish(1)
    assert set(pipeline.sent("apply", ETHEREUM)) == {(ETHEREUM, (number,))}
    assert [ethereum.acknowledged(chain) for chain in (POLYGON, BSC)] == [number, number]
    assert received(pipeline) - before == 10
    check_each_step_once(pipeline)
    assert pipeline.retries() == []
    pipeline.check_books()


def deliver(pipeline: Pipeline, source: ChainId, destination: ChainId) -> None:
    """A stranger brings what `source` has accepted, with two members' signatures."""
    system = pipeline.system
    number = BlockNumber(pipeline.base + 1)
    message = SyncMessage(source, number, system.bridges[source].sync_hash(number))
    digest = compute_digest(message, system.deployment.deployment_hash)
    roles = system.world.roles
    evidence = b"".join(bytes(member.unsafe_sign_hash(digest).signature) for member in roles.committee[:2])  # type: ignore[arg-type]
    system.bridges[destination].receive_message(roles.stranger, message, evidence)


def test_reorg__request_gone_after_it_was_sealed_and_committed_elsewhere__rolled_back_and_reverted(
    system: LiquidSystem,
) -> None:
    pipeline = Pipeline(system, Believer())
    before = received(pipeline)
    polygon = system.world[POLYGON]
    snapshot = polygon.snapshot()
    pipeline.swap(POLYGON, USDC, 10 * USD, (BSC, USDC))
    pipeline.halt(AVALANCHE, POLYGON)
    pipeline.run_until(lambda: pipeline.node.counters[BSC].committed == pipeline.base + 1)
    polygon.restore(snapshot)
    pipeline.swap(POLYGON, USDC, 7 * USD, (BSC, USDC))
    pipeline.round(8)
    assert [event.to_block for event in pipeline.events(RolledBack)] == [system.height]
    assert pipeline.sent("revert", BSC) == [(BSC, (system.height,))]
    pipeline.resume()
    pipeline.finish(1)
    assert [
        event.request.amount for event in pipeline.events(RequestConfirmed) if isinstance(event.request, SwapRequest)
    ] == [10 * USD, 7 * USD]
    assert received(pipeline) - before == 7
    pipeline.check_books()


def test_reorg__request_gone_before_its_own_chain_has_committed_it__primary_has_not_accepted_it(
    system: LiquidSystem,
) -> None:
    pipeline = Pipeline(system, Believer())
    before = received(pipeline)
    polygon = system.world[POLYGON]
    snapshot = polygon.snapshot()
    pipeline.swap(POLYGON, USDC, 10 * USD, (BSC, USDC))
    pipeline.halt(POLYGON)
    pipeline.run_until(lambda: pipeline.node.counters[BSC].proven == pipeline.base + 1)
    pipeline.round(5)
    assert pipeline.node.counters[AVALANCHE].committed == pipeline.base + 1
    assert system.bridges[AVALANCHE].status().accepted == system.height
    polygon.restore(snapshot)
    pipeline.swap(POLYGON, USDC, 7 * USD, (BSC, USDC))
    pipeline.run_until(
        lambda: len(pipeline.timeline.swaps) == 1 and pipeline.record((POLYGON, RequestId(1))).request.amount == 7 * USD
    )
    pipeline.resume()
    pipeline.finish(1)
    assert [event.to_block for event in pipeline.events(RolledBack)] == [system.height]
    assert pipeline.sent("revert", AVALANCHE) == [(AVALANCHE, (system.height,))]
    assert received(pipeline) - before == 7
    pipeline.check_books()


def test_primary__not_reached_for_more_than_an_hour__block_is_sealed_anew_and_the_deadline_holds(
    system: LiquidSystem,
) -> None:
    pipeline = Pipeline(system, Believer())
    depositor = system.world.roles.depositor
    before = pipeline.balance(depositor, POLYGON, USDC)
    key = pipeline.swap(POLYGON, USDC, 10 * USD, (BSC, USDC))
    pipeline.halt(AVALANCHE)
    pipeline.run_until(lambda: pipeline.node.counters[BSC].committed == pipeline.base + 1)
    system.world.advance_time(4_000)
    pipeline.resume()
    pipeline.finish(1)
    assert [event.to_block for event in pipeline.events(RolledBack)] == [system.height]
    assert pipeline.sent("revert", BSC) == [(BSC, (system.height,))]
    outcome = pipeline.record(key).outcome
    assert outcome is not None and outcome.reason is RefundReason.DEADLINE_PASSED
    assert pipeline.balance(depositor, POLYGON, USDC) == before
    assert [retry.reason for retry in pipeline.events(Retried)] == [
        "avalanche: commit_blocks is refused: commit: too old"
    ]
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
    pipeline = Pipeline(system, Believer())
    depositor, client = system.world.roles.depositor, system.world[BSC].client
    inventory = client.balance(system.world.roles.broker.address)
    for _ in range(2):
        pipeline.swap(POLYGON, USDC, 60 * USD, (BSC, BNB), fill_fee=10**15, seconds=1_800)
    before = pipeline.balance(depositor, POLYGON, USDC)
    pipeline.halt(AVALANCHE)
    pipeline.run_until(lambda: pipeline.node.counters[BSC].committed == pipeline.base + 1)
    system.world.advance_time(4_000)
    pipeline.resume()
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

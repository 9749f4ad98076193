"""The operator is gone: the chains freeze, one that lagged is brought forward, the state is rebuilt from calldata
alone, and everybody leaves by proof. Real contracts on four chains; only the proofs are believed (the exit verifier
believes exactly one proof of each statement). What the lagging chain imports is handed over by a contract, so that
neither blocks nor proofs stand in its transactions' inputs: anybody may do that to hinder the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import pytest
from eth_account.signers.local import LocalAccount
from zklink.recovery.chain_history import ChainHistory

from tests.scenarios.pipeline import AVALANCHE, BSC, ETHEREUM, POLYGON, Believer, LiquidSystem, Pipeline
from tests.support.assembler import Assembler
from tests.support.upholds import upholds
from zklink.devnet.tokens import USDC
from zklink.l1.contracts.bridge import BridgeClient
from zklink.l1.contracts.bridge_events import RequestCancelled
from zklink.l1.contracts.bridge_structs import Exit, universal_address
from zklink.primitives.keccak import keccak_words
from zklink.protocol.domain import compute_exit_domain
from zklink.protocol.errors import CallReverted, ExitsRefused, HistoryIncomplete, ReplayRefused, ZkLinkError
from zklink.protocol.ids import EXPIRY_SECONDS, BlockNumber, ChainId, TokenId
from zklink.recovery.exit_proofs import ExitOrder, find_exits
from zklink.recovery.exit_sender import leave, send_exits
from zklink.recovery.exodus_driver import ExodusDriver
from zklink.recovery.history_reader import HistoryReader
from zklink.recovery.rebuild import find_last, rebuild
from zklink.state.state import State
from zklink.transition.exit import compute_claims
from zklink.transition.exit_authority import compute_exit_inputs

USD = 10**6
ROUNDS = 40


@dataclass
class Ruin:
    """What is left of a deployment whose operator has died."""

    pipeline: Pipeline
    said: list[str]
    height: BlockNumber
    root: int
    histories: dict[ChainId, ChainHistory]
    state: State


@pytest.fixture(scope="module")
def ruin(session_liquid: LiquidSystem) -> Iterator[Ruin]:
    with session_liquid.world.isolated():
        pipeline = Pipeline(session_liquid, Believer())
        sequencer = pipeline.node.sequencer
        pipeline.run_until(lambda: not sequencer.is_replaying and pipeline.node.is_settled())
        pipeline.halt(ETHEREUM)  # blocks that do not concern it are not imported there
        for source, destination in ((POLYGON, BSC), (BSC, POLYGON)):
            height = sequencer.height + 1
            pipeline.swap(source, USDC, 20 * USD, (destination, USDC))
            pipeline.run_until(lambda height=height: sequencer.height == height)  # type: ignore[misc]
        pipeline.run_until(partial(_is_executed, pipeline, sequencer.height))
        pipeline.node.close()
        pipeline.deposit(POLYGON, USDC, 7 * USD, session_liquid.world.roles.depositor)
        pipeline.swap(BSC, USDC, 9 * USD, (POLYGON, USDC))
        said = _bring_to_exodus(pipeline)
        deployment = session_liquid.deployment
        histories = HistoryReader(deployment, session_liquid.bridges).read_all()
        last = find_last(deployment, histories)
        yield Ruin(
            pipeline, said, sequencer.height, sequencer.state.root, histories, rebuild(deployment, histories, last)
        )


def _is_executed(pipeline: Pipeline, height: int) -> bool:
    counters = pipeline.node.counters
    return all(counters[chain].executed >= height for chain in (POLYGON, BSC, AVALANCHE))


def _bring_to_exodus(pipeline: Pipeline) -> list[str]:
    system, relayer = pipeline.system, pipeline.parts.relayer
    assert relayer is not None
    account = system.world.roles.stranger
    bridges = {**system.bridges, ETHEREUM: _hide_words(system.bridges[ETHEREUM], system.world.roles.attacker)}
    rescue, said = ExodusDriver(system.deployment, bridges, account), list[str]()
    assert not leave(rescue, [], account, said.append)  # nothing is old enough yet
    system.world.advance_time(EXPIRY_SECONDS + 60)
    for _ in range(ROUNDS):
        if leave(rescue, [], account, said.append):
            return said
        system.world.mine(4)
        for watch in pipeline.parts.watches.values():
            watch.look()
        for chain in system.bridges:
            relayer.deliver(chain)
    raise AssertionError(said)


def _hide_words(bridge: BridgeClient, griefer: LocalAccount) -> BridgeClient:
    """A client of the bridge whose imports a griefer's contract makes."""
    hidden, assembler = BridgeClient(bridge.client, bridge.address), Assembler.deploy(bridge, griefer)
    hidden.commit_blocks = lambda account, last, blocks: assembler.commit(last, blocks)  # type: ignore[method-assign]
    hidden.prove_blocks = lambda account, blocks: assembler.prove(blocks)  # type: ignore[method-assign]
    return hidden


def believe(state: State, ruin: Ruin, owner: bytes) -> list[ExitOrder]:
    """Exits with the one proof that the test's exit verifier believes."""
    deployment = ruin.pipeline.system.deployment
    domain = compute_exit_domain(deployment.deployment_hash)
    orders = []
    for s in find_exits(state, owner, deployment.chains):
        public = compute_exit_inputs(s, None, domain)
        proof = (int.from_bytes(keccak_words(*public), "big"), *(0,) * 7)
        orders.append(ExitOrder.of(Exit(public.x0, public.recipient_lo, public.x1, proof)))
    return orders


@upholds("EXI-1", "QUE-2", "SYN-7")
def test_rescue__one_chain_lags__all_begin_exodus_at_the_same_block(ruin: Ruin) -> None:
    bridges = ruin.pipeline.system.bridges
    states = [bridge.exodus.freeze_state() for bridge in bridges.values()]
    assert {(state.is_exodus, state.common_block) for state in states} == {(True, ruin.height)}
    assert {bridge.exodus.exit_root() for bridge in bridges.values()} == {ruin.root}
    ethereum = " ".join(line for line in ruin.said if line.startswith("ethereum"))
    for step in ("opened", "committed", "proven", "accepted", "executed", "exodus begun"):
        assert step in ethereum


@upholds("SOL-4", "EXI-2")
def test_open_requests__exodus__each_cancelled_once(ruin: Ruin) -> None:
    system = ruin.pipeline.system
    cancelled = [
        (chain, event.lane, event.l1_amount)
        for chain, bridge in system.bridges.items()
        for event in bridge.exodus.events(system.deployment.chains[chain].from_block, bridge.client.head().number)
        if isinstance(event, RequestCancelled)
    ]
    assert [(chain, amount) for chain, _, amount in cancelled] == [(POLYGON, 7 * USD), (BSC, 9 * 10**18)]


@upholds("EXI-1")
def test_rebuild__from_calldata_alone__the_operators_root(ruin: Ruin) -> None:
    assert ruin.state.root == ruin.root
    assert find_last(ruin.pipeline.system.deployment, ruin.histories) == ruin.height


def test_rebuild__a_slice_is_missing__says_which(ruin: Ruin) -> None:
    deployment, history = ruin.pipeline.system.deployment, ruin.histories[BSC]
    blocks = {number: block for number, block in history.blocks.items() if number != ruin.height}
    histories = {**ruin.histories, BSC: replace(history, blocks=blocks)}
    assert find_last(deployment, histories) == ruin.height - 1
    with pytest.raises(HistoryIncomplete, match=f"bsc, block {ruin.height}"):
        rebuild(deployment, histories, ruin.height)


def test_rebuild__a_word_is_changed__refused(ruin: Ruin) -> None:
    deployment, history = ruin.pipeline.system.deployment, ruin.histories[BSC]
    committed = history.blocks[ruin.height]
    forged = replace(
        committed, block=replace(committed.block, words=(committed.block.words[0] ^ 1, *committed.block.words[1:]))
    )
    histories = {**ruin.histories, BSC: replace(history, blocks={**history.blocks, ruin.height: forged})}
    with pytest.raises((ReplayRefused, ZkLinkError)) as refused:
        rebuild(deployment, histories, ruin.height)
    assert f"block {ruin.height}" in str(refused.value)


def test_read_chain__another_deployments_file__refused(ruin: Ruin) -> None:
    system = ruin.pipeline.system
    other = replace(system.deployment, deployment_hash=bytes(31) + b"\x01")
    with pytest.raises(ZkLinkError) as refused:
        HistoryReader(other, system.bridges).read(POLYGON)
    assert "polygon" in str(refused.value)


@upholds("EXI-1", "SOL-1")
def test_exits__everybody__paid_what_the_state_says_within_one_unit_each(ruin: Ruin) -> None:
    system = ruin.pipeline.system
    with system.world.isolated():
        owned: dict[TokenId, int] = {}
        paid: dict[TokenId, int] = {}
        orders: list[ExitOrder] = []
        for owner in (system.world.roles.provider, system.world.roles.operator):
            mine = believe(ruin.state, ruin, universal_address(owner.address))
            for token in {order.token for order in mine}:
                for side, amount in compute_claims(ruin.state, mine[0].account, token):
                    owned[side] = owned.get(side, 0) + amount
            for chain, bridge in system.bridges.items():
                here = [order for order in mine if order.chain == chain]
                send_exits(bridge, system.deployment, here, owner, lambda text: None)
            orders += mine
        for order in orders:
            for token, amount in ((order.token_a, order.amount_a), (order.token_b, order.amount_b)):
                paid[token] = paid.get(token, 0) + amount
        assert len(orders) > len(system.bridges)
        for token, amount in owned.items():
            exits = sum(token in (order.token_a, order.token_b) for order in orders)
            assert 0 <= amount - paid.get(token, 0) <= exits
        for chain, bridge in system.bridges.items():
            for plan in system.deployment.tokens:
                if chain in plan.contracts:
                    books = bridge.solvency(plan.token_id)
                    scale = bridge.tokens.token_scale(plan.token_id)
                    assert books.balance >= books.pending + books.custody * scale
                    # Nobody else has an account: what is left is rounding.
                    assert books.custody <= len(orders)


@upholds("EXI-1")
def test_exit__sent_twice_or_by_another__refused(ruin: Ruin) -> None:
    system = ruin.pipeline.system
    with system.world.isolated():
        provider, thief = system.world.roles.provider, system.world.roles.attacker
        order = next(o for o in believe(ruin.state, ruin, universal_address(provider.address)) if o.chain == BSC)
        exodus = system.bridges[BSC].exodus
        with pytest.raises(CallReverted, match="recipient must send it"):
            exodus.exit(thief, order.call)
        exodus.exit(provider, order.call)
        with pytest.raises(CallReverted, match="already paid"):
            exodus.exit(provider, order.call)


@upholds("EXI-1")
def test_send_exits__a_hostile_file__refused_one_by_one_and_the_good_ones_sent(ruin: Ruin) -> None:
    system = ruin.pipeline.system
    with system.world.isolated():
        provider, said = system.world.roles.provider, list[str]()
        good, other, third, *_ = [
            o for o in believe(ruin.state, ruin, universal_address(provider.address)) if o.chain == BSC
        ]
        to_thief = int(system.world.roles.attacker.address, 16)
        hostile = [
            replace(other, call=replace(other.call, proof=(1, *other.call.proof[1:]))),
            replace(third, call=replace(third.call, x1=third.call.x1 + (1 << 112))),
            ExitOrder.of(replace(other.call, recipient_lo=to_thief)),
            ExitOrder.of(replace(other.call, recipient_lo=to_thief, x0=other.call.x0 | 1 << 32)),
        ]
        nonce = system.world.clients[BSC].nonce(provider.address)
        with pytest.raises(ExitsRefused) as refused:
            send_exits(system.bridges[BSC], system.deployment, [*hostile, good], provider, said.append)
        assert len(refused.value.refused) == len(hostile)
        assert "only 0x" in refused.value.refused[2]
        assert "zklink recover" in str(refused.value)
        assert system.world.clients[BSC].nonce(provider.address) == nonce + 1
        assert f"at {provider.address}" in said[0]
        send_exits(system.bridges[BSC], system.deployment, [good], provider, said.append)
        assert "left already" in said[1]
        assert len(said) == 2

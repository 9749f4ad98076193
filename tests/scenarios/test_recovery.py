"""The operator is gone, on a system with pools: each chain ends, the state is rebuilt from the primary's calldata
alone, and everybody leaves by proof. Real contracts on four chains; only the proofs are believed (the exit verifier
believes exactly one proof of each statement). How deployments end otherwise, with real proofs: `endings`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from eth_account.signers.local import LocalAccount

from tests.scenarios.pipeline import AVALANCHE, BSC, ETHEREUM, POLYGON, Believer, LiquidSystem, Pipeline
from tests.support.ending import ROUNDS
from tests.support.upholds import upholds
from zklink.cli.main import main
from zklink.devnet.tokens import USDC
from zklink.l1.contracts.bridge_events import RequestCancelled
from zklink.l1.contracts.bridge_structs import Exit, universal_address
from zklink.primitives.keccak import keccak_words
from zklink.protocol.domain import compute_exit_domain
from zklink.protocol.errors import CallReverted, ExitsRefused, HistoryDisagrees, HistoryIncomplete, ZkLinkError
from zklink.protocol.ids import BlockNumber, ChainId, TokenId
from zklink.recovery.chains_read import ChainsRead
from zklink.recovery.exit_file import ExitPlace, read_exits
from zklink.recovery.exit_places import find_block, find_ends, rebuild_ends
from zklink.recovery.exit_proofs import ExitOrder, find_exits
from zklink.recovery.exit_sender import send_exits
from zklink.recovery.exodus_driver import ExodusDriver
from zklink.recovery.groups_asked import GroupsAsked
from zklink.recovery.leaving import leave
from zklink.state.state import State
from zklink.transition.exit import compute_claims
from zklink.transition.exit_authority import compute_exit_inputs

USD = 10**6
DAY = 86_400


@dataclass
class Ruin:
    """What is left of a deployment whose operator has died."""

    pipeline: Pipeline
    said: list[str]
    height: BlockNumber
    root: int
    read: ChainsRead
    state: State


@pytest.fixture(scope="module")
def ruin(session_liquid: LiquidSystem) -> Iterator[Ruin]:
    with session_liquid.world.isolated():
        pipeline = Pipeline(session_liquid, Believer())
        sequencer = pipeline.node.sequencer
        pipeline.run_until(lambda: not sequencer.is_replaying and pipeline.node.is_settled())
        pipeline.halt(ETHEREUM)  # it imports nothing more while the operator lives
        for source, destination in ((POLYGON, BSC), (BSC, POLYGON)):
            height = sequencer.height + 1
            pipeline.swap(source, USDC, 20 * USD, (destination, USDC))
            pipeline.run_until(lambda height=height: sequencer.height == height)  # type: ignore[misc]
        bridges = session_liquid.bridges
        pipeline.run_until(
            lambda: all(bridges[k].history.tip().number == sequencer.height for k in (POLYGON, BSC, AVALANCHE))
        )
        pipeline.node.close()
        pipeline.deposit(POLYGON, USDC, 7 * USD, session_liquid.world.roles.depositor)
        pipeline.swap(BSC, USDC, 9 * USD, (POLYGON, USDC))
        groups = GroupsAsked(pipeline.parts.validators, pipeline.parts.watchers)
        read = ChainsRead(session_liquid.deployment, bridges, groups)
        said = bring_to_exodus(pipeline, read)
        fresh = ChainsRead(session_liquid.deployment, bridges)
        state = rebuild_ends(fresh, find_ends(fresh))[AVALANCHE]
        yield Ruin(pipeline, said, sequencer.height, sequencer.state.root, fresh, state)


def bring_to_exodus(pipeline: Pipeline, read: ChainsRead) -> list[str]:
    system, said = pipeline.system, list[str]()
    account = system.world.roles.stranger
    rescue = ExodusDriver(read, account)
    assert not leave(rescue, [], said.append)  # nothing is old enough yet
    for _ in range(ROUNDS):
        system.world.mine(4)
        if leave(rescue, [], said.append):
            return said
        system.world.advance_time(DAY)
        system.world.mine(6)
    raise AssertionError(said)


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


@upholds("EXI-1", "QUE-2", "SYN-9")
def test_rescue__one_chain_lags__all_begin_exodus_at_the_same_block(ruin: Ruin) -> None:
    bridges = ruin.pipeline.system.bridges
    assert all(bridge.exodus.is_begun() for bridge in bridges.values())
    assert {bridge.history.tip().number for bridge in bridges.values()} == {ruin.height}
    assert {bridge.exodus.exit_root() for bridge in bridges.values()} == {ruin.root}
    ethereum = " ".join(line for line in ruin.said if line.startswith("ethereum"))
    for step in ("imported", "END raised", "exits are open"):
        assert step in ethereum


@upholds("SOL-4", "EXI-2")
def test_open_requests__exodus__each_cancelled_once(ruin: Ruin) -> None:
    system = ruin.pipeline.system
    cancelled = [
        (chain, event.l1_amount)
        for chain, bridge in system.bridges.items()
        for event in bridge.exodus.events(system.deployment.chains[chain].from_block, bridge.client.head().number)
        if isinstance(event, RequestCancelled)
    ]
    assert cancelled == [(POLYGON, 7 * USD), (BSC, 9 * 10**18)]


@upholds("EXI-1")
def test_rebuild__from_the_primarys_calldata_alone__the_operators_root(ruin: Ruin) -> None:
    assert ruin.state.root == ruin.root
    alone = ChainsRead(ruin.pipeline.system.deployment, {AVALANCHE: ruin.pipeline.system.bridges[AVALANCHE]})
    assert rebuild_ends(alone, find_ends(alone))[AVALANCHE].root == ruin.root


def test_rebuild__an_earlier_block__its_root(ruin: Ruin) -> None:
    history, number = ruin.read.history(), ruin.height - 1
    ends = find_block(ruin.read, number)
    assert {state.root for state in rebuild_ends(ruin.read, ends).values()} == {history.root(number)}
    assert not any(end.is_known for end in ends.values())
    with pytest.raises(HistoryIncomplete, match=f"avalanche, block {ruin.height + 1}"):
        find_block(ruin.read, ruin.height + 1)


def test_read__a_word_of_the_calldata_is_changed__refused(ruin: Ruin, monkeypatch: pytest.MonkeyPatch) -> None:
    system = ruin.pipeline.system
    client = system.bridges[AVALANCHE].client
    real = client.find_input

    def changed(tx_hash: bytes) -> bytes | None:
        data = real(tx_hash)
        return None if data is None else data[:-32] + bytes([data[-32] ^ 1]) + data[-31:]

    def gone(tx_hash: bytes) -> bytes | None:
        return None

    monkeypatch.setattr(client, "find_input", changed)
    with pytest.raises((HistoryDisagrees, HistoryIncomplete), match="avalanche, block"):
        ChainsRead(system.deployment, system.bridges).history()
    monkeypatch.setattr(client, "find_input", gone)
    with pytest.raises(HistoryIncomplete, match=r"avalanche, block .*--rpc avalanche=URL"):
        ChainsRead(system.deployment, system.bridges).history()


def test_read__another_deployments_file__refused(ruin: Ruin) -> None:
    system = ruin.pipeline.system
    other = replace(system.deployment, deployment_hash=bytes(31) + b"\x01")
    with pytest.raises(ZkLinkError, match="avalanche"):
        ChainsRead(other, system.bridges).history()


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
            for chain in system.bridges:
                send(ruin, chain, mine, owner)
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


def send(ruin: Ruin, chain: ChainId, orders: list[ExitOrder], owner: LocalAccount) -> None:
    """The owner sends the exits of one chain."""
    system = ruin.pipeline.system
    here = [order for order in orders if order.chain == chain]
    send_exits(system.bridges[chain], system.deployment, here, owner, lambda text: None)


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


def test_recover__command__root_of_each_chain_and_a_file_of_exits(
    ruin: Ruin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = ruin.pipeline.system
    file, out = tmp_path / "deployment.json", tmp_path / "exits.json"
    file.write_text(system.deployment.to_json())
    asked: list[Mapping[str, str]] = []

    def connect(_: object, urls: Mapping[str, str], quorum: int) -> object:
        asked.append(urls)
        return system.bridges

    monkeypatch.setattr("zklink.cli.recover.connect_bridges", connect)
    monkeypatch.setenv("POLYGON_RPC", "http://elsewhere")
    monkeypatch.setattr("zklink.cli.recover.ensure_circuit", lambda *arguments: None)
    monkeypatch.setattr("zklink.cli.recover.open_prover", lambda *arguments: None)
    orders = believe(ruin.state, ruin, universal_address(system.world.roles.provider.address))
    proven = [ExitOrder.of(replace(order.call, proof=(7,) * 8)) for order in orders]
    monkeypatch.setattr("zklink.cli.recover.prove_exits", lambda *arguments: proven)
    options = ["--from-l1", "--deployment", str(file), "--rpc", "avalanche=http://localhost"]
    owner = ["--owner", system.world.roles.provider.address, "--out", str(out)]
    result = CliRunner().invoke(main, ["recover", *options, *owner])
    assert result.exit_code == 0, result.output
    assert asked == [{"avalanche": "http://localhost", "polygon": "http://elsewhere"}]
    assert f"block {ruin.height}: root {ruin.root:#066x} (ethereum, polygon, bsc, avalanche)" in result.output
    assert "rehearsal" not in result.output
    exits = read_exits(out, system.deployment)
    assert exits.places == dict.fromkeys(system.bridges, ExitPlace(ruin.height, ruin.root))
    assert exits.orders == tuple(proven) and len(proven) > len(system.bridges)

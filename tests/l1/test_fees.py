"""Fees have a ceiling: whatever raises one, none is paid far above the market, and the error says what to raise."""

from dataclasses import replace

import pytest
from web3 import Web3

from tests.l1.fake_node import POLICY, PROFILE, FakeNode
from zklink.devnet.roles import default_roles
from zklink.l1.transport.client import Call, ChainClient
from zklink.l1.transport.fees import GWEI, FeePolicy, read_cap
from zklink.l1.transport.submission import SendPolicy
from zklink.lab.rpc_faults import error
from zklink.protocol.errors import FeeCeilingReached, L1Error, RpcUnavailable, TransactionRejected, TransactionStuck

SENDER = default_roles().sequencer
TARGET = default_roles().stranger.address
CALL = Call(TARGET, b"commit", "commit_blocks")
COIN = 10**18


@pytest.fixture
def node() -> FakeNode:
    return FakeNode()


def client_of(node: FakeNode, policy: SendPolicy = POLICY) -> ChainClient:
    return ChainClient(PROFILE, Web3(node), policy, sleep=node.tick, clock=lambda: node.now)


def cost(node: FakeNode) -> int:
    """The most that any version in the pool or in a block can cost, in wei."""
    return max((item.max_fee * item.gas for item in node.received), default=0)


def test_raise__no_blocks_for_ten_minutes__the_fee_stays(node: FakeNode) -> None:
    node.mines = node.has_blocks = False
    node.base_fee, node.tip, node.gas = 30 * GWEI, 30 * GWEI, 10_000_000
    client = client_of(node, SendPolicy())
    while node.now < 600:
        with pytest.raises(TransactionStuck):
            client.send(SENDER, CALL)
    assert {(item.max_fee, item.tip) for item in node.received} == {(80 * GWEI, 30 * GWEI)}  # 12.5 million gas: a coin
    node.mines = True
    assert client.send(SENDER, CALL).is_success
    assert len(node.mined) == 1


def test_raise__blocks_without_it_for_hours__ends_at_the_ceiling_and_says_what_to_raise(node: FakeNode) -> None:
    node.mines = False
    node.base_fee, node.tip, node.gas = 10 * GWEI, 10 * GWEI, 10_000_000
    node.history = [(GWEI, 10 * GWEI)] * 20
    client, said = client_of(node), list[str]()
    for _ in range(30):
        with pytest.raises(L1Error) as caught:
            client.send(SENDER, CALL)
        said.append(str(caught.value))
    assert isinstance(caught.value, FeeCeilingReached)
    assert "FeePolicy.most_per_transaction_wei" in said[-1] and "may still be mined" in said[-1]
    assert cost(node) <= COIN
    node.mines = True
    assert client.send(SENDER, CALL).is_success
    assert len(node.mined) == 1


def test_floor__named_by_the_node__learned_and_paid_exactly(node: FakeNode) -> None:
    node.tip, node.tip_floor = 1, 25 * GWEI
    client = client_of(node)
    for _ in range(3):
        assert client.send(SENDER, CALL).is_success
    assert [item.tip for item in node.received] == [25 * GWEI] * 3
    assert node.calls.count("eth_sendRawTransaction") == 4  # refused once


def test_floor__not_named__found_in_a_few_tries_below_the_ceiling(node: FakeNode) -> None:
    node.tip, node.tip_floor, node.names_floor = 1, 25 * GWEI, False
    assert client_of(node).send(SENDER, CALL).is_success
    assert 25 * GWEI <= node.received[0].tip <= 50 * GWEI
    assert node.calls.count("eth_sendRawTransaction") <= 16


@pytest.mark.parametrize("is_named", [True, False])
def test_floor__above_the_ceiling__refused_with_nothing_sent(node: FakeNode, is_named: bool) -> None:
    node.tip, node.tip_floor, node.names_floor = 1, 10**15, is_named
    with pytest.raises(FeeCeilingReached, match=r"nothing was sent.*least_tip_ceiling_wei"):
        client_of(node).send(SENDER, CALL)
    assert node.received == []
    node.tip_floor = 0
    assert client_of(node).send(SENDER, CALL).is_success
    assert [item.nonce for item in node.mined] == [0]


def test_base_fee__named_by_the_node__the_max_fee_alone_is_raised(node: FakeNode) -> None:
    node.fail("eth_sendRawTransaction", "max fee per gas less than block base fee: maxFeePerGas: 207, baseFee: 350")
    client_of(node).send(SENDER, CALL)
    assert [(item.max_fee, item.tip) for item in node.received] == [(707, 7)]


@pytest.mark.parametrize("history", [None, [(GWEI, 2 * GWEI)] * 20, []])
def test_suggestion__absurd__is_not_paid(node: FakeNode, history: list[tuple[int, int]] | None) -> None:
    node.tip, node.history = 1_000_000 * GWEI, history
    client_of(node).send(SENDER, CALL)
    assert [item.tip for item in node.received] == [2 * GWEI if history else GWEI]


def test_suggestion__below_what_blocks_take__the_blocks_count(node: FakeNode) -> None:
    node.tip, node.history = 1, [(25 * GWEI, 30 * GWEI)] * 20
    client_of(node).send(SENDER, CALL)
    assert [item.tip for item in node.received] == [25 * GWEI]


def test_cap_of_the_node__less_headroom_then_it_is_remembered(node: FakeNode) -> None:
    node.base_fee, node.tip, node.gas, node.cap_wei = 30 * GWEI, 2 * GWEI, 10_000_000, COIN * 6 // 10
    client = client_of(node)
    assert client.send(SENDER, CALL).is_success
    assert client.send(SENDER, CALL).is_success
    assert cost(node) <= node.cap_wei
    assert node.calls.count("eth_sendRawTransaction") == 3


def test_cap_of_the_node__below_the_price__said_once_and_nothing_sent(node: FakeNode) -> None:
    node.base_fee, node.tip, node.gas, node.cap_wei = 30 * GWEI, 2 * GWEI, 10_000_000, COIN // 10
    client = client_of(node)
    for _ in range(3):
        with pytest.raises(FeeCeilingReached, match=r"rpc\.txfeecap"):
            client.send(SENDER, CALL)
    assert node.received == []
    assert node.calls.count("eth_sendRawTransaction") == 1


@pytest.mark.parametrize(
    ("fees", "setting"),
    [
        (FeePolicy(most_per_transaction_wei=COIN // 10), "most_per_transaction_wei"),
        (FeePolicy(most_per_gas_wei=20 * GWEI), "most_per_gas_wei"),
    ],
)
@pytest.mark.parametrize("has_base_fee", [True, False])
def test_ceiling__below_the_price__refused_before_anything_is_sent(
    node: FakeNode, fees: FeePolicy, setting: str, has_base_fee: bool
) -> None:
    node.base_fee, node.tip, node.gas, node.has_base_fee = 30 * GWEI, 2 * GWEI, 10_000_000, has_base_fee
    with pytest.raises(FeeCeilingReached, match=setting) as caught:
        client_of(node, replace(POLICY, fees=fees)).send(SENDER, CALL)
    assert (node.received, caught.value.tx_hashes) == ([], ())
    assert client_of(node).send(SENDER, CALL).is_success


def test_raise__chain_without_base_fee__ends_at_the_ceiling(node: FakeNode) -> None:
    node.mines = node.has_base_fee = False
    node.base_fee = 5 * GWEI
    client = client_of(node)
    for _ in range(30):
        with pytest.raises((TransactionStuck, FeeCeilingReached)):
            client.send(SENDER, CALL)
    assert max(item.max_fee for item in node.received) <= 50 * GWEI


def test_floor__named_once__forgotten_after_a_while(node: FakeNode) -> None:
    node.tip = 1
    node.fail("eth_sendRawTransaction", f"transaction underpriced: gas tip cap 1, minimum needed {25 * GWEI}")
    client = client_of(node)
    for seconds in (0, 0, 601, 0):
        node.now += seconds
        assert client.send(SENDER, CALL).is_success
    assert [item.tip for item in node.received] == [25 * GWEI, 25 * GWEI, 1, 1]


def test_floor__above_the_ceiling_once__the_next_call_is_sent(node: FakeNode) -> None:
    node.fail("eth_sendRawTransaction", f"transaction underpriced: gas tip cap 1, minimum needed {10**15}")
    client = client_of(node)
    with pytest.raises(FeeCeilingReached):
        client.send(SENDER, CALL)
    assert client.send(SENDER, CALL).is_success


def test_cap_of_the_node__named_once__forgotten_after_a_while(node: FakeNode) -> None:
    node.base_fee, node.tip, node.gas = 30 * GWEI, 2 * GWEI, 10_000_000
    node.fail("eth_sendRawTransaction", "tx fee (0.77 ether) exceeds the configured cap (0.01 ether)")
    client = client_of(node)
    for _ in range(2):
        with pytest.raises(FeeCeilingReached, match=r"rpc\.txfeecap"):
            client.send(SENDER, CALL)
    node.now += 601
    assert client.send(SENDER, CALL).is_success


def test_method__lacking_once__asked_again_after_a_while(node: FakeNode) -> None:
    client = client_of(node)
    node.fail("eth_maxPriorityFeePerGas", *[error("the method is not available", -32601)])
    for seconds, tip in ((0, GWEI), (0, GWEI), (601, 7)):
        node.now += seconds
        client.send(SENDER, CALL)
        assert node.received[-1].tip == tip


@pytest.mark.parametrize(
    ("words", "cap"),
    [
        ("(1.00 ether)", COIN - COIN * 5 // 1_000),
        ("(0.60 ether)", COIN * 595 // 1_000),
        ("(12 ether)", COIN * 23 // 2),
        ("(0.000000000000000001 ether)", None),
        *[(f"({odd} ether)", None) for odd in ("0.00", "0", ".", "", "..", "1.2.3", "1e18", "-1", "9" * 400, "1.")],
        ("(1.0.0 ether)", None),
        ("0.60 ether", None),
        ("(\u0661.\u0660\u0660 ether)", None),
    ],
)
def test_read_cap__words__what_the_node_certainly_takes(words: str, cap: int | None) -> None:
    assert read_cap(f"tx fee (2.00 ether) exceeds the configured cap {words}") == cap


@pytest.mark.parametrize("words", ["(0.00 ether)", "(. ether)", "(1e18 ether)", "(9" + "9" * 500 + " ether)"])
def test_cap_of_the_node__in_words_that_say_nothing__the_least_that_is_mined(node: FakeNode, words: str) -> None:
    node.fail("eth_sendRawTransaction", f"tx fee (0.05 ether) exceeds the configured cap {words}")
    assert client_of(node).send(SENDER, CALL).is_success
    assert [item.max_fee for item in node.received] == [node.base_fee * 9 // 8 + node.tip]


@pytest.mark.parametrize("text", ["gas tip cap 1, minimum needed {}", "max fee below base fee: {}", "minimum {}"])
def test_floor__a_number_without_end__is_a_floor_without_a_number(node: FakeNode, text: str) -> None:
    node.fail("eth_sendRawTransaction", f"transaction underpriced: {text.format('9' * 5_000)}")
    assert client_of(node).send(SENDER, CALL).is_success


class TestWithoutBaseFee:
    @pytest.fixture
    def node(self) -> FakeNode:
        return FakeNode(has_base_fee=False)

    def test_price__by_the_nodes_word_alone__ends_at_the_ceiling(self, node: FakeNode) -> None:
        node.base_fee = 5_000 * GWEI
        with pytest.raises(FeeCeilingReached, match="unproven_price_wei"):
            client_of(node).send(SENDER, CALL)
        assert node.received == []
        policy = replace(POLICY, fees=FeePolicy(unproven_price_wei=5_000 * GWEI))
        assert client_of(node, policy).send(SENDER, CALL).is_success

    def test_price__as_the_last_blocks_took__is_paid(self, node: FakeNode) -> None:
        node.base_fee, node.history = 5_000 * GWEI, [(4_000 * GWEI, 4_500 * GWEI)] * 20
        assert client_of(node).send(SENDER, CALL).is_success
        assert [item.max_fee for item in node.received] == [5_000 * GWEI]

    def test_price__far_above_the_last_blocks__theirs_is_paid(self, node: FakeNode) -> None:
        node.base_fee, node.history = 5_000 * GWEI, [(4 * GWEI, 6 * GWEI)] * 20
        assert client_of(node).send(SENDER, CALL).is_success
        assert [item.max_fee for item in node.received] == [6 * GWEI]

    def test_price__nothing__is_nothing(self, node: FakeNode) -> None:
        node.base_fee = 0
        assert client_of(node).send(SENDER, CALL).is_success
        assert [item.max_fee for item in node.received] == [0]


@pytest.mark.parametrize("has_base_fee", [True, False])
def test_gas__none_given__refused_by_the_node_and_typed(node: FakeNode, has_base_fee: bool) -> None:
    node.has_base_fee = has_base_fee
    node.fail("eth_sendRawTransaction", "intrinsic gas too low")
    with pytest.raises(TransactionRejected):
        client_of(node).send(SENDER, CALL, gas=0)


@pytest.mark.parametrize("gas", [0, -1])
def test_gas__estimated_as_nothing__is_no_answer(node: FakeNode, gas: int) -> None:
    node.gas = gas
    with pytest.raises(RpcUnavailable):
        client_of(node).send(SENDER, CALL)
    assert node.received == []

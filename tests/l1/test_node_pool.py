"""Several nodes of one chain: failover within one attempt, health, and a quorum for what decides about money."""

import pytest
from web3 import Web3
from web3.types import RPCEndpoint

from tests.l1.fake_node import POLICY, PROFILE, FakeNode
from zklink.devnet.roles import default_roles
from zklink.l1.transport.client import Call, ChainClient
from zklink.l1.transport.nodes import Node, NodePool
from zklink.l1.transport.roster import PoolPolicy
from zklink.lab.rpc_faults import AWAY, EMPTY, HANG, READ_FAULTS, RpcFault, error, http
from zklink.protocol.errors import CallReverted, NodesDisagree, RpcUnavailable, WrongChain

SENDER = default_roles().sequencer
TARGET = default_roles().stranger.address
CALL = Call(TARGET, b"commit", "commit_blocks")


SLOW_DOWN = '{"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": "slow down"}}'


class Nodes:
    """Nodes of one chain: they share pool and blocks, and time passes for all."""

    def __init__(self, count: int, quorum: int = 1) -> None:
        self.members = [FakeNode() for _ in range(count)]
        first = self.members[0]
        for node in self.members:
            node.pool, node.mined, node.wait = first.pool, first.mined, self.tick
        named = [Node(f"node-{index}", node) for index, node in enumerate(self.members)]
        self.pool = NodePool(PROFILE, named, PoolPolicy(quorum), clock=lambda: self.now)
        self.client = ChainClient(PROFILE, Web3(self.pool), POLICY, sleep=self.tick, clock=lambda: self.now)
        self.now = 0.0

    def tick(self, seconds: float) -> None:
        self.now += seconds
        first = self.members[0]
        first.tick(seconds)
        for node in self.members[1:]:
            node.pool, node.now = first.pool, self.now

    def asked(self, method: str) -> list[int]:
        return [node.calls.count(method) for node in self.members]


@pytest.mark.parametrize("fault", [*READ_FAULTS, http(401), http(404)])
def test_read__the_first_node_fails__the_second_answers_at_once(fault: RpcFault) -> None:
    nodes = Nodes(2)
    nodes.members[0].always["eth_getBlockByNumber"] = fault
    for _ in range(3):
        assert nodes.client.head().number == 0
    assert nodes.now <= fault.seconds  # at most one time-out, no pauses
    assert nodes.asked("eth_getBlockByNumber")[0] <= 2


def test_read__a_node_comes_back__is_asked_again_after_its_rest() -> None:
    nodes = Nodes(2)
    nodes.members[0].fail("eth_getBlockByNumber", http(429, rest_seconds=30))
    nodes.client.head()
    nodes.client.head()
    assert nodes.asked("eth_getBlockByNumber") == [1, 2]
    nodes.now = 31
    nodes.members[1].always["eth_getBlockByNumber"] = AWAY
    nodes.client.head()
    assert nodes.asked("eth_getBlockByNumber")[0] == 2


def test_read__all_nodes_fail__typed_within_the_budget() -> None:
    nodes = Nodes(3)
    for node in nodes.members:
        node.always["eth_getBlockByNumber"] = HANG
    with pytest.raises(RpcUnavailable):
        nodes.client.head()
    assert nodes.now <= POLICY.retry.budget_seconds + 3 * HANG.seconds


def test_call__reverted__is_the_chains_answer_and_no_failure() -> None:
    nodes = Nodes(2)
    for node in nodes.members:
        node.reverts = "bridge: not open"
    with pytest.raises(CallReverted, match="not open"):
        nodes.client.estimate_gas(SENDER.address, CALL)
    assert nodes.asked("eth_estimateGas") == [1, 0]


def test_send__the_first_node_is_away__sent_through_the_second_once() -> None:
    nodes = Nodes(2)
    nodes.members[0].always["eth_sendRawTransaction"] = error("internal error")
    nodes.members[0].always["eth_getTransactionReceipt"] = AWAY
    assert nodes.client.send(SENDER, CALL).is_success
    assert len(nodes.members[0].mined) == 1


def test_logs__a_node_behind_the_range__is_not_asked() -> None:
    nodes = Nodes(2)
    nodes.members[1].empty_blocks = 50
    assert [log.block_number for log in nodes.client.logs(TARGET, 40, 50)] == list(range(40, 51))
    assert nodes.asked("eth_getLogs") == [0, 1]


def test_read__a_node_of_another_chain__is_said_and_gives_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    nodes = Nodes(2)
    nodes.members[0].chain_id = 5
    for _ in range(3):
        assert nodes.client.head().number == 0
    assert nodes.asked("eth_getBlockByNumber") == [0, 3]
    assert "node-0: the node serves EVM chain 5" in caplog.text.replace("(", "").replace(")", "")


def test_read__all_nodes_of_another_chain__typed() -> None:
    nodes = Nodes(2)
    for node in nodes.members:
        node.chain_id = 5
    with pytest.raises(WrongChain, match="node-1"):
        nodes.client.head()


def test_read__one_of_another_chain_and_one_away__is_asked_again() -> None:
    nodes = Nodes(2)
    nodes.members[0].fail("eth_chainId", "away")
    nodes.members[1].chain_id = 5
    assert nodes.client.head().number == 0


def test_read__a_node_fails_a_thousand_times__still_asked() -> None:
    nodes = Nodes(2)
    for node in nodes.pool.nodes:
        node.failures = 5_000
    nodes.members[0].fail("eth_getBlockByNumber", AWAY)
    assert nodes.client.head().number == 0


def test_read__a_node_wants_rest_for_ever__asked_again_after_an_hour() -> None:
    nodes = Nodes(2)
    nodes.members[0].fail("eth_getBlockByNumber", http(429, rest_seconds=1e18))
    nodes.client.head()
    nodes.now = 3_601
    nodes.members[1].always["eth_getBlockByNumber"] = AWAY
    assert nodes.client.head().number == 0


def test_quorum__one_node_hides_logs__the_others_are_believed() -> None:
    nodes = Nodes(3, quorum=2)
    for node in nodes.members:
        node.empty_blocks = 20
    nodes.members[0].always["eth_getLogs"] = EMPTY
    assert [log.block_number for log in nodes.client.logs(TARGET, 1, 20)] == list(range(1, 21))


def test_quorum__one_node_runs_ahead__the_head_is_what_two_have() -> None:
    nodes = Nodes(3, quorum=2)
    for node, height in zip(nodes.members, (500, 20, 20), strict=True):
        node.empty_blocks = height
    assert nodes.client.head().number == 20


def test_quorum__nodes_disagree__typed_and_says_what_to_do() -> None:
    nodes = Nodes(2, quorum=2)
    for node in nodes.members:
        node.empty_blocks = 20
    nodes.members[0].always["eth_getLogs"] = EMPTY
    with pytest.raises(RpcUnavailable, match=r"only 1 nodes agree.*more nodes or a lower quorum"):
        nodes.client.logs(TARGET, 1, 20)


def test_quorum__fewer_are_ready_than_it_needs__those_that_rest_are_asked_at_once() -> None:
    nodes = Nodes(3, quorum=2)
    for node in nodes.members[:2]:
        node.fail("eth_getBlockByNumber", http(429))
    assert nodes.client.head().number == 0
    assert nodes.now < 30 and nodes.asked("eth_getBlockByNumber")[0] >= 2


@pytest.mark.parametrize("text", ["", SLOW_DOWN], ids=["a status", "a status and an error"])
def test_quorum__nodes_want_to_be_left_alone__not_asked_before_their_time(text: str) -> None:
    nodes = Nodes(4, quorum=3)
    for node, seconds in zip(nodes.members, (50, 30, 40), strict=False):
        node.fail("eth_getBlockByNumber", http(429, seconds, text))
    with pytest.raises(NodesDisagree, match="left alone: 3, so ask again in 40 seconds; ") as caught:
        nodes.pool.make_request(RPCEndpoint("eth_getBlockByNumber"), ["latest", False])
    assert (caught.value.alone, caught.value.rest_seconds) == (3, 40)
    nodes.now = 39
    with pytest.raises(NodesDisagree, match="left alone: 2, so ask again in 1 seconds; "):
        nodes.pool.make_request(RPCEndpoint("eth_getBlockByNumber"), ["latest", False])
    assert nodes.asked("eth_getBlockByNumber") == [1, 2, 1, 2]
    nodes.now = 32
    assert nodes.client.head().number == 0 and nodes.asked("eth_getBlockByNumber")[0] == 1
    assert nodes.now == 40, "whoever asks again waits so long"


def test_quorum__nodes_disagree_though_one_wants_to_be_left_alone__it_is_not_the_reason() -> None:
    nodes = Nodes(3, quorum=2)
    nodes.members[0].fail("eth_getBlockByNumber", http(429, rest_seconds=30))
    nodes.members[1].fail("eth_getBlockByNumber", AWAY)
    with pytest.raises(NodesDisagree) as caught:
        nodes.pool.make_request(RPCEndpoint("eth_getBlockByNumber"), ["latest", False])
    assert (caught.value.alone, caught.value.rest_seconds) == (0, 0) and "alone" not in str(caught.value)


def test_quorum__more_than_there_are_nodes__refused_at_once() -> None:
    with pytest.raises(NodesDisagree):
        Nodes(2, quorum=3)

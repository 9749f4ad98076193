"""A call that a node may have taken is never sent under another nonce before its fate is proven, by hash and time."""

from dataclasses import replace
from typing import Any

import pytest
from web3 import Web3

from tests.l1.fake_node import POLICY, PROFILE, FakeNode, Pooled
from tests.l1.test_one_effect import mined, send_until_done
from zklink.devnet.roles import default_roles
from zklink.l1.transport.client import Call, ChainClient
from zklink.l1.transport.fates import LOOKS, Replacement, Sight
from zklink.l1.transport.nodes import Node, NodePool
from zklink.lab.rpc_faults import AWAY, LOST, NULL, RpcFault, error, http, late_error
from zklink.protocol.errors import FeeCeilingReached, RpcRefused, TransactionRejected, TransactionStuck

SENDER = default_roles().sequencer
TARGET = default_roles().stranger.address
CALL = Call(TARGET, b"commit", "commit_blocks")
OTHER = Call(TARGET, b"prove", "prove_blocks")
SHOWS_NOTHING = ("eth_getTransactionByHash", "eth_getTransactionReceipt")


@pytest.fixture
def node() -> FakeNode:
    return FakeNode()


def blind(node: FakeNode, looks: int) -> None:
    """So often the node shows neither transaction nor receipt."""
    for method in SHOWS_NOTHING:
        node.fail(method, *[NULL] * looks)


def mine_at_once(node: FakeNode, fault: RpcFault) -> None:
    """The next transaction is mined before its answer, which is this fault, arrives."""

    def mining(method: str, answer: object) -> object:
        if method == "eth_sendRawTransaction":
            node.mine()
        return answer

    node.bend = mining
    node.fail("eth_sendRawTransaction", fault)


@pytest.mark.parametrize("looks", [1, 2, 5, 100])
@pytest.mark.parametrize("text", ["nonce too low", "insufficient funds", "transaction type not supported", "413"])
def test_send__mined_at_once_called_refused_and_not_shown__pays_once(node: FakeNode, looks: int, text: str) -> None:
    mine_at_once(node, http(413) if text == "413" else late_error(text))
    blind(node, looks)
    send_until_done(node.client(), CALL, 10**18)
    assert mined(node) == [b"commit"]


def test_send__refused_late_and_not_shown_for_long__the_repeated_call_keeps_its_nonce(node: FakeNode) -> None:
    node.mines = False
    node.fail("eth_sendRawTransaction", late_error("insufficient funds"))
    blind(node, 5)
    client = node.client()
    with pytest.raises(TransactionRejected):
        client.send(SENDER, CALL, 10**18)
    node.mines = True
    assert client.send(SENDER, CALL, 10**18).is_success
    assert mined(node) == [b"commit"]
    assert {item.nonce for item in node.received} == {0}


@pytest.mark.parametrize("fault", [http(401), http(403), error("the method is not available", -32601)])
def test_send__answer_lost_at_one_node_and_another_refuses_the_caller__pays_once(fault: RpcFault) -> None:
    """The first node has taken it; whoever asks next must not be told that nobody has."""
    nodes = [FakeNode(), FakeNode()]
    client = pooled_client(nodes)
    nodes[0].fail("eth_sendRawTransaction", LOST)
    nodes[1].always["eth_sendRawTransaction"] = fault
    send_until_done(client, CALL, 10**18)
    assert mined(nodes[0]) == [b"commit"]


@pytest.mark.parametrize("text", ["insufficient funds", "nonce too low", "intrinsic gas too low"])
def test_send__answer_lost_at_one_node_and_another_refuses_it__pays_once(text: str) -> None:
    nodes = [FakeNode(), FakeNode()]
    client = pooled_client(nodes)
    nodes[0].fail("eth_sendRawTransaction", LOST)
    nodes[0].fail("eth_getTransactionByHash", AWAY, AWAY, AWAY)
    nodes[1].always["eth_sendRawTransaction"] = error(text)
    blind(nodes[1], 3)
    send_until_done(client, CALL, 10**18)
    assert mined(nodes[0]) == [b"commit"]


def test_send__no_node_was_reached_and_another_refuses_it__rejected_and_its_nonce_is_free() -> None:
    """A node whose chain cannot be asked was never given the transaction."""
    nodes = [FakeNode(), FakeNode()]
    client = pooled_client(nodes)
    nodes[0].always["eth_chainId"] = AWAY
    nodes[1].fail("eth_sendRawTransaction", "insufficient funds")
    with pytest.raises(TransactionRejected):
        client.send(SENDER, CALL)
    assert client.send(SENDER, OTHER).is_success
    assert [(item.nonce, item.data) for item in nodes[0].mined] == [(0, b"prove")]


@pytest.mark.parametrize("looks", [1, 3, 50])
def test_send__taken_called_too_cheap_and_the_ceiling_forbids_more__the_repeated_call_pays_once(
    node: FakeNode, looks: int
) -> None:
    mine_at_once(node, late_error("transaction underpriced: gas tip cap 7, minimum needed 1000000000000000"))
    client = node.client()
    with pytest.raises(FeeCeilingReached):
        client.send(SENDER, CALL, 10**18)
    blind(node, looks)
    assert client.send(SENDER, CALL, 10**18).is_success
    assert mined(node) == [b"commit"]


@pytest.mark.parametrize("looks", [1, 3, 50])
def test_send__taken_and_the_caller_refused__the_repeated_call_pays_once(node: FakeNode, looks: int) -> None:
    client = node.client()
    denied = [http(403)]

    def deny(method: str, answer: object) -> object:
        if method == "eth_sendRawTransaction" and denied:
            node.mine()
            return node.misbehave(denied.pop(), method, [])
        return answer

    node.bend = deny
    with pytest.raises(RpcRefused):
        client.send(SENDER, CALL, 10**18)
    blind(node, looks)
    assert client.send(SENDER, CALL, 10**18).is_success
    assert mined(node) == [b"commit"]


def test_send__refused_and_its_nonce_went_to_another_call__sent_once_the_other_is_final(node: FakeNode) -> None:
    """What stands in the nonce is proven by its receipt: no time has to pass beside the chain's confirmations."""
    client = node.client()
    node.fail("eth_sendRawTransaction", "insufficient funds")
    with pytest.raises(TransactionRejected):
        client.send(SENDER, CALL)
    client.send(SENDER, OTHER)
    assert client.send(SENDER, CALL).is_success
    assert [(item.nonce, item.data) for item in node.mined] == [(0, b"prove"), (1, b"commit")]
    assert node.now < POLICY.proof_seconds


def test_send__refused_and_its_nonce_is_on_its_way_with_another_call__does_not_outbid_that_one(node: FakeNode) -> None:
    client = node.client()
    node.fail("eth_sendRawTransaction", "insufficient funds")
    with pytest.raises(TransactionRejected):
        client.send(SENDER, CALL)
    node.mines = False
    other = client.submit(SENDER, OTHER)
    with pytest.raises(TransactionStuck):
        client.send(SENDER, CALL)
    assert [item.data for item in node.received] == [b"prove"]
    node.mines = True
    assert client.wait(other).is_success
    assert client.send(SENDER, CALL).is_success
    assert mined(node) == [b"prove", b"commit"]


def test_send__another_programs_nonce__another_one_only_after_the_proof(node: FakeNode) -> None:
    client, count = node.client(), node.count
    node.take_nonce(SENDER.address, 0)
    node.count = lambda sender: count(sender) if "eth_sendRawTransaction" in node.calls else 0  # type: ignore[method-assign]
    assert client.send(SENDER, CALL).is_success
    assert mined(node) == [b"foreign", b"commit"]
    assert node.now >= POLICY.proof_seconds


def test_send__one_node_of_a_pool_is_silent_and_has_it__never_called_replaced() -> None:
    """The node that answers lost the transaction's index; the other one has it, and is away for a while."""
    nodes = [FakeNode(), FakeNode()]
    client = pooled_client(nodes)
    submission = client.submit(SENDER, CALL)
    for method in SHOWS_NOTHING:
        nodes[0].always[method] = AWAY
        nodes[1].always[method] = NULL

    def heal(node: FakeNode) -> None:
        if node.now > 2 * POLICY.proof_seconds:
            node.always.clear()

    nodes[0].on_tick = heal
    assert client.wait(submission).is_success
    assert mined(nodes[0]) == [b"commit"]


def test_receipt__of_another_transaction__is_no_answer(node: FakeNode) -> None:
    wrong = ["de" * 32] * 2

    def swap(method: str, answer: Any) -> Any:
        if method == "eth_getTransactionReceipt" and answer["result"] is not None and wrong:
            answer["result"]["transactionHash"] = f"0x{wrong.pop()}"
        return answer

    node.bend = swap
    receipt = node.client().send(SENDER, CALL)
    assert receipt.tx_hash == node.mined[0].tx_hash and not wrong


def test_wait__nonce_used_and_the_chain_stands_still__typed_and_continued(node: FakeNode) -> None:
    """Without new blocks nothing becomes final, so nothing is proven, however long it takes."""
    node.mines = node.has_blocks = False
    profile = replace(PROFILE, is_local=False)
    client = ChainClient(profile, Web3(node), POLICY, sleep=node.tick, clock=lambda: node.now)
    submission = client.submit(SENDER, CALL)
    taken = node.pool.pop()
    node.take_nonce(SENDER.address, 0)
    with pytest.raises(TransactionStuck):
        client.wait(submission)
    assert node.now > POLICY.proof_seconds
    node.mined[0] = taken  # another branch of the chain wins
    assert client.send(SENDER, CALL).tx_hash == taken.tx_hash


def test_wait__the_nonce_is_used_and_is_not_again_and_again__never_called_replaced(node: FakeNode) -> None:
    """Branches of the chain take turns: no time without our transaction lasts, and in the end it is mined."""
    client = node.client()
    submission = client.submit(SENDER, CALL)
    taken = node.pool.pop()

    def turn(node: FakeNode) -> None:
        node.mined.clear()
        if node.now > 3 * POLICY.proof_seconds:
            node.mined.append(taken)
        elif node.now % 100 < 97:
            node.take_nonce(SENDER.address, 0)

    node.mines, node.on_tick = False, turn
    for _ in range(20):
        try:
            receipt = client.wait(submission)
            break
        except TransactionStuck:
            continue
    assert receipt.tx_hash == taken.tx_hash


class TestReplacement:
    def looks(self, proof: Replacement, until: float, sight: Sight, height: int = 10) -> list[bool]:
        return [proof.note(now, height + now // 20, sight) for now in range(0, int(until), 5)]

    def test_note__absent_for_the_time_and_deep__proven(self) -> None:
        proof = Replacement(100, 5)
        assert not any(self.looks(proof, 100, Sight.ABSENT))
        assert proof.note(100, 15, Sight.ABSENT)

    def test_note__few_looks_far_apart__not_proven(self) -> None:
        """The program was asleep in between."""
        proof = Replacement(100, 1)
        proof.note(0, 10, Sight.ABSENT)
        later = [proof.note(500 + index, 10, Sight.ABSENT) for index in range(LOOKS)]
        assert later == [False] * (LOOKS - 2) + [True] * 2

    def test_note__not_deep__not_proven(self) -> None:
        proof = Replacement(100, 5)
        assert not any(proof.note(now, 13, Sight.ABSENT) for now in range(0, 900, 10))

    def test_note__seen_once_in_between__begins_again(self) -> None:
        proof = Replacement(100, 1)
        assert not any(self.looks(proof, 100, Sight.ABSENT))
        assert not proof.note(100, 10, Sight.KNOWN)
        assert not any(proof.note(now, 10, Sight.ABSENT) for now in range(105, 205, 5))
        assert proof.note(205, 10, Sight.ABSENT)

    def test_note__some_nodes_silent__takes_longer(self) -> None:
        proof = Replacement(100, 1)
        assert not any(self.looks(proof, 500, Sight.PARTLY))
        assert proof.note(500, 10, Sight.PARTLY)

    def test_note__silent_until_the_last_look__is_not_called_absent(self) -> None:
        proof = Replacement(100, 1)
        assert not any(self.looks(proof, 300, Sight.PARTLY))
        assert not proof.note(301, 10, Sight.ABSENT)


def pooled_client(nodes: list[FakeNode]) -> ChainClient:
    """A client of several nodes that share pool and blocks; the first one's time passes."""
    first = nodes[0]
    shared: list[Pooled] = first.mined

    def tick(seconds: float) -> None:
        first.tick(seconds)
        for node in nodes[1:]:
            node.pool, node.now, node.empty_blocks = first.pool, first.now, first.empty_blocks

    for node in nodes:
        node.mined, node.wait = shared, tick
    named = [Node(f"node-{index}", node) for index, node in enumerate(nodes)]
    pool = NodePool(PROFILE, named, clock=lambda: first.now)
    return ChainClient(PROFILE, Web3(pool), POLICY, sleep=tick, clock=lambda: first.now)

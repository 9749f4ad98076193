"""A second attack: inputs that passed the first defences of sending and of several nodes, each with what it does."""

from dataclasses import replace
from typing import Any

import pytest
import requests
from web3 import Web3

from tests.l1.fake_node import POLICY, PROFILE, FakeNode
from tests.l1.test_node_pool import Nodes
from tests.l1.test_odd_answers import HEIGHT, log, nodes_of
from tests.l1.test_one_effect import CALL, OTHER, SENDER, TARGET, mined
from tests.l1.test_unclear_fates import pooled_client
from zklink.l1.transport.client import ChainClient
from zklink.l1.transport.fates import Replacement, Sight
from zklink.l1.transport.nodes import Node, NodePool
from zklink.l1.transport.verdicts import describe, describe_answer, read_rest
from zklink.lab.rpc_faults import HANG, error, http
from zklink.protocol.errors import (
    RpcUnavailable,
    TransactionRejected,
    TransactionReplaced,
    TransactionReverted,
    TransactionStuck,
)

PUBLIC = replace(PROFILE, is_local=False, confirmations=5)


@pytest.fixture
def node() -> FakeNode:
    return FakeNode()


def client_of(node: FakeNode) -> ChainClient:
    """A client of a chain that is not the lab's, so that finality takes blocks."""
    return ChainClient(PUBLIC, Web3(node), POLICY, sleep=node.tick, clock=lambda: node.now)


def nest(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


class TestSending:
    def test_wait__the_only_node_fails_on_hashes_for_long__nothing_is_proven(self, node: FakeNode) -> None:
        """It mined the transaction, counts its nonce, and answers no question about hashes: that is no null."""
        policy = replace(POLICY, proof_seconds=10.0)
        client = ChainClient(PUBLIC, Web3(node), policy, sleep=node.tick, clock=lambda: node.now)
        submission = client.submit(SENDER, CALL, 10**18)
        node.always["eth_getTransactionByHash"] = error("transaction indexing is in progress")
        node.bend = lambda method, found: {**found, "result": None} if "Receipt" in method else found
        with pytest.raises(TransactionStuck):
            client.wait(submission)
        node.always.clear()
        node.bend = lambda method, found: found
        assert client.send(SENDER, CALL, 10**18).is_success
        assert mined(node) == [b"commit"]

    def test_note__no_node_answers__never_proven(self) -> None:
        proof = Replacement(100, 1)
        assert not any(proof.note(now, 10, Sight.BLIND) for now in range(0, 2_000, 10))

    def test_send__reverted_in_a_block_that_a_reorganisation_takes__the_repeated_call_pays_once(
        self, node: FakeNode
    ) -> None:
        """In the block that counts in the end, the same transaction succeeds."""
        client = client_of(node)
        node.mined_reverts = "pause: paused"
        with pytest.raises(TransactionReverted):
            client.send(SENDER, CALL, 10**18)
        node.mined_reverts = None
        assert client.send(SENDER, CALL, 10**18).tx_hash == node.mined[0].tx_hash
        assert mined(node) == [b"commit"]

    def test_send__reverted_for_good__sent_again_once_that_is_final(self, node: FakeNode) -> None:
        client = client_of(node)
        node.mined_reverts = "pause: paused"
        for _ in range(2):
            with pytest.raises(TransactionReverted):
                client.send(SENDER, CALL)
        assert len(node.mined) == 1
        node.empty_blocks += 5
        serve = node.serve
        first = node.mined[0].tx_hash
        node.mined_reverts = None
        node.serve = lambda method, params: revert_first(serve(method, params), first)  # type: ignore[method-assign]
        assert client.send(SENDER, CALL).is_success
        assert [item.nonce for item in node.mined] == [0, 1]

    def test_send__cancelled_in_a_block_that_a_reorganisation_takes__pays_once(self, node: FakeNode) -> None:
        """The version that transfers nothing was mined; in the end the call is."""
        client = client_of(node)
        node.mines = False
        with pytest.raises(TransactionStuck):
            client.send(SENDER, CALL, 10**18)
        paying = node.received[0]
        node.restart()
        node.mines = True
        node.refuses = (b"commit", "insufficient funds for gas * price + value")
        assert client.send(SENDER, OTHER).is_success
        node.refuses = None
        with pytest.raises(TransactionReplaced):
            client.send(SENDER, CALL, 10**18)
        node.mined[0] = paying  # another branch of the chain wins
        assert client.send(SENDER, CALL, 10**18).tx_hash == paying.tx_hash
        assert mined(node) == [b"commit", b"prove"]

    def test_send__its_nonce_is_anothers_that_the_node_lost_and_nobody_waits_for__both_are_mined(
        self, node: FakeNode
    ) -> None:
        client = node.client()
        node.fail("eth_sendRawTransaction", "insufficient funds")
        with pytest.raises(TransactionRejected):
            client.send(SENDER, CALL)
        node.mines = False
        with pytest.raises(TransactionStuck):
            client.send(SENDER, OTHER)
        node.restart()
        node.mines = True
        assert client.send(SENDER, CALL).is_success
        assert mined(node) == [b"prove", b"commit"]

    @pytest.mark.parametrize("text", ["insufficient funds", "nonce too low", "transaction underpriced", "out of gas"])
    def test_send__the_first_of_two_nodes_refuses__the_second_takes_it_at_once(self, text: str) -> None:
        nodes = [FakeNode(), FakeNode()]
        nodes[0].always["eth_sendRawTransaction"] = error(text)
        assert pooled_client(nodes).send(SENDER, CALL).is_success
        assert [(item.nonce, item.data) for item in nodes[0].mined] == [(0, b"commit")]
        assert nodes[0].now <= 5

    @pytest.mark.parametrize("liar", [0, 1, 2])
    @pytest.mark.parametrize("field", [{"status": "0x0"}, {"blockHash": "0x" + "12" * 32}, {"logs": [log()]}])
    def test_quorum__one_node_makes_up_a_receipt__is_not_believed(self, liar: int, field: dict[str, object]) -> None:
        nodes = Nodes(3, quorum=2)

        def bend(method: str, found: Any) -> Any:
            if method == "eth_getTransactionReceipt" and found["result"] is not None:
                return {**found, "result": {**found["result"], **field}}
            return found

        nodes.members[liar].bend = bend
        receipt = nodes.client.send(SENDER, CALL)
        assert receipt.is_success and receipt.logs == () and receipt.block_hash == bytes(31) + b"\x01"

    @pytest.mark.parametrize("liar", [0, 1, 2])
    @pytest.mark.parametrize("count", ["0x0", "0x5", "0xffffffffffff"])
    def test_quorum__one_node_miscounts_what_is_mined__not_believed(self, liar: int, count: str) -> None:
        nodes = Nodes(3, quorum=2)
        nodes.client.send(SENDER, CALL)
        nodes.members[liar].bend = lambda method, found: {**found, "result": count} if "Count" in method else found
        assert nodes.client.nonce(SENDER.address) == 1


def revert_first(found: Any, tx_hash: bytes) -> Any:
    result = found.get("result")
    if isinstance(result, dict) and result.get("transactionHash") == f"0x{tx_hash.hex()}":
        return {**found, "result": {**result, "status": "0x0"}}
    return found


class TestSeveralNodes:
    @pytest.mark.parametrize("liar", [0, 1])
    def test_logs__a_log_and_then_the_same_one_as_removed__hides_nothing(self, liar: int) -> None:
        """It would be spelled as the others' answer, and read without the log."""
        nodes = nodes_of(2, quorum=2)

        def bend(method: str, found: Any) -> Any:
            if method != "eth_getLogs":
                return found
            return {**found, "result": [copy for each in found["result"] for copy in (each, {**each, "removed": True})]}

        assert len(nodes.client.logs(TARGET, 1, 3)) == 3
        nodes.members[liar].bend = bend
        with pytest.raises(RpcUnavailable, match="only 1 nodes agree"):
            nodes.client.logs(TARGET, 1, 3)

    @pytest.mark.parametrize("field", [{"extraData": "0x" + "00" * 500}, {"transactions": nest(500)}, {"size": "odd"}])
    @pytest.mark.parametrize("liar", [0, 1, 2])
    def test_head__a_field_that_nobody_compares_is_a_trap__the_others_agree(
        self, liar: int, field: dict[str, object]
    ) -> None:
        nodes = nodes_of(3, quorum=2)
        nodes.members[liar].bend = lambda method, found: (
            {**found, "result": {**found["result"], **field}} if method == "eth_getBlockByNumber" else found
        )
        for _ in range(3):
            assert nodes.client.head().number == HEIGHT
        assert nodes.now == 0

    @pytest.mark.parametrize("depth", [50, 500, 900, 5_000])
    @pytest.mark.parametrize("place", ["message", "data", "code", "error", "result"])
    @pytest.mark.parametrize("quorum", [1, 2])
    def test_read__nested_without_end__is_no_answer(self, place: str, depth: int, quorum: int) -> None:
        nodes = nodes_of(3, quorum)
        odd: dict[str, Any] = {
            "error": {"error": nest(depth)},
            "result": {"result": nest(depth)},
        }.get(place, {"error": {"code": -32000, "message": "odd", place: nest(depth)}})
        nodes.members[0].bend = lambda method, found: odd if method == "eth_call" else found
        assert nodes.client.call(TARGET, b"", "view") == b""
        assert nodes.now == 0

    @pytest.mark.parametrize(
        "headers",
        [
            {"Retry-After": "Mon, 01 Jan 99999999999 00:00:00 GMT"},
            {"Retry-After": "Mon, 01 Jan 2029 99:99:99 GMT"},
            {"Retry-After": "Mon, 01 Jan 0001 00:00:00 +2359"},
            {"Retry-After": "9" * 5_000},
            {"Retry-After": "Mon, 01 Jan 2029 00:00:00 GMT", "Date": "Mon, 01 Jan 99999999999 00:00:00 GMT"},
            {"Retry-After": "\u00b2"},
            {"Retry-After": "-5"},
            {"Retry-After": "nan"},
        ],
    )
    def test_read_rest__any_header__a_time_within_an_hour(self, headers: dict[str, str]) -> None:
        failure = requests.HTTPError(response=requests.Response())
        failure.response.headers.update(headers)
        assert 0 <= read_rest(failure) <= 3_600

    def test_pool__a_node_once_claimed_an_absurd_height__is_passed_over_when_it_is_behind(self) -> None:
        nodes = nodes_of(2, quorum=1)
        claims = [10**9]
        nodes.members[0].bend = lambda method, found: (
            {**found, "result": {**found["result"], "number": hex(claims.pop())}}
            if "Block" in method and claims
            else found
        )
        nodes.client.head()
        nodes.client.head()
        nodes.members[1].empty_blocks = 50
        assert len(nodes.client.logs(TARGET, 40, 50)) == 11

    @pytest.mark.parametrize("text", ["\ud800 odd", "\0odd", "odd\u2028line", "\x1b[31modd", "o" * 1_000_000])
    def test_describe__any_words__one_short_line(self, text: str) -> None:
        for line in (describe_answer({"error": {"message": text}}), describe(ValueError(text))):
            assert len(line) <= 300 and line.isprintable()

    @pytest.mark.parametrize("kind", ["first", "second", "third"])
    def test_quorum__one_node_hangs_on_every_question__the_others_answer(self, kind: str) -> None:
        nodes = nodes_of(3, quorum=2)
        member = nodes.members[["first", "second", "third"].index(kind)]
        for method in ("eth_getBlockByNumber", "eth_call", "eth_getLogs", "eth_chainId"):
            member.always[method] = HANG
        assert nodes.client.call(TARGET, b"", "view") == b""
        assert len(nodes.client.logs(TARGET, 1, HEIGHT)) == HEIGHT

    def test_pool__nodes_whose_own_names_are_odd__are_asked(self) -> None:
        node = FakeNode()
        pool = NodePool(PROFILE, [Node("", node), Node("%s", FakeNode())], clock=lambda: 0.0)
        node.always["eth_getBalance"] = http(500)
        assert pool.make_request("eth_getBalance", [TARGET, "latest"])["result"]  # type: ignore[arg-type]

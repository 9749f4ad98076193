"""One effect: "replaced" and "rejected" are proven by hash and time; and no nonce that was taken is left to nobody."""

from typing import Any

import pytest

from tests.l1.fake_node import POLICY, FakeNode
from zklink.devnet.roles import default_roles
from zklink.l1.transport.client import Call, ChainClient, Request
from zklink.lab.rpc_faults import HANG, LOST, NULL, PAGE, RpcFault, error, http, late_error
from zklink.protocol.errors import (
    CallReverted,
    L1Error,
    RpcUnavailable,
    TransactionRejected,
    TransactionReplaced,
    TransactionStuck,
)

SENDER = default_roles().sequencer
TARGET = default_roles().stranger.address
CALL = Call(TARGET, b"commit", "commit_blocks")
OTHER = Call(TARGET, b"prove", "prove_blocks")
THIRD = Call(TARGET, b"execute", "execute_blocks")
TAKEN = [
    late_error("internal error"),
    late_error("insufficient funds for gas * price + value"),
    late_error("nonce too low"),
    late_error("transaction underpriced"),
    late_error("intrinsic gas too low"),
    late_error("txpool is full"),
    late_error("execution reverted"),
    late_error("something nobody has ever read", -39999),
    LOST,
]
NEVER_TAKEN = [HANG, PAGE, NULL, http(500), http(503), error("internal error"), error("txpool is full")]


@pytest.fixture
def node() -> FakeNode:
    return FakeNode()


def mined(node: FakeNode) -> list[bytes]:
    return [item.data for item in node.mined]


def send_until_done(client: ChainClient, call: Call, value: int = 0) -> None:
    """A caller that repeats the identical call as long as it has an error."""
    for _ in range(10):
        try:
            assert client.send(SENDER, call, value).is_success
            return
        except L1Error:
            continue
    raise AssertionError("never sent")


@pytest.mark.parametrize("polls", [20, 100, 400])
def test_transfer__receipt_null_though_the_nonce_is_used__waits_and_pays_once(node: FakeNode, polls: int) -> None:
    node.fail("eth_getTransactionReceipt", *[NULL] * polls)
    client = node.client()
    send_until_done(client, Call(TARGET, b"", "transfer"), 10**18)
    assert len(node.mined) == len(node.received) == 1


def test_transfer__neither_receipt_nor_transaction_for_a_while__pays_once(node: FakeNode) -> None:
    node.fail("eth_getTransactionReceipt", *[NULL] * 200)
    node.fail("eth_getTransactionByHash", *[NULL] * 100)
    send_until_done(node.client(), Call(TARGET, b"", "transfer"), 10**18)
    assert len(node.mined) == 1


@pytest.mark.parametrize("fault", TAKEN, ids=lambda fault: fault.text or fault.kind.name)
@pytest.mark.parametrize("mines", [True, False])
def test_transfer__node_takes_it_and_answers_an_error__pays_once(node: FakeNode, fault: RpcFault, mines: bool) -> None:
    node.mines = mines
    node.fail("eth_sendRawTransaction", fault)
    client = node.client()
    submission = client.submit(SENDER, CALL, 10**18)
    node.mines = True
    assert client.wait(submission).is_success
    assert client.send(SENDER, OTHER).is_success
    assert mined(node) == [b"commit", b"prove"]


@pytest.mark.parametrize("fault", NEVER_TAKEN, ids=lambda fault: f"{fault.kind.name}-{fault.text or fault.status}")
@pytest.mark.parametrize("times", [1, 3, 7])
def test_transfer__node_answers_nonsense_and_does_not_take_it__pays_once(
    node: FakeNode, fault: RpcFault, times: int
) -> None:
    node.fail("eth_sendRawTransaction", *[fault] * times)
    send_until_done(node.client(), CALL, 10**18)
    assert mined(node) == [b"commit"]


def test_transfer__refused_where_it_is_not_seen_and_mined_elsewhere__found_by_the_repeated_call(node: FakeNode) -> None:
    node.mines = False
    node.fail("eth_sendRawTransaction", late_error("insufficient funds"))
    node.fail("eth_getTransactionByHash", NULL)  # another node behind the same address has it
    client = node.client()
    with pytest.raises(TransactionRejected):
        client.send(SENDER, CALL, 10**18)
    node.mine()
    node.mines = True
    assert client.send(SENDER, CALL, 10**18).tx_hash == node.mined[0].tx_hash
    assert mined(node) == [b"commit"]


def test_replaced__said_only_after_the_time_of_the_proof(node: FakeNode) -> None:
    node.mines = False

    def foreign(node: FakeNode) -> None:
        if not node.mined:
            node.restart()
            node.take_nonce(SENDER.address, 0)

    node.on_tick = foreign
    with pytest.raises(TransactionReplaced):
        node.client().send(SENDER, CALL)
    assert POLICY.proof_seconds <= node.now <= POLICY.proof_seconds + 5
    assert mined(node) == [b"foreign"]


class Unforeseen(BaseException):
    """What no list of errors holds: an interrupt, a mistake in the program."""


@pytest.mark.parametrize("failure", [CallReverted("fake", "x", "no"), Unforeseen(), RuntimeError("odd")])
def test_send_all__the_second_fails_and_the_node_forgets_the_first__later_calls_go_through(
    node: FakeNode, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    client, estimate = node.client(), ChainClient.estimate_gas
    node.mines = False

    def fail(*arguments: Any) -> int:
        node.restart()
        raise failure

    monkeypatch.setattr(ChainClient, "estimate_gas", fail)
    node.on_tick = lambda node: setattr(node, "mines", node.now > 6)
    requests = [Request(CALL), Request(OTHER, extra_gas=1)]
    if isinstance(failure, L1Error):
        first, second = client.send_all(SENDER, requests)
        assert not isinstance(first, L1Error) and second is failure
    else:
        with pytest.raises(type(failure)):
            client.send_all(SENDER, requests)
    monkeypatch.setattr(ChainClient, "estimate_gas", estimate)
    node.mines = True
    assert client.send(SENDER, THIRD).is_success
    assert mined(node) == [b"commit", b"execute"]


def test_submit__nobody_waits_and_the_node_forgets__later_calls_go_through(node: FakeNode) -> None:
    client = node.client()
    node.mines = False
    client.submit(SENDER, CALL)
    node.restart()
    node.mines = True
    assert client.send(SENDER, OTHER).is_success
    assert client.send(SENDER, THIRD).is_success
    assert mined(node) == [b"commit", b"prove", b"execute"]


def test_send_all__all_well__consecutive_nonces_in_one_block(node: FakeNode) -> None:
    results = node.client().send_all(SENDER, [Request(CALL), Request(OTHER), Request(THIRD, gas=70_000)])
    assert [getattr(result, "is_success", result) for result in results] == [True] * 3
    assert [(item.nonce, item.gas) for item in node.mined] == [(0, 62_500), (1, 62_500), (2, 70_000)]
    assert node.calls.count("eth_sendRawTransaction") == 3


def test_restart_of_the_program__nonces_of_its_former_life_are_used_up(node: FakeNode) -> None:
    node.mines = False
    former = node.client()
    former.submit(SENDER, CALL)
    former.submit(SENDER, OTHER)
    node.drop(0)  # the node kept the second only, and counts both
    node.pending_count = 2
    node.mines = True
    client = node.client()
    assert client.send(SENDER, THIRD).is_success
    assert mined(node) == [b"", b"prove", b"execute"]
    assert node.mined[0].to == SENDER.address
    assert client.send(SENDER, CALL).is_success


def test_abandoned__the_node_refuses_it_now__replaced_by_a_transfer_to_itself(node: FakeNode) -> None:
    client = node.client()
    node.mines = False
    with pytest.raises(TransactionStuck):
        client.send(SENDER, CALL, 10**18)
    node.restart()
    node.mines = True
    node.refuses = (b"commit", "insufficient funds for gas * price + value")
    assert client.send(SENDER, OTHER).is_success
    assert mined(node) == [b"", b"prove"]
    assert node.mined[0].to == SENDER.address
    node.refuses = None
    with pytest.raises(TransactionReplaced):  # the same call learns that it had no effect
        client.send(SENDER, CALL, 10**18)
    assert client.send(SENDER, CALL, 10**18).is_success
    assert mined(node) == [b"", b"prove", b"commit"]


@pytest.mark.parametrize("calls", [2, 3])
def test_wait__given_up_by_an_interrupt__the_repeated_call_is_the_same_transaction(node: FakeNode, calls: int) -> None:
    client = node.client()
    node.mines = False
    submission = client.submit(SENDER, CALL)

    def interrupt(node: FakeNode) -> None:
        raise Unforeseen

    node.on_tick = interrupt
    with pytest.raises(Unforeseen):
        client.wait(submission)
    node.on_tick, node.mines = (lambda node: None), True
    assert client.send(SENDER, CALL).is_success
    assert mined(node) == [b"commit"]


def test_send__with_a_judge__asked_before_the_first_sending_only(node: FakeNode) -> None:
    """The same call, sent again after it was mined, would be judged on the state that it made itself."""
    said = ["", "the state is another one"]
    judged = Call(TARGET, b"commit", "commit_blocks", judge=lambda answer: said.pop(0))
    client = node.client()
    node.fail("eth_getTransactionReceipt", *["away"] * POLICY.retry.attempts)
    with pytest.raises(RpcUnavailable):
        client.send(SENDER, judged)
    assert client.send(SENDER, judged).is_success
    with pytest.raises(CallReverted, match="another one"):
        client.send(SENDER, judged)
    assert mined(node) == [b"commit"]


def test_wait__node_away_for_long__typed_and_continued(node: FakeNode) -> None:
    client = node.client()
    submission = client.submit(SENDER, CALL)
    node.always["eth_getTransactionReceipt"] = HANG
    with pytest.raises(RpcUnavailable):
        client.wait(submission)
    node.always.clear()
    assert client.send(SENDER, CALL).is_success
    assert mined(node) == [b"commit"]

"""The client when the node is away, the fee too low, the nonce taken: at most one effect, and a typed error."""

import pytest

from tests.l1.fake_node import BASE_FEE, POLICY, TIP, FakeNode
from zklink.devnet.roles import default_roles
from zklink.l1.transport.client import ABSENT_ANSWERS, Call, ChainClient
from zklink.lab.rpc_faults import RangeLimit
from zklink.protocol.errors import (
    CallReverted,
    RpcUnavailable,
    TransactionRejected,
    TransactionReplaced,
    TransactionReverted,
    TransactionStuck,
)

SENDER = default_roles().sequencer
TARGET = default_roles().stranger.address
CALL = Call(TARGET, b"commit", "commit_blocks")
OTHER = Call(TARGET, b"prove", "prove_blocks")


@pytest.fixture
def node() -> FakeNode:
    return FakeNode()


def _mined(node: FakeNode) -> list[bytes]:
    return [item.data for item in node.mined]


def test_read__node_away_for_a_while__is_asked_again(node: FakeNode) -> None:
    node.fail("eth_getBlockByNumber", "away", "away")
    assert node.client().head().number == 0
    assert node.calls.count("eth_getBlockByNumber") == 3


def test_read__node_stays_away__typed_error_after_all_attempts(node: FakeNode) -> None:
    node.fail("eth_getBlockByNumber", *["away"] * 3)
    with pytest.raises(RpcUnavailable) as caught:
        node.client().head()
    assert (caught.value.chain, caught.value.method, caught.value.attempts) == ("fake", "eth_getBlockByNumber", 3)
    assert "no route" in caught.value.detail


@pytest.mark.parametrize("times", [1, 2])
def test_code__a_node_that_is_behind_shows_none__is_asked_again(node: FakeNode, times: int) -> None:
    shown = ["0x"] * times
    node.bend = lambda method, found: {**found, "result": shown.pop()} if "Code" in method and shown else found
    assert node.client().code(TARGET) == b"\x60"


def test_code__there_is_none__empty_after_several_answers(node: FakeNode) -> None:
    node.bend = lambda method, found: {**found, "result": "0x"} if "Code" in method else found
    assert node.client().code(TARGET) == b""
    assert node.calls.count("eth_getCode") == ABSENT_ANSWERS


@pytest.mark.parametrize("text", ["unknown transaction type", "transaction type not supported: unknown"])
def test_send__type_of_transaction_unknown_to_the_node__rejected_and_never_waited_for(
    node: FakeNode, text: str
) -> None:
    node.fail("eth_sendRawTransaction", text)
    with pytest.raises(TransactionRejected, match="unknown"):
        node.client().send(SENDER, CALL)
    assert node.now == 0


def test_send__all_well__one_transaction_with_the_right_fee(node: FakeNode) -> None:
    receipt = node.client().send(SENDER, CALL)
    assert receipt.is_success
    assert [(item.nonce, item.max_fee, item.data) for item in node.received] == [(0, 2 * BASE_FEE + TIP, b"commit")]


@pytest.mark.parametrize(
    ("needed", "limit"), [(50_000, 62_500), (14_000_000, 2**24), (2**24, 2**24), (20_000_000, 20_000_000)]
)
def test_estimate_gas__any__a_quarter_more_but_the_margin_ends_at_the_limit_of_a_transaction(
    node: FakeNode, needed: int, limit: int
) -> None:
    node.gas = needed
    assert node.client().estimate_gas(SENDER.address, CALL) == limit


@pytest.mark.parametrize("message", ["out of gas", "gas required exceeds allowance (300000)"])
def test_try_call__node_says_that_the_gas_is_not_enough__refused(node: FakeNode, message: str) -> None:
    node.fail("eth_call", message)
    with pytest.raises(CallReverted, match="needs more than 300000 gas"):
        node.client().try_call(SENDER.address, CALL, 0, 300_000)


def test_send__chain_without_base_fee__legacy_price(node: FakeNode) -> None:
    node.has_base_fee = False
    assert node.client().send(SENDER, CALL).is_success
    assert [item.max_fee for item in node.received] == [BASE_FEE]


def test_send__contract_refuses__its_reason_and_nothing_sent(node: FakeNode) -> None:
    node.reverts = "bridge: not open"
    with pytest.raises(CallReverted) as caught:
        node.client().send(SENDER, CALL)
    assert (caught.value.call, caught.value.reason) == ("commit_blocks", "bridge: not open")
    assert node.received == []


def test_send__reverts_when_mined__its_reason(node: FakeNode) -> None:
    node.mined_reverts = "commit: not the last block"
    with pytest.raises(TransactionReverted) as caught:
        node.client().send(SENDER, CALL)
    assert caught.value.reason == "commit: not the last block"
    assert caught.value.tx_hash == node.mined[0].tx_hash


def test_send__answer_lost__the_same_transaction_once(node: FakeNode) -> None:
    node.fail("eth_sendRawTransaction", "lost")
    assert node.client().send(SENDER, CALL).is_success
    assert _mined(node) == [b"commit"]


def test_send__request_lost__sent_again_with_the_same_nonce(node: FakeNode) -> None:
    node.fail("eth_sendRawTransaction", "away", "away")
    assert node.client().send(SENDER, CALL).is_success
    assert [item.nonce for item in node.received] == [0]


def test_send__answer_lost_and_mined_meanwhile__receipt_is_found(node: FakeNode) -> None:
    # The pause after the lost answer mines the block; the second try is told that the nonce is too low.
    node.fail("eth_sendRawTransaction", "lost")
    receipt = node.client().send(SENDER, CALL)
    assert receipt.tx_hash == node.mined[0].tx_hash
    assert len(node.received) == 1


def test_send__answer_lost_and_the_receipt_comes_late__is_not_sent_again(node: FakeNode) -> None:
    node.fail("eth_sendRawTransaction", "lost")
    node.fail("eth_getTransactionReceipt", "blind", "blind", "blind")
    assert node.client().send(SENDER, CALL).tx_hash == node.mined[0].tx_hash
    assert _mined(node) == [b"commit"]


def test_confirmed_height__two_confirmations__the_block_before_the_head(node: FakeNode) -> None:
    client = node.client()
    assert client.confirmed_height() == -1
    client.send(SENDER, CALL)
    assert (client.head().number, client.confirmed_height()) == (1, 0)


def test_send__node_dies_after_the_broadcast__the_repeated_call_is_the_same_transaction(node: FakeNode) -> None:
    client = node.client()
    node.mines = False
    node.fail("eth_getTransactionReceipt", *["away"] * 3)
    with pytest.raises(RpcUnavailable):
        client.send(SENDER, CALL)
    node.mines = True
    assert client.send(SENDER, CALL).is_success
    assert _mined(node) == [b"commit"]
    assert {item.nonce for item in node.received} == {0}


def test_send__node_dies_and_the_transaction_is_mined__the_repeated_call_sends_nothing(node: FakeNode) -> None:
    client = node.client()
    node.fail("eth_getTransactionReceipt", *["away"] * 3)
    with pytest.raises(RpcUnavailable):
        client.send(SENDER, CALL)
    assert _mined(node) == [b"commit"]
    assert client.send(SENDER, CALL).tx_hash == node.mined[0].tx_hash
    assert _mined(node) == [b"commit"]


def test_send__other_call_after_an_unknown_fate__takes_the_next_nonce(node: FakeNode) -> None:
    client = node.client()
    node.mines = False
    node.fail("eth_getTransactionReceipt", *["away"] * 3)
    with pytest.raises(RpcUnavailable):
        client.send(SENDER, CALL)
    node.mines = True
    assert client.send(SENDER, OTHER).is_success
    assert _mined(node) == [b"commit", b"prove"]


def _lose(node: FakeNode, call: Call) -> ChainClient:
    """A client whose call never got to a node: it was away for every attempt, and is back now."""
    client = node.client()
    node.fail("eth_sendRawTransaction", *["away"] * POLICY.retry.attempts)
    node.fail("eth_getTransactionReceipt", *["away"] * POLICY.retry.attempts)
    with pytest.raises(RpcUnavailable):
        client.send(SENDER, call)
    assert (node.received, node.faults) == ([], {"eth_sendRawTransaction": [], "eth_getTransactionReceipt": []})
    return client


def test_send__other_call_after_one_that_no_node_got__both_are_mined_in_order(node: FakeNode) -> None:
    client = _lose(node, CALL)
    assert client.send(SENDER, OTHER).is_success
    assert [(item.nonce, item.data) for item in node.received] == [(0, b"commit"), (1, b"prove")]
    assert _mined(node) == [b"commit", b"prove"]


def test_send__call_that_was_sent_again_for_another_one__is_taken_up_and_not_sent_twice(node: FakeNode) -> None:
    client = _lose(node, CALL)
    client.send(SENDER, OTHER)
    assert client.send(SENDER, CALL).tx_hash == node.mined[0].tx_hash
    assert _mined(node) == [b"commit", b"prove"]


def test_send__several_that_no_node_got__all_are_sent_before_the_next(node: FakeNode) -> None:
    client = _lose(node, CALL)
    node.fail("eth_sendRawTransaction", *["away"] * 2 * POLICY.retry.attempts)
    node.fail("eth_getTransactionReceipt", *["away"] * POLICY.retry.attempts)
    with pytest.raises(RpcUnavailable):
        client.send(SENDER, OTHER)
    assert client.send(SENDER, Call(TARGET, b"execute", "execute_blocks")).is_success
    assert _mined(node) == [b"commit", b"prove", b"execute"]


def test_wait__the_one_before_is_given_up_meanwhile__is_sent_again_with_a_higher_fee(node: FakeNode) -> None:
    client = node.client()
    node.mines = False
    first, second = client.submit(SENDER, CALL), client.submit(SENDER, OTHER)
    node.fail("eth_getTransactionReceipt", *["away"] * POLICY.retry.attempts)
    with pytest.raises(RpcUnavailable):
        client.wait(first)
    del node.pool[0]  # a restarted node forgets what it had not mined
    node.mines = True
    assert client.wait(second).is_success
    assert _mined(node) == [b"commit", b"prove"]
    assert node.mined[0].max_fee * 8 >= (2 * BASE_FEE + TIP) * 9


def test_send__stuck_behind_a_low_fee__both_are_raised_and_never_one_far_above_the_other(node: FakeNode) -> None:
    client = node.client()
    node.mines = False
    for call in (CALL, OTHER):
        with pytest.raises(TransactionStuck):
            client.send(SENDER, call)
    fees = {nonce: [item.max_fee for item in node.received if item.nonce == nonce] for nonce in (0, 1)}
    assert len(fees[0]) <= 2 * (POLICY.fee_bumps + 1)
    assert max(fees[1]) <= max(fees[0]) <= 2 * max(fees[1])
    node.mines = True
    assert client.send(SENDER, Call(TARGET, b"execute", "execute_blocks")).is_success
    assert _mined(node) == [b"commit", b"prove", b"execute"]


def test_send__abandoned_nonce_used_by_somebody_else__not_sent_again(node: FakeNode) -> None:
    client = _lose(node, CALL)
    node.take_nonce(SENDER.address, 0)
    assert client.send(SENDER, OTHER).is_success
    assert _mined(node) == [b"foreign", b"prove"]
    assert [item.data for item in node.received] == [b"prove"]


def test_submit__node_goes_away_in_the_middle__the_nonce_is_not_lost(node: FakeNode) -> None:
    client = node.client()
    node.fail("eth_sendRawTransaction", "nonce too low")
    node.fail("eth_getTransactionReceipt", *["away"] * POLICY.retry.attempts)
    with pytest.raises(RpcUnavailable):
        client.submit(SENDER, CALL)
    assert client.send(SENDER, OTHER).is_success
    assert _mined(node) == [b"commit", b"prove"]


def test_send__same_call_twice_with_success__is_sent_twice(node: FakeNode) -> None:
    client = node.client()
    client.send(SENDER, CALL)
    client.send(SENDER, CALL)
    assert [item.nonce for item in node.mined] == [0, 1]


def test_send__underpriced__higher_fee_same_nonce(node: FakeNode) -> None:
    node.minimum_fee = 250
    assert node.client().send(SENDER, CALL).is_success
    assert [(item.nonce, item.max_fee >= 250) for item in node.received] == [(0, True)]


def test_send__not_mined_in_time__replaced_with_a_higher_fee(node: FakeNode) -> None:
    node.mines = False

    def mine_the_second(node: FakeNode) -> None:
        node.mines = len(node.received) == 2

    node.on_tick = mine_the_second
    receipt = node.client().send(SENDER, CALL)
    first, second = node.received
    assert first.nonce == second.nonce == 0
    assert second.max_fee * 8 >= first.max_fee * 9
    assert receipt.tx_hash == second.tx_hash
    assert len(node.mined) == 1


def test_send__the_older_version_is_mined__its_receipt_counts(node: FakeNode) -> None:
    node.mines = False

    def mine_the_first(node: FakeNode) -> None:
        if len(node.received) == 2 and not node.mined:
            node.pool.clear()
            node.mined.append(node.received[0])

    node.on_tick = mine_the_first
    assert node.client().send(SENDER, CALL).tx_hash == node.received[0].tx_hash


def test_send__never_mined__stuck_and_the_repeated_call_keeps_the_nonce(node: FakeNode) -> None:
    client = node.client()
    node.mines = False
    with pytest.raises(TransactionStuck) as caught:
        client.send(SENDER, CALL)
    assert caught.value.nonce == 0
    assert len(caught.value.tx_hashes) == 3
    node.mines = True
    assert client.send(SENDER, CALL).is_success
    assert len(node.mined) == 1
    assert {item.nonce for item in node.received} == {0}


def test_send__nonce_used_by_somebody_else__replaced_and_never_mined(node: FakeNode) -> None:
    node.mines = False

    def foreign(node: FakeNode) -> None:
        if not node.mined:
            node.pool.clear()
            node.take_nonce(SENDER.address, 0)

    node.on_tick = foreign
    with pytest.raises(TransactionReplaced) as caught:
        node.client().send(SENDER, CALL)
    assert caught.value.nonce == 0
    assert _mined(node) == [b"foreign"]


def test_send__nonce_taken_before_the_broadcast__the_next_one(node: FakeNode) -> None:
    node.take_nonce(SENDER.address, 0)
    node.fail("eth_sendRawTransaction", "nonce too low")
    assert node.client().send(SENDER, CALL).is_success
    assert _mined(node) == [b"foreign", b"commit"]


def test_send__no_funds__rejected_and_the_nonce_is_free_again(node: FakeNode) -> None:
    client = node.client()
    node.fail("eth_sendRawTransaction", "insufficient funds for gas * price + value")
    with pytest.raises(TransactionRejected) as caught:
        client.send(SENDER, CALL)
    assert "insufficient funds" in caught.value.detail
    client.send(SENDER, OTHER)
    assert [(item.nonce, item.data) for item in node.mined] == [(0, b"prove")]


def test_submit__several_at_once__consecutive_nonces(node: FakeNode) -> None:
    client = node.client()
    node.mines = False
    submissions = [client.submit(SENDER, Call(TARGET, bytes([i]), "call")) for i in range(4)]
    assert [submission.nonce for submission in submissions] == [0, 1, 2, 3]
    node.mines = True
    assert all(client.wait(submission).is_success for submission in submissions)
    assert _mined(node) == [bytes([i]) for i in range(4)]


def test_submit__the_pending_count_lags__nonces_still_differ(node: FakeNode) -> None:
    client = node.client()
    node.mines = False
    first = client.submit(SENDER, CALL)
    node.pool.clear()
    assert client.submit(SENDER, OTHER).nonce == first.nonce + 1


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_logs__node_with_a_range_limit__smaller_questions_same_answer(node: FakeNode, limit: int) -> None:
    node.range_limit = RangeLimit(limit)
    logs = node.client().logs(TARGET, 5, 60)
    assert [log.block_number for log in logs] == list(range(5, 61))

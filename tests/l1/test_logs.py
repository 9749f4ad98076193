"""The client gives each log once, and none that the chain no longer has, however a node puts it."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.l1.fake_node import FakeNode, _log, _result
from zklink.devnet.roles import default_roles
from zklink.l1.transport.receipts import Log, decode_receipt
from zklink.protocol.errors import RpcUnavailable

BRIDGE = default_roles().stranger.address
Answer = list[dict[str, Any]]


def log(number: int, index: int = 0, branch: int = 0, **changes: Any) -> dict[str, Any]:
    """A log as a node writes it; `branch` tells blocks of one number apart."""
    return _log(BRIDGE, number) | {
        "blockHash": f"0x{branch:032x}{number:032x}",
        "logIndex": hex(index),
        "data": f"0x{number:02x}{index:02x}{branch:02x}",
        **changes,
    }


class LoggingNode(FakeNode):
    """Answers `eth_getLogs` as it is told."""

    answer: Callable[[int, int], Any] = staticmethod(lambda first, last: [])

    def _eth_getLogs(self, query: Any) -> Any:
        return _result(self.answer(int(query["fromBlock"], 16), int(query["toBlock"], 16)))


def read(answer: Answer, first: int = 1, last: int = 9) -> list[Log]:
    node = LoggingNode()
    node.answer = lambda first, last: answer
    return node.client().logs(BRIDGE, first, last)


def places(logs: list[Log]) -> list[tuple[int, int]]:
    return [(item.block_number, item.log_index) for item in logs]


def test_logs__the_same_log_twice__once() -> None:
    assert places(read([log(3), log(4), log(3), log(4), log(4, 1)])) == [(3, 0), (4, 0), (4, 1)]


@pytest.mark.parametrize("removed", [True, "true", "0x1"])
def test_logs__removed__is_left_out(removed: object) -> None:
    assert places(read([log(3), log(4, removed=removed), log(5)])) == [(3, 0), (5, 0)]


@pytest.mark.parametrize("removed", [False, None, "false", "0x0"])
def test_logs__not_removed__is_kept(removed: object) -> None:
    assert places(read([log(3, removed=removed)])) == [(3, 0)]


def test_logs__removed_and_in_another_block_now__the_one_that_stays() -> None:
    found = read([log(4, branch=1, removed=True), log(4, branch=2), log(5, branch=2)])
    assert [item.data for item in found] == [bytes([4, 0, 2]), bytes([5, 0, 2])]


def test_logs__added_removed_and_added_again__the_last_word() -> None:
    assert places(read([log(3), log(3, removed=True)])) == []
    assert places(read([log(3), log(3, removed=True), log(3)])) == [(3, 0)]


def test_logs__no_block_yet__is_left_out() -> None:
    assert places(read([log(3), log(4, blockNumber=None), log(5, blockHash=None)])) == [(3, 0)]


def test_logs__any_order__the_chains() -> None:
    assert places(read([log(5), log(3, 10), log(3, 2), log(4)])) == [(3, 2), (3, 10), (4, 0), (5, 0)]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ([log(4, branch=1), log(4, 1, branch=2)], "logs of two blocks 4"),
        ([log(4, branch=1), log(4, branch=2)], "logs of two blocks 4"),
        ([log(10)], "a log of block 10, and blocks 1 to 9 were asked for"),
        ([log(3), log(4, address="0x" + "11" * 20)], "a log of 0x1111"),
        ([log(0)], "a log of block 0, and blocks 1 to 9 were asked for"),
    ],
)
def test_logs__two_branches_or_other_blocks__unavailable(answer: Answer, said: str) -> None:
    with pytest.raises(RpcUnavailable, match=said):
        read(answer)


def test_decode_receipt__repeated_and_removed_logs__each_once() -> None:
    receipt = {
        "transactionHash": bytes(32),
        "blockNumber": 3,
        "blockHash": bytes(32),
        "status": 1,
        "gasUsed": 1,
        "logs": [],
    }
    one = {
        "address": BRIDGE,
        "topics": [],
        "data": b"",
        "blockNumber": 3,
        "blockHash": bytes(32),
        "transactionHash": bytes(32),
        "logIndex": 0,
    }
    logs = [one, one, {**one, "logIndex": 1}, {**one, "logIndex": 2, "removed": True}]
    assert places(list(decode_receipt({**receipt, "logs": logs}).logs)) == [(3, 0), (3, 1)]


@given(st.data())
def test_logs__repeated_shuffled_and_removed_at_will__each_standing_log_once(data: st.DataObject) -> None:
    standing = sorted(data.draw(st.sets(st.tuples(st.integers(1, 9), st.integers(0, 3)), max_size=12)))
    gone = data.draw(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 3)), max_size=6))
    answer = [log(*place) for place in standing]
    answer += [
        log(*place) for place in data.draw(st.lists(st.sampled_from(standing), max_size=8) if standing else st.just([]))
    ]
    answer += [log(number, index, branch=1, removed=True) for number, index in gone]
    assert places(read(data.draw(st.permutations(answer)))) == standing


def test_logs__null_once__is_asked_again() -> None:
    node = LoggingNode()
    answers: list[Any] = [None, [log(3)]]
    node.answer = lambda first, last: answers.pop(0)
    assert places(node.client().logs(BRIDGE, 1, 9)) == [(3, 0)]


@pytest.mark.parametrize("answer", [None, {}, "0x", [None], [{"address": BRIDGE}], [[]]])
def test_logs__no_list_of_logs_for_ever__unavailable(answer: Any) -> None:
    node = LoggingNode()
    node.answer = lambda first, last: answer
    with pytest.raises(RpcUnavailable):
        node.client().logs(BRIDGE, 1, 9)


def test_block__null_once__is_asked_again() -> None:
    node = LoggingNode()
    node.fail("eth_getBlockByNumber", "blind", "blind")
    assert node.client().block(0).number == 0


def test_logs__two_branches_once__is_asked_again() -> None:
    node = LoggingNode()
    answers: list[Any] = [[log(4, branch=1), log(4, 1, branch=2)], [log(4, branch=2), log(4, 1, branch=2)]]
    node.answer = lambda first, last: answers.pop(0)
    assert places(node.client().logs(BRIDGE, 1, 9)) == [(4, 0), (4, 1)]

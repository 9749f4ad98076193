"""A swap from Solana that is handed in: whatever the node answers then, nobody is made to send it a second time."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from zklink.client import program_calls, program_swaps
from zklink.client.session import Session
from zklink.protocol.errors import RpcUnavailable, StillWaiting, TransactionExpired

SIGNATURE = "5" * 87
LAST_HEIGHT = 10


class Clock:
    """A transport's clock, which every sleep moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Node:
    """A cluster at `height` that takes what is sent, and answers so to each question about it."""

    name = "solana"

    def __init__(self, height: int, *answers: Any) -> None:
        self.height, self.answers, self.sent = height, list(answers), list[str]()

    async def ask(self, method: str, *params: Any) -> Any:
        if method == "getBlockHeight":
            return self.height
        self.sent.append(params[0])
        return SIGNATURE

    async def status(self, signature: str) -> Any:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


AWAY = RpcUnavailable("solana", "getSignatureStatuses", 7, "HTTP 503")
DONE = {"confirmationStatus": "confirmed", "err": None}
ON_ITS_WAY = {"confirmationStatus": "processed", "err": None}


def send(node: Node, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Hand a signed swap in."""

    async def prepare(*asked: Any) -> program_calls.Prepared:
        return program_calls.Prepared(cast("Any", node), b"signed", SIGNATURE, LAST_HEIGHT, 1, 1, 1)

    monkeypatch.setattr(program_swaps, "_prepare", prepare)
    session = cast("Session", SimpleNamespace(transport=Clock(), poll_seconds=1.0))
    return asyncio.run(program_swaps.send(session, cast("Any", None), cast("Any", None), None, None))


def test_send__node_goes_away_after_it_took_the_swap__it_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    node = Node(1, None, AWAY, AWAY, DONE)
    assert send(node, monkeypatch).tx_hash == SIGNATURE
    assert len(node.sent) == 1


@pytest.mark.parametrize(("answer", "state"), [(AWAY, "HTTP 503"), (None, "not confirmed"), (ON_ITS_WAY, "not conf")])
def test_send__nobody_tells__error_names_the_transaction(
    answer: Any, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StillWaiting, match=f"{SIGNATURE} .*{state}"):
        send(Node(1, answer), monkeypatch)


def test_send__cannot_land_any_more__said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TransactionExpired):
        send(Node(LAST_HEIGHT + 1, None), monkeypatch)

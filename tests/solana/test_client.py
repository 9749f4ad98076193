"""The client of a Solana node: a call takes effect once, whatever is lost on the way; what it believes of a node."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from solders.system_program import TransferParams, transfer

from tests.lab.solana_wallets import ALICE, BOBS, SOL, balance
from tests.solana.lossy_node import BLIND, DROPPED, TROUBLES, LossyNode
from tests.support.tries import tries
from zklink.lab.solana.base import SolanaSpec
from zklink.lab.solana.chain import LocalSolana
from zklink.lab.solana.ledger import BLOCKHASHES
from zklink.primitives.base58 import decode_base58, encode_base58
from zklink.protocol.errors import (
    CallReverted,
    RpcRefused,
    RpcUnavailable,
    TransactionExpired,
    TransactionReverted,
    WrongChain,
)
from zklink.solana.client.acts import read_acts
from zklink.solana.client.node import SolanaNode
from zklink.solana.client.program import Program
from zklink.solana.client.sending import Sender, Submission

SPEC = SolanaSpec(confirmed_slots=2, finalized_slots=6)


@dataclass
class Stage:
    """A chain whose slots pass while the client waits, ten at a time; at some of them a fork is lost."""

    troubles: list[str] = field(default_factory=list)
    forks: list[int] = field(default_factory=list)
    slots_per_pause: int = 10
    chain: LocalSolana = field(default_factory=lambda: LocalSolana(SPEC))
    kept: list[Submission] = field(default_factory=list)
    waits: int = 0

    def __post_init__(self) -> None:
        self.chain.ledger.give(ALICE.pubkey(), 1_000 * SOL)
        self.chain.finalize()
        self.chain.set_automine(False)
        self.lossy = LossyNode(self.chain, self.troubles)
        self.node = self.lossy.client()

    def pause(self, seconds: float = 0.0) -> None:
        """Slots pass, at first those in which a fork can be lost."""
        self.waits += 1
        self.chain.mine()
        if self.forks:
            depth = self.forks.pop(0)
            if depth:
                self.chain.reorg(depth, ())
        self.chain.mine(self.slots_per_pause - 1)

    def sender(self, make: Callable[..., Sender] = Sender) -> Sender:
        """Alice's."""
        return make(self.node, ALICE, keep=self.kept.append, pause=self.pause)


def pay_bob(lamports: int = SOL) -> list[Any]:
    """One transfer of Alice's."""
    return [transfer(TransferParams(from_pubkey=ALICE.pubkey(), to_pubkey=BOBS, lamports=lamports))]


troubles = st.lists(st.sampled_from(TROUBLES), max_size=40)
forks = st.lists(st.integers(0, SPEC.finalized_slots - 1), max_size=6)


class TestOneEffect:
    """A call takes effect once, or not at all and the client says so."""

    @given(troubles=troubles, forks=forks, slots=st.sampled_from((2, 10, 60)))
    @example(troubles=[BLIND] * 3, forks=[5], slots=2)
    @example(troubles=[DROPPED] * 40, forks=[], slots=60)
    @tries(40)
    def test_send__whatever_is_lost__takes_effect_once(self, troubles: list[str], forks: list[int], slots: int) -> None:
        check_one_effect(Stage(list(troubles), list(forks), slots))

    @given(troubles=troubles, before=st.integers(0, 4))
    @tries(25)
    def test_follow__after_a_kill__takes_effect_once(self, troubles: list[str], before: int) -> None:
        """The sender is killed while it waits, and another goes on from what it has kept."""
        stage = Stage(list(troubles))

        def pause(seconds: float) -> None:
            stage.pause()
            if stage.waits > before:
                raise Killed

        try:
            Sender(stage.node, ALICE, keep=stage.kept.append, pause=pause).send("pay", pay_bob())
        except Killed:
            receipt = stage.sender().follow(stage.kept[-1])
            if receipt is None:
                stage.sender().send("pay", pay_bob())
        assert balance(stage.chain) == SOL


class Killed(Exception):
    """The process has ended."""


def check_one_effect(stage: Stage, make: Callable[..., Sender] = Sender) -> None:
    """Bob has what Alice paid, once; or nothing, and nothing that was signed can ever land."""
    try:
        receipt = stage.sender(make).send("pay", pay_bob())
    except TransactionExpired as error:
        assert len(error.signatures) == len(stage.kept)
        stage.chain.mine(BLOCKHASHES)
        assert balance(stage.chain) == 0
    else:
        stage.chain.finalize()
        assert balance(stage.chain, level="finalized") == SOL
        assert receipt.fee == 5_000 and receipt.units > 0
        assert stage.chain.rpc("getTransaction", receipt.tx_id, {"commitment": "finalized"})["slot"] == receipt.height
    for submission in stage.kept:
        stage.chain.ledger.send(submission.wire, is_tried=False)
    stage.chain.mine(2)
    assert balance(stage.chain) <= SOL


class SignsAtOnce(Sender):
    """A seeded bug: what is not seen yet is signed anew."""

    def follow(self, submission: Submission) -> Any:
        self._send(submission)
        self._pause(1)
        status = self.node.status(submission.signature)
        return None if status is None else super().follow(submission)


class AsksInTheWrongOrder(Sender):
    """A seeded bug: by the newest height instead of the finalized one, what has expired may still be on its way."""

    def follow(self, submission: Submission) -> Any:
        while True:
            status = self.node.status(submission.signature)
            self._pause(1)
            if status is not None:
                return super().follow(submission)
            if self.node.height("processed") > submission.last_valid_height:
                return None
            self._send(submission)


@pytest.mark.parametrize(
    ("make", "stage"),
    [
        (SignsAtOnce, lambda: Stage([BLIND, BLIND, BLIND, BLIND, BLIND], [5])),
        (AsksInTheWrongOrder, lambda: Stage([], [], 100)),
    ],
)
def test_send__mutated__pays_twice(make: Callable[..., Sender], stage: Callable[[], Stage]) -> None:
    check_one_effect(stage())
    with pytest.raises(AssertionError):
        check_one_effect(stage(), make)


@pytest.mark.parametrize("status", [None, {"confirmationStatus": "processed", "err": None}])
def test_follow__node_that_stands_still__is_left(status: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says for ever that nothing has happened, or that the transaction is on its way."""
    stage = Stage()
    sender = stage.sender()
    submission = sender.prepare("pay", pay_bob())
    monkeypatch.setattr(stage.node, "fate", lambda signature, height: (status, False))
    monkeypatch.setattr(stage, "slots_per_pause", 1)
    with pytest.raises(RpcUnavailable, match="does not tell what became of pay"):
        sender.follow(submission)


def test_send__refused_by_the_program_now__nothing_is_sent() -> None:
    stage = Stage()
    with pytest.raises(CallReverted, match="another program's error 1"):
        stage.sender().send("pay", pay_bob(10_000 * SOL))
    assert stage.lossy.sent == []


def test_send__fails_where_it_lands__says_so() -> None:
    """Between trial and landing somebody has taken the money."""
    stage = Stage()
    sender = stage.sender()
    submission = sender.prepare("pay", pay_bob(900 * SOL))
    stage.chain.ledger.put(ALICE.pubkey(), stage.chain.ledger.svm.get_account(BOBS) or poor())
    with pytest.raises(TransactionReverted) as caught:
        sender.follow(submission)
    assert caught.value.tx_hash == decode_base58(submission.signature, 64)


def poor() -> Any:
    """An account with little in it."""
    from solders.account import Account
    from solders.pubkey import Pubkey

    return Account(SOL, b"", Pubkey.default(), False, 0)


# -- what a node says ------------------------------------------------------------------------------------------------


def node_that(*replies: Any) -> SolanaNode:
    """A node that gives these replies, one after another, then the last for ever."""
    left = list(replies)

    def answer(request: httpx.Request) -> httpx.Response:
        reply = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(reply, Exception):
            raise reply
        return reply if isinstance(reply, httpx.Response) else httpx.Response(200, json=reply)

    http = httpx.Client(transport=httpx.MockTransport(answer))
    return SolanaNode("solana", "http://user:secret@node.example/key-1234", http, lambda seconds: None)


def result(value: Any, number: int = 1) -> dict[str, Any]:
    """An answer."""
    return {"jsonrpc": "2.0", "id": number, "result": value}


def error(code: int, text: str = "no") -> dict[str, Any]:
    """An error."""
    return {"jsonrpc": "2.0", "id": 1, "error": {"code": code, "message": text}}


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.Response(429),
        httpx.Response(503),
        httpx.Response(200, content=b"<html>"),
        httpx.ConnectError("away"),
        httpx.ReadTimeout("late"),
        result(3, number=2),
        {"jsonrpc": "2.0", "id": 1},
        error(-32005, "Node is behind by 42 slots"),
        error(-32016),
        [],
        result(None),
        result({"odd": 1}),
    ],
)
def test_call__no_answer__is_asked_again(trouble: Any) -> None:
    assert node_that(trouble, trouble, result(7)).height() == 7
    with pytest.raises(RpcUnavailable):
        node_that(trouble).height()


@pytest.mark.parametrize("odd", [None, {}, {"value": None}, {"context": {}, "value": []}, [1]])
def test_questions__answer_of_another_form__is_no_answer(odd: Any) -> None:
    node = node_that(result(odd))
    asked: list[Callable[[], object]] = [
        lambda: node.block_time(1),
        node.newest_blockhash,
        lambda: node.accounts(["1" * 32]),
        lambda: node.status("1" * 64),
        lambda: node.check_genesis(1),
    ]
    for ask in asked:
        with pytest.raises(RpcUnavailable):
            ask()


@pytest.mark.parametrize("odd", [{}, {"transaction": ["AA==", "base64"], "meta": None}, []])
def test_read_acts__transaction_that_cannot_be_read__is_no_answer(odd: Any) -> None:
    node = node_that(result([{"err": None, "signature": "1" * 64}]), result(odd))
    with pytest.raises(RpcUnavailable, match="getTransaction"):
        read_acts(node, Program(bytes(32)), "1" * 32)


@pytest.mark.parametrize("refusal", [httpx.Response(401), httpx.Response(404), error(-32601), error(-32602)])
def test_call__refused__is_not_asked_again(refusal: Any) -> None:
    with pytest.raises(RpcRefused):
        node_that(refusal, result(7)).height()


@pytest.mark.parametrize(
    "trouble",
    [httpx.ConnectError("http://user:secret@node.example/key-1234"), error(-32005, "key-1234 of http://x/key-1234")],
)
def test_call__fails__no_error_shows_the_address(trouble: Any) -> None:
    with pytest.raises(RpcUnavailable) as caught:
        node_that(trouble).height()
    assert "secret" not in str(caught.value) and "/key-1234" not in str(caught.value)


def test_accounts__of_an_older_slot_than_before__are_no_answer() -> None:
    def at(slot: int) -> dict[str, Any]:
        return result({"context": {"slot": slot}, "value": [None]})

    node = node_that(at(5), at(4))
    assert node.accounts(["1"]) == (5, [None])
    with pytest.raises(RpcUnavailable):
        node.accounts(["1"])


def test_check_genesis__another_cluster__is_refused() -> None:
    stage = Stage()
    genesis = int.from_bytes(bytes(stage.chain.ledger.genesis_hash), "big")
    stage.node.check_genesis(genesis)
    with pytest.raises(WrongChain):
        stage.node.check_genesis(genesis + 1)


@given(st.binary(min_size=32, max_size=32) | st.integers(0, 255).map(lambda last: bytes(31) + bytes([last])))
@tries(100)
def test_base58__any_address__is_the_librarys(address: bytes) -> None:
    from solders.pubkey import Pubkey

    text = encode_base58(address)
    assert text == str(Pubkey(address)) and decode_base58(text, 32) == address
    for wrong in ("1" + text, text[:-1] + "0", "l" + text[1:], text + text):
        with pytest.raises(ValueError):
            decode_base58(wrong, 32)

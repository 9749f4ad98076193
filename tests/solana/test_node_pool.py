"""Several nodes of a Solana chain as one: failover within an attempt, other clusters and lagging nodes, and a quorum
for what decides about money.
"""

import gzip
import json
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
import pytest
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from tests.support.solana.machine import key_of
from tests.support.solana.on_ledger import SPEC
from zklink.l1.transport.meters import Outcome
from zklink.l1.transport.roster import PoolPolicy
from zklink.lab.solana.chain import LocalSolana
from zklink.protocol.errors import NodesDisagree, RpcRefused, RpcUnavailable, WrongChain
from zklink.service.program_link import ProgramLink
from zklink.solana.client.node import CONFIRMED, FINALIZED, SolanaNode
from zklink.solana.client.pool import (
    LONGEST_REPLY_SECONDS,
    MOST_REPLY_BYTES,
    STRANGERS_REPLY_BYTES,
    NoAnswer,
    SolanaPool,
)
from zklink.solana.client.sending import Sender

ALICE, BOB = key_of("alice"), key_of("bob").pubkey()
SOL = 10**9
Fault = Callable[[str, list[Any]], Any]


def away(method: str, parameters: list[Any]) -> Any:
    raise httpx.ConnectError("no way to http://secret.example/key-1234")


def status_of(code: int) -> Fault:
    """It answers with a status of HTTP."""
    return lambda method, parameters: httpx.Response(code)


def error(code: int) -> Fault:
    """It answers with an error."""
    return lambda method, parameters: {"error": {"code": code, "message": "no"}}


def null(method: str, parameters: list[Any]) -> Any:
    """It answers nothing to anything but its genesis."""
    return None if method == "getGenesisHash" else {"result": None}


def elsewhere(method: str, parameters: list[Any]) -> Any:
    """It is of another cluster."""
    return {"result": str(Pubkey(bytes(range(32))))} if method == "getGenesisHash" else None


def richer(method: str, parameters: list[Any]) -> Any:
    """It says that every account has a lamport more."""
    if method != "getMultipleAccounts":
        return None
    account = {"lamports": 1, "owner": "1" * 32, "data": ["", "base64"]}
    return {"result": {"context": {"slot": 10**6}, "value": [account for _ in parameters[0]]}}


def forgetful(method: str, parameters: list[Any]) -> Any:
    """It knows of no transaction, and is far ahead."""
    known = {"getSignatureStatuses": {"value": [None]}, "getBlockHeight": 10**9}
    return {"result": known[method]} if method in known else None


@dataclass
class Nodes:
    """Nodes of one chain; `faults` are what each does in place of an answer, `behind` how many slots it lags."""

    count: int = 2
    quorum: int = 1
    faults: dict[int, Fault] = field(default_factory=dict)
    behind: dict[int, int] = field(default_factory=dict)
    asked: list[tuple[int, str]] = field(default_factory=list)
    now: float = 0.0
    chain: LocalSolana = field(default_factory=lambda: LocalSolana(SPEC))

    def __post_init__(self) -> None:
        self.chain.ledger.give(ALICE.pubkey(), 1_000 * SOL)
        self.chain.finalize()
        self.chain.set_automine(False)
        genesis = int.from_bytes(bytes(self.chain.ledger.genesis_hash), "big")
        http = httpx.Client(transport=httpx.MockTransport(self._answer))
        urls = [f"http://node-{number}.example/key-1234" for number in range(self.count)]
        self.pool = SolanaPool("solana", urls, genesis, PoolPolicy(self.quorum), http, lambda: self.now)
        self.node = SolanaNode("solana", pool=self.pool, pause=self.wait)

    def wait(self, seconds: float) -> None:
        """Time passes, and slots."""
        self.now += seconds
        self.chain.mine(3)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        number, asked = int(request.url.host[5]), json.loads(request.content)
        method, parameters = asked["method"], asked["params"]
        self.asked.append((number, method))
        found = self.faults[number](method, parameters) if number in self.faults else None
        if isinstance(found, httpx.Response):
            return found
        answer = found or self.chain.answer(method, parameters, self.behind.get(number, 0))
        return httpx.Response(200, json={"jsonrpc": "2.0", **answer, "id": asked["id"]})

    def who(self, method: str) -> list[int]:
        """Who was asked it, in order."""
        return [number for number, each in self.asked if each == method]


@pytest.mark.parametrize(
    "fault", [away, status_of(429), status_of(503), status_of(401), error(-32005), error(-32601), null, elsewhere]
)
def test_read__the_first_node_fails__the_second_answers_at_once_and_the_first_rests(fault: Fault) -> None:
    nodes = Nodes(faults={0: fault})
    slot, [found] = nodes.node.accounts([str(ALICE.pubkey())])
    assert found is not None and found.lamports == 1_000 * SOL and slot == nodes.chain.ledger.height(FINALIZED)
    before = len(nodes.asked)
    nodes.node.accounts([str(ALICE.pubkey())])
    assert nodes.now == 0 and [number for number, _ in nodes.asked[before:]] == [1]
    assert nodes.pool.meters[0].is_resting and not nodes.pool.meters[1].is_resting


def test_read__a_node_comes_back__is_asked_again_after_its_rest() -> None:
    nodes = Nodes(faults={0: away})
    nodes.node.height()
    nodes.faults = {1: away}
    nodes.now += 1
    assert nodes.node.height() == nodes.chain.ledger.height(FINALIZED)
    assert nodes.pool.meters[0].outcomes[Outcome.UNREACHABLE] == 1


@pytest.mark.parametrize(
    ("fault", "kind"), [(away, RpcUnavailable), (status_of(403), RpcRefused), (elsewhere, WrongChain)]
)
def test_read__all_nodes_fail__says_why_and_shows_no_address(fault: Fault, kind: type[Exception]) -> None:
    nodes = Nodes(faults={0: fault, 1: fault})
    with pytest.raises(kind) as caught:
        nodes.node.height()
    assert "key-1234" not in str(caught.value)


def test_read__the_programs_own_error__is_asked_of_nobody_else() -> None:
    nodes = Nodes()
    nodes.node.height()
    nodes.faults = {0: error(-32602)}
    with pytest.raises(RpcRefused):
        nodes.node.height()
    assert nodes.who("getBlockHeight") == [0, 0]


def test_read__node_behind_what_was_shown__is_passed_over() -> None:
    nodes = Nodes()
    nodes.chain.mine(9)
    slot, _ = nodes.node.accounts([str(BOB)], CONFIRMED)
    nodes.behind = {0: 5}
    assert nodes.node.accounts([str(BOB)], CONFIRMED)[0] == slot == nodes.node.slot(CONFIRMED)
    nodes.behind = {0: 30, 1: 30}
    with pytest.raises(RpcUnavailable, match="behind what it has shown before"):
        nodes.node.accounts([str(BOB)], CONFIRMED)


def test_apart__strangers_questions_that_fail__let_no_node_rest_for_others() -> None:
    nodes = Nodes(count=3, quorum=2)
    nodes.node.accounts([str(BOB)])
    link = ProgramLink(cast(Any, None), cast(Any, None), bytes(32), lambda: nodes.node, None)

    def behind(method: str, parameters: list[Any]) -> Any:
        return error(-32016)(method, parameters) if method == "getSlot" else None

    ask, nodes.faults = link.asker(), dict.fromkeys(range(3), behind)
    with pytest.raises(NoAnswer):
        ask("getSlot", {"minContextSlot": 10**15})
    assert [number for number, method in nodes.asked if method == "getSlot"] == [0, 1, 2], "each once"
    assert not any(meter.is_resting for meter in nodes.pool.meters) and nodes.now == 0


class Endless(httpx.SyncByteStream):
    """A reply that goes on: so many bytes were taken of it."""

    def __init__(self) -> None:
        self.taken = 0

    def __iter__(self) -> Iterator[bytes]:
        while True:
            self.taken += 1 << 16
            yield b" " * (1 << 16)


@pytest.mark.parametrize(("is_stranger", "most"), [(False, MOST_REPLY_BYTES), (True, STRANGERS_REPLY_BYTES)])
def test_read__a_reply_without_end__is_no_answer_after_a_bound(is_stranger: bool, most: int) -> None:
    stream = Endless()
    nodes = Nodes(faults={0: lambda method, parameters: httpx.Response(200, stream=stream)})
    pool = nodes.pool.apart() if is_stranger else nodes.pool
    assert pool.first(lambda way: way.call(int, "getBlockHeight")) == nodes.chain.ledger.height(FINALIZED)
    assert most < stream.taken <= most + (1 << 16)


def test_read__a_reply_that_is_packed__takes_no_more_than_came() -> None:
    """Some kilobytes that are packed twice can be gigabytes: no node is asked for that, and none is unpacked."""
    packed = gzip.compress(gzip.compress(bytes(64 << 20)))
    head = {"Content-Encoding": "gzip, gzip"}
    nodes = Nodes(faults={0: lambda method, parameters: httpx.Response(200, headers=head, stream=Packed(packed))})
    tracemalloc.start()
    try:
        assert nodes.node.height() == nodes.chain.ledger.height(FINALIZED)
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


class Packed(httpx.SyncByteStream):
    """A reply as it comes."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content


def test_read__a_reply_that_never_ends_coming__is_no_answer_after_a_time() -> None:
    nodes = Nodes()

    def drip() -> Iterator[bytes]:
        while True:
            nodes.now += 1
            yield b" "

    nodes.faults = {0: lambda method, parameters: httpx.Response(200, content=drip())}
    assert nodes.node.height() == nodes.chain.ledger.height(FINALIZED) and nodes.now == LONGEST_REPLY_SECONDS + 1


def test_read__a_reply_that_is_nested_too_deeply__is_no_answer() -> None:
    nodes = Nodes(faults={0: lambda method, parameters: httpx.Response(200, content=b"[" * 10**6)})
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)  # as in a node's process: tests have raised it
    try:
        assert nodes.node.height() == nodes.chain.ledger.height(FINALIZED)
    finally:
        sys.setrecursionlimit(before)


def test_check_each__one_of_another_cluster__named_by_its_place() -> None:
    nodes = Nodes(count=3, faults={1: elsewhere})
    genesis = int.from_bytes(bytes(nodes.chain.ledger.genesis_hash), "big")
    with pytest.raises(WrongChain, match="solana, node 2: the node serves cluster"):
        nodes.node.check_each(genesis)


# -- a quorum --------------------------------------------------------------------------------------------------------


def test_quorum__one_node_lies_about_an_account__the_others_are_believed() -> None:
    nodes = Nodes(count=3, quorum=2, faults={0: richer})
    slot, [found] = nodes.node.accounts([str(BOB)])
    assert (slot, found) == (nodes.chain.ledger.height(FINALIZED), None)
    trusting = Nodes(count=3, faults={0: richer})
    assert trusting.node.accounts([str(BOB)])[1][0] is not None, "one node suffices without a quorum"


def test_quorum__nodes_are_at_different_slots__the_lower_one_counts() -> None:
    nodes = Nodes(quorum=2, behind={1: 2})
    nodes.chain.mine(9)
    newest = nodes.chain.ledger.height(CONFIRMED)
    assert nodes.node.accounts([str(BOB)], CONFIRMED)[0] == newest - 2 == nodes.node.slot(CONFIRMED)


def test_quorum__fewer_are_ready_than_it_needs__those_that_rest_are_asked() -> None:
    nodes = Nodes(count=3, quorum=2, faults={0: away, 1: away})
    with pytest.raises(NodesDisagree):
        nodes.pool.each(lambda way: way.call(int, "getBlockHeight"))
    assert [meter.is_resting for meter in nodes.pool.meters] == [True, True, False]
    nodes.faults, before = {}, nodes.now
    assert nodes.node.accounts([str(BOB)])[1] == [None] and nodes.now == before


def busy(seconds: int) -> Fault:
    """It wants to be left alone for so long."""
    return lambda method, parameters: httpx.Response(429, headers={"Retry-After": str(seconds)})


def test_quorum__nodes_want_to_be_left_alone__not_asked_before_their_time() -> None:
    nodes = Nodes(count=4, quorum=3, faults={0: busy(50), 1: busy(30), 2: busy(40)})
    with pytest.raises(NodesDisagree, match="left alone: 3, so ask again in 37 seconds; "):
        nodes.node.accounts([str(BOB)])
    assert nodes.now == 3 and [number for number, _ in nodes.asked].count(3) > 2, "who is ready is asked again"
    assert all([number for number, _ in nodes.asked].count(number) == 1 for number in range(3))
    nodes.faults, nodes.now = {}, 40
    assert nodes.node.accounts([str(BOB)])[1] == [None]
    assert [number for number, _ in nodes.asked].count(0) == 1


def test_read__all_nodes_want_to_be_left_alone__says_how_long() -> None:
    nodes = Nodes(faults={0: busy(50), 1: busy(30)})
    with pytest.raises(RpcUnavailable, match="every node wants to be left alone, for 27 seconds more"):
        nodes.node.height()
    assert len(nodes.asked) == 2


def test_quorum__enough_are_ready__one_that_rests_is_left_alone() -> None:
    nodes = Nodes(count=3, quorum=2, faults={0: away})
    nodes.node.accounts([str(BOB)])
    before = len(nodes.asked)
    nodes.node.accounts([str(BOB)])
    assert {number for number, _ in nodes.asked[before:]} == {1, 2}


def test_quorum__too_few_say_the_same__nothing_is_believed() -> None:
    nodes = Nodes(quorum=2, faults={0: richer})
    with pytest.raises(NodesDisagree, match="only 1 nodes agree, and the quorum is 2"):
        nodes.node.accounts([str(BOB)])
    with pytest.raises(NodesDisagree):
        Nodes(quorum=2, faults={0: away}).node.height()
    with pytest.raises(NodesDisagree):
        Nodes(count=1, quorum=2)


# -- what becomes of a transaction -----------------------------------------------------------------------------------


class AsksOne(SolanaNode):
    """A seeded bug: whoever answers first is believed that a transaction can never land."""

    def fate(self, signature: str, last_valid_height: int) -> tuple[Any, bool]:
        is_over = self.height(FINALIZED) > last_valid_height
        return self.status(signature), is_over


def pay(nodes: Nodes, node: SolanaNode, pause: Callable[[float], None]) -> int:
    """Alice pays Bob a SOL; gives what he has afterwards."""
    call = transfer(TransferParams(from_pubkey=ALICE.pubkey(), to_pubkey=BOB, lamports=SOL))
    Sender(node, ALICE, pause=pause).send("pay", [call])
    nodes.chain.hold_up(frozenset(), is_full=False, is_dropping=False)
    nodes.chain.mine()
    nodes.chain.finalize()
    found = nodes.chain.ledger.account(BOB, FINALIZED)
    return 0 if found is None else found.lamports


def _lie(lies: Iterator[Fault], method: str, asked: list[Any]) -> Any:
    lie = next(lies, None)
    return None if lie is None else lie(method, asked)


def pay_held_up(nodes: Nodes, node: SolanaNode) -> int:
    """No slot takes the first transaction, and then a node says once that it never lands any more."""

    def pause(seconds: float) -> None:
        if not nodes.faults:
            lies = iter([forgetful])
            nodes.faults = {0: lambda method, asked: _lie(lies, method, asked) if method == "getBlockHeight" else None}
            nodes.chain.hold_up(frozenset(nodes.chain.waiting()), is_full=False, is_dropping=False)
        nodes.wait(seconds)

    return pay(nodes, node, pause)


@pytest.mark.parametrize(("count", "quorum"), [(2, 1), (3, 1), (3, 2)])
def test_send__a_node_says_too_early_that_it_never_lands__paid_once(count: int, quorum: int) -> None:
    nodes = Nodes(count, quorum)
    assert pay_held_up(nodes, nodes.node) == SOL


def test_send__mutated_to_ask_one_node__paid_twice() -> None:
    nodes = Nodes()
    assert pay_held_up(nodes, AsksOne("solana", pool=nodes.pool, pause=nodes.wait)) == 2 * SOL


@pytest.mark.parametrize("fault", [away, status_of(503), error(-32005), forgetful])
@pytest.mark.parametrize("quorum", [1, 2])
def test_send__one_node_takes_nothing_or_knows_nothing__lands_by_the_others(fault: Fault, quorum: int) -> None:
    nodes = Nodes(count=3, quorum=quorum, faults={0: fault})
    assert pay(nodes, nodes.node, nodes.wait) == SOL

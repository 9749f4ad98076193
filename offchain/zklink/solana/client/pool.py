"""The nodes of one cluster as one: who is asked, what each says of itself, and agreement about what decides.

Takes questions to a single node; gives the answer of the first that has one, or the one that enough of them give. A
node that fails, is behind or serves another cluster rests while the others are asked. Never retries.
"""

import json
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn, TypeVar
from urllib.parse import urlsplit

import httpx

from zklink.l1.transport.meters import NodeMeter, Outcome
from zklink.l1.transport.redaction import redact
from zklink.l1.transport.retry_after import read_retry_after
from zklink.l1.transport.roster import KnownNode, PoolPolicy, Roster
from zklink.primitives.base58 import decode_base58
from zklink.protocol.errors import RpcRefused, WrongChain

REQUEST_SECONDS: Final = 15.0
MOST_REPLY_BYTES: Final = 64 << 20
"""Bytes of a reply that are read: several accounts of 10 MiB, the largest there are."""
STRANGERS_REPLY_BYTES: Final = 1 << 20
"""The same of what a stranger asks: many times four accounts of 16 KiB."""
LONGEST_REPLY_SECONDS: Final = 60.0
"""How long a reply may go on coming in, however small its pieces."""
PLAIN: Final = {"Accept-Encoding": "identity"}
PASSING: Final = (-32004, -32005, -32014, -32016, -32603)
"""Errors after which the same question may be answered: behind, not yet known, or its own fault."""
AWAY: Final = (408, 429, 500, 502, 503, 504)
"""The same among HTTP's statuses."""
DENIED: Final = (401, 402, 403, 404)
UNSUPPORTED: Final = -32601

Json = Any
T = TypeVar("T")
Url = KnownNode[str]


@dataclass(eq=False)
class NoAnswer(Exception):
    """A node did not answer, and may later: once so many seconds are over, if it asks to be left alone."""

    detail: str
    outcome: Outcome
    rest_seconds: float = 0.0

    def __str__(self) -> str:
        return self.detail


class NodeDenied(RpcRefused):
    """A node takes no such question from us; another one may."""


FAILURES: Final = (NoAnswer, NodeDenied, WrongChain)


class Way:
    """The way to one node."""

    def __init__(self, pool: "SolanaPool", node: Url) -> None:
        self._pool, self._node = pool, node

    def call(self, read: Callable[[Json], T], method: str, *parameters: Json) -> T:
        """What `read` makes of the result; one that it cannot read, such as null, is no answer. Raises NoAnswer,
        NodeDenied, RpcRefused.
        """
        begun, outcome = self._pool.roster.clock(), Outcome.ODD
        try:
            result = self._ask(method, parameters)
            found = read(result)
            outcome = Outcome.OK
            return found
        except NoAnswer as error:
            outcome = error.outcome
            raise
        except RpcRefused as error:
            outcome = Outcome.TOLD if not isinstance(error, NodeDenied) else Outcome.DENIED
            raise
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise NoAnswer(redact(f"{type(error).__name__}: {error}"), outcome) from error
        finally:
            self._node.meter.count(outcome, self._pool.roster.clock() - begun)
            if outcome is Outcome.OK and method == "getSlot":
                self._node.meter.head = int(result)

    def _ask(self, method: str, parameters: tuple[Json, ...]) -> Json:
        name = self._pool.roster.name
        asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(parameters)}
        try:
            with self._pool.http.stream("POST", self._node.provider, json=asked, headers=PLAIN) as reply:
                body = self._read(reply)
        except httpx.TimeoutException as error:
            raise NoAnswer(redact(f"{type(error).__name__}: {error}"), Outcome.TIMED_OUT) from error
        except httpx.HTTPError as error:
            raise NoAnswer(redact(f"{type(error).__name__}: {error}"), Outcome.UNREACHABLE) from error
        if reply.status_code in AWAY:
            outcome = Outcome.LIMITED if reply.status_code == 429 else Outcome.FAILED
            raise NoAnswer(f"HTTP {reply.status_code}", outcome, read_retry_after(reply.headers))
        if reply.status_code != 200:
            kind = NodeDenied if reply.status_code in DENIED else RpcRefused
            raise kind(name, method, f"HTTP {reply.status_code}")
        answer = json.loads(body)
        if answer["id"] != 1:
            raise NoAnswer("the answer to another request", Outcome.ODD)
        if "error" in answer:
            code, text = int(answer["error"]["code"]), redact(str(answer["error"]["message"]))
            if code in PASSING:
                raise NoAnswer(f"{text} ({code})", Outcome.FAILED)
            raise (NodeDenied if code == UNSUPPORTED else RpcRefused)(name, method, f"{text} ({code})")
        return answer["result"]

    def _read(self, reply: httpx.Response) -> bytes:
        """The body of a reply, up to the pool's bound. Raises NoAnswer, also for one that is packed: some kilobytes may
        be gigabytes then.
        """
        if reply.headers.get("Content-Encoding", "identity") != "identity":
            raise NoAnswer("a reply that is packed", Outcome.ODD)
        pieces, size, end = list[bytes](), 0, self._pool.roster.clock() + LONGEST_REPLY_SECONDS
        for piece in reply.iter_bytes():
            pieces.append(piece)
            size += len(piece)
            if size > self._pool.reply_bytes or self._pool.roster.clock() > end:
                raise NoAnswer(f"a reply of {size} bytes that goes on", Outcome.ODD)
        return b"".join(pieces)


class SolanaPool:
    """The nodes of the chain `name`; whoever asks them shares it. With `genesis` each must serve that cluster. `http`
    replaces connections; `reply_bytes` is what is read of a reply.
    """

    def __init__(
        self,
        name: str,
        urls: Sequence[str],
        genesis: int | None = None,
        policy: PoolPolicy | None = None,
        http: httpx.Client | None = None,
        clock: Callable[[], float] = time.monotonic,
        reply_bytes: int = MOST_REPLY_BYTES,
    ) -> None:
        """Raises NodesDisagree for fewer nodes than the quorum."""
        self.roster = Roster(name, [Url(urlsplit(url).hostname or "node", url) for url in urls], policy, clock)
        self.http, self._genesis = http or httpx.Client(timeout=REQUEST_SECONDS), genesis
        self.reply_bytes = reply_bytes

    @property
    def meters(self) -> tuple[NodeMeter, ...]:
        """What is counted of each node, in the order given."""
        return tuple(node.meter for node in self.roster.nodes)

    def split(self) -> "Iterator[SolanaPool]":
        """Every node, alone; one among several is called by its place."""
        for number, node in enumerate(self.roster.nodes, start=1):
            name = self.roster.name if len(self.roster.nodes) == 1 else f"{self.roster.name}, node {number}"
            yield SolanaPool(name, [node.provider], None, None, self.http, self.roster.clock)

    def apart(self) -> "SolanaPool":
        """The same nodes for askers who may ask anything: what fails there lets no node rest here, and no reply is
        long.
        """
        urls = [node.provider for node in self.roster.nodes]
        return SolanaPool(
            self.roster.name, urls, self._genesis, None, self.http, self.roster.clock, STRANGERS_REPLY_BYTES
        )

    def first(self, ask: Callable[[Way], T]) -> T:
        """What the first node gives that answers; what is None only if no other knows more. Raises NoAnswer,
        RpcRefused, WrongChain.
        """
        failures, nothing = list[Exception](), list[T]()
        for found in self._answers(ask, failures):
            if found is not None:
                return found
            nothing.append(found)
        return nothing[0] if nothing else self._give_up(failures)

    def agree(self, ask: Callable[[Way], T], spell: Callable[[T], Hashable]) -> list[T]:
        """What as many nodes as the quorum give, by its spelling. Raises NodesDisagree, and what `first` does."""
        failures, said = list[Exception](), dict[Hashable, list[T]]()
        for found in self._answers(ask, failures):
            same = said.setdefault(spell(found), [])
            same.append(found)
            if len(same) == self.roster.policy.quorum:
                return same
        if not said:
            self._give_up(failures)
        raise self.roster.disagree("getMultipleAccounts", max(map(len, said.values())))

    def each(self, ask: Callable[[Way], T], least: int | None = None) -> list[T]:
        """What all nodes give that answer: `least`, by default the quorum, or more. Raises NodesDisagree, and what
        `first` does.
        """
        failures = list[Exception]()
        found = list(self._answers(ask, failures))
        if not found:
            self._give_up(failures)
        least = self.roster.policy.quorum if least is None else least
        if len(found) < least:
            raise self.roster.disagree("any question", len(found), least)
        return found

    def _answers(self, ask: Callable[[Way], T], failures: list[Exception]) -> Iterator[T]:
        """The answers of one node after the other; behind them those that rest, if fewer are ready than the quorum. One
        that has asked to be left alone is not asked before its time.
        """
        for node in self.roster.enough(self.roster.policy.quorum):
            try:
                way = Way(self, node)
                self._check(node, way)
                found = ask(way)
            except FAILURES as error:
                failures.append(error)
                if len(self.roster.nodes) > 1:
                    rest_seconds = error.rest_seconds if isinstance(error, NoAnswer) else 0.0
                    is_foreign = isinstance(error, WrongChain)
                    self.roster.fail(node, redact(str(error)), rest_seconds, is_foreign=is_foreign)
            else:
                node.failures = 0
                yield found

    def _check(self, node: Url, way: Way) -> None:
        """WrongChain unless the node serves this cluster; asked until it said so."""
        if self._genesis is not None and not node.is_checked:
            found = way.call(read_genesis, "getGenesisHash")
            if found != self._genesis:
                raise WrongChain(f"{self.roster.name} ({node.name})", self._genesis, found)
            node.is_checked = True

    def _give_up(self, failures: Sequence[Exception]) -> NoReturn:
        """The last failure; WrongChain and a refusal only where there is no other. Without any, nobody was asked."""
        if not failures:
            seconds = self.roster.shortest_rest()
            raise NoAnswer(
                f"every node wants to be left alone, for {seconds:.0f} seconds more", Outcome.LIMITED, seconds
            )
        passing = [each for each in failures if isinstance(each, NoAnswer)]
        refused = [each for each in failures if isinstance(each, RpcRefused)]
        raise (passing or refused or failures)[-1]


def read_genesis(text: Json) -> int:
    """The hash of a genesis as a number. Raises ValueError."""
    return int.from_bytes(decode_base58(str(text), 32), "big")

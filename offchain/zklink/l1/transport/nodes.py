"""Several nodes of one chain as one: health, failover, and agreement about what decides about money.

Takes nodes' providers; is itself a provider for web3.py. A node that fails, answers oddly or serves another chain
rests, longer each time or as long as it asks, and the next one is asked within the same attempt. With a quorum, what
decides about money counts only once so many nodes say the same. Never retries: that is the asker's.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, cast
from urllib.parse import urlsplit

import requests
from web3 import Web3
from web3.providers import BaseProvider
from web3.types import RPCEndpoint, RPCResponse

from zklink.l1.transport import answers
from zklink.l1.transport.answers import (
    BY_HASH,
    CALL,
    CODE,
    COUNT,
    HEAD,
    LOGS,
    RECEIPT,
    SEND,
    check_answer,
    has_error,
    read_height,
)
from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.guard import guard
from zklink.l1.transport.metering import MeteredProvider
from zklink.l1.transport.meters import NodeMeter
from zklink.l1.transport.roster import KnownNode, PoolPolicy, Roster
from zklink.l1.transport.rpc import RetryPolicy, take_over_retries
from zklink.l1.transport.verdicts import (
    Verdict,
    classify,
    classify_answer,
    describe,
    describe_answer,
    is_never_sent,
    read_answer,
    read_rest,
)
from zklink.protocol.errors import WrongChain

Node = KnownNode[BaseProvider]
"""One node of an EVM chain."""

Found = RPCResponse | Exception
"""A node's answer, or its failure."""

DECIDING: Final = (HEAD, LOGS, CALL, CODE, COUNT, RECEIPT)
"""What decides about money: the head, events, contracts, their views such as counts and frozen or not, and what became
of a transaction.
"""
_MAYBE_LATE: Final = (*BY_HASH, HEAD)
"""Questions whose `null` may mean that this node does not know yet: another one is asked."""
_NOT_THE_NODES_FAULT: Final = (
    Verdict.MISTAKE,
    Verdict.REVERTED,
    Verdict.MISSING,
    Verdict.TOO_LARGE,
    Verdict.ALREADY_KNOWN,
    Verdict.NONCE_TOO_LOW,
    Verdict.UNDERPRICED,
    Verdict.FEE_CAPPED,
    Verdict.REFUSED,
)


class NodePool(BaseProvider):
    """The nodes of one chain, the healthiest first, in the order given."""

    def __init__(
        self,
        profile: ChainProfile,
        nodes: Sequence[Node],
        policy: PoolPolicy | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._profile, self._roster = profile, Roster(profile.name, nodes, policy, clock)
        self.nodes, self._policy = self._roster.nodes, self._roster.policy

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        if method == SEND:
            return self._send(params)
        if self._policy.quorum > 1 and method in DECIDING and "pending" not in params:
            return self._agree(method, list(params))
        failures: list[Found] = []
        nothing: RPCResponse | None = None
        for node in self._healthy():
            found = self._ask(node, method, params)
            if _is_failure(found):
                failures.append(found)
                if _is_final(found):
                    break
            elif method in _MAYBE_LATE and _as_answer(found).get("result") is None:
                nothing = _as_answer(found)
            else:
                return _as_answer(found)
        if nothing is not None and not (failures and _is_final(failures[-1])):
            return nothing
        return _give(failures)

    def _send(self, params: Any) -> RPCResponse:
        """Give a transaction to one node after the other, until one takes it. A node whose answer is lost may have
        taken it: that failure counts, whatever other nodes say against the transaction.
        """
        failures: list[Found] = []
        doubts: list[Found] = []
        for node in self._healthy():
            unasked = self._prepare(node, SEND, params)
            found = self._request(node, SEND, params) if unasked is None else unasked
            if not _is_failure(found) or _classify(found) is Verdict.ALREADY_KNOWN:
                return _give([found])
            is_lost = unasked is None and _classify(found) is Verdict.UNKNOWN and not is_never_sent(found)
            (doubts if is_lost else failures).append(found)
        return _give(doubts[:1] or [each for each in failures if _is_final(each)] or failures)

    # -- one node ------------------------------------------------------------------------------------------------

    def _healthy(self, count: int = 1) -> Iterator[Node]:
        """The nodes that do not rest, those that failed last behind the others; behind them the ones that rest, if
        fewer than `count` are ready. Raises an HTTP error with the shortest rest in its Retry-After if none is.
        """
        ready = self._roster.ready()
        if not ready:
            response = requests.Response()
            response.status_code = 429
            response.headers["Retry-After"] = f"{self._roster.shortest_rest():.3f}"
            raise requests.HTTPError("every node has failed and rests", response=response)
        yield from self._roster.enough(count)

    def _ask(self, node: Node, method: str, params: Any) -> Found:
        """A node's answer, or its failure, which is noted."""
        unasked = self._prepare(node, method, params)
        return self._request(node, method, params) if unasked is None else unasked

    def _prepare(self, node: Node, method: str, params: Any) -> Exception | None:
        """Why a node is not asked at all: it serves another chain, or is behind the block that the question names."""
        try:
            self._check(node)
            needed = answers.find_height(method, params)
            if needed > node.height and self._read_height(node) < needed:
                return requests.ConnectionError(f"{node.name} is at block {node.height}, behind block {needed}")
        except Exception as error:
            self._note_failure(node, error, read_rest(error))
            return error
        return None

    def _request(self, node: Node, method: str, params: Any) -> Found:
        rest_seconds = 0.0
        try:
            found: Found = node.provider.make_request(RPCEndpoint(method), params)
        except Exception as error:
            rest_seconds = read_rest(error)
            found = cast("RPCResponse | None", read_answer(error)) or error
        if not isinstance(found, Exception):
            try:
                check_answer(method, params, found)
                found = answers.normalise(method, found)
            except ValueError as error:
                found = error
        if _is_failure(found) and not _is_final(found):
            self._note_failure(node, found, rest_seconds)
        else:
            node.failures = 0
            if method == HEAD and not _is_failure(found):
                height = read_height(_as_answer(found))
                node.height = height if params[0] == "latest" else max(node.height, height)
        return found

    def _check(self, node: Node) -> None:
        """WrongChain unless the node serves this chain; asked until it said so."""
        if not node.is_checked:
            answer = node.provider.make_request(RPCEndpoint("eth_chainId"), [])
            check_answer("eth_chainId", [], answer)
            if (found := answers.read_quantity(answer.get("result"))) != self._profile.evm_chain_id:
                raise WrongChain(f"{self._profile.name} ({node.name})", self._profile.evm_chain_id, found)
            node.is_checked = True

    def _read_height(self, node: Node) -> int:
        answer = node.provider.make_request(RPCEndpoint(HEAD), ["latest", False])
        check_answer(HEAD, ["latest", False], answer)
        node.height = read_height(answer)
        return node.height

    def _note_failure(self, node: Node, found: Found, rest_seconds: float) -> None:
        detail = describe(found) if isinstance(found, Exception) else describe_answer(found)
        self._roster.fail(node, detail, rest_seconds, is_foreign=isinstance(found, WrongChain))

    # -- a quorum ------------------------------------------------------------------------------------------------

    def _agree(self, method: str, params: list[Any]) -> RPCResponse:
        """The answer that `quorum` nodes give. Raises NodesDisagree."""
        if "latest" in params:
            height = hex(self._agree_on_height())
            params = [height if param == "latest" else param for param in params]
        said: dict[str, int] = {}
        nothing: list[RPCResponse] = []
        for node in self._healthy(self._policy.quorum):
            found = self._ask(node, method, params)
            if isinstance(found, Exception) or (_is_failure(found) and not _is_final(found)):
                continue
            if found.get("result") is None and not has_error(found):
                nothing.append(found)
                continue
            text = answers.spell(method, found)
            said[text] = said.get(text, 0) + 1
            if said[text] == self._policy.quorum:
                return found
        if method == RECEIPT and nothing:  # not known to so many nodes yet
            return nothing[0]
        raise self._roster.disagree(method, max(said.values(), default=0))

    def _agree_on_height(self) -> int:
        """The highest block that `quorum` nodes have."""
        found = [self._ask(node, HEAD, ["latest", False]) for node in self._healthy(self._policy.quorum)]
        heights = [read_height(_as_answer(answer)) for answer in found if not _is_failure(answer)]
        if len(heights) < self._policy.quorum:
            raise self._roster.disagree(HEAD, len(heights))
        return sorted(heights, reverse=True)[self._policy.quorum - 1]


def connect_nodes(
    profile: ChainProfile, urls: Sequence[str], retry: RetryPolicy | None = None, policy: PoolPolicy | None = None
) -> Web3:
    """A web3 on one node or several, without retries of its own."""
    retry = retry or RetryPolicy()
    nodes = []
    for url in urls:
        provider = MeteredProvider(url)
        w3 = Web3(provider)
        take_over_retries(w3, retry)
        guard(w3, profile.name)
        nodes.append(Node(urlsplit(url).hostname or "node", provider, meter=provider.meter))
    if len(nodes) == 1 and (policy is None or policy.quorum == 1):
        return Web3(nodes[0].provider)
    return Web3(NodePool(profile, nodes, policy))


def split_nodes(w3: Web3) -> tuple[Web3, ...]:
    """Every node behind a web3, each alone."""
    pool = w3.provider
    return tuple(Web3(node.provider) for node in pool.nodes) if isinstance(pool, NodePool) else (w3,)


def list_meters(w3: Web3) -> tuple[NodeMeter, ...]:
    """What is counted of the nodes behind a web3, in the order given; nothing if `connect_nodes` did not make it."""
    provider = w3.provider
    if isinstance(provider, NodePool):
        return tuple(node.meter for node in provider.nodes)
    return (provider.meter,) if isinstance(provider, MeteredProvider) else ()


def _classify(found: Found) -> Verdict:
    return classify(found) if isinstance(found, Exception) else classify_answer(found)


def _is_final(found: Found) -> bool:
    """Whether a failure is an answer: another node would say the same."""
    return not isinstance(found, WrongChain) and _classify(found) in _NOT_THE_NODES_FAULT


def _is_failure(found: Found) -> bool:
    return isinstance(found, Exception) or has_error(found)


def _as_answer(found: Found) -> RPCResponse:
    assert not isinstance(found, Exception)
    return found


def _give(found: Sequence[Found]) -> RPCResponse:
    """The last outcome; WrongChain only where there is no other."""
    kept = [each for each in found if not isinstance(each, WrongChain)] or found
    if isinstance(kept[-1], Exception):
        raise kept[-1]
    return kept[-1]

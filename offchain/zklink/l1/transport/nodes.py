"""Several nodes of one chain as one: health, failover, and agreement about what decides about money.

Takes nodes' providers; is itself a provider for web3.py. A node that fails rests, longer each time or as long as it
asks, and the next one is asked within the same attempt. With a quorum, a head, logs or a contract's view count only
once so many nodes say the same. Never retries: that is the asker's.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from web3 import HTTPProvider, Web3
from web3.providers import BaseProvider
from web3.types import RPCEndpoint, RPCResponse

from zklink.l1.transport.chain_profile import ChainProfile
from zklink.l1.transport.guard import guard
from zklink.l1.transport.rpc import RetryPolicy, take_over_retries
from zklink.l1.transport.verdicts import Verdict, classify, classify_answer, describe, read_rest
from zklink.protocol.errors import NodesDisagree, WrongChain

log = logging.getLogger(__name__)

HEAD: Final = "eth_getBlockByNumber"
DECIDING: Final = (HEAD, "eth_getLogs", "eth_call")
"""What decides about money: the head, events, and contracts' views such as counts and frozen or not."""
BY_HASH: Final = ("eth_getTransactionReceipt", "eth_getTransactionByHash", HEAD)
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


@dataclass(frozen=True, slots=True)
class PoolPolicy:
    """quorum: how many nodes must say the same about head, logs and views; 1 trusts whichever answers.
    rest_seconds: how long a node rests after its first failure, doubled after each up to longest_rest_seconds.
    """

    quorum: int = 1
    rest_seconds: float = 1.0
    longest_rest_seconds: float = 60.0


@dataclass(slots=True, eq=False)
class Node:
    """One node and what was learned about it. `name` is its host."""

    name: str
    provider: BaseProvider
    rest_until: float = float("-inf")
    failures: int = 0
    height: int = -1
    is_checked: bool = False


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
        self._profile, self.nodes, self._policy = profile, tuple(nodes), policy or PoolPolicy()
        self._clock = clock
        if not 1 <= self._policy.quorum <= len(self.nodes):
            raise NodesDisagree(profile.name, "any question", self._policy.quorum, len(self.nodes))

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        if self._policy.quorum > 1 and method in DECIDING:
            return self._agree(method, list(params))
        failure: RPCResponse | Exception | None = None
        nothing: RPCResponse | None = None
        for node in self._healthy():
            found = self._ask(node, method, params)
            if isinstance(found, Exception) or "error" in found:
                failure = found
            elif found.get("result") is None and method in BY_HASH:
                nothing = found
            else:
                return found
            if failure is found and self._is_final(found):
                break
        if nothing is not None and (failure is None or not self._is_final(failure)):
            return nothing
        return self._give(failure)

    # -- one node ------------------------------------------------------------------------------------------------

    def _healthy(self) -> Iterator[Node]:
        """The nodes that do not rest, those that failed last behind the others. Raises an HTTP error with the shortest
        rest in its Retry-After if there is none.
        """
        now = self._clock()
        ready = [node for node in self.nodes if node.rest_until <= now]
        if not ready:
            response = requests.Response()
            response.status_code = 429
            response.headers["Retry-After"] = f"{min(node.rest_until for node in self.nodes) - now:.3f}"
            raise requests.HTTPError("every node has failed and rests", response=response)
        yield from sorted(ready, key=lambda node: node.failures)

    def _ask(self, node: Node, method: str, params: Any) -> RPCResponse | Exception:
        """A node's answer, or its failure, which is noted."""
        try:
            self._check(node)
            if (needed := _find_height(method, params)) > node.height and self._read_height(node) < needed:
                return requests.ConnectionError(f"{node.name} is at block {node.height}, behind block {needed}")
            found: RPCResponse | Exception = node.provider.make_request(RPCEndpoint(method), params)
        except WrongChain:
            raise
        except Exception as error:
            found = error
        if isinstance(found, Exception):
            pass
        elif not isinstance(found, dict):
            found = ValueError("the answer is no JSON-RPC object")
        elif method == HEAD and params[0] == "latest" and "error" not in found and found.get("result") is None:
            found = ValueError("it has no head")
        is_bad = isinstance(found, Exception) or "error" in found
        if is_bad and not self._is_final(found):
            self._note_failure(node, found)
        else:
            node.failures = 0
            if method == HEAD and not is_bad:
                node.height = max(node.height, _read_number(found))
        return found

    def _check(self, node: Node) -> None:
        """WrongChain unless the node serves this chain; asked once."""
        if not node.is_checked:
            found = int(str(node.provider.make_request(RPCEndpoint("eth_chainId"), [])["result"]), 16)
            if found != self._profile.evm_chain_id:
                raise WrongChain(f"{self._profile.name} ({node.name})", self._profile.evm_chain_id, found)
            node.is_checked = True

    def _read_height(self, node: Node) -> int:
        found = node.provider.make_request(RPCEndpoint(HEAD), ["latest", False])
        node.height = max(node.height, _read_number(found))
        return node.height

    def _note_failure(self, node: Node, found: RPCResponse | Exception) -> None:
        policy = self._policy
        rest = min(policy.rest_seconds * 2.0**node.failures, policy.longest_rest_seconds)
        detail = describe(found) if isinstance(found, Exception) else str(found.get("error"))
        if isinstance(found, Exception):
            rest = max(rest, read_rest(found))
        node.failures, node.rest_until = node.failures + 1, self._clock() + rest
        log.warning("%s: the node %s rests for %.0f seconds: %s", self._profile.name, node.name, rest, detail)

    def _is_final(self, found: RPCResponse | Exception) -> bool:
        """Whether a failure is an answer: another node would say the same."""
        verdict = classify(found) if isinstance(found, Exception) else classify_answer(found)
        return verdict in _NOT_THE_NODES_FAULT

    def _give(self, found: RPCResponse | Exception | None) -> RPCResponse:
        if isinstance(found, Exception):
            raise found
        assert found is not None
        return found

    # -- a quorum ------------------------------------------------------------------------------------------------

    def _agree(self, method: str, params: list[Any]) -> RPCResponse:
        """The answer that `quorum` nodes give. Raises NodesDisagree."""
        if "latest" in params:
            height = hex(self._agree_on_height())
            params = [height if param == "latest" else param for param in params]
        answers: dict[str, list[RPCResponse]] = {}
        for node in self._healthy():
            found = self._ask(node, method, params)
            if isinstance(found, Exception) or (found.get("result") is None and "error" not in found):
                continue
            if "error" in found and not self._is_final(found):
                continue
            same = answers.setdefault(_spell(method, found), [])
            same.append(found)
            if len(same) == self._policy.quorum:
                return found
        most = max(map(len, answers.values()), default=0)
        raise NodesDisagree(self._profile.name, method, self._policy.quorum, most)

    def _agree_on_height(self) -> int:
        """The highest block that `quorum` nodes have."""
        heights = []
        for node in self._healthy():
            found = self._ask(node, HEAD, ["latest", False])
            if not isinstance(found, Exception) and "error" not in found and (number := _read_number(found)) >= 0:
                heights.append(number)
        if len(heights) < self._policy.quorum:
            raise NodesDisagree(self._profile.name, HEAD, self._policy.quorum, len(heights))
        return sorted(heights, reverse=True)[self._policy.quorum - 1]


def connect_nodes(
    profile: ChainProfile, urls: Sequence[str], retry: RetryPolicy | None = None, policy: PoolPolicy | None = None
) -> Web3:
    """A web3 on one node or several, without retries of its own."""
    retry = retry or RetryPolicy()
    nodes = []
    for url in urls:
        w3 = Web3(HTTPProvider(url))
        take_over_retries(w3, retry)
        guard(w3)
        nodes.append(Node(urlsplit(url).hostname or "node", w3.provider))
    if len(nodes) == 1 and (policy is None or policy.quorum == 1):
        return Web3(nodes[0].provider)
    return Web3(NodePool(profile, nodes, policy))


def _find_height(method: str, params: Sequence[Any]) -> int:
    """The block that a question names: a node below it would answer without it. -1 if it names none."""
    named: Any = None
    if method == "eth_getLogs":
        named = params[0].get("toBlock")
    elif method == "eth_call" and len(params) > 1:
        named = params[1]
    if isinstance(named, int):
        return named
    return int(named, 16) if isinstance(named, str) and named.startswith("0x") and len(named) < 66 else -1


def _read_number(found: Any) -> int:
    """A block's number; -1 if there is none."""
    number = (found.get("result") or {}).get("number")
    if isinstance(number, str):
        return int(number, 16)
    return number if isinstance(number, int) else -1


def _spell(method: str, found: RPCResponse) -> str:
    """An answer so that equal ones are equal texts."""
    if "error" in found:
        return f"error {classify_answer(found).name} {json.dumps(found['error'], sort_keys=True, default=repr)}"
    result: Any = found["result"]
    if method == HEAD:
        return str(result["hash"])
    if method == "eth_getLogs":
        kept = {(str(item["blockHash"]), str(item["logIndex"])): item for item in result if not item.get("removed")}
        places = (
            [key, item["topics"], item["data"], str(item["address"]).lower()] for key, item in sorted(kept.items())
        )
        return json.dumps(list(places), default=repr)
    return json.dumps(result, sort_keys=True, default=repr)
